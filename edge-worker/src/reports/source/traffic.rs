//! Sessions: kept by day and arrival.

use super::{CLEAN, Knows, STALE, Shape, Source, grouped, stale};
use crate::reports::{dimension::Dimension, figure::Figure};

pub(super) static SOURCE: Source = Source {
    figures: &[
        Figure::Sessions,
        Figure::Engaged,
        Figure::Bounces,
        Figure::Pages,
        Figure::DurationMs,
        Figure::NewVisitors,
        Figure::LandingHits,
    ],
    coins: &[],
    knows,
    sql,
};

/// A visit knows no definition.
pub(super) const fn knows(dimension: Dimension) -> Knows {
    if dimension.of_a_subject() {
        Knows::Same
    } else {
        Knows::Apart
    }
}

/// The columns of the kept table, in its order.
pub(in crate::reports) const COLUMNS: &str = "\
site, day, channel, source, medium, campaign, landing, device, country,
  sessions, engaged, bounces, pages, duration_ms, new_visitors";

/// What the kept table has of the sessions of some days. `?1` site.
///
/// Engaged: longer than ten seconds, or two pages, or something matched. A bounce: one page at
/// most, and nothing else.
pub(in crate::reports) fn rows(days: &str) -> String {
    format!(
        "SELECT
    s.site, s.day, s.channel, s.source, s.medium, s.campaign, s.landing, s.device, s.country,
    count(*) AS sessions,
    sum(s.ended_at - s.started_at > 10000 OR s.matches > 0 OR s.pages > 1) AS engaged,
    sum(s.pages <= 1 AND s.interactions = 0) AS bounces,
    sum(s.pages) AS pages, sum(s.ended_at - s.started_at) AS duration_ms,
    sum(s.visitor <> x'' AND NOT EXISTS (
      SELECT 1 FROM sessions AS e
      WHERE e.site = s.site AND e.visitor = s.visitor
        AND (e.started_at, e.session) < (s.started_at, s.session))) AS new_visitors
  FROM sessions AS s INDEXED BY sessions_by_day
  WHERE s.site = ?1 AND s.day {days}
  GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9"
    )
}

fn sql(shape: &Shape<'_>) -> String {
    let sums = [
        "sum(sessions)",
        "sum(engaged)",
        "sum(bounces)",
        "sum(pages)",
        "sum(duration_ms)",
        "sum(new_visitors)",
        "sum(iif(landing <> '', sessions, 0))",
    ];
    format!(
        "{stale},
figures AS (
  SELECT {COLUMNS} FROM traffic_daily WHERE {CLEAN}
  UNION ALL
  {rows})
{grouped}",
        stale = stale("traffic"),
        rows = rows(STALE),
        grouped = grouped(shape, knows, "figures", "''", &sums),
    )
}
