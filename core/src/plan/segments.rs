//! What a plan says of people: only the edge reads it, so it costs a page nothing.

use super::{source::Plan, span};
use crate::{
    contact::Stage,
    segment::{self, Condition, Past},
};
use alloc::{boxed::Box, string::String, vec, vec::Vec};
use serde::Serialize;

/// People of whom the same is true now. Content may be shown to them alone, and they can be listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(feature = "schema", ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// Its id, unique among segments, goals and outcomes: small letters, digits and hyphens.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[a-z0-9-]{1,64}$")))]
    pub id: String,
    /// What people call it; without one, its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Who belongs to it.
    pub when: PersonCondition,
}

/// What must be true of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(untagged)]
pub enum PersonCondition {
    /// They have done something, so often and so lately.
    Done(PastCondition),
    /// They have done something of a group of outcomes, so often and so lately.
    Group(PastOfGroup),
    /// They stand at a stage.
    Stage(StageCondition),
    /// A condition does not hold.
    Not(NoCondition),
    /// Several hold.
    All(AllOfPerson),
    /// At least one of several holds.
    Any(AnyOfPerson),
}

/// How often: without any of the three numbers, at least once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(feature = "schema", ts(optional_fields))]
pub struct HowOften {
    /// So many times or more, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = crate::limits::SEGMENT_TIMES)))]
    pub at_least: Option<u32>,
    /// So many times or fewer; 0 stands for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(max = crate::limits::SEGMENT_TIMES)))]
    pub at_most: Option<u32>,
    /// Just so many times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(max = crate::limits::SEGMENT_TIMES)))]
    pub exactly: Option<u32>,
    /// Only what is at most that long ago counts: a whole number of minutes, hours or days, such as
    /// `30d`. Without it, everything counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9]+[smhd]$")))]
    pub within: Option<String>,
}

/// Conversions of a goal or an outcome, of which there must be so many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct PastCondition {
    /// The goal or the outcome.
    pub done: String,
    /// How often.
    #[serde(flatten)]
    pub how_often: HowOften,
}

/// Conversions of a group's outcomes, of which there must be so many, all taken together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct PastOfGroup {
    /// The group.
    pub group: String,
    /// How often.
    #[serde(flatten)]
    pub how_often: HowOften,
}

/// The stage of a contact on the way to becoming a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct StageCondition {
    /// `visitor`, `marketing_lead`, `sales_lead`, `opportunity`, `customer`, `lost` or `cancelled`.
    #[cfg_attr(
        feature = "schema",
        schemars(extend("enum" = crate::contact::Stage::ALL.map(crate::contact::Stage::name))),
        ts(type = "\"visitor\" | \"marketing_lead\" | \"sales_lead\" | \"opportunity\" | \"customer\" | \"lost\" | \"cancelled\"")
    )]
    pub stage: String,
}

/// A condition that must not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct NoCondition {
    /// The condition.
    pub not: Box<PersonCondition>,
}

/// Conditions that must all hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct AllOfPerson {
    /// The conditions.
    pub all: Vec<PersonCondition>,
}

/// Conditions of which at least one must hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct AnyOfPerson {
    /// The conditions.
    pub any: Vec<PersonCondition>,
}

impl Segment {
    /// The segment as it is evaluated.
    pub(super) fn compile(&self, plan: &Plan) -> segment::Segment {
        segment::Segment {
            id: self.id.clone(),
            name: self.name.as_ref().unwrap_or(&self.id).clone(),
            when: self.when.compile(plan),
        }
    }
}

impl PersonCondition {
    fn compile(&self, plan: &Plan) -> Condition {
        let all = |list: &[Self]| list.iter().map(|own| own.compile(plan)).collect();
        match self {
            Self::Done(past) => Condition::Done(past.how_often.of(vec![past.done.clone()])),
            Self::Group(past) => {
                let of_group = plan
                    .live_outcomes()
                    .filter(|outcome| outcome.group.as_ref() == Some(&past.group));
                let definitions = of_group.map(|outcome| outcome.id.clone()).collect();
                Condition::Done(past.how_often.of(definitions))
            }
            Self::Stage(wanted) => {
                let stage = Stage::ALL
                    .into_iter()
                    .find(|stage| stage.name() == wanted.stage);
                // Checked already: another word is no condition at all.
                stage.map_or(Condition::Any(Vec::new()), Condition::Stage)
            }
            Self::Not(condition) => Condition::Not(Box::new(condition.not.compile(plan))),
            Self::All(list) => Condition::All(all(&list.all)),
            Self::Any(list) => Condition::Any(all(&list.any)),
        }
    }
}

impl HowOften {
    fn of(&self, definitions: Vec<String>) -> Past {
        let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        // Without a number, once is enough.
        let least = match (self.at_least, self.at_most) {
            (Some(least), _) => least,
            (None, None) => 1,
            (None, Some(_)) => 0,
        };
        Past {
            definitions,
            at_least: size(self.exactly.unwrap_or(least)),
            at_most: self.exactly.or(self.at_most).map(size),
            within_ms: self
                .within
                .as_deref()
                .and_then(|text| span::milliseconds(text, 0, i64::MAX).ok()),
        }
    }
}
