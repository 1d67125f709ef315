//! Sessions as rows.

use super::*;

const ROW: &str = "\
SELECT day, started_at - 1795000000000, ended_at - 1795000000000, pages, interactions, matches
FROM sessions ORDER BY session";

/// A trail's entries in an order that does not depend on arrival.
const TRAIL: &str = "\
SELECT session, (
  SELECT group_concat(value ->> 3, ' ') FROM (
    SELECT value FROM json_each('[' || trail || ']') ORDER BY value ->> 0))
FROM sessions ORDER BY session";

#[test]
fn a_session_is_the_sum_of_its_observations() {
    let letters = [
        Letter::new([item(&view(0, "/", "mail")), item(&play(30, "a"))]),
        Letter::new([item(&view(60, "/shoes/", "")), item(&event(70, "half"))]),
        Letter::new([item(&event(90, "demo_requested"))]),
    ];
    in_every_order(&letters, |db| {
        assert_eq!(db.table(ROW), ["2026-11-18 | 0 | 90 | 2 | 3 | 5"]);
        assert!(db.table(TRAIL)[0].ends_with("/ play a /shoes/ half demo_requested"));
        assert_eq!(
            db.table("SELECT landing, device, country FROM sessions"),
            ["/ | mobile | JP"]
        );
    });
}

#[test]
fn the_first_page_view_by_its_number_is_the_entry() {
    let letters = [
        Letter::new([item(&event(0, "before_any_page"))]),
        Letter::new([item(&view(5, "/landing/", ""))]),
        Letter::new([item(&view(9, "/later/", ""))]),
    ];
    in_every_order(&letters, |db| {
        assert_eq!(db.table("SELECT landing FROM sessions"), ["/landing/"]);
    });
    let mut db = Db::new();
    db.deliver(&letters[..1]);
    assert_eq!(
        db.table("SELECT landing, channel, device FROM sessions"),
        [" |  | mobile"]
    );
}

#[test]
fn two_tabs_share_a_session_and_two_sessions_are_two_rows() {
    let letters = [
        Letter::new([item_in(3, &play(0, "a"))]),
        Letter::new([item_in(3, &play(1, "a"))]),
        Letter::new([item_in(9, &play(1_800_000, "a"))]).at(NOW + DAY),
    ];
    in_every_order(&letters, |db| {
        assert_eq!(db.number("SELECT count(*) FROM sessions"), 2);
        assert_eq!(db.converted("watch-video"), 2);
    });
}

#[test]
fn a_session_over_midnight_is_one_of_the_day_on_which_it_began() {
    // Midnight in Tokyo.
    let midnight = 1_795_100_400_000 - NOW;
    let of = |n| Letter::new([item(&event(n, "x"))]).at(NOW + 2 * DAY);
    in_every_order(&[of(midnight - 1), of(midnight), of(midnight + 9)], |db| {
        assert_eq!(db.table("SELECT day FROM sessions"), ["2026-11-19"]);
    });
}

#[test]
fn without_a_session_or_a_visitor() {
    let nobody = |mut letter: Letter| {
        letter.visitor = None;
        letter
    };
    let letters = [
        nobody(Letter::new([item(&event(0, "a"))])),
        nobody(Letter::new([item(&event(1, "b"))])),
        nobody(Letter::new([
            Item::new(&event(2, "c"), id(1), None, None).json
        ])),
    ];
    in_every_order(&letters, |db| {
        assert_eq!(
            db.table("SELECT length(visitor), interactions FROM sessions"),
            ["0 | 2"]
        );
        assert_eq!(db.number("SELECT count(*) FROM observations"), 3);
    });
}

#[test]
fn a_server_is_part_of_a_session_only_if_the_person_did_it() {
    let event = |n, interactive| {
        let rest = format!(
            r#""kind":"event","name":"called","visitor":"{}","session":"{}","interactive":{interactive}"#,
            id(2).text(),
            id(3).text()
        );
        Letter::new([server_item(n, &rest)]).by_server()
    };
    let letters = [
        Letter::new([item(&view(0, "/", ""))]),
        event(40, true),
        event(90, false),
    ];
    in_every_order(&letters, |db| {
        assert_eq!(db.table(ROW), ["2026-11-18 | 0 | 40 | 1 | 1 | 1"]);
    });
}

#[test]
fn a_server_that_names_no_visitor_makes_no_session() {
    let rules = testing::rules();
    let terms = goalpost_core::server_event::Terms {
        rules: &rules,
        now: NOW,
        since: None,
    };
    let event = format!(
        r#"{{"event":"called","time":{NOW},"session":"{}","interactive":true,"contact":"customer:7"}}"#,
        id(3).text()
    );
    let event = goalpost_core::server_event::read_event(&event, &terms).unwrap();
    let letters = [
        Letter::new([item(&view(0, "/", ""))]),
        Letter::new([event.json]).by_server(),
    ];
    in_every_order(&letters, |db| {
        assert_eq!(db.number("SELECT count(*) FROM observations"), 2);
        assert_eq!(db.table(ROW), ["2026-11-18 | 0 | 0 | 1 | 0 | 1"]);
    });
}

#[test]
fn a_trail_stops_growing_and_the_sums_go_on() {
    let mut db = Db::new();
    let long = "x".repeat(60);
    for n in 0..30 {
        let items = (0..10).map(|at| item(&event(n * 10 + at, &long)));
        db.deliver(&[Letter::new(items)]);
    }
    assert_eq!(
        db.table("SELECT interactions, length(trail) BETWEEN 16000 AND 18000 FROM sessions"),
        ["300 | 1"]
    );
    db.assert_sound();
}

#[test]
fn a_session_is_written_once_a_batch() {
    let mut db = Db::new();
    let items = (0..20).map(|n| item(&view(n, "/", "")));
    db.deliver(&[Letter::new(items)]);
    db.sqlite
        .execute_batch(
            "CREATE TEMP TABLE written (n INTEGER);
             CREATE TEMP TRIGGER count AFTER UPDATE ON sessions
             BEGIN INSERT INTO written VALUES (1); END;",
        )
        .unwrap();
    db.deliver(&[Letter::new((20..40).map(|n| item(&view(n, "/", ""))))]);
    assert_eq!(db.number("SELECT count(*) FROM written"), 1);
    assert_eq!(db.table("SELECT pages FROM sessions"), ["40"]);
    db.assert_sound();
}
