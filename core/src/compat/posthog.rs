//! `PostHog`'s batches.
//!
//! Source: <https://posthog.com/docs/api/capture>

use super::{
    Batch,
    told::{Person, Properties, Told, field, one},
};
use crate::webhook::Said;
use alloc::{borrow::Cow, vec::Vec};
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
pub(super) struct Body<'a> {
    #[serde(borrow, default)]
    api_key: Option<Cow<'a, str>>,
    #[serde(borrow)]
    batch: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default, deserialize_with = "field")]
    event: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "field")]
    uuid: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "field")]
    timestamp: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "field")]
    distinct_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    properties: Option<Properties<'a>>,
    #[serde(borrow, default, rename = "$set")]
    set: Option<Properties<'a>>,
}

pub(super) fn read(body: Body<'_>) -> Batch {
    Batch {
        key: body.api_key.map(Cow::into_owned),
        said: body.batch.into_iter().map(|raw| one(raw, said)).collect(),
    }
}

fn said(message: Message<'_>) -> Said {
    let mut properties = message.properties.unwrap_or_default();
    let set = message.set.unwrap_or_else(|| properties.object("$set"));
    // Whoever is told of without a profile is nobody: their id is made up for this one event.
    let is_somebody = properties.raw("$process_person_profile") != Some("false");
    let person = Person {
        customer: message.distinct_id.filter(|_| is_somebody),
        email: set.text("email"),
        phone: set.text("phone"),
        visitor: properties.text("gp_visitor"),
    };
    properties.without("$");
    properties.without("gp_visitor");
    let told = Told {
        id: message.uuid.unwrap_or_default(),
        time: message.timestamp.unwrap_or_default(),
        person,
        properties,
    };
    match message.event.unwrap_or_default().as_ref() {
        "$identify" | "$set" => told.identification(),
        "$create_alias" | "$groupidentify" => {
            Said::Nothing("event: aliases and groups are not counted")
        }
        name => told.event(name),
    }
}
