//! What each deed means under each plan: written from the plans as a person reads them, without
//! the evaluator, the counting keys or the money of the code under test.

use crate::{
    ledger::{Delivery, Entry, Ledger, Met},
    visit::{Deed, ORDERS},
};
use goalpost_core::Id;
use std::collections::BTreeMap;

/// A conversion's identity: definition, scope, who, dedup.
pub type Key = (String, String, String, String);

/// What a conversion is worth: points, or an amount in the smallest coin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// Points of a goal.
    pub points: i64,
    /// Amount and currency of an outcome.
    pub money: Option<(i64, String)>,
}

enum Once {
    Each,
    Session,
    Day,
    Person,
    Order(usize),
}

/// Why the edge cannot accept it, if it cannot.
pub const fn problem(deed: Deed) -> Option<&'static str> {
    match deed {
        Deed::Unregistered | Deed::ServerOnly => Some("unregistered"),
        Deed::OrderWithBadAmount => Some("value"),
        _ => None,
    }
}

fn meaning(deed: Deed, plan: usize) -> Vec<(&'static str, Once, &'static str)> {
    match deed {
        Deed::Page => vec![("daily-visit", Once::Day, "")],
        Deed::Guide => vec![("daily-visit", Once::Day, ""), ("guide", Once::Session, "")],
        Deed::Call => vec![("call-us", Once::Each, "")],
        Deed::CallToAction if plan == 0 => vec![("cta", Once::Each, "")],
        Deed::Play(video) => vec![
            ("watch-video", Once::Session, ""),
            ("watch-each-video", Once::Session, video),
        ],
        Deed::Newsletter => vec![("newsletter", Once::Person, "")],
        Deed::Demo if plan == 0 => vec![("demo-request", Once::Each, "")],
        Deed::Demo => vec![("demo-request", Once::Session, "")],
        Deed::Order(order) => vec![("product-purchase", Once::Order(order), "")],
        Deed::OrderWithoutNumber => vec![("product-purchase", Once::Each, "")],
        Deed::Inert => vec![("inert", Once::Each, "")],
        _ => Vec::new(),
    }
}

fn value(deed: Deed) -> Value {
    let money = match deed {
        Deed::Order(order) => Some((ORDERS[order].2, ORDERS[order].3.to_owned())),
        Deed::OrderWithoutNumber => Some((500, "JPY".to_owned())),
        _ => None,
    };
    Value {
        points: if money.is_some() { 0 } else { 5 },
        money,
    }
}

/// Every conversion that the stored observations make, each once.
pub fn conversions(ledger: &Ledger) -> BTreeMap<Key, Value> {
    let contacts = contacts(ledger);
    let mut found = BTreeMap::new();
    for entry in &ledger.entries {
        let (Some(Met::Stored(delivery)), Some(sealed)) = (entry.met, entry.sealed) else {
            continue;
        };
        let who = delivery
            .visitor
            .map(|visitor| match contacts.get(&visitor) {
                Some((_, contact)) => format!("contact {contact}"),
                None => format!("visitor {visitor}"),
            });
        for (definition, once, dedup) in meaning(entry.deed, delivery.plan) {
            let each = || (format!("every:{}", sealed.id), String::new());
            let (scope, who) = match (once, sealed.session, &who) {
                (Once::Session, Some(session), _) => (format!("session:{session}"), String::new()),
                (Once::Day, _, Some(who)) => (format!("day:{}", day(entry, delivery)), who.clone()),
                (Once::Person, _, Some(who)) => ("contact".to_owned(), who.clone()),
                (Once::Order(order), ..) => (format!("order:A{order}"), String::new()),
                _ => each(),
            };
            let key = (definition.to_owned(), scope, who, dedup.to_owned());
            found.insert(key, value(entry.deed));
        }
    }
    found
}

/// What is stored of each visitor's sessions: page views, other observations, matched definitions,
/// and observations in all.
pub fn sessions(ledger: &Ledger) -> BTreeMap<(Option<Id>, Option<Id>), [i64; 4]> {
    let mut found: BTreeMap<_, [i64; 4]> = BTreeMap::new();
    for entry in &ledger.entries {
        let (Some(Met::Stored(delivery)), Some(sealed)) = (entry.met, entry.sealed) else {
            continue;
        };
        if sealed.session.is_none() {
            continue;
        }
        let is_page = matches!(entry.deed, Deed::Page | Deed::Guide);
        let matched = meaning(entry.deed, delivery.plan).len() as i64;
        let adds = [i64::from(is_page), i64::from(!is_page), matched, 1];
        let sum = found.entry((delivery.visitor, sealed.session)).or_default();
        for (sum, more) in sum.iter_mut().zip(adds) {
            *sum += more;
        }
    }
    found
}

/// Who each visitor turned out to be: by the earliest word that was stored.
fn contacts(ledger: &Ledger) -> BTreeMap<Id, (Id, &'static str)> {
    let mut known: BTreeMap<Id, (Id, &'static str)> = BTreeMap::new();
    for entry in &ledger.entries {
        if let (Deed::Identify(contact), Some(Met::Stored(delivery)), Some(sealed)) =
            (entry.deed, entry.met, entry.sealed)
            && let Some(visitor) = delivery.visitor
        {
            let said = (sealed.id, contact);
            known
                .entry(visitor)
                .and_modify(|first| *first = (*first).min(said))
                .or_insert(said);
        }
    }
    known
}

/// The day in Tokyo on which it happened.
fn day(entry: &Entry, delivery: Delivery) -> String {
    let drift = delivery.received_at - delivery.sent;
    let time = if drift.abs() >= 300_000 {
        entry.time + drift
    } else {
        entry.time
    };
    let time = time.clamp(delivery.received_at - 30 * 86_400_000, delivery.received_at);
    date((time + 9 * 3_600_000).div_euclid(86_400_000))
}

/// Counts days forward from 1 January 2026; no seed leaves the years 2026 and 2027.
fn date(days_since_1970: i64) -> String {
    let mut day = days_since_1970 - 20_454;
    let mut year = 2026;
    while day >= 365 {
        day -= 365;
        year += 1;
    }
    let mut month = 1;
    for length in [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", day + 1)
}
