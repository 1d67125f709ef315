//! People who converted, each counted once over the days of a report.

use super::{
    ALL, Knows, STALE, Shape, Source,
    conversions::{self, arrival, entry, field, owed},
    days, days_but, grouped,
    visitors::{are_kept_by, kept, name, without_days},
};
use crate::reports::{
    catalogue::Kind,
    dimension::{Dimension, OF_A_VISIT},
    figure::Figure,
};

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
    let of = |own: &str| format!("{own}.kind");
    people(&once(days, "true", of, ["p.what", "''", "''"]))
}

/// The same of each definition.
pub(in crate::reports) fn of_definitions(days: &str) -> String {
    let of = |own: &str| format!("{own}.definition");
    people(&once(
        days,
        "true",
        of,
        ["'definition'", "'definition'", "p.what"],
    ))
}

/// The same of outcomes by their groups; `groups` is JSON with the group of each.
pub(in crate::reports) fn of_groups(days: &str, groups: &str) -> String {
    let of = |own: &str| {
        format!("iif({own}.kind = 'outcome', coalesce({groups} ->> {own}.definition, ''), NULL)")
    };
    let which = "c.kind = 'outcome'";
    people(&once(days, which, of, ["'group'", "'group'", "p.what"]))
}

/// Sums up people by what they are kept by.
fn people(rows: &str) -> String {
    format!(
        "SELECT ?1 AS site, day, measure, dimension, value, previous, count(*) AS people
  FROM (
    {rows})
  GROUP BY 1, 2, 3, 4, 5, 6"
    )
}

/// Whoever had something on some days, each once a day, with the last day before on which they had the
/// same: `of` says what a conversion is of, and `kept` what it is kept by.
fn once(
    days: &str,
    which: &str,
    of: impl Fn(&str) -> String,
    [measure, dimension, value]: [&str; 3],
) -> String {
    format!(
        "SELECT p.day, {measure} AS measure, {dimension} AS dimension, {value} AS value, coalesce((
      SELECT e.day FROM conversions AS e INDEXED BY conversions_by_person
      WHERE e.site = ?1 AND e.person = p.person AND e.day < p.day AND {earlier} = p.what
      ORDER BY e.day DESC LIMIT 1), '') AS previous
    FROM (
      SELECT DISTINCT c.day, c.person, {what} AS what
      FROM conversions AS c INDEXED BY conversions_by_day
      WHERE c.site = ?1 AND c.day {days} AND {which}) AS p",
        earlier = of("e"),
        what = of("c"),
    )
}

/// What the kept table has of the people who had an outcome on some days, by each of these dimensions
/// of what it is owed to, or sets of them. `?1` site.
pub(in crate::reports) fn of_arrivals(days: &str, apart: &[&[Dimension]]) -> String {
    let values: Vec<String> = apart
        .iter()
        .map(|own| format!("'{}', {}", name(own), value(own, "c.entry")))
        .collect();
    let own_session = "(
        SELECT substr(s.entry, 12) FROM sessions AS s
        WHERE s.site = ?1 AND s.visitor = e.visitor AND s.session = e.session)";
    let earlier = entry("e", own_session);
    let same: Vec<String> = apart
        .iter()
        .map(|own| format!("WHEN '{}' THEN {}", name(own), value(own, &earlier)))
        .collect();
    let rows = format!(
        "SELECT p.day, 'outcome' AS measure, p.dimension, p.value, coalesce((
      SELECT e.day FROM conversions AS e INDEXED BY conversions_by_person
      WHERE e.site = ?1 AND e.person = p.person AND e.day < p.day AND e.kind = 'outcome'
        AND CASE p.dimension {same} END = p.value
      ORDER BY e.day DESC LIMIT 1), '') AS previous
    FROM (
      SELECT DISTINCT c.day, c.person, d.key AS dimension, d.value AS value
      FROM ({owed}) AS c, json_each(json_object({values})) AS d
      WHERE c.kind = 'outcome') AS p",
        same = same.join(" "),
        owed = owed("conversions_by_day", &format!("c.day {days}"), &OF_A_VISIT),
        values = values.join(", "),
    );
    people(&rows)
}

/// What an entry has of these dimensions, as people are kept by them.
fn value(apart: &[Dimension], entry: &str) -> String {
    match apart {
        [own] => format!("coalesce({entry} ->> '{}', '')", field(*own)),
        more => {
            let paths: Vec<String> = more
                .iter()
                .map(|own| format!("'$.{}'", field(*own)))
                .collect();
            format!("json_extract({entry}, {})", paths.join(", "))
        }
    }
}

fn sql(shape: &Shape<'_>) -> String {
    let by_definition =
        shape.has(Dimension::Definition) || shape.filters.contains(&Dimension::Definition);
    let by_group = shape.has(Dimension::Group);
    if shape.of_a_stage() {
        return from_rows(shape);
    }
    let apart = shape.of_a_visit();
    let (by, rows, measure) = match (apart.as_slice(), shape.kind, by_group, by_definition) {
        ([], Some(Kind::Outcome), true, false) => {
            (vec![Dimension::Group], of_groups(STALE, GROUPS), "group")
        }
        ([], _, false, true) => {
            let definition = Dimension::Definition;
            (vec![definition], of_definitions(STALE), definition.id())
        }
        ([], Some(kind), false, false) => (Vec::new(), of_kinds(STALE), kind.id()),
        (own, Some(Kind::Outcome), false, false) if are_kept_by(own) => {
            (own.to_vec(), of_arrivals(STALE, &[own]), "outcome")
        }
        _ => return from_rows(shape),
    };
    let days = if by_group {
        days_but(NOT_GROUPED)
    } else {
        days("conversions")
    };
    kept(shape, &days, measure, &by, &rows)
}

/// The groups of a report.
const GROUPS: &str = "?4 -> 'groups'";

/// Days whose people are not kept by these groups.
const NOT_GROUPED: &str = "\
SELECT day FROM days
  WHERE day IN (
      SELECT day FROM stale_days
      WHERE site = ?1 AND part = 'conversions' AND day BETWEEN ?2 AND ?3)
    OR day NOT IN (
      SELECT day FROM kept_days
      WHERE site = ?1 AND part = 'groups' AND day BETWEEN ?2 AND ?3
        AND made_for = ?4 -> 'groups')";

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
        owed = owed(
            "conversions_by_day",
            &format!("c.day {ALL}{}", shape.at_stage("c.person")),
            &apart
        ),
    );
    let sum = ["count(DISTINCT person)"];
    grouped(&without_days(shape), knows, &from, "''", &sum)
}
