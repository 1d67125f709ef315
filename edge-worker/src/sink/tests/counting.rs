//! How often things count, whatever the number of copies.

use super::*;

#[test]
fn a_replay_in_one_session_counts_once() {
    let mut db = Db::new();
    db.deliver(&[Letter::new([
        item(&play(0, "a")),
        item(&play(1, "a")),
        item(&play(2, "b")),
    ])]);
    assert_eq!(db.converted("watch-video"), 1);
    assert_eq!(db.converted("watch-each-video"), 2);
    assert_eq!(db.conservation(), ["cloud-kicks | 3 | 3 | 0 | 0 | 0 | 0"]);
    db.assert_sound();
}

#[test]
fn two_sessions_count_twice_and_two_tabs_once() {
    let mut db = Db::new();
    let of = |n, page, session| Item::new(&play(n, "a"), id(page), Some(id(session)), None).json;
    db.deliver(&[Letter::new([of(0, 1, 3), of(0x1_0000, 4, 3)])]);
    assert_eq!(db.converted("watch-video"), 1);
    db.deliver(&[Letter::new([of(0x2_0000, 5, 9)])]);
    assert_eq!(db.converted("watch-video"), 2);
    assert_eq!(db.conservation(), ["cloud-kicks | 3 | 3 | 0 | 0 | 0 | 0"]);
    db.assert_sound();
}

#[test]
fn an_item_in_two_beacons_is_one() {
    let mut db = Db::new();
    let one = Letter::new([item(&event(0, "demo_requested"))]);
    let mut by_beacon = one.clone();
    by_beacon.items.push(item(&event(1, "demo_requested")));
    db.deliver(&[one, by_beacon]);
    assert_eq!(db.converted("demo-request"), 2);
    assert_eq!((db.fate("stored"), db.fate("duplicate")), (2, 1));
    db.assert_sound();
}

#[test]
fn fifty_copies_are_one() {
    let letter = Letter::new([item(&play(0, "a")), item(&purchase(1, "A1", "14800"))]);
    let mut together = Db::new();
    together.deliver(&vec![letter.clone(); 50]);
    let mut apart = Db::new();
    for _ in 0..50 {
        apart.deliver(std::slice::from_ref(&letter));
    }
    for db in [together, apart] {
        assert_eq!((db.fate("stored"), db.fate("duplicate")), (2, 98));
        assert_eq!(
            db.number("SELECT sum(minor) FROM conversions WHERE money = 'claimed'"),
            14_800
        );
        assert_eq!(db.conservation(), ["cloud-kicks | 2 | 2 | 98 | 0 | 0 | 0"]);
        db.assert_sound();
    }
}

#[test]
fn a_second_content_under_one_id_is_a_conflict() {
    let ten = Letter::new([item(&purchase(0, "A1", "10"))]);
    let twelve = Letter::new([item(&purchase(0, "A1", "12"))]);
    let mut together = Db::new();
    together.deliver(&[ten.clone(), twelve.clone()]);
    let mut apart = Db::new();
    apart.deliver(std::slice::from_ref(&ten));
    apart.deliver(std::slice::from_ref(&twelve));
    for mut db in [together, apart] {
        for copies in [0, 2] {
            assert_eq!(
                db.number("SELECT sum(minor) FROM conversions WHERE money = 'claimed'"),
                10
            );
            assert_eq!(
                db.table("SELECT origin, fate, reason, count FROM fates WHERE fate <> 'duplicate'"),
                ["other | quarantined | conflict | 1", "page | stored |  | 1"]
            );
            assert_eq!(db.fate("duplicate"), copies);
            db.assert_sound();
            // Both contents once more: now both are copies.
            db.deliver(&[twelve.clone(), ten.clone()]);
        }
    }
}

#[test]
fn an_order_counts_once_for_ever_on_its_site() {
    let mut db = Db::new();
    db.book.add_current(plan_of("other-shop"));
    let buy = |n, order, revenue| Letter::new([item(&purchase(n, order, revenue))]);
    db.deliver(&[buy(0, "A1", "14800"), buy(1, "A1", "99000")]);
    assert_eq!(db.converted("product-purchase"), 1);
    assert_eq!(
        db.number("SELECT sum(minor) FROM conversions WHERE money = 'claimed'"),
        14_800
    );
    let later = 400 * DAY;
    let again = buy(later, "A1", "500").at(NOW + later);
    db.deliver(&[again]);
    assert_eq!(db.converted("product-purchase"), 1);
    let mut elsewhere = buy(3, "A1", "700");
    elsewhere.site = "other-shop".into();
    db.deliver(&[elsewhere]);
    assert_eq!(db.converted("product-purchase"), 2);
    db.assert_sound();
}

#[test]
fn an_empty_order_number_is_no_order() {
    let mut db = Db::new();
    db.deliver(&[Letter::new([
        item(&purchase(0, "", "10")),
        item(&purchase(1, "", "20")),
    ])]);
    assert_eq!(db.converted("product-purchase"), 2);
    assert_eq!(
        db.number("SELECT sum(minor) FROM conversions WHERE money = 'claimed'"),
        30
    );
    db.assert_sound();
}

#[test]
fn a_copy_after_a_new_plan_changes_no_total() {
    let mut db = Db::new();
    let mut letter = Letter::new([item(&event(0, "demo_requested"))]);
    letter.plan = String::new();
    db.deliver(std::slice::from_ref(&letter));
    let mut rules = testing::rules();
    rules.plan = "01".into();
    for definition in &mut rules.definitions {
        definition.id.push_str("-renamed");
    }
    db.book.add_current(compiled(rules));
    db.deliver(std::slice::from_ref(&letter));
    assert_eq!(
        db.table("SELECT definition, plan FROM conversions"),
        ["demo-request | 00"]
    );
    db.assert_sound();
}

#[test]
fn days_are_the_shops_and_money_is_claimed() {
    let mut db = Db::new();
    // 23:59:59.999 and midnight in Tokyo.
    let midnight = 1_795_100_400_000 - NOW;
    let of = |n| Letter::new([item(&purchase(n, "", "100"))]).at(NOW + n);
    db.deliver(&[of(midnight - 1), of(midnight)]);
    assert_eq!(
        db.table(
            "SELECT day, definition, currency, points, minor, money FROM conversions ORDER BY 1"
        ),
        [
            "2026-11-19 | product-purchase | JPY | 0 | 100 | claimed",
            "2026-11-20 | product-purchase | JPY | 0 | 100 | claimed",
        ]
    );
    db.assert_sound();
}

#[test]
fn times_are_corrected_only_where_they_must_be() {
    let mut db = Db::new();
    let mut ahead = Letter::new([item(&event(0, "a")), item(&event(5, "b"))]);
    ahead.received_at = NOW - DAY;
    ahead.sent = NOW + 10;
    db.deliver(&[ahead]);
    let mut future = Letter::new([item(&event(100_000, "c"))]);
    future.received_at = NOW;
    future.sent = NOW;
    db.deliver(&[future]);
    assert_eq!(
        db.table("SELECT time - received_at, clock FROM observations"),
        ["-10 | corrected", "-5 | corrected", "0 | clamped"]
    );
    db.assert_sound();
}
