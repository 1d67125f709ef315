//! What the deployment last did by itself: the cron's runs, and how long messages waited.
//!
//! Isolates do not live long, so it is written down: two rows a run of the cron, and one a minute at
//! most while messages come.

use crate::{bindings::Bindings, clock, database, http::Failure, log};
use serde::Deserialize;
use std::cell::Cell;

/// A run of the cron.
pub(crate) struct Run<'a> {
    edge: &'a Bindings,
    began_at: i64,
    failed: Vec<&'static str>,
}

/// A run that never wrote its end was cut off: it counts as one that failed.
const BEGIN: &str = "\
INSERT INTO cron_run (one, began_at, ended_at, failed, failures)
VALUES (1, CAST(?1 AS INTEGER), NULL, '[]', 0)
ON CONFLICT DO UPDATE SET
  failed = iif(ended_at IS NULL, '[\"end\"]', failed), failures = failures + (ended_at IS NULL),
  began_at = excluded.began_at, ended_at = NULL";

const END: &str = "\
UPDATE cron_run SET
  ended_at = CAST(?2 AS INTEGER), took_ms = CAST(?2 AS INTEGER) - began_at, failed = ?3,
  failures = iif(?3 = '[]', 0, failures + 1)
WHERE began_at = CAST(?1 AS INTEGER)";

impl<'a> Run<'a> {
    /// The work is done even where that cannot be written down.
    pub(crate) async fn begin(edge: &'a Bindings) -> Self {
        let began_at = clock::now();
        let run = Self {
            edge,
            began_at,
            failed: Vec::new(),
        };
        run.note(BEGIN, &[&began_at.to_string()]).await;
        run
    }

    /// What became of a step.
    pub(crate) fn step(&mut self, name: &'static str, outcome: Result<(), Failure>) {
        if let Err(problem) = outcome {
            log::error("cron_step_failed", &[("step", name)], &problem);
            self.failed.push(name);
        }
    }

    pub(crate) async fn end(self) {
        let failed = serde_json::to_string(&self.failed).unwrap_or_default();
        let (began_at, now) = (self.began_at.to_string(), clock::now().to_string());
        self.note(END, &[&began_at, &now, &failed]).await;
    }

    async fn note(&self, sql: &str, values: &[&str]) {
        if let Err(problem) = database::batch(self.edge, &[(sql, values.to_vec())]).await {
            log::error("cron_not_noted", &[], &problem);
        }
    }
}

/// How often an isolate notes how long messages waited: to note each batch would cost as many rows as
/// there are batches.
const NOTE_MS: i64 = 60_000;

const NOTE: &str = "\
INSERT INTO queue_batch (one, at, oldest_ms, messages)
VALUES (1, CAST(?1 AS INTEGER), CAST(?2 AS INTEGER), CAST(?3 AS INTEGER))
ON CONFLICT DO UPDATE SET
  at = excluded.at, oldest_ms = excluded.oldest_ms, messages = excluded.messages";

thread_local! {
    static NOTED_AT: Cell<i64> = const { Cell::new(0) };
}

/// Notes how old the oldest message of a batch was when it came, if it is time to.
pub(crate) async fn batch_came(edge: &Bindings, sent: impl Iterator<Item = i64>) {
    let now = clock::now();
    let (mut messages, mut oldest_ms) = (0_u32, 0);
    for sent in sent {
        messages = messages.saturating_add(1);
        oldest_ms = now.saturating_sub(sent).max(oldest_ms);
    }
    if now.saturating_sub(NOTED_AT.get()) < NOTE_MS {
        return;
    }
    NOTED_AT.set(now);
    let values = [now, oldest_ms, i64::from(messages)].map(|own| own.to_string());
    let values = values.iter().map(String::as_str).collect();
    if let Err(problem) = database::batch(edge, &[(NOTE, values)]).await {
        log::warn("queue_age_not_noted", &[], &problem);
    }
}

/// What is known of them.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Beats {
    /// When this deployment learned to write it down.
    pub(crate) since: Option<i64>,
    pub(crate) cron: Option<Cron>,
    pub(crate) queue: Option<Batch>,
    /// How many differences the nightly check knows of.
    pub(crate) differences: i64,
    /// When it last took a step.
    pub(crate) checked_at: Option<i64>,
}

/// The last run of the cron.
#[derive(Debug, Deserialize)]
pub(crate) struct Cron {
    pub(crate) began_at: i64,
    pub(crate) ended_at: Option<i64>,
    pub(crate) took_ms: Option<i64>,
    pub(crate) failed: Vec<String>,
    pub(crate) failures: i64,
}

/// The last batch that was noted.
#[derive(Debug, Deserialize)]
pub(crate) struct Batch {
    pub(crate) at: i64,
    pub(crate) oldest_ms: i64,
    pub(crate) messages: i64,
}

const BEATS: &str = "\
SELECT json_object(
  'since', (
    SELECT unixepoch(applied_at) * 1000 FROM d1_migrations WHERE name = '0014_watch.sql'),
  'cron', json((
    SELECT json_object(
      'began_at', began_at, 'ended_at', ended_at, 'took_ms', took_ms, 'failed', json(failed),
      'failures', failures)
    FROM cron_run)),
  'queue', json((
    SELECT json_object('at', at, 'oldest_ms', oldest_ms, 'messages', messages) FROM queue_batch)),
  'differences', (SELECT count(*) FROM differences),
  'checked_at', (SELECT max(at) FROM checks))";

/// Reads them.
pub(crate) async fn beats(edge: &Bindings) -> Result<Beats, Failure> {
    Ok(database::row(edge, BEATS, &[]).await?.unwrap_or_default())
}
