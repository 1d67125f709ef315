//! Replay: what recorded observations mean under another plan, and what that changes.
//!
//! The evaluator is the live one, so a replay gives the very verdicts that the plan would have given
//! at the time. A [`Diff`] is a fold over counting keys: parts may be made in any cut, merged in any
//! order and any number of times, and the end is the same. The edge keeps the same fold in SQL.

use crate::{
    Context, Conversion, Currency, Id, Money, Observation, Person, Rules, Verdict,
    beacon::read_item,
    evaluate,
    reasons::{self, Reasons},
};
use alloc::{borrow::ToOwned as _, collections::BTreeMap, format, string::String, vec::Vec};
use serde::{Deserialize, Serialize};

/// Examples of each definition: enough to see why, few enough to read.
pub const EXAMPLES: usize = 20;

/// A stored observation, as far as a replay needs it.
#[derive(Clone, Debug)]
pub struct Recorded<'a> {
    /// Its id.
    pub id: Id,
    /// The item as it came.
    pub item: &'a str,
    /// When it happened: Unix milliseconds, the device's clock already corrected.
    pub time: i64,
    /// Its session.
    pub session: Option<Id>,
    /// Whose it was, as the live evaluation knew.
    pub person: Person<'a>,
    /// The contact as known today: it takes the visitor's place in keys.
    pub contact: Option<&'a str>,
    /// Whether one of the site's own servers reported it.
    pub server: bool,
    /// What the plan that decided has found.
    pub verdict: Vec<Entry>,
}

/// One conversion of a stored verdict.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Entry {
    /// Which definition.
    pub definition: String,
    /// The counting key's scope.
    pub scope: String,
    /// The counting key's person.
    #[serde(default)]
    pub who: String,
    /// The counting key's property.
    #[serde(default)]
    pub dedup: String,
    /// Engagement value.
    #[serde(default)]
    pub points: u32,
    /// Financial value, in minor units.
    #[serde(default)]
    pub minor: Option<i64>,
    /// Its currency.
    #[serde(default)]
    pub currency: Option<String>,
    /// `verified` where there is money with a server's word.
    #[serde(default)]
    pub money: Option<String>,
}

impl Entry {
    fn of(conversion: &Conversion, is_verified: impl Fn(Money) -> bool) -> Self {
        let money = conversion.money;
        Self {
            definition: conversion.definition.clone(),
            scope: conversion.key.scope.clone(),
            who: conversion.key.who.clone(),
            dedup: conversion.key.dedup.clone(),
            points: conversion.points,
            minor: money.map(|money| money.minor),
            currency: money.map(|money| money.currency.code().to_owned()),
            money: money
                .filter(|money| is_verified(*money))
                .map(|_| String::from("verified")),
        }
    }

    /// Whether its money has a server's word.
    pub fn is_verified(&self) -> bool {
        self.money.as_deref() == Some("verified")
    }
}

/// What a recorded observation means under another plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Again {
    /// What was seen; `None` if the item can be read no more.
    pub observation: Option<Observation>,
    /// What live evaluation would have said.
    pub verdict: Verdict,
    /// What that changes, of this observation alone.
    pub diff: Diff,
}

/// Whether an amount has a server's word.
pub type IsVerified<'a> = dyn Fn(&Observation, &Conversion, Money) -> bool + 'a;

/// Evaluates a recorded observation under these rules.
pub fn again(rules: &Rules, recorded: &Recorded<'_>, is_verified: &IsVerified<'_>) -> Again {
    let context = Context {
        time: recorded.time,
        session: recorded.session,
        person: recorded.person,
        server: recorded.server,
    };
    let read = read_item(recorded.item).map(|item| item.observation);
    let verdict = match &read {
        Ok(observation) => evaluate(rules, observation, &context),
        Err(error) => Verdict {
            conversions: Vec::new(),
            problem: Some((error.reason, error.detail.clone())),
        },
    };
    let observation = read.ok();
    let mut diff = Diff::default();
    for entry in &recorded.verdict {
        diff.sides(recorded, entry).old = Some(Copied::of(recorded, entry));
    }
    for conversion in &verdict.conversions {
        let is_verified = |money| {
            let seen = observation.as_ref();
            seen.is_some_and(|seen| is_verified(seen, conversion, money))
        };
        let entry = Entry::of(conversion, is_verified);
        diff.sides(recorded, &entry).new = Some(Copied::of(recorded, &entry));
    }
    // Most observations mean what they meant, and need no reasons.
    if diff.keys.values().any(|sides| sides.old != sides.new) {
        let reasons = match &observation {
            Some(observation) => reasons::of(rules, observation, &context),
            None => Reasons {
                definitions: Vec::new(),
                problem: verdict.problem.clone(),
            },
        };
        for (key, sides) in &mut diff.keys {
            if sides.old != sides.new {
                sides.why = Some(format!("{} {}", recorded.id, why(key, sides, &reasons)));
            }
        }
    }
    Again {
        observation,
        verdict,
        diff,
    }
}

/// Why the key changes, in the words of the new plan.
fn why(key: &Key, sides: &Sides, reasons: &Reasons) -> String {
    if let Some((_, problem)) = &reasons.problem {
        return problem.clone();
    }
    let reason = reasons
        .definitions
        .iter()
        .find(|reason| reason.definition == key.definition);
    let Some(reason) = reason else {
        return String::from("the plan has no such definition");
    };
    match (&sides.new, &reason.conversion) {
        (None, Some(now)) => format!("{}, as {}", reason.text(), now.key.text()),
        _ => reason.text(),
    }
}

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
    fn of(recorded: &Recorded<'_>, entry: &Entry) -> Self {
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
    keys: BTreeMap<Key, Sides>,
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
    fn sides(&mut self, recorded: &Recorded<'_>, entry: &Entry) -> &mut Sides {
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

    /// The difference by definition, in the order of their ids.
    pub fn summary(&self) -> Vec<DefinitionDiff> {
        let mut all: BTreeMap<&str, DefinitionDiff> = BTreeMap::new();
        for (key, sides) in &self.keys {
            let one = all.entry(&key.definition).or_default();
            one.old.take(sides.old.as_ref());
            one.new.take(sides.new.as_ref());
            let Some(change) = sides.change() else {
                continue;
            };
            let count = match change {
                Change::Gained => &mut one.gained,
                Change::Lost => &mut one.lost,
                Change::Changed => &mut one.changed,
            };
            *count = count.saturating_add(1);
            one.examples.push(Example::new(key, sides, change));
        }
        all.into_iter()
            .map(|(definition, mut one)| {
                definition.clone_into(&mut one.definition);
                one.examples.sort_by(|a, b| {
                    (a.observation, &a.scope, &a.who, &a.dedup).cmp(&(
                        b.observation,
                        &b.scope,
                        &b.who,
                        &b.dedup,
                    ))
                });
                one.examples.truncate(EXAMPLES);
                one
            })
            .collect()
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

/// What becomes of a conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::exhaustive_enums, reason = "a report must name each")]
pub enum Change {
    /// It happens only under the new plan.
    Gained,
    /// It happened only under the old plan.
    Lost,
    /// It happens under both and is worth something else.
    Changed,
}

/// What a plan changes about one definition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DefinitionDiff {
    /// Its id.
    pub definition: String,
    /// Under the plans that decided.
    pub old: Total,
    /// Under the new plan.
    pub new: Total,
    /// Conversions that only the new plan has.
    pub gained: i64,
    /// Conversions that only the old plans have.
    pub lost: i64,
    /// Conversions that both have, worth something else.
    pub changed: i64,
    /// The first of them, at most [`EXAMPLES`], by observation.
    pub examples: Vec<Example>,
}

/// Conversions and what they are worth together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// How many.
    pub conversions: i64,
    /// Engagement value.
    pub points: i64,
    /// Financial value in minor units, by the currency's code.
    pub money: BTreeMap<String, i64>,
}

impl Total {
    fn take(&mut self, copied: Option<&Copied>) {
        let Some(copied) = copied else { return };
        let (points, money) = copied.worth();
        self.conversions = self.conversions.saturating_add(1);
        self.points = self.points.saturating_add(points);
        if let Some(money) = money {
            let sum = self
                .money
                .entry(money.currency.code().to_owned())
                .or_default();
            *sum = sum.saturating_add(money.minor);
        }
    }
}

/// A conversion that a plan changes, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// What becomes of it.
    pub change: Change,
    /// The first of its observations.
    pub observation: Option<Id>,
    /// The counting key's scope.
    pub scope: String,
    /// The counting key's person.
    pub who: String,
    /// The counting key's property.
    pub dedup: String,
    /// What it was worth: points and money.
    pub old: Option<(i64, Option<Money>)>,
    /// What it will be worth.
    pub new: Option<(i64, Option<Money>)>,
    /// Why, under the new plan.
    pub reason: String,
}

impl Example {
    /// The example of a key that changes.
    pub fn new(key: &Key, sides: &Sides, change: Change) -> Self {
        let why = sides.why.as_deref().unwrap_or_default();
        let (id, reason) = why.split_once(' ').unwrap_or_default();
        Self {
            change,
            observation: Id::parse(id),
            scope: key.scope.clone(),
            who: key.who.clone(),
            dedup: key.dedup.clone(),
            old: sides.old.as_ref().map(Copied::worth),
            new: sides.new.as_ref().map(Copied::worth),
            reason: reason.to_owned(),
        }
    }
}
