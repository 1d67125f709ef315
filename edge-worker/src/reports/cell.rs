//! What stands in a row: each column's figure, computed from what was counted.

use super::{
    figure::{Figure, Figures},
    measure::{Sum, What},
    quotient,
};
use goalpost_core::Currency;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Places of a rate.
const RATE_PLACES: u32 = 4;

/// A figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Count(i64),
    /// Minor units by currency.
    Money(BTreeMap<String, i128>),
    Rate(Ratio),
    /// By currency.
    Rates(BTreeMap<String, Ratio>),
    /// What cannot be known: a rest of people, for one.
    Unknown,
}

/// What was divided by what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ratio {
    pub(super) numerator: i128,
    pub(super) denominator: i128,
    /// The quotient; `None` is no data.
    pub(super) decimal: Option<String>,
}

impl Ratio {
    /// With so many places of the quotient more than the numerator's unit has decimals.
    pub(super) fn new(numerator: i128, denominator: i128, more: u32, decimals: usize) -> Self {
        let places = decimals.saturating_add(usize::try_from(more).unwrap_or_default());
        Self {
            numerator,
            denominator,
            decimal: quotient::rounded(numerator, denominator, more)
                .map(|number| quotient::text(number, places)),
        }
    }

    pub(super) fn rate(numerator: i128, denominator: i128) -> Self {
        Self::new(numerator, denominator, RATE_PLACES, 0)
    }
}

/// The figure of a column in a row.
pub(super) fn cell(what: What, row: &Figures, denominator: Figure) -> Cell {
    let count = |figure| i128::from(row.count(figure));
    match what {
        What::Count(own) => Cell::Count(row.count(own)),
        What::Less(own, less) => Cell::Count(row.count(own).saturating_sub(row.count(less))),
        What::Money(sum) => Cell::Money(money(sum, row)),
        What::Rate(own, per) => Cell::Rate(Ratio::rate(count(own), count(per))),
        What::RateOf(own) => Cell::Rate(Ratio::rate(count(own), count(denominator))),
        // Milliseconds become seconds with three decimals.
        What::Seconds(own, per) => Cell::Rate(Ratio::new(count(own), count(per), 0, 3)),
        What::MoneyPer(sum, per) => Cell::Rates(
            money(sum, row)
                .into_iter()
                .map(|(currency, minor)| {
                    let ratio = Ratio::new(minor, count(per), 2, decimals(&currency));
                    (currency, ratio)
                })
                .collect(),
        ),
        What::MoneyRate(sum, per) => {
            let (sums, pers) = (money(sum, row), money(per, row));
            let currencies: BTreeSet<&String> = sums.keys().chain(pers.keys()).collect();
            let of = |sums: &BTreeMap<String, i128>, currency: &String| {
                sums.get(currency).copied().unwrap_or_default()
            };
            Cell::Rates(
                currencies
                    .into_iter()
                    .map(|own| (own.clone(), Ratio::rate(of(&sums, own), of(&pers, own))))
                    .collect(),
            )
        }
    }
}

/// The sum in each currency that has any part of it.
fn money(sum: Sum, row: &Figures) -> BTreeMap<String, i128> {
    let mut sums: BTreeMap<String, i128> = BTreeMap::new();
    for (coin, sign) in sum {
        for (currency, minor) in row.money.get(coin).into_iter().flatten() {
            let own = sums.entry(currency.clone()).or_default();
            *own = own.saturating_add(minor.saturating_mul(i128::from(*sign)));
        }
    }
    sums
}

fn decimals(currency: &str) -> usize {
    Currency::parse(currency).map_or(0, |currency| usize::from(currency.decimals()))
}

/// An amount as decimal text of its currency.
pub(super) fn amount(minor: i128, currency: &str) -> String {
    quotient::text(minor, decimals(currency))
}

impl Cell {
    /// The figure as JSON; `names` are those of the numerator and the denominator.
    pub(super) fn json(&self, names: Option<(&str, &str)>) -> Value {
        match self {
            Self::Count(count) => json!(count),
            Self::Money(sums) => sums
                .iter()
                .map(|(currency, minor)| {
                    json!({
                        "currency": currency,
                        "minor": whole(*minor),
                        "decimal": amount(*minor, currency),
                    })
                })
                .collect(),
            Self::Rate(ratio) => ratio.json(names, None),
            Self::Rates(ratios) => ratios
                .iter()
                .map(|(currency, ratio)| ratio.json(names, Some(currency)))
                .collect(),
            Self::Unknown => Value::Null,
        }
    }
}

impl Ratio {
    pub(super) fn json(&self, names: Option<(&str, &str)>, currency: Option<&str>) -> Value {
        let (numerator_name, denominator_name) = names.unwrap_or_default();
        let mut ratio = json!({
            "numerator": whole(self.numerator),
            "numerator_name": numerator_name,
            "denominator": whole(self.denominator),
            "denominator_name": denominator_name,
            "decimal": self.decimal,
        });
        if let (Some(fields), Some(currency)) = (ratio.as_object_mut(), currency) {
            fields.insert(String::from("currency"), json!(currency));
        }
        ratio
    }
}

fn whole(number: i128) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::{figure::Coin, measure};

    fn what(id: &str) -> What {
        [
            measure::TRAFFIC,
            measure::CONVERSIONS,
            measure::MONEY,
            measure::COSTS,
        ]
        .into_iter()
        .flatten()
        .find(|own| own.id == id)
        .unwrap()
        .what
    }

    fn row() -> Figures {
        let mut row = Figures::default();
        for (figure, count) in [
            (Figure::Sessions, 4),
            (Figure::Conversions, 3),
            (Figure::DurationMs, 10_001),
            (Figure::NewCustomers, 0),
        ] {
            row.add_count(figure, count);
        }
        for (coin, currency, minor) in [
            (Coin::Cost, "JPY", 10_000),
            (Coin::Verified, "JPY", 45_000),
            (Coin::VerifiedRefunded, "JPY", 5_000),
            (Coin::Verified, "USD", 12_900),
        ] {
            row.add_money(coin, currency, minor);
        }
        row
    }

    fn shown(id: &str) -> String {
        let cell = cell(what(id), &row(), Figure::Sessions);
        cell.json(Some(("a", "b"))).to_string()
    }

    #[test]
    fn a_rate_says_what_it_is_made_of() {
        insta::assert_snapshot!(
            shown("conversion_rate"),
            @r#"{"decimal":"0.7500","denominator":4,"denominator_name":"b","numerator":3,"numerator_name":"a"}"#
        );
    }

    #[test]
    fn what_is_divided_by_nothing_is_no_data() {
        insta::assert_snapshot!(
            shown("cost_per_acquisition"),
            @r#"[{"currency":"JPY","decimal":null,"denominator":0,"denominator_name":"b","numerator":10000,"numerator_name":"a"}]"#
        );
        let none = cell(what("bounce_rate"), &Figures::default(), Figure::Sessions);
        assert_eq!(
            none,
            Cell::Rate(Ratio {
                numerator: 0,
                denominator: 0,
                decimal: None
            })
        );
    }

    #[test]
    fn costs_and_their_return_stay_in_their_currency() {
        insta::assert_snapshot!(
            shown("cost_per_conversion"),
            @r#"[{"currency":"JPY","decimal":"3333.33","denominator":3,"denominator_name":"b","numerator":10000,"numerator_name":"a"}]"#
        );
        let back = cell(what("return_on_spend"), &row(), Figure::Sessions);
        let Cell::Rates(back) = back else { panic!() };
        assert_eq!(back["JPY"].decimal.as_deref(), Some("4.0000"));
        assert_eq!(
            back["USD"].decimal, None,
            "dollars without a cost in dollars"
        );
    }

    #[test]
    fn a_mean_duration_is_in_seconds() {
        let Cell::Rate(mean) = cell(what("session_duration"), &row(), Figure::Sessions) else {
            panic!()
        };
        assert_eq!(mean.decimal.as_deref(), Some("2.500"));
    }
}
