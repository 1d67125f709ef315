//! People who turned out to belong together: what is theirs comes to their home.

use super::{
    directory,
    moves::{Lot, bring},
};
use crate::{
    http::Failure,
    reports::{Ask, Store},
};
use std::collections::BTreeSet;

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

/// Brings home what is due.
pub(crate) async fn settle(
    store: &impl Store,
    now: i64,
    mut id: impl FnMut() -> Result<String, Failure>,
) -> Result<(), Failure> {
    let due = [now.to_string(), PEOPLE.to_string()];
    let due = store.rows(Ask::new(DUE, due)).await?;
    if due.is_empty() {
        return Ok(());
    }
    let shards = directory::shards(store).await?;
    for row in due {
        let (site, person, looks, due_at): (String, String, i64, i64) = serde_json::from_str(&row)?;
        let all = come(store, shards, &site, &person, &mut id).await?;
        if !all {
            continue;
        }
        let (looks_text, due_at) = (looks.to_string(), due_at.to_string());
        let mut values = vec![site, person, looks_text, due_at];
        let sql = if looks == 0 {
            values.push(now.saturating_add(AGAIN_MS).to_string());
            LOOKED
        } else {
            SETTLED
        };
        store.batch(&[Ask::new(sql, values)]).await?;
    }
    Ok(())
}

/// Brings somebody home from every other database; whether nothing is left there.
async fn come(
    store: &impl Store,
    shards: u32,
    site: &str,
    person: &str,
    id: &mut impl FnMut() -> Result<String, Failure>,
) -> Result<bool, Failure> {
    let own = [(String::from(site), String::from(person))];
    let homes = directory::people(store, shards, &own.into()).await?;
    let names = [String::from(person)];
    // Who has become somebody else is due under that name.
    if homes.person(site, &names).as_deref() != Some(person) {
        return Ok(true);
    }
    let home = homes.of(site, &names);
    let people = BTreeSet::from(names);
    let mut lot = Lot::default();
    for name in directory::names(store, site, &people)
        .await?
        .values()
        .flatten()
    {
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
