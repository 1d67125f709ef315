//! Contacts: one view of a person over browsers, channels, online and offline.

mod brought;
mod csv;
mod document;
mod export;
mod list;
pub(crate) mod membership;
mod names;
mod person;
mod search;
mod stage;
#[cfg(test)]
mod tests;
mod timeline;

pub(crate) use brought::stage_schema;
pub(crate) use document::schema;
pub(crate) use export::{PARAMETERS as EXPORT_PARAMETERS, export, schema as export_schema};
pub(crate) use list::{PARAMETERS as LIST_PARAMETERS, list, schema as list_schema};
pub(crate) use person::{Named, Person};
pub(crate) use stage::standing;

use crate::{
    bindings::Bindings,
    clock, database,
    http::{self, Failure, Outcome},
    plans::{self, Known},
    problem::{Kind, Problem},
    reports::{Query, bad_parameter},
    routes::Parameter,
};
use document::Facts;
use serde_json::{Value, json};
use worker::{Request, js_sys};

/// Lines of a timeline's page.
const LINES: (u32, u32, u32) = (1, 50, 200);

/// The parameters of one contact.
pub(crate) const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "before",
        about: "The `next` of the page before; without it, the latest lines of the timeline.",
        schema: || json!({"type": "string"}),
    },
    Parameter {
        name: "limit",
        about: "How many lines of the timeline; without it, 50.",
        schema: || json!({"type": "integer", "minimum": 1, "maximum": 200}),
    },
];

/// Shows one person, named by any identity or any visitor.
pub(crate) async fn contact(
    request: &Request,
    edge: &Bindings,
    site: &str,
    encoded: &str,
) -> Outcome {
    let known = plans::in_effect(edge, site).await?;
    let query = Query::of(request)?;
    query.only(&["before", "limit"])?;
    let (least, usual, most) = LINES;
    let limit = query.number("limit", usual, (least, most))?;
    let before = query.get("before").map(timeline::place).transpose()?;
    let text = js_sys::decode_uri_component(encoded)
        .map_err(|_| bad_parameter("contact", "is not encoded as a part of an address is"))?;
    let named = Named::read(&String::from(text))?;
    // All of a person is in one database, whichever that is.
    for part in edge.databases() {
        let shown = in_database(part, &known, &named, before.as_deref(), limit).await?;
        if let Some(shown) = shown {
            return http::json(&shown);
        }
    }
    Err(nobody().into())
}

/// What a database has of a person, if it has anything.
async fn in_database(
    edge: &Bindings,
    known: &Known,
    named: &Named,
    before: Option<&str>,
    limit: u32,
) -> Result<Option<Value>, Failure> {
    let site = known.plan.site.as_str();
    let person = named.person(edge, site).await?;
    let key = person.key();
    // One more than asked for says whether there is another page.
    let wanted = limit.saturating_add(1).to_string();
    let (facts, lines) = (document::question(), timeline::question());
    let before = before.unwrap_or_default();
    let questions = [
        (facts.as_str(), vec![site, &key]),
        (lines.as_str(), vec![site, &key, before, &wanted]),
    ];
    // One transaction, so that all figures are of one moment.
    let answers = database::batch(edge, &questions).await?;
    let mut answers = answers.into_iter();
    let facts = answers.next().unwrap_or_default();
    let Some(facts) = facts.first() else {
        return Ok(None);
    };
    let facts: Facts = serde_json::from_str(facts)?;
    if !facts.are_some() {
        return Ok(None);
    }
    let lines = answers
        .next()
        .unwrap_or_default()
        .iter()
        .map(|line| serde_json::from_str(line))
        .collect::<Result<_, _>>()?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let shown = facts.document(known, &person, lines, limit, clock::now())?;
    Ok(Some(shown))
}

fn nobody() -> Problem {
    Problem::new(
        Kind::NotFound,
        "contact: nobody is known here by this identity or visitor; search with reports/contacts?q=…",
    )
}
