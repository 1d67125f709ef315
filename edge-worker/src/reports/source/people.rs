//! People who converted, each counted once over the days of a report.

use super::{
    ALL, Knows, STALE, Shape, Source,
    conversions::{self, arrival, owed},
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

/// What the kept table has of the people who had a goal or an outcome on some days. `?1` site.
pub(in crate::reports) fn of_kinds(days: &str) -> String {
    rows(days, "kind", "p.what", "''", "''")
}

/// The same of each definition.
pub(in crate::reports) fn of_definitions(days: &str) -> String {
    rows(days, "definition", "'definition'", "'definition'", "p.what")
}

fn rows(days: &str, column: &str, measure: &str, dimension: &str, value: &str) -> String {
    format!(
        "SELECT ?1 AS site, day, measure, dimension, value, previous, count(*) AS people
  FROM (
    SELECT p.day, {measure} AS measure, {dimension} AS dimension, {value} AS value, coalesce((
      SELECT e.day FROM conversions AS e INDEXED BY conversions_by_person
      WHERE e.site = ?1 AND e.person = p.person AND e.day < p.day AND e.{column} = p.what
      ORDER BY e.day DESC LIMIT 1), '') AS previous
    FROM (
      SELECT DISTINCT c.day, c.person, c.{column} AS what
      FROM conversions AS c INDEXED BY conversions_by_day
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
            &of_definitions(STALE),
            "conversions",
            "definition",
        ),
        Some(kind) => kept(shape, "", &of_kinds(STALE), "conversions", kind.id()),
        None => from_rows(shape),
    }
}

fn from_rows(shape: &Shape<'_>) -> String {
    let apart = shape.of_a_visit();
    let kind = match shape.kind {
        Some(Kind::Outcome | Kind::Goal) => " AND kind = ?4 ->> 'kind'",
        None => "",
    };
    let from = format!(
        "(SELECT day, definition, person, {arrival}
  FROM ({owed}) WHERE true{kind})",
        arrival = arrival(&apart),
        owed = owed("conversions_by_day", &format!("c.day {ALL}"), &apart),
    );
    let sum = ["count(DISTINCT person)"];
    grouped(&without_days(shape), knows, &from, "''", &sum)
}
