//! A stored observation's share of its session under another plan.

use super::{Compiled, observed, row::hex};
use goalpost_core::{Id, Observation, trail};

/// A stored observation, as far as its session goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told<'a> {
    pub(crate) observation: &'a Observation,
    /// When it happened.
    pub(crate) time: i64,
    /// Its day under the new plan.
    pub(crate) day: &'a str,
    pub(crate) session: Id,
    pub(crate) visitor: Option<Id>,
    /// The request's country.
    pub(crate) country: &'a str,
    /// The request's device.
    pub(crate) device: &'a str,
}

/// The row that replaces its share, where `was` and `now` are the definitions that it matched:
/// visitor, session, trail before and after, more matches, time, day, entry.
pub(crate) fn retold(plan: &Compiled, told: &Told<'_>, was: &[&str], now: &[&str]) -> String {
    let count = |list: &[&str]| i64::try_from(list.len()).unwrap_or(i64::MAX);
    let row = (
        told.visitor.map(hex).unwrap_or_default(),
        hex(told.session),
        trail::write(told.observation, told.time, was),
        trail::write(told.observation, told.time, now),
        count(now).saturating_sub(count(was)),
        told.time,
        told.day,
        observed::entry(plan, told.observation, told.country, told.device),
    );
    // A tuple of texts and numbers does not fail to be JSON.
    serde_json::to_string(&row).unwrap_or_default()
}
