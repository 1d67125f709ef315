//! What must be true when everything has come to rest.

use crate::{
    broken::Broken,
    browser::Browser,
    database::Database,
    ledger::{Entry, Ledger, Met},
    oracle::{self, Key, Value},
};
use goalpost_core::Id;
use goalpost_edge::sink::{CONSERVATION, RECOMPUTE};
use std::collections::{BTreeMap, BTreeSet};

/// A session ends after so long without activity, in both plans.
const TIMEOUT_MS: i64 = 1_800_000;
/// Activity reaches the other tabs at most so much later.
const ACTIVITY_MS: i64 = 1_000;

/// Checks everything.
///
/// # Errors
/// The first invariant that does not hold.
pub fn all(
    db: &Database,
    ledger: &Ledger,
    browsers: &[Browser],
    current: usize,
) -> Result<(), Broken> {
    fates(db, ledger)?;
    nothing_lost(ledger)?;
    conservation(db, ledger)?;
    recomputed(db)?;
    conversions(db, ledger)?;
    stored_sessions(db, ledger)?;
    if current == 0 {
        let found = db.rows("SELECT * FROM disagreements");
        Broken::unless(
            found.is_empty(),
            "page and edge agree under one plan",
            || format!("{found:?}"),
        )?;
    }
    sessions(ledger, browsers)
}

/// Each item is in the database once, as what the world knows became of it.
fn fates(db: &Database, ledger: &Ledger) -> Result<(), Broken> {
    let mut seen = BTreeSet::new();
    let mut renamed = None;
    let mut meet = |row: &[String], expected: &dyn Fn(&Entry) -> bool| {
        let id = Id::parse(&row[0]);
        let number = id.and_then(|id| ledger.of_id(id)).or_else(|| {
            let (page, seq) = (Id::parse(row.get(1)?)?, row.get(2)?.parse::<u32>().ok()?);
            ledger.of_place(page, seq & 0xffff)
        });
        let known = number
            .ok_or_else(|| Broken::new("every row is something captured", || format!("{row:?}")))?;
        let entry = &ledger.entries[known];
        if entry.sealed.map(|sealed| sealed.id) != id {
            renamed.get_or_insert_with(|| format!("#{known} {row:?}"));
        }
        Broken::unless(seen.insert(known), "each item has one row", || {
            format!("#{known} {row:?}")
        })?;
        Broken::unless(
            expected(entry),
            "a row is what the world knows of it",
            || format!("#{known} {row:?}: {entry:?}"),
        )
    };
    for row in db.rows("SELECT id, page, seq, visitor FROM observations") {
        meet(&row, &|entry| match entry.met {
            Some(Met::Stored(delivery)) => delivery.visitor == Id::parse(&row[3]),
            _ => false,
        })?;
    }
    for row in db.rows("SELECT id, origin, reason FROM quarantine") {
        meet(&row[..1], &|entry| match entry.met {
            Some(Met::Quarantined(reason)) => row[1] == "page" && row[2] == reason,
            _ => false,
        })?;
    }
    for row in db.rows("SELECT id FROM dropped") {
        meet(&row, &|entry| entry.met == Some(Met::Dropped))?;
    }
    if let Some(row) = renamed {
        return Err(Broken::new("an item keeps its id", || row));
    }
    let known = ledger
        .entries
        .iter()
        .filter(|entry| entry.met.is_some())
        .count();
    Broken::unless(seen.len() == known, "what was committed is there", || {
        format!("{} rows for {known} items", seen.len())
    })
}

/// What was captured is stored, was let go and counted, or has an excuse that the promise grants.
fn nothing_lost(ledger: &Ledger) -> Result<(), Broken> {
    for (number, entry) in ledger.entries.iter().enumerate() {
        let known = entry.met.is_some() || entry.let_go || entry.excuse.is_some();
        Broken::unless(known, "nothing is lost", || format!("#{number}: {entry:?}"))?;
        let both = entry.met.is_some() && entry.let_go;
        Broken::unless(!both, "what was let go never arrived", || {
            format!("#{number}: {entry:?}")
        })?;
    }
    Ok(())
}

/// captured = stored + quarantined + dropped + waiting, and waiting is what the world knows to wait.
fn conservation(db: &Database, ledger: &Ledger) -> Result<(), Broken> {
    let sum = |met: fn(Met) -> bool| {
        ledger
            .entries
            .iter()
            .filter(|entry| entry.met.is_some_and(met))
            .count() as u64
    };
    let captured: u64 = ledger
        .page_loads
        .values()
        .map(|load| u64::from(load.captured))
        .sum();
    let stored = sum(|met| matches!(met, Met::Stored(_)));
    let quarantined = sum(|met| matches!(met, Met::Quarantined(_)));
    let at_edge = sum(|met| met == Met::Dropped);
    let dropped: u64 = ledger
        .page_loads
        .values()
        .map(|load| {
            load.dropped
                .iter()
                .map(|count| u64::from(*count))
                .sum::<u64>()
        })
        .sum();
    // Places that the edge knows of, and nothing of what was captured there.
    let unknown = ledger.entries.iter().filter(|entry| {
        let (page, index) = entry.place;
        let known = ledger
            .page_loads
            .get(&page)
            .is_some_and(|load| index < load.captured);
        known && entry.met.is_none()
    });
    let waiting = unknown.count() as i64 - dropped as i64;
    let duplicates = ledger.copies - stored - quarantined - at_edge;
    let expected: Vec<String> = [
        captured.cast_signed(),
        stored.cast_signed(),
        duplicates.cast_signed(),
        quarantined.cast_signed(),
        (at_edge + dropped).cast_signed(),
        waiting,
    ]
    .map(|number| number.to_string())
    .into();
    let found: Vec<Vec<String>> = db
        .rows(CONSERVATION)
        .into_iter()
        .map(|row| row[1..].to_vec())
        .collect();
    let same = found.first().map_or(captured == 0, |row| *row == expected);
    Broken::unless(
        same && found.len() <= 1,
        "the balance is the world's own",
        || {
            format!(
                "captured, stored, duplicate, quarantined, dropped, waiting: {found:?}, expected {expected:?}"
            )
        },
    )?;
    Broken::unless(waiting >= 0, "nothing has two fates", || {
        format!("waiting: {waiting}")
    })
}

/// What is kept beside the rows follows from the rows.
///
/// # Errors
/// It does not.
pub fn recomputed(db: &Database) -> Result<(), Broken> {
    for recompute in RECOMPUTE {
        let (kept, anew) = (db.rows(recompute.kept), db.rows(recompute.anew));
        Broken::unless(kept == anew, "derived rows equal recomputed ones", || {
            format!("{}: kept {kept:?}, anew {anew:?}", recompute.what)
        })?;
    }
    Ok(())
}

/// Conversions are what a person would read from plan and visit.
fn conversions(db: &Database, ledger: &Ledger) -> Result<(), Broken> {
    let rows = db.rows(
        "SELECT definition, scope, who, dedup, points, coalesce(minor, ''), currency \
         FROM conversions ORDER BY 1, 2, 3, 4",
    );
    let found: BTreeMap<Key, Value> = rows
        .into_iter()
        .map(|row| {
            let [definition, scope, who, dedup, points, minor, currency]: [String; 7] =
                row.try_into().unwrap_or_default();
            let money = minor.parse().ok().map(|minor| (minor, currency));
            let value = Value {
                points: points.parse().unwrap_or(-1),
                money,
            };
            ((definition, scope, who, dedup), value)
        })
        .collect();
    let expected = oracle::conversions(ledger);
    Broken::unless(
        found == expected,
        "conversions are what the visit means",
        || {
            let missing: Vec<_> = expected
                .iter()
                .filter(|(key, _)| !found.contains_key(*key))
                .collect();
            let extra: Vec<_> = found
                .iter()
                .filter(|(key, _)| !expected.contains_key(*key))
                .collect();
            let other: Vec<_> = found
                .iter()
                .filter(|(key, value)| expected.get(*key).is_some_and(|known| known != *value))
                .collect();
            format!("missing {missing:?}\n  extra {extra:?}\n  of another value {other:?}")
        },
    )
}

/// A session's row is the sum of what was stored of it.
fn stored_sessions(db: &Database, ledger: &Ledger) -> Result<(), Broken> {
    // A trail that is long enough is no longer added to.
    let rows = db.rows(
        "SELECT visitor, session, pages, interactions, matches, \
         iif(length(trail) < 16000, json_array_length('[' || trail || ']'), pages + interactions) \
         FROM sessions",
    );
    let number = |text: &String| text.parse().unwrap_or(-1);
    let found: BTreeMap<_, _> = rows
        .iter()
        .map(|row| {
            let whose = (Id::parse(&row[0]), Id::parse(&row[1]));
            (whose, [2, 3, 4, 5].map(|at| number(&row[at])))
        })
        .collect();
    let expected = oracle::sessions(ledger);
    Broken::unless(
        found == expected,
        "sessions are what was stored of them",
        || format!("found {found:?}\n  expected {expected:?}"),
    )
}

/// A session ends with its timeout, and tabs share it while it lasts.
fn sessions(ledger: &Ledger, browsers: &[Browser]) -> Result<(), Broken> {
    for (number, browser) in browsers.iter().enumerate() {
        let entries = ledger
            .entries
            .iter()
            .filter(|entry| entry.browser == number);
        let mut used: Vec<(Id, u32, bool)> = Vec::new();
        let mut active = i64::MIN / 2;
        let mut shared: Option<(i64, Id)> = None;
        let mut lost = 0;
        let mut torn = browser.sessions_torn;
        for entry in entries {
            let gap = entry.time - active;
            active = active.max(entry.time);
            let Some(session) = entry.sealed.and_then(|sealed| sealed.session) else {
                continue;
            };
            if gap >= TIMEOUT_MS && !browser.clock_went_back {
                let old = used.iter().any(|(id, tab, prompt)| {
                    *id == session && (*tab == entry.tab || *prompt && entry.prompt)
                });
                Broken::unless(!old, "no session outlives its timeout", || {
                    format!("{entry:?} after {gap} ms")
                })?;
            }
            used.push((session, entry.tab, entry.prompt));
            if !entry.prompt || torn {
                continue;
            }
            if entry.records_lost != lost {
                (lost, shared) = (entry.records_lost, None);
            }
            if let Some((last, before)) = shared {
                let gap = entry.time - last;
                // Two tabs may judge differently about a gap that ends within what they know late.
                torn |= (TIMEOUT_MS - ACTIVITY_MS - 500..TIMEOUT_MS).contains(&gap);
                let same = session == before || torn || gap >= TIMEOUT_MS;
                Broken::unless(same, "tabs share the session", || {
                    format!("{entry:?} after {gap} ms, before it was {before}")
                })?;
            }
            let latest = shared.map_or(entry.time, |(latest, _)| latest.max(entry.time));
            shared = Some((latest, session));
        }
    }
    Ok(())
}
