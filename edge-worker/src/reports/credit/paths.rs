//! Outcomes with the arrivals before them, read in pages.

use super::super::{
    pages::{Pages, from},
    store::{Ask, Store},
};
use crate::http::Failure;
use goalpost_core::{
    Id,
    attribution::{Path, TouchAt},
};
use serde::Deserialize;

/// Outcomes of a page.
const PAGE: u64 = 500;

/// Touches of a path: the latest, if a person has more.
const TOUCHES: u32 = 200;

const DAY_MS: i64 = 86_400_000;

/// The channel of an arrival of which no source is known.
const DIRECT: &str = "Direct";

/// Outcomes of the days `?2`, a JSON list, with the touches of at most `?3` milliseconds before.
/// `?1` site, `?4` the place to begin after, as JSON.
///
/// A touch is a session of which a page view has come, of any of the contact's visitors, or of the
/// outcome's own; where nobody may be known, its own session.
fn sql(one_day: bool) -> String {
    let from = from("conversions", one_day);
    format!(
        "\
WITH page AS MATERIALIZED (
  SELECT c.* FROM {from}
    AND c.site = ?1 AND c.kind = 'outcome' AND (c.time, c.definition, c.scope, c.who, c.dedup)
    > (?4 ->> 0, ?4 ->> 1, ?4 ->> 2, ?4 ->> 3, ?4 ->> 4)
  ORDER BY c.day, c.time, c.definition, c.scope, c.who, c.dedup LIMIT {PAGE})
SELECT json_array(
  o.day, json_array(o.time, o.definition, o.scope, o.who, o.dedup), o.time, o.definition,
  coalesce(o.currency, ''), iif(o.currency IS NULL, '', o.money), coalesce(o.minor, 0) - o.refunded,
  o.voided, json((
    SELECT json_group_array(json_array(started_at, hex(session), channel, source, campaign))
    FROM (
      SELECT s.started_at, s.session, s.channel, s.source, s.campaign
      FROM (
        SELECT o.visitor AS visitor, x'' AS least, x'ffffffffffffffffffffffffffffffff' AS most
        WHERE o.visitor IS NOT NULL
        UNION
        SELECT k.visitor, x'', x'ffffffffffffffffffffffffffffffff'
        FROM known_visitors AS k WHERE k.site = ?1 AND k.contact = o.contact
        UNION
        SELECT x'', o.session, o.session WHERE o.visitor IS NULL AND o.session IS NOT NULL) AS w
      CROSS JOIN sessions AS s
        ON s.site = ?1 AND s.visitor = w.visitor AND s.session BETWEEN w.least AND w.most
      WHERE s.started_at BETWEEN o.time - CAST(?3 AS INTEGER) AND o.time AND s.channel <> ''
      ORDER BY s.started_at DESC, s.session DESC LIMIT {TOUCHES}))))
FROM page AS o
ORDER BY o.day, o.time, o.definition, o.scope, o.who, o.dedup"
    )
}

#[derive(Deserialize)]
struct Row(
    String,
    Box<serde_json::value::RawValue>,
    i64,
    String,
    String,
    String,
    i64,
    u8,
    Vec<Touch>,
);

/// A touch: when, in which session, and where from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Touch(i64, String, String, String, String);

/// An outcome and what came before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) day: String,
    pub(super) definition: String,
    time: i64,
    /// Empty without an amount, like `money`.
    pub(super) currency: String,
    pub(super) money: String,
    /// Less what was refunded.
    pub(super) minor: i64,
    pub(super) voided: bool,
    lookback_ms: i64,
    touches: Vec<Touch>,
}

/// Where a touch came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Origin {
    pub(super) channel: String,
    pub(super) source: String,
    pub(super) campaign: String,
}

impl Outcome {
    /// The path that led to it.
    pub(super) fn path(&self) -> Path<'_> {
        let touches = self.touches.iter().map(Touch::at);
        Path::before(self.time, self.lookback_ms, touches)
    }

    /// Where a touch of its path came from.
    pub(super) fn from(&self, touch: &TouchAt<'_>) -> Origin {
        self.touches
            .iter()
            .find(|own| own.at() == *touch)
            .map(|own| Origin {
                channel: own.2.clone(),
                source: own.3.clone(),
                campaign: own.4.clone(),
            })
            .unwrap_or_default()
    }

    /// Milliseconds from the first touch; `None` without one.
    pub(super) fn took_ms(&self, path: &Path<'_>) -> Option<i64> {
        let first = path.touches().first()?;
        Some(self.time.saturating_sub(first.time))
    }
}

impl Touch {
    fn at(&self) -> TouchAt<'_> {
        TouchAt {
            time: self.0,
            session: Id::parse(&self.1).unwrap_or_else(|| Id::new(self.0, [0; 10])),
            channel: &self.2,
            direct: self.2 == DIRECT,
        }
    }
}

/// Gives every outcome of these days, of each of which so many are known, to `each`.
pub(super) async fn outcomes(
    store: &impl Store,
    site: &str,
    days: Vec<(String, u64)>,
    lookback_days: u32,
    mut each: impl FnMut(&Outcome),
) -> Result<(), Failure> {
    let lookback_ms = i64::from(lookback_days).saturating_mul(DAY_MS);
    let mut pages = Pages::new(days, PAGE);
    while let Some((days, after)) = pages.next() {
        let values = [
            String::from(site),
            serde_json::to_string(days)?,
            lookback_ms.to_string(),
            String::from(after.unwrap_or(r#"[-1,"","","",""]"#)),
        ];
        let rows = store.rows(Ask::new(sql(days.len() == 1), values)).await?;
        let mut last = None;
        for row in &rows {
            let row: Row = serde_json::from_str(row)?;
            let outcome = Outcome {
                day: row.0,
                time: row.2,
                definition: row.3,
                currency: row.4,
                money: row.5,
                minor: row.6,
                voided: row.7 != 0,
                lookback_ms,
                touches: row.8,
            };
            each(&outcome);
            last = Some(row.1.get().to_owned());
        }
        pages.read(rows.len(), last);
    }
    Ok(())
}
