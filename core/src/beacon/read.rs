//! Reading beacons: the envelope first, then each item on its own, so that a bad item costs only itself.

use crate::{
    commerce::{self, CommerceStep},
    fate::Quarantine,
    id::Id,
    limits,
    observation::{Element, MediaStep, Observation, Properties, Seen, Value},
};
use alloc::{
    borrow::Cow,
    format,
    string::{String, ToString as _},
    vec::Vec,
};
use core::fmt;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// A beacon's own fields; its items are still text.
#[derive(Debug, Deserialize)]
pub struct Envelope<'a> {
    /// The version of the wire.
    pub v: u32,
    /// Whose plan.
    #[serde(borrow)]
    pub site: Cow<'a, str>,
    /// The SDK's version.
    #[serde(borrow, default)]
    pub sdk: Cow<'a, str>,
    /// The form it ran in: `wasm`, `js` or `raw`.
    #[serde(borrow, default)]
    pub form: Cow<'a, str>,
    /// The plan it evaluated with; empty if it had none.
    #[serde(borrow, default)]
    pub plan: Cow<'a, str>,
    /// When it was sent, by the device's clock: Unix milliseconds.
    #[serde(default)]
    pub sent: i64,
    /// The page load that sends.
    #[serde(default, deserialize_with = "lenient_id")]
    pub page: Option<Id>,
    /// The visitor.
    #[serde(default, deserialize_with = "lenient_id")]
    pub visitor: Option<Id>,
    /// Items that this page load has let go so far.
    #[serde(default)]
    pub dropped: Refusals,
    /// The items, each as text.
    #[serde(borrow)]
    pub items: Vec<&'a RawValue>,
}

/// What a page load has let go, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Refusals {
    /// [`crate::fate::Drop::Overflow`]
    pub overflow: u32,
    /// [`crate::fate::Drop::Expired`]
    pub expired: u32,
    /// [`crate::fate::Drop::Consent`]
    pub consent: u32,
    /// [`crate::fate::Drop::Refused`]
    pub refused: u32,
}

/// Why a body is no beacon.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// Not UTF-8.
    #[error("the body is not UTF-8 text")]
    Encoding,
    /// Not the JSON of a beacon.
    #[error("the body is not a beacon: {0}")]
    Json(String),
    /// A version of the wire that this code does not read.
    #[error("version {0} of the wire is not known here; this edge reads version {version}", version = super::VERSION)]
    Version(u32),
    /// More items than [`limits::BEACON_ITEMS`].
    #[error("a beacon carries at most {max} items, this one has {0}", max = limits::BEACON_ITEMS)]
    TooManyItems(usize),
}

impl EnvelopeError {
    /// The reason under which the body waits in quarantine.
    pub const fn quarantine(&self) -> Quarantine {
        match self {
            Self::Encoding => Quarantine::Encoding,
            Self::Json(_) => Quarantine::Json,
            Self::Version(_) => Quarantine::Version,
            Self::TooManyItems(_) => Quarantine::Limit,
        }
    }
}

impl<'a> Envelope<'a> {
    /// Reads a body.
    ///
    /// # Errors
    /// [`EnvelopeError`]; the whole body is then one item for the quarantine.
    pub fn read(body: &'a [u8]) -> Result<Self, EnvelopeError> {
        #[derive(Deserialize)]
        struct Versioned {
            v: u32,
        }
        let text = core::str::from_utf8(body).map_err(|_| EnvelopeError::Encoding)?;
        let envelope: Self = match serde_json::from_str(text) {
            Ok(envelope) => envelope,
            // A newer version may have other fields; its number is worth more than their names.
            Err(problem) => match serde_json::from_str::<Versioned>(text) {
                Ok(Versioned { v }) if v != super::VERSION => {
                    return Err(EnvelopeError::Version(v));
                }
                _ => return Err(EnvelopeError::Json(problem.to_string())),
            },
        };
        if envelope.v != super::VERSION {
            return Err(EnvelopeError::Version(envelope.v));
        }
        if envelope.items.len() > limits::BEACON_ITEMS {
            return Err(EnvelopeError::TooManyItems(envelope.items.len()));
        }
        Ok(envelope)
    }
}

/// Why an item is not an observation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct ItemError {
    /// The reason under which the item waits in quarantine.
    pub reason: Quarantine,
    /// What is wrong, naming the field.
    pub detail: String,
    /// The item's id, if at least that could be read.
    pub id: Option<Id>,
    /// The item's sequence number, if it could be read.
    pub seq: Option<u32>,
}

/// An item: the observation, with whose it is and what the page claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadItem<'a> {
    /// What was seen.
    pub observation: Observation,
    /// The page load that saw it.
    pub page: Option<Id>,
    /// The session it belongs to.
    pub session: Option<Id>,
    /// The definitions that the page says happened.
    pub claims: Vec<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Peeked {
    #[serde(default, deserialize_with = "lenient_id")]
    id: Option<Id>,
    #[serde(default)]
    seq: Option<u32>,
}

/// The id and the sequence number of an item, even where the rest of it cannot be read.
pub fn peek(item: &str) -> (Option<Id>, Option<u32>) {
    serde_json::from_str::<Peeked>(item).map_or((None, None), |peeked| (peeked.id, peeked.seq))
}

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(default, deserialize_with = "lenient_id")]
    id: Option<Id>,
    seq: Option<u32>,
    #[serde(default, deserialize_with = "lenient_id")]
    page: Option<Id>,
    #[serde(default, deserialize_with = "lenient_id")]
    session: Option<Id>,
    #[serde(borrow, default)]
    claims: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    kind: Cow<'a, str>,
    #[serde(default)]
    path: String,
    #[serde(default)]
    host: String,
    #[serde(default)]
    query: Texts,
    #[serde(default)]
    title: String,
    #[serde(default)]
    referrer: String,
    #[serde(default)]
    elements: Vec<ElementFields>,
    #[serde(default)]
    step: String,
    #[serde(default)]
    percent: u8,
    #[serde(default)]
    video: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    contact: String,
    #[serde(default)]
    properties: Properties,
}

#[derive(Deserialize)]
struct ElementFields {
    #[serde(default)]
    tag: String,
    #[serde(default)]
    id: String,
    #[serde(default)]
    class: String,
    #[serde(default)]
    attr: Texts,
}

/// Reads one item of a beacon.
///
/// # Errors
/// [`ItemError`]; only this item goes to quarantine.
pub fn read_item(text: &str) -> Result<ReadItem<'_>, ItemError> {
    let fail = |reason, detail: String| {
        let (id, seq) = peek(text);
        ItemError {
            reason,
            detail,
            id,
            seq,
        }
    };
    if text.len() > limits::ITEM_BYTES {
        return Err(fail(
            Quarantine::Limit,
            format!(
                "an item has at most {} bytes, this one has {}",
                limits::ITEM_BYTES,
                text.len()
            ),
        ));
    }
    let fields: Fields<'_> = serde_json::from_str(text).map_err(|problem| {
        let detail = problem.to_string();
        let reason = if detail.contains("surrogate") || detail.contains("hex escape") {
            Quarantine::Encoding
        } else if problem.is_data() {
            Quarantine::Field
        } else {
            Quarantine::Json
        };
        fail(reason, detail)
    })?;
    let Some(id) = fields.id else {
        return Err(fail(
            Quarantine::Field,
            "id: is missing or not a UUID of version 7".to_string(),
        ));
    };
    let Some(seq) = fields.seq else {
        return Err(fail(
            Quarantine::Field,
            "seq: is missing; it is the item's place in the visitor's order".to_string(),
        ));
    };
    let item = ReadItem {
        page: fields.page,
        session: fields.session,
        claims: fields.claims,
        observation: Observation {
            id,
            seq,
            path: fields.path,
            properties: fields.properties,
            seen: match fields.kind.as_ref() {
                "page" => Seen::Page {
                    host: fields.host,
                    query: fields.query.0,
                    title: fields.title,
                    referrer: fields.referrer,
                },
                "click" => Seen::Click {
                    elements: elements(fields.elements),
                },
                "submit" => Seen::Submit {
                    elements: elements(fields.elements),
                },
                "media" => Seen::Media {
                    step: match fields.step.as_str() {
                        "play" => MediaStep::Play,
                        "progress" => MediaStep::Progress(fields.percent.min(100)),
                        "complete" => MediaStep::Complete,
                        other => {
                            return Err(fail(
                                Quarantine::Field,
                                format!("step: '{other}' is not play, progress or complete"),
                            ));
                        }
                    },
                    video: fields.video,
                },
                "event" => Seen::Event { name: fields.name },
                "commerce" => match CommerceStep::named(&fields.name) {
                    Some(step) => Seen::Commerce { step },
                    None => {
                        return Err(fail(
                            Quarantine::Field,
                            format!("name: '{}' is not a step of a purchase", fields.name),
                        ));
                    }
                },
                "trigger" => Seen::Trigger {
                    definition: fields.name,
                },
                "identify" => Seen::Identify {
                    contact: fields.contact,
                },
                "" => return Err(fail(Quarantine::Field, "kind: is missing".to_string())),
                other => {
                    return Err(fail(
                        Quarantine::UnknownKind,
                        format!("kind: '{other}' is not known here"),
                    ));
                }
            },
        },
    };
    match check(&item) {
        Some((reason, detail)) => Err(fail(reason, detail)),
        None => Ok(item.with_vocabulary()),
    }
}

impl ReadItem<'_> {
    /// A loader that sends raw has not renamed the properties of a purchase.
    fn with_vocabulary(mut self) -> Self {
        if matches!(self.observation.seen, Seen::Commerce { .. }) {
            commerce::rename(&mut self.observation.properties);
        }
        self
    }
}

fn elements(fields: Vec<ElementFields>) -> Vec<Element> {
    fields
        .into_iter()
        .map(|element| Element {
            tag: element.tag,
            id: element.id,
            class: element.class,
            attributes: element.attr.0,
        })
        .collect()
}

fn check(item: &ReadItem<'_>) -> Option<(Quarantine, String)> {
    let observation = &item.observation;
    let long = |field: &str, text: &str, max: usize| {
        (text.len() > max).then(|| {
            (
                Quarantine::Limit,
                format!(
                    "{field}: has at most {max} bytes, this one has {}",
                    text.len()
                ),
            )
        })
    };
    let many = |field: &str, count: usize, max: usize| {
        (count > max).then(|| {
            (
                Quarantine::Limit,
                format!("{field}: at most {max}, this item has {count}"),
            )
        })
    };
    let named = |field: &str, text: &str| {
        if text.is_empty() {
            Some((Quarantine::Field, format!("{field}: is missing")))
        } else {
            long(field, text, limits::NAME_BYTES)
        }
    };
    let of_kind = match &observation.seen {
        Seen::Event { name } => named("name", name),
        Seen::Trigger { definition } => named("name", definition),
        Seen::Identify { contact } => {
            let known = ["email:", "phone:", "customer:"]
                .iter()
                .any(|kind| contact.starts_with(kind));
            if known {
                long("contact", contact, 128)
            } else {
                Some((
                    Quarantine::Field,
                    "contact: does not begin with email:, phone: or customer:".to_string(),
                ))
            }
        }
        Seen::Page {
            host,
            query,
            title,
            referrer,
        } => long("host", host, 255)
            .or_else(|| long("title", title, limits::TEXT_BYTES))
            .or_else(|| long("referrer", referrer, limits::TEXT_BYTES))
            .or_else(|| many("query", query.len(), limits::PROPERTIES)),
        Seen::Click { elements } | Seen::Submit { elements } => many(
            "elements",
            elements.len(),
            limits::PATH_ELEMENTS.saturating_add(1),
        ),
        Seen::Media { video, .. } => long("video", video, limits::TEXT_BYTES),
        Seen::Commerce { .. } => None,
    };
    of_kind
        .or_else(|| long("path", &observation.path, limits::TEXT_BYTES))
        .or_else(|| {
            many(
                "properties",
                observation.properties.0.len(),
                limits::PROPERTIES,
            )
        })
        .or_else(|| many("claims", item.claims.len(), limits::DEFINITIONS))
        .or_else(|| {
            observation.properties.0.iter().find_map(|(key, value)| {
                long("properties", key, limits::NAME_BYTES).or_else(|| match value {
                    Value::Text(text) | Value::Number(text) => long(key, text, limits::TEXT_BYTES),
                    Value::List(list) => many(key, list.len(), limits::ORDER_LINES),
                    Value::Bool(_) => None,
                })
            })
        })
}

/// An id that is no id is as good as none: the item decides what that means.
fn lenient_id<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Id>, D::Error> {
    let text: Option<Cow<'de, str>> = Option::deserialize(input)?;
    Ok(text.and_then(|text| Id::parse(&text)))
}

/// An object of texts, in order.
#[derive(Default)]
struct Texts(Vec<(String, String)>);

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
