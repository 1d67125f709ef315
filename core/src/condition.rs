//! Conditions on an observation, and their tests.

use crate::codec::{Reader, Wire, wire_enum};
use alloc::{string::String, vec::Vec};
use serde::Serialize;

/// A condition on an observation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "evaluation must decide about each")]
pub enum Condition {
    /// A property passes a test.
    Property(String, Test),
    /// All hold.
    All(Vec<Self>),
    /// At least one holds.
    Any(Vec<Self>),
}

/// A test of a property's value. Text is compared exactly, numbers as decimals.
///
/// A property that is missing passes `IsNot`, `NotContains`, `NoneOf` and `Exists(false)`, and fails
/// every other test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[allow(clippy::exhaustive_enums, reason = "evaluation must decide about each")]
pub enum Test {
    /// Equal.
    Is(
        #[cfg_attr(
            feature = "schema",
            schemars(with = "Scalar"),
            ts(type = "string | number | boolean")
        )]
        String,
    ),
    /// Not equal.
    IsNot(
        #[cfg_attr(
            feature = "schema",
            schemars(with = "Scalar"),
            ts(type = "string | number | boolean")
        )]
        String,
    ),
    /// The text stands in it.
    Contains(String),
    /// The text does not stand in it.
    NotContains(String),
    /// It begins with the text.
    StartsWith(String),
    /// It ends with the text.
    EndsWith(String),
    /// Equal to one of them.
    OneOf(
        #[cfg_attr(
            feature = "schema",
            schemars(with = "Vec<Scalar>"),
            ts(type = "Array<string | number | boolean>")
        )]
        Vec<String>,
    ),
    /// Equal to none of them.
    NoneOf(
        #[cfg_attr(
            feature = "schema",
            schemars(with = "Vec<Scalar>"),
            ts(type = "Array<string | number | boolean>")
        )]
        Vec<String>,
    ),
    /// A number below.
    Less(
        #[cfg_attr(
            feature = "schema",
            schemars(with = "Number"),
            ts(type = "string | number")
        )]
        String,
    ),
    /// A number not above.
    AtMost(
        #[cfg_attr(
            feature = "schema",
            schemars(with = "Number"),
            ts(type = "string | number")
        )]
        String,
    ),
    /// A number above.
    Greater(
        #[cfg_attr(
            feature = "schema",
            schemars(with = "Number"),
            ts(type = "string | number")
        )]
        String,
    ),
    /// A number not below.
    AtLeast(
        #[cfg_attr(
            feature = "schema",
            schemars(with = "Number"),
            ts(type = "string | number")
        )]
        String,
    ),
    /// A number from the first to the second, both included.
    Between(
        #[cfg_attr(
            feature = "schema",
            schemars(with = "Number"),
            ts(type = "string | number")
        )]
        String,
        #[cfg_attr(
            feature = "schema",
            schemars(with = "Number"),
            ts(type = "string | number")
        )]
        String,
    ),
    /// It is there, or is not.
    Exists(bool),
}

/// A text, a number, or yes or no.
#[cfg(feature = "schema")]
#[derive(schemars::JsonSchema)]
#[schemars(untagged, inline)]
#[allow(dead_code, reason = "only its schema is read")]
enum Scalar {
    Text(String),
    Number(f64),
    Bool(bool),
}

/// A number, or its decimal text.
#[cfg(feature = "schema")]
#[derive(schemars::JsonSchema)]
#[schemars(untagged, inline)]
#[allow(dead_code, reason = "only its schema is read")]
enum Number {
    Text(String),
    Number(f64),
}

impl Test {
    /// Every operator's name in a plan.
    pub const NAMES: [&str; 14] = [
        "is",
        "is_not",
        "contains",
        "not_contains",
        "starts_with",
        "ends_with",
        "one_of",
        "none_of",
        "less",
        "at_most",
        "greater",
        "at_least",
        "between",
        "exists",
    ];

    /// The operator's name in a plan.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Is(_) => "is",
            Self::IsNot(_) => "is_not",
            Self::Contains(_) => "contains",
            Self::NotContains(_) => "not_contains",
            Self::StartsWith(_) => "starts_with",
            Self::EndsWith(_) => "ends_with",
            Self::OneOf(_) => "one_of",
            Self::NoneOf(_) => "none_of",
            Self::Less(_) => "less",
            Self::AtMost(_) => "at_most",
            Self::Greater(_) => "greater",
            Self::AtLeast(_) => "at_least",
            Self::Between(..) => "between",
            Self::Exists(_) => "exists",
        }
    }
}

impl Condition {
    /// Whether it asks about this property.
    pub(crate) fn asks(&self, property: &str) -> bool {
        match self {
            Self::Property(name, _) => name == property,
            Self::All(list) | Self::Any(list) => {
                list.iter().any(|condition| condition.asks(property))
            }
        }
    }
}

impl Wire for Condition {
    fn put(&self, out: &mut String) {
        match self {
            Self::Property(name, test) => {
                0u64.put(out);
                name.put(out);
                test.put(out);
            }
            Self::All(list) => {
                1u64.put(out);
                list.put(out);
            }
            Self::Any(list) => {
                2u64.put(out);
                list.put(out);
            }
        }
    }

    fn take(from: &mut Reader<'_>) -> Self {
        from.deeper(|from| match from.number() {
            0 => Self::Property(Wire::take(from), Wire::take(from)),
            1 => Self::All(Wire::take(from)),
            2 => Self::Any(Wire::take(from)),
            _ => {
                from.fail();
                Self::All(Vec::new())
            }
        })
    }
}

wire_enum!(Test {
    0 = Is(wanted),
    1 = IsNot(wanted),
    2 = Contains(wanted),
    3 = NotContains(wanted),
    4 = StartsWith(wanted),
    5 = EndsWith(wanted),
    6 = OneOf(wanted),
    7 = NoneOf(wanted),
    8 = Less(wanted),
    9 = AtMost(wanted),
    10 = Greater(wanted),
    11 = AtLeast(wanted),
    12 = Between(low, high),
    13 = Exists(wanted)
});
