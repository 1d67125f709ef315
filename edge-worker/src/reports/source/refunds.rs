//! Refunds on their own day, for reports that do not restate the purchase's.

use super::{
    Knows, Shape, Source,
    conversions::{self, arrival, owed},
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
/// take what the conversion says that was refunded, and one of them voids it.
fn sql(shape: &Shape<'_>) -> String {
    let apart = shape.of_a_visit();
    let owed = owed(
        "conversions_by_order",
        &format!(
            "c.order_number IN (
      SELECT order_number FROM refunds WHERE site = ?1 AND day BETWEEN ?2 AND ?3){stage}",
            stage = shape.at_stage("c.person"),
        ),
        &apart,
    );
    let arrival = arrival(&apart);
    let kind = if shape.kind.is_some() {
        " AND kind = ?4 ->> 'kind'"
    } else {
        ""
    };
    let from = format!(
        "(SELECT *,
      min(worth, given) - min(worth, given_before) AS taken,
      (whole OR (worth > 0 AND given >= worth))
        AND NOT (whole_before OR (worth > 0 AND given_before >= worth)) AS voids
    FROM (
      SELECT r.day, definition, kind, money, c.currency, {arrival},
        max(0, coalesce(c.minor, 0)) AS worth,
        max(r.minor IS NULL) OVER running AS whole,
        coalesce(max(r.minor IS NULL) OVER earlier, 0) AS whole_before,
        sum(coalesce(r.minor, c.minor, 0)) OVER running AS given,
        coalesce(sum(coalesce(r.minor, c.minor, 0)) OVER earlier, 0) AS given_before
      FROM ({owed}) AS c
      JOIN refunds AS r INDEXED BY refunds_by_order
        ON r.site = ?1 AND r.order_number = c.order_number
          AND (r.minor IS NULL OR coalesce(r.currency, c.currency) = c.currency)
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
