//! Segment's batches.
//!
//! Source: <https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/>

use super::{
    Batch,
    told::{Person, Properties, Told, field, one},
};
use crate::webhook::Said;
use alloc::{borrow::Cow, format, string::String, vec::Vec};
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
pub(super) struct Body<'a> {
    #[serde(borrow)]
    batch: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    #[serde(borrow, rename = "type", default, deserialize_with = "field")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "field")]
    event: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "field")]
    name: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "messageId", deserialize_with = "field")]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "field")]
    timestamp: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "field")]
    user_id: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "field")]
    anonymous_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    properties: Option<Properties<'a>>,
    #[serde(borrow, default)]
    traits: Option<Properties<'a>>,
}

pub(super) fn read(body: Body<'_>) -> Batch {
    Batch {
        key: None,
        said: body.batch.into_iter().map(|raw| one(raw, said)).collect(),
    }
}

fn said(message: Message<'_>) -> Said {
    let traits = message.traits.unwrap_or_default();
    let person = Person {
        customer: message.user_id,
        email: traits.text("email"),
        phone: traits.text("phone"),
        visitor: message.anonymous_id,
    };
    let told = Told {
        id: message.id.unwrap_or_default(),
        time: message.timestamp.unwrap_or_default(),
        person,
        properties: message.properties.unwrap_or_default(),
    };
    match message.kind.unwrap_or_default().as_ref() {
        "track" => told.event(&message.event.unwrap_or_default()),
        "page" => told.event(&viewed(message.name, "Page")),
        "screen" => told.event(&viewed(message.name, "Screen")),
        "identify" => told.identification(),
        _ => Said::Nothing("type: only track, identify, page and screen are counted"),
    }
}

fn viewed(name: Option<Cow<'_, str>>, what: &str) -> String {
    name.map_or_else(
        || format!("Viewed {what}"),
        |name| format!("Viewed {name} {what}"),
    )
}
