//! What the page says in debug mode is what the edge says of the same observation.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test says that it failed by a panic"
)]

mod page;

use goalpost_core::{
    BrowserPlan, CommerceStep, Context, Explanation, Id, Observation, Properties, Rules, Seen,
    Value, plan::Plan, reasons,
};
use goalpost_sdk::engine::{Consent, Input};
use page::{Page, START};

/// One definition for each way to miss.
const PLAN: &str = r#"{ "site": "cloud-kicks", "currency": "JPY", "hosts": ["shop.example"],
  "outcomes": [{ "id": "product-purchase", "when": { "commerce": "purchase" } },
               { "id": "close-won", "when": "server" }],
  "goals": [{ "id": "shoes", "when": { "page": "/shoes/" }, "count": "once_per_day" },
            { "id": "guide", "when": { "page": "/guides/:topic" } },
            { "id": "found", "when": { "event": "size_found" }, "count": "every" },
            { "id": "large", "when": { "event": "size_found", "and": [{ "property": "size", "greater": 27 }] } },
            { "id": "code" }] }"#;

fn observations() -> Vec<(Seen, Properties)> {
    let page = Seen::Page {
        host: "shop.example".into(),
        query: Vec::new(),
        title: "Shoes".into(),
        referrer: String::new(),
    };
    let event = || Seen::Event {
        name: "size_found".into(),
    };
    let trigger = |id: &str| Seen::Trigger {
        definition: id.into(),
    };
    let purchase = || Seen::Commerce {
        step: CommerceStep::Purchase,
    };
    let with = |key: &str, value: &str| Properties(vec![(key.into(), Value::Text(value.into()))]);
    let none = Properties::default;
    vec![
        (page, none()),
        (event(), with("size", "26")),
        (event(), with("size", "28")),
        (Seen::Event { name: "x".into() }, none()),
        (trigger("code"), none()),
        (trigger("close-won"), none()),
        (trigger("no-such-goal"), none()),
        (purchase(), with("revenue", "120")),
        (purchase(), with("revenue", "much")),
    ]
}

/// What the page is to say, in the words of the edge: nothing of definitions that wait for something
/// else altogether, nor of those of servers, which no page is sent.
fn told(rules: &Rules, observation: &Observation, met: &mut Vec<Explanation>) -> String {
    let reasons = reasons::of(rules, observation, &Context::default());
    let mut text = format!("{} {}", observation.seen.kind(), observation.path);
    for (reason, definition) in reasons.definitions.iter().zip(&rules.definitions) {
        met.push(reason.explanation);
        let is_silent = matches!(
            reason.explanation,
            Explanation::OtherKind | Explanation::Inert | Explanation::ServerOnly
        );
        if !is_silent && !definition.server_only {
            text += &["\n  ", &reason.definition, ": ", &reason.text()].concat();
        }
    }
    if let Some((_, problem)) = reasons.problem {
        text += &["\n  ! ", &problem].concat();
    }
    text
}

/// What the page's console and its panel make of the codes.
fn in_words(said: &str) -> String {
    let sentences = Explanation::sentences();
    let mut parts = said.split('\u{1f}');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (code, rest) = part.split_at(1);
        let code: usize = code.parse().expect("a code");
        text += &[": ", &sentences[code], rest].concat();
    }
    text
}

#[test]
fn a_miss_is_told_in_the_words_of_the_edge() {
    let rules = Plan::parse(PLAN).expect("a plan").compile();
    let mut page = Page::with(Consent::Granted);
    page.tell(Input::Plan(Some(&BrowserPlan::encode(&rules))));
    page.tell(Input::Debug(true));
    let mut met = Vec::new();
    for (number, (seen, properties)) in observations().into_iter().enumerate() {
        page.tell(Input::Seen {
            captured: None,
            path: "/shoes/".into(),
            seen: seen.clone(),
            properties: properties.clone(),
        });
        let observation = Observation {
            id: Id::new(START, [1; 10]),
            seq: 0,
            path: "/shoes/".into(),
            seen,
            properties,
        };
        assert_eq!(
            in_words(&page.said[number]),
            told(&rules, &observation, &mut met)
        );
    }
    for explanation in [
        Explanation::Matched,
        Explanation::Inert,
        Explanation::ServerOnly,
        Explanation::OtherKind,
        Explanation::OtherSubject,
        Explanation::Condition,
    ] {
        assert!(met.contains(&explanation), "{explanation:?}");
    }
    assert_eq!(
        in_words(&page.said[1]),
        "event /shoes/\n  found: matched, counts every\n  large: a condition does not hold"
    );
}
