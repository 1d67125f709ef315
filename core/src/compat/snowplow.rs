//! Snowplow's payloads, as its trackers post them.
//!
//! Source: <https://docs.snowplow.io/docs/events/going-deeper/http-requests/>

use super::{
    Batch,
    told::{Person, Properties, Told, one},
};
use crate::{commerce::CommerceStep, json::push_field, webhook::Said};
use alloc::{borrow::Cow, string::String, vec::Vec};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
pub(super) struct Body<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
}

/// A self-describing document: what it is, and what it says.
#[derive(Default, Deserialize)]
struct Described<'a> {
    #[serde(borrow, default)]
    schema: Cow<'a, str>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

impl<'a> Described<'a> {
    /// The name in `iglu:vendor/name/format/version`.
    fn name(&self) -> &str {
        self.schema.split('/').nth(1).unwrap_or_default()
    }

    /// What it says; nothing where that is something else.
    fn read<T: Deserialize<'a> + Default>(&self) -> T {
        self.data
            .and_then(|raw| serde_json::from_str(raw.get()).ok())
            .unwrap_or_default()
    }
}

pub(super) fn read(body: &Body<'_>) -> Batch {
    Batch {
        key: None,
        said: body
            .data
            .iter()
            .map(|raw| one(raw, |payload| said(&payload)))
            .collect(),
    }
}

fn said(payload: &Properties<'_>) -> Said {
    let field = |name: &str| payload.word(name);
    let text = |name: &str| field(name).unwrap_or_default();
    let told = |properties| Told {
        id: text("eid"),
        // A time that the sender corrected stands before that of its clock.
        time: field("ttm").unwrap_or_else(|| text("dtm")),
        person: Person {
            customer: field("uid"),
            visitor: field("duid"),
            ..Person::default()
        },
        properties,
    };
    match text("e").as_ref() {
        "ue" => {
            let document = described(payload);
            let outer: Described<'_> = serde_json::from_str(&document).unwrap_or_default();
            let inner: Described<'_> = outer.read();
            told(inner.read()).event(inner.name())
        }
        "se" => {
            let own = [
                ("se_ca", "category"),
                ("se_la", "label"),
                ("se_pr", "property"),
                ("se_va", "value"),
            ];
            let written = written(payload, &own);
            told(serde_json::from_str(&written).unwrap_or_default()).event(&text("se_ac"))
        }
        "tr" => {
            let own = [
                ("tr_id", "order_id"),
                ("tr_tt", "total"),
                ("tr_cu", "currency"),
            ];
            let written = written(payload, &own);
            let properties = serde_json::from_str(&written).unwrap_or_default();
            told(properties).event(CommerceStep::Purchase.name())
        }
        "pv" => {
            let written = written(payload, &[("url", "url"), ("page", "title")]);
            told(serde_json::from_str(&written).unwrap_or_default()).event("page_view")
        }
        _ => Said::Nothing("e: only ue, se, tr and pv are counted"),
    }
}

/// The self-describing document of an event, which trackers send as it is or in base64.
fn described(payload: &Properties<'_>) -> String {
    if let Some(plain) = payload.word("ue_pr") {
        return plain.into_owned();
    }
    let bytes = payload.word("ue_px").and_then(|coded| {
        let coded = coded.trim_end_matches('=');
        let either = URL_SAFE_NO_PAD.decode(coded);
        either.or_else(|_| STANDARD_NO_PAD.decode(coded)).ok()
    });
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_default()
}

/// Some fields of a payload under other names, as JSON.
fn written(payload: &Properties<'_>, names: &[(&str, &str)]) -> String {
    let mut text = String::from("{");
    for (own, name) in names {
        push_field(&mut text, name, &payload.word(own).unwrap_or_default());
    }
    text.push('}');
    text
}
