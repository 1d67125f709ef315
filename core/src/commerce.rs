//! The vocabulary of a shop: GA4's and Segment's names for the same five steps.
//!
//! Sources: <https://developers.google.com/analytics/devguides/collection/ga4/reference/events>,
//! <https://www.twilio.com/docs/segment/connections/spec/ecommerce/v2>

use crate::codec::wire_enum;
use crate::observation::Properties;
use alloc::borrow::ToOwned as _;
use serde::Serialize;

/// A step of a purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(rename_all = "snake_case")]
#[allow(
    clippy::exhaustive_enums,
    reason = "evaluation must decide about every step"
)]
pub enum CommerceStep {
    /// A product was looked at.
    ViewItem,
    /// A product was put into the cart.
    AddToCart,
    /// The checkout was begun.
    BeginCheckout,
    /// An order was placed.
    Purchase,
    /// An order, or a part of it, was given back.
    Refund,
}

impl CommerceStep {
    /// Every step, in the order of a purchase.
    pub const ALL: [Self; 5] = [
        Self::ViewItem,
        Self::AddToCart,
        Self::BeginCheckout,
        Self::Purchase,
        Self::Refund,
    ];

    /// The name on the wire and in a plan: GA4's.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ViewItem => "view_item",
            Self::AddToCart => "add_to_cart",
            Self::BeginCheckout => "begin_checkout",
            Self::Purchase => "purchase",
            Self::Refund => "refund",
        }
    }

    const fn segment_name(self) -> &'static str {
        match self {
            Self::ViewItem => "Product Viewed",
            Self::AddToCart => "Product Added",
            Self::BeginCheckout => "Checkout Started",
            Self::Purchase => "Order Completed",
            Self::Refund => "Order Refunded",
        }
    }

    /// The step of that name in either vocabulary.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|step| step.name() == name || step.segment_name() == name)
    }
}

/// What either vocabulary calls a property, and what it is called here. The first name found wins.
const NAMES: [(&str, &[&str]); 3] = [
    ("order", &["order", "order_id", "transaction_id"]),
    ("revenue", &["revenue", "value", "total"]),
    ("product", &["product", "product_id", "item_id", "sku"]),
];

/// Renames the properties of a commerce step to the ones that a plan speaks of.
pub fn rename(properties: &mut Properties) {
    for (name, aliases) in NAMES {
        let found = aliases.iter().find(|alias| properties.get(alias).is_some());
        if let Some(alias) = found {
            for (key, _) in &mut properties.0 {
                if key == alias {
                    name.clone_into(key);
                }
            }
        }
    }
}

wire_enum!(CommerceStep {
    0 = ViewItem,
    1 = AddToCart,
    2 = BeginCheckout,
    3 = Purchase,
    4 = Refund
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::Value;
    use alloc::{borrow::ToOwned, vec};

    #[test]
    fn both_vocabularies_name_the_same_steps() {
        assert_eq!(
            CommerceStep::named("Order Completed"),
            Some(CommerceStep::Purchase)
        );
        assert_eq!(
            CommerceStep::named("purchase"),
            Some(CommerceStep::Purchase)
        );
        assert_eq!(CommerceStep::named("Purchase"), None);
    }

    #[test]
    fn the_first_name_found_wins() {
        let text = |text: &str| Value::Text(text.to_owned());
        let mut properties = Properties(vec![
            ("total".to_owned(), text("110")),
            ("revenue".to_owned(), text("100")),
            ("transaction_id".to_owned(), text("A1")),
        ]);
        rename(&mut properties);
        assert_eq!(properties.text("revenue"), Some("100"));
        assert_eq!(properties.text("total"), Some("110"));
        assert_eq!(properties.text("order"), Some("A1"));
    }
}
