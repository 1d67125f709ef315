//! Reports that follow people: credits, how long it took, funnels, and what others would count.

use super::{
    NOW, SITE, Shop,
    shop::{Copy, Visit, time},
};
use crate::{
    http::Failure,
    reports::{
        Query, answer,
        asked::Made,
        credit, funnels,
        store::{Ask, Store},
        what_if,
    },
};
use futures_util::FutureExt as _;
use goalpost_core::{
    PagePattern,
    attribution::Model,
    funnel::{Funnel, Order, Step, Unit},
};
use proptest::prelude::*;
use rusqlite::params_from_iter;
use serde_json::Value;
use std::sync::Arc;

impl Store for Shop {
    async fn batch(&self, asks: &[Ask]) -> Result<Vec<Vec<String>>, Failure> {
        let together = self.sqlite.unchecked_transaction().unwrap();
        let answers = asks
            .iter()
            .map(|ask| {
                self.sqlite
                    .prepare_cached(&ask.sql)
                    .and_then(|mut prepared| {
                        prepared
                            .query_map(params_from_iter(&ask.values), |row| row.get(0))?
                            .collect()
                    })
                    .unwrap_or_else(|problem| panic!("{problem}\n{}", ask.sql))
            })
            .collect();
        together.commit().unwrap();
        Ok(answers)
    }
}

/// Which report.
#[derive(Clone, Copy, Debug)]
enum Which {
    Attribution,
    Velocity,
    Funnels,
    WhatIf,
}

fn now<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, String> {
    let done = work
        .now_or_never()
        .expect("a test's database answers at once");
    done.map_err(|failure| failure.problem().detail.into_owned())
}

impl Shop {
    fn made(&self, which: Which, query: &str) -> Result<Made, String> {
        let pairs = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let query = Query(pairs.collect());
        let known = &self.known;
        match which {
            Which::Attribution => now(credit::report::attribution(self, known, &query, NOW)),
            Which::Velocity => now(credit::velocity::velocity(self, known, &query, NOW)),
            Which::Funnels => now(funnels::report::funnels(self, known, &query, NOW)),
            Which::WhatIf => now(what_if::what_if(self, known, &query, NOW)),
        }
    }

    fn told(&self, which: Which, query: &str) -> Value {
        let query = format!("from=2026-11-01&to=2026-11-17&{query}");
        let made = self.made(which, &query).unwrap();
        answer::json(&made.face, &self.known, &made.table)
    }

    fn with_funnels(mut self, funnels: Vec<Funnel>) -> Self {
        let mut reporting = (*self.known.reporting).clone();
        reporting.funnels = funnels;
        self.known.reporting = Arc::new(reporting);
        self
    }

    /// Keeps as many due days of each part.
    fn keep(&self, days: u32) -> u32 {
        let mut claims = 0;
        let mut id = || {
            claims += 1;
            Ok(format!("claim {claims}"))
        };
        let back = self.known.reporting.lookback_days;
        let part = credit::kept::part(SITE, back);
        let credits = credit::kept::keep(self, &part, back, "9999", days, &mut id);
        let own = &self.known.reporting.funnels;
        let part = funnels::kept::part(SITE, own);
        now(credits).unwrap()
            + now(funnels::kept::keep(self, &part, own, "9999", days, &mut id)).unwrap()
    }

    fn forget_what_is_kept(&self) {
        self.sqlite.execute_batch("DELETE FROM kept_days").unwrap();
        self.all_is_stale();
    }

    /// A session that begins through a channel and sees these things: `/path`, or a definition.
    fn walk(&self, (visitor, session): (u8, u8), hour: u16, channel: &'static str, seen: &[&str]) {
        let trail: Vec<String> = (1i64..)
            .zip(seen)
            .map(|(at, seen)| {
                let time = time(hour) + (at - 1) * 60_000;
                if seen.starts_with('/') {
                    format!(r#"[{at},{time},"page","{seen}",[],""]"#)
                } else {
                    format!(r#"[{at},{time},"event","{seen}",["{seen}"],""]"#)
                }
            })
            .collect();
        let pages = seen.iter().filter(|own| own.starts_with('/')).count();
        self.visit(&Visit {
            visitor,
            session,
            hour,
            channel,
            device: "mobile",
            pages: pages.try_into().unwrap(),
            plays: 0,
        });
        self.sqlite
            .execute(
                "UPDATE sessions SET trail = ?1 WHERE session = unhex(?2)",
                [trail.join(","), format!("{session:032x}")],
            )
            .unwrap();
    }

    fn buy(&self, order: u8, (visitor, session): (u8, u8), hour: u16, minor: i64) {
        self.convert(&Copy {
            id: 100 + order,
            definition: "product-purchase",
            order: Some(order),
            visitor: Some(visitor),
            session,
            hour,
            minor: Some(minor),
            currency: "JPY",
            verified: true,
        });
    }
}

/// One figure, as people read it.
fn shown(figure: &Value) -> String {
    match &figure["value"] {
        Value::Array(list) => list
            .iter()
            .map(|own| own["decimal"].as_str().unwrap_or("-").to_owned())
            .collect::<Vec<_>>()
            .join("+"),
        Value::Object(own) => own["decimal"].as_str().unwrap_or("-").to_owned(),
        other => other.to_string(),
    }
}

/// Rows as lines: the labels, then these columns.
fn lines(body: &Value, columns: &[&str]) -> Vec<String> {
    let dimensions: Vec<&str> = body["columns"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|own| own["kind"] == "dimension")
        .map(|own| own["id"].as_str().unwrap())
        .collect();
    let rows = body["rows"].as_array().unwrap();
    rows.iter()
        .map(|row| {
            let labels = dimensions
                .iter()
                .map(|own| row[own]["name"].as_str().unwrap().to_owned());
            let figures = columns.iter().map(|own| shown(&row[own]));
            labels.chain(figures).collect::<Vec<_>>().join(" | ")
        })
        .collect()
}

fn funnel(id: &str, order: Order, unit: Unit, steps: Vec<Step>) -> Funnel {
    Funnel {
        id: id.into(),
        name: id.into(),
        steps,
        exclude: vec![Step::Definition("leave".into())],
        order,
        window_ms: 30 * 86_400_000,
        unit,
    }
}

fn page(path: &str) -> Step {
    Step::Page(PagePattern::parse(path).unwrap())
}

fn way() -> Vec<Step> {
    vec![
        page("/shoes/:id"),
        Step::Definition("cart".into()),
        page("/thanks"),
    ]
}

/// Paid Search on the 1st, Email on the 8th and Direct on the 15th, then 10,000 yen.
fn three_touches() -> Shop {
    let shop = Shop::new();
    shop.walk((1, 1), 0, "Paid Search", &["/"]);
    shop.walk((1, 2), 7 * 24, "Email", &["/"]);
    shop.walk((1, 3), 14 * 24, "Direct", &["/"]);
    shop.buy(1, (1, 3), 14 * 24, 10_000);
    shop
}

#[test]
fn each_model_gives_the_whole_value_to_the_touches_before() {
    let shop = three_touches();
    let of = |model: &str| {
        let body = shop.told(Which::Attribution, &format!("model={model}"));
        assert_eq!(shown(&body["totals"]["net"]), "10000");
        assert_eq!(shown(&body["totals"]["conversions"]), "1.000000");
        lines(&body, &["conversions", "net"])
    };
    assert_eq!(of("first"), ["Paid Search | 1.000000 | 10000"]);
    assert_eq!(of("last"), ["Direct | 1.000000 | 10000"]);
    assert_eq!(of("last_non_direct"), ["Email | 1.000000 | 10000"]);
    assert_eq!(
        of("linear"),
        [
            "Paid Search | 0.333334 | 3334",
            "Direct | 0.333333 | 3333",
            "Email | 0.333333 | 3333"
        ]
    );
    assert_eq!(
        of("position"),
        [
            "Direct | 0.400000 | 4000",
            "Paid Search | 0.400000 | 4000",
            "Email | 0.200000 | 2000"
        ]
    );
    assert_eq!(
        of("time_decay"),
        [
            "Direct | 0.571429 | 5714",
            "Email | 0.285714 | 2857",
            "Paid Search | 0.142857 | 1429"
        ]
    );
    // Every path that there is goes through each of the three.
    assert_eq!(
        of("data_driven"),
        [
            "Direct | 0.333334 | 3334",
            "Email | 0.333333 | 3333",
            "Paid Search | 0.333333 | 3333"
        ]
    );
    let all = shop.told(Which::Attribution, "model=all");
    assert_eq!(
        lines(
            &all,
            &["first_net", "last_net", "linear_net", "data_driven_net"]
        ),
        [
            "Paid Search | 10000 |  | 3334 | 3333",
            "Direct |  | 10000 | 3333 | 3334",
            "Email |  |  | 3333 | 3333",
        ]
    );
}

#[test]
fn a_touch_that_is_too_old_gets_nothing() {
    let shop = three_touches();
    let week = shop.told(Which::Attribution, "model=linear&lookback=7d");
    assert_eq!(lines(&week, &["net"]), ["Direct | 5000", "Email | 5000"]);
    assert_eq!(week["filters"]["lookback"], "7d");
}

#[test]
fn money_without_a_touch_is_a_row_of_its_own() {
    let shop = three_touches();
    shop.convert(&Copy {
        id: 90,
        definition: "product-purchase",
        order: Some(9),
        visitor: None,
        session: 0,
        hour: 300,
        minor: Some(500),
        currency: "USD",
        verified: false,
    });
    let body = shop.told(Which::Attribution, "model=last");
    assert_eq!(
        lines(&body, &["conversions", "net", "claimed_net"]),
        [
            "Direct | 1.000000 | 10000 | ",
            "(unattributed) | 1.000000 |  | 5.00"
        ]
    );
}

#[test]
fn a_contact_takes_the_touches_of_all_devices_along() {
    let shop = three_touches();
    shop.walk((2, 4), 30, "Email", &["/"]);
    shop.buy(2, (2, 4), 31, 400);
    let first = |shop: &Shop| lines(&shop.told(Which::Attribution, "model=first"), &["net"]);
    assert_eq!(first(&shop), ["Email | 400", "Paid Search | 10000"]);
    shop.keep(9);
    shop.identify(1, 1);
    shop.identify(2, 1);
    assert_eq!(first(&shop), ["Paid Search | 10400"]);
}

#[test]
fn a_refund_takes_back_what_was_given() {
    let shop = three_touches();
    let before = shop.told(Which::Attribution, "model=all");
    shop.walk((2, 5), 40, "Email", &["/"]);
    shop.walk((2, 6), 80, "Paid Search", &["/"]);
    shop.buy(2, (2, 6), 81, 999);
    shop.keep(9);
    let linear = |shop: &Shop| {
        lines(
            &shop.told(Which::Attribution, "model=linear"),
            &["conversions", "net"],
        )
    };
    assert_eq!(
        linear(&shop)[..2],
        ["Paid Search | 0.833334 | 3833", "Email | 0.833333 | 3833"].map(String::from)
    );
    shop.refund(1, 2, Some(99), 90);
    assert_eq!(
        shown(&shop.told(Which::Attribution, "model=position")["totals"]["net"]),
        "10900"
    );
    shop.refund(2, 2, None, 91);
    let after = shop.told(Which::Attribution, "model=all");
    for model in Model::ALL {
        for what in ["conversions", "net"] {
            let id = format!("{}_{what}", model.name());
            let of = |body: &Value| {
                let rows = body["rows"].as_array().unwrap().iter();
                rows.map(|row| (row["channel"]["id"].to_string(), shown(&row[&id])))
                    .collect::<std::collections::BTreeMap<_, _>>()
            };
            for (channel, value) in of(&before) {
                let left = of(&after).remove(&channel).unwrap();
                let left = if left == "0" { String::new() } else { left };
                assert_eq!(left, value, "{id} {channel}");
            }
        }
    }
}

#[test]
fn what_was_spent_stands_beside_what_it_brought() {
    let shop = three_touches();
    shop.cost(1, "Email", 4_000, "JPY");
    shop.cost(1, "Display", 100, "JPY");
    let body = shop.told(Which::Attribution, "");
    assert_eq!(
        lines(&body, &["net", "cost", "return_on_spend"]),
        ["Email | 10000 | 4000 | 2.5000", "Display |  | 100 | 0.0000"]
    );
    assert_eq!(shown(&body["totals"]["return_on_spend"]), "2.4390");
}

#[test]
fn steps_of_those_who_did_not_buy_weigh_too() {
    let shop = three_touches();
    // Of four who come by Paid Search and go no further, nothing comes.
    for visitor in 10..14 {
        shop.walk((visitor, visitor + 20), 50, "Paid Search", &["/"]);
    }
    // And one who comes by Email alone buys.
    shop.walk((20, 60), 50, "Email", &["/"]);
    shop.buy(2, (20, 60), 51, 5_000);
    // Without Paid Search or Direct one of two is lost, without Email both.
    let body = shop.told(Which::Attribution, "model=data_driven");
    assert_eq!(
        lines(&body, &["net"]),
        ["Email | 7500", "Direct | 3750", "Paid Search | 3750"]
    );
}

#[test]
fn time_and_visits_until_an_outcome_count_from_the_first_touch() {
    let shop = three_touches();
    shop.walk((2, 4), 30, "Email", &["/"]);
    shop.buy(2, (2, 4), 31, 400);
    for (order, hour) in [(3, 60), (4, 61)] {
        shop.walk((order, order + 10), 60, "Email", &["/"]);
        shop.buy(order, (order, order + 10), hour, 400);
    }
    for kept in [false, true] {
        if kept {
            shop.keep(99);
        }
        let body = shop.told(Which::Velocity, "definition=product-purchase");
        let all = [
            "outcomes",
            "untouched",
            "median_time",
            "mean_time",
            "median_visits",
            "mean_visits",
        ];
        // 0 s, 1 h, 1 h and 14 days; in 1, 1, 1 and 3 visits. Times keep three digits.
        assert_eq!(
            lines(&body, &all),
            ["Product purchase | 4 | 0 | 3600.000 | 304200.000 | 1.00 | 1.50"]
        );
        let days = shop.told(Which::Velocity, "definition=product-purchase&by=days");
        let some: Vec<String> = lines(&days, &["outcomes"])
            .into_iter()
            .filter(|own| !own.ends_with(" 0"))
            .collect();
        assert_eq!(
            some,
            ["Product purchase | 0 | 3", "Product purchase | 8-14 | 1"]
        );
        let visits = shop.told(Which::Velocity, "definition=product-purchase&by=visits");
        assert_eq!(
            lines(&visits, &["outcomes"])[..3],
            [
                "Product purchase | 1 | 3",
                "Product purchase | 2 | 0",
                "Product purchase | 3 | 1"
            ]
            .map(String::from)
        );
    }
}

/// Four sessions on the way to the thanks page, two of them one person's.
fn four_walks() -> Shop {
    let shop = Shop::new().with_funnels(vec![
        funnel("way", Order::Loose, Unit::Session, way()),
        funnel("people", Order::Loose, Unit::Contact, way()),
    ]);
    shop.walk((1, 1), 0, "Email", &["/shoes/1", "cart", "/thanks"]);
    shop.walk((2, 2), 5, "Direct", &["/shoes/1", "/x", "cart"]);
    shop.walk((3, 3), 30, "Direct", &["/", "cart", "/thanks"]);
    shop.walk((4, 4), 31, "Direct", &["/shoes/2", "leave", "cart"]);
    shop.identify(2, 1);
    shop.identify(3, 1);
    shop
}

#[test]
fn a_funnel_counts_sessions_or_people_by_how_far_they_came() {
    let shop = four_walks();
    let columns = [
        "reached",
        "rate_from_first",
        "rate_from_before",
        "median_time",
    ];
    for kept in [false, true] {
        if kept {
            shop.keep(99);
        }
        let steps = |query: &str| {
            let body = shop.told(Which::Funnels, query);
            (
                lines(&body, &columns),
                shown(&body["totals"]["rate_from_first"]),
            )
        };
        let (sessions, through) = steps("funnel=way");
        assert_eq!(
            sessions,
            [
                "/shoes/:id | 2 | 1.0000 | null | null",
                "definition cart | 2 | 1.0000 | 1.0000 | 90.000",
                "/thanks | 1 | 0.5000 | 0.5000 | 60.000",
            ]
        );
        assert_eq!(through, "0.5000");
        // The second began on the phone and came through on the desk.
        let (people, _) = steps("funnel=people");
        assert_eq!(
            people[2],
            "/thanks | 2 | 1.0000 | 1.0000 | 45030.000".to_string()
        );
        assert_eq!(steps("funnel=way&unit=contact").0, people);
        let (strict, _) = steps("funnel=way&order=strict");
        assert_eq!(strict[1], "definition cart | 1 | 0.5000 | 0.5000 | 60.000");
        let (any, _) = steps("funnel=way&order=any");
        assert_eq!(any[0], "any 1 | 3 | 1.0000 | null | null");
        let (apart, _) = steps("funnel=way&by=channel");
        assert_eq!(apart[0], "/shoes/:id | Direct | 1 | 1.0000 | null | null");
        assert_eq!(apart[5], "/thanks | Email | 1 | 1.0000 | 1.0000 | 60.000");
    }
    let body = shop.told(Which::Funnels, "");
    assert_eq!(
        lines(
            &body,
            &["began", "completed", "completion_rate", "excluded"]
        ),
        ["way | 2 | 1 | 0.5000 | 1", "people | 2 | 2 | 1.0000 | 1"]
    );
}

#[test]
fn another_plan_makes_kept_days_due_again() {
    let mut shop = four_walks();
    shop.buy(1, (1, 1), 1, 100);
    assert!(shop.keep(99) > 0);
    assert_eq!(shop.keep(99), 0);
    let mut reporting = (*shop.known.reporting).clone();
    reporting.funnels[0].order = Order::Strict;
    shop.known.reporting = Arc::new(reporting);
    let body = shop.told(Which::Funnels, "funnel=way");
    assert_eq!(lines(&body, &["reached"])[1], "definition cart | 1");
    let funnel_days = shop.keep(99);
    assert_eq!(funnel_days, 2);
    let mut reporting = (*shop.known.reporting).clone();
    reporting.lookback_days = 14;
    shop.known.reporting = Arc::new(reporting);
    assert_eq!(shop.keep(99), 1);
    assert_eq!(
        shop.told(Which::Attribution, "")["filters"]["lookback"],
        "14d"
    );
}

#[test]
fn what_arrives_while_a_day_is_kept_is_not_missed() {
    let shop = three_touches();
    shop.keep(99);
    let part = credit::kept::part(SITE, 30);
    let claim = now(part.claim(&shop, "2026-11-15".into(), "one".into())).unwrap();
    // Rows have been read by now.
    shop.buy(2, (1, 3), 14 * 24, 5);
    let net = |shop: &Shop| shown(&shop.told(Which::Attribution, "")["totals"]["net"]);
    now(claim.fill(&shop, Vec::new())).unwrap();
    assert_eq!(net(&shop), "10005");
    // A claim that was taken over writes nothing.
    let first = now(part.claim(&shop, "2026-11-15".into(), "one".into())).unwrap();
    let second = now(part.claim(&shop, "2026-11-15".into(), "two".into())).unwrap();
    now(first.fill(&shop, Vec::new())).unwrap();
    assert_eq!(net(&shop), "10005");
    drop(second);
    assert_eq!(shop.keep(99), 1, "what nobody finished is due");
    assert_eq!(net(&shop), "10005");
    assert_eq!(shop.keep(99), 0);
}

#[test]
fn each_product_has_its_own_figures_of_the_same_visits() {
    let shop = Shop::new();
    // Two page views 30 minutes apart: one session for Plausible, two for the others.
    shop.walk((1, 1), 0, "Email", &["/"]);
    shop.walk((1, 2), 1, "Email", &["/"]);
    shop.sqlite
        .execute_batch(
            "UPDATE sessions SET trail = replace(trail, '1793494800000', '1793493000000')",
        )
        .unwrap();
    shop.walk((2, 3), 3, "Direct", &["/", "play", "play"]);
    let body = shop.told(Which::WhatIf, "");
    assert_eq!(
        lines(
            &body,
            &[
                "visitors",
                "sessions",
                "bounces",
                "bounce_rate",
                "conversions:play"
            ]
        ),
        [
            "goalpost | 2 | 3 | 2 | 0.6667 | 2",
            "ga4 | 2 | 3 | 2 | 0.6667 | 2",
            "ua | 2 | 3 | 2 | 0.6667 | 1",
            "matomo | 2 | 3 | 2 | 0.6667 | 1",
            "plausible | 2 | 2 | 0 | 0.0000 | 1",
        ]
    );
    let longer = shop.told(Which::WhatIf, "preset=ga4&timeout=60");
    assert_eq!(lines(&longer, &["timeout", "sessions"]), ["ga4 | 60 | 2"]);
}

#[test]
fn what_cannot_be_asked_is_refused_with_the_choices() {
    let shop = four_walks();
    let refused = |which, query: &str| shop.made(which, query).err().unwrap_or_default();
    insta::assert_snapshot!(
        [
            refused(Which::Attribution, "model=best"),
            refused(Which::Attribution, "lookback=8d"),
            refused(Which::Attribution, "definition=product-purchase,play"),
            refused(Which::Attribution, "funnel=way"),
            refused(Which::Funnels, "funnel=nowhere"),
            refused(Which::Velocity, "by=weeks"),
            refused(Which::WhatIf, "preset=umami"),
        ]
        .join("\n"),
        @r"
    model: 'best' is none of: last_non_direct, first, last, linear, position, time_decay, data_driven, all
    lookback: '8d' is none of: 7d, 30d, 60d, 90d
    definition: 'play' is none of: contact-acquired, product-purchase, marketing-lead, sales-lead, sales-opportunity, close-won, close-lost, close-cancelled, order-confirmed, order-shipped, order-delivered, support-contact, service-used, review-written, survey-answered, add-on-purchase, repeat-purchase, shop-recommended, order-returned, order-exchanged, item-resold
    funnel: is no parameter of this report; it takes from, to, compare, model, lookback, definition, by, format, limit
    funnel: 'nowhere' is none of: way, people
    by: 'weeks' is none of: none, days, visits
    preset: 'umami' is none of: all, goalpost, ga4, ua, matomo, plausible
    "
    );
}

const CHANNELS: [&str; 3] = ["Direct", "Email", "Paid Search"];

#[derive(Clone, Debug)]
enum Act {
    Walk((u8, u8), u16, &'static str, Vec<&'static str>),
    Buy(u8, Option<(u8, u8)>, u16, i64, bool),
    Refund(u8, u8, Option<i64>),
    Identify(u8, u8),
    Keep(u32),
    RollUp(usize),
}

fn act() -> impl Strategy<Value = Act> {
    let seen = prop::sample::select(vec!["/shoes/1", "cart", "/thanks", "/", "leave"]);
    let hour = 0u16..200;
    prop_oneof![
        8 => (0u8..4, 0u8..12, hour.clone(), 0usize..3, prop::collection::vec(seen, 1..5)).prop_map(
            |(visitor, session, hour, channel, seen)| {
                let session = session / 4 * 4 + visitor;
                Act::Walk((visitor, session), hour, CHANNELS[channel], seen)
            }),
        6 => (0u8..30, prop::option::of((0u8..4, 0u8..3)), hour, 1i64..2_000, any::<bool>()).prop_map(
            |(order, who, hour, minor, verified)| {
                let who = who.map(|(visitor, session)| (visitor, session * 4 + visitor));
                Act::Buy(order, who, hour, minor, verified)
            }),
        2 => (0u8..9, 0u8..30, prop::option::of(1i64..900))
            .prop_map(|(id, order, minor)| Act::Refund(id, order, minor)),
        2 => (0u8..4, 0u8..2).prop_map(|(visitor, contact)| Act::Identify(visitor, contact)),
        2 => (1u32..5).prop_map(Act::Keep),
        1 => (1usize..5).prop_map(Act::RollUp),
    ]
}

fn after(acts: &[Act]) -> Shop {
    let shop = Shop::new().with_funnels(vec![
        funnel("way", Order::Loose, Unit::Session, way()),
        funnel("strict", Order::Strict, Unit::Session, way()),
    ]);
    for act in acts {
        match act {
            Act::Walk(who, hour, channel, seen) => shop.walk(*who, *hour, channel, seen),
            Act::Buy(order, who, hour, minor, verified) => shop.convert(&Copy {
                id: 100 + order,
                definition: "product-purchase",
                order: Some(*order),
                visitor: who.map(|(visitor, _)| visitor),
                session: who.map_or(0, |(_, session)| session),
                hour: *hour,
                minor: Some(*minor),
                currency: if order % 5 == 0 { "USD" } else { "JPY" },
                verified: *verified,
            }),
            Act::Refund(id, order, minor) => shop.refund(*id, *order, *minor, 150),
            Act::Identify(visitor, contact) => shop.identify(*visitor, *contact),
            Act::Keep(days) => {
                shop.keep(*days);
            }
            Act::RollUp(days) => shop.roll_up(*days),
        }
    }
    shop
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_kept_is_what_is_computed_anew(acts in prop::collection::vec(act(), 1..50)) {
        let shop = after(&acts);
        let ask = || -> Vec<String> {
            [
                (Which::Attribution, "model=all"),
                (Which::Attribution, "model=all&by=campaign&compare=previous"),
                (Which::Attribution, "model=linear&lookback=7d&by=source"),
                (Which::Velocity, ""),
                (Which::Velocity, "by=days"),
                (Which::Funnels, ""),
                (Which::Funnels, "funnel=way&by=channel"),
                (Which::Funnels, "funnel=strict&unit=contact"),
            ]
            .map(|(which, query)| shop.told(which, query).to_string())
            .into()
        };
        let kept = ask();
        shop.forget_what_is_kept();
        prop_assert_eq!(kept, ask());
    }

    #[test]
    fn credits_sum_to_the_net_value_whatever_the_model(acts in prop::collection::vec(act(), 1..50)) {
        let shop = after(&acts);
        let net = |money: &str, currency: &str| -> i64 {
            shop.sqlite.query_row(
                "SELECT coalesce(sum(minor - refunded), 0) FROM conversions
                 WHERE money = ?1 AND currency = ?2", [money, currency], |row| row.get(0)).unwrap()
        };
        let count: i64 = shop.sqlite.query_row(
            "SELECT count(*) FROM conversions WHERE voided = 0", [], |row| row.get(0)).unwrap();
        for by in ["channel", "campaign", "source"] {
            let body = shop.told(Which::Attribution, &format!("model=all&by={by}"));
            for model in Model::ALL.map(Model::name).into_iter().chain(["data_driven"]) {
                let parts = |row: &Value| row[format!("{model}_conversions")]["value"]["numerator"].as_i64().unwrap();
                let rows = body["rows"].as_array().unwrap();
                prop_assert_eq!(rows.iter().map(parts).sum::<i64>(), count * 1_000_000);
                prop_assert_eq!(parts(&body["totals"]), count * 1_000_000);
                for (column, money) in [("net", "verified"), ("claimed_net", "claimed")] {
                    for currency in ["JPY", "USD"] {
                        let minor = |row: &Value| -> i64 {
                            let list = row[format!("{model}_{column}")]["value"].as_array().unwrap();
                            list.iter().filter(|own| own["currency"] == currency)
                                .map(|own| own["minor"].as_i64().unwrap()).sum()
                        };
                        prop_assert_eq!(rows.iter().map(minor).sum::<i64>(), net(money, currency));
                        prop_assert_eq!(minor(&body["totals"]), net(money, currency));
                    }
                }
            }
        }
    }
}
