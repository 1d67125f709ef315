//! People who converted, each counted once over the days of a report.

use super::{
    ALL, Knows, STALE, Shape, Source,
    conversions::{self, ARRIVAL, owed},
    grouped,
    visitors::{kept, without_days},
};
use crate::reports::{catalogue::Kind, dimension::Dimension, figure::Figure};

pub(super) static SOURCE: Source = Source {
    figures: &[Figure::People],
    coins: &[],
    knows,
    sql,
};

pub(super) const fn knows(dimension: Dimension) -> Knows {
    conversions::knows(dimension)
}

/// What the kept table has of the people of some days. `?1` site.
pub(in crate::reports) fn rows(days: &str) -> String {
    format!(
        "SELECT ?1 AS site, day, measure, dimension, value, previous, count(*) AS people
  FROM (
    SELECT p.day, p.kind AS measure, '' AS dimension, '' AS value, coalesce((
      SELECT e.day FROM conversions AS e
      WHERE e.site = ?1 AND e.person = p.person AND e.day < p.day AND e.kind = p.kind
      ORDER BY e.day DESC LIMIT 1), '') AS previous
    FROM (
      SELECT DISTINCT c.day, c.person, c.kind FROM conversions AS c INDEXED BY conversions_by_day
      WHERE c.site = ?1 AND c.day {days}) AS p
    UNION ALL
    SELECT p.day, 'definition', 'definition', p.definition, coalesce((
      SELECT e.day FROM conversions AS e
      WHERE e.site = ?1 AND e.person = p.person AND e.day < p.day AND e.definition = p.definition
      ORDER BY e.day DESC LIMIT 1), '')
    FROM (
      SELECT DISTINCT c.day, c.person, c.definition FROM conversions AS c INDEXED BY conversions_by_day
      WHERE c.site = ?1 AND c.day {days}) AS p)
  GROUP BY 1, 2, 3, 4, 5, 6"
    )
}

fn sql(shape: &Shape<'_>) -> String {
    let by_definition =
        shape.has(Dimension::Definition) || shape.filters.contains(&Dimension::Definition);
    if !shape.of_a_visit().is_empty() || shape.has(Dimension::Group) {
        return from_rows(shape);
    }
    match shape.kind {
        _ if by_definition => kept(
            shape,
            "definition",
            &rows(STALE),
            "conversions",
            "definition",
        ),
        Some(kind) => kept(shape, "", &rows(STALE), "conversions", kind.id()),
        None => from_rows(shape),
    }
}

fn from_rows(shape: &Shape<'_>) -> String {
    let kind = match shape.kind {
        Some(Kind::Outcome | Kind::Goal) => " AND kind = ?4 ->> 'kind'",
        None => "",
    };
    let from = format!(
        "(SELECT day, definition, person, {ARRIVAL}
  FROM ({owed}) WHERE true{kind})",
        owed = owed("conversions_by_day", &format!("c.day {ALL}")),
    );
    let sum = ["count(DISTINCT person)"];
    grouped(&without_days(shape), knows, &from, "''", &sum)
}
