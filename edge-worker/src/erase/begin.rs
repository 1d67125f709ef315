//! How an erasure begins: all names of the person, and a tombstone of each.

use super::{
    NAMES, Names, STEPS, hex, statements as sql,
    stores::{Store, lay},
};
use crate::{
    audit::{Act, Note},
    auth::Caller,
    bindings::Bindings,
    clock,
    contacts::Named,
    http::{self, Outcome},
    reports::bad_parameter,
    shards,
    sink::{Param, Statement},
    store,
};
use goalpost_core::{Id, home};
use worker::js_sys;

/// Erases whoever is named by an identity or a visitor, as far as one request may go; the clock goes on
/// with it.
///
/// Nobody needs to be known by that name: what is still under way is kept away all the same.
pub(crate) async fn begin(edge: &Bindings, site: &str, encoded: &str, caller: &Caller) -> Outcome {
    let text = js_sys::decode_uri_component(encoded)
        .map_err(|_| bad_parameter("contact", "is not encoded as a part of an address is"))?;
    let asked = Named::read(&String::from(text))?;
    shards::arrive(edge).await?;
    let (whose, names) = super::names(edge, site, &asked, Some(NAMES)).await?;
    let names = names.of_a_round(NAMES);
    let asked = asked.subject().tombstone(site);
    let (id, now) = (clock::new_id()?, clock::now());
    let begun = statements(site, id, &asked, (&whose.key(), &names), now)?.to_vec();
    // The first one last: whoever finds the erasure there finds it everywhere.
    for part in edge.databases().iter().skip(1).rev() {
        store::run(part, &begun).await?;
    }
    let mut first = begun;
    first.push(Note::new(site, caller, Act::Erase, &asked)?.statement());
    let homes: Vec<String> = names.subjects().map(|own| home::name(&own)).collect();
    first.extend(shards::forget(site, &homes)?);
    store::run(edge, &first).await?;
    let erasure = super::everywhere(edge, site, &id.text(), STEPS).await?;
    http::json(&erasure.shown())
}

/// The statements that begin an erasure. From here on, nothing more of the person is stored.
pub(super) fn statements(
    site: &str,
    id: Id,
    asked: &str,
    (person, names): (&str, &Names),
    now: i64,
) -> Result<[Statement; 2], serde_json::Error> {
    let text = |text: &str| Param::Text(text.to_owned());
    let visitors = serde_json::to_string(&names.visitors)?;
    let identities = serde_json::to_string(&names.identities)?;
    let orders = serde_json::to_string(&names.orders)?;
    let mut tombstones: Vec<String> = names
        .subjects()
        .map(|subject| subject.tombstone(site))
        .collect();
    tombstones.push(asked.to_owned());
    Ok([
        lay(site, &hex(id), &tombstones)?,
        Statement {
            sql: sql::BEGIN,
            params: vec![
                text(site),
                Param::Text(hex(id)),
                text(asked),
                text(Store::Evidence.name()),
                Param::Text(visitors),
                Param::Text(identities),
                Param::Text(orders),
                Param::Integer(now),
                text(person),
            ],
        },
    ])
}
