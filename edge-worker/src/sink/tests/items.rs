//! What a page sees, and what a server reports, as items.

use super::*;
use goalpost_core::{MediaStep, beacon::Item};

pub(super) fn seen(n: i64, seen: Seen) -> Observation {
    Observation {
        id: id(n),
        seq: u32::try_from(n % 0x1_0000).unwrap(),
        path: "/shoes/".into(),
        seen,
        properties: Properties::default(),
    }
}

pub(super) fn item(observation: &Observation) -> String {
    Item::new(observation, id(1), Some(id(3)), None).json
}

/// A server's event: `n` milliseconds after [`NOW`], of a kind, with the rest of its fields.
pub(super) fn server_item(n: i64, rest: &str) -> String {
    format!(r#"{{"id":"{}","seq":0,{rest}}}"#, id(n).text())
}

/// A purchase that a server reports, of a known person.
pub(super) fn sold(n: i64, order: &str, revenue: &str, contact: &str) -> String {
    server_item(
        n,
        &format!(
            r#""kind":"commerce","name":"purchase","properties":{{"order":"{order}","revenue":"{revenue}"}},"contact":"{contact}""#
        ),
    )
}

/// What a server gives back of an order: an amount with its currency, or all of it.
pub(super) fn given_back(n: i64, order: &str, amount: Option<(&str, &str)>) -> String {
    let amount = amount.map_or_else(String::new, |(amount, currency)| {
        format!(r#","amount":"{amount}","currency":"{currency}""#)
    });
    server_item(
        n,
        &format!(r#""kind":"commerce","name":"refund","properties":{{"order":"{order}"{amount}}}"#),
    )
}

/// Identities that a server says are one person's.
pub(super) fn linked(n: i64, contact: &str, others: &[&str]) -> String {
    let others: Vec<String> = others.iter().map(|other| format!("\"{other}\"")).collect();
    server_item(
        n,
        &format!(
            r#""kind":"event","name":"signed_in","contact":"{contact}","identities":[{}]"#,
            others.join(",")
        ),
    )
}

/// A page view, with the source of a campaign or without one.
pub(super) fn view(n: i64, path: &str, source: &str) -> Observation {
    let query = if source.is_empty() {
        Vec::new()
    } else {
        vec![("utm_source".into(), source.into())]
    };
    let mut observation = seen(
        n,
        Seen::Page {
            host: "shop.example".into(),
            query,
            title: String::new(),
            referrer: String::new(),
        },
    );
    observation.path = path.into();
    observation
}

/// An item of a session of its own.
pub(super) fn item_in(session: i64, observation: &Observation) -> String {
    Item::new(observation, id(1), Some(id(session)), None).json
}

pub(super) fn play(n: i64, video: &str) -> Observation {
    seen(
        n,
        Seen::Media {
            step: MediaStep::Play,
            video: video.into(),
        },
    )
}

pub(super) fn event(n: i64, name: &str) -> Observation {
    seen(n, Seen::Event { name: name.into() })
}

pub(super) fn identify(n: i64, contact: &str) -> Observation {
    seen(
        n,
        Seen::Identify {
            contact: contact.into(),
        },
    )
}

pub(super) fn subscribe(n: i64) -> Observation {
    let elements = vec![goalpost_core::Element {
        tag: "form".into(),
        id: "newsletter".into(),
        ..Default::default()
    }];
    seen(n, Seen::Submit { elements })
}

pub(super) fn purchase(n: i64, order: &str, revenue: &str) -> Observation {
    let text = |text: &str| Value::Text(text.into());
    let mut observation = seen(
        n,
        Seen::Commerce {
            step: CommerceStep::Purchase,
        },
    );
    observation.properties = Properties(vec![
        ("order".into(), text(order)),
        ("revenue".into(), text(revenue)),
    ]);
    observation
}

pub(super) fn adds(n: i64) -> Observation {
    seen(
        n,
        Seen::Commerce {
            step: CommerceStep::AddToCart,
        },
    )
}
