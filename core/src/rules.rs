//! A plan as it is evaluated: compiled, bounded, and the same in the page and at the edge.

use crate::{
    commerce::CommerceStep,
    counting::Counting,
    limits,
    money::Currency,
    observation::{Element, MediaStep},
    page_pattern::PagePattern,
    selector::Selector,
    zone::Zone,
};
use alloc::{string::String, vec::Vec};
use serde::{Deserialize, Serialize};

/// The compiled definitions of one plan.
///
/// Compiling from JSON is the edge's work (`Plan::compile`); a page decodes the bytes of
/// [`BrowserPlan`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Whose plan it is.
    pub site: String,
    /// The content hash of the plan, in hexadecimal: which version decided.
    pub plan: String,
    /// Milliseconds without activity after which a session has ended.
    pub session_timeout_ms: u32,
    /// The site's own hosts; a link elsewhere is outbound.
    pub hosts: Vec<String>,
    /// The currency of amounts that name none.
    pub currency: Currency,
    /// The time zone whose days count.
    pub zone: Zone,
    /// Goals and outcomes, in the plan's order.
    pub definitions: Vec<Definition>,
}

/// One compiled goal or outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// Its id in the plan.
    pub id: String,
    /// What it is worth, and so whether it is a goal or an outcome.
    pub worth: Worth,
    /// How often it counts.
    pub count: Counting,
    /// The property that joins its counting key; empty without one.
    pub dedup: String,
    /// Any one of these makes it happen; none: it is inert until triggered by id.
    pub when: Vec<Rule>,
    /// Only servers may make it happen.
    pub server_only: bool,
}

/// What a definition is worth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(
    clippy::exhaustive_enums,
    reason = "every report must decide about both"
)]
pub enum Worth {
    /// A goal: engagement value in points.
    Points(u32),
    /// An outcome: financial value.
    Value(Amount),
}

/// Where an outcome's amount comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::exhaustive_enums, reason = "evaluation must decide about each")]
pub enum Amount {
    /// It has none.
    None,
    /// The same amount each time, in minor units. A page does not learn it.
    Fixed(i64, Currency),
    /// A property of the observation, as decimal text; its currency is the property `currency`,
    /// else the one named here.
    Property(String, Currency),
}

/// A trigger with its conditions: all of them must hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// What must be seen.
    pub trigger: Trigger,
    /// What must be true of it.
    pub conditions: Vec<Condition>,
}

/// What must be seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::exhaustive_enums, reason = "evaluation must decide about each")]
pub enum Trigger {
    /// A page whose path matches, with these query values.
    Page(PagePattern, Vec<(String, String)>),
    /// A click on an element that one of the selectors matches.
    Click(Vec<Selector>),
    /// A click on a link of that kind.
    Link(LinkKind),
    /// A submit of a form that one of the selectors matches.
    Submit(Vec<Selector>),
    /// A media element's step.
    Media(MediaStep),
    /// A custom event of that name.
    Event(String),
    /// A step of a purchase.
    Commerce(CommerceStep),
}

/// Kinds of links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(rename_all = "snake_case")]
#[allow(clippy::exhaustive_enums, reason = "evaluation must decide about each")]
pub enum LinkKind {
    /// `tel:`, a phone call.
    Tel,
    /// `mailto:`, a mail.
    Mailto,
    /// `sms:`, a text message.
    Sms,
    /// A file: the link has a `download` attribute or a file's ending.
    Download,
    /// A page of another host.
    Outbound,
}

/// A condition on an observation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::exhaustive_enums, reason = "evaluation must decide about each")]
pub enum Condition {
    /// A property passes a test.
    Property(String, Test),
    /// All hold.
    All(Vec<Condition>),
    /// At least one holds.
    Any(Vec<Condition>),
}

/// A test of a property's value. Text is compared exactly, numbers as decimals.
///
/// A property that is missing passes `IsNot`, `NotContains`, `NoneOf` and `Exists(false)`, and fails
/// every other test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::exhaustive_enums, reason = "evaluation must decide about each")]
pub enum Test {
    /// Equal.
    Is(String),
    /// Not equal.
    IsNot(String),
    /// The text stands in it.
    Contains(String),
    /// The text does not stand in it.
    NotContains(String),
    /// It begins with the text.
    StartsWith(String),
    /// It ends with the text.
    EndsWith(String),
    /// Equal to one of them.
    OneOf(Vec<String>),
    /// Equal to none of them.
    NoneOf(Vec<String>),
    /// A number below.
    Less(String),
    /// A number not above.
    AtMost(String),
    /// A number above.
    Greater(String),
    /// A number not below.
    AtLeast(String),
    /// A number from the first to the second, both included.
    Between(String, String),
    /// It is there, or is not.
    Exists(bool),
}

/// What a page learns of a plan: the compiled definitions that a page can make happen, without what
/// they are worth in money.
pub struct BrowserPlan;

/// Why bytes are no compiled plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// The first byte names a version that this code does not read.
    Version,
    /// The bytes end early, go on too long, or are no plan.
    Malformed,
}

impl BrowserPlan {
    /// The version that this code writes and reads, in the first byte.
    pub const VERSION: u8 = 1;

    /// What a page needs of these rules, as bytes.
    pub fn encode(rules: &Rules) -> Vec<u8> {
        let definitions = rules
            .definitions
            .iter()
            .filter(|definition| !definition.server_only);
        let uses_days = definitions
            .clone()
            .any(|definition| definition.count == Counting::OncePerDay);
        let page = Rules {
            definitions: definitions
                .cloned()
                .map(Definition::without_price)
                .collect(),
            zone: if uses_days {
                rules.zone.clone()
            } else {
                Zone::default()
            },
            ..rules.clone()
        };
        postcard::to_extend(&page, alloc::vec![Self::VERSION]).unwrap_or_default()
    }

    /// Reads what [`Self::encode`] wrote. The bytes are not trusted: every length is bounded by them.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(bytes: &[u8]) -> Result<Rules, DecodeError> {
        match bytes.split_first() {
            Some((&Self::VERSION, rest)) if rest.len() <= limits::BROWSER_PLAN_BYTES => {
                match postcard::take_from_bytes(rest) {
                    Ok((rules, [])) => Ok(rules),
                    _ => Err(DecodeError::Malformed),
                }
            }
            Some((&Self::VERSION, _)) | None => Err(DecodeError::Malformed),
            Some(_) => Err(DecodeError::Version),
        }
    }
}

impl Definition {
    fn without_price(self) -> Self {
        let worth = match self.worth {
            Worth::Value(Amount::Fixed(..)) => Worth::Value(Amount::None),
            worth => worth,
        };
        Self { worth, ..self }
    }
}

impl Rules {
    /// The definition of that id.
    pub fn definition(&self, id: &str) -> Option<&Definition> {
        self.definitions
            .iter()
            .find(|definition| definition.id == id)
    }

    fn triggers(&self) -> impl Iterator<Item = &Trigger> {
        self.definitions
            .iter()
            .flat_map(|definition| &definition.when)
            .map(|rule| &rule.trigger)
    }

    fn selectors(&self) -> impl Iterator<Item = &Selector> {
        self.triggers().flat_map(|trigger| match trigger {
            Trigger::Click(selectors) | Trigger::Submit(selectors) => selectors.as_slice(),
            _ => &[],
        })
    }

    /// The attributes, beside `id` and `class`, that some selector asks about.
    pub fn attributes(&self) -> impl Iterator<Item = &str> {
        self.selectors().flat_map(Selector::attributes)
    }

    /// Whether some selector has a part that matches this element.
    pub fn concerns(&self, element: &Element) -> bool {
        self.selectors().any(|selector| selector.concerns(element))
    }

    /// The shares of a video that some definition waits for, in per cent, unordered.
    pub fn progress_marks(&self) -> impl Iterator<Item = u8> {
        self.triggers().filter_map(|trigger| match trigger {
            Trigger::Media(MediaStep::Progress(percent)) => Some(*percent),
            _ => None,
        })
    }
}
