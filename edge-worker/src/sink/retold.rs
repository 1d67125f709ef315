//! A stored observation's share of its session under another plan.

use super::{Compiled, observed, row::hex};
use goalpost_core::{Id, Observation, beacon::read_item, server_event::read_stored, trail};

/// A stored observation, as far as its session goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told<'a> {
    /// The item as it came.
    pub(crate) body: &'a str,
    /// Whether one of the site's own servers reported it.
    pub(crate) server: bool,
    /// When it happened.
    pub(crate) time: i64,
    /// Its day under the new plan.
    pub(crate) day: &'a str,
    /// Its session; `None` where it is part of none.
    pub(crate) session: Option<Id>,
    /// Its visitor.
    pub(crate) visitor: Option<Id>,
    /// The request's country.
    pub(crate) country: &'a str,
    /// The request's device.
    pub(crate) device: &'a str,
}

/// The row that replaces its share, where `was` and `now` are the definitions that it matched:
/// visitor, session, trail before and after, more matches, time, day, entry.
pub(crate) fn retold(
    plan: &Compiled,
    told: &Told<'_>,
    was: &[&str],
    now: &[&str],
) -> Option<String> {
    let session = told.session?;
    let observation = of_session(told)?;
    let more = i64::try_from(now.len())
        .ok()?
        .saturating_sub(i64::try_from(was.len()).ok()?);
    let row = (
        told.visitor.map(hex).unwrap_or_default(),
        hex(session),
        trail::write(&observation, told.time, was),
        trail::write(&observation, told.time, now),
        more,
        told.time,
        told.day,
        observed::entry(plan, &observation, told.country, told.device),
    );
    // A tuple of texts and numbers does not fail to be JSON.
    serde_json::to_string(&row).ok()
}

/// The observation, if it is part of its session.
fn of_session(told: &Told<'_>) -> Option<Observation> {
    if told.server {
        let stored = read_stored(told.body).ok()?;
        stored.interactive.then_some(stored.item.observation)
    } else {
        Some(read_item(told.body).ok()?.observation)
    }
}
