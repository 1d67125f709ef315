//! A trail: what a session saw, in short, in one text that only ever grows.
//!
//! A trail is written entry by entry in whatever order they arrive, and read in the visitor's own
//! order. It holds enough for sessions, funnels, carts and counts of events, and nothing of a
//! person: no query, no text, no value of a field.

use crate::{
    commerce::CommerceStep,
    json, limits,
    observation::{MediaStep, Observation, Seen},
};
use alloc::{borrow::Cow, string::String, vec::Vec};
use serde::Deserialize;

/// One observation, in short: a JSON array in this order.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Entry<'a> {
    /// Its place in the visitor's order.
    pub seq: u32,
    /// When it happened: Unix milliseconds.
    pub time: i64,
    /// The kind of the observation, as on the wire.
    #[serde(borrow)]
    pub kind: Cow<'a, str>,
    /// What it was: a page's path, an event's name, a step of a purchase, `play walk` of a video,
    /// the mark of a scroll or a dwelling.
    /// Empty for clicks, submits and identifications.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// The definitions that it matched, whether or not they counted.
    #[serde(borrow)]
    pub definitions: Vec<Cow<'a, str>>,
    /// More of it: a page's campaign (see [`campaign`]), the product of a commerce step, or the
    /// order number of a purchase or refund. A product never stands where an order number would.
    #[serde(borrow)]
    pub detail: Cow<'a, str>,
}

/// The campaign that a page was reached by, as one text: source, medium and name, or a click id's
/// name. Empty without one. Two page views of one campaign have one text.
pub fn campaign(query: &[(String, String)]) -> String {
    let value = |name: &str| {
        query
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value.as_str())
    };
    let parts = ["utm_source", "utm_medium", "utm_campaign"].map(value);
    if parts.iter().all(|part| part.is_empty()) {
        return query
            .iter()
            .find(|(key, _)| crate::is_campaign_key(key) && !key.starts_with("utm_"))
            .map_or_else(String::new, |(key, _)| key.clone());
    }
    parts.join("/")
}

/// Writes an entry, to be joined to others by commas.
pub fn write(observation: &Observation, time: i64, definitions: &[&str]) -> String {
    let text = |name: &str| observation.properties.text(name).unwrap_or_default();
    let (name, detail) = match &observation.seen {
        Seen::Page { query, .. } => (
            Cow::Borrowed(observation.path.as_str()),
            Cow::Owned(campaign(query)),
        ),
        Seen::Event { name } => (name.into(), Cow::Borrowed("")),
        Seen::Trigger { definition } => (definition.into(), Cow::Borrowed("")),
        Seen::Media { step, video } => {
            let mut name = String::from(match step {
                MediaStep::Play => "play",
                MediaStep::Progress(_) => "progress",
                MediaStep::Complete => "complete",
            });
            name.push(' ');
            name.push_str(video);
            (Cow::Owned(name), Cow::Borrowed(""))
        }
        Seen::Scroll { percent } => (number(u32::from(*percent)), Cow::Borrowed("")),
        Seen::Dwell { seconds } => (number(*seconds), Cow::Borrowed("")),
        Seen::Commerce { step } => {
            let detail = match step {
                CommerceStep::Purchase | CommerceStep::Refund => text("order"),
                CommerceStep::ViewItem | CommerceStep::AddToCart | CommerceStep::BeginCheckout => {
                    text("product")
                }
            };
            (Cow::Borrowed(step.name()), Cow::Borrowed(detail))
        }
        Seen::Click { .. } | Seen::Submit { .. } | Seen::Identify { .. } => {
            (Cow::Borrowed(""), Cow::Borrowed(""))
        }
    };
    let mut out = String::with_capacity(96);
    out.push('[');
    json::push_integer(&mut out, i64::from(observation.seq));
    out.push(',');
    json::push_integer(&mut out, time);
    for part in [observation.seen.kind(), crate::clip_text(&name)] {
        out.push(',');
        json::push_text(&mut out, part);
    }
    out.push_str(",[");
    for (at, definition) in definitions.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        json::push_text(&mut out, definition);
    }
    out.push_str("],");
    json::push_text(&mut out, crate::clip(&detail, limits::NAME_BYTES));
    out.push(']');
    out
}

fn number(number: u32) -> Cow<'static, str> {
    let mut text = String::new();
    json::push_integer(&mut text, i64::from(number));
    Cow::Owned(text)
}

/// Reads a trail in the visitor's order: by sequence number, then by time. Each entry once.
///
/// # Errors
/// What is wrong with the JSON, if something else has written it.
pub fn read(trail: &str) -> Result<Vec<Entry<'_>>, serde_json::Error> {
    let mut list = Vec::new();
    let mut from = 0;
    while from < trail.len() {
        let text = trail.get(from..).unwrap_or_default();
        let mut entries = serde_json::Deserializer::from_str(text).into_iter::<Entry<'_>>();
        match entries.next() {
            Some(entry) => list.push(entry?),
            None => break,
        }
        from = from.saturating_add(entries.byte_offset()).saturating_add(1);
    }
    list.sort_by_key(|entry: &Entry<'_>| (entry.seq, entry.time));
    list.dedup();
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Id, Properties};
    use alloc::{string::ToString as _, vec};

    fn page(seq: u32, path: &str, query: &[(&str, &str)]) -> Observation {
        Observation {
            id: Id::new(1, [0; 10]),
            seq,
            path: path.into(),
            seen: Seen::Page {
                host: "shop.example".into(),
                query: query
                    .iter()
                    .map(|(key, value)| (key.to_string(), value.to_string()))
                    .collect(),
                title: String::new(),
                referrer: String::new(),
            },
            properties: Properties::default(),
        }
    }

    #[test]
    fn a_trail_is_read_in_the_visitors_order() {
        let late = write(&page(65_537, "/b\"]", &[]), 20, &["goal", "other"]);
        let early = write(&page(65_536, "/a", &[("utm_source", "mail")]), 10, &[]);
        let trail = [late.clone(), early.clone(), early.clone()].join(",");
        let entries = read(&trail).unwrap();
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[0].name, "/a");
        assert_eq!(entries[0].detail, "mail//");
        assert_eq!(entries[1].name, "/b\"]");
        assert_eq!(entries[1].definitions, ["goal", "other"]);
        assert!(read("").unwrap().is_empty());
    }

    #[test]
    fn only_a_purchase_names_its_order() {
        let of = |step| {
            let text = |text: &str| crate::Value::Text(text.to_string());
            let observation = Observation {
                seen: Seen::Commerce { step },
                properties: Properties(vec![
                    ("product".to_string(), text("shoe")),
                    ("order".to_string(), text("A1")),
                ]),
                ..page(1, "/", &[])
            };
            read(&write(&observation, 1, &[])).unwrap()[0]
                .detail
                .to_string()
        };
        assert_eq!(of(CommerceStep::AddToCart), "shoe");
        assert_eq!(of(CommerceStep::Purchase), "A1");
    }

    #[test]
    fn a_click_id_is_a_campaign_too() {
        let query = vec![("gclid".to_string(), "x".to_string())];
        assert_eq!(campaign(&query), "gclid");
        assert_eq!(campaign(&[]), "");
    }
}
