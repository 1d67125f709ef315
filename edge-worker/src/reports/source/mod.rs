//! Where figures come from: one statement per source, which groups and narrows as a report asks.
//!
//! Every statement takes the same four texts: `?1` the site, `?2` and `?3` the first and the last
//! day, `?4` JSON with the values that it is narrowed to, the `kind` of conversions that count, and
//! the plan's `groups`. It answers rows of JSON that [`Fact`] reads.

mod conversions;
mod costs;
mod cut;
mod events;
mod people;
mod refunds;
mod traffic;
mod visitors;

pub(super) use conversions::kept_rows as conversion_rows;
pub(super) use events::rows as event_rows;
pub(super) use people::{of_arrivals, of_definitions, of_groups, of_kinds};
pub(super) use traffic::kept_rows as traffic_rows;
pub(super) use visitors::{PAIR, rows as visitor_rows};

use super::{
    catalogue::Kind,
    dimension::{Dimension, OF_A_VISIT},
    figure::{Coin, Figure},
};
use crate::contacts::standing;
use cut::Cut;

/// Rows that a source may answer with: they are held all at once, to be put in order and summed up.
pub(super) const MOST: usize = 50_000;

/// What is summed: two keys, a day and a currency, then the source's counts and coins in its order.
pub(super) type Fact = (String, String, String, String, Vec<i64>);

/// How a source takes to a dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Knows {
    /// It tells its figures apart by it.
    Apart,
    /// Its figures are the same for all values.
    Same,
    /// It cannot say.
    Not,
}

/// Figures that one statement finds.
pub(super) struct Source {
    pub(super) figures: &'static [Figure],
    pub(super) coins: &'static [Coin],
    pub(super) knows: fn(Dimension) -> Knows,
    pub(super) sql: fn(&Shape<'_>) -> String,
}

impl Source {
    /// Whether its figures count someone once, so that a total is no sum of rows.
    pub(super) fn unique(&self) -> bool {
        self.figures.iter().any(|figure| figure.unique())
    }

    /// Whether it can answer for a report of this shape.
    pub(super) fn answers(&self, shape: &Shape<'_>) -> bool {
        shape
            .dimensions
            .iter()
            .chain(shape.filters)
            .all(|dimension| (self.knows)(*dimension) != Knows::Not)
    }

    /// Whether its rows are those of the report, each with its own figures.
    pub(super) fn apart(&self, dimensions: &[Dimension]) -> bool {
        dimensions
            .iter()
            .all(|dimension| (self.knows)(*dimension) == Knows::Apart)
    }
}

/// Refunds on their own day: only where they are asked for.
pub(super) static REFUNDS: &Source = &refunds::SOURCE;

/// Every source. A figure that two sources have is the sum of both.
pub(super) static SOURCES: [&Source; 9] = [
    &traffic::SOURCE,
    &visitors::SOURCE,
    &visitors::CONTACTS,
    &conversions::SOURCE,
    &conversions::CUSTOMERS,
    &people::SOURCE,
    &refunds::SOURCE,
    &events::SOURCE,
    &costs::SOURCE,
];

/// What a statement is to group and narrow by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape<'a> {
    /// At most two.
    pub(super) dimensions: &'a [Dimension],
    pub(super) filters: &'a [Dimension],
    /// Which conversions count; `None`: those of the definition that the report is narrowed to.
    pub(super) kind: Option<Kind>,
    /// Whether amounts are needed by day, because what they are worth depends on it.
    pub(super) by_day: bool,
    /// Whether a refund counts on its own day instead of the purchase's.
    pub(super) on_refund_day: bool,
}

impl Shape<'_> {
    fn has(&self, dimension: Dimension) -> bool {
        self.dimensions.contains(&dimension)
    }

    /// Every dimension of a visit that it groups or narrows by, each once.
    fn of_a_visit(&self) -> Vec<Dimension> {
        OF_A_VISIT
            .into_iter()
            .filter(|own| self.dimensions.contains(own) || self.filters.contains(own))
            .collect()
    }

    /// The first cut that has all that it asks for. No day keeps where somebody stands, because that
    /// changes later.
    fn cut(&self) -> Option<Cut> {
        if self.of_a_stage() {
            return None;
        }
        Cut::covering(&self.of_a_visit())
    }

    fn of_a_stage(&self) -> bool {
        self.filters.contains(&Dimension::Stage)
    }

    /// What narrows rows to those of people at the stage, if it asks for one; `person` says in SQL
    /// whose a row is.
    fn at_stage(&self, person: &str) -> String {
        if self.of_a_stage() {
            format!("\n  AND {}", standing(person, "?4 ->> 'stage'"))
        } else {
            String::new()
        }
    }

    /// The key at a place, as SQL.
    fn key(&self, at: usize, knows: fn(Dimension) -> Knows) -> &'static str {
        self.dimensions
            .get(at)
            .filter(|own| knows(**own) == Knows::Apart)
            .map_or("''", |own| own.column())
    }

    /// The conditions that narrow a source's rows; `?4` is in them, because it is always bound.
    fn conditions(&self, knows: fn(Dimension) -> Knows) -> String {
        let mut conditions = vec![String::from("?4 <> ''")];
        for own in self.filters {
            // Rows are narrowed to a stage where they are read.
            if knows(*own) == Knows::Apart && *own != Dimension::Stage {
                conditions.push(format!("{} = ?4 ->> '{}'", own.column(), own.id()));
            }
        }
        conditions.join(" AND ")
    }
}

/// The days of the report, those whose figures are not kept, and the others, as the beginning of a
/// statement.
fn days(part: &str) -> String {
    days_but(&format!(
        "SELECT day FROM stale_days WHERE site = ?1 AND part = '{part}' AND day BETWEEN ?2 AND ?3"
    ))
}

/// The same where these are the days whose figures are not kept.
fn days_but(stale: &str) -> String {
    format!(
        "WITH RECURSIVE days (day) AS (
  SELECT ?2 UNION ALL SELECT date(day, '+1 day') FROM days WHERE day < ?3),
stale (day) AS MATERIALIZED (
  {stale}),
clean (day) AS MATERIALIZED (
  SELECT day FROM days WHERE day NOT IN (SELECT day FROM stale))"
    )
}

/// Kept figures of the days that are not stale, by a cut. The planner would take all days of a site
/// for as good as one of them, so it is told to go day by day.
fn kept(table: &str, cut: Cut, keys: &[&str], figures: &[&str]) -> String {
    let arrival = OF_A_VISIT.map(Dimension::id);
    let columns: Vec<String> = ["site", "day"]
        .iter()
        .chain(keys)
        .chain(&arrival)
        .chain(figures)
        .map(|own| format!("k.{own}"))
        .collect();
    format!(
        "SELECT {columns}
  FROM clean CROSS JOIN {table} AS k
  WHERE k.site = ?1 AND k.day = clean.day AND k.cut = '{cut}'",
        columns = columns.join(", "),
        cut = cut.name(),
    )
}

/// Rows of the stale days.
const STALE: &str = "IN (SELECT day FROM stale)";

/// Whose a session is, as conversions say it.
const PERSON: &str = "coalesce(
      (SELECT 'contact ' || k.contact FROM known_visitors AS k
       WHERE k.site = s.site AND k.visitor = s.visitor),
      'visitor ' || lower(hex(s.visitor)))";

/// Rows of every day of the report.
const ALL: &str = "BETWEEN ?2 AND ?3";

/// Every dimension of a visit as a column: read from the row where it is told apart by, else empty.
fn told(apart: &[Dimension], column: impl Fn(Dimension) -> String) -> String {
    let columns = OF_A_VISIT.map(|own| {
        let value = if apart.contains(&own) {
            column(own)
        } else {
            String::from("''")
        };
        format!("{value} AS {}", own.id())
    });
    columns.join(", ")
}

/// Sums over a table or query, grouped as the report asks.
fn grouped(
    shape: &Shape<'_>,
    knows: fn(Dimension) -> Knows,
    from: &str,
    currency: &str,
    sums: &[&str],
) -> String {
    let columns: Vec<String> = sums
        .iter()
        .enumerate()
        .map(|(at, sum)| format!("{sum} AS f{at}"))
        .collect();
    let names: Vec<String> = (0..sums.len()).map(|at| format!("f{at}")).collect();
    let day = if shape.by_day { "day" } else { "''" };
    format!(
        "SELECT json_array(k1, k2, on_day, currency, json_array({names}))
FROM (
  SELECT {k1} AS k1, {k2} AS k2, {day} AS on_day, {currency} AS currency,
    {columns}
  FROM {from} WHERE {conditions}
  GROUP BY 1, 2, 3, 4)
LIMIT {MOST} + 1",
        names = names.join(", "),
        columns = columns.join(", "),
        k1 = shape.key(0, knows),
        k2 = shape.key(1, knows),
        conditions = shape.conditions(knows),
    )
}
