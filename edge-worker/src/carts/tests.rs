//! Carts over a real database, filled through the sink.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows fails, as it should"
)]

use super::{
    Owner, Whose, owners,
    watch::{DUE, EVENT, Found, LATER, Note, SETTLED, SITES, found, pairs},
};
use crate::testing::*;
use goalpost_core::Id;
use serde_json::json;

const HOUR: i64 = 60 * MINUTE;

impl Shop {
    fn carts(&self, from: &str, to: &str, now: i64) -> Vec<Owner> {
        let values = [SITE, from, to];
        owners(self.parsed(&Whose::Days.question(), &values), HOUR, now)
            .map_err(|failure| failure.to_string())
            .unwrap()
    }

    /// What became of each cart: b(ought), a(bandoned), r(ecovered) or o(pen).
    fn fates(&self, now: i64) -> String {
        let owners = self.carts("2026-01-01", "2030-12-31", now);
        let carts = owners.iter().flat_map(|owner| &owner.carts);
        carts
            .map(|own| match (own.cart.abandoned_at, own.cart.purchased_at) {
                (Some(_), Some(_)) => 'r',
                (Some(_), None) => 'a',
                (None, Some(_)) => 'b',
                (None, None) => 'o',
            })
            .collect()
    }

    /// One run of the watch, with room for so many notes; how many it looked at.
    fn watch(&mut self, now: i64, room: usize) -> usize {
        let before = (now - HOUR).to_string();
        let notes: Vec<Note> = self.parsed(DUE, &[SITE, &before, &room.to_string()]);
        let found = self.looked_at(&notes, now);
        let items: Vec<String> = found
            .events
            .iter()
            .map(|event| event.json.clone())
            .collect();
        if !items.is_empty() {
            self.store(now, &items);
        }
        self.finish(&found);
        notes.len()
    }

    fn looked_at(&self, notes: &[Note], now: i64) -> Found {
        let pairs = pairs(notes).map_err(|failure| failure.to_string()).unwrap();
        let rows = self.parsed(&Whose::Sessions.question(), &[SITE, &pairs]);
        let owners = owners(rows, HOUR, now)
            .map_err(|failure| failure.to_string())
            .unwrap();
        let found = found(notes, &owners, &self.known.rules, now);
        assert!(found.problems.is_empty(), "{:?}", found.problems);
        found
    }

    fn finish(&self, found: &Found) {
        self.run(
            SETTLED,
            &[SITE, &serde_json::to_string(&found.settled).unwrap()],
        );
        self.run(
            LATER,
            &[SITE, &serde_json::to_string(&found.later).unwrap()],
        );
    }

    fn events(&self) -> i64 {
        self.number(&format!(
            "SELECT count(*) FROM observations WHERE body ->> 'name' = '{EVENT}'"
        ))
    }

    fn notes(&self) -> i64 {
        self.number("SELECT count(*) FROM open_carts")
    }
}

fn session(n: u64, at: i64) -> Id {
    id(NOW + at, n)
}

#[test]
fn a_cart_that_was_given_up_is_one_event_however_often_anyone_looks() {
    let mut shop = Shop::new();
    let own = session(1, 0);
    shop.sees(
        visitor(1),
        own,
        &[
            (NOW, view()),
            (NOW + 1, adds("walk")),
            (NOW + 2, adds("run")),
        ],
    );
    assert_eq!(shop.notes(), 1);
    assert_eq!(shop.watch(NOW + 10 * MINUTE, 500), 0, "it is too early");
    let ended = shop.number("SELECT ended_at FROM sessions");
    for run in 0..4 {
        shop.watch(NOW + HOUR + 2 + run * MINUTE, 500);
    }
    assert_eq!((shop.events(), shop.notes()), (1, 0));
    assert_eq!(
        shop.number("SELECT count(*) FROM fates WHERE fate = 'duplicate'"),
        0
    );
    assert_eq!(
        shop.number("SELECT count(*) FROM conversions WHERE definition = 'cart-left'"),
        1
    );
    assert_eq!(
        shop.number("SELECT time FROM observations WHERE source = 'server'"),
        NOW + 2 + HOUR
    );
    assert_eq!(
        shop.number("SELECT ended_at FROM sessions"),
        ended,
        "no session goes on"
    );
    let body = shop.rows(
        "SELECT json_extract(body, '$.properties') FROM observations WHERE source = 'server'",
        &[],
    );
    let body: serde_json::Value = serde_json::from_str(&body[0]).unwrap();
    assert_eq!(
        body,
        json!({ "session": own.text(), "products": [{ "product": "walk" }, { "product": "run" }] })
    );
}

#[test]
fn a_run_that_stopped_before_its_end_is_done_again_and_stores_nothing_twice() {
    let mut shop = Shop::new();
    shop.sees(visitor(1), session(1, 0), &[(NOW, adds("walk"))]);
    let now = NOW + 2 * HOUR;
    let notes: Vec<Note> = shop.parsed(DUE, &[SITE, &(now - HOUR).to_string(), "9"]);
    let found = shop.looked_at(&notes, now);
    shop.store(now, &[found.events[0].json.clone()]);
    // Here it stopped.
    shop.watch(now + MINUTE, 500);
    assert_eq!((shop.events(), shop.notes()), (1, 0));
}

#[test]
fn what_was_bought_in_time_is_no_event_wherever_it_was_bought() {
    let mut shop = Shop::new();
    shop.sees(
        visitor(1),
        session(1, 0),
        &[(NOW, adds("walk")), (NOW + 1, identify("customer:7"))],
    );
    shop.told(
        NOW + 30 * MINUTE,
        &[
            json!({ "id": "a", "time": NOW + 30 * MINUTE, "commerce": "purchase", "order": "A1",
                  "revenue": "100", "currency": "JPY", "contact": { "customer": "7" } }),
        ],
    );
    shop.sees(
        visitor(2),
        session(2, 0),
        &[(NOW, adds("walk")), (NOW + 9, buys("A2", "5"))],
    );
    shop.watch(NOW + 2 * HOUR, 500);
    assert_eq!((shop.events(), shop.notes()), (0, 0));
    assert_eq!(shop.fates(NOW + 2 * HOUR), "bb");
}

#[test]
fn a_cart_is_recovered_by_a_later_purchase_on_another_device() {
    let mut shop = Shop::new();
    shop.sees(
        visitor(1),
        session(1, 0),
        &[(NOW, adds("walk")), (NOW + 1, identify("customer:7"))],
    );
    assert_eq!(shop.fates(NOW + MINUTE), "o");
    shop.watch(NOW + 2 * HOUR, 500);
    assert_eq!(
        (shop.events(), shop.fates(NOW + 2 * HOUR).as_str()),
        (1, "a")
    );
    let later = session(2, DAY);
    shop.sees(
        visitor(2),
        later,
        &[
            (NOW + DAY, identify("customer:7")),
            (NOW + DAY + 1, buys("A1", "5")),
        ],
    );
    assert_eq!(shop.fates(NOW + 2 * DAY), "r");
    shop.watch(NOW + 2 * DAY, 500);
    assert_eq!(shop.events(), 1);
}

#[test]
fn a_cart_that_grows_is_looked_at_later() {
    let mut shop = Shop::new();
    shop.sees(visitor(1), session(1, 0), &[(NOW, adds("walk"))]);
    // The same cart in the next session.
    shop.sees(
        visitor(1),
        session(2, 50 * MINUTE),
        &[(NOW + 50 * MINUTE, adds("run"))],
    );
    shop.watch(NOW + 70 * MINUTE, 500);
    assert_eq!((shop.events(), shop.notes()), (0, 2));
    shop.watch(NOW + 111 * MINUTE, 500);
    assert_eq!((shop.events(), shop.notes()), (1, 0));
    let products = "SELECT json_array_length(body, '$.properties.products') FROM observations \
                    WHERE source = 'server'";
    assert_eq!(shop.number(products), 2);
}

#[test]
fn what_is_added_while_someone_looks_is_not_forgotten() {
    let mut shop = Shop::new();
    let own = session(1, 0);
    shop.sees(visitor(1), own, &[(NOW, adds("walk"))]);
    let now = NOW + 2 * HOUR;
    let notes: Vec<Note> = shop.parsed(DUE, &[SITE, &(now - HOUR).to_string(), "9"]);
    let found = shop.looked_at(&notes, now);
    // Late, and within the time of the session that is known.
    shop.sees(visitor(1), own, &[(NOW - 1, adds("run"))]);
    shop.finish(&found);
    assert_eq!(shop.notes(), 1);
}

#[test]
fn a_run_is_bounded_and_the_next_goes_on() {
    let mut shop = Shop::new();
    for n in 0..7 {
        let at = i64::try_from(n).unwrap();
        shop.sees(visitor(n), session(n, at), &[(NOW + at, adds("walk"))]);
    }
    let now = NOW + 2 * HOUR;
    let looked_at: Vec<usize> = (0..4).map(|run| shop.watch(now + run, 3)).collect();
    assert_eq!(looked_at, [3, 3, 1, 0]);
    assert_eq!((shop.events(), shop.notes()), (7, 0));
}

#[test]
fn a_session_of_nobody_has_its_own_cart() {
    let mut shop = Shop::new();
    for n in 1..=2 {
        let at = i64::try_from(n).unwrap();
        shop.sees(visitor(n), session(n, at), &[(NOW + at, adds("walk"))]);
    }
    // As where no visitor may be known.
    shop.run("UPDATE sessions SET visitor = x''", &[]);
    shop.run("UPDATE open_carts SET visitor = x''", &[]);
    assert_eq!(shop.fates(NOW + 2 * HOUR), "aa");
    shop.watch(NOW + 2 * HOUR, 500);
    assert_eq!((shop.events(), shop.notes()), (2, 0));
    assert_eq!(
        shop.number("SELECT count(visitor) FROM observations WHERE source = 'server'"),
        0
    );
}

#[test]
fn two_sites_have_carts_of_their_own() {
    let mut shop = Shop::new();
    shop.open_site("other");
    shop.sees_at("other", visitor(1), session(1, 0), &[(NOW, adds("walk"))]);
    let waiting: Vec<(i64, String)> = shop.parsed(SITES, &[]);
    assert_eq!(waiting, [(NOW, "other".into())]);
    assert_eq!(shop.fates(NOW + 2 * HOUR), "");
    assert_eq!(shop.watch(NOW + 2 * HOUR, 500), 0);
    assert_eq!((shop.events(), shop.notes()), (0, 1));
}

#[test]
fn carts_are_looked_for_where_there_are_some() {
    let shop = Shop::new();
    let days = [SITE, "2026-11-01", "2026-11-30"];
    let sql = Whose::Days.question();
    assert_eq!(shop.scans(&sql, &days), Vec::<String>::new(), "{sql}");
    let sql = Whose::Sessions.question();
    assert_eq!(
        shop.scans(&sql, &[SITE, "[]"]),
        Vec::<String>::new(),
        "{sql}"
    );
    for sql in [SETTLED, LATER] {
        assert_eq!(
            shop.scans(sql, &[SITE, "[]"]),
            Vec::<String>::new(),
            "{sql}"
        );
    }
}
