//! Kept carts beside those that are worked out anew, over a real database filled through the sink.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows fails, as it should"
)]

use super::{figures, kept};
use crate::{
    http::Failure,
    reports::{
        Query, answer,
        store::{Ask, Store},
    },
    testing::*,
};
use futures_util::FutureExt as _;
use goalpost_core::Id;
use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};
use std::sync::Arc;

const HOUR: i64 = 60 * MINUTE;

/// Later than all that happens in a test.
const LATER: i64 = NOW + 9 * DAY;

impl Store for Shop {
    async fn batch(&self, asks: &[Ask]) -> Result<Vec<Vec<String>>, Failure> {
        let together = self.sqlite.unchecked_transaction().unwrap();
        let answers = asks
            .iter()
            .map(|ask| {
                let values: Vec<&str> = ask.values.iter().map(String::as_str).collect();
                self.rows(&ask.sql, &values)
            })
            .collect();
        together.commit().unwrap();
        Ok(answers)
    }
}

fn done<T>(work: impl Future<Output = Result<T, Failure>>) -> T {
    let done = work
        .now_or_never()
        .expect("a test's database answers at once");
    done.map_err(|failure| failure.problem().detail.into_owned())
        .unwrap()
}

impl Shop {
    fn report(&self, query: &str, now: i64) -> Value {
        let query = format!("{query}&from=2026-11-10&to=2026-11-30");
        let pairs = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let made = done(figures(self, &self.known, &Query(pairs.collect()), now));
        answer::json(&made.face, &self.known, &made.table)
    }

    /// Every way to ask, at some times.
    fn answers(&self, times: &[i64]) -> Vec<String> {
        let queries = [
            "by=none",
            "by=day&compare=previous",
            "by=channel",
            "by=device",
            "from=2026-11-18&to=2026-11-18",
        ];
        let asked = times
            .iter()
            .flat_map(|now| queries.map(|query| self.report(query, *now).to_string()));
        asked.collect()
    }

    fn keep_carts(&self, now: i64, most: u32) -> u32 {
        let mut claims = 0;
        let id = || {
            claims += 1;
            Ok(format!("claim {claims}"))
        };
        let mut left = most;
        let failed = done(kept::keep(self, &self.known, now, "9999", &mut left, id));
        assert!(failed.is_empty(), "{failed:?}");
        most - left
    }

    fn forget_carts(&self) {
        self.sqlite
            .execute_batch("DELETE FROM kept_days; DELETE FROM carts_daily")
            .unwrap();
    }

    fn stale_carts(&self) -> Vec<String> {
        self.rows(
            "SELECT day FROM stale_days WHERE part = 'carts' AND site = 'cloud-kicks' ORDER BY day",
            &[],
        )
    }

    /// Carts, bought, abandoned, recovered, open.
    fn totals(&self, now: i64) -> [i64; 5] {
        let body = self.report("by=none", now);
        ["carts", "bought", "abandoned", "recovered", "open"]
            .map(|own| body["totals"][own]["value"].as_i64().unwrap())
    }
}

#[test]
fn rows_that_are_not_shown_are_summed_up() {
    let mut shop = Shop::new();
    for day in 0..3 {
        let at = NOW + day * DAY;
        let seen = [
            (at, adds("walk")),
            (at + MINUTE, buys(&format!("A{day}"), "5")),
        ];
        let only = if day == 1 { 1 } else { 2 };
        let who = u64::try_from(day).unwrap();
        shop.sees(visitor(who), session(who, 0), &seen[..only]);
    }
    let body = shop.report("by=day&limit=9&compare=previous", LATER);
    let carts = |figures: &Value| {
        ["carts", "bought", "abandoned"].map(|own| figures[own]["value"].as_i64().unwrap())
    };
    assert_eq!(carts(&body["rows"][8]), [1, 1, 0]);
    assert_eq!(carts(&body["rest"]), [2, 1, 1]);
    assert_eq!(body["rest"]["carts"]["previous"], 0);
    assert_eq!(carts(&body["totals"]), [3, 2, 1]);
    assert_eq!(shop.report("by=day", LATER)["rest"], Value::Null);
}

fn session(n: u64, at: i64) -> Id {
    id(NOW + at, n)
}

#[derive(Clone, Debug)]
enum Act {
    /// Visitor, session, hour, and what is seen a minute apart.
    See(u64, u64, i64, Vec<Value>),
    /// An order of a server: number, hour, contact.
    Tell(u64, i64, u64),
    /// Two identities that are one person's.
    Link(u64, u64),
    /// Keeps so many days.
    Keep(u32),
}

fn act() -> impl Strategy<Value = Act> {
    let seen = prop_oneof![
        4 => select(vec!["walk", "run", ""]).prop_map(adds),
        2 => (0u64..4).prop_map(|order| buys(&format!("A{order}"), "5")),
        2 => (0u64..3).prop_map(|contact| identify(&format!("customer:{contact}"))),
        2 => Just(view()),
        1 => Just(json!({ "kind": "page", "host": "shop.example" })),
        1 => Just(play()),
    ];
    let hour = 0i64..120;
    prop_oneof![
        6 => (0u64..4, 0u64..8, hour.clone(), prop::collection::vec(seen, 1..5))
            .prop_map(|(visitor, session, hour, seen)| Act::See(visitor, session, hour, seen)),
        2 => (0u64..4, hour, 0u64..3).prop_map(|(order, hour, contact)| Act::Tell(order, hour, contact)),
        1 => (0u64..3, 0u64..3).prop_map(|(one, other)| Act::Link(one, other)),
        3 => (1u32..9).prop_map(Act::Keep),
    ]
}

fn after(acts: &[Act]) -> Shop {
    let mut shop = Shop::new();
    for (n, act) in acts.iter().enumerate() {
        let n = u64::try_from(n).unwrap();
        match act {
            // A session is one visitor's.
            Act::See(own, number, hour, seen) => {
                let at = NOW + hour * HOUR;
                let seen: Vec<(i64, Value)> = (at..).step_by(60_000).zip(seen.clone()).collect();
                shop.sees(visitor(*own), session(10 * number + own, 0), &seen);
            }
            Act::Tell(order, hour, contact) => {
                let time = NOW + hour * HOUR;
                shop.told(
                    LATER,
                    &[
                        json!({ "id": format!("t{n}"), "time": time, "commerce": "purchase",
                              "order": format!("A{order}"), "revenue": "100", "currency": "JPY",
                              "contact": { "customer": contact.to_string() } }),
                    ],
                );
            }
            Act::Link(one, other) => shop.told(
                LATER,
                &[
                    json!({ "id": format!("l{n}"), "time": NOW, "identify": true,
                          "contact": { "customer": one.to_string(), "email": format!("p{other}@shop.example") } }),
                ],
            ),
            Act::Keep(days) => {
                shop.keep_carts(NOW + 3 * DAY, *days);
            }
        }
    }
    shop
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn kept_carts_are_those_that_are_worked_out_anew(acts in prop::collection::vec(act(), 1..40)) {
        let shop = after(&acts);
        let times = [NOW + 3 * DAY, NOW + 3 * DAY + 30 * MINUTE, LATER];
        let kept = shop.answers(&times);
        shop.forget_carts();
        prop_assert_eq!(kept, shop.answers(&times));
    }

    #[test]
    fn days_add_up_to_their_period(acts in prop::collection::vec(act(), 1..30)) {
        let shop = after(&acts);
        let body = shop.report("by=day", LATER);
        for column in ["carts", "bought", "abandoned", "recovered", "open"] {
            let count = |row: &Value| row[column]["value"].as_i64().unwrap();
            let days = body["rows"].as_array().unwrap();
            prop_assert_eq!(days.iter().map(count).sum::<i64>(), count(&body["totals"]));
            for row in days {
                let day = row["day"]["id"].as_str().unwrap();
                let alone = shop.report(&format!("from={day}&to={day}"), LATER);
                prop_assert_eq!(count(row), count(&alone["totals"]), "{} {}", day, column);
            }
        }
    }
}

#[test]
fn a_kept_cart_is_given_up_when_its_time_comes() {
    let mut shop = Shop::new();
    shop.sees(visitor(1), session(1, 0), &[(NOW, adds("walk"))]);
    assert_eq!(shop.keep_carts(NOW + MINUTE, 9), 1);
    assert_eq!(shop.stale_carts(), Vec::<String>::new());
    // From here on, only what is kept can tell.
    shop.run("DELETE FROM sessions", &[]);
    shop.run("DELETE FROM stale_days", &[]);
    assert_eq!(shop.totals(NOW + HOUR - 1), [1, 0, 0, 0, 1]);
    assert_eq!(shop.totals(NOW + HOUR), [1, 0, 1, 0, 0]);
}

#[test]
fn a_purchase_makes_the_days_stale_of_all_that_it_may_have_bought_and_no_others() {
    let mut shop = Shop::new();
    for (n, at) in [(1, 0), (2, DAY), (3, 2 * DAY)] {
        shop.sees(
            visitor(n),
            session(n, at),
            &[
                (NOW + at, adds("walk")),
                (NOW + at + 1, identify(&format!("customer:{}", n.min(2)))),
            ],
        );
    }
    assert_eq!(shop.keep_carts(LATER, 9), 3);
    assert_eq!(shop.totals(LATER), [3, 0, 3, 0, 0]);
    shop.sees(
        visitor(4),
        session(4, 0),
        &[(NOW + 3 * DAY, play()), (NOW + 3 * DAY, view())],
    );
    assert_eq!(shop.stale_carts(), Vec::<String>::new(), "of no cart");
    shop.told(
        LATER,
        &[
            json!({ "id": "a", "time": NOW + 3 * DAY, "commerce": "purchase", "order": "A1",
                  "revenue": "100", "currency": "JPY", "contact": { "customer": "2" } }),
        ],
    );
    assert_eq!(shop.stale_carts(), ["2026-11-19", "2026-11-20"]);
    assert_eq!(shop.totals(LATER), [3, 0, 3, 2, 0]);
    assert_eq!(shop.keep_carts(LATER, 9), 2);
    assert_eq!(shop.totals(LATER), [3, 0, 3, 2, 0]);
}

#[test]
fn another_time_to_give_up_is_another_setting() {
    let mut shop = Shop::new();
    shop.sees(
        visitor(1),
        session(1, 0),
        &[(NOW, adds("walk")), (NOW + 2 * HOUR, buys("A1", "5"))],
    );
    assert_eq!(shop.keep_carts(LATER, 9), 1);
    assert_eq!(shop.totals(LATER), [1, 0, 1, 1, 0]);
    let mut reporting = (*shop.known.reporting).clone();
    reporting.cart_abandoned_after_ms = 3 * HOUR;
    shop.known.reporting = Arc::new(reporting);
    assert_eq!(shop.totals(LATER), [1, 1, 0, 0, 0]);
    assert_eq!(shop.keep_carts(LATER, 9), 1, "it is due");
    assert_eq!(shop.totals(LATER), [1, 1, 0, 0, 0]);
}

#[test]
fn what_goes_on_after_midnight_is_of_the_day_on_which_it_was_begun() {
    let mut shop = Shop::new();
    // 11:06 on the 18th in the shop; its session goes on for two midnights.
    let own = session(1, 0);
    shop.sees(visitor(1), own, &[(NOW, view())]);
    shop.sees(visitor(1), own, &[(NOW + 13 * HOUR, adds("walk"))]);
    shop.sees(visitor(1), own, &[(NOW + 39 * HOUR, adds("run"))]);
    for kept in [false, true] {
        if kept {
            assert_eq!(shop.keep_carts(LATER, 9), 1);
        }
        let body = shop.report("by=day", LATER);
        let days: Vec<(&str, i64)> = body["rows"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|row| {
                let carts = row["carts"]["value"].as_i64().unwrap();
                (carts > 0).then(|| (row["day"]["id"].as_str().unwrap(), carts))
            })
            .collect();
        assert_eq!(days, [("2026-11-19", 2)], "a session has two days at most");
    }
}

#[test]
fn what_arrives_while_a_day_is_kept_is_not_lost() {
    let mut shop = Shop::new();
    shop.sees(visitor(1), session(1, 0), &[(NOW, adds("walk"))]);
    let part = kept::part(&shop.known);
    let claim = done(part.claim(&shop, "2026-11-18".into(), "early".into()));
    shop.run("DELETE FROM stale_days", &[]);
    assert_eq!(shop.totals(LATER), [1, 0, 1, 0, 0], "claimed, and not kept");
    done(claim.fill(&shop, Vec::new()));
    shop.sees(visitor(1), session(1, 0), &[(NOW + 1, buys("A1", "5"))]);
    assert_eq!(shop.stale_carts(), ["2026-11-18"]);
    assert_eq!(shop.totals(LATER), [1, 1, 0, 0, 0]);
}

#[test]
fn no_question_reads_all_of_a_table() {
    let shop = Shop::new();
    let part = kept::part(&shop.known);
    let values = [SITE, "2026-11-01", "2026-11-30", part.name, &part.setting];
    for sql in kept::questions() {
        assert_eq!(shop.scans(&sql, &values), Vec::<String>::new(), "{sql}");
    }
}
