//! Conversions, with the arrival that each is owed to: kept by day.

use super::{CLEAN, Knows, STALE, Shape, Source, grouped, stale, told, traffic};
use crate::reports::{
    dimension::{Dimension, OF_A_VISIT},
    figure::{Coin, Figure},
};

pub(super) static SOURCE: Source = Source {
    figures: &[
        Figure::Conversions,
        Figure::Voided,
        Figure::Converted,
        Figure::Goals,
        Figure::Points,
    ],
    coins: &[
        Coin::Claimed,
        Coin::ClaimedRefunded,
        Coin::Verified,
        Coin::VerifiedRefunded,
    ],
    knows,
    sql,
};

/// Whoever orders for the first time is a new customer, whichever definition is looked at.
pub(super) static CUSTOMERS: Source = Source {
    figures: &[Figure::NewCustomers],
    coins: &[],
    knows: traffic::knows,
    sql: customers,
};

pub(super) const fn knows(dimension: Dimension) -> Knows {
    match dimension {
        Dimension::Event => Knows::Not,
        _ => Knows::Apart,
    }
}

/// The columns of the kept table, in its order.
const COLUMNS: &str = "\
site, day, definition, kind, currency,
  channel, source, medium, campaign, landing, device, country,
  conversions, voided, points, converted, converted_of_kind, new_customers,
  claimed, claimed_refunded, verified, verified_refunded";

/// Conversions of some days with the first page view that they are owed to: that of their own
/// session, else that of the person's last session in the 90 days before. It is looked for only where rows are told apart by it. `?1` site.
///
/// The planner knows nothing of how many rows a day has, so it is told which index to use.
pub(super) fn owed(index: &str, which: &str, apart: &[Dimension]) -> String {
    let entry = if apart.is_empty() {
        "'{}'"
    } else {
        "coalesce(substr(s.entry, 12), (
      SELECT substr(e.entry, 12) FROM sessions AS e
      WHERE e.site = ?1 AND e.started_at <= c.time AND +e.day >= date(c.day, '-90 days')
        AND e.visitor IN (
          SELECT c.visitor
          UNION ALL
          SELECT k.visitor FROM known_visitors AS k WHERE k.site = ?1 AND k.contact = c.contact)
      ORDER BY e.started_at DESC, e.session DESC LIMIT 1), '{}')"
    };
    format!(
        "SELECT
    c.day, c.time, c.definition, c.scope, c.who, c.dedup, c.kind, c.person, c.points,
    c.minor, coalesce(c.currency, '') AS currency, c.money, c.refunded, c.voided, c.order_number,
    s.visitor, s.session,
    {entry} AS entry
  FROM conversions AS c INDEXED BY {index}
  LEFT JOIN sessions AS s
    ON s.site = ?1 AND s.visitor = coalesce(c.visitor, x'') AND s.session = c.session
  WHERE c.site = ?1 AND {which}"
    )
}

/// The arrival in an entry, under the names of the dimensions; those that are not told apart by are
/// empty.
pub(super) fn arrival(apart: &[Dimension]) -> String {
    told(apart, |own| {
        let field = match own {
            Dimension::Landing => "path",
            _ => own.id(),
        };
        format!("coalesce(entry ->> '{field}', '')")
    })
}

/// What is counted of conversions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counted {
    /// All that the kept table has.
    All,
    /// All but new customers.
    Conversions,
    /// New customers alone, which only orders can make.
    Customers,
}

/// What the kept table has of the conversions of a day. `?1` site.
pub(in crate::reports) fn kept_rows(day: &str) -> String {
    rows(day, &OF_A_VISIT, Counted::All)
}

/// What the kept table has of the conversions of some days, told apart by these dimensions.
///
/// A session may have converted on an earlier day already: before midnight, or, by a server's word
/// of an order, before it began.
fn rows(days: &str, apart: &[Dimension], counted: Counted) -> String {
    let (conversions, customers) = match counted {
        Counted::All => ("session IS NOT NULL", "order_number IS NOT NULL"),
        Counted::Conversions => ("session IS NOT NULL", "0"),
        Counted::Customers => ("0", "order_number IS NOT NULL"),
    };
    let orders = match counted {
        Counted::Customers => " AND c.order_number IS NOT NULL",
        Counted::All | Counted::Conversions => "",
    };
    format!(
        "SELECT
    ?1 AS site, day, definition, kind, currency,
    channel, source, medium, campaign, landing, device, country,
    count(*) AS conversions, sum(voided) AS voided, sum(points) AS points,
    sum(converted) AS converted, sum(converted_of_kind) AS converted_of_kind,
    sum(new_customer) AS new_customers,
    sum(iif(money = 'claimed', minor, 0)) AS claimed,
    sum(iif(money = 'claimed', refunded, 0)) AS claimed_refunded,
    sum(iif(money = 'verified', minor, 0)) AS verified,
    sum(iif(money = 'verified', refunded, 0)) AS verified_refunded
  FROM (
    SELECT c.*, {arrival},
      {conversions}
        AND row_number() OVER (
          PARTITION BY day, visitor, session, definition, kind
          ORDER BY time, scope, who, dedup) = 1
        AND NOT EXISTS (
          SELECT 1 FROM conversions AS e
          WHERE e.site = ?1 AND e.person = c.person AND e.day < c.day
            AND e.session = c.session AND e.definition = c.definition AND e.kind = c.kind)
        AS converted,
      {conversions}
        AND row_number() OVER (
          PARTITION BY day, visitor, session, kind
          ORDER BY time, definition, scope, who, dedup) = 1
        AND NOT EXISTS (
          SELECT 1 FROM conversions AS e
          WHERE e.site = ?1 AND e.person = c.person AND e.day < c.day
            AND e.session = c.session AND e.kind = c.kind)
        AS converted_of_kind,
      {customers} AND NOT EXISTS (
        SELECT 1 FROM conversions AS e
        WHERE e.site = ?1 AND e.person = c.person AND e.day <= c.day
          AND e.order_number IS NOT NULL
          AND (e.time, e.definition, e.scope, e.who, e.dedup)
            < (c.time, c.definition, c.scope, c.who, c.dedup)) AS new_customer
    FROM ({owed}) AS c)
  GROUP BY 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12",
        arrival = arrival(apart),
        owed = owed(
            "conversions_by_day",
            &format!("c.day {days}{orders}"),
            apart
        ),
    )
}

fn figures(shape: &Shape<'_>, counted: Counted) -> String {
    format!(
        "{stale},
figures AS (
  SELECT {COLUMNS} FROM conversions_daily WHERE {CLEAN}
  UNION ALL
  {rows})",
        stale = stale("conversions"),
        rows = rows(STALE, &shape.of_a_visit(), counted),
    )
}

fn sql(shape: &Shape<'_>) -> String {
    let by_definition = shape.has(Dimension::Definition)
        || shape.has(Dimension::Group)
        || shape.filters.contains(&Dimension::Definition);
    let (counts, from) = match (shape.kind, by_definition) {
        (None, _) => ("1", "figures"),
        (Some(_), true) => ("1", "(SELECT * FROM figures WHERE kind = ?4 ->> 'kind')"),
        (Some(_), false) => ("kind = ?4 ->> 'kind'", "figures"),
    };
    let converted = if by_definition {
        "converted"
    } else {
        "converted_of_kind"
    };
    let sum = |what: &str| format!("sum(iif({counts}, {what}, 0))");
    let refund = |what: &str| {
        if shape.on_refund_day {
            String::from("0")
        } else {
            sum(what)
        }
    };
    let sums = [
        sum("conversions"),
        refund("voided"),
        sum(converted),
        String::from("sum(iif(kind = 'goal', conversions, 0))"),
        String::from("sum(points)"),
        sum("claimed"),
        refund("claimed_refunded"),
        sum("verified"),
        refund("verified_refunded"),
    ];
    let sums: Vec<&str> = sums.iter().map(String::as_str).collect();
    format!(
        "{}\n{}",
        figures(shape, Counted::Conversions),
        grouped(shape, knows, from, "currency", &sums)
    )
}

fn customers(shape: &Shape<'_>) -> String {
    let sums = ["sum(new_customers)"];
    format!(
        "{}\n{}",
        figures(shape, Counted::Customers),
        grouped(shape, traffic::knows, "figures", "''", &sums)
    )
}
