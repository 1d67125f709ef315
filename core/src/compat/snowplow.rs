//! Snowplow's payloads, as its trackers post them.
//!
//! Source: <https://docs.snowplow.io/docs/events/going-deeper/http-requests/>

use super::{
    Batch,
    told::{Person, Told},
};
use crate::{commerce::CommerceStep, json::push_field, webhook::Said};
use alloc::{
    borrow::Cow,
    collections::BTreeMap,
    string::{String, ToString as _},
    vec::Vec,
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
pub(super) struct Body<'a> {
    #[serde(borrow)]
    data: Vec<Payload<'a>>,
}

type Payload<'a> = BTreeMap<Cow<'a, str>, Cow<'a, str>>;

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
        said: body.data.iter().map(said).collect(),
    }
}

fn said(payload: &Payload<'_>) -> Said {
    let field = |name: &str| payload.get(name).map(|text| Cow::Borrowed(text.as_ref()));
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
fn described(payload: &Payload<'_>) -> String {
    if let Some(plain) = payload.get("ue_pr") {
        return plain.to_string();
    }
    let coded = payload
        .get("ue_px")
        .map(|coded| coded.trim_end_matches('='));
    let bytes = coded.and_then(|coded| {
        let either = URL_SAFE_NO_PAD.decode(coded);
        either.or_else(|_| STANDARD_NO_PAD.decode(coded)).ok()
    });
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_default()
}

/// Some fields of a payload under other names, as JSON.
fn written(payload: &Payload<'_>, names: &[(&str, &str)]) -> String {
    let mut text = String::from("{");
    for (own, name) in names {
        let value = payload.get(*own).map(AsRef::as_ref).unwrap_or_default();
        push_field(&mut text, name, value);
    }
    text.push('}');
    text
}
