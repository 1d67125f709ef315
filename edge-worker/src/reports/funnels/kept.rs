//! Kept funnels: how far the sessions of a day came.

use super::tally::{Began, Reached, Tally, of_sessions};
use crate::{
    http::Failure,
    reports::{
        claim::{CLEAN, Failed, Part},
        store::Store,
        visits,
    },
};
use goalpost_core::funnel::Funnel;
use serde_json::json;
use sha2::{Digest as _, Sha256};

pub(super) const PART: &str = "funnels";

/// The part of a site's figures that is made for these funnels. Another way of a funnel, or other
/// code that tells them apart, makes another setting.
pub(crate) fn part<'a>(site: &'a str, funnels: &[Funnel]) -> Part<'a> {
    let digest = Sha256::digest(format!("{:?}", of_sessions(funnels)));
    let setting = digest.iter().take(8).map(|byte| format!("{byte:02x}"));
    Part {
        site,
        name: PART,
        setting: setting.collect(),
        tables: &["funnels_daily"],
    }
}

const FUNNELS: &str = "\
INSERT INTO funnels_daily (site, day, dimension, funnel, value, step, reached, seconds)
SELECT ?2, ?3, v ->> 0, v ->> 1, v ->> 2, v ->> 3, v ->> 4, v -> 5";

/// The sessions of each day that is not clean. Values as [`CLEAN`]'s.
pub(super) fn live_days() -> String {
    format!(
        "\
WITH RECURSIVE days (day) AS (
  SELECT ?2 UNION ALL SELECT date(day, '+1 day') FROM days WHERE day < ?3),
counted AS MATERIALIZED (
  SELECT d.day, (
    SELECT count(*) FROM sessions AS s INDEXED BY sessions_by_day
    WHERE s.site = ?1 AND s.day = d.day) AS sessions
  FROM days AS d WHERE d.day NOT IN ({CLEAN}))
SELECT json_array(day, sessions) FROM counted WHERE sessions > 0 ORDER BY day"
    )
}

/// The kept steps of the clean days, summed. Values as [`CLEAN`]'s, and `?6` what rows are told apart
/// by, or ''.
pub(super) fn steps() -> String {
    format!(
        "\
WITH f AS MATERIALIZED (
  SELECT f.funnel, f.value, f.step, f.reached, f.seconds
  FROM ({CLEAN}) AS k
  CROSS JOIN funnels_daily AS f ON f.site = ?1 AND f.day = k.day AND f.dimension = ?6)
SELECT json_array(funnel, value, step, sum(reached), json('{{}}'))
FROM f GROUP BY funnel, value, step
UNION ALL
SELECT json_array(funnel, value, step, 0, json_object(took, sum(units)))
FROM (
  SELECT f.funnel, f.value, f.step, t.key AS took, t.value AS units
  FROM f, json_each(f.seconds) AS t)
GROUP BY funnel, value, step, took"
    )
}

/// Keeps the figures of due days before `before`, as [`Part::keep`] does.
pub(crate) async fn keep(
    store: &impl Store,
    part: &Part<'_>,
    funnels: &[Funnel],
    before: &str,
    left: &mut u32,
    id: impl FnMut() -> Result<String, Failure>,
) -> Result<Failed, Failure> {
    let funnels = of_sessions(funnels);
    part.keep(store, before, left, id, async |claim| {
        let mut tally = Tally::default();
        if !funnels.is_empty() {
            of_day(store, part.site, claim.day(), &funnels, &mut tally).await?;
        }
        let mut rows = Vec::new();
        for by in Began::BY {
            for ((funnel, value, step), own) in &tally.sheet(by) {
                rows.push(json!([by, funnel, value, step, own.units, own.seconds]));
            }
        }
        claim.fill(store, vec![(FUNNELS, rows)]).await
    })
    .await
}

/// Adds the sessions of a day.
pub(super) async fn of_day(
    store: &impl Store,
    site: &str,
    day: &str,
    funnels: &[Funnel],
    tally: &mut Tally,
) -> Result<(), Failure> {
    let mut found = Ok(());
    visits::each(store, (site, day, day), |visit| {
        if found.is_ok() {
            found = tally.add_session(funnels, visit);
        }
    })
    .await?;
    found
}

/// Adds kept rows, told apart by one thing, to what was computed.
pub(super) fn add(tally: &mut Tally, by: &str, rows: &[String]) -> Result<(), Failure> {
    for row in rows {
        let (funnel, value, step, units, seconds) = serde_json::from_str(row)?;
        tally.merge(
            funnel,
            Began::with(by, value),
            step,
            &Reached { units, seconds },
        );
    }
    Ok(())
}
