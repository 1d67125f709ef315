//! Values as pages write them: ids that may be none, texts in order, numbers that keep their text.

use crate::{
    id::Id,
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
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Properties;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object of properties")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Properties, A::Error> {
                let mut pairs = Vec::new();
                while let Some((key, raw)) = map.next_entry::<String, &'de RawValue>()? {
                    if let Some(value) = value(raw.get()).map_err(serde::de::Error::custom)? {
                        pairs.push((key, value));
                    }
                }
                Ok(Properties(pairs))
            }
        }
        input.deserialize_map(Pairs)
    }
}

/// A number keeps its own text, so that no amount ever passes through a binary float.
fn value(raw: &str) -> Result<Option<Value>, serde_json::Error> {
    Ok(Some(match raw.as_bytes().first() {
        Some(b'"') => Value::Text(serde_json::from_str(raw)?),
        Some(b't') => Value::Bool(true),
        Some(b'f') => Value::Bool(false),
        Some(b'n') => return Ok(None),
        Some(b'[') => Value::List(serde_json::from_str(raw)?),
        Some(b'{') => Value::List(alloc::vec![serde_json::from_str(raw)?]),
        _ => Value::Number(raw.to_string()),
    }))
}
