//! Reports: what the rows say, with the names of the plan. Every figure is a count or a sum of whole
//! numbers; every text in SQL is bound.

mod conversions;
mod definitions;
mod fates;
mod figures;
mod period;

pub(crate) use fates::{Balance, balance, balance_fields};

use crate::{
    bindings::Bindings,
    http::{Failure, Outcome},
    openapi::shape,
    plans,
    problem::{Kind, Problem},
    routes::Parameter,
};
use goalpost_core::{Currency, Money};
use serde::Serialize;
use serde_json::{Value, json};
use worker::{Request, Url};

/// Which report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    Outcomes,
    Goals,
    Conversions,
    Fates,
    Conservation,
}

impl Name {
    /// The shape of its JSON.
    pub(crate) const fn schema(self) -> fn() -> Value {
        match self {
            Self::Outcomes => definitions::outcomes_schema,
            Self::Goals => definitions::goals_schema,
            Self::Conversions => conversions::schema,
            Self::Fates => fates::schema,
            Self::Conservation => fates::conservation_schema,
        }
    }
}

/// The days of a report.
pub(crate) const PERIOD: &[Parameter] = &[
    Parameter {
        name: "from",
        about: "The first day, in the site's time zone. Without it: 29 days before the last.",
        schema: || json!({"type": "string", "format": "date"}),
    },
    Parameter {
        name: "to",
        about: "The last day, included. Without it: today.",
        schema: || json!({"type": "string", "format": "date"}),
    },
];

/// The pages of a list.
pub(crate) const CURSOR: &[Parameter] = &[
    Parameter {
        name: "before",
        about: "The `next` of the page before; without it, the latest come first.",
        schema: || json!({"type": "string"}),
    },
    Parameter {
        name: "limit",
        about: "How many; without it, 50.",
        schema: || json!({"type": "integer", "minimum": 1, "maximum": 200}),
    },
    Parameter {
        name: "definition",
        about: "Only those of this goal or outcome.",
        schema: || json!({"type": "string"}),
    },
];

/// Answers a report.
pub(crate) async fn report(request: &Request, edge: &Bindings, site: &str, name: Name) -> Outcome {
    let known = plans::in_effect(edge, site).await?;
    let query = Query::of(request)?;
    match name {
        Name::Outcomes => definitions::outcomes(edge, &known, &query).await,
        Name::Goals => definitions::goals(edge, &known, &query).await,
        Name::Conversions => conversions::latest(edge, &known, &query).await,
        Name::Fates => fates::by_day(edge, &known, &query).await,
        Name::Conservation => fates::conservation(edge, &known).await,
    }
}

/// The query of a request, as pairs.
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn of(request: &Request) -> Result<Self, Failure> {
        Ok(Self::of_url(&request.url()?))
    }

    pub(crate) fn of_url(url: &Url) -> Self {
        Self(url.query_pairs().into_owned().collect())
    }

    /// A value; `None` if it is not there or empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// A whole number between two others.
    pub(crate) fn number(
        &self,
        name: &str,
        default: u32,
        bounds: (u32, u32),
    ) -> Result<u32, Problem> {
        let Some(text) = self.get(name) else {
            return Ok(default);
        };
        text.parse()
            .ok()
            .filter(|number| (bounds.0..=bounds.1).contains(number))
            .ok_or_else(|| {
                bad_parameter(
                    name,
                    &format!(
                        "'{text}' is not a whole number from {} to {}",
                        bounds.0, bounds.1
                    ),
                )
            })
    }
}

pub(crate) fn bad_parameter(name: &str, detail: &str) -> Problem {
    Problem::new(Kind::BadParameter, format!("{name}: {detail}"))
}

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

    #[test]
    fn a_number_keeps_to_its_bounds() {
        let query = |value: &str| Query(vec![("limit".into(), value.into())]);
        assert_eq!(query("7").number("limit", 50, (1, 200)), Ok(7));
        assert_eq!(query("").number("limit", 50, (1, 200)), Ok(50));
        for bad in ["0", "201", "-1", "x", "1e2"] {
            let problem = query(bad).number("limit", 50, (1, 200)).unwrap_err();
            assert!(problem.detail.starts_with("limit: "), "{bad}");
        }
    }
}
