//! Who did what: every act that changes what a site keeps, or takes personal data out of it.
//!
//! A note is written in the transaction of its act, so that there is no act without one. It never
//! names a person: its subject is a version, an id or a tombstone.

use crate::{
    auth::Caller,
    bindings::Bindings,
    clock, database,
    http::{self, Failure, Outcome},
    openapi::shape,
    reports::{Query, bad_parameter},
    routes::Parameter,
    sink::{Param, Statement},
};
use goalpost_core::Id;
use serde::Deserialize;
use serde_json::{Value, json};
use worker::{D1PreparedStatement, Request};

/// What is noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Publish,
    RollBack,
    Replay,
    MakeToken,
    RotateToken,
    RevokeToken,
    SaveCosts,
    Export,
    Erase,
    ReadQuarantined,
    ReplayQuarantined,
    DiscardQuarantined,
}

impl Act {
    const ALL: [Self; 12] = [
        Self::Publish,
        Self::RollBack,
        Self::Replay,
        Self::MakeToken,
        Self::RotateToken,
        Self::RevokeToken,
        Self::SaveCosts,
        Self::Export,
        Self::Erase,
        Self::ReadQuarantined,
        Self::ReplayQuarantined,
        Self::DiscardQuarantined,
    ];

    /// Whether the note stands by itself: the act only reads, or writes in another database.
    const fn is_apart(self) -> bool {
        matches!(
            self,
            Self::Export
                | Self::ReadQuarantined
                | Self::ReplayQuarantined
                | Self::DiscardQuarantined
        )
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::RollBack => "roll_back",
            Self::Replay => "replay",
            Self::MakeToken => "make_token",
            Self::RotateToken => "rotate_token",
            Self::RevokeToken => "revoke_token",
            Self::SaveCosts => "save_costs",
            Self::Export => "export",
            Self::Erase => "erase",
            Self::ReadQuarantined => "read_quarantined",
            Self::ReplayQuarantined => "replay_quarantined",
            Self::DiscardQuarantined => "discard_quarantined",
        }
    }
}

/// How long a note is kept: two years.
const KEPT_MS: i64 = 63_072_000_000;

/// Right after the statement of the act: what changed nothing was none.
const NOTE: &str = "\
INSERT INTO audit (site, id, token, act, subject)
SELECT ?1, unhex(?2), ?3, ?4, ?5 WHERE changes() > 0";

/// Of an act whose statement is not the one before.
const NOTE_APART: &str = "\
INSERT INTO audit (site, id, token, act, subject) VALUES (?1, unhex(?2), ?3, ?4, ?5)";

/// `?1` site, `?2` the id before which they end.
const END: &str = "DELETE FROM audit WHERE site = ?1 AND id < unhex(?2)";

/// `?1` site, `?2` cursor, `?3` how many.
const LIST: &str = "\
SELECT json_object('id', hex(id), 'token', token, 'act', act, 'subject', subject)
FROM audit
WHERE site = ?1 AND (?2 = '' OR id < unhex(?2))
ORDER BY id DESC LIMIT CAST(?3 AS INTEGER)";

/// A note of an act.
pub(crate) struct Note {
    sql: &'static str,
    values: [String; 5],
}

impl Note {
    /// A note to be written right after the statement of the act, in its transaction.
    ///
    /// # Errors
    /// [`Failure::Platform`] without randomness.
    pub(crate) fn new(
        site: &str,
        caller: &Caller,
        act: Act,
        subject: &str,
    ) -> Result<Self, Failure> {
        let id = hex(clock::new_id()?);
        let values = [site, &id, caller.token(), act.name(), subject];
        let sql = if act.is_apart() { NOTE_APART } else { NOTE };
        Ok(Self {
            sql,
            values: values.map(String::from),
        })
    }

    /// For a transaction of [`crate::store`].
    pub(crate) fn statement(self) -> Statement {
        Statement {
            sql: self.sql,
            params: self.values.map(Param::Text).to_vec(),
        }
    }

    /// For a transaction of [`crate::database`].
    pub(crate) fn question(&self) -> (&'static str, Vec<&str>) {
        (self.sql, self.values.iter().map(String::as_str).collect())
    }

    /// The same, prepared.
    pub(crate) fn prepared(&self, edge: &Bindings) -> Result<D1PreparedStatement, Failure> {
        let (sql, values) = self.question();
        database::prepare(edge, sql, &values)
    }
}

/// The end of a site's notes that are old enough, as of `now`.
pub(crate) fn end(site: &str, now: i64) -> Statement {
    let before = Id::new(now.saturating_sub(KEPT_MS), [0; 10]);
    Statement {
        sql: END,
        params: [site.to_owned(), hex(before)].map(Param::Text).to_vec(),
    }
}

fn hex(id: Id) -> String {
    id.text().replace('-', "")
}

/// The parameters of the list.
pub(crate) const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "before",
        about: "The `next` of the page before; without it, the latest acts.",
        schema: || json!({"type": "string"}),
    },
    Parameter {
        name: "limit",
        about: "How many acts; without it, 100.",
        schema: || json!({"type": "integer", "minimum": 1, "maximum": 1000}),
    },
];

#[derive(Deserialize)]
struct Noted {
    id: String,
    token: String,
    act: String,
    subject: String,
}

/// Lists acts, the latest first.
pub(crate) async fn list(request: &Request, edge: &Bindings, site: &str) -> Outcome {
    let query = Query::of(request)?;
    query.only(&["before", "limit"])?;
    let limit = query.number("limit", 100, (1, 1_000))?;
    let before = match query.get("before") {
        None => String::new(),
        Some(text) => hex(Id::parse(text).ok_or_else(|| {
            bad_parameter(
                "before",
                "is no 'next' of an earlier page; leave it out to begin anew",
            )
        })?),
    };
    let wanted = limit.saturating_add(1).to_string();
    let mut rows: Vec<Noted> = database::rows(edge, LIST, &[site, &before, &wanted]).await?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows
        .last()
        .filter(|_| more)
        .and_then(|row| Id::parse(&row.id));
    let acts: Vec<Value> = rows.iter().map(Noted::shown).collect();
    http::json(&json!({"site": site, "acts": acts, "next": next.map(Id::text)}))
}

impl Noted {
    fn shown(&self) -> Value {
        let id = Id::parse(&self.id);
        json!({
            "id": id.map(Id::text),
            "at": id.map(Id::time),
            "token": self.token,
            "act": self.act,
            "subject": self.subject,
        })
    }
}

/// The list's shape.
pub(crate) fn schema() -> Value {
    let act = shape::object(&[
        ("id", shape::id("The note.")),
        ("at", shape::time("When it was done.")),
        (
            "token",
            shape::text(
                "Whose token did it: its id, or `owner` for the deployment's own; of a person who \
                 came through Access, `access:` and their id there.",
            ),
        ),
        ("act", json!({"enum": Act::ALL.map(Act::name)})),
        (
            "subject",
            shape::text(
                "What it was done to: a plan, a replay, a token, how many costs, what waited in \
                 quarantine, or what is kept of the name of somebody who was erased or exported.",
            ),
        ),
    ]);
    shape::object(&[
        ("site", shape::text("The site.")),
        ("acts", shape::list(act)),
        (
            "next",
            shape::perhaps(shape::text("What `before` takes for the next page.")),
        ),
    ])
}
