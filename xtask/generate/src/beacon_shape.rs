//! The shape of what a page sends. `goalpost_core::beacon` writes it by hand, because a page
//! carries no JSON library; a test here holds the two together.

use goalpost_core::CommerceStep;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// The body of `POST /_g/c`: JSON text, sent as `text/plain`.
#[derive(Serialize, Deserialize, TS)]
#[ts(optional_fields)]
#[serde(deny_unknown_fields)]
pub(crate) struct Beacon {
    /// The version of the wire.
    #[ts(type = "1")]
    v: u32,
    /// The site's id.
    site: String,
    /// The SDK's version.
    sdk: String,
    /// The form that the SDK ran in.
    form: Form,
    /// The hash of the plan that the page evaluated with; missing if none had arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<String>,
    /// When it was sent, by the device's clock: Unix milliseconds.
    sent: i64,
    /// The page load that sends: a `UUIDv7`.
    page: String,
    /// The session of the items that say neither `page` nor `session`: a `UUIDv7`.
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    /// The visitor: a `UUIDv7`. Missing where none may be known; `-` where one is to be forgotten.
    #[serde(skip_serializing_if = "Option::is_none")]
    visitor: Option<String>,
    /// What the visitor has granted, where the page tells purposes apart: Consent Mode's names,
    /// separated by commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    consent: Option<String>,
    /// Said, with whatever text, where nobody may be recognised.
    #[serde(skip_serializing_if = "Option::is_none")]
    cookieless: Option<String>,
    /// How many places this page load has given out so far; said only beside `dropped`.
    #[serde(skip_serializing_if = "Option::is_none")]
    captured: Option<u32>,
    /// How many items this page load has let go so far, by reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    dropped: Option<BTreeMap<String, u32>>,
    /// What was seen, each on its own.
    items: Vec<Item>,
}

/// The form that the SDK ran in: WebAssembly, the same as JavaScript, or the loader alone.
#[derive(Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
enum Form {
    /// The WebAssembly module.
    Wasm,
    /// The same module as JavaScript.
    Js,
    /// The loader alone.
    Raw,
}

/// One thing seen.
#[derive(Serialize, Deserialize, TS)]
#[ts(optional_fields)]
struct Item {
    /// The page load that saw it: a `UUIDv7`; missing where the beacon's `page` and `session` are its.
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<String>,
    /// The session it belongs to: a `UUIDv7`.
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    /// A `UUIDv7`: who it is, and when it was captured.
    id: String,
    /// Its place in the visitor's order.
    seq: u32,
    /// The path of the page.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// What was seen.
    #[serde(flatten)]
    seen: Seen,
    /// What the page said about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<Properties>,
    /// The definitions that the page says happened; missing where it had no plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    claims: Option<Vec<String>>,
}

/// What was seen, by kind.
#[derive(Serialize, Deserialize, TS)]
#[ts(optional_fields)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Seen {
    /// A page came into view.
    Page {
        /// The page's host name.
        #[serde(skip_serializing_if = "Option::is_none")]
        host: Option<String>,
        /// The part of the query that some definition asks about.
        #[serde(skip_serializing_if = "Option::is_none")]
        query: Option<BTreeMap<String, String>>,
        /// The page's title.
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// Where the visitor came from, without query and fragment.
        #[serde(skip_serializing_if = "Option::is_none")]
        referrer: Option<String>,
    },
    /// An element was activated.
    Click {
        /// The element, then its ancestors outwards.
        elements: Vec<Element>,
    },
    /// A form was submitted.
    Submit {
        /// The form, then its ancestors outwards.
        elements: Vec<Element>,
    },
    /// A video or audio element played, progressed or ended.
    Media {
        /// Which one.
        #[serde(skip_serializing_if = "Option::is_none")]
        video: Option<String>,
        /// What it did.
        step: Step,
        /// The share that has been played, in per cent, where `step` is `progress`.
        #[serde(skip_serializing_if = "Option::is_none")]
        percent: Option<u8>,
    },
    /// A page was scrolled down to a mark of the plan's.
    Scroll {
        /// The mark: the share of the way down, in per cent.
        percent: u8,
    },
    /// A page was visible and used up to a mark of the plan's.
    Dwell {
        /// The mark, in seconds.
        seconds: u32,
    },
    /// A custom event.
    Event {
        /// Its name.
        name: String,
    },
    /// A step of a purchase.
    Commerce {
        /// Which step.
        #[ts(as = "CommerceStep")]
        name: String,
    },
    /// A call of `track` by a page that has no engine: the edge tells by its name whether it is
    /// a step of a purchase or a custom event.
    Track {
        /// Its name.
        name: String,
    },
    /// A definition that the page asked for.
    Trigger {
        /// The definition's id.
        name: String,
    },
    /// Who the visitor is.
    Identify {
        /// `email:<sha-256>`, `phone:<sha-256>` or `customer:<number>`.
        contact: String,
    },
}

/// What a media element did.
#[derive(Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
enum Step {
    /// It started to play.
    Play,
    /// A share of it has been played.
    Progress,
    /// It ended.
    Complete,
}

/// What is kept of an element, never its text or value.
#[derive(Serialize, Deserialize, TS)]
#[ts(optional_fields)]
#[serde(deny_unknown_fields)]
struct Element {
    /// The tag's name in small letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
    /// Its `id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// Its classes, separated by spaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<String>,
    /// The other attributes that are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    attr: Option<BTreeMap<String, String>>,
}

/// Named values.
#[derive(Serialize, Deserialize, TS)]
struct Properties(BTreeMap<String, PropertyValue>);

/// A property's value; a list is of order lines and the like.
#[derive(Serialize, Deserialize, TS)]
#[serde(untagged)]
enum PropertyValue {
    /// Yes or no.
    Bool(bool),
    /// A number.
    Number(#[ts(type = "number")] serde_json::Number),
    /// Text.
    Text(String),
    /// A list of objects.
    List(Vec<Properties>),
}

#[cfg(test)]
mod tests {
    use super::*;
    use goalpost_core::{
        Id, MediaStep, Observation, Properties, Seen, Value,
        beacon::{Form, Header, Item, write},
        fate::Drop,
    };

    fn every_kind() -> Vec<Seen> {
        let elements = vec![goalpost_core::Element {
            tag: "a".to_owned(),
            id: "call".to_owned(),
            class: "cta".to_owned(),
            attributes: vec![("href".to_owned(), "tel:1".to_owned())],
        }];
        let media = |step| Seen::Media {
            step,
            video: "v1".to_owned(),
        };
        let mut all = vec![
            Seen::Page {
                host: "shop.example".to_owned(),
                query: vec![("utm_medium".to_owned(), "email".to_owned())],
                title: "Shoes".to_owned(),
                referrer: "https://search.example/".to_owned(),
            },
            Seen::Page {
                host: String::new(),
                query: Vec::new(),
                title: String::new(),
                referrer: String::new(),
            },
            Seen::Click {
                elements: elements.clone(),
            },
            Seen::Submit { elements },
            media(MediaStep::Play),
            media(MediaStep::Progress(50)),
            media(MediaStep::Complete),
            Seen::Scroll { percent: 75 },
            Seen::Dwell { seconds: 30 },
            Seen::Event {
                name: "demo".to_owned(),
            },
            Seen::Trigger {
                definition: "cta".to_owned(),
            },
            Seen::Identify {
                contact: "customer:7".to_owned(),
            },
        ];
        all.extend(CommerceStep::ALL.map(|step| Seen::Commerce { step }));
        all
    }

    #[test]
    fn the_shape_is_that_of_what_is_written() {
        let id = Id::new(1_795_000_000_000, [1; 10]);
        let line = Properties(vec![("sku".to_owned(), Value::Text("a".to_owned()))]);
        let properties = Properties(vec![
            ("member".to_owned(), Value::Bool(true)),
            ("revenue".to_owned(), Value::Number("129.5".to_owned())),
            ("lines".to_owned(), Value::List(vec![line])),
        ]);
        let items: Vec<_> = every_kind()
            .into_iter()
            .zip(0..)
            .map(|(seen, seq)| {
                let observation = Observation {
                    id,
                    seq,
                    path: "/".to_owned(),
                    seen,
                    properties: if seq % 2 == 0 {
                        properties.clone()
                    } else {
                        Properties::default()
                    },
                };
                Item::new(&observation, id, Some(id), (seq > 0).then_some(&["cta"]))
            })
            .collect();
        for (form, visitor) in [(Form::Wasm, Some(id)), (Form::Js, None), (Form::Raw, None)] {
            let header = Header {
                site: "cloud-kicks",
                sdk: "0.1.0",
                form,
                plan: if visitor.is_some() { "abc" } else { "" },
                sent: 1,
                page: id,
                session: visitor,
                visitor,
                consent: if visitor.is_some() { "ad_storage" } else { "" },
                cookieless: visitor.is_none(),
                captured: 9,
                dropped: &[(Drop::Overflow, 2)],
            };
            let written = write(&header, items.iter().map(|item| item.json.as_str()));
            let shape: Beacon = serde_json::from_str(&written).expect("the shape of a beacon");
            let written: serde_json::Value = serde_json::from_str(&written).expect("JSON");
            assert_eq!(serde_json::to_value(&shape).expect("JSON"), written);
        }
    }
}
