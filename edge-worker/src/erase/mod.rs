//! Erasing a person: every row that bears one of their names, in bounded steps, for good.
//!
//! An erasure is a row that goes through the [`stores`], one after the other. Whoever asks for a step
//! takes it: the caller, or the clock by [`go_on_with_all`]. Before the first one tombstones are laid
//! ([`goalpost_core::erasure`]): the sink lets go what bears them, so nothing comes back while it is
//! under way or later, whoever sends it.
//!
//! Somebody may have more names than one statement takes, such as a till that names one contact on every
//! browser. So an erasure goes round: it takes [`NAMES`] of each kind through all stores, and begins again
//! until there are no more.
//!
//! What was observed leaves, and with it what follows from it: every figure is then what it would be
//! had the person never come. A session of somebody else, on whose browser the person was named, stays
//! as it is: nothing in it names anybody. Each item that leaves is counted as dropped, `erased`, on the day of its
//! arrival, so the sum of all fates stays what it was.

mod begin;
mod quarantined;
mod statements;
mod stores;
#[cfg(test)]
pub(crate) mod testing;

pub(crate) use begin::begin;
pub(crate) use quarantined::waiting;
pub(crate) use statements::{KEEP_OUT, RELEASE, WERE_QUARANTINED};

use crate::{
    archive,
    bindings::Bindings,
    clock,
    contacts::{Named, Person},
    database,
    http::{self, Failure, Outcome},
    log,
    openapi::shape,
    problem::{Kind, Problem},
    sink::{Param, Statement},
    store,
};
use goalpost_core::{Id, clip, erasure, limits};
use serde::Deserialize;
use serde_json::{Value, json};
use statements as sql;
use stores::{Step, Store};

/// An erasure, as its row says.
#[derive(Clone, Debug, Deserialize)]
struct Erasure {
    site: String,
    id: String,
    state: String,
    store: String,
    cursor: String,
    steps: i64,
    #[serde(flatten)]
    names: Names,
    observations: i64,
    quarantined: i64,
    created_at: i64,
    updated_at: i64,
    /// The key by which more names of the person are found.
    person: String,
}

/// Every name of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Names {
    /// In hexadecimal.
    visitors: Vec<String>,
    identities: Vec<String>,
    orders: Vec<String>,
}

/// Reads who somebody is, and every name of that person, or at most so many of each kind.
pub(crate) async fn names(
    edge: &Bindings,
    site: &str,
    asked: &Named,
    most: Option<usize>,
) -> Result<(Person, Names), Failure> {
    let most = most.map_or_else(|| String::from("-1"), |most| most.to_string());
    let mut whose = asked.answered(None);
    let mut all = Names::default();
    for part in edge.databases() {
        let person = asked.person(part, site).await?;
        let key = person.key();
        let names: Option<Names> = database::row(part, sql::NAMES, &[site, &key, &most]).await?;
        all.add(names.unwrap_or_default().with(&key));
        if person != asked.answered(None) {
            whose = person;
        }
    }
    Ok((whose, all))
}

impl Names {
    fn add(&mut self, other: Self) {
        for (own, more) in [
            (&mut self.visitors, other.visitors),
            (&mut self.identities, other.identities),
            (&mut self.orders, other.orders),
        ] {
            for name in more {
                if !own.contains(&name) {
                    own.push(name);
                }
            }
        }
    }
}

/// Names of each kind that one round takes: what fits into a row and into a statement.
const NAMES: usize = 5_000;

/// Steps that one request or one run of the clock takes.
const STEPS: usize = 20;

/// Shows how far an erasure is.
pub(crate) async fn show(edge: &Bindings, site: &str, id: &str) -> Outcome {
    let erasure = everywhere(edge, site, id, 0).await?;
    http::json(&erasure.shown())
}

/// Takes steps, and shows the erasure after them.
pub(crate) async fn step(edge: &Bindings, site: &str, id: &str) -> Outcome {
    let erasure = everywhere(edge, site, id, STEPS).await?;
    http::json(&erasure.shown())
}

/// Takes a bounded number of steps, each of the erasure that has waited longest. One that fails waits for
/// the next run, and then behind the others.
///
/// # Errors
/// The first failure, after the other erasures were tried.
pub(crate) async fn go_on_with_all(edge: &Bindings) -> Result<(), Failure> {
    let mut outcome = Ok(());
    for part in edge.databases() {
        outcome = outcome.and(go_on_with_those_of(part).await);
    }
    outcome
}

async fn go_on_with_those_of(part: &Bindings) -> Result<(), Failure> {
    let mut failed: Vec<String> = Vec::new();
    let mut outcome = Ok(());
    for _ in 0..STEPS {
        let others = serde_json::to_string(&failed)?;
        let erasure: Option<Erasure> = database::row(part, &sql::next(), &[&others]).await?;
        let Some(erasure) = erasure else { break };
        let (site, id) = (erasure.site.clone(), erasure.id.clone());
        if let Err(problem) = go_on(part, erasure, 1).await {
            let about = [("site", site.as_str()), ("erasure", id.as_str())];
            log::error("erasure_waits", &about, &problem);
            outcome = outcome.and(Err(problem));
            let now = Param::Integer(clock::now());
            let behind = Statement {
                sql: sql::GO_BEHIND,
                params: vec![Param::Text(site), Param::Text(id.clone()), now],
            };
            store::run(part, &[behind]).await?;
            failed.push(id);
        }
    }
    outcome
}

/// The erasure in every database, as one: each goes through its own rows.
async fn everywhere(
    edge: &Bindings,
    site: &str,
    id: &str,
    most: usize,
) -> Result<Erasure, Failure> {
    let mut all: Option<Erasure> = None;
    for (number, part) in edge.databases().iter().enumerate() {
        let found = match find(part, site, id).await {
            // It was bound later, and knows only the tombstones.
            Err(Failure::Problem(_)) if number > 0 => continue,
            found => found?,
        };
        let own = go_on(part, found, most).await?;
        all = Some(match all {
            Some(others) => others.and(own),
            None => own,
        });
    }
    all.ok_or_else(|| Failure::Internal(String::from("there is no database")))
}

async fn find(edge: &Bindings, site: &str, id: &str) -> Result<Erasure, Failure> {
    let unknown = || {
        let id = clip(id, limits::NAME_BYTES);
        Failure::Problem(Problem::new(
            Kind::NotFound,
            format!("erasure: '{site}' has no erasure '{id}'; DELETE …/contacts/… begins one"),
        ))
    };
    let id = hex(Id::parse(id).ok_or_else(unknown)?);
    let found: Option<Erasure> = database::row(edge, &sql::one(), &[site, &id]).await?;
    found.ok_or_else(unknown)
}

fn hex(id: Id) -> String {
    id.text().replace('-', "")
}

/// Takes at most so many steps; the erasure after them.
async fn go_on(edge: &Bindings, erasure: Erasure, most: usize) -> Result<Erasure, Failure> {
    let mut erasure = erasure;
    for _ in 0..most {
        if !erasure.runs() {
            break;
        }
        let Some(store) = Store::of(&erasure.store) else {
            return Err(Failure::Internal(format!(
                "the erasure {} is at '{}', which is no store",
                erasure.id, erasure.store
            )));
        };
        let rows = match store.question(&erasure, NAMES) {
            None if store == Store::Archive => in_archive(edge, &erasure).await?,
            None => Vec::new(),
            Some((sql, values)) => {
                let values = values.iter().map(String::as_str).collect();
                let mut answers = database::batch(edge, &[(sql, values)]).await?;
                answers.pop().unwrap_or_default()
            }
        };
        let now = clock::now();
        let step = store.step(&erasure, &rows, NAMES, now)?;
        let waits = step.waits;
        match store::run(edge, &transaction(&erasure, store, step, now)).await {
            Ok(_) => {}
            // Another has taken this step.
            Err(Failure::Platform(problem)) if problem.contains(sql::NOT_HELD) => {}
            Err(problem) => return Err(problem),
        }
        erasure = find(edge, &erasure.site, &erasure.id).await?;
        if waits {
            break;
        }
    }
    Ok(erasure)
}

/// Takes the person out of some files of the archive; the site, if there may be more.
async fn in_archive(edge: &Bindings, erasure: &Erasure) -> Result<Vec<String>, Failure> {
    let names = &erasure.names;
    let visitors: Vec<Id> = names
        .visitors
        .iter()
        .filter_map(|id| Id::parse(id))
        .collect();
    let Names {
        identities, orders, ..
    } = names;
    // The files of all databases: of whoever has moved, another one's may have rows.
    let edge = edge.whole();
    let ended = archive::forget(&edge, &erasure.site, &visitors, identities, orders).await?;
    Ok(if ended {
        Vec::new()
    } else {
        vec![erasure.site.clone()]
    })
}

/// A step as one transaction.
fn transaction(erasure: &Erasure, store: Store, step: Step, now: i64) -> Vec<Statement> {
    let own = [&erasure.site, &erasure.id].map(|text| Param::Text(text.clone()));
    let with = |sql, more: Vec<Param>| Statement {
        sql,
        params: own.iter().cloned().chain(more).collect(),
    };
    let mut out = vec![with(sql::HOLD, vec![Param::Integer(erasure.steps)])];
    out.extend(step.statements);
    let place = match (step.cursor, step.waits) {
        _ if step.goes_round => Some((Store::Evidence, String::new())),
        (Some(cursor), _) => Some((store, cursor)),
        (None, true) => Some((store, String::new())),
        (None, false) => store.next().map(|next| (next, String::new())),
    };
    if let Some((store, cursor)) = place {
        let count = |count| Param::Integer(i64::try_from(count).unwrap_or(0));
        out.push(with(
            sql::ADVANCE,
            vec![
                Param::Text(store.name().to_owned()),
                Param::Text(cursor),
                count(step.observations),
                count(step.quarantined),
                Param::Integer(now),
            ],
        ));
        return out;
    }
    out.push(with(sql::END, vec![Param::Integer(now)]));
    out.push(Statement {
        sql: sql::SETTLE,
        params: vec![
            Param::Text(erasure.site.clone()),
            Param::Integer(stores::own_time(&erasure.id)),
            Param::Integer(stores::FIRST_OWN),
            Param::Integer(erasure::holds_until(now)),
        ],
    });
    out
}

impl Erasure {
    fn runs(&self) -> bool {
        self.state == "running"
    }

    /// Together with the same one in another database: it is where the first is that still runs.
    fn and(self, other: Self) -> Self {
        let (first, second) = if self.runs() || !other.runs() {
            (self, other)
        } else {
            (other, self)
        };
        Self {
            steps: first.steps.saturating_add(second.steps),
            observations: first.observations.saturating_add(second.observations),
            quarantined: first.quarantined.saturating_add(second.quarantined),
            updated_at: first.updated_at.max(second.updated_at),
            ..first
        }
    }

    /// Of the person, nothing.
    fn shown(&self) -> Value {
        json!({
            "site": self.site,
            "id": Id::parse(&self.id).map(Id::text),
            "state": self.state,
            "store": Some(&self.store).filter(|store| !store.is_empty()),
            "steps": self.steps,
            "observations": self.observations,
            "quarantined": self.quarantined,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        })
    }
}

/// The answer's shape.
pub(crate) fn schema() -> Value {
    let stores = Store::ALL.map(Store::name);
    shape::object(&[
        ("site", shape::text("The site.")),
        ("id", shape::id("The erasure.")),
        ("state", json!({"enum": ["running", "done"]})),
        (
            "store",
            json!({
                "type": ["string", "null"], "enum": stores.map(Value::from).into_iter()
                    .chain([Value::Null]).collect::<Vec<_>>(),
                "description": "Where it is looked for now; null at the end.",
            }),
        ),
        ("steps", shape::integer("Steps taken.")),
        (
            "observations",
            shape::integer("Observations erased so far."),
        ),
        (
            "quarantined",
            shape::integer("Items of the quarantine erased so far."),
        ),
        ("created_at", shape::time("When it began.")),
        ("updated_at", shape::time("When its last step was.")),
    ])
}
