//! What a replay evaluates, without the Worker and its database: the peer of its steps.

use crate::{cpu, database::Database, micros};
use anyhow::{Context as _, ensure};
use goalpost_core::{
    Id, Person,
    plan::Plan,
    replay::{Diff, Recorded, again},
};
use rusqlite::Row;
use serde_json::json;
use std::{path::Path, time::Duration};

/// Observations of a step, each of which folds what it finds.
const STEP: usize = 2_000;

const ROWS: &str = "\
SELECT hex(id), time, hex(session), hex(visitor), body, verdict
FROM observations WHERE site = ?1 ORDER BY id LIMIT ?2";

struct Stored {
    id: String,
    time: i64,
    session: Option<String>,
    visitor: Option<String>,
    body: String,
    verdict: Option<String>,
}

impl Stored {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            time: row.get(1)?,
            session: row.get(2)?,
            visitor: row.get(3)?,
            body: row.get(4)?,
            verdict: row.get(5)?,
        })
    }
}

/// Evaluates the first observations of a database under a plan; the CPU time of reading one, and
/// of evaluating it.
pub(crate) fn evaluate(file: &Path, plan: &Path, rows: u64) -> anyhow::Result<serde_json::Value> {
    let text = std::fs::read_to_string(plan)?;
    let rules = Plan::parse(&text)
        .map_err(|problems| anyhow::anyhow!("{problems:?}"))?
        .compile();
    let database = Database::open(file)?;
    let (stored, reading) = cpu::of(|| {
        let mut prepared = database.sqlite.prepare(ROWS)?;
        let stored = prepared.query_map((&rules.site, i64::try_from(rows)?), Stored::read)?;
        Ok(stored.collect::<rusqlite::Result<Vec<_>>>()?)
    })?;
    ensure!(u64::try_from(stored.len())? == rows, "rows are missing");
    let mut evaluating = Duration::default();
    let mut keys = 0_usize;
    for step in stored.chunks(STEP) {
        let (diff, time) = cpu::of(|| {
            let mut diff = Diff::default();
            for row in step {
                let recorded = Recorded {
                    id: Id::parse(&row.id).context("an id that is none")?,
                    item: &row.body,
                    time: row.time,
                    session: row.session.as_deref().and_then(Id::parse),
                    person: Person {
                        visitor: row.visitor.as_deref().and_then(Id::parse),
                        contact: None,
                    },
                    contact: None,
                    server: false,
                    verdict: match &row.verdict {
                        Some(verdict) => serde_json::from_str(verdict)?,
                        None => Vec::new(),
                    },
                };
                diff.merge(again(&rules, &recorded, &|_, _, _| false).diff);
            }
            Ok(diff)
        })?;
        evaluating = evaluating.saturating_add(time);
        keys = keys.saturating_add(diff.keys().count());
    }
    Ok(json!({
        "rows": rows, "keys": keys,
        "reading": micros(reading, rows), "evaluating": micros(evaluating, rows),
    }))
}
