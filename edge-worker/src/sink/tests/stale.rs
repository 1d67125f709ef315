//! Which days have changed: whatever a kept figure may be made of, its day is listed when it changes.

use super::{any_order::letters, *};
use proptest::{prelude::*, sample::select};
use std::collections::BTreeMap;

/// Everything that figures of a day are made of, by part: day, then text.
const PARTS: [(&str, &str); 5] = [
    (
        "traffic",
        "SELECT s.day, json_array(
           hex(s.visitor), hex(s.session), s.entry, s.started_at, s.ended_at, s.pages,
           s.interactions, s.matches,
           (SELECT max(p.day) FROM sessions AS p
            WHERE p.site = s.site AND p.visitor = s.visitor AND p.visitor <> x'' AND p.day < s.day))
         FROM sessions AS s ORDER BY 1, 2",
    ),
    (
        "conversions",
        "SELECT c.day, json_array(
           c.definition, c.scope, c.who, c.dedup, c.points, c.minor, c.currency, c.money,
           c.refunded, c.voided, s.entry, c.person,
           (SELECT max(p.day) FROM conversions AS p
            WHERE p.site = c.site AND p.person = c.person AND p.definition = c.definition
              AND p.day < c.day))
         FROM conversions AS c
         LEFT JOIN sessions AS s
           ON s.site = c.site AND s.visitor = c.visitor AND s.session = c.session
         UNION ALL
         SELECT day, json_array(order_number, minor, currency) FROM refunds
         ORDER BY 1, 2",
    ),
    (
        "credits",
        "SELECT c.day, json_array(
           c.definition, c.time, c.minor, c.currency, c.money, c.refunded, c.voided, c.person,
           (SELECT json_group_array(path) FROM (
              SELECT s.started_at || s.entry AS path
              FROM sessions AS s
              WHERE s.site = c.site AND s.started_at <= c.time
                AND (s.visitor = c.visitor OR s.visitor IN (
                  SELECT k.visitor FROM known_visitors AS k
                  WHERE k.site = c.site AND k.contact = c.contact))
              ORDER BY 1)),
           (SELECT json_group_array(earlier) FROM (
              SELECT p.definition || p.time AS earlier FROM conversions AS p
              WHERE p.site = c.site AND p.person = c.person AND p.day < c.day
              ORDER BY 1)))
         FROM conversions AS c ORDER BY 1, 2",
    ),
    (
        "funnels",
        "SELECT s.day, json_array(
           hex(s.visitor), hex(s.session), s.entry,
           (SELECT json_group_array(seen) FROM (
              SELECT e.value AS seen FROM json_each('[' || s.trail || ']') AS e ORDER BY 1)))
         FROM sessions AS s ORDER BY 1, 2",
    ),
    (
        "carts",
        "SELECT s.day, json_array(
           hex(s.visitor), hex(s.session), s.entry,
           (SELECT json_group_array(seen) FROM (
              SELECT e.value AS seen
              FROM sessions AS own
              CROSS JOIN json_each('[' || own.trail || ']') AS e
              WHERE own.site = s.site AND e.value ->> 2 = 'commerce'
                AND e.value ->> 3 IN ('add_to_cart', 'purchase')
                AND (own.visitor = s.visitor AND (s.visitor <> x'' OR own.session = s.session)
                  OR own.visitor IN (
                    SELECT other.visitor FROM known_visitors AS own
                    JOIN known_visitors AS other
                      ON other.site = own.site AND other.contact = own.contact
                    WHERE own.site = s.site AND own.visitor = s.visitor))
              ORDER BY 1)),
           (SELECT json_group_array(bought) FROM (
              SELECT c.time || coalesce(c.order_number, '') AS bought
              FROM conversions AS c
              JOIN observations AS o ON o.site = c.site AND o.id = c.observation
              WHERE c.site = s.site AND o.kind = 'commerce' AND o.body ->> 'name' = 'purchase'
                AND c.person = coalesce(
                  (SELECT 'contact ' || k.contact FROM known_visitors AS k
                   WHERE k.site = s.site AND k.visitor = s.visitor),
                  'visitor ' || lower(hex(s.visitor)))
              ORDER BY 1)))
         FROM sessions AS s
         WHERE instr(s.trail, '\"commerce\",\"add_to_cart\",') > 0 ORDER BY 1, 2",
    ),
];

/// What each part's figures of each day are made of.
fn days(db: &Db) -> BTreeMap<(&'static str, String), Table> {
    let mut days: BTreeMap<_, Table> = BTreeMap::new();
    for (part, query) in PARTS {
        for row in db.table(query) {
            let (day, text) = row.split_at(10);
            let of = (part, day.to_owned());
            days.entry(of).or_default().push(text.to_owned());
        }
    }
    days
}

fn stale(db: &Db, part: &str, day: &str) -> bool {
    let query = format!(
        "SELECT count(*) FROM stale_days WHERE part = '{part}' AND day = '{day}' AND site = '{SITE}'"
    );
    db.number(&query) > 0
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_day_that_is_not_listed_is_as_it_was_kept(
        (letters, kept_after) in letters().prop_flat_map(|letters| {
            let after = prop::collection::vec(select(vec![true, false]), letters.len());
            (Just(letters).prop_shuffle(), after)
        })
    ) {
        let mut db = Db::new();
        let mut kept = days(&db);
        for (letter, keep) in letters.iter().zip(kept_after) {
            db.deliver(std::slice::from_ref(letter));
            let now = days(&db);
            for of in now.keys().chain(kept.keys()) {
                if !stale(&db, of.0, &of.1) {
                    prop_assert_eq!(now.get(of), kept.get(of), "{:?}", of);
                }
            }
            if keep {
                db.sqlite.execute_batch("DELETE FROM stale_days").unwrap();
                kept = now;
            }
        }
    }
}

#[test]
fn a_copy_lists_no_day() {
    let mut db = Db::new();
    let letter = Letter::new([item(&view(0, "/", "")), item(&play(1, "a"))]);
    db.deliver(std::slice::from_ref(&letter));
    assert_eq!(
        db.table("SELECT part, day FROM stale_days"),
        ["conversions", "credits", "funnels", "traffic"].map(|part| format!("{part} | 2026-11-18"))
    );
    db.sqlite.execute_batch("DELETE FROM stale_days").unwrap();
    db.deliver(&[letter]);
    assert_eq!(db.number("SELECT count(*) FROM stale_days"), 0);
}

#[test]
fn what_somebody_does_in_one_session_leaves_the_funnels_of_their_other_days_kept() {
    let mut db = Db::new();
    let on = |day: i64, session, observation: &dyn Fn(i64) -> Observation| {
        Letter::new([item_in(session, &observation(day * DAY))]).at(NOW + 5 * DAY)
    };
    for day in 0..3 {
        db.deliver(&[on(day, 600 + day, &|n| view(n, "/shoes/", ""))]);
    }
    let stale = |db: &Db| {
        let days = db.table("SELECT day FROM stale_days WHERE part = 'funnels'");
        db.sqlite.execute_batch("DELETE FROM stale_days").unwrap();
        days
    };
    assert_eq!(stale(&db).len(), 3);
    db.deliver(&[on(2, 602, &|n| play(n + 1, "a"))]);
    assert_eq!(stale(&db), ["2026-11-20"]);
    // Who they are is nothing that a session's way depends on.
    db.deliver(&[on(2, 602, &|n| identify(n + 2, "customer:7"))]);
    assert_eq!(stale(&db), ["2026-11-20"]);
    db.deliver(&[Letter::new([linked(9, "customer:7", &["customer:1"])]).by_server()]);
    assert_eq!(
        db.number("SELECT count(*) FROM known_visitors WHERE contact = 'customer:1'"),
        1
    );
    assert_eq!(stale(&db), [""; 0]);
}
