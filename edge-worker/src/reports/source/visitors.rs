//! Visitors and contacts, each counted once over the days of a report.

use super::{ALL, PERSON, STALE, Shape, Source, days, grouped, traffic};
use crate::reports::{dimension::Dimension, figure::Figure};

pub(super) static SOURCE: Source = Source {
    figures: &[Figure::Visitors],
    coins: &[],
    knows: traffic::knows,
    sql,
};

/// Known people among the visitors; only where they are asked for as a denominator.
pub(super) static CONTACTS: Source = Source {
    figures: &[Figure::Contacts],
    coins: &[],
    knows: traffic::knows,
    sql: contacts,
};

/// The one pair of dimensions that people are kept by: another would have as many rows as people.
pub(in crate::reports) const PAIR: [Dimension; 2] = [Dimension::Channel, Dimension::Device];

/// Whether people are kept by these dimensions of a visit.
pub(super) fn are_kept_by(apart: &[Dimension]) -> bool {
    apart.len() < 2 || apart == PAIR
}

/// Its name in the kept table.
pub(super) fn name(apart: &[Dimension]) -> String {
    let names: Vec<&str> = apart.iter().map(|own| own.id()).collect();
    names.join(",")
}

/// What the kept table has of the visitors of some days, told apart by these dimensions. `?1` site.
pub(in crate::reports) fn rows(days: &str, apart: &[Dimension]) -> String {
    let value = |of: &str| match apart {
        [] => String::from("''"),
        [own] => format!("{of}.{}", own.id()),
        more => {
            let values: Vec<String> = more
                .iter()
                .map(|own| format!("{of}.{}", own.id()))
                .collect();
            format!("json_array({})", values.join(", "))
        }
    };
    let same = match apart {
        [] => String::new(),
        _ => format!(" AND {} = v.value", value("e")),
    };
    format!(
        "SELECT ?1 AS site, day, 'visitors' AS measure, '{dimension}' AS dimension, value, previous,
    count(*) AS people
  FROM (
    SELECT v.day, v.value, coalesce((
      SELECT max(+e.day) FROM sessions AS e
      WHERE e.site = ?1 AND e.visitor = v.visitor AND +e.day < v.day{same}), '') AS previous
    FROM (
      SELECT DISTINCT s.day, s.visitor, {value} AS value
      FROM sessions AS s INDEXED BY sessions_by_day
      WHERE s.site = ?1 AND s.day {days} AND s.visitor <> x'') AS v)
  GROUP BY 1, 2, 3, 4, 5, 6",
        dimension = name(apart),
        value = value("s"),
    )
}

fn sql(shape: &Shape<'_>) -> String {
    let apart = shape.of_a_visit();
    if shape.of_a_stage() || !are_kept_by(&apart) {
        return from_rows(shape);
    }
    let rows = rows(STALE, &apart);
    kept(shape, &days("traffic"), "visitors", &apart, &rows)
}

fn from_rows(shape: &Shape<'_>) -> String {
    let from = format!(
        "(SELECT * FROM sessions AS s INDEXED BY sessions_by_day
    WHERE s.site = ?1 AND s.day {ALL} AND s.visitor <> x''{stage})",
        stage = shape.at_stage(PERSON),
    );
    let sum = ["count(DISTINCT visitor)"];
    grouped(&without_days(shape), traffic::knows, &from, "''", &sum)
}

/// People from the kept table and, for stale days, from the rows; `days` says which these are. Where
/// days are not told apart, whoever was counted on an earlier day of the report is not counted again.
pub(super) fn kept(
    shape: &Shape<'_>,
    days: &str,
    measure: &str,
    by: &[Dimension],
    rows: &str,
) -> String {
    let once = if shape.has(Dimension::Day) {
        ""
    } else {
        " AND previous < ?2"
    };
    let dimension = name(by);
    // What people are kept by is a value, be it of a group: no other is to be looked up.
    let value = match by {
        [] => String::new(),
        [Dimension::Group] => String::from(", value AS definition"),
        [own] => format!(", value AS {}", own.id()),
        more => {
            let columns: Vec<String> = (0u32..)
                .zip(more)
                .map(|(at, own)| format!(", coalesce(value ->> {at}, '') AS {}", own.id()))
                .collect();
            columns.concat()
        }
    };
    let dimensions: Vec<Dimension> = shape
        .dimensions
        .iter()
        .map(|own| match own {
            Dimension::Group => Dimension::Definition,
            _ => *own,
        })
        .collect();
    let shape = Shape {
        dimensions: &dimensions,
        ..without_days(shape)
    };
    let from = format!(
        "(SELECT day, people{value} FROM figures
    WHERE measure = '{measure}' AND dimension = '{dimension}'{once})"
    );
    let knows = match by {
        [Dimension::Definition | Dimension::Group] => super::people::knows,
        _ => traffic::knows,
    };
    format!(
        "{days},
figures AS (
  SELECT p.day, p.measure, p.dimension, p.value, p.previous, p.people
  FROM clean CROSS JOIN people_daily AS p
  WHERE p.site = ?1 AND p.day = clean.day AND p.measure = '{measure}' AND p.dimension = '{dimension}'
  UNION ALL
  SELECT day, measure, dimension, value, previous, people FROM ({rows}))
{grouped}",
        grouped = grouped(&shape, knows, &from, "''", &["sum(people)"]),
    )
}

/// A person is one, whatever the day: no amounts are to be exchanged.
pub(super) const fn without_days<'a>(shape: &Shape<'a>) -> Shape<'a> {
    Shape {
        by_day: false,
        ..*shape
    }
}

fn contacts(shape: &Shape<'_>) -> String {
    let from = format!(
        "(SELECT s.*, k.contact
    FROM sessions AS s INDEXED BY sessions_by_day
    JOIN known_visitors AS k ON k.site = s.site AND k.visitor = s.visitor
    WHERE s.site = ?1 AND s.day {ALL} AND k.contact IS NOT NULL{stage})",
        stage = shape.at_stage("('contact ' || k.contact)"),
    );
    let sum = ["count(DISTINCT contact)"];
    grouped(&without_days(shape), traffic::knows, &from, "''", &sum)
}
