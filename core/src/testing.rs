//! A plan and observations for examples and tests, small enough to read.

use crate::{
    Amount, CommerceStep, Counting, Currency, Definition, LinkKind, MediaStep, PagePattern, Rule,
    Rules, Selector, Trigger, Worth, Zone,
};
use alloc::{borrow::ToOwned as _, string::String, vec, vec::Vec};

fn goal(id: &str, count: Counting, trigger: Trigger) -> Definition {
    Definition {
        id: id.to_owned(),
        worth: Worth::Points(5),
        count,
        dedup: String::new(),
        when: vec![Rule {
            trigger,
            conditions: Vec::new(),
        }],
        server_only: false,
    }
}

/// How a small shop's figures are made: as a plan without a word about it says.
#[cfg(feature = "edge")]
pub fn reporting() -> crate::reporting::Reporting {
    crate::reporting::Reporting {
        channels: crate::channel::Channels {
            hosts: vec!["shop.example".to_owned()],
            ..Default::default()
        },
        sessions: crate::sessionize::SessionRules {
            timeout_ms: 1_800_000,
            split_at_midnight: false,
            split_by_campaign: false,
        },
        funnels: Vec::new(),
        segments: Vec::new(),
        cart_abandoned_after_ms: 3_600_000,
        lookback_days: 30,
        rates: Vec::new(),
        since: None,
        retention: crate::reporting::Retention::default(),
    }
}

/// A small shop's rules: one definition per kind of trigger.
pub fn rules() -> Rules {
    let yen = Currency::parse("JPY").unwrap_or_else(|_| unreachable!("JPY is a currency"));
    let mut definitions = vec![
        goal(
            "watch-video",
            Counting::OncePerSession,
            Trigger::Media(MediaStep::Play),
        ),
        Definition {
            dedup: "video".to_owned(),
            ..goal(
                "watch-each-video",
                Counting::OncePerSession,
                Trigger::Media(MediaStep::Play),
            )
        },
        goal("call-us", Counting::Every, Trigger::Link(LinkKind::Tel)),
        goal(
            "daily-visit",
            Counting::OncePerDay,
            Trigger::Page(pattern("/*"), Vec::new()),
        ),
        goal(
            "guide",
            Counting::OncePerSession,
            Trigger::Page(pattern("/guides/:topic"), Vec::new()),
        ),
        goal("cta", Counting::Every, Trigger::Click(selectors("a.cta"))),
        goal(
            "newsletter",
            Counting::OncePerContact,
            Trigger::Submit(selectors("#newsletter")),
        ),
        goal("read-on", Counting::Every, Trigger::Scroll(75)),
        goal("stayed", Counting::Every, Trigger::Dwell(30)),
        goal(
            "demo-request",
            Counting::Every,
            Trigger::Event("demo_requested".to_owned()),
        ),
        Definition {
            worth: Worth::Value(Amount::Property("revenue".to_owned(), yen)),
            ..goal(
                "product-purchase",
                Counting::OncePerOrder,
                Trigger::Commerce(CommerceStep::Purchase),
            )
        },
    ];
    definitions.push(Definition {
        when: Vec::new(),
        ..goal("inert", Counting::Every, Trigger::Event(String::new()))
    });
    definitions.push(Definition {
        server_only: true,
        worth: Worth::Value(Amount::Fixed(120_000, yen)),
        ..goal(
            "close-won",
            Counting::OncePerContact,
            Trigger::Event(String::new()),
        )
    });
    Rules {
        site: "cloud-kicks".to_owned(),
        plan: "00".to_owned(),
        session_timeout_ms: 1_800_000,
        split_at_midnight: false,
        split_by_campaign: false,
        hosts: vec!["shop.example".to_owned()],
        currency: yen,
        zone: Zone::fixed(32_400),
        definitions,
    }
}

fn pattern(text: &str) -> PagePattern {
    PagePattern::parse(text).unwrap_or_else(|_| unreachable!("a pattern of these tests"))
}

fn selectors(text: &str) -> Vec<Selector> {
    Selector::parse_list(text).unwrap_or_default()
}
