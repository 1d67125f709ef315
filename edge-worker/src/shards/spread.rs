//! Spreading all rows over the databases that there are, in bounded steps, while items go on to arrive.
//!
//! First everybody who is one person is found, then people come to their homes, then single observations
//! follow. It is done twice: the second round finds what was stored meanwhile by somebody who still knew
//! the former homes.

use super::{
    directory::{self, Named},
    moves::{Lot, bring},
};
use crate::{
    http::Failure,
    reports::{Ask, Store},
    sink::Link,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};

/// When the second round begins.
const AGAIN_MS: i64 = 15 * 60_000;

/// What is gone through, one after the other, each in all databases.
struct Part {
    name: &'static str,
    does: Does,
    /// Rows after the cursor `?1`, at most `?2`, each as [`Row`] reads it.
    sql: &'static str,
    rows: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Does {
    /// Says who is whom.
    Link,
    /// Brings people home.
    Bring,
    /// Takes away what was left behind of moved observations, in the second round.
    Forget,
}

const VISITORS: &str = "\
SELECT json_array(
  json_array(site, lower(hex(visitor))), site, json_array('1' || lower(hex(visitor)), '3' || contact), NULL)
FROM known_visitors
WHERE (site, visitor) > (coalesce(?1 ->> 0, ''), unhex(coalesce(?1 ->> 1, '')))
ORDER BY site, visitor LIMIT CAST(?2 AS INTEGER)";

const IDENTITIES: &str = "\
SELECT json_array(json_array(site, identity), site, json_array('3' || identity, '3' || contact), NULL)
FROM identities
WHERE (site, identity) > (coalesce(?1 ->> 0, ''), coalesce(?1 ->> 1, ''))
ORDER BY site, identity LIMIT CAST(?2 AS INTEGER)";

const EVIDENCE: &str = "\
SELECT json_array(
  json_array(site, definition, scope, who, dedup, lower(hex(observation))), site,
  json_array(
    '1' || lower(hex(visitor)), '3' || identity, '4' || order_number,
    iif(visitor IS NOT NULL, NULL, '2' || lower(hex(coalesce(
      session, iif(coalesce(identity, order_number) IS NULL, observation, x''))))),
    iif(scope GLOB 'session:*', '2' || replace(substr(scope, 9), '-', ''), NULL)),
  json(iif(coalesce(visitor, identity, order_number) IS NOT NULL, NULL, json_array(
    definition, scope, who, dedup, lower(hex(observation))))))
FROM evidence
WHERE (site, definition, scope, who, dedup, observation) > (
  coalesce(?1 ->> 0, ''), coalesce(?1 ->> 1, ''), coalesce(?1 ->> 2, ''), coalesce(?1 ->> 3, ''),
  coalesce(?1 ->> 4, ''), unhex(coalesce(?1 ->> 5, '')))
ORDER BY site, definition, scope, who, dedup, observation LIMIT CAST(?2 AS INTEGER)";

const SESSIONS: &str = "\
SELECT json_array(
  json_array(site, lower(hex(visitor)), lower(hex(session))), site,
  json_array(iif(visitor = x'', '2' || lower(hex(session)), '1' || lower(hex(visitor)))), NULL)
FROM sessions
WHERE (site, visitor, session) > (
  coalesce(?1 ->> 0, ''), unhex(coalesce(?1 ->> 1, '')), unhex(coalesce(?1 ->> 2, '')))
ORDER BY site, visitor, session LIMIT CAST(?2 AS INTEGER)";

const REFUNDS: &str = "\
SELECT json_array(
  json_array(site, lower(hex(observation))), site, json_array('4' || order_number), NULL)
FROM refunds
WHERE (site, observation) > (coalesce(?1 ->> 0, ''), unhex(coalesce(?1 ->> 1, '')))
ORDER BY site, observation LIMIT CAST(?2 AS INTEGER)";

const OBSERVATIONS: &str = "\
SELECT json_array(
  json_array(site, lower(hex(id))), site,
  json_array(
    '1' || lower(hex(visitor)), '3' || contact, '4' || order_number,
    iif(visitor IS NOT NULL, NULL, '2' || lower(hex(coalesce(
      session, iif(coalesce(contact, order_number) IS NULL, id, x'')))))),
  lower(hex(id)))
FROM observations
WHERE (site, id) > (coalesce(?1 ->> 0, ''), unhex(coalesce(?1 ->> 1, '')))
ORDER BY site, id LIMIT CAST(?2 AS INTEGER)";

const MARKS: &str = "\
SELECT json_array(
  json_array(site, lower(hex(id))), site, json_array(), iif(archived = 2, lower(hex(id)), NULL))
FROM dropped
WHERE (site, id) > (coalesce(?1 ->> 0, ''), unhex(coalesce(?1 ->> 1, '')))
ORDER BY site, id LIMIT CAST(?2 AS INTEGER)";

/// `?1` site, `?2` ids.
const UNMARK: &str = "\
DELETE FROM dropped
WHERE site = ?1 AND archived = 2 AND id IN (SELECT unhex(value) FROM json_each(?2))";

const fn part(name: &'static str, does: Does, sql: &'static str, rows: usize) -> Part {
    Part {
        name,
        does,
        sql,
        rows,
    }
}

const PARTS: [Part; 11] = [
    part("who are known", Does::Link, VISITORS, 1_000),
    part("identities", Does::Link, IDENTITIES, 1_000),
    part("what proves", Does::Link, EVIDENCE, 1_000),
    part("sessions of nobody", Does::Link, SESSIONS, 1_000),
    part("sessions", Does::Bring, SESSIONS, 400),
    part("evidence", Does::Bring, EVIDENCE, 400),
    part("known visitors", Does::Bring, VISITORS, 400),
    part("linked identities", Does::Bring, IDENTITIES, 400),
    part("refunds", Does::Bring, REFUNDS, 400),
    part("observations", Does::Bring, OBSERVATIONS, 1_500),
    part("marks", Does::Forget, MARKS, 10_000),
];

/// A row that a part goes through: its place, its site, its names (of which some are none), and what it
/// is.
#[derive(Deserialize)]
struct Row(Box<RawValue>, String, Vec<Option<String>>, Own);

/// What a row is.
#[derive(Deserialize)]
#[serde(untagged)]
enum Own {
    /// An observation, or the mark of one.
    Observation(String),
    /// Evidence that names nobody, by its key.
    Evidence(Vec<String>),
    /// Something that moves together with all that is the person's.
    Persons,
}

/// How far rows have spread.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Spread {
    pub(crate) shards: u32,
    bound: usize,
    state: String,
    round: u32,
    shard: usize,
    part: String,
    cursor: String,
    steps: i64,
    pub(crate) moved: i64,
    next_at: i64,
}

impl Spread {
    /// Whether it has ended over so many databases, out of so many.
    pub(crate) fn is_done(&self, shards: u32, bound: usize) -> bool {
        self.state == "done" && self.is_over(shards, bound)
    }

    fn is_over(&self, shards: u32, bound: usize) -> bool {
        (self.shards, self.bound) == (shards, bound)
    }

    /// Where it is, for people.
    pub(crate) fn place(&self) -> String {
        format!(
            "round {} of 2, at the {} of {}",
            self.round.saturating_add(1),
            self.part,
            crate::bindings::binding(u32::try_from(self.shard).unwrap_or(0))
        )
    }
}

const READ: &str = "\
SELECT json_object(
  'shards', shards, 'bound', bound, 'state', state, 'round', round, 'shard', shard, 'part', part,
  'cursor', cursor, 'steps', steps, 'moved', moved, 'next_at', next_at)
FROM spread WHERE id = 1";

/// Tombstones.
const ERASED: &str = "SELECT json_array(site, hex(subject), until) FROM erased";

/// `?1` tombstones.
const KEEP_AWAY: &str = "\
INSERT INTO erased (site, subject, until)
SELECT value ->> 0, unhex(value ->> 1), value ->> 2 FROM json_each(?1) WHERE true
ON CONFLICT DO UPDATE SET until = excluded.until WHERE until < excluded.until";

/// `?1` over how many databases, `?2` out of how many, `?3` the first part.
const BEGIN: &str = "\
INSERT INTO spread (id, shards, bound, state, round, shard, part, cursor, steps, moved, next_at)
VALUES (1, CAST(?1 AS INTEGER), CAST(?2 AS INTEGER), 'running', 0, 0, ?3, '[]', 0, 0, 0)
ON CONFLICT DO UPDATE SET
  shards = excluded.shards, bound = excluded.bound, state = 'running', round = 0, shard = 0,
  part = excluded.part, cursor = '[]', steps = steps + 1, moved = 0, next_at = 0";

/// The end of a step, unless another has taken it. `?1` the steps before, `?2` rows moved, `?3` state,
/// `?4` round, `?5` number of the database, `?6` part, `?7` cursor, `?8` when the next step is due, `?9`
/// now.
const ADVANCE: &str = "\
UPDATE spread SET
  steps = steps + 1, moved = moved + CAST(?2 AS INTEGER), state = ?3, round = CAST(?4 AS INTEGER),
  shard = CAST(?5 AS INTEGER), part = ?6, cursor = ?7, next_at = CAST(?8 AS INTEGER),
  ended_at = iif(?3 = 'done', CAST(?9 AS INTEGER), ended_at)
WHERE id = 1 AND steps = CAST(?1 AS INTEGER)";

/// Whoever was found to be one person before people come home is brought home with all others.
const FORGET_COMERS: &str = "DELETE FROM comers";

/// How far it is; `None` if it has never begun.
pub(crate) async fn how_far(store: &impl Store) -> Result<Option<Spread>, Failure> {
    let rows = store.rows(Ask::new(READ, [""; 0])).await?;
    Ok(rows
        .first()
        .map(|row| serde_json::from_str(row))
        .transpose()?)
}

/// Takes a step, if one is due: how many rows it has moved.
pub(crate) async fn step(
    store: &impl Store,
    shards: u32,
    now: i64,
    id: impl FnMut() -> Result<String, Failure>,
) -> Result<Option<usize>, Failure> {
    let bound = store.parts().len();
    let found = how_far(store).await?;
    let Some(at) = found.filter(|own| own.is_over(shards, bound)) else {
        // Before anything is stored elsewhere, it is known there whom nothing is kept of.
        for from in store.parts() {
            let erased = from.rows(Ask::new(ERASED, [""; 0])).await?;
            let erased = format!("[{}]", erased.join(","));
            for to in store.parts() {
                to.batch(&[Ask::new(KEEP_AWAY, [erased.as_str()])]).await?;
            }
        }
        let first = PARTS.first().map_or("", |part| part.name);
        let values = [shards.to_string(), bound.to_string(), first.to_owned()];
        store.batch(&[Ask::new(BEGIN, values)]).await?;
        return Ok(Some(0));
    };
    if at.state == "done" || at.next_at > now {
        return Ok(None);
    }
    let number = PARTS.iter().position(|part| part.name == at.part);
    let (Some(number), Some(from)) = (number, store.parts().get(at.shard)) else {
        return Err(Failure::Internal(format!(
            "spread: there is no '{}' of database {} to go on with",
            at.part, at.shard
        )));
    };
    let Some(part) = PARTS.get(number) else {
        return Ok(None);
    };
    let ask = Ask::new(part.sql, [at.cursor.clone(), part.rows.to_string()]);
    let rows: Vec<Row> = from
        .rows(ask)
        .await?
        .iter()
        .map(|row| serde_json::from_str(row))
        .collect::<Result<_, _>>()?;
    let (moved, all) = match part.does {
        Does::Link => {
            link(store, &rows).await?;
            (0, true)
        }
        Does::Bring => go(store, shards, at.shard, &rows, id).await?,
        Does::Forget => {
            if at.round > 0 {
                unmark(from, &rows).await?;
            }
            (0, true)
        }
    };
    let mut next = Spread {
        moved: i64::try_from(moved).unwrap_or(0),
        next_at: 0,
        ..at.clone()
    };
    if all {
        match rows.last().filter(|_| rows.len() >= part.rows) {
            Some(last) => last.0.get().clone_into(&mut next.cursor),
            None => next.go_on(number, now),
        }
    }
    let begins_to_bring = at.round == 0
        && part.does == Does::Link
        && next.part != at.part
        && PARTS
            .iter()
            .any(|own| own.name == next.part && own.does == Does::Bring);
    if begins_to_bring {
        store.batch(&[Ask::new(FORGET_COMERS, [""; 0])]).await?;
    }
    let values = [
        at.steps.to_string(),
        next.moved.to_string(),
        next.state.clone(),
        next.round.to_string(),
        next.shard.to_string(),
        next.part.clone(),
        next.cursor.clone(),
        next.next_at.to_string(),
        now.to_string(),
    ];
    store.batch(&[Ask::new(ADVANCE, values)]).await?;
    Ok(Some(moved))
}

impl Spread {
    /// To the same part of the next database, to the next part, to the second round, or to the end.
    fn go_on(&mut self, part: usize, now: i64) {
        self.cursor = String::from("[]");
        self.shard = self.shard.saturating_add(1);
        if self.shard < self.bound {
            return;
        }
        self.shard = 0;
        let next = PARTS.get(part.saturating_add(1));
        if let Some(next) = next {
            next.name.clone_into(&mut self.part);
            return;
        }
        if self.round > 0 {
            self.state = String::from("done");
            return;
        }
        self.round = 1;
        self.next_at = now.saturating_add(AGAIN_MS);
        self.part = PARTS
            .first()
            .map_or_else(String::new, |part| part.name.to_owned());
    }
}

impl Row {
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .2
            .iter()
            .flatten()
            // A visitor of no digits is nobody.
            .filter(|name| name.len() > 1)
            .cloned()
            .collect();
        names.sort();
        names.dedup();
        names
    }
}

async fn link(store: &impl Store, rows: &[Row]) -> Result<(), Failure> {
    // Of whoever was erased, nothing is left to be found here.
    let links: BTreeSet<Link> = rows
        .iter()
        .map(|row| (row.1.clone(), row.names(), Vec::new(), 0))
        .filter(|(_, names, ..)| names.len() > 1 || names.iter().any(|name| name.starts_with('2')))
        .collect();
    directory::link(store, &links).await
}

async fn unmark(from: &impl Store, rows: &[Row]) -> Result<(), Failure> {
    let mut ids: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in rows {
        if let Own::Observation(id) = &row.3 {
            ids.entry(&row.1).or_default().push(id);
        }
    }
    for (site, ids) in ids {
        let ids = serde_json::to_string(&ids)?;
        from.batch(&[Ask::new(UNMARK, [site, &ids])]).await?;
    }
    Ok(())
}

/// Brings home whose rows these are; how many rows that were, and whether nothing is left.
async fn go(
    store: &impl Store,
    shards: u32,
    shard: usize,
    rows: &[Row],
    mut id: impl FnMut() -> Result<String, Failure>,
) -> Result<(usize, bool), Failure> {
    let names: BTreeSet<Named> = rows
        .iter()
        .flat_map(|row| {
            let site = row.1.clone();
            row.names()
                .into_iter()
                .map(move |name| (site.clone(), name))
        })
        .collect();
    let homes = directory::people(store, shards, &names).await?;
    let mut lots: BTreeMap<(&str, u32), Lot> = BTreeMap::new();
    let mut people: BTreeMap<(&str, u32), BTreeSet<String>> = BTreeMap::new();
    for row in rows {
        let site = row.1.as_str();
        let names = row.names();
        let Some(whose) = homes.person(site, &names) else {
            continue;
        };
        let home = homes.of(site, std::slice::from_ref(&whose));
        if usize::try_from(home) == Ok(shard) {
            continue;
        }
        let lot = lots.entry((site, home)).or_default();
        match &row.3 {
            Own::Observation(id) => lot.observations.push(id.clone()),
            Own::Evidence(key) => lot.evidence.push(key.clone()),
            Own::Persons => {
                people.entry((site, home)).or_default().insert(whose);
            }
        }
    }
    for ((site, home), people) in people {
        let lot = lots.entry((site, home)).or_default();
        for name in directory::names(store, site, &people)
            .await?
            .values()
            .flatten()
        {
            lot.add_name(name);
        }
    }
    let mut sum = (0usize, true);
    let parts = store.parts();
    let Some(from) = parts.get(shard) else {
        return Ok(sum);
    };
    for ((site, home), lot) in lots {
        let Some(to) = parts.get(usize::try_from(home).unwrap_or(0)) else {
            continue;
        };
        let brought = bring(from, (home, to), site, &lot, &mut id).await?;
        sum.0 = sum.0.saturating_add(brought.rows);
        sum.1 &= brought.all;
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Shop;

    #[test]
    fn a_step_goes_on_where_the_last_ended() {
        let shop = Shop::new();
        for part in PARTS {
            let scans = shop.scans(part.sql, &["[]", "10"]);
            assert_eq!(scans, [] as [String; 0], "{}", part.name);
        }
        let scans = shop.scans(UNMARK, &["shop", "[]"]);
        assert_eq!(scans, [] as [String; 0]);
    }
}
