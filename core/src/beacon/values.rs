//! Values as pages write them: ids that may be none, texts in order, numbers that keep their text.

use crate::{
    id::Id,
    limits,
    observation::{Properties, Value},
};
use alloc::{
    borrow::Cow,
    string::{String, ToString as _},
    vec::Vec,
};
use core::fmt;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// An id that is no id is as good as none: the item decides what that means.
pub(crate) fn lenient_id<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Id>, D::Error> {
    let text: Option<Cow<'de, str>> = Option::deserialize(input)?;
    Ok(text.and_then(|text| Id::parse(&text)))
}

/// Whether lists and objects are within each other more often than an item may have them. Readers pass
/// over fields that they do not know, however deep those are.
pub(crate) fn is_too_deep(json: &str) -> bool {
    let (mut depth, mut deepest) = (0usize, 0usize);
    let (mut in_text, mut escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'[' | b'{' => {
                depth = depth.saturating_add(1);
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest > limits::ITEM_DEPTH
}

/// An object of texts, in order.
#[derive(Default)]
pub(super) struct Texts(pub(super) Vec<(String, String)>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Texts;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object of texts")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Texts, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Texts(pairs))
            }
        }
        input.deserialize_map(Pairs)
    }
}

impl<'de> Deserialize<'de> for Properties {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        properties(input, value)
    }
}

/// An order line: what is in it is as deep as properties go.
struct Line(Properties);

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        properties(input, scalar).map(Self)
    }
}

/// What is read of a property's JSON; none is left out.
type Read = fn(&str) -> Result<Option<Value>, serde_json::Error>;

fn properties<'de, D: Deserializer<'de>>(input: D, read: Read) -> Result<Properties, D::Error> {
    struct Pairs(Read);
    impl<'de> Visitor<'de> for Pairs {
        type Value = Properties;
        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("an object of properties")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Properties, A::Error> {
            let mut pairs = Vec::new();
            while let Some((key, raw)) = map.next_entry::<String, &'de RawValue>()? {
                if let Some(value) = self.0(raw.get()).map_err(serde::de::Error::custom)? {
                    pairs.push((key, value));
                }
            }
            Ok(Properties(pairs))
        }
    }
    input.deserialize_map(Pairs(read))
}

fn value(raw: &str) -> Result<Option<Value>, serde_json::Error> {
    let lines: Vec<Line> = match raw.as_bytes().first() {
        Some(b'[') => serde_json::from_str(raw)?,
        Some(b'{') => alloc::vec![serde_json::from_str(raw)?],
        _ => return scalar(raw),
    };
    Ok(Some(Value::List(
        lines.into_iter().map(|Line(own)| own).collect(),
    )))
}

/// A number keeps its own text, so that no amount ever passes through a binary float.
fn scalar(raw: &str) -> Result<Option<Value>, serde_json::Error> {
    Ok(Some(match raw.as_bytes().first() {
        Some(b'"') => Value::Text(serde_json::from_str(raw)?),
        Some(b't') => Value::Bool(true),
        Some(b'f') => Value::Bool(false),
        Some(b'n' | b'[' | b'{') => return Ok(None),
        _ => Value::Number(raw.to_string()),
    }))
}
