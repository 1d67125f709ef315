//! Moving rows from one database to another: out of their tables in one transaction, and in again in
//! another, which notes that they have arrived.
//!
//! What has left is in nobody's figures until it has arrived: a moment, or until the next run of the
//! clock where a move has broken off. It is never in two places.

use super::statements as sql;
use crate::{
    http::Failure,
    pack::packs,
    reports::{Ask, Store, everywhere},
};
use goalpost_core::Id;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Moves of one step at most; the next step goes on with the rest.
const MOVES: usize = 100;

/// How long it is known what has arrived: longer than anybody tries.
const ARRIVED_MS: i64 = 604_800_000;

/// What is to be moved of one site to one database.
#[derive(Debug, Default, Serialize)]
pub(super) struct Lot {
    visitors: Vec<String>,
    identities: Vec<String>,
    orders: Vec<String>,
    /// Of nobody.
    sessions: Vec<String>,
    /// Of nobody, by their keys.
    pub(super) evidence: Vec<Vec<String>>,
    pub(super) observations: Vec<String>,
}

impl Lot {
    fn may_have(&self, kind: &str) -> bool {
        let named = [
            &self.visitors,
            &self.identities,
            &self.orders,
            &self.sessions,
        ];
        let of_people = named.iter().any(|list| !list.is_empty());
        match kind {
            "observation" => of_people || !self.observations.is_empty(),
            "evidence" => of_people || !self.evidence.is_empty(),
            _ => of_people,
        }
    }

    /// All that follows from what bears this name.
    pub(super) fn add_name(&mut self, name: &str) {
        let mut rest = name.chars();
        let list = match rest.next() {
            Some('1') => &mut self.visitors,
            Some('2') => &mut self.sessions,
            Some('3') => &mut self.identities,
            Some('4') => &mut self.orders,
            _ => return,
        };
        list.push(String::from(rest.as_str()));
    }
}

/// Rows that are on their way.
#[derive(Deserialize)]
struct Row<'a>(
    #[serde(borrow)] std::borrow::Cow<'a, str>,
    String,
    #[serde(borrow)] &'a RawValue,
);

/// A move that began longer ago, and has not arrived, is still on its way.
const LATELY_MS: i64 = 3_600_000;

/// How far a lot has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Brought {
    /// Rows.
    pub(super) rows: usize,
    /// Whether nothing of it is left.
    pub(super) all: bool,
}

/// Moves a lot, or as much of it as one step may.
pub(super) async fn bring<S: Store>(
    from: &S,
    (home, to): (u32, &S),
    site: &str,
    lot: &Lot,
    mut id: impl FnMut() -> Result<String, Failure>,
) -> Result<Brought, Failure> {
    let mut takes = sql::takes();
    takes.retain(|take| lot.may_have(take.kind));
    let lot = serde_json::to_string(lot)?;
    let mut moved = 0usize;
    for _ in 0..MOVES {
        let id = id()?;
        let values = [site, &id, &home.to_string(), &lot];
        let mut asks: Vec<Ask> = takes
            .iter()
            .map(|take| Ask::new(take.sql.as_str(), values))
            .collect();
        let leave = sql::LEAVE
            .iter()
            .filter(|(kind, _)| takes.iter().any(|take| take.kind == *kind));
        asks.extend(leave.map(|(_, sql)| Ask::new(*sql, [site, &id])));
        asks.push(Ask::new(sql::ROWS, [id.as_str()]));
        let rows = from.batch(&asks).await?.pop().unwrap_or_default();
        moved = moved.saturating_add(rows.len());
        if !rows.is_empty() {
            arrive(from, to, &id, &rows).await?;
        }
        let least = takes.iter().map(|take| take.most).min();
        if least.is_none_or(|least| rows.len() < least) {
            return Ok(Brought {
                rows: moved,
                all: true,
            });
        }
    }
    Ok(Brought {
        rows: moved,
        all: false,
    })
}

/// Writes what is on its way, and then takes it from there.
async fn arrive<S: Store>(from: &S, to: &S, take: &str, rows: &[String]) -> Result<(), Failure> {
    let mut kinds: BTreeMap<String, Vec<&RawValue>> = BTreeMap::new();
    let mut site = String::new();
    for row in rows {
        let Row(kind, of, row) = serde_json::from_str(row)?;
        site = of;
        kinds.entry(kind.into_owned()).or_default().push(row);
    }
    let mut asks = vec![Ask::new(sql::ARRIVE, [take])];
    for (kind, statements) in sql::ARRIVALS {
        let rows = kinds.get(kind).map_or(&[][..], Vec::as_slice);
        for pack in packs(rows.iter().map(|row| row.get())) {
            asks.extend(
                statements
                    .iter()
                    .map(|sql| Ask::new(*sql, [site.as_str(), &pack.json])),
            );
        }
    }
    match to.batch(&asks).await {
        Ok(_) => {}
        // Another has brought it.
        Err(Failure::Platform(problem)) if problem.contains(sql::HAS_ARRIVED) => {}
        Err(problem) => return Err(problem),
    }
    from.batch(&[Ask::new(sql::GONE, [take])]).await?;
    Ok(())
}

/// How many moves have lately arrived in each of several databases; `None` while one is on its way.
///
/// Whoever looks at several databases may believe what they saw where this is the same before and after.
///
/// # Errors
/// [`Failure::Platform`].
pub(crate) async fn arrived(store: &impl Store, now: i64) -> Result<Option<Vec<u64>>, Failure> {
    if store.parts().len() < 2 {
        return Ok(Some(Vec::new()));
    }
    let lately = Id::new(now.saturating_sub(LATELY_MS), [0; 10]);
    let lately = lately.text().replace('-', "");
    let ask = Ask::new(sql::LATELY, [lately]);
    let mut all = Vec::new();
    for row in everywhere(store, &[ask]).await?.iter().flatten() {
        let (leaving, arrived): (u64, u64) = serde_json::from_str(row)?;
        if leaving > 0 {
            return Ok(None);
        }
        all.push(arrived);
    }
    Ok(Some(all))
}

/// Goes on with moves that broke off, and forgets what arrived long ago.
pub(crate) async fn go_on(store: &impl Store, now: i64) -> Result<(), Failure> {
    let old = Id::new(now.saturating_sub(ARRIVED_MS), [0; 10]);
    let old = old.text().replace('-', "");
    for from in store.parts() {
        from.batch(&[Ask::new(sql::FORGET, [old.as_str()])]).await?;
        for take in from.rows(Ask::new(sql::TAKES, [""; 0])).await? {
            let (take, home): (String, usize) = serde_json::from_str(&take)?;
            let rows = from.rows(Ask::new(sql::ROWS, [take.as_str()])).await?;
            let to = store.parts().get(home).ok_or_else(|| {
                Failure::Internal(format!(
                    "rows wait for {}, which is not bound; bind it again until they have left it",
                    crate::bindings::binding(u32::try_from(home).unwrap_or(u32::MAX))
                ))
            })?;
            arrive(from, to, &take, &rows).await?;
        }
    }
    Ok(())
}
