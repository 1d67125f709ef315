//! A plan as its author writes it: the types behind the JSON.
//!
//! Their doc comments are what an editor shows and what the documentation says, so they speak to
//! the author of a plan.

use super::{
    figures::{Attribution, Carts, Channel, Funnel, Rate, Retention, is_default},
    segments::Segment,
    triggers::When,
};
use crate::{counting::Counting, money::Currency};
use alloc::{borrow::ToOwned as _, string::String, vec::Vec};
use serde::{Serialize, Serializer};

/// A site's outcomes and goals, with the settings they need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(feature = "schema", ts(optional_fields))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Plan {
    /// The site's id, as `data-site` of the snippet names it: small letters, digits and hyphens.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[a-z0-9-]{1,64}$")))]
    pub site: String,
    /// The IANA time zone whose days count.
    #[serde(default = "utc")]
    #[cfg_attr(feature = "schema", ts(as = "Option<_>"))]
    pub timezone: String,
    /// The ISO 4217 currency of amounts that name none, such as `JPY`.
    #[serde(serialize_with = "code")]
    #[cfg_attr(feature = "schema", schemars(with = "String"), ts(type = "string"))]
    pub currency: Currency,
    /// The site's own host names, without scheme and port. Beacons from pages of other hosts are
    /// dropped, and a link to another host is outbound. Over links between these, a visit goes on.
    pub hosts: Vec<String>,
    /// Takes what pages without an origin send, such as a shop platform's sandboxed pixel. Nobody knows
    /// then which page it was, so each of these observations is marked as `sandboxed`.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    #[cfg_attr(feature = "schema", ts(as = "Option<_>"))]
    pub sandboxed: bool,
    /// When a session ends.
    #[serde(default)]
    #[cfg_attr(feature = "schema", ts(as = "Option<_>"))]
    pub session: Session,
    /// The groups of outcomes, beside the predefined ones. The id of a predefined group renames it.
    #[serde(default)]
    #[cfg_attr(feature = "schema", ts(as = "Option<_>"))]
    pub groups: Vec<Group>,
    /// Definitions with financial value, beside the predefined ones. The id of a predefined
    /// outcome changes the fields that are written here, and leaves the others.
    #[serde(default)]
    #[cfg_attr(feature = "schema", ts(as = "Option<_>"))]
    pub outcomes: Vec<Outcome>,
    /// Definitions with engagement value.
    #[serde(default)]
    #[cfg_attr(feature = "schema", ts(as = "Option<_>"))]
    pub goals: Vec<Goal>,
    /// The first day of which the site's servers may report something, such as `2020-01-01`: what
    /// is said to have happened before is refused. Without one, nothing is too old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schemars(regex(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))
    )]
    pub since: Option<String>,
    /// Channels of the site's own, looked at in this order before the default ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", ts(as = "Option<_>"))]
    pub channels: Vec<Channel>,
    /// Further hosts that people come back from and that brought nobody, such as a payment
    /// provider's. The usual ones are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", ts(as = "Option<_>"))]
    pub not_referrers: Vec<String>,
    /// Ways of several steps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", ts(as = "Option<_>"))]
    pub funnels: Vec<Funnel>,
    /// When a cart is abandoned.
    #[serde(default, skip_serializing_if = "is_default")]
    #[cfg_attr(feature = "schema", ts(as = "Option<_>"))]
    pub carts: Carts,
    /// Which arrivals may have led to a conversion.
    #[serde(default, skip_serializing_if = "is_default")]
    #[cfg_attr(feature = "schema", ts(as = "Option<_>"))]
    pub attribution: Attribution,
    /// What other currencies are worth in the plan's own, for totals over all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", ts(as = "Option<_>"))]
    pub rates: Vec<Rate>,
    /// Who belongs together, by what they have done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", ts(as = "Option<_>"))]
    pub segments: Vec<Segment>,
    /// How long single observations and the quarantine are kept.
    #[serde(default, skip_serializing_if = "is_default")]
    #[cfg_attr(feature = "schema", ts(as = "Option<_>"))]
    pub retention: Retention,
}

/// When a visitor's session ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(feature = "schema", ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// Time without activity that ends it: a whole number of seconds, minutes or hours, such as
    /// `90s`, `30m` or `1h`, and a day at most.
    #[serde(default = "half_an_hour")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9]+[smhd]$")))]
    #[cfg_attr(feature = "schema", ts(as = "Option<_>"))]
    pub timeout: String,
    /// Whether a new day of the plan's time zone begins a new session.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    #[cfg_attr(feature = "schema", ts(as = "Option<_>"))]
    pub split_at_midnight: bool,
    /// Whether a page view with the names of another campaign begins a new session.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    #[cfg_attr(feature = "schema", ts(as = "Option<_>"))]
    pub split_by_campaign: bool,
}

/// A group of outcomes, for reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(feature = "schema", ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its id: small letters, digits and hyphens.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[a-z0-9-]{1,64}$")))]
    pub id: String,
    /// What people call it; without one, its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A definition with financial value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(feature = "schema", ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// Its id, unique among goals and outcomes: small letters, digits and hyphens.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[a-z0-9-]{1,64}$")))]
    pub id: String,
    /// What people call it; without one, its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The group it belongs to. Only a predefined outcome already has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// What makes it happen. Without it, only `goalpost("trigger", id)` or a server does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
    /// How often it counts.
    #[serde(default)]
    #[cfg_attr(feature = "schema", ts(as = "Option<_>"))]
    pub count: Counting,
    /// A property that joins the counting key: each of its values counts for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dedup: Option<String>,
    /// What it is worth. Without it, it has no amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<ValueSource>,
    /// Switches a predefined outcome off.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    #[cfg_attr(feature = "schema", ts(as = "Option<_>"))]
    pub off: bool,
}

/// A definition with engagement value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(feature = "schema", ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub struct Goal {
    /// Its id, unique among goals and outcomes: small letters, digits and hyphens.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[a-z0-9-]{1,64}$")))]
    pub id: String,
    /// What people call it; without one, its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What makes it happen. Without it, only `goalpost("trigger", id)` or a server does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
    /// How often it counts.
    #[serde(default)]
    #[cfg_attr(feature = "schema", ts(as = "Option<_>"))]
    pub count: Counting,
    /// A property that joins the counting key: each of its values counts for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dedup: Option<String>,
    /// Its engagement value.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(range(max = crate::limits::POINTS)))]
    #[cfg_attr(feature = "schema", ts(as = "Option<_>"))]
    pub points: u32,
}

/// What an outcome is worth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(untagged)]
pub enum ValueSource {
    /// The same amount each time.
    Fixed(FixedValue),
    /// The amount that a property names.
    Property(PropertyValue),
}

/// The same amount each time. Pages do not learn it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(feature = "schema", ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub struct FixedValue {
    /// The amount as decimal text, such as `"120000"` or `"19.90"`.
    pub fixed: String,
    /// Its ISO 4217 currency; without one, the plan's.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "optional_code"
    )]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<String>"),
        ts(as = "Option<String>")
    )]
    pub currency: Option<Currency>,
}

/// The amount that a property of the observation names, as a claim of the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(feature = "schema", ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub struct PropertyValue {
    /// The property, such as `revenue`.
    pub property: String,
    /// The ISO 4217 currency where the property `currency` is missing; without one, the plan's.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "optional_code"
    )]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<String>"),
        ts(as = "Option<String>")
    )]
    pub currency: Option<Currency>,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            timeout: half_an_hour(),
            split_at_midnight: false,
            split_by_campaign: false,
        }
    }
}

pub(super) fn utc() -> String {
    "UTC".to_owned()
}

pub(super) fn half_an_hour() -> String {
    "30m".to_owned()
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "the shape that serde calls"
)]
pub(super) fn code<S: Serializer>(currency: &Currency, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(currency.code())
}

#[allow(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "the shape that serde calls"
)]
fn optional_code<S: Serializer>(currency: &Option<Currency>, out: S) -> Result<S::Ok, S::Error> {
    currency.as_ref().map(Currency::code).serialize(out)
}
