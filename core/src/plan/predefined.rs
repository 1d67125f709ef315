//! The groups and outcomes that every plan has, unless it changes them.

use super::source::{Group, Outcome, PropertyValue, ValueSource};
use crate::counting::Counting;
use alloc::borrow::ToOwned as _;

/// A predefined outcome.
#[derive(Clone, Copy, Debug)]
pub struct Predefined {
    /// Its id.
    pub id: &'static str,
    /// Its group's id.
    pub group: &'static str,
    /// What people call it.
    pub name: &'static str,
    /// What it says of a contact.
    pub about: &'static str,
    /// How often it counts.
    pub count: Counting,
    /// The property that names its amount.
    pub value: Option<&'static str>,
}

/// The predefined groups: id and name.
pub const GROUPS: [(&str, &str); 3] = [
    ("identification", "Identification"),
    ("purchase", "Purchase"),
    ("lead-funnel", "Lead funnel"),
];

/// The predefined outcomes, in the order of a contact's life.
pub const OUTCOMES: [Predefined; 8] = [
    Predefined {
        id: "contact-acquired",
        group: "identification",
        name: "Contact acquired",
        about: "A visitor became known as a contact.",
        count: Counting::OncePerContact,
        value: None,
    },
    Predefined {
        id: "product-purchase",
        group: "purchase",
        name: "Product purchase",
        about: "A contact bought something.",
        count: Counting::OncePerOrder,
        value: Some("revenue"),
    },
    lead(
        "marketing-lead",
        "Marketing lead",
        "Showed interest by an act of their own, and is not a customer yet.",
    ),
    lead(
        "sales-lead",
        "Sales lead",
        "Interested and able to decide: worth a call.",
    ),
    lead(
        "sales-opportunity",
        "Sales opportunity",
        "Plans to become a customer.",
    ),
    lead("close-won", "Close: won", "Became a customer."),
    lead("close-lost", "Close: lost", "Did not become a customer."),
    lead(
        "close-cancelled",
        "Close: cancelled",
        "Was a customer, and ended the contract.",
    ),
];

const fn lead(id: &'static str, name: &'static str, about: &'static str) -> Predefined {
    Predefined {
        id,
        group: "lead-funnel",
        name,
        about,
        count: Counting::OncePerContact,
        value: None,
    }
}

pub(super) fn groups() -> impl Iterator<Item = Group> {
    GROUPS.into_iter().map(|(id, name)| Group {
        id: id.to_owned(),
        name: Some(name.to_owned()),
    })
}

pub(super) fn outcomes() -> impl Iterator<Item = Outcome> {
    OUTCOMES.into_iter().map(|predefined| Outcome {
        id: predefined.id.to_owned(),
        name: Some(predefined.name.to_owned()),
        group: Some(predefined.group.to_owned()),
        when: None,
        count: predefined.count,
        dedup: None,
        value: predefined.value.map(|property| {
            ValueSource::Property(PropertyValue {
                property: property.to_owned(),
                currency: None,
            })
        }),
        off: false,
    })
}

pub(super) fn outcome(id: &str) -> Option<Outcome> {
    outcomes().find(|outcome| outcome.id == id)
}
