//! What waits in quarantine: listed, shown, stored once it is put right, or discarded.
//!
//! A replay of the plan stores what a new plan accepts. Here is the way of the rest: whole bodies that
//! nobody could read, items that are wrong by themselves, and what waits in other databases than the
//! first. What is of no site is asked for without one.

mod answer;
mod replay;
mod row;
mod statements;

pub(crate) use answer::{discarded_schema, list_schema, replayed_schema, shown_schema};
pub(crate) use replay::{BODY_BYTES, replay};

use crate::{
    audit::{Act, Note},
    auth::Caller,
    bindings::Bindings,
    database, erase,
    http::{self, Outcome},
    reports::{Query, bad_parameter},
    routes::Parameter,
    sink::{Param, Statement},
    store,
};
use answer::Listed;
use goalpost_core::fate::{Drop, Quarantine};
use row::{Found, Key, Row, find};
use serde_json::{Value, json};
use statements as sql;
use worker::Request;

/// The parameters of the list.
pub(crate) const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "reason",
        about: "Only what waits for this reason.",
        schema: || json!({"enum": Quarantine::ALL.map(Quarantine::name)}),
    },
    Parameter {
        name: "limit",
        about: "How many at most; without it, 50.",
        schema: || json!({"type": "integer", "minimum": 1, "maximum": 200}),
    },
    Parameter {
        name: "cursor",
        about: "The `next` of the page before; without it, the newest.",
        schema: || json!({"type": "string"}),
    },
];

/// Lists what waits at a site, or under none.
pub(crate) async fn list(request: &Request, edge: &Bindings, site: &str) -> Outcome {
    let query = Query::of(request)?;
    query.only(&["reason", "limit", "cursor"])?;
    let limit = query.number("limit", 50, (1, 200))?;
    let reason = match query.get("reason") {
        None => "",
        Some(_) => query.choice("reason", &Quarantine::ALL.map(Quarantine::name))?,
    };
    let [id, digest] = match query.get("cursor") {
        None => ["FF".repeat(16), i64::MAX.to_string()],
        Some(text) => Key::parse(text)
            .ok_or_else(|| {
                bad_parameter(
                    "cursor",
                    "is no 'next' of an earlier page; leave it out to begin anew",
                )
            })?
            .values(),
    };
    let most = limit.to_string();
    let mut pages = Vec::new();
    for part in edge.databases() {
        let listed = [site, &id, &digest, reason, &most, sql::LOOKED_AT].to_vec();
        let looked = [site, &id, &digest, sql::LOOKED_AT].to_vec();
        let found = database::batch(part, &[(sql::LIST, listed), (sql::LOOKED, looked)]).await?;
        pages.push(answer::page(&found, limit)?);
    }
    let (rows, next) = answer::one_page(pages, limit);
    let rows: Vec<Value> = rows.iter().map(Listed::shown).collect();
    http::json(&json!({"site": site, "waiting": rows, "next": next.map(Key::text)}))
}

/// Shows what waits, as it came.
pub(crate) async fn show(edge: &Bindings, site: &str, id: &str, caller: &Caller) -> Outcome {
    let found = find(edge, site, id).await?;
    let note = Note::new(site, caller, Act::ReadQuarantined, &found.key.text())?;
    database::batch(edge, &[note.question()]).await?;
    http::json(&answer::shown(site, &found))
}

/// Discards what waits; it is counted as dropped.
pub(crate) async fn discard(edge: &Bindings, site: &str, id: &str, caller: &Caller) -> Outcome {
    let found = find(edge, site, id).await?;
    let text = found.key.text();
    let note = Note::new(site, caller, Act::DiscardQuarantined, &text)?.statement();
    let mut statements = leaves(erase::WERE_QUARANTINED, &found, site);
    if let Some(tally) = statements.first_mut() {
        tally
            .params
            .push(Param::Text(Drop::Discarded.name().to_owned()));
    }
    statements.push(Statement {
        sql: sql::KEEP_OUT,
        params: [site.to_owned(), row::hex(found.key.id)]
            .map(Param::Text)
            .to_vec(),
    });
    let databases = edge.databases();
    let part = databases.get(found.database).unwrap_or(edge);
    if found.database == 0 {
        statements.push(note);
    } else {
        store::run(edge, &[note]).await?;
    }
    store::run(part, &statements).await?;
    http::json(&json!({"site": site, "id": text, "discarded": true}))
}

/// What a row was is tallied by a statement that takes it and its site first; then it is there no more.
fn leaves(tally: &'static str, found: &Found<Row>, site: &str) -> Vec<Statement> {
    let [id, digest] = found.key.values();
    let rows = format!("[[\"{id}\",{digest}]]");
    [tally, erase::RELEASE]
        .map(|sql| Statement {
            sql,
            params: [rows.clone(), site.to_owned()].map(Param::Text).to_vec(),
        })
        .to_vec()
}
