//! What paths come to: credits by model, and how long it took.

use super::paths::{Origin, Outcome};
use crate::reports::spread::Counts;
use goalpost_core::{attribution::Model, kpi};
use std::collections::BTreeMap;

/// Parts of a whole outcome: what a touch gets of one is counted in millionths.
pub(super) const WHOLE: i64 = 1_000_000;

/// What credits are told apart by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) definition: String,
    pub(super) model: Model,
    /// Empty for outcomes without a touch.
    pub(super) from: Origin,
    pub(super) currency: String,
    pub(super) money: String,
}

/// What was given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Credit {
    /// Minor units.
    pub(super) minor: i64,
    /// Millionths of outcomes.
    pub(super) parts: i64,
}

impl Credit {
    fn add(&mut self, minor: i64, parts: i64) {
        self.minor = self.minor.saturating_add(minor);
        self.parts = self.parts.saturating_add(parts);
    }
}

/// How long outcomes of one definition took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Velocity {
    /// With a touch.
    pub(super) outcomes: u64,
    /// Without.
    pub(super) untouched: u64,
    pub(super) took_ms: i64,
    pub(super) seconds: Counts,
    pub(super) days: Counts,
    pub(super) visits: Counts,
}

/// What the outcomes of some days come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) credits: BTreeMap<Key, Credit>,
    pub(super) velocities: BTreeMap<String, Velocity>,
}

impl Tally {
    /// Adds an outcome: its value less refunds, and itself unless it was voided.
    pub(super) fn add(&mut self, outcome: &Outcome) {
        let path = outcome.path();
        let parts = if outcome.voided { 0 } else { WHOLE };
        for model in Model::ALL {
            if path.touches().is_empty() {
                self.give(outcome, model, Origin::default(), outcome.minor, parts);
                continue;
            }
            let amounts = path.credits(model, outcome.minor);
            let shares = path.credits(model, parts);
            for ((touch, minor), parts) in path.touches().iter().zip(amounts).zip(shares) {
                if minor != 0 || parts != 0 {
                    self.give(outcome, model, outcome.from(touch), minor, parts);
                }
            }
        }
        if outcome.voided {
            return;
        }
        let velocity = self
            .velocities
            .entry(outcome.definition.clone())
            .or_default();
        let Some(took_ms) = outcome.took_ms(&path) else {
            velocity.untouched = velocity.untouched.saturating_add(1);
            return;
        };
        velocity.outcomes = velocity.outcomes.saturating_add(1);
        velocity.took_ms = velocity.took_ms.saturating_add(took_ms);
        velocity.seconds.add_seconds(took_ms, 1);
        velocity.days.add(kpi::days(took_ms), 1);
        velocity
            .visits
            .add(u64::try_from(path.touches().len()).unwrap_or(u64::MAX), 1);
    }

    /// Adds what was given.
    pub(super) fn credit(&mut self, key: Key, credit: Credit) {
        self.credits
            .entry(key)
            .or_default()
            .add(credit.minor, credit.parts);
    }

    /// Adds how long outcomes of a definition took.
    pub(super) fn velocity(&mut self, definition: String, more: &Velocity) {
        let own = self.velocities.entry(definition).or_default();
        own.outcomes = own.outcomes.saturating_add(more.outcomes);
        own.untouched = own.untouched.saturating_add(more.untouched);
        own.took_ms = own.took_ms.saturating_add(more.took_ms);
        own.seconds.merge(&more.seconds);
        own.days.merge(&more.days);
        own.visits.merge(&more.visits);
    }

    fn give(&mut self, outcome: &Outcome, model: Model, from: Origin, minor: i64, parts: i64) {
        let key = Key {
            definition: outcome.definition.clone(),
            model,
            from,
            currency: outcome.currency.clone(),
            money: outcome.money.clone(),
        };
        self.credit(key, Credit { minor, parts });
    }
}
