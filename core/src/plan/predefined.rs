//! The groups and outcomes that every plan has, unless it changes them.

use super::{
    source::{Group, Outcome, PropertyValue, ValueSource},
    triggers::{ServerWord, When},
};
use crate::counting::Counting;
use alloc::{borrow::ToOwned as _, vec::Vec};

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
    /// Only a server makes it happen, so that no page carries it.
    pub server_only: bool,
}

/// The predefined groups: id and name.
pub const GROUPS: [(&str, &str); 4] = [
    ("identification", "Identification"),
    ("purchase", "Purchase"),
    ("lead-funnel", "Lead funnel"),
    (AFTER, "After the purchase"),
];

const AFTER: &str = "post-purchase";

/// The predefined outcomes, in the order of a contact's life.
pub const OUTCOMES: [Predefined; 21] = [
    Predefined {
        id: "contact-acquired",
        group: "identification",
        name: "Contact acquired",
        about: "A visitor became known as a contact.",
        count: Counting::OncePerContact,
        value: None,
        server_only: false,
    },
    Predefined {
        id: "product-purchase",
        group: "purchase",
        name: "Product purchase",
        about: "A contact bought something.",
        count: Counting::OncePerOrder,
        value: Some("revenue"),
        server_only: false,
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
    of_order(
        "order-confirmed",
        "Order confirmed",
        "The order was accepted: it is paid or will be, and everything is in stock.",
    ),
    of_order(
        "order-shipped",
        "Order shipped",
        "The parcel is on its way.",
    ),
    of_order("order-delivered", "Order delivered", "The parcel arrived."),
    after(
        "support-contact",
        "Support contact",
        "Asked for help by mail, chat or phone.",
    ),
    after(
        "service-used",
        "Service used",
        "Had something cared for, repaired or explained after it arrived.",
    ),
    after(
        "review-written",
        "Review written",
        "Said in public what they think of a product.",
    ),
    after(
        "survey-answered",
        "Survey answered",
        "Told the shop what they think.",
    ),
    of_order(
        "add-on-purchase",
        "Add-on purchase",
        "Bought what goes with an earlier order, or more of it.",
    ),
    of_order("repeat-purchase", "Repeat purchase", "Bought again."),
    after(
        "shop-recommended",
        "Shop recommended",
        "Brought somebody else to the shop.",
    ),
    of_order(
        "order-returned",
        "Order returned",
        "Sent an order back, or a part of it.",
    ),
    of_order(
        "order-exchanged",
        "Order exchanged",
        "Had it exchanged for another size, colour or product.",
    ),
    after(
        "item-resold",
        "Item resold",
        "What came back, or was traded in, was sold again.",
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
        server_only: false,
    }
}

/// A step after a purchase. None has an amount: the purchase has it, and would count twice.
const fn after(id: &'static str, name: &'static str, about: &'static str) -> Predefined {
    Predefined {
        id,
        group: AFTER,
        name,
        about,
        count: Counting::Every,
        value: None,
        server_only: true,
    }
}

const fn of_order(id: &'static str, name: &'static str, about: &'static str) -> Predefined {
    Predefined {
        count: Counting::OncePerOrder,
        ..after(id, name, about)
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
        when: predefined
            .server_only
            .then_some(When::Server(ServerWord::Server)),
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

/// How many of these groups a plan's content names.
pub(super) fn groups_written(groups: &[Group]) -> usize {
    let added: Vec<_> = self::groups().filter(|group| group.id == AFTER).collect();
    without(groups, &added)
}

/// How many of these outcomes a plan's content names.
pub(super) fn outcomes_written(all: &[Outcome]) -> usize {
    let added: Vec<_> = outcomes()
        .filter(|outcome| outcome.group.as_deref() == Some(AFTER))
        .collect();
    without(all, &added)
}

/// The length of a list without the end that reading it again would add in the same order.
fn without<T: PartialEq>(list: &[T], added: &[T]) -> usize {
    let mut added = added;
    let mut kept = list;
    while let Some((last, before)) = kept.split_last() {
        let Some(place) = added.iter().rposition(|one| one == last) else {
            break;
        };
        added = added.get(..place).unwrap_or_default();
        kept = before;
    }
    kept.len()
}
