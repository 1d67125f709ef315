//! The fold: every counting key with its two sides, whatever part of the past it was found in.

use super::{Entry, Recorded, summary::Change};
use crate::{Currency, Money};
use alloc::{borrow::ToOwned as _, collections::BTreeMap, format, string::String, vec::Vec};
use serde::{Deserialize, Serialize};

/// What is counted once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    /// Which definition.
    pub definition: String,
    /// The counting key's scope.
    pub scope: String,
    /// The counting key's person, as known today.
    pub who: String,
    /// The counting key's property.
    pub dedup: String,
}

/// A conversion under the old plan and under the new one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sides {
    /// The copy that decides what it was worth; `None` if it did not happen.
    pub old: Option<Copied>,
    /// The copy that decides what it will be worth; `None` if it does not happen.
    pub new: Option<Copied>,
    /// Of the observations that change it, the one with the smallest id: that, a space, the reason.
    pub why: Option<String>,
}

/// One copy of a conversion as a text. Of several the least decides: verified money before claimed,
/// claimed before none, then the earliest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Copied(String);

/// Bytes of a [`Copied`] before its worth: a digit of rank, 19 of time, an id.
const PLACE: usize = 56;

impl Copied {
    pub(super) fn of(recorded: &Recorded<'_>, entry: &Entry) -> Self {
        let rank = match entry.minor {
            None => 2,
            Some(_) if entry.is_verified() => 0,
            Some(_) => 1,
        };
        let worth = (entry.points, entry.minor, &entry.currency);
        // Numbers and texts always have their JSON.
        let worth = serde_json::to_string(&worth).unwrap_or_default();
        let time = recorded.time.max(0);
        Self(format!("{rank}{time:019}{}{worth}", recorded.id))
    }

    /// Points and money as a JSON array.
    fn worth_text(&self) -> &str {
        self.0.get(PLACE..).unwrap_or_default()
    }

    /// What it is worth: points and money.
    pub fn worth(&self) -> (i64, Option<Money>) {
        let read = serde_json::from_str(self.worth_text());
        let (points, minor, code): (i64, Option<i64>, Option<String>) = read.unwrap_or_default();
        let money = minor.zip(code).and_then(|(minor, code)| {
            let currency = Currency::parse(&code).ok()?;
            Some(Money { minor, currency })
        });
        (points, money)
    }
}

/// What a plan changes, by counting key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(Key, Sides)>", into = "Vec<(Key, Sides)>")]
pub struct Diff {
    pub(super) keys: BTreeMap<Key, Sides>,
}

impl From<Vec<(Key, Sides)>> for Diff {
    fn from(rows: Vec<(Key, Sides)>) -> Self {
        let mut diff = Self::default();
        for (key, sides) in rows {
            diff.add(key, sides);
        }
        diff
    }
}

impl From<Diff> for Vec<(Key, Sides)> {
    fn from(diff: Diff) -> Self {
        diff.keys.into_iter().collect()
    }
}

impl Diff {
    pub(super) fn sides(&mut self, recorded: &Recorded<'_>, entry: &Entry) -> &mut Sides {
        let who = match (recorded.contact, entry.who.as_str()) {
            (Some(contact), who) if !who.is_empty() => format!("contact {contact}"),
            (_, who) => who.to_owned(),
        };
        let key = Key {
            definition: entry.definition.clone(),
            scope: entry.scope.clone(),
            who,
            dedup: entry.dedup.clone(),
        };
        self.keys.entry(key).or_default()
    }

    fn add(&mut self, key: Key, sides: Sides) {
        let Some(own) = self.keys.get_mut(&key) else {
            self.keys.insert(key, sides);
            return;
        };
        least(&mut own.old, sides.old);
        least(&mut own.new, sides.new);
        least(&mut own.why, sides.why);
    }

    /// Takes another part in.
    pub fn merge(&mut self, other: Self) {
        for (key, sides) in other.keys {
            self.add(key, sides);
        }
    }

    /// Every key with its two sides, in order.
    pub fn keys(&self) -> impl Iterator<Item = (&Key, &Sides)> {
        self.keys.iter()
    }

    /// Whether the plan changes nothing.
    pub fn is_empty(&self) -> bool {
        self.keys.values().all(|sides| sides.change().is_none())
    }
}

fn least<T: Ord>(own: &mut Option<T>, other: Option<T>) {
    if let Some(other) = other
        && own.as_ref().is_none_or(|own| other < *own)
    {
        *own = Some(other);
    }
}

impl Sides {
    /// What becomes of the conversion; `None` if it stays as it is.
    pub fn change(&self) -> Option<Change> {
        match (&self.old, &self.new) {
            (None, Some(_)) => Some(Change::Gained),
            (Some(_), None) => Some(Change::Lost),
            (Some(old), Some(new)) if old.worth_text() != new.worth_text() => Some(Change::Changed),
            _ => None,
        }
    }
}
