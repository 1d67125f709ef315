//! Who is whom, as the first database says, and in which database an item is already.

use crate::{
    http::Failure,
    reports::{Ask, Store},
    sink::{Homes, Wanted},
};
use goalpost_core::Id;
use std::collections::{BTreeMap, BTreeSet};

/// Names that items bear together are one person's. `?1` pairs of a site and its names, as JSON.
const LINK: &str = "\
INSERT INTO linked_names (site, names) SELECT value ->> 0, value -> 1 FROM json_each(?1)";

/// The persons of names that have another beside them. `?1` pairs of site and name.
const PEOPLE: &str = "\
SELECT json_array(h.site, h.name, h.person)
FROM json_each(?1) AS n
CROSS JOIN homes AS h ON h.site = n.value ->> 0 AND h.name = n.value ->> 1";

/// All names of people. `?1` pairs of site and person.
const NAMES: &str = "\
SELECT json_array(h.person, h.name)
FROM json_each(?1) AS p
CROSS JOIN homes AS h INDEXED BY homes_by_person
  ON h.person = p.value ->> 1 AND h.site = p.value ->> 0";

/// Whether all rows are at their homes. `?1` over how many databases, `?2` out of how many.
const SPREAD: &str = "\
SELECT json_quote(count(*)) FROM spread
WHERE state = 'done' AND shards = CAST(?1 AS INTEGER) AND bound = CAST(?2 AS INTEGER)";

/// Which items are here. `?1` pairs of site and id.
const KEPT: &str = "\
SELECT json_array(n.value ->> 0, n.value ->> 1)
FROM json_each(?1) AS n
WHERE EXISTS (
    SELECT 1 FROM observations AS o WHERE o.site = n.value ->> 0 AND o.id = unhex(n.value ->> 1))
  OR EXISTS (
    SELECT 1 FROM dropped AS d WHERE d.site = n.value ->> 0 AND d.id = unhex(n.value ->> 1))
  OR EXISTS (
    SELECT 1 FROM quarantine AS q WHERE q.site = n.value ->> 0 AND q.id = unhex(n.value ->> 1))";

/// A site, and a name or a person of it.
pub(super) type Named = (String, String);

/// Finds the database of each item.
///
/// Most items are where their person is, or nowhere yet. But what was observed of somebody who has come
/// from another database stays there, and while rows spread they may be anywhere: then each database is
/// asked.
pub(crate) async fn homes(
    store: &impl Store,
    shards: u32,
    wanted: &Wanted,
) -> Result<Homes, Failure> {
    let mut asks = Vec::new();
    if !wanted.links.is_empty() {
        asks.push(Ask::new(LINK, [serde_json::to_string(&wanted.links)?]));
    }
    asks.push(Ask::new(PEOPLE, [serde_json::to_string(&wanted.names)?]));
    let bound = store.parts().len();
    asks.push(Ask::new(SPREAD, [shards.to_string(), bound.to_string()]));
    let mut answers = store.batch(&asks).await?;
    let spreading = answers.pop().is_none_or(|rows| rows != ["1"]);
    let mut homes = Homes::over(shards);
    for row in answers.pop().unwrap_or_default() {
        let (site, name, person) = serde_json::from_str(&row)?;
        homes.add_person(site, name, person);
    }
    let asked: Vec<(&String, String)> = wanted
        .items
        .iter()
        .filter(|(site, _, name)| spreading || homes.knows(site, name))
        .map(|(site, id, _)| (site, id.text().replace('-', "")))
        .collect();
    if asked.is_empty() {
        return Ok(homes);
    }
    let asked = serde_json::to_string(&asked)?;
    for (number, part) in (0..).zip(store.parts()) {
        for row in part.rows(Ask::new(KEPT, [asked.as_str()])).await? {
            let (site, id): (String, String) = serde_json::from_str(&row)?;
            if let Some(id) = Id::parse(&id) {
                homes.add_kept(site, id, number);
            }
        }
    }
    Ok(homes)
}

/// These names are one person's each time.
pub(super) async fn link(
    store: &impl Store,
    links: &BTreeSet<(String, Vec<String>)>,
) -> Result<(), Failure> {
    if links.is_empty() {
        return Ok(());
    }
    let links = serde_json::to_string(links)?;
    store.batch(&[Ask::new(LINK, [links])]).await?;
    Ok(())
}

/// Who these are.
pub(super) async fn people(
    store: &impl Store,
    shards: u32,
    names: &BTreeSet<Named>,
) -> Result<Homes, Failure> {
    let mut homes = Homes::over(shards);
    let names = serde_json::to_string(names)?;
    for row in store.rows(Ask::new(PEOPLE, [names])).await? {
        let (site, name, person) = serde_json::from_str(&row)?;
        homes.add_person(site, name, person);
    }
    Ok(homes)
}

/// All names of some people of one site; who has only one is named by it.
pub(super) async fn names(
    store: &impl Store,
    site: &str,
    people: &BTreeSet<String>,
) -> Result<BTreeMap<String, Vec<String>>, Failure> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let pairs: Vec<(&str, &String)> = people.iter().map(|own| (site, own)).collect();
    for row in store
        .rows(Ask::new(NAMES, [serde_json::to_string(&pairs)?]))
        .await?
    {
        let (person, name): (String, String) = serde_json::from_str(&row)?;
        all.entry(person).or_default().push(name);
    }
    for person in people {
        let own = || vec![person.clone()];
        all.entry(person.clone()).or_insert_with(own);
    }
    Ok(all)
}
