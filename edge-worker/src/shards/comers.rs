//! People who turned out to belong together: what is theirs comes to their home.

use super::{
    directory, erases,
    moves::{Lot, bring},
};
use crate::{
    http::Failure,
    reports::{Ask, Store},
};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// People of one run at most.
const PEOPLE: u32 = 50;

/// When somebody is looked at again: by then nobody stores by what was asked before.
const AGAIN_MS: i64 = 15 * 60_000;

/// Who is due. `?1` now, `?2` how many.
const DUE: &str = "\
SELECT json_array(site, person, looks, due_at) FROM comers INDEXED BY comers_due
WHERE due_at <= CAST(?1 AS INTEGER) ORDER BY due_at LIMIT CAST(?2 AS INTEGER)";

/// Looked at, unless they have come together with somebody else meanwhile. `?1` site, `?2` person, `?3`
/// looks before, `?4` when they were due, `?5` when they are again.
const LOOKED: &str = "\
UPDATE comers SET looks = looks + 1, due_at = CAST(?5 AS INTEGER)
WHERE site = ?1 AND person = ?2 AND looks = CAST(?3 AS INTEGER) AND due_at = CAST(?4 AS INTEGER)";

/// Looked at for the last time. Parameters as [`LOOKED`]'s first four.
const SETTLED: &str = "\
DELETE FROM comers
WHERE site = ?1 AND person = ?2 AND looks = CAST(?3 AS INTEGER) AND due_at = CAST(?4 AS INTEGER)";

/// Who is due, as the table says it.
#[derive(Deserialize)]
struct Due(String, String, i64, i64);

/// Brings home what is due.
pub(crate) async fn settle(
    store: &impl Store,
    now: i64,
    mut id: impl FnMut() -> Result<String, Failure>,
) -> Result<(), Failure> {
    let due = [now.to_string(), PEOPLE.to_string()];
    let due: Vec<Due> = store
        .rows(Ask::new(DUE, due))
        .await?
        .iter()
        .map(|row| serde_json::from_str(row))
        .collect::<Result<_, _>>()?;
    if due.is_empty() || erases(store).await? {
        return Ok(());
    }
    let asked = due.iter().map(|own| (own.0.clone(), own.1.clone()));
    let shards = directory::shards(store).await?;
    let homes = directory::people(store, shards, &asked.collect()).await?;
    let mut together: BTreeMap<(&str, u32), BTreeSet<String>> = BTreeMap::new();
    for Due(site, person, ..) in &due {
        let names = [person.clone()];
        // Who has become somebody else is due under that name.
        if homes.person(site, &names).as_ref() == Some(person) {
            let home = homes.of(site, &names);
            together
                .entry((site, home))
                .or_default()
                .insert(person.clone());
        }
    }
    let mut left = BTreeSet::new();
    for ((site, home), people) in together {
        if !come(store, (site, home), &people, &mut id).await? {
            left.extend(people.into_iter().map(|person| (site, person)));
        }
    }
    let looked: Vec<Ask> = due
        .iter()
        .filter(|own| !left.contains(&(own.0.as_str(), own.1.clone())))
        .map(|own| own.looked(now))
        .collect();
    store.batch(&looked).await?;
    Ok(())
}

impl Due {
    fn looked(&self, now: i64) -> Ask {
        let Self(site, person, looks, due_at) = self;
        let mut values = vec![
            site.clone(),
            person.clone(),
            looks.to_string(),
            due_at.to_string(),
        ];
        if *looks > 0 {
            return Ask::new(SETTLED, values);
        }
        values.push(now.saturating_add(AGAIN_MS).to_string());
        Ask::new(LOOKED, values)
    }
}

/// Brings people home from every other database; whether nothing is left there.
async fn come(
    store: &impl Store,
    (site, home): (&str, u32),
    people: &BTreeSet<String>,
    id: &mut impl FnMut() -> Result<String, Failure>,
) -> Result<bool, Failure> {
    let mut lot = Lot::default();
    let names = directory::names(store, site, people).await?;
    for name in names.values().flatten() {
        lot.add_name(name);
    }
    let Some(to) = store.parts().get(usize::try_from(home).unwrap_or(0)) else {
        return Ok(true);
    };
    let mut all = true;
    for (number, from) in (0u32..).zip(store.parts()) {
        if number != home {
            all &= bring(from, (home, to), site, &lot, &mut *id).await?.all;
        }
    }
    Ok(all)
}
