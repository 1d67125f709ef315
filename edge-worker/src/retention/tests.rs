//! What leaves, and what stays, over a database of the tests.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows fails, as it should"
)]

use super::{
    OF_NO_SITE_MS, observations, of_no_site, of_no_site_leaves, place, quarantine,
    statements as sql,
};
use crate::sink::{CONSERVATION, Compiled, Param, Statement};
use crate::testing::{DAY, NOW, SITE, Shop, buys, id, view, visitor};
use rusqlite::{params_from_iter, types::Value as Cell};
use std::sync::Arc;

const BEFORE: i64 = NOW + 30 * DAY;

fn run(shop: &Shop, statements: &[Statement]) {
    for statement in statements {
        let cells = statement.params.iter().map(|param| match param {
            Param::Text(text) => Cell::Text(text.clone()),
            Param::Integer(number) => Cell::Integer(*number),
            Param::Null => Cell::Null,
        });
        shop.sqlite
            .execute(statement.sql, params_from_iter(cells))
            .unwrap_or_else(|problem| panic!("{problem}\n{}", statement.sql));
    }
}

/// What leaves at once; how many observations that were.
fn leave(shop: &Shop, before: i64, budget: u32) -> usize {
    let values = place(SITE, before, budget);
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    let found = [sql::OBSERVATIONS, sql::DROPPED, sql::PAGE_LOADS]
        .map(|sql| shop.rows(sql, &values[..sql::values(sql)]));
    run(shop, &observations(SITE, &found));
    let waiting = shop.rows(sql::QUARANTINE, &values);
    run(shop, &quarantine(SITE, &waiting));
    found[0].len()
}

fn balance(shop: &Shop) -> Vec<String> {
    shop.rows(
        &format!("SELECT json_array(captured, stored + dropped + quarantined, waiting) FROM ({CONSERVATION})"),
        &[],
    )
}

fn shop() -> Shop {
    let mut shop = Shop::new();
    for n in 0..5 {
        let at = NOW + i64::try_from(n).unwrap() * DAY;
        let mut half = view();
        half["title"] = serde_json::json!(5);
        let seen = [
            (at, view()),
            (at + 1, buys(&format!("A{n}"), "100")),
            (at + 2, half),
        ];
        shop.sees(visitor(n), id(at, 100 + n), &seen);
    }
    let late = NOW + 40 * DAY;
    shop.sees(visitor(9), id(late, 9), &[(late, view())]);
    shop
}

#[test]
fn what_is_old_leaves_in_bounded_steps_and_all_that_follows_from_it_stays() {
    let shop = shop();
    let figures = |shop: &Shop| {
        [
            "SELECT json_array(definition, scope, minor) FROM conversions ORDER BY 1",
            "SELECT json_array(hex(session), pages, interactions) FROM sessions ORDER BY 1",
            "SELECT json_array(hex(observation), definition) FROM evidence ORDER BY 1",
        ]
        .map(|sql| shop.rows(sql, &[]))
    };
    let (before, kept) = (balance(&shop), figures(&shop));
    let steps: Vec<usize> = (0..5).map(|_| leave(&shop, BEFORE, 4)).collect();
    assert_eq!(steps, [4, 4, 2, 0, 0]);
    assert_eq!(shop.number("SELECT count(*) FROM observations"), 1);
    assert_eq!(shop.number("SELECT count(*) FROM quarantine"), 0);
    // One for each day, and one that is still young.
    assert_eq!(shop.number("SELECT count(*) FROM page_loads"), 6);
    assert_eq!(figures(&shop), kept);
    assert_eq!(balance(&shop), before);
    assert_eq!(
        shop.rows(
            "SELECT reason || ' ' || sum(count) FROM fates WHERE fate = 'dropped' GROUP BY reason",
            &[]
        ),
        ["expired 5"]
    );
    // The plan says that they may leave.
    shop.run(
        "INSERT INTO plans VALUES (?1, 1, 'h', '{\"retention\":{}}', 0)",
        &[SITE],
    );
    let found = crate::check::tests::differences(&shop.sqlite);
    assert_eq!(found, [] as [String; 0], "the nightly check");
}

#[test]
fn an_observation_that_comes_again_after_it_left_is_counted_once_all_the_same() {
    let mut shop = Shop::new();
    let event = serde_json::json!({
        "id": "e-1", "time": NOW - 10, "commerce": "purchase", "order": "A1", "revenue": "100",
        "currency": "JPY", "contact": "customer:7",
    });
    let refund =
        serde_json::json!({ "id": "e-2", "time": NOW - 5, "commerce": "refund", "order": "A1" });
    for _ in 0..2 {
        shop.told(NOW, &[event.clone(), refund.clone()]);
        assert_eq!(leave(&shop, BEFORE, 10), 2);
    }
    assert_eq!(shop.number("SELECT count(*) FROM conversions"), 1);
    assert_eq!(shop.number("SELECT count(*) FROM evidence"), 1);
    assert_eq!(shop.number("SELECT refunded FROM conversions"), 100);
}

#[test]
fn what_comes_again_under_another_plan_counts_as_that_says() {
    let mut shop = Shop::new();
    let event = serde_json::json!({
        "id": "e-1", "time": NOW - 10, "commerce": "purchase", "order": "A1", "revenue": "100",
        "currency": "JPY", "contact": "customer:7",
    });
    shop.run(
        "INSERT INTO plans VALUES (?1, 1, 'h', '{\"retention\":{}}', 0)",
        &[SITE],
    );
    shop.told(NOW, std::slice::from_ref(&event));
    let verdict = shop.rows("SELECT verdict FROM observations", &[]);
    assert_eq!(leave(&shop, BEFORE, 10), 1);

    let publish = |shop: &mut Shop, plan: &str, purchase: &str| {
        let mut rules = (*shop.known.rules).clone();
        rules.plan = plan.into();
        rules.definitions[0].id = purchase.into();
        let rules = Arc::new(rules);
        shop.known.rules = Arc::clone(&rules);
        let reporting = Arc::clone(&shop.known.reporting);
        shop.book.add_current(Compiled { rules, reporting });
    };
    publish(&mut shop, "second", "product-purchase");
    shop.told(NOW, std::slice::from_ref(&event));
    for table in ["evidence", "conversions"] {
        assert_eq!(
            shop.rows(&format!("SELECT plan FROM {table}"), &[]),
            ["second"],
            "{table}"
        );
    }
    let found = crate::check::tests::differences(&shop.sqlite);
    assert_eq!(found, [] as [String; 0], "the nightly check");

    // What a plan without the definition has left there is in nobody's way once another has it again.
    assert_eq!(leave(&shop, BEFORE, 10), 1);
    publish(&mut shop, "third", "bought");
    shop.told(NOW, &[event]);
    shop.run(
        "UPDATE observations SET verdict = ?1, plan = 'fourth'",
        &[&verdict[0]],
    );
    assert_eq!(
        shop.rows("SELECT definition || ' ' || plan FROM evidence", &[]),
        ["product-purchase fourth"]
    );
}

#[test]
fn what_is_of_no_site_leaves_after_thirty_days_and_what_has_a_plan_stays() {
    let mut shop = Shop::new();
    for n in 0..3 {
        shop.refused(NOW + n, &format!("junk {n}"));
    }
    let mut half = view();
    half["title"] = serde_json::json!(5);
    let seen = [(NOW, view()), (NOW + 1, half.clone())];
    shop.sees_at("nobodys", visitor(1), id(NOW, 1), &seen);
    shop.sees(visitor(2), id(NOW, 2), &[(NOW, half)]);
    let waits =
        "SELECT site || ' ' || reason || ' ' || count(*) FROM quarantine GROUP BY site, reason";
    assert_eq!(
        shop.rows(waits, &[]),
        [" json 3", "cloud-kicks field 1", "nobodys unknown_site 2"]
    );
    let room = "SELECT site FROM quarantine_days ORDER BY 1";
    assert_eq!(
        shop.rows(room, &[]),
        ["", "cloud-kicks"],
        "one for all of no site"
    );
    let before = balance(&shop);
    let end = |now: i64| {
        let values = of_no_site(&[SITE.into()], now, 2).unwrap();
        let found = shop.rows(sql::OF_NO_SITE, &values.each_ref().map(String::as_str));
        run(&shop, &of_no_site_leaves(&found));
        found.len()
    };
    assert_eq!(end(NOW + OF_NO_SITE_MS), 0);
    let later = NOW + OF_NO_SITE_MS + DAY;
    assert_eq!(
        [end(later), end(later), end(later), end(later)],
        [2, 2, 1, 0]
    );
    assert_eq!(shop.rows(waits, &[]), ["cloud-kicks field 1"]);
    assert_eq!(balance(&shop), before);
    assert_eq!(
        shop.rows(
            "SELECT site || ' ' || sum(count) FROM fates WHERE reason = 'expired' GROUP BY site",
            &[]
        ),
        [" 3", "nobodys 2"]
    );
}

#[test]
fn every_question_goes_by_its_key() {
    let shop = shop();
    let [time, budget, sites] = of_no_site(&[], NOW, 10).unwrap();
    let scans = shop.scans(sql::OF_NO_SITE, &[&time, &budget, &sites]);
    assert_eq!(scans, Vec::<String>::new());
    let values = place(SITE, BEFORE, 10);
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    for sql in [
        sql::OBSERVATIONS,
        sql::DROPPED,
        sql::PAGE_LOADS,
        sql::QUARANTINE,
    ] {
        let scans = shop.scans(sql, &values[..sql::values(sql)]);
        assert_eq!(scans, Vec::<String>::new(), "{sql}");
    }
}
