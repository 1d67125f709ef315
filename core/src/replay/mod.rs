//! Replay: what recorded observations mean under another plan, and what that changes.
//!
//! The evaluator is the live one, so a replay gives the very verdicts that the plan would have given
//! at the time. A [`Diff`] is a fold over counting keys: parts may be made in any cut, merged in any
//! order and any number of times, and the end is the same. The edge keeps the same fold in SQL.

mod diff;
mod summary;

pub use diff::{Copied, Diff, Key, Sides};
pub use summary::{Change, DefinitionDiff, EXAMPLES, Example, Total};

use crate::{
    Context, Conversion, Id, Money, Observation, Person, Rules, Verdict,
    beacon::read_kept,
    evaluate,
    reasons::{self, Reasons},
};
use alloc::{borrow::ToOwned as _, format, string::String, vec::Vec};
use serde::Deserialize;

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
    let read = read_kept(recorded.item).map(|item| item.observation);
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
