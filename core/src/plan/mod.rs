//! Plans: what a site's owner writes, checked once and compiled for the page and the edge.
//!
//! JSON text → [`Plan::parse`], which names every problem with its place and its fix →
//! [`Plan::compile`] → [`crate::Rules`]. A plan that parses always compiles, and is known by
//! [`Plan::hash`], the digest of its content.

mod calendar;
mod checks;
mod compile;
mod contradiction;
mod figures;
mod parse;
pub mod predefined;
mod segments;
mod source;
mod span;
pub(crate) mod suggest;
mod triggers;
mod zone_table;

pub use figures::{Attribution, Carts, Channel, Funnel, FunnelStep, Rate, Retention};
pub use segments::{
    AllOfPerson, AnyOfPerson, HowOften, NoCondition, PastCondition, PastOfGroup, PersonCondition,
    Segment, StageCondition,
};
pub use source::{FixedValue, Goal, Group, Outcome, Plan, PropertyValue, Session, ValueSource};
pub use triggers::{
    AllConditions, AnyCondition, AnyTrigger, ClickTarget, ClickTrigger, CommerceTrigger,
    ConditionSource, EventTrigger, LinkTarget, MediaTrigger, PageTrigger, PropertyCondition,
    ServerWord, SubmitTrigger, TriggerSource, When,
};

use alloc::{string::String, vec::Vec};
use core::fmt;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// What is wrong with a plan, where, and how to put it right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct PlanProblem {
    /// The place in the plan, such as `outcomes[2].count`.
    pub path: String,
    /// What is wrong there, and the fix.
    pub text: String,
}

impl fmt::Display for PlanProblem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.path, self.text)
    }
}

impl Plan {
    /// Reads and checks a plan's JSON. The predefined groups and outcomes join it.
    ///
    /// ```
    /// use goalpost_core::plan::Plan;
    /// let problems = Plan::parse(
    ///     r#"{ "site": "shop", "currency": "JPY", "hosts": ["shop.example"],
    ///          "goals": [{ "id": "call", "when": { "click": "a.call" }, "count": "once" }] }"#,
    /// )
    /// .unwrap_err();
    /// assert!(problems[0].to_string().starts_with("goals[0].count: 'once' is not a counting policy"));
    /// ```
    ///
    /// # Errors
    /// Every problem of the plan, not only the first.
    pub fn parse(json: &str) -> Result<Self, Vec<PlanProblem>> {
        parse::plan(json)
    }

    /// The plan as JSON with its fields in a fixed order: how it is stored and what its hash is of.
    ///
    /// It parses to the same plan again. What is predefined and as it comes may be missing: else
    /// each further predefined outcome would change every plan.
    pub fn json(&self) -> String {
        let mut written = self.clone();
        written
            .groups
            .truncate(predefined::groups_written(&self.groups));
        written
            .outcomes
            .truncate(predefined::outcomes_written(&self.outcomes));
        // Only maps with keys that are no texts fail, and a plan has none.
        serde_json::to_string(&written).unwrap_or_default()
    }

    /// What the plan is known by: 32 hexadecimal digits of the SHA-256 of its content. Spaces,
    /// the order of fields and defaults written out do not change it.
    pub fn hash(&self) -> String {
        Sha256::digest(self.json().as_bytes())
            .iter()
            .take(16)
            .flat_map(|byte| [byte >> 4, byte & 15])
            .filter_map(|digit| char::from_digit(u32::from(digit), 16))
            .collect()
    }

    /// The outcomes in effect: the plan's own and the predefined ones that it has not switched off.
    pub fn live_outcomes(&self) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(|outcome| !outcome.off)
    }

    /// What people call a goal or an outcome: its name, else its id.
    pub fn definition_name<'a>(&'a self, id: &'a str) -> &'a str {
        let outcomes = self
            .outcomes
            .iter()
            .map(|outcome| (&outcome.id, &outcome.name));
        let goals = self.goals.iter().map(|goal| (&goal.id, &goal.name));
        outcomes
            .chain(goals)
            .find(|(own, _)| *own == id)
            .and_then(|(_, name)| name.as_deref())
            .unwrap_or(id)
    }
}
