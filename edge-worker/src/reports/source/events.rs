//! What sessions saw beside pages, from their trails: kept by day.

use super::{Knows, STALE, Shape, Source, days, grouped};
use crate::reports::{dimension::Dimension, figure::Figure};

pub(super) static SOURCE: Source = Source {
    figures: &[Figure::Events, Figure::EventSessions],
    coins: &[],
    knows,
    sql,
};

const fn knows(dimension: Dimension) -> Knows {
    match dimension {
        Dimension::Day | Dimension::Event => Knows::Apart,
        _ => Knows::Not,
    }
}

/// What the kept table has of the sessions of some days. `?1` site.
pub(in crate::reports) fn rows(days: &str) -> String {
    format!(
        "SELECT site, day, kind, name, sum(events) AS events, count(*) AS sessions
  FROM (
    SELECT s.site, s.day, e.value ->> 2 AS kind, e.value ->> 3 AS name, count(*) AS events
    FROM sessions AS s INDEXED BY sessions_by_day, json_each('[' || s.trail || ']') AS e
    WHERE s.site = ?1 AND s.day {days} AND e.value ->> 2 <> 'page'
    GROUP BY s.site, s.day, s.visitor, s.session, 3, 4)
  GROUP BY 1, 2, 3, 4"
    )
}

fn sql(shape: &Shape<'_>) -> String {
    format!(
        "{days},
figures AS (
  SELECT k.site, k.day, k.kind, k.name, k.events, k.sessions
  FROM clean CROSS JOIN events_daily AS k
  WHERE k.site = ?1 AND k.day = clean.day
  UNION ALL
  {rows})
{grouped}",
        days = days("traffic"),
        rows = rows(STALE),
        grouped = grouped(
            shape,
            knows,
            "figures",
            "''",
            &["sum(events)", "sum(sessions)"]
        ),
    )
}
