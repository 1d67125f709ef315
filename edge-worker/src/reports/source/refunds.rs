//! Refunds on their own day, for reports that do not restate the purchase's.

use super::{
    Knows, Shape, Source,
    conversions::{self, ARRIVAL, owed},
    grouped,
};
use crate::reports::{
    dimension::Dimension,
    figure::{Coin, Figure},
};

pub(super) static SOURCE: Source = Source {
    figures: &[Figure::Voided],
    coins: &[Coin::ClaimedRefunded, Coin::VerifiedRefunded],
    knows,
    sql,
};

const fn knows(dimension: Dimension) -> Knows {
    conversions::knows(dimension)
}

/// What each refund of these days took from each conversion of its order: the sum up to it, never
/// more than the conversion's value, less the sum before it. So all refunds of an order together
/// take what the conversion says that was refunded.
fn sql(shape: &Shape<'_>) -> String {
    let owed = owed(
        "conversions_by_order",
        "c.order_number IN (
      SELECT order_number FROM refunds WHERE site = ?1 AND day BETWEEN ?2 AND ?3)",
    );
    let kind = if shape.kind.is_some() {
        " AND kind = ?4 ->> 'kind'"
    } else {
        ""
    };
    let from = format!(
        "(SELECT * FROM (
    SELECT r.day, definition, kind, money, c.currency AS currency, {ARRIVAL},
      r.minor IS NULL AND row_number() OVER (
        PARTITION BY c.definition, c.scope, c.who, c.dedup
        ORDER BY r.minor IS NOT NULL, r.time, r.observation) = 1 AS voids,
      min(coalesce(c.minor, 0), sum(coalesce(r.minor, c.minor, 0)) OVER running)
        - min(coalesce(c.minor, 0), coalesce(sum(coalesce(r.minor, c.minor, 0)) OVER earlier, 0))
        AS taken
    FROM ({owed}) AS c
    JOIN refunds AS r ON r.site = ?1 AND r.order_number = c.order_number
      AND (r.minor IS NULL OR r.currency = c.currency)
    WINDOW
      running AS (
        PARTITION BY c.definition, c.scope, c.who, c.dedup ORDER BY r.time, r.observation
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
      earlier AS (
        PARTITION BY c.definition, c.scope, c.who, c.dedup ORDER BY r.time, r.observation
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING))
  WHERE day BETWEEN ?2 AND ?3{kind})"
    );
    let sums = [
        "sum(voids)",
        "sum(iif(money = 'claimed', taken, 0))",
        "sum(iif(money = 'verified', taken, 0))",
    ];
    grouped(shape, knows, &from, "currency", &sums)
}
