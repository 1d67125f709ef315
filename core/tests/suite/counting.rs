//! What counts once, and what counts again: the key decides, so the order of arrival cannot.

use crate::{NOON, event, play, rules, seen_at, text, with, zoned_rules};
use goalpost_core::{CommerceStep, Context, Id, Observation, Person, Rules, Seen, evaluate};
use std::collections::BTreeSet;

fn session(number: u8) -> Id {
    Id::new(NOON, [number; 10])
}

/// A visitor's context in a session.
fn in_session(number: u8) -> Context<'static> {
    Context {
        time: NOON,
        session: Some(session(number)),
        person: Person {
            visitor: Some(Id::new(1, [9; 10])),
            contact: None,
        },
        server: false,
    }
}

/// How many rows a store with a unique key would hold.
fn counted(rules: &Rules, all: &[(Observation, Context<'_>)]) -> usize {
    let mut rows = BTreeSet::new();
    for (observation, context) in all {
        let verdict = evaluate(rules, observation, context);
        assert_eq!(verdict.problem, None);
        for conversion in verdict.conversions {
            rows.insert((conversion.definition, conversion.key));
        }
    }
    rows.len()
}

fn plays(videos: &[(&str, u8)]) -> Vec<(Observation, Context<'static>)> {
    videos
        .iter()
        .zip(1u8..)
        .map(|((video, session), number)| {
            (seen_at(NOON, number, play(video)), in_session(*session))
        })
        .collect()
}

const ONCE: &str = r#"{ "id": "video", "when": { "media": "play" }, "count": "once_per_session" }"#;
const EACH: &str = r#"{ "id": "each", "when": { "media": "play" }, "count": "once_per_session", "dedup": "video" }"#;

#[test]
fn a_goal_counts_once_in_a_session_whatever_the_video() {
    let rules = rules("", ONCE);
    assert_eq!(counted(&rules, &plays(&[("v1", 1), ("v1", 1)])), 1);
    assert_eq!(counted(&rules, &plays(&[("v1", 1), ("v2", 1)])), 1);
}

#[test]
fn a_dedup_property_lets_each_of_its_values_count() {
    let rules = rules("", EACH);
    assert_eq!(
        counted(&rules, &plays(&[("v1", 1), ("v2", 1), ("v2", 1)])),
        2
    );
}

#[test]
fn a_new_session_counts_again() {
    assert_eq!(
        counted(&rules("", ONCE), &plays(&[("v1", 1), ("v1", 2)])),
        2
    );
}

#[test]
fn two_tabs_of_a_session_meet_one_row() {
    let rules = rules("", ONCE);
    let tabs = [
        (seen_at(NOON, 1, play("v1")), in_session(1)),
        (seen_at(NOON + 1, 200, play("v1")), in_session(1)),
    ];
    assert_eq!(counted(&rules, &tabs), 1);
}

#[test]
fn one_observation_in_two_beacons_is_one() {
    let rules = rules("", r#"{ "id": "every", "when": { "media": "play" } }"#);
    let again = (seen_at(NOON, 1, play("v1")), in_session(1));
    let other = (seen_at(NOON, 2, play("v1")), in_session(1));
    assert_eq!(counted(&rules, &[again.clone(), again, other]), 2);
}

#[test]
fn without_a_session_it_counts_every_time() {
    let nobody = Context::default();
    let all = [
        (seen_at(NOON, 1, play("v1")), nobody),
        (seen_at(NOON, 2, play("v1")), nobody),
    ];
    assert_eq!(counted(&rules("", ONCE), &all), 2);
}

#[test]
fn a_contact_counts_once_for_ever_and_a_visitor_until_known() {
    let rules = rules(
        "",
        r#"{ "id": "paper", "when": { "event": "paper" }, "count": "once_per_contact" }"#,
    );
    let known = |visitor: u8, contact: Option<&'static str>| Context {
        person: Person {
            visitor: Some(Id::new(1, [visitor; 10])),
            contact,
        },
        ..in_session(visitor)
    };
    let paper = |number| seen_at(NOON, number, event("paper"));
    let one_contact = [
        (paper(1), known(1, Some("customer:7"))),
        (paper(2), known(2, Some("customer:7"))),
    ];
    assert_eq!(counted(&rules, &one_contact), 1);
    let two_visitors = [(paper(1), known(1, None)), (paper(2), known(2, None))];
    assert_eq!(counted(&rules, &two_visitors), 2);
}

#[test]
fn an_order_counts_once_for_ever_and_no_order_every_time() {
    let rules = rules(
        r#"{ "id": "product-purchase", "when": { "commerce": "purchase" } }"#,
        "",
    );
    let purchase = |time, number, order: &str| {
        let seen = Seen::Commerce {
            step: CommerceStep::Purchase,
        };
        let bought = with(
            seen_at(time, number, seen),
            &[("order", text(order)), ("revenue", text("100"))],
        );
        (bought, in_session(number))
    };
    let later = NOON + 400 * 86_400_000;
    assert_eq!(
        counted(&rules, &[purchase(NOON, 1, "A1"), purchase(later, 2, "A1")]),
        1
    );
    assert_eq!(
        counted(&rules, &[purchase(NOON, 1, "A1"), purchase(NOON, 2, "A2")]),
        2
    );
    assert_eq!(
        counted(&rules, &[purchase(NOON, 1, ""), purchase(NOON, 2, "")]),
        2
    );
}

/// Hours of UTC from `from` on whose visit makes a conversion of this day.
fn hours_of_day(rules: &Rules, from: i64, day: &str) -> usize {
    (0..72i64)
        .filter(|hour| {
            let time = from + hour * 3_600_000;
            let context = Context {
                time,
                ..in_session(1)
            };
            let verdict = evaluate(rules, &crate::page("/", &[]), &context);
            verdict.conversions[0].key.scope == format!("day:{day}")
        })
        .count()
}

#[test]
fn a_day_is_the_shops_day_also_when_the_clocks_change() {
    let goal = r#"{ "id": "visit", "when": { "page": "/" }, "count": "once_per_day" }"#;
    let berlin = zoned_rules("Europe/Berlin", "", goal);
    // From midnight UTC of 28 March, 24 October and 14 July 2026.
    assert_eq!(hours_of_day(&berlin, 1_774_656_000_000, "2026-03-29"), 23);
    assert_eq!(hours_of_day(&berlin, 1_792_800_000_000, "2026-10-25"), 25);
    assert_eq!(hours_of_day(&berlin, 1_783_987_200_000, "2026-07-15"), 24);
    let tokyo = zoned_rules("Asia/Tokyo", "", goal);
    assert_eq!(hours_of_day(&tokyo, 1_774_656_000_000, "2026-03-29"), 24);
}
