//! What the edge accepted, on its way through the queue: the beacon as it came, and what only the
//! edge knows about it.

use crate::{
    fate::{Drop, Quarantine},
    id::Id,
};
use alloc::{borrow::Cow, string::String, vec::Vec};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::value::RawValue;

/// One queue message: one request of a page, with all its items.
///
/// It is bounded to [`crate::limits::MESSAGE_BYTES`] because a beacon is bounded to less.
#[derive(Debug, Serialize, Deserialize)]
pub struct Accepted<'a> {
    /// When the edge had read it, by the edge's clock: Unix milliseconds.
    pub received_at: i64,
    /// The visitor as the edge's own cookie names it; it heals a browser that lost its storage.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional_id")]
    pub visitor: Option<Id>,
    /// ISO 3166 country of the request, or empty.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub country: Cow<'a, str>,
    /// `desktop`, `mobile` or `tablet`, or empty.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub device: Cow<'a, str>,
    /// What speaks against its items, though they are kept: a [`crate::crawler::Doubt::text`].
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub doubts: Cow<'a, str>,
    /// What came.
    #[serde(borrow)]
    pub content: Content<'a>,
}

/// What came in one request.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::exhaustive_enums, reason = "the sink must decide about each")]
pub enum Content<'a> {
    /// A beacon whose envelope is good: its items are still unread.
    #[serde(borrow)]
    Beacon(&'a RawValue),
    /// Events of the site's own servers, each checked already.
    #[serde(borrow)]
    Server(ServerEvents<'a>),
    /// A good envelope whose items are let go, each counted.
    #[serde(borrow)]
    Dropped(DroppedBeacon<'a>),
    /// A body that is no beacon: one item for the quarantine.
    #[serde(borrow)]
    Refused(RefusedBody<'a>),
}

/// Events of one site's servers, in one request.
#[derive(Debug, Serialize, Deserialize)]
pub struct ServerEvents<'a> {
    /// Whose they are.
    #[serde(borrow)]
    pub site: Cow<'a, str>,
    /// Each as [`crate::server_event::read_stored`] reads it.
    #[serde(borrow)]
    pub items: Vec<&'a RawValue>,
}

/// A beacon that is let go.
#[derive(Debug, Serialize, Deserialize)]
pub struct DroppedBeacon<'a> {
    /// Why: a [`Drop::name`].
    #[serde(borrow)]
    pub reason: Cow<'a, str>,
    /// The site it named, if it was read so far.
    #[serde(borrow, default)]
    pub site: Cow<'a, str>,
    /// The beacon, if it was read; its items are counted and not kept.
    #[serde(borrow, default)]
    pub beacon: Option<&'a RawValue>,
}

/// A body that is no beacon.
#[derive(Debug, Serialize, Deserialize)]
pub struct RefusedBody<'a> {
    /// Why: a [`Quarantine::name`].
    #[serde(borrow)]
    pub reason: Cow<'a, str>,
    /// What is wrong with it, for people.
    #[serde(borrow)]
    pub detail: Cow<'a, str>,
    /// The site it names, if that could be read.
    #[serde(borrow, default)]
    pub site: Cow<'a, str>,
    /// Its bytes in base64, as they came.
    #[serde(borrow)]
    pub body: Cow<'a, str>,
}

impl DroppedBeacon<'_> {
    /// The reason as a value; one that is not known here is as good as another host's.
    pub fn reason(&self) -> Drop {
        Drop::ALL
            .into_iter()
            .find(|reason| reason.name() == self.reason)
            .unwrap_or(Drop::Host)
    }
}

impl RefusedBody<'_> {
    /// The reason as a value; one that is not known here is poison.
    pub fn reason(&self) -> Quarantine {
        Quarantine::ALL
            .into_iter()
            .find(|reason| reason.name() == self.reason)
            .unwrap_or(Quarantine::Poison)
    }
}

mod optional_id {
    use super::{Cow, Deserialize, Deserializer, Id, Serialize as _, Serializer, String};

    #[allow(clippy::ref_option, reason = "the shape that serde calls")]
    pub(super) fn serialize<S: Serializer>(id: &Option<Id>, out: S) -> Result<S::Ok, S::Error> {
        id.map(Id::text).serialize(out)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Id>, D::Error> {
        let text: Option<Cow<'de, str>> = Option::deserialize(input)?;
        text.map(|text: Cow<'de, str>| {
            Id::parse(&text).ok_or_else(|| {
                super::fail::<D>(String::from("visitor: is not a UUID of version 7"))
            })
        })
        .transpose()
    }
}

fn fail<'de, D: Deserializer<'de>>(text: String) -> D::Error {
    D::Error::custom(text)
}
