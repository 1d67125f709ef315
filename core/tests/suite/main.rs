//! What the core promises, tested from outside, as the page and the edge use it.
#![cfg(feature = "edge")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests: what goes wrong should stop them"
)]

mod attribution;
mod beacons;
mod browser_plan;
mod carts;
mod channels;
mod conditions;
mod contacts;
mod counting;
mod data_driven;
mod funnels;
mod funnels_hold;
mod generated;
mod ledger;
mod links;
mod plan_compile;
mod plan_figures;
mod plan_problems;
mod reasons;
mod replay;
mod scrub;
mod segments;
mod server_events;
mod server_problems;
mod sessions;
mod verdicts;
mod what_if;
mod wire;

use goalpost_core::{
    Element, Id, MediaStep, Observation, Properties, Rules, Seen, Value, plan::Plan,
};

/// A moment of 18 November 2026.
const NOON: i64 = 1_795_000_000_000;

/// The rules of a plan with these outcomes and goals.
fn rules(outcomes: &str, goals: &str) -> Rules {
    zoned_rules("Asia/Tokyo", outcomes, goals)
}

fn zoned_rules(zone: &str, outcomes: &str, goals: &str) -> Rules {
    let json = format!(
        r#"{{ "site": "cloud-kicks", "timezone": "{zone}", "currency": "JPY",
             "hosts": ["shop.example"], "outcomes": [{outcomes}], "goals": [{goals}] }}"#
    );
    match Plan::parse(&json) {
        Ok(plan) => plan.compile(),
        Err(problems) => panic!("{problems:?}"),
    }
}

/// The `number`th thing seen, at that time.
fn seen_at(time: i64, number: u8, seen: Seen) -> Observation {
    Observation {
        id: Id::new(time, [number; 10]),
        seq: u32::from(number),
        path: "/".into(),
        seen,
        properties: Properties::default(),
    }
}

fn seen(seen: Seen) -> Observation {
    seen_at(NOON, 1, seen)
}

fn page(path: &str, query: &[(&str, &str)]) -> Observation {
    Observation {
        path: path.into(),
        ..seen(Seen::Page {
            host: "shop.example".into(),
            query: query
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
            title: "Shoes".into(),
            referrer: "https://search.example/".into(),
        })
    }
}

fn play(video: &str) -> Seen {
    Seen::Media {
        step: MediaStep::Play,
        video: video.into(),
    }
}

fn event(name: &str) -> Seen {
    Seen::Event { name: name.into() }
}

fn click(tag: &str, attributes: &[(&str, &str)]) -> Seen {
    Seen::Click {
        elements: vec![Element {
            tag: tag.into(),
            attributes: attributes
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            ..Element::default()
        }],
    }
}

fn with(observation: Observation, properties: &[(&str, Value)]) -> Observation {
    Observation {
        properties: Properties(
            properties
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
        ),
        ..observation
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn number(text: &str) -> Value {
    Value::Number(text.into())
}
