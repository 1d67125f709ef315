//! What a person's conversions come to: stage, money and points.

use crate::{
    openapi::shape,
    reports::{Amount, amount_schema},
    segments,
    sink::BOUGHT,
};
use goalpost_core::{
    Currency, Money,
    contact::{Stage, Worth},
    segment::History,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What [`Counted`] reads of `conversions AS c`, as a JSON array.
pub(super) fn counted() -> String {
    format!(
        "\
json_array(
  c.definition, c.kind, c.time, c.points, c.minor, c.currency, c.money, c.refunded, c.voided,
  {BOUGHT})"
    )
}

/// A conversion, as far as it counts here.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Counted {
    definition: String,
    kind: String,
    pub(super) time: i64,
    points: u32,
    minor: Option<i64>,
    currency: Option<String>,
    money: Option<String>,
    refunded: i64,
    voided: u8,
    order: Option<String>,
}

/// The same as a history that segments are asked about.
pub(super) fn history(conversions: &[Counted]) -> History {
    History::of(
        conversions
            .iter()
            .enumerate()
            .map(|(at, own)| segments::row(at, &own.definition, own.time, own.voided != 0)),
    )
}

/// What they come to.
#[derive(Debug, Default)]
pub(super) struct Brought {
    pub(super) stage: Stage,
    claimed: Both,
    verified: Both,
    /// Of what was not voided.
    pub(super) points: u64,
    pub(super) conversions: usize,
    pub(super) voided: usize,
    pub(super) orders: usize,
    pub(super) orders_voided: usize,
}

/// Before refunds, and after.
#[derive(Debug, Default)]
struct Both {
    gross: Worth,
    net: Worth,
}

impl Both {
    fn add(&mut self, money: Money, refunded: i64) {
        self.gross.add(0, Some(money), 0);
        self.net.add(0, Some(money), refunded);
    }

    fn minor(&self, currency: Currency) -> (i64, i64) {
        let of = |worth: &Worth| worth.value.get(&currency).copied().unwrap_or_default();
        (of(&self.gross), of(&self.net))
    }
}

impl Brought {
    pub(super) fn of(conversions: &[Counted]) -> Self {
        let outcomes = conversions
            .iter()
            .filter(|own| own.kind == "outcome" && own.voided == 0)
            .map(|own| (own.definition.as_str(), own.time));
        let mut brought = Self {
            stage: Stage::of(outcomes),
            conversions: conversions.len(),
            ..Self::default()
        };
        let mut points = Worth::default();
        let mut orders: BTreeSet<&str> = BTreeSet::new();
        let mut voided: BTreeSet<&str> = BTreeSet::new();
        for own in conversions {
            if own.voided == 0 {
                points.add(own.points, None, 0);
            } else {
                brought.voided = brought.voided.saturating_add(1);
            }
            let of_order = if own.voided == 0 {
                &mut orders
            } else {
                &mut voided
            };
            of_order.extend(own.order.as_deref());
            let currency = own.currency.as_deref().map(Currency::parse);
            if let (Some(minor), Some(Ok(currency))) = (own.minor, currency) {
                let kind = match own.money.as_deref() {
                    Some("verified") => &mut brought.verified,
                    _ => &mut brought.claimed,
                };
                kind.add(Money { minor, currency }, own.refunded);
            }
        }
        brought.points = points.points;
        brought.orders = orders.len();
        brought.orders_voided = voided.difference(&orders).count();
        brought
    }

    /// Per currency, and never one currency added to another.
    pub(super) fn value(&self) -> Value {
        let currencies: BTreeSet<Currency> = [&self.claimed, &self.verified]
            .into_iter()
            .flat_map(|own| own.gross.value.keys().copied())
            .collect();
        currencies
            .into_iter()
            .map(|currency| {
                let (claimed, verified) =
                    (self.claimed.minor(currency), self.verified.minor(currency));
                let all = (
                    claimed.0.saturating_add(verified.0),
                    claimed.1.saturating_add(verified.1),
                );
                let mut value = amounts(currency, all);
                if let Some(fields) = value.as_object_mut() {
                    fields.insert(String::from("currency"), json!(currency.code()));
                    fields.insert(String::from("claimed"), amounts(currency, claimed));
                    fields.insert(String::from("verified"), amounts(currency, verified));
                }
                value
            })
            .collect()
    }

    /// What one is ranked by: the verified value that is left, then the claimed one.
    pub(super) fn rank(&self, currency: Currency) -> (i64, i64) {
        (
            self.verified.minor(currency).1,
            self.claimed.minor(currency).1,
        )
    }
}

fn amounts(currency: Currency, (gross, net): (i64, i64)) -> Value {
    let amount = |minor| Amount::new(minor, currency.code());
    json!({
        "gross": amount(gross),
        "refunded": amount(gross.saturating_sub(net)),
        "net": amount(net),
    })
}

/// The shape of [`Brought::value`].
pub(super) fn value_schema() -> Value {
    let amounts = || {
        [
            ("gross", amount_schema("Before refunds.")),
            ("refunded", amount_schema("Given back.")),
            ("net", amount_schema("What is left.")),
        ]
    };
    let parts = [
        ("currency", shape::text("ISO 4217.")),
        ("claimed", shape::object(&amounts())),
        ("verified", shape::object(&amounts())),
    ];
    let fields: Vec<_> = amounts().into_iter().chain(parts).collect();
    shape::list(shape::object(&fields))
}

/// The shape of a stage.
pub(crate) fn stage_schema() -> Value {
    json!({"enum": Stage::ALL.map(Stage::name)})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(rows: &str) -> Vec<Counted> {
        serde_json::from_str(rows).unwrap()
    }

    #[test]
    fn claimed_and_verified_stand_apart_and_currencies_are_not_added() {
        let brought = Brought::of(&counted(
            r#"[["product-purchase","outcome",10,0,14800,"JPY","claimed",0,0,"A1"],
                ["product-purchase","outcome",20,0,5000,"JPY","verified",2000,0,"A2"],
                ["warranty","outcome",30,0,12900,"USD","verified",0,0,null],
                ["play","goal",5,7,null,null,null,0,0,null]]"#,
        ));
        assert_eq!((brought.stage, brought.points), (Stage::Customer, 7));
        assert_eq!((brought.conversions, brought.orders), (4, 2));
        let value = brought.value();
        assert_eq!(value[0]["currency"], "JPY");
        assert_eq!(value[0]["net"]["minor"], 17_800);
        assert_eq!(value[0]["verified"]["refunded"]["minor"], 2_000);
        assert_eq!(value[0]["claimed"]["net"]["minor"], 14_800);
        assert_eq!(value[1]["net"]["decimal"], "129.00");
        let yen = Currency::parse("JPY").unwrap();
        assert_eq!(brought.rank(yen), (3_000, 14_800));
    }

    #[test]
    fn what_was_voided_is_worth_nothing_and_makes_no_customer() {
        let brought = Brought::of(&counted(
            r#"[["marketing-lead","outcome",5,0,null,null,null,0,0,null],
                ["product-purchase","outcome",10,0,14800,"JPY","verified",14800,1,"A1"],
                ["order-made","goal",10,50,null,null,null,0,1,"A1"]]"#,
        ));
        assert_eq!(brought.stage.name(), "marketing_lead");
        assert_eq!((brought.points, brought.voided), (0, 2));
        assert_eq!((brought.orders, brought.orders_voided), (0, 1));
        assert_eq!(brought.value()[0]["net"]["minor"], 0);
        assert_eq!(brought.value()[0]["gross"]["minor"], 14_800);
    }
}
