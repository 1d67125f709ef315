//! What makes a definition happen, as its author writes it; the doc comments speak to the author.

use crate::{commerce::CommerceStep, condition::Test, link::LinkKind, observation::MediaStep};
use alloc::{collections::BTreeMap, string::String, vec::Vec};
use serde::Serialize;

/// What makes a definition happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(untagged)]
pub enum When {
    /// Only a server reports it.
    Server(ServerWord),
    /// Any one of several triggers.
    Any(AnyTrigger),
    /// One trigger.
    One(TriggerSource),
}

/// Only a server reports it; a page that claims it is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ServerWord {
    /// The word.
    Server,
}

/// Any one of these makes it happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct AnyTrigger {
    /// The triggers.
    pub any: Vec<TriggerSource>,
}

/// What must be seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(untagged)]
pub enum TriggerSource {
    /// A page view.
    Page(PageTrigger),
    /// A click.
    Click(ClickTrigger),
    /// A form's submit.
    Submit(SubmitTrigger),
    /// A video or audio element.
    Media(MediaTrigger),
    /// A way down a page.
    Scroll(ScrollTrigger),
    /// A time with a page.
    Dwell(DwellTrigger),
    /// A custom event.
    Event(EventTrigger),
    /// A step of a purchase.
    Commerce(CommerceTrigger),
}

macro_rules! trigger {
    ($(#[$about:meta])* $name:ident { $($fields:tt)* }) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
        #[cfg_attr(feature = "schema", ts(optional_fields))]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($fields)*
            /// Conditions that must all hold.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            #[cfg_attr(feature = "schema", ts(as = "Option<_>"))]
            pub and: Vec<ConditionSource>,
            /// Conditions of which at least one must hold.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            #[cfg_attr(feature = "schema", ts(as = "Option<_>"))]
            pub any: Vec<ConditionSource>,
        }
    };
}

trigger! {
    /// A page came into view: loaded, navigated to, or restored by the back button.
    PageTrigger {
        /// The path, as a pattern: `:name` is one segment and `*` anything, such as
        /// `/guides/:topic`. A named segment is a property.
        pub page: String,
        /// Values that the address's query must have.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        #[cfg_attr(feature = "schema", ts(as = "Option<BTreeMap<String, String>>"))]
        pub query: BTreeMap<String, String>,
    }
}

trigger! {
    /// An element was activated by mouse, touch, pen or keyboard.
    ClickTrigger {
        /// Which element.
        pub click: ClickTarget,
    }
}

trigger! {
    /// A form was submitted. Its values are never read.
    SubmitTrigger {
        /// The form's selector, such as `form#newsletter`.
        pub submit: String,
    }
}

trigger! {
    /// A video or audio element played, progressed or ended. The property `video` names it.
    MediaTrigger {
        /// What it did.
        pub media: MediaStep,
    }
}

trigger! {
    /// A page was scrolled down so far, once for each page view.
    ScrollTrigger {
        /// The share of the way from top to bottom, in per cent.
        #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 100)))]
        pub scroll: u8,
    }
}

trigger! {
    /// A page was visible and used for so long, once for each page view.
    DwellTrigger {
        /// The time: a whole number of seconds or minutes, such as `30s` or `2m`, and an hour at
        /// most.
        #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9]+[smh]$")))]
        pub dwell: String,
    }
}

trigger! {
    /// The page called `goalpost("track", name, properties)`.
    EventTrigger {
        /// The event's name.
        pub event: String,
    }
}

trigger! {
    /// A step of a purchase, under the name that GA4 gives it. The properties are `order`,
    /// `revenue`, `currency` and `product`.
    CommerceTrigger {
        /// Which step.
        pub commerce: CommerceStep,
    }
}

/// Which element a click is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(untagged)]
pub enum ClickTarget {
    /// A selector: a type, `#id`, `.class`, `[attribute]` with `=`, `^=`, `$=`, `*=` or `~=`, a
    /// space for descendants and `,` for alternatives. An attribute is known up to its first `?`,
    /// since a link's query may carry somebody's data.
    Selector(String),
    /// A kind of link.
    Link(LinkTarget),
}

/// A kind of link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct LinkTarget {
    /// Which kind.
    pub link: LinkKind,
}

/// What must be true of an observation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(untagged)]
pub enum ConditionSource {
    /// A property passes a test.
    Property(PropertyCondition),
    /// Several hold.
    All(AllConditions),
    /// At least one of several holds.
    Any(AnyCondition),
}

/// A property passes one test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct PropertyCondition {
    /// The property: what the page passed, a named segment of the path, `path`, `host`, `title`,
    /// `referrer`, a key of the query, an attribute of the element, or `video`.
    pub property: String,
    /// Its test.
    #[serde(flatten)]
    pub test: Test,
}

/// Conditions that must all hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct AllConditions {
    /// The conditions.
    pub and: Vec<ConditionSource>,
}

/// Conditions of which at least one must hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct AnyCondition {
    /// The conditions.
    pub any: Vec<ConditionSource>,
}

impl TriggerSource {
    /// The conditions that must all hold, and those of which one must.
    pub fn conditions(&self) -> (&[ConditionSource], &[ConditionSource]) {
        match self {
            Self::Page(trigger) => (&trigger.and, &trigger.any),
            Self::Click(trigger) => (&trigger.and, &trigger.any),
            Self::Submit(trigger) => (&trigger.and, &trigger.any),
            Self::Media(trigger) => (&trigger.and, &trigger.any),
            Self::Scroll(trigger) => (&trigger.and, &trigger.any),
            Self::Dwell(trigger) => (&trigger.and, &trigger.any),
            Self::Event(trigger) => (&trigger.and, &trigger.any),
            Self::Commerce(trigger) => (&trigger.and, &trigger.any),
        }
    }
}

impl When {
    /// The triggers; none where only a server reports.
    pub fn triggers(&self) -> &[TriggerSource] {
        match self {
            Self::Server(_) => &[],
            Self::Any(list) => &list.any,
            Self::One(trigger) => core::slice::from_ref(trigger),
        }
    }
}
