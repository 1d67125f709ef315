//! Where something of a person is, and how it leaves: one store after the other, in bounded steps.

use super::{
    Erasure, Names,
    quarantined::{self, Place},
    statements as sql,
};
use crate::sink::{Param, Statement};
use goalpost_core::{
    Id,
    erasure::{self, Subject},
};
use serde::Deserialize;

/// A place that holds something of people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Store {
    /// Copies of conversions, and the conversions with them.
    Evidence,
    /// Sessions, and carts that wait.
    Sessions,
    /// Single observations.
    Observations,
    /// What could not be stored.
    Quarantine,
    /// Who is who, and what was given back.
    People,
    /// Files of the bucket, from which no step of the database can take anything.
    Archive,
    /// Examples and keys of replays.
    Replays,
    /// More names of the person than this round has taken.
    Names,
}

/// Copies of conversions of a step: each is folded anew.
const COPIES: u32 = 200;

/// Sessions of a step: each marks the days that change with it.
const SESSIONS: u32 = 100;

/// Observations that a step looks at.
const LOOKED_AT: u32 = 20_000;

/// What a step does.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) statements: Vec<Statement>,
    pub(super) observations: usize,
    pub(super) quarantined: usize,
    /// Where the store goes on; `None`: nothing more is in it.
    pub(super) cursor: Option<String>,
    /// Something else must end first.
    pub(super) waits: bool,
    /// There are more names, with which all stores are gone through again.
    pub(super) goes_round: bool,
}

impl Store {
    /// Every store, in the order in which they are gone through. What names others comes first, and
    /// who is who comes after all that is found by it.
    pub(super) const ALL: [Self; 8] = [
        Self::Evidence,
        Self::Sessions,
        Self::Observations,
        Self::Quarantine,
        Self::People,
        Self::Archive,
        Self::Replays,
        Self::Names,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Evidence => "evidence",
            Self::Sessions => "sessions",
            Self::Observations => "observations",
            Self::Quarantine => "quarantine",
            Self::People => "people",
            Self::Archive => "archive",
            Self::Replays => "replays",
            Self::Names => "names",
        }
    }

    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|own| own.name() == name)
    }

    /// The store that comes after it.
    pub(super) fn next(self) -> Option<Self> {
        let mut after = Self::ALL.into_iter().skip_while(|own| *own != self);
        after.nth(1)
    }

    /// What must be read before a step; `None`: nothing. A round takes `most` names of each kind.
    pub(super) fn question(
        self,
        erasure: &Erasure,
        most: usize,
    ) -> Option<(&'static str, Vec<String>)> {
        let Erasure { site, cursor, .. } = erasure;
        let (visitors, identities, orders) = erasure.names.lists();
        let site = site.clone();
        Some(match self {
            Self::Evidence => (
                sql::EVIDENCE,
                vec![site, visitors, identities, orders, COPIES.to_string()],
            ),
            Self::Sessions => (sql::SESSIONS, vec![site, visitors, SESSIONS.to_string()]),
            Self::Observations => (
                sql::OBSERVATIONS,
                vec![
                    site,
                    cursor.clone(),
                    LOOKED_AT.to_string(),
                    visitors,
                    identities,
                    orders,
                ],
            ),
            Self::Quarantine => (sql::QUARANTINE, Place::of(&site, cursor).values()),
            Self::People | Self::Archive => return None,
            Self::Replays => (sql::REPLAYING, vec![site]),
            Self::Names => (
                sql::NAMES,
                vec![site, erasure.person.clone(), most.to_string()],
            ),
        })
    }

    /// The step, from what was read.
    ///
    /// # Errors
    /// Rows that are not what the question asks for.
    pub(super) fn step(
        self,
        erasure: &Erasure,
        rows: &[String],
        most: usize,
        now: i64,
    ) -> Result<Step, serde_json::Error> {
        let site = erasure.site.as_str();
        let (visitors, identities, orders) = erasure.names.lists();
        let list = || format!("[{}]", rows.join(","));
        let again = (!rows.is_empty()).then(String::new);
        Ok(match self {
            Self::Evidence => Step {
                statements: again
                    .iter()
                    .map(|_| statement(sql::UNSAY, &[&list(), site]))
                    .collect(),
                cursor: again,
                ..Step::default()
            },
            Self::Sessions => Step {
                statements: again
                    .iter()
                    .flat_map(|_| [sql::CLOSE, sql::CLOSE_CARTS])
                    .map(|sql| statement(sql, &[&list(), site]))
                    .collect(),
                cursor: again,
                ..Step::default()
            },
            Self::Observations => observations(site, &orders, rows)?,
            Self::Quarantine => quarantine(erasure, rows)?,
            Self::People => Step {
                statements: vec![
                    statement(sql::UNKNOW, &[site, &visitors]),
                    statement(sql::UNLINK, &[site, &identities]),
                    statement(sql::UNREFUND, &[site, &orders]),
                ],
                ..Step::default()
            },
            Self::Archive => Step {
                cursor: again,
                ..Step::default()
            },
            Self::Replays if rows.iter().any(|count| count != "0") => Step {
                waits: true,
                ..Step::default()
            },
            Self::Replays => Step {
                statements: vec![
                    Statement {
                        sql: sql::END_DRY_RUNS,
                        params: vec![Param::Text(site.to_owned()), Param::Integer(now)],
                    },
                    statement(sql::FORGET_KEYS, &[site]),
                    statement(
                        sql::FORGET_EXAMPLES,
                        &[site, &serde_json::to_string(&erasure.names.texts())?],
                    ),
                ],
                ..Step::default()
            },
            Self::Names => names(erasure, rows, most)?,
        })
    }
}

fn statement(sql: &'static str, texts: &[&str]) -> Statement {
    let params = texts.iter().map(|text| Param::Text((*text).to_owned()));
    Statement {
        sql,
        params: params.collect(),
    }
}

fn observations(site: &str, orders: &str, rows: &[String]) -> Result<Step, serde_json::Error> {
    #[derive(Deserialize)]
    struct Looked {
        end: Option<String>,
    }
    let Some((looked, found)) = rows.split_last() else {
        return Ok(Step::default());
    };
    let Looked { end } = serde_json::from_str(looked)?;
    let mut statements = Vec::new();
    if !found.is_empty() {
        let ids = format!("[{}]", found.join(","));
        statements = vec![
            statement(sql::KEEP_AWAY, &[&ids, site]),
            statement(sql::WERE_STORED, &[&ids, site]),
            statement(sql::FORGET_ORDERS, &[&ids, site, orders]),
            statement(sql::UNSAY_ORDERS, &[&ids, site, orders]),
            statement(sql::FORGET, &[&ids, site]),
        ];
    }
    Ok(Step {
        statements,
        observations: found.len(),
        cursor: end,
        ..Step::default()
    })
}

fn quarantine(erasure: &Erasure, rows: &[String]) -> Result<Step, serde_json::Error> {
    let place = Place::of(&erasure.site, &erasure.cursor);
    let found = quarantined::found(place, rows, &erasure.names)?;
    let mut statements = Vec::new();
    if !found.rows.is_empty() {
        let (pairs, site) = (serde_json::to_string(&found.keys())?, place.site);
        statements = vec![
            statement(sql::WERE_QUARANTINED, &[&pairs, site, "erased"]),
            statement(sql::KEEP_OUT, &[&pairs, site]),
            statement(sql::RELEASE, &[&pairs, site]),
        ];
    }
    Ok(Step {
        statements,
        quarantined: found.rows.len(),
        cursor: found.end,
        ..Step::default()
    })
}

fn names(erasure: &Erasure, rows: &[String], most: usize) -> Result<Step, serde_json::Error> {
    let (Some(found), false) = (rows.first(), erasure.person.is_empty()) else {
        return Ok(Step::default());
    };
    let found: Names = serde_json::from_str(found)?;
    let round = found.with(&erasure.person).of_a_round(most);
    if round.is_within(&erasure.names) {
        return Ok(Step::default());
    }
    let site = erasure.site.as_str();
    let tombstones: Vec<String> = round.subjects().map(|own| own.tombstone(site)).collect();
    let (visitors, identities, orders) = round.lists();
    Ok(Step {
        statements: vec![
            lay(site, &erasure.id, &tombstones)?,
            statement(
                sql::GO_ROUND,
                &[site, &erasure.id, &visitors, &identities, &orders],
            ),
        ],
        goes_round: true,
        ..Step::default()
    })
}

/// The first time that may be an erasure's own.
pub(super) const FIRST_OWN: i64 = erasure::WHILE_ERASING - (1 << 40);

/// Until when tombstones hold while the erasure of that id, in hexadecimal, is under way: a time of its own,
/// by which they are told from those of others.
pub(super) fn own_time(erasure: &str) -> i64 {
    let digits = erasure
        .len()
        .checked_sub(10)
        .map(|from| erasure.get(from..));
    let own = digits
        .flatten()
        .and_then(|own| i64::from_str_radix(own, 16).ok());
    erasure::WHILE_ERASING.saturating_sub(own.unwrap_or(0))
}

/// Lays tombstones, for as long as the erasure is under way.
pub(super) fn lay(
    site: &str,
    erasure: &str,
    tombstones: &[String],
) -> Result<Statement, serde_json::Error> {
    Ok(Statement {
        sql: sql::LAY,
        params: vec![
            Param::Text(site.to_owned()),
            Param::Text(serde_json::to_string(tombstones)?),
            Param::Integer(own_time(erasure)),
            Param::Integer(FIRST_OWN),
            Param::Integer(erasure::WHILE_ERASING),
        ],
    })
}

impl Names {
    /// The same with the name that a person's key has, which may be in no table.
    pub(super) fn with(mut self, person: &str) -> Self {
        let (list, own) = match person.split_once(' ') {
            Some(("contact", own)) => (&mut self.identities, own),
            Some(("visitor", own)) => (&mut self.visitors, own),
            _ => return self,
        };
        if !list.iter().any(|name| name == own) {
            list.push(own.to_owned());
        }
        self
    }

    /// What one round takes of what was found, of `most` names of each kind. Orders are found by
    /// conversions that go with the other names, so as long as there may be more of them they go alone.
    pub(super) fn of_a_round(self, most: usize) -> Self {
        if self.orders.len() < most {
            return self;
        }
        Self {
            orders: self.orders,
            ..Self::default()
        }
    }

    fn is_within(&self, others: &Self) -> bool {
        let holds = |all: &[String], some: &[String]| some.iter().all(|name| all.contains(name));
        holds(&others.visitors, &self.visitors)
            && holds(&others.identities, &self.identities)
            && holds(&others.orders, &self.orders)
    }

    /// Visitors, identities and orders as JSON.
    pub(crate) fn lists(&self) -> (String, String, String) {
        let json = |list: &[String]| serde_json::to_string(list).unwrap_or_default();
        (
            json(&self.visitors),
            json(&self.identities),
            json(&self.orders),
        )
    }

    /// All names.
    pub(crate) fn subjects(&self) -> impl Iterator<Item = Subject> {
        let visitors = self.visitors.iter().filter_map(|id| Id::parse(id));
        let identities = self.identities.iter().cloned();
        let orders = self.orders.iter().cloned();
        visitors
            .map(Subject::Visitor)
            .chain(identities.map(Subject::Identity))
            .chain(orders.map(Subject::Order))
    }

    /// The names as counting keys have them.
    pub(super) fn texts(&self) -> Vec<String> {
        self.subjects()
            .map(|subject| match subject {
                Subject::Visitor(id) => id.text(),
                Subject::Identity(identity) => identity,
                Subject::Order(order) => format!("order:{order}"),
            })
            .collect()
    }

    /// Some of the names as bodies have them. An order's number may be any digit, and a customer's the
    /// beginning of another's, so both count only as a whole text of JSON.
    pub(super) fn texts_of_bodies(&self, takes: impl Fn(&Subject) -> bool) -> Vec<String> {
        self.subjects()
            .filter(takes)
            .filter_map(|subject| match subject {
                Subject::Visitor(id) => Some(id.text()),
                Subject::Identity(text) | Subject::Order(text) => serde_json::to_string(&text).ok(),
            })
            .collect()
    }
}
