//! What visitors cost, as the shop's own tools say.

use super::{Knows, Shape, Source, grouped};
use crate::reports::{
    dimension::Dimension,
    figure::{Coin, Figure},
};

pub(super) static SOURCE: Source = Source {
    figures: &[Figure::Clicks, Figure::Impressions],
    coins: &[Coin::Cost],
    knows,
    sql,
};

/// Nobody knows what the visitors of one landing page or device have cost.
const fn knows(dimension: Dimension) -> Knows {
    match dimension {
        Dimension::Day | Dimension::Channel | Dimension::Campaign => Knows::Apart,
        _ if dimension.of_a_subject() => Knows::Same,
        _ => Knows::Not,
    }
}

fn sql(shape: &Shape<'_>) -> String {
    let from = "(SELECT * FROM costs WHERE site = ?1 AND day BETWEEN ?2 AND ?3)";
    let sums = [
        "coalesce(sum(clicks), 0)",
        "coalesce(sum(impressions), 0)",
        "sum(minor)",
    ];
    grouped(shape, knows, from, "currency", &sums)
}
