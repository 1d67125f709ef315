//! The nightly check over the database that D1 is, filled through the sink.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows fails, as it should"
)]

use super::{Difference, Of, Part, night};
use crate::{
    http::Failure,
    reports::{Ask, Store, kept},
    testing::*,
};
use futures_util::FutureExt as _;
use rusqlite::{Connection, params_from_iter};
use serde_json::json;

struct Db<'a>(&'a Connection);

impl Store for Db<'_> {
    async fn batch(&self, asks: &[Ask]) -> Result<Vec<Vec<String>>, Failure> {
        let mut answers = Vec::new();
        for ask in asks {
            let answer = self.0.prepare_cached(&ask.sql).and_then(|mut sql| {
                sql.query_map(params_from_iter(&ask.values), |row| row.get(0))?
                    .collect::<rusqlite::Result<Vec<String>>>()
            });
            let answer =
                answer.map_err(|problem| Failure::Platform(format!("{problem}\n{}", ask.sql)))?;
            answers.push(answer);
        }
        Ok(answers)
    }
}

fn groups(shop: &Shop) -> String {
    serde_json::Value::Object(kept::groups(&shop.known.plan)).to_string()
}

/// A whole walk of a part: how much was compared, and what differs.
fn walked(shop: &Shop, part: Part) -> (usize, Vec<Difference>) {
    walk(&Db(&shop.sqlite), 0, SITE, &groups(shop), part)
}

fn walk(
    store: &impl Store,
    database: usize,
    site: &str,
    groups: &str,
    part: Part,
) -> (usize, Vec<Difference>) {
    let of = Of { site, groups };
    let (mut compared, mut found, mut cursor) = (0, Vec::new(), String::new());
    loop {
        let step = part.step(store, database, of, &cursor).now_or_never();
        let step = step.unwrap().unwrap();
        compared += step.compared;
        found.extend(step.differences);
        match step.next {
            Some(next) => cursor = next,
            None => return (compared, found),
        }
    }
}

/// What the check finds in a database of other tests, but for figures.
pub(crate) fn differences(sqlite: &Connection) -> Vec<String> {
    let sites: Vec<String> = sqlite
        .prepare("SELECT DISTINCT site FROM fates")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    sites
        .iter()
        .flat_map(|site| differences_over(&Db(sqlite), site))
        .collect()
}

/// The same of several databases.
pub(crate) fn differences_over(store: &impl Store, site: &str) -> Vec<String> {
    Part::of_all(store.parts().len())
        .filter(|(part, _)| *part != Part::Figures)
        .flat_map(|(part, number)| walk(store, number, site, "{}", part).1)
        .map(|own| format!("{own:?}"))
        .collect()
}

fn named(shop: &Shop, part: Part) -> Vec<String> {
    let (_, found) = walked(shop, part);
    found.into_iter().map(|own| own.what).collect()
}

/// Keeps all days that are stale, as the cron does.
fn keep(shop: &Shop) {
    let groups = groups(shop);
    for part in [kept::Part::Traffic, kept::Part::Conversions] {
        let stale = shop.rows(
            "SELECT day FROM stale_days WHERE site = ?1 AND part = ?2",
            &[SITE, part.name()],
        );
        for day in stale {
            for ask in part.asks(SITE, &day, &groups) {
                let values: Vec<&str> = ask.values.iter().map(String::as_str).collect();
                shop.run(&ask.sql, &values);
            }
        }
    }
}

/// Some days with visits, videos, purchases, a server's word of them, and refunds.
fn shop() -> Shop {
    let mut shop = Shop::new();
    for n in 0..12 {
        let at = NOW + i64::try_from(n).unwrap() * 7 * 60 * MINUTE;
        let (who, session) = (visitor(n % 5), id(at, 900 + n));
        let order = format!("A{n}");
        shop.sees(
            who,
            session,
            &[
                (at, view()),
                (at + MINUTE, play()),
                (at + 2 * MINUTE, buys(&order, "9800")),
            ],
        );
        if n % 2 == 0 {
            shop.sees(
                who,
                session,
                &[(at + 3 * MINUTE, identify(&format!("customer:{n}")))],
            );
            shop.told(
                at + 10 * MINUTE,
                &[
                    json!({ "id": format!("{order}-paid"), "time": at + 5 * MINUTE,
                            "commerce": "purchase", "order": order, "revenue": "9000",
                            "currency": "JPY", "contact": { "customer": n.to_string() } }),
                ],
            );
        }
        if n % 3 == 0 {
            shop.told(
                at + 20 * MINUTE,
                &[
                    json!({ "id": format!("{order}-back"), "time": at + 15 * MINUTE,
                            "commerce": "refund", "order": order, "amount": "500",
                            "currency": "JPY" }),
                ],
            );
        }
    }
    keep(&shop);
    shop
}

#[test]
fn an_undamaged_shop_has_no_difference() {
    let shop = shop();
    for part in Part::ALL {
        let (compared, found) = walked(&shop, part);
        assert!(compared > 0, "{part:?} compares nothing");
        assert_eq!(found, [], "{part:?}");
    }
}

#[test]
fn each_damage_is_named() {
    for (sql, part, what) in [
        (
            "UPDATE conversions SET minor = minor + 1 WHERE order_number = 'A2'",
            Part::Conversions,
            "product-purchase",
        ),
        (
            "UPDATE conversions SET refunded = 0 WHERE order_number = 'A0'",
            Part::Conversions,
            "product-purchase",
        ),
        (
            "DELETE FROM conversions WHERE order_number = 'A4'",
            Part::Evidence,
            "product-purchase",
        ),
        (
            "UPDATE evidence SET minor = 1 WHERE order_number = 'A5'",
            Part::Evidence,
            "product-purchase",
        ),
        (
            "DELETE FROM refunds WHERE order_number = 'A3'",
            Part::Evidence,
            "refund",
        ),
        (
            "UPDATE traffic_daily SET sessions = sessions + 1 WHERE cut = ''",
            Part::Figures,
            "traffic_daily",
        ),
        (
            "DELETE FROM conversions_daily WHERE cut = ''",
            Part::Figures,
            "conversions_daily",
        ),
        (
            "UPDATE people_daily SET people = 0 WHERE measure = 'visitors'",
            Part::Figures,
            "people_daily",
        ),
        (
            "UPDATE fates SET count = count + 1 WHERE fate = 'stored'",
            Part::Totals,
            "stored",
        ),
        (
            "DELETE FROM observations WHERE kind = 'page'",
            Part::Totals,
            "stored",
        ),
    ] {
        let shop = shop();
        shop.run(sql, &[]);
        let found = named(&shop, part);
        assert!(!found.is_empty(), "not found: {sql}");
        assert!(
            found.iter().all(|own| own.starts_with(what)),
            "{sql}: {found:?}"
        );
    }
}

#[test]
fn a_walk_in_steps_sees_all_of_it_once() {
    let mut shop = Shop::new();
    for n in 0..1_300_u64 {
        // Many are of one moment.
        let at = NOW + i64::try_from(n / 40).unwrap() * MINUTE;
        shop.sees(visitor(n), id(at, 5_000 + n), &[(at, view()), (at, play())]);
    }
    assert_eq!(walked(&shop, Part::Conversions), (1_300, vec![]));
    assert_eq!(walked(&shop, Part::Evidence), (2_600, vec![]));
}

#[test]
fn a_step_looks_at_a_bounded_number_of_rows() {
    let shop = shop();
    for (part, sql) in [
        ("conversions", super::conversions::walk()),
        ("evidence", super::evidence::lost()),
    ] {
        let values = match part {
            "conversions" => vec![SITE, "", "0", "501"],
            _ => vec![SITE, "", "2000"],
        };
        let scans = shop.scans(&sql, &values);
        assert_eq!(scans, [] as [String; 0], "{part}");
    }
}

#[test]
fn a_detail_says_how_much_and_not_whose() {
    let shop = shop();
    shop.run(
        "UPDATE conversions SET minor = 1, contact = 'customer:99' WHERE order_number = 'A2'",
        &[],
    );
    let (_, found) = walked(&shop, Part::Conversions);
    let [one] = &found[..] else {
        panic!("{found:?}");
    };
    assert!(
        one.detail
            .contains("value: 1 minor JPY is kept, 9000 minor JPY follows"),
        "{one:?}"
    );
    assert!(one.detail.contains("contact is another"), "{one:?}");
    assert!(!format!("{one:?}").contains("customer"), "{one:?}");
}

#[test]
fn a_night_begins_at_two() {
    let midnight = 1_794_960_000_000;
    assert_eq!(night(midnight), None);
    assert_eq!(
        night(midnight + 2 * 60 * MINUTE).as_deref(),
        Some("2026-11-18")
    );
    assert_eq!(night(midnight + DAY - 1).as_deref(), Some("2026-11-18"));
}
