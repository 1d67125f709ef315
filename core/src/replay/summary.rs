//! What a difference comes to, definition by definition.

use super::diff::{Copied, Diff, Key, Sides};
use crate::{Id, Money};
use alloc::{borrow::ToOwned as _, collections::BTreeMap, string::String, vec::Vec};
use serde::Serialize;

/// Examples of each definition: enough to see why, few enough to read.
pub const EXAMPLES: usize = 20;

impl Diff {
    /// The difference by definition, in the order of their ids.
    pub fn summary(&self) -> Vec<DefinitionDiff> {
        let mut all: BTreeMap<&str, DefinitionDiff> = BTreeMap::new();
        for (key, sides) in self.keys() {
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
