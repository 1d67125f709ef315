//! Amounts of money in answers.

use crate::openapi::shape;
use goalpost_core::{Currency, Money};
use serde::Serialize;
use serde_json::{Value, json};

/// An amount: exact for programs, readable for people.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Amount {
    minor: i64,
    decimal: String,
}

impl Amount {
    /// The amount in a currency that a plan once accepted.
    pub(crate) fn new(minor: i64, currency: &str) -> Self {
        let decimal = Currency::parse(currency).map_or_else(
            |_| minor.to_string(),
            |currency| Money { minor, currency }.decimal_text(),
        );
        Self { minor, decimal }
    }
}

pub(crate) fn amount_schema(about: &str) -> Value {
    let mut amount = shape::object(&[
        (
            "minor",
            shape::integer("In the currency's smallest coin: ¥14,800 is 14800, $129.00 is 12900."),
        ),
        ("decimal", shape::text("The same as decimal text.")),
    ]);
    if let Some(fields) = amount.as_object_mut() {
        fields.insert(String::from("description"), json!(about));
    }
    amount
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_has_its_currencys_decimals() {
        assert_eq!(Amount::new(14_800, "JPY").decimal, "14800");
        assert_eq!(Amount::new(12_900, "USD").decimal, "129.00");
        assert_eq!(Amount::new(-5, "KWD").decimal, "-0.005");
    }
}
