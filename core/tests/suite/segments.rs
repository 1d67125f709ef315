//! Who belongs together, by what they have done.

use crate::NOON;
use goalpost_core::{
    CountingKey,
    plan::Plan,
    segment::{Done, History, foreseen, members},
};
use proptest::prelude::*;

const DAY: i64 = 86_400_000;

/// A plan with these segments, written as their `when`, in the order a, b, c, …
fn plan(whens: &[&str]) -> Plan {
    let segments: Vec<String> = ('a'..)
        .zip(whens)
        .map(|(id, when)| format!(r#"{{ "id": "{id}", "when": {when} }}"#))
        .collect();
    let json = format!(
        r#"{{ "site": "s", "currency": "JPY", "hosts": ["shop.example"],
             "outcomes": [{{ "id": "care", "group": "purchase", "when": "server" }}],
             "goals": [{{ "id": "play", "count": "once_per_session" }}, {{ "id": "look" }}],
             "segments": [{}] }}"#,
        segments.join(",")
    );
    Plan::parse(&json).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn done(definition: &str, scope: &str, time: i64) -> Done {
    Done {
        definition: definition.into(),
        key: CountingKey {
            scope: scope.into(),
            ..CountingKey::default()
        },
        time,
        voided: false,
    }
}

fn voided(done: Done) -> Done {
    Done {
        voided: true,
        ..done
    }
}

fn of(plan: &Plan, history: &[Done]) -> String {
    let segments = plan.reporting().segments;
    members(&segments, &History::of(history.to_vec()), NOON).concat()
}

#[test]
fn it_counts_at_least_at_most_and_exactly() {
    let plan = plan(&[
        r#"{ "done": "play" }"#,
        r#"{ "done": "play", "at_least": 2 }"#,
        r#"{ "done": "play", "at_most": 1 }"#,
        r#"{ "done": "play", "exactly": 2 }"#,
        r#"{ "done": "play", "at_least": 1, "at_most": 2 }"#,
        r#"{ "done": "play", "exactly": 0 }"#,
        r#"{ "not": { "done": "play" } }"#,
    ]);
    let plays: Vec<Done> = (0..4).map(|n| done("play", &n.to_string(), n)).collect();
    let expected = ["cfg", "ace", "abde", "ab", "ab"];
    for (count, expected) in expected.into_iter().enumerate() {
        assert_eq!(of(&plan, &plays[..count]), expected, "{count}");
    }
}

#[test]
fn a_window_ends_to_the_millisecond() {
    let plan = plan(&[
        r#"{ "done": "play", "within": "30d" }"#,
        r#"{ "all": [{ "done": "play" }, { "not": { "done": "play", "within": "30d" } }] }"#,
    ]);
    for (time, expected) in [
        (NOON - 30 * DAY, "a"),
        (NOON - 30 * DAY - 1, "b"),
        (NOON, "a"),
        // A device's clock is a little ahead.
        (NOON + 1, "a"),
        (i64::MIN, "b"),
        (i64::MAX, "a"),
    ] {
        assert_eq!(of(&plan, &[done("play", "1", time)]), expected, "{time}");
    }
    assert_eq!(of(&plan, &[]), "");
}

#[test]
fn what_was_given_back_never_happened() {
    let plan = plan(&[
        r#"{ "group": "purchase" }"#,
        r#"{ "stage": "customer" }"#,
        r#"{ "not": { "done": "product-purchase" } }"#,
    ]);
    let bought = done("product-purchase", "order:A1", NOON);
    assert_eq!(of(&plan, std::slice::from_ref(&bought)), "ab");
    assert_eq!(of(&plan, &[voided(bought.clone())]), "c");
    assert_eq!(of(&plan, &[voided(bought.clone()), bought]), "c");
}

#[test]
fn a_group_counts_all_its_outcomes_together_and_a_stage_is_the_contacts() {
    let plan = plan(&[
        r#"{ "group": "purchase", "at_least": 2 }"#,
        r#"{ "stage": "marketing_lead" }"#,
        r#"{ "any": [{ "stage": "cancelled" }, { "stage": "visitor" }] }"#,
    ]);
    let care = done("care", "1", 5);
    let bought = done("product-purchase", "2", 6);
    let lead = done("marketing-lead", "3", 7);
    let cancelled = done("close-cancelled", "4", 8);
    assert_eq!(of(&plan, &[]), "c");
    assert_eq!(of(&plan, std::slice::from_ref(&lead)), "b");
    assert_eq!(
        of(&plan, &[lead.clone(), care.clone(), bought.clone()]),
        "a"
    );
    assert_eq!(of(&plan, &[lead, care, bought, cancelled]), "ac");
}

#[test]
fn a_page_can_tell_what_the_next_conversion_changes() {
    let plan = plan(&[
        r#"{ "done": "play", "at_least": 2 }"#,
        r#"{ "not": { "done": "look" } }"#,
        r#"{ "stage": "customer" }"#,
    ]);
    let rules = plan.compile();
    let segments = plan.reporting().segments;
    let asked = |history: &[Done]| {
        let history = History::of(history.to_vec());
        foreseen(&segments, &rules.definitions, &history, NOON)
            .into_iter()
            .map(|(id, members)| (id.to_owned(), members.map(|ids| ids.concat())))
            .filter(|(id, _)| ["care", "look", "play", "product-purchase"].contains(&id.as_str()))
            .collect::<Vec<_>>()
    };
    let after = |id: &str, members: Option<&str>| (id.to_owned(), members.map(str::to_owned));
    // Only servers report `care`, and no segment asks about it.
    assert_eq!(
        asked(&[]),
        [
            after("product-purchase", Some("bc")),
            after("play", Some("b")),
            after("look", Some("")),
        ]
    );
    // Another play may be of the same session; another look is another look.
    assert_eq!(
        asked(&[done("play", "session:1", 5), done("look", "every:1", 5)]),
        [
            after("product-purchase", Some("c")),
            after("play", None),
            after("look", Some("")),
        ]
    );
}

/// Any conversions of three definitions with few keys, so that there are copies.
fn any_history() -> impl Strategy<Value = Vec<Done>> {
    let one = (0usize..3, 0u8..6, 0i64..100, any::<bool>()).prop_map(|(which, key, ago, back)| {
        let definition = ["play", "look", "product-purchase"][which];
        let done = done(definition, &key.to_string(), NOON - ago * DAY);
        if back { voided(done) } else { done }
    });
    prop::collection::vec(one, 0..24)
}

/// Any condition over them.
fn any_when() -> impl Strategy<Value = String> {
    let past = (0usize..3, 0u8..4, 1u8..5, 1u8..120).prop_map(|(which, how, times, days)| {
        let id = ["play", "look", "product-purchase"][which];
        let how = ["at_least", "at_most", "exactly", "at_least"][usize::from(how)];
        format!(r#"{{ "done": "{id}", "{how}": {times}, "within": "{days}d" }}"#)
    });
    let leaf = prop_oneof![
        past,
        Just(r#"{ "stage": "customer" }"#.to_owned()),
        Just(r#"{ "group": "purchase" }"#.to_owned()),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            inner
                .clone()
                .prop_map(|one| format!(r#"{{ "not": {one} }}"#)),
            // A list may not say the same twice.
            (inner.clone(), any::<bool>()).prop_map(|(one, all)| {
                let kind = if all { "all" } else { "any" };
                format!(r#"{{ "{kind}": [{one}, {{ "not": {{ "not": {one} }} }}] }}"#)
            }),
        ]
        .prop_filter("nested as deep as a plan may", |when| {
            Plan::parse(&format!(
                r#"{{ "site": "s", "currency": "JPY", "hosts": ["shop.example"],
                     "goals": [{{ "id": "play" }}, {{ "id": "look" }}],
                     "segments": [{{ "id": "a", "when": {when} }}] }}"#
            ))
            .is_ok()
        })
    })
}

proptest! {
    #[test]
    fn order_and_copies_change_nothing(
        history in any_history(), when in any_when(),
        (order, copies) in (any::<u64>(), prop::collection::vec(0usize..24, 0..24)),
    ) {
        let plan = plan(&[&when]);
        let expected = of(&plan, &history);
        let mut other = history.clone();
        other.extend(copies.iter().filter_map(|at| history.get(*at).cloned()));
        // Any order: by a number of their own.
        let mut n = order;
        other.sort_by_cached_key(|_| {
            n = n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            n
        });
        prop_assert_eq!(of(&plan, &other), expected, "{}", when);
    }

    #[test]
    fn a_wider_window_loses_nobody_who_did_it_so_often(
        history in any_history(), times in 1u8..5, days in 1u8..120, more in 0u8..120,
    ) {
        let within = |days: u16| {
            format!(r#"{{ "done": "play", "at_least": {times}, "within": "{days}d" }}"#)
        };
        let (narrow, wide) = (u16::from(days), u16::from(days) + u16::from(more));
        let always = format!(r#"{{ "done": "play", "at_least": {times} }}"#);
        let plan = plan(&[&within(narrow), &within(wide), &always]);
        let members = of(&plan, &history);
        prop_assert!(["", "c", "bc", "abc"].contains(&members.as_str()), "{}", members);
    }

    #[test]
    fn who_does_not_belong_belongs_to_the_opposite(history in any_history(), when in any_when()) {
        let opposite = format!(r#"{{ "not": {when} }}"#);
        let json = format!(
            r#"{{ "site": "s", "currency": "JPY", "hosts": ["shop.example"],
                 "goals": [{{ "id": "play" }}, {{ "id": "look" }}],
                 "segments": [{{ "id": "a", "when": {when} }}, {{ "id": "b", "when": {opposite} }}] }}"#
        );
        // The opposite may be nested one too deep.
        if let Ok(plan) = Plan::parse(&json) {
            prop_assert_eq!(of(&plan, &history).len(), 1, "{}", when);
        }
    }

    #[test]
    fn what_is_foreseen_is_what_becomes_true(history in any_history(), when in any_when()) {
        let plan = plan(&[&when]);
        let rules = plan.compile();
        let segments = plan.reporting().segments;
        let known = History::of(history.clone());
        for (id, then) in foreseen(&segments, &rules.definitions, &known, NOON) {
            let Some(then) = then else { continue };
            let mut after = history.clone();
            after.push(done(id, "new", NOON));
            prop_assert_eq!(then.concat(), of(&plan, &after), "{} then {}", &when, id);
        }
        // What no segment asks about changes none.
        for definition in &rules.definitions {
            let asked = goalpost_core::segment::asked(&segments, &definition.id);
            if !asked {
                let mut after = history.clone();
                after.push(done(&definition.id, "new", NOON));
                prop_assert_eq!(of(&plan, &history), of(&plan, &after));
            }
        }
    }
}
