//! Carts: bought, given up, or bought after all.

use crate::funnels::{entry, session};
use goalpost_core::{
    cart::{Cart, carts},
    funnel::{Event, events_of_session, in_order},
    trail::Entry,
};
use proptest::prelude::*;

const HOUR: i64 = 3_600_000;

/// `('a', when, product)` adds, `('p', when, order)` buys.
fn trail(steps: &[(char, i64, &'static str)]) -> Vec<Entry<'static>> {
    steps
        .iter()
        .zip(1u32..)
        .map(|((kind, time, detail), seq)| {
            let name = if *kind == 'a' {
                "add_to_cart"
            } else {
                "purchase"
            };
            entry(seq, *time, "commerce", name, detail)
        })
        .collect()
}

fn of(steps: &[(char, i64, &'static str)], now: i64) -> Vec<Cart> {
    let entries = trail(steps);
    carts(&events_of_session(session(1), None, &entries), HOUR, now)
}

#[test]
fn a_cart_that_is_bought_in_time_is_not_given_up() {
    let found = of(
        &[
            ('a', 0, "shoe"),
            ('a', 60, "sock"),
            ('a', 90, "shoe"),
            ('p', 100, "A1"),
        ],
        9 * HOUR,
    );
    assert_eq!(
        found,
        [Cart {
            session: session(1),
            first_add: 0,
            last_add: 90,
            products: vec!["shoe".into(), "sock".into()],
            purchased_at: Some(100),
            abandoned_at: None,
        }]
    );
    assert!(!found[0].is_recovered());
}

#[test]
fn a_cart_is_given_up_when_its_time_has_passed_and_not_before() {
    let steps = [('a', 0, "shoe"), ('a', 1_000, "sock")];
    assert_eq!(of(&steps, HOUR + 999)[0].abandoned_at, None);
    assert_eq!(of(&steps, HOUR + 1_000)[0].abandoned_at, Some(HOUR + 1_000));
}

#[test]
fn a_cart_bought_after_all_is_recovered() {
    let late = &of(&[('a', 0, "shoe"), ('p', HOUR, "A1")], HOUR)[0];
    assert_eq!(
        (late.abandoned_at, late.purchased_at),
        (Some(HOUR), Some(HOUR))
    );
    assert!(late.is_recovered());
    let in_time = &of(&[('a', 0, "shoe"), ('p', HOUR - 1, "A1")], 9 * HOUR)[0];
    assert_eq!(in_time.abandoned_at, None);
}

#[test]
fn coming_back_begins_another_cart_and_buying_buys_both() {
    let found = of(
        &[
            ('a', 0, "shoe"),
            ('a', 5 * HOUR, "sock"),
            ('p', 5 * HOUR + 1, "A1"),
        ],
        9 * HOUR,
    );
    assert_eq!(found.len(), 2);
    assert!(found[0].is_recovered());
    assert_eq!(found[0].abandoned_at, Some(HOUR));
    let at_its_end = [('a', 0, "shoe"), ('a', HOUR, "sock")];
    assert_eq!(of(&at_its_end, HOUR).len(), 2);
    assert_eq!(
        (found[1].abandoned_at, found[1].purchased_at),
        (None, Some(5 * HOUR + 1))
    );
}

#[test]
fn a_thank_you_page_that_is_loaded_again_buys_no_later_cart() {
    let steps = [
        ('a', 0, "shoe"),
        ('p', 1, "A1"),
        ('a', 2, "sock"),
        ('p', 3, "A1"),
    ];
    let found = of(&steps, 9 * HOUR);
    assert_eq!(found[0].purchased_at, Some(1));
    assert_eq!(
        (found[1].purchased_at, found[1].abandoned_at),
        (None, Some(HOUR + 2))
    );
    let other = of(
        &[('a', 0, ""), ('p', 1, ""), ('a', 2, ""), ('p', 3, "")],
        9 * HOUR,
    );
    assert_eq!(
        other[1].purchased_at,
        Some(3),
        "without numbers each purchase counts"
    );
    assert!(other[0].products.is_empty());
}

#[test]
fn a_purchase_alone_makes_no_cart() {
    assert!(of(&[('p', 1, "A1")], 9 * HOUR).is_empty());
}

#[test]
fn a_cart_goes_on_over_sessions_and_devices() {
    let phone = [entry(1, 0, "commerce", "add_to_cart", "shoe")];
    let desktop = [entry(1, 600, "commerce", "purchase", "A1")];
    let lists = [
        events_of_session(session(2), Some("Direct"), &desktop),
        events_of_session(session(1), Some("Email"), &phone),
    ];
    let found = carts(&in_order(lists), HOUR, 9 * HOUR);
    assert_eq!(
        (found[0].session, found[0].purchased_at),
        (session(1), Some(600))
    );
}

#[test]
fn a_purchase_that_a_server_tells_of_or_another_tab_buys_what_was_added_before() {
    let add = |seq, time| entry(seq, time, "commerce", "add_to_cart", "shoe");
    let buy = |seq| entry(seq, 60, "commerce", "purchase", "A1");
    for seen in [
        vec![buy(0), add(65_537, 10)],
        vec![buy(65_537), add(131_072, 20)],
    ] {
        let events = events_of_session(session(1), None, &seen);
        let found = carts(&events, HOUR, 9 * HOUR);
        assert_eq!(
            (found[0].abandoned_at, found[0].purchased_at),
            (None, Some(60)),
            "{seen:?}"
        );
    }
}

fn steps() -> impl Strategy<Value = Vec<Vec<(char, i64, &'static str)>>> {
    let step = (
        prop::sample::select(vec!['a', 'a', 'p']),
        0i64..6 * HOUR,
        prop::sample::select(vec!["", "A1", "A2", "A3"]),
    );
    prop::collection::vec(prop::collection::vec(step, 0..6), 1..4)
}

proptest! {
    #[test]
    fn sessions_in_any_order_and_number_make_the_same_carts(sessions in steps(), now in 0..9 * HOUR) {
        let entries: Vec<Vec<Entry<'_>>> = sessions.iter().map(|steps| trail(steps)).collect();
        let mut lists: Vec<Vec<Event<'_>>> = (1u8..)
            .zip(&entries)
            .map(|(number, entries)| events_of_session(session(number), None, entries))
            .collect();
        let once = carts(&in_order(lists.clone()), HOUR, now);
        lists.reverse();
        lists.push(lists[0].clone());
        prop_assert_eq!(carts(&in_order(lists), HOUR, now), once);
    }

    #[test]
    fn what_was_given_up_stays_given_up(sessions in steps(), now in 0..9 * HOUR, later in 0..9 * HOUR) {
        let entries = trail(&sessions.concat());
        let events = events_of_session(session(1), None, &entries);
        let (first, then) = (carts(&events, HOUR, now), carts(&events, HOUR, now + later));
        prop_assert_eq!(first.len(), then.len());
        for (first, then) in first.iter().zip(&then) {
            prop_assert_eq!(first.purchased_at, then.purchased_at);
            if first.abandoned_at.is_some() {
                prop_assert_eq!(first.abandoned_at, then.abandoned_at);
            }
        }
    }

    #[test]
    fn every_cart_is_of_adds_in_order_and_ends_before_the_next(sessions in steps()) {
        let entries = trail(&sessions.concat());
        let events = events_of_session(session(1), None, &entries);
        let found = carts(&events, HOUR, i64::MAX);
        for cart in &found {
            prop_assert!(cart.first_add <= cart.last_add);
            prop_assert!(cart.purchased_at.is_some() || cart.abandoned_at.is_some());
            prop_assert!(cart.purchased_at.is_none_or(|bought| bought >= cart.last_add));
        }
        prop_assert!(found.is_sorted_by(|one, next| one.last_add <= next.first_add));
    }
}
