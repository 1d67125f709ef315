//! Sessions: kept by day and arrival.

use super::{
    ALL, Knows, PERSON, STALE, Shape, Source, cut::by_every_cut, days, grouped, kept, told,
};
use crate::reports::{
    dimension::{Dimension, OF_A_VISIT},
    figure::Figure,
};

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

/// What is summed up, as the kept table has it.
const FIGURES: [&str; 7] = [
    "sessions",
    "engaged",
    "bounces",
    "pages",
    "duration_ms",
    "new_visitors",
    "landing_hits",
];

/// What the kept table has of a day. `?1` site.
pub(in crate::reports) fn kept_rows(day: &str) -> String {
    by_every_cut(&rows(day, &OF_A_VISIT), &[], &FIGURES)
}

/// The figures of the sessions of some days, told apart by these dimensions; the others are empty,
/// since to read one out of each session is what costs. `?1` site.
///
/// Engaged: longer than ten seconds, or two pages, or something matched. A bounce: one page at
/// most, and nothing else.
fn rows(days: &str, apart: &[Dimension]) -> String {
    // By what rows are told apart by alone: the days come in order, so nothing need be sorted.
    let by = ["site", "day"]
        .into_iter()
        .chain(apart.iter().map(|own| own.id()));
    let by: Vec<String> = by.map(|own| format!("s.{own}")).collect();
    format!(
        "SELECT
    s.site, s.day, {arrival},
    count(*) AS sessions,
    sum(s.ended_at - s.started_at > 10000 OR s.matches > 0 OR s.pages > 1) AS engaged,
    sum(s.pages <= 1 AND s.interactions = 0) AS bounces,
    sum(s.pages) AS pages, sum(s.ended_at - s.started_at) AS duration_ms,
    sum(s.visitor <> x'' AND NOT EXISTS (
      SELECT 1 FROM sessions AS e
      WHERE e.site = s.site AND e.visitor = s.visitor
        AND (e.started_at, e.session) < (s.started_at, s.session))) AS new_visitors,
    sum(substr(s.entry, 1, 1) = '0') AS landing_hits
  FROM sessions AS s INDEXED BY sessions_by_day
  WHERE s.site = ?1 AND s.day {days}
  GROUP BY {by}",
        by = by.join(", "),
        arrival = told(apart, |own| format!("s.{}", own.id())),
    )
}

fn sql(shape: &Shape<'_>) -> String {
    let apart = shape.of_a_visit();
    let figures = match shape.cut() {
        Some(cut) => format!(
            "{days},
figures AS (
  {kept}
  UNION ALL
  {rows})",
            days = days("traffic"),
            kept = kept("traffic_daily", cut, &[], &FIGURES),
            rows = rows(STALE, &apart),
        ),
        None => format!(
            "WITH figures AS (\n  {})",
            rows(&format!("{ALL}{}", shape.at_stage(PERSON)), &apart)
        ),
    };
    let sums = FIGURES.map(|own| format!("sum({own})"));
    let sums = sums.each_ref().map(String::as_str);
    format!(
        "{figures}\n{}",
        grouped(shape, knows, "figures", "''", &sums)
    )
}
