//! What a plan says of its figures: only the edge reads it, so it costs a page nothing.

use super::source::code;
use crate::{
    commerce::CommerceStep,
    funnel::{Order, Unit},
    money::Currency,
};
use alloc::{borrow::ToOwned as _, string::String, vec::Vec};
use serde::Serialize;

/// A channel of the site's own. An arrival falls in it if each list that is written has a value that
/// fits; the first channel that fits wins, before the default ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(feature = "schema", ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// Its name in reports. Several may share one, and it may be a default one's.
    pub channel: String,
    /// Sources: `utm_source`, else the referrer's host. Capitals do not matter. A `*` at the end or
    /// the beginning of a value stands for anything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", ts(as = "Option<_>"))]
    pub source: Vec<String>,
    /// Media: `utm_medium`, else what the referrer or the click id stands for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", ts(as = "Option<_>"))]
    pub medium: Vec<String>,
    /// Campaigns: `utm_campaign`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", ts(as = "Option<_>"))]
    pub campaign: Vec<String>,
}

/// A way of several steps, and how far people come on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(feature = "schema", ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub struct Funnel {
    /// Its id, unique among funnels: small letters, digits and hyphens.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[a-z0-9-]{1,64}$")))]
    pub id: String,
    /// What people call it; without one, its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What may lie between its steps.
    #[serde(default, skip_serializing_if = "is_default")]
    #[cfg_attr(feature = "schema", ts(as = "Option<_>"))]
    pub order: Order,
    /// Whose way it is.
    #[serde(default, skip_serializing_if = "is_default")]
    #[cfg_attr(feature = "schema", ts(as = "Option<_>"))]
    pub unit: Unit,
    /// The longest time from the first step to the last: a whole number of minutes, hours or days,
    /// such as `45m`, `12h` or `30d`.
    #[serde(default = "a_month")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9]+[smhd]$")))]
    #[cfg_attr(feature = "schema", ts(as = "Option<_>"))]
    pub window: String,
    /// Its steps, from 2 to 16.
    #[cfg_attr(feature = "schema", schemars(length(min = 2, max = 16)))]
    pub steps: Vec<FunnelStep>,
    /// Who does one of these on the way is not counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", ts(as = "Option<_>"))]
    pub exclude: Vec<FunnelStep>,
}

/// One step of a funnel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum FunnelStep {
    /// A page whose path matches the pattern, such as `/shoes/:id/`.
    Page(String),
    /// A step of a purchase, by GA4's name.
    Commerce(CommerceStep),
    /// A goal or outcome of this plan, whether or not it counted. What only a server tells is in a
    /// session's way if it is `interactive`, and in a contact's way if it counted.
    Definition(String),
    /// A custom event of that name.
    Event(String),
    /// A session that began through that channel: a default one, or one of this plan.
    Arrival(String),
}

/// When a cart is abandoned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(feature = "schema", ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub struct Carts {
    /// Time without a purchase after which it is: a whole number of minutes, hours or days.
    #[serde(default = "an_hour")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9]+[smhd]$")))]
    #[cfg_attr(feature = "schema", ts(as = "Option<_>"))]
    pub abandoned_after: String,
}

/// Which arrivals may have led to a conversion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(feature = "schema", ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub struct Attribution {
    /// How far back they may lie: a whole number of days, such as `30d`.
    #[serde(default = "a_month")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9]+[smhd]$")))]
    #[cfg_attr(feature = "schema", ts(as = "Option<_>"))]
    pub lookback: String,
}

/// What one unit of another currency is worth in the plan's own, from a day on until the next rate
/// of that currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// The other ISO 4217 currency.
    #[serde(serialize_with = "code")]
    #[cfg_attr(feature = "schema", schemars(with = "String"), ts(type = "string"))]
    pub currency: Currency,
    /// Its worth as decimal text, such as `"149.50"`.
    pub rate: String,
    /// The first day on which it holds, in the plan's time zone.
    #[cfg_attr(
        feature = "schema",
        schemars(regex(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))
    )]
    pub from: String,
}

/// How long is kept what figures do not need: the single observations, and what could not be stored.
/// Conversions, sessions and figures stay. What is not written here is kept for ever.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(feature = "schema", ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Observations, from their arrival on: 60 days at least, such as `400d`. What a page has seen
    /// longer ago than that is not taken any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9]+[smhd]$")))]
    pub observations: Option<String>,
    /// What waits in quarantine, from its arrival on: a day at least, such as `90d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9]+[smhd]$")))]
    pub quarantine: Option<String>,
}

impl Default for Carts {
    fn default() -> Self {
        Self {
            abandoned_after: an_hour(),
        }
    }
}

impl Default for Attribution {
    fn default() -> Self {
        Self {
            lookback: a_month(),
        }
    }
}

/// What is as it would be unwritten is no part of a plan's content, so that plans from before such a
/// field keep their hash.
pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

pub(super) fn an_hour() -> String {
    "1h".to_owned()
}

pub(super) fn a_month() -> String {
    "30d".to_owned()
}
