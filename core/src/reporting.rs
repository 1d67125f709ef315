//! What only the edge needs of a plan: how its figures are made.

use crate::{
    channel::Channels, funnel::Funnel, money::Currency, segment::Segment, sessionize::SessionRules,
    zone::Date,
};
use alloc::{string::String, vec::Vec};

/// The part of a plan that decides about figures, compiled beside its [`crate::Rules`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reporting {
    /// How channels are told apart.
    pub channels: Channels,
    /// When a session ends.
    pub sessions: SessionRules,
    /// The plan's funnels, in its order.
    pub funnels: Vec<Funnel>,
    /// The plan's segments, in its order.
    pub segments: Vec<Segment>,
    /// Milliseconds without a purchase after which a cart is abandoned.
    pub cart_abandoned_after_ms: i64,
    /// Days before a conversion in which a touch can have led to it.
    pub lookback_days: u32,
    /// What other currencies are worth in the plan's own.
    pub rates: Vec<Rate>,
    /// The first day of the site of which a server may report something; `None`: any.
    pub since: Option<Date>,
    /// How long single rows are kept.
    pub retention: Retention,
}

/// How long single rows are kept from their arrival on; `None`: for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Milliseconds of an observation.
    pub observations_ms: Option<i64>,
    /// Milliseconds of what waits in quarantine.
    pub quarantine_ms: Option<i64>,
}

/// What one unit of another currency is worth in the plan's own, from a day on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The other currency.
    pub currency: Currency,
    /// The plan's own currency per unit of the other, as decimal text.
    pub rate: String,
    /// The first day of the site on which it holds, as `2026-11-21`.
    pub from: String,
}
