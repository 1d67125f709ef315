//! What a shop's visitors do, in one pattern: visits of 20 observations.
//!
//! Nine of them are page views of shoes, which count once a day, two are plays of a video, which count
//! once a session in two ways, and the rest are events that mean nothing. Every tenth visit buys. So
//! every second observation has a verdict, and a visit has 3.1 conversions: more than most shops
//! have, because they are what a sink has to work for.

use goalpost_core::{
    CommerceStep, Id, MediaStep, Observation, Properties, Rules, Seen, Value,
    accepted::{Accepted, Content},
    beacon::{self, Form, Header, Item},
    plan::Plan,
};
use serde_json::value::RawValue;

/// Observations of one visit, all of one page load and one beacon.
pub(crate) const ITEMS: u64 = 20;

/// Visits of one transaction of 1,000 rows.
pub(crate) const VISITS: u64 = 50;

const PAUSE_MS: i64 = 3_000;

/// The plan that is published and evaluated with.
pub(crate) fn plan() -> anyhow::Result<Plan> {
    Plan::parse(include_str!("../plan.json")).map_err(|problems| {
        anyhow::anyhow!(
            "plan.json: {}",
            problems
                .first()
                .map_or_else(String::new, ToString::to_string)
        )
    })
}

/// A beacon, and when it arrived.
pub(crate) struct Letter {
    pub(crate) received_at: i64,
    pub(crate) text: String,
}

impl Letter {
    /// The beacon as JSON, to be looked into.
    pub(crate) fn raw(&self) -> serde_json::Result<&RawValue> {
        serde_json::from_str(&self.text)
    }
}

/// What the queue would hand to the sink.
pub(crate) fn accepted(received_at: i64, beacon: &RawValue) -> Accepted<'_> {
    Accepted {
        received_at,
        visitor: None,
        country: "JP".into(),
        device: "mobile".into(),
        content: Content::Beacon(beacon),
    }
}

/// An id that no other number and kind has.
fn id(time: i64, number: u64, kind: u8) -> Id {
    // What a browser draws is scattered, so this must be, too.
    let mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut random = [kind; 10];
    for (to, from) in random
        .iter_mut()
        .skip(2)
        .zip((mixed ^ (mixed >> 29)).to_be_bytes())
    {
        *to = from;
    }
    Id::new(time, random)
}

/// Whose visit it is: every third is another one of an earlier visitor.
pub(crate) const fn visitor(number: u64) -> u64 {
    if number % 3 == 2 { number / 2 } else { number }
}

/// A visit that begins at `start`, of a visitor who was here first at `known_since`.
pub(crate) fn visit(rules: &Rules, number: u64, start: i64, known_since: i64) -> Letter {
    let page = id(start, number, 1);
    let session = id(start, number, 2);
    let visitor = id(known_since, visitor(number), 4);
    let items: Vec<String> = (0..ITEMS)
        .map(|at| {
            let time =
                start.saturating_add(PAUSE_MS.saturating_mul(i64::try_from(at).unwrap_or(0)));
            let observation = Observation {
                id: id(time, number.wrapping_mul(ITEMS).wrapping_add(at), 3),
                seq: u32::try_from(at).unwrap_or(0),
                path: format!("/shoes/{}/", number % 40),
                seen: seen(number, at),
                properties: properties(number, at),
            };
            Item::new(&observation, page, Some(session), Some(&claims(number, at))).json
        })
        .collect();
    letter(rules, page, visitor, start, &items)
}

/// A page load of one page view, in a visit.
pub(crate) fn page_view(rules: &Rules, number: u64, visit: u64, start: i64) -> Letter {
    one(rules, number, visit, start, view(), Properties::default())
}

/// A page load of one purchase, in a visit of its own.
pub(crate) fn purchase(rules: &Rules, number: u64, start: i64) -> Letter {
    let step = CommerceStep::Purchase;
    let seen = Seen::Commerce { step };
    one(rules, number, number, start, seen, order(number))
}

fn one(
    rules: &Rules,
    number: u64,
    visit: u64,
    start: i64,
    seen: Seen,
    properties: Properties,
) -> Letter {
    let page = id(start, number, 1);
    let observation = Observation {
        id: id(start, number, 3),
        seq: u32::try_from(number % 1_000).unwrap_or(0) << 16,
        path: "/about/".into(),
        seen,
        properties,
    };
    let claims: &[&str] = match observation.seen {
        Seen::Commerce { .. } => &["product-purchase"],
        _ => &[],
    };
    let item = Item::new(&observation, page, Some(id(start, visit, 2)), Some(claims)).json;
    letter(rules, page, id(start, visit, 4), start, &[item])
}

/// Page views of one page load, as an app sends them.
pub(crate) fn app_views(rules: &Rules, number: u64, start: i64) -> Letter {
    let page = id(start, number, 1);
    let items: Vec<String> = (0..ITEMS)
        .map(|at| {
            let observation = Observation {
                id: id(start, number.wrapping_mul(ITEMS).wrapping_add(at), 3),
                seq: u32::try_from(at).unwrap_or(0),
                path: format!("/about/{at}/"),
                seen: view(),
                properties: Properties::default(),
            };
            Item::new(&observation, page, Some(id(start, number, 2)), Some(&[])).json
        })
        .collect();
    letter(rules, page, id(start, number, 4), start, &items)
}

fn letter(rules: &Rules, page: Id, visitor: Id, start: i64, items: &[String]) -> Letter {
    let received_at = start.saturating_add(PAUSE_MS.saturating_mul(20));
    let header = Header {
        site: &rules.site,
        sdk: "0.1.0",
        form: Form::Wasm,
        plan: &rules.plan,
        sent: received_at,
        page,
        visitor: Some(visitor),
        captured: u32::try_from(items.len()).unwrap_or(0),
        dropped: &[],
    };
    Letter {
        received_at,
        text: beacon::write(&header, items.iter().map(String::as_str)),
    }
}

fn buys(number: u64, at: u64) -> bool {
    at == 13 && number.is_multiple_of(10)
}

fn view() -> Seen {
    Seen::Page {
        host: "shop.example".into(),
        query: vec![("utm_source".into(), "mail".into())],
        title: "Cumulus, a light shoe for long days".into(),
        referrer: "https://search.example/".into(),
    }
}

fn seen(number: u64, at: u64) -> Seen {
    match at {
        4 | 9 => Seen::Media {
            step: MediaStep::Play,
            video: "walk".into(),
        },
        at if buys(number, at) => Seen::Commerce {
            step: CommerceStep::Purchase,
        },
        at if at % 2 == 0 => view(),
        _ => Seen::Event {
            name: "looked_closer".into(),
        },
    }
}

fn properties(number: u64, at: u64) -> Properties {
    if !buys(number, at) {
        return Properties::default();
    }
    order(number)
}

fn order(number: u64) -> Properties {
    Properties(vec![
        ("order".into(), Value::Text(format!("A{number}"))),
        ("revenue".into(), Value::Text("14800".into())),
    ])
}

/// What an honest page claims.
fn claims(number: u64, at: u64) -> Vec<&'static str> {
    match at {
        4 | 9 => vec!["watch-each-video", "watch-video"],
        at if buys(number, at) => vec!["product-purchase"],
        at if at % 2 == 0 => vec!["shoe-lover"],
        _ => Vec::new(),
    }
}
