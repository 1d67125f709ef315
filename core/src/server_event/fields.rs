//! The fields of an object as a server wrote them: each still text, each once, none unknown.

use super::EventError;
use crate::{clip, id::Id, limits, plan::suggest};
use alloc::{format, string::String, vec::Vec};
use core::fmt;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// An object's fields; those that are `null` are as good as missing.
pub(super) struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Fields<'de>;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut pairs: Vec<(String, &'de RawValue)> = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, &'de RawValue>()? {
                    pairs.push((key, value));
                }
                Ok(Fields(pairs))
            }
        }
        input.deserialize_map(Pairs)
    }
}

impl<'a> Fields<'a> {
    /// Reads an object with any fields.
    pub(super) fn any(text: &'a str) -> Result<Self, EventError> {
        let mut fields: Self =
            serde_json::from_str(text).map_err(|problem| EventError(format!("{problem}")))?;
        fields.0.sort_by(|(one, _), (other, _)| one.cmp(other));
        let twice = fields.0.windows(2).find_map(|pair| match pair {
            [(one, _), (other, _)] if one == other => Some(one),
            _ => None,
        });
        if let Some(name) = twice {
            let name = clip(name, limits::NAME_BYTES);
            return Err(EventError::new(name, "is written twice; write it once"));
        }
        fields.0.retain(|(_, value)| value.get() != "null");
        Ok(fields)
    }

    /// Reads an object with no fields beside these.
    pub(super) fn read(text: &'a str, what: &str, known: &[&str]) -> Result<Self, EventError> {
        let fields = Self::any(text).map_err(|problem| match problem.0 {
            text if text.starts_with("invalid type") => EventError(format!("{what} is an object")),
            text => EventError(text),
        })?;
        let strange = fields
            .0
            .iter()
            .find(|(name, _)| !known.contains(&name.as_str()));
        let Some((name, _)) = strange else {
            return Ok(fields);
        };
        let fix = suggest::nearest(name, known.iter().copied()).map_or_else(
            || format!("its fields are {}", known.join(", ")),
            |meant| format!("did you mean '{meant}'?"),
        );
        Err(EventError::new(
            clip(name, limits::NAME_BYTES),
            &format!("is not a field of {what}; {fix}"),
        ))
    }

    /// The JSON of a field.
    pub(super) fn raw(&self, name: &str) -> Option<&'a str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.get())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.raw(name).is_some()
    }

    /// A text.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, EventError> {
        self.raw(name).map(|raw| text(name, raw)).transpose()
    }

    /// A text, or a number's own digits, so that no amount passes through a binary float.
    pub(super) fn text_or_number(&self, name: &str) -> Result<Option<String>, EventError> {
        match self.raw(name) {
            Some(raw) if is_number(raw) => Ok(Some(String::from(raw))),
            _ => self.text(name),
        }
    }

    /// Yes or no.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, EventError> {
        match self.raw(name) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(EventError::new(name, "is neither true nor false")),
        }
    }

    /// An id that the page's SDK made.
    pub(super) fn id(&self, name: &str) -> Result<Option<Id>, EventError> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        Id::parse(&text).map(Some).ok_or_else(|| {
            EventError::new(
                name,
                "is not an id that a page's SDK made, which is a UUID of version 7; leave it out if the page did not send one",
            )
        })
    }
}

/// Whether JSON is a number.
pub(super) fn is_number(raw: &str) -> bool {
    raw.starts_with(|first: char| first.is_ascii_digit() || first == '-')
}

/// The text of a field.
pub(super) fn text(name: &str, raw: &str) -> Result<String, EventError> {
    if !raw.starts_with('"') {
        return Err(EventError::new(name, "is not a text; write it in quotes"));
    }
    serde_json::from_str(raw)
        .map_err(|_| EventError::new(name, "is not well-formed text: half a surrogate pair"))
}
