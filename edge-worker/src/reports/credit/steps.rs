//! Steps from one arrival to the next, and what they say of each.

use crate::http::Failure;
use goalpost_core::attribution::Transitions;
use std::collections::BTreeSet;

/// What a matrix of steps may have on a side.
pub(super) const MOST_STATES: usize = 400;

/// What the kept table has of the steps of some days. `?1` site.
///
/// A step is two sessions of a visitor in a row, at most 90 days apart. A session that nothing came
/// before, or of which no page view has come, is a beginning; nobody's sessions are all beginnings.
pub(in crate::reports) fn step_rows(days: &str) -> String {
    format!(
        "SELECT ?1 AS site, day, dimension, came_from, went_to, count(*) AS steps
  FROM (
    SELECT t.day, d.key AS dimension, '=' || d.value AS went_to,
      iif(coalesce(t.before ->> 'channel', '') = '', '',
        '=' || coalesce(t.before ->> d.key, '')) AS came_from
    FROM (
      SELECT s.day, s.channel, s.source, s.campaign, (
        SELECT substr(e.entry, 12) FROM sessions AS e
        WHERE e.site = ?1 AND e.visitor = s.visitor AND s.visitor <> x''
          AND (e.started_at, e.session) < (s.started_at, s.session)
          AND e.started_at >= s.started_at - 7776000000
        ORDER BY e.started_at DESC, e.session DESC LIMIT 1) AS before
      FROM sessions AS s INDEXED BY sessions_by_day
      WHERE s.site = ?1 AND s.day {days} AND s.channel <> '') AS t,
      json_each(json_object(
        'channel', t.channel, 'source', t.source, 'campaign', t.campaign)) AS d)
  GROUP BY 2, 3, 4, 5"
    )
}

/// The columns of the kept table, in its order.
pub(in crate::reports) const COLUMNS: &str = "site, day, dimension, came_from, went_to, steps";

/// The steps of the days from `?2` to `?3` between values of `?4`: kept, and of stale days. `?1` site.
pub(super) fn steps() -> String {
    format!(
        "\
WITH stale (day) AS MATERIALIZED (
  SELECT day FROM stale_days WHERE site = ?1 AND part = 'traffic' AND day BETWEEN ?2 AND ?3)
SELECT json_array(came_from, went_to, sum(steps))
FROM (
  SELECT {COLUMNS} FROM steps_daily
  WHERE site = ?1 AND day BETWEEN ?2 AND ?3 AND day NOT IN (SELECT day FROM stale)
  UNION ALL
  {rows})
WHERE dimension = ?4
GROUP BY came_from, went_to",
        rows = step_rows("IN (SELECT day FROM stale)"),
    )
}

/// Steps between touches, without the conversions they led to.
#[derive(Clone, Debug, Default)]
pub(super) struct Steps(Vec<(String, String, u64)>);

impl Steps {
    pub(super) fn read(rows: &[String]) -> Result<Self, Failure> {
        let list = rows
            .iter()
            .map(|row| serde_json::from_str(row).map_err(Failure::from))
            .collect::<Result<_, _>>()?;
        Ok(Self(list))
    }

    /// How many values they lie between.
    pub(super) fn states(&self) -> usize {
        let all = self.0.iter().flat_map(|(from, to, _)| [from, to]);
        all.filter(|state| !state.is_empty())
            .collect::<BTreeSet<_>>()
            .len()
    }

    /// What would be lost without each value, if `last` says how many outcomes each led to at last:
    /// weights by value.
    pub(super) fn weights<'a>(
        &self,
        last: impl IntoIterator<Item = (&'a str, u64)>,
    ) -> Vec<(String, u64)> {
        let mut transitions = Transitions::default();
        for (from, to, count) in &self.0 {
            transitions.add(from.strip_prefix('='), to.strip_prefix('='), *count);
        }
        for (value, count) in last {
            transitions.add(Some(value), None, count);
        }
        transitions
            .removal_effects()
            .into_iter()
            .map(|effect| (effect.channel, effect.weight))
            .collect()
    }
}
