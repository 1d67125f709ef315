//! Funnels: how far people came on a way of several steps.
//!
//! [`events_of_session`] and [`in_order`] make one list of what a unit saw; [`progress`] says how far
//! it came; [`Counts`] adds the units up. Nothing here depends on the order in which anything arrived.

mod any_order;
mod counts;
mod events;
mod progress;

pub use counts::Counts;
pub use events::{Event, What, events_of_session, in_order};
pub use progress::{Progress, Reached, progress};

use crate::page_pattern::PagePattern;
use alloc::{string::String, vec::Vec};
use serde::Serialize;

/// A funnel as it is evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Funnel {
    /// Its id in the plan.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Its steps, two at least.
    pub steps: Vec<Step>,
    /// Whoever does one of these on the way is not counted: after a first step and within its
    /// window, before ever coming through. What is excluded is never a step.
    pub exclude: Vec<Step>,
    /// What may lie between the steps.
    pub order: Order,
    /// Milliseconds from the first step to the last; exactly that long is still in time.
    pub window_ms: i64,
    /// Whose way it is.
    pub unit: Unit,
}

/// What may lie between the steps of a funnel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(
    feature = "schema",
    schemars(rename = "FunnelOrder"),
    ts(rename = "FunnelOrder")
)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// In order, with anything between.
    #[default]
    Loose,
    /// In order, with nothing between.
    Strict,
    /// In any order.
    Any,
}

impl Order {
    /// Every order.
    pub const ALL: [Self; 3] = [Self::Loose, Self::Strict, Self::Any];

    /// Its name in a plan.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Loose => "loose",
            Self::Strict => "strict",
            Self::Any => "any",
        }
    }
}

/// Whose way a funnel follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(
    feature = "schema",
    schemars(rename = "FunnelUnit"),
    ts(rename = "FunnelUnit")
)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Each session for itself.
    #[default]
    Session,
    /// A person over all sessions and devices.
    Contact,
}

impl Unit {
    /// Every unit.
    pub const ALL: [Self; 2] = [Self::Session, Self::Contact];

    /// Its name in a plan.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Contact => "contact",
        }
    }
}

/// One step of a funnel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A page whose path matches.
    Page(PagePattern),
    /// A custom event of that name.
    Event(String),
    /// A step of a purchase, by its name on the wire.
    Commerce(String),
    /// A goal or outcome of that id, whether or not it counted.
    Definition(String),
    /// A session that began through that channel.
    Arrival(String),
}
