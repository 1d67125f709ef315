//! What a shop's visitors do, in one pattern: visits of 20 observations.
//!
//! Nine of them are page views of shoes, which count once a day, two are plays of a video, which count
//! once a session in two ways, and the rest are events that mean nothing. Every fifth visit puts
//! something into a cart, and every second of these buys it. So every second observation has a verdict,
//! and a visit has 3.1 conversions: more than most shops have, because they are what a sink has to
//! work for.
//!
//! Visits differ in how they arrive, on which of 40 pages, from which of 12 countries and with which
//! device; some values are much more frequent than others, as they are everywhere.

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

/// A beacon, and what the edge knew of its sender.
pub(crate) struct Letter {
    pub(crate) received_at: i64,
    pub(crate) text: String,
    country: &'static str,
    device: &'static str,
}

impl Letter {
    /// The beacon as JSON, to be looked into.
    pub(crate) fn raw(&self) -> serde_json::Result<&RawValue> {
        serde_json::from_str(&self.text)
    }

    /// What the queue would hand to the sink.
    pub(crate) fn accepted<'a>(&self, beacon: &'a RawValue) -> Accepted<'a> {
        Accepted {
            received_at: self.received_at,
            visitor: None,
            country: self.country.into(),
            device: self.device.into(),
            doubts: "".into(),
            content: Content::Beacon(beacon),
        }
    }
}

const COUNTRIES: [&str; 12] = [
    "JP", "US", "DE", "GB", "FR", "BR", "IN", "KR", "AU", "ES", "MX", "NG",
];

const DEVICES: [&str; 3] = ["mobile", "desktop", "tablet"];

const PAGES: u64 = 40;

/// How visits arrive: a referrer, and the tags of the link.
const ARRIVALS: [(&str, &[(&str, &str)]); 10] = [
    ("https://www.google.com/", &[]),
    ("", &[]),
    ("https://www.instagram.com/", &[]),
    (
        "",
        &[
            ("utm_source", "letter"),
            ("utm_medium", "email"),
            ("utm_campaign", "autumn"),
        ],
    ),
    (
        "https://www.google.com/",
        &[
            ("utm_source", "google"),
            ("utm_medium", "cpc"),
            ("utm_campaign", "cumulus"),
        ],
    ),
    ("https://runners.example/", &[]),
    (
        "",
        &[
            ("utm_source", "letter"),
            ("utm_medium", "email"),
            ("utm_campaign", "winter"),
        ],
    ),
    ("https://www.bing.com/", &[]),
    (
        "https://www.youtube.com/",
        &[
            ("utm_source", "youtube"),
            ("utm_medium", "paid_social"),
            ("utm_campaign", "walk"),
        ],
    ),
    ("https://chatgpt.com/", &[]),
];

/// A number below `all`: of two, the smaller is the more frequent one. Each trait of a visit has a
/// number of its own, so that they do not go together.
fn choice(number: u64, trait_of: u32, all: u64) -> u64 {
    let mixed = number
        .wrapping_add(1)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .rotate_left(trait_of.wrapping_mul(11));
    let part = (mixed ^ (mixed >> 31)) % 1_000;
    part.saturating_mul(part)
        .saturating_mul(all)
        .checked_div(1_000_000)
        .unwrap_or(0)
}

fn chosen<T: Copy>(number: u64, trait_of: u32, from: &[T], or: T) -> T {
    let all = u64::try_from(from.len()).unwrap_or(1);
    let at = usize::try_from(choice(number, trait_of, all)).unwrap_or(0);
    from.get(at).copied().unwrap_or(or)
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
                path: format!("/shoes/{}/", choice(number, 1, PAGES)),
                seen: seen(number, at),
                properties: properties(number, at),
            };
            Item::new(&observation, page, Some(session), Some(&claims(number, at))).json
        })
        .collect();
    letter(rules, number, [page, visitor], start, &items)
}

/// What the shop's server says of the order of a visit, and so who ordered; `None` without one.
pub(crate) fn told(number: u64, start: i64, known_since: i64) -> Option<serde_json::Value> {
    let at = (0..ITEMS).find(|at| buys(number, *at))?;
    let after = PAUSE_MS.saturating_mul(i64::try_from(at).ok()?);
    let visitor = visitor(number);
    Some(serde_json::json!({
        "id": format!("A{number}-paid"),
        "time": start.saturating_add(after),
        "commerce": "purchase",
        "order": format!("A{number}"),
        "revenue": "14800",
        "currency": "JPY",
        "visitor": id(known_since, visitor, 4).text(),
        "contact": {"customer": format!("{visitor}")},
    }))
}

/// A page load of one page view, in a visit.
pub(crate) fn page_view(rules: &Rules, number: u64, visit: u64, start: i64) -> Letter {
    let seen = view(visit, true);
    one(rules, number, visit, start, seen, Properties::default())
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
    letter(rules, number, [page, id(start, visit, 4)], start, &[item])
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
                seen: view(number, true),
                properties: Properties::default(),
            };
            Item::new(&observation, page, Some(id(start, number, 2)), Some(&[])).json
        })
        .collect();
    letter(rules, number, [page, id(start, number, 4)], start, &items)
}

fn letter(
    rules: &Rules,
    number: u64,
    [page, visitor]: [Id; 2],
    start: i64,
    items: &[String],
) -> Letter {
    let received_at = start.saturating_add(PAUSE_MS.saturating_mul(20));
    let header = Header {
        site: &rules.site,
        sdk: "0.1.0",
        form: Form::Wasm,
        plan: &rules.plan,
        sent: received_at,
        page,
        session: None,
        visitor: Some(visitor),
        consent: "",
        cookieless: false,
        captured: u32::try_from(items.len()).unwrap_or(0),
        dropped: &[],
    };
    Letter {
        received_at,
        text: beacon::write(&header, items.iter().map(String::as_str)),
        country: chosen(number, 2, &COUNTRIES, ""),
        device: chosen(number, 3, &DEVICES, ""),
    }
}

fn adds_to_cart(number: u64, at: u64) -> bool {
    at == 11 && number.is_multiple_of(5)
}

fn buys(number: u64, at: u64) -> bool {
    at == 13 && number.is_multiple_of(10)
}

/// A page view: the first of a visit says how it arrived.
fn view(number: u64, first: bool) -> Seen {
    let (referrer, query) = if first {
        chosen(number, 4, &ARRIVALS, ("", &[]))
    } else {
        ("https://shop.example/", [].as_slice())
    };
    let owned = |(name, value): &(&str, &str)| ((*name).into(), (*value).into());
    Seen::Page {
        host: "shop.example".into(),
        query: query.iter().map(owned).collect(),
        title: "Cumulus, a light shoe for long days".into(),
        referrer: referrer.into(),
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
        at if adds_to_cart(number, at) => Seen::Commerce {
            step: CommerceStep::AddToCart,
        },
        at if at % 2 == 0 => view(number, at == 0),
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
