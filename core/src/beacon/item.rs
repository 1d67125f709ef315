//! Reading one item of a beacon.

use super::{
    Item,
    values::{Texts, is_too_deep, lenient_id},
};
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
use core::mem::take;
use serde::Deserialize;

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
    /// The definitions that the page says happened; `None` where it had no plan to say so.
    pub claims: Option<Vec<Cow<'a, str>>>,
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
    claims: Option<Vec<Cow<'a, str>>>,
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
    seconds: u32,
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
    if text.len() > limits::ITEM_BYTES {
        let (id, seq) = peek(text);
        return Err(ItemError {
            reason: Quarantine::Limit,
            detail: format!(
                "an item has at most {} bytes, this one has {}",
                limits::ITEM_BYTES,
                text.len()
            ),
            id,
            seq,
        });
    }
    read_kept(text)
}

/// Reads an item that is stored.
///
/// The bound on its bytes held when it came: [`ReadItem::scrub`] may have made it longer since.
///
/// # Errors
/// [`ItemError`].
pub fn read_kept(text: &str) -> Result<ReadItem<'_>, ItemError> {
    let fail = |reason, detail: String| {
        let (id, seq) = peek(text);
        ItemError {
            reason,
            detail,
            id,
            seq,
        }
    };
    if is_too_deep(text) {
        let detail = format!(
            "lists and objects are within each other at most {} times",
            limits::ITEM_DEPTH
        );
        return Err(fail(Quarantine::Limit, detail));
    }
    let mut fields: Fields<'_> = serde_json::from_str(text).map_err(|problem| {
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
    let seen = seen(&mut fields).map_err(|(reason, detail)| fail(reason, detail))?;
    let item = ReadItem {
        page: fields.page,
        session: fields.session,
        claims: fields.claims,
        observation: Observation {
            id,
            seq,
            path: fields.path,
            properties: fields.properties,
            seen,
        },
    };
    match check(&item) {
        Some((reason, detail)) => Err(fail(reason, detail)),
        None => Ok(item.with_vocabulary()),
    }
}

/// What was seen, from the fields of its kind.
fn seen(fields: &mut Fields<'_>) -> Result<Seen, (Quarantine, String)> {
    Ok(match fields.kind.as_ref() {
        "page" => Seen::Page {
            host: take(&mut fields.host),
            query: take(&mut fields.query.0),
            title: take(&mut fields.title),
            referrer: take(&mut fields.referrer),
        },
        "click" => Seen::Click {
            elements: elements(take(&mut fields.elements)),
        },
        "submit" => Seen::Submit {
            elements: elements(take(&mut fields.elements)),
        },
        "media" => Seen::Media {
            step: match fields.step.as_str() {
                "play" => MediaStep::Play,
                "progress" => MediaStep::Progress(fields.percent.min(100)),
                "complete" => MediaStep::Complete,
                other => {
                    return Err((
                        Quarantine::Field,
                        format!("step: '{other}' is not play, progress or complete"),
                    ));
                }
            },
            video: take(&mut fields.video),
        },
        "scroll" if (1..=100).contains(&fields.percent) => Seen::Scroll {
            percent: fields.percent,
        },
        "scroll" => return Err(mark("percent", "100")),
        "dwell" if (1..=limits::DWELL_SECONDS.1).contains(&fields.seconds) => Seen::Dwell {
            seconds: fields.seconds,
        },
        "dwell" => return Err(mark("seconds", &limits::DWELL_SECONDS.1.to_string())),
        "event" => Seen::Event {
            name: take(&mut fields.name),
        },
        // A loader that sends raw does not know which names are a purchase's.
        "track" => match CommerceStep::named(&fields.name) {
            Some(step) => Seen::Commerce { step },
            None => Seen::Event {
                name: take(&mut fields.name),
            },
        },
        "commerce" => match CommerceStep::named(&fields.name) {
            Some(step) => Seen::Commerce { step },
            None => {
                return Err((
                    Quarantine::Field,
                    format!("name: '{}' is not a step of a purchase", fields.name),
                ));
            }
        },
        "trigger" => Seen::Trigger {
            definition: take(&mut fields.name),
        },
        "identify" => Seen::Identify {
            contact: take(&mut fields.contact),
        },
        "" => return Err((Quarantine::Field, "kind: is missing".to_string())),
        other => {
            return Err((
                Quarantine::UnknownKind,
                format!("kind: '{other}' is not known here"),
            ));
        }
    })
}

fn mark(field: &str, most: &str) -> (Quarantine, String) {
    (
        Quarantine::Field,
        format!("{field}: is missing or not a whole number from 1 to {most}"),
    )
}

impl ReadItem<'_> {
    /// Takes out of its texts what could name a person. If there was anything of the kind, this is the
    /// item's JSON from then on; a field that is not known here is lost with it.
    pub fn scrub(&mut self) -> Option<String> {
        self.observation.scrub().then(|| {
            let claims: Option<Vec<&str>> = self
                .claims
                .as_ref()
                .map(|claims| claims.iter().map(AsRef::as_ref).collect());
            Item::write(
                &self.observation,
                self.page,
                self.session,
                claims.as_deref(),
            )
        })
    }

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
                long("contact", contact, limits::CONTACT_BYTES)
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
        Seen::Scroll { .. } | Seen::Dwell { .. } | Seen::Commerce { .. } => None,
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
        .or_else(|| {
            many(
                "claims",
                item.claims.as_ref().map_or(0, Vec::len),
                limits::DEFINITIONS,
            )
        })
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
