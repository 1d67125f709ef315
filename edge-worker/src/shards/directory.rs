//! Who is whom, as the first database says, and in which database an item is already.

use crate::{
    http::Failure,
    reports::{Ask, Store},
    sink::{Homes, Link, Param, Statement, Wanted},
};
use goalpost_core::Id;
use std::collections::{BTreeMap, BTreeSet};

/// Names that items bear together are one person's. `?1` a list of [`Link`] as JSON.
const LINK: &str = "\
INSERT INTO linked_names (site, names)
SELECT l.value ->> 0, l.value -> 1
FROM json_each(?1) AS l
WHERE NOT EXISTS (
  SELECT 1 FROM json_each(l.value, '$[2]') AS t
  CROSS JOIN erased AS e ON e.site = l.value ->> 0 AND e.subject = unhex(t.value)
  WHERE l.value ->> 3 < e.until)";

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

/// Over how many databases what comes is spread.
const SPREAD: &str = "SELECT json_quote(shards) FROM spread WHERE id = 1";

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
/// An item that is somewhere already is a copy, and goes there: so each database is asked. What was
/// observed of somebody who has come from another one stays there, while rows spread they may be
/// anywhere, and the same item may come once more under another visitor.
pub(crate) async fn homes(store: &impl Store, wanted: &Wanted) -> Result<Homes, Failure> {
    let mut asks = Vec::new();
    if !wanted.links.is_empty() {
        asks.push(Ask::new(LINK, [serde_json::to_string(&wanted.links)?]));
    }
    asks.push(Ask::new(PEOPLE, [serde_json::to_string(&wanted.names)?]));
    asks.push(Ask::new(SPREAD, [""; 0]));
    let mut answers = store.batch(&asks).await?;
    let shards = in_effect(store, &answers.pop().unwrap_or_default())?;
    let mut homes = Homes::over(shards);
    for row in answers.pop().unwrap_or_default() {
        let (site, name, person) = serde_json::from_str(&row)?;
        homes.add_person(site, name, person);
    }
    let asked: Vec<(&String, String)> = wanted
        .items
        .iter()
        .map(|(site, id)| (site, id.text().replace('-', "")))
        .collect();
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

/// Over how many databases what comes is spread.
///
/// The first database says so, and not what the deployment is set to: so all agree at any time.
fn in_effect(store: &impl Store, rows: &[String]) -> Result<u32, Failure> {
    let Some(row) = rows.first() else {
        return Ok(1);
    };
    let shards: u32 = serde_json::from_str(row)?;
    let most = u32::try_from(store.parts().len()).unwrap_or(u32::MAX);
    Ok(shards.min(most))
}

/// Over how many databases what comes is spread.
pub(super) async fn shards(store: &impl Store) -> Result<u32, Failure> {
    let rows = store.rows(Ask::new(SPREAD, [""; 0])).await?;
    in_effect(store, &rows)
}

/// These names are one person's each time.
pub(super) async fn link(store: &impl Store, links: &BTreeSet<Link>) -> Result<(), Failure> {
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

/// Names are forgotten with whom they are of, and their sessions; whoever else had something in common
/// with these is somebody by themselves, and may have another home. `?1` site, `?2` names as JSON.
const FORGET: [&str; 4] = [
    "\
DELETE FROM homes WHERE site = ?1 AND name IN (SELECT value FROM json_each(?2))",
    "\
DELETE FROM comers WHERE site = ?1 AND person IN (SELECT value FROM json_each(?2))",
    "\
DELETE FROM homes AS h
WHERE h.site = ?1 AND h.person IN (SELECT value FROM json_each(?2)) AND h.name GLOB '2*'
  AND NOT EXISTS (
    SELECT 1 FROM homes AS o INDEXED BY homes_by_person
    WHERE o.person = h.person AND o.site = h.site AND o.name GLOB '1*')",
    "\
INSERT INTO joined_people (site, name, was, person)
SELECT h.site, h.name, h.person, (
  SELECT min(o.name) FROM homes AS o INDEXED BY homes_by_person
  WHERE o.person = h.person AND o.site = h.site)
FROM json_each(?2) AS n
CROSS JOIN homes AS h INDEXED BY homes_by_person ON h.person = n.value AND h.site = ?1",
];

/// Statements that forget names.
pub(crate) fn forget(site: &str, names: &[String]) -> Result<[Statement; 4], Failure> {
    let names = serde_json::to_string(names)?;
    Ok(FORGET.map(|sql| Statement {
        sql,
        params: vec![Param::Text(site.to_owned()), Param::Text(names.clone())],
    }))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{SITE, Shop};

    #[test]
    fn who_somebody_is_costs_the_same_however_many_there_are() {
        let shop = Shop::new();
        for sql in [LINK, PEOPLE, NAMES, KEPT] {
            let scans = shop.scans(sql, &["[]"]);
            assert_eq!(scans, [] as [String; 0], "{sql}");
        }
        for sql in FORGET {
            let values = [SITE, "[]"];
            let scans = shop.scans(sql, &values);
            assert_eq!(scans, [] as [String; 0], "{sql}");
        }
    }
}
