//! What would be lost without a channel, from how paths really went.

use crate::attribution::CHANNELS;
use goalpost_core::attribution::{Transitions, apportion};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Each channel's weight, in order of name.
fn weights(paths: &Transitions) -> Vec<(String, u64)> {
    let effects = paths.removal_effects().into_iter();
    effects
        .map(|effect| (effect.channel, effect.weight))
        .collect()
}

const WHOLE: u64 = 1_000_000_000_000;

fn expect(paths: &Transitions, expected: &[(&str, u64)]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(channel, weight)| ((*channel).to_owned(), *weight))
        .collect();
    assert_eq!(weights(paths), expected);
}

/// Paths: A, B, conversion. A, nothing. B, conversion.
///
/// From the beginning: A 2/3, B 1/3. From A: B 1/2, lost 1/2. From B: conversion 1.
/// A conversion is 2/3 × 1/2 × 1 + 1/3 × 1 = 2/3 likely.
/// Without A: 1/3, so 1 − 1/3 ÷ 2/3 = 1/2 is lost. Without B: 0, so all is lost.
/// Shares: A 1/2 ÷ 3/2 = 1/3, B 2/3.
#[test]
fn removal_effects_of_three_paths_by_hand() {
    let mut paths = Transitions::default();
    paths.add_path(&["A", "B"], true);
    paths.add_path(&["A"], false);
    paths.add_path(&["B"], true);
    expect(&paths, &[("A", WHOLE / 2), ("B", WHOLE)]);
    let weights: Vec<u64> = weights(&paths)
        .into_iter()
        .map(|(_, weight)| weight)
        .collect();
    assert_eq!(apportion(10_000, &weights), [3_333, 6_667]);
}

/// Paths: A, B, A, conversion. B, nothing.
///
/// From the beginning: A 1/2, B 1/2. From A, where paths were twice: B 1/2, conversion 1/2. From B,
/// twice too: A 1/2, lost 1/2. With a and b for how likely a conversion follows from each:
/// a = 1/2 + b/2 and b = a/2, so a = 2/3 and b = 1/3, and from the beginning it is 1/2.
/// Without B: a = 1/2, from the beginning 1/4, so 1/2 is lost. Without A: all is lost.
#[test]
fn removal_effects_with_a_cycle_by_hand() {
    let mut paths = Transitions::default();
    paths.add_path(&["A", "B", "A"], true);
    paths.add_path(&["B"], false);
    expect(&paths, &[("A", WHOLE), ("B", WHOLE / 2)]);
}

#[test]
fn a_channel_that_repeats_is_worth_what_it_is_worth_once() {
    let (mut once, mut often) = (Transitions::default(), Transitions::default());
    for (paths, times) in [(&mut once, 1), (&mut often, 5)] {
        paths.add_path(&vec!["A"; times], true);
        paths.add_path(&["B"], true);
    }
    assert_eq!(weights(&once), weights(&often));
}

#[test]
fn what_was_under_way_before_the_period_counts_as_begun_in_it() {
    // Yesterday A was touched; today B is, and converts.
    let mut today = Transitions::default();
    today.add(Some("A"), Some("B"), 1);
    today.add(Some("B"), None, 1);
    expect(&today, &[("A", WHOLE), ("B", WHOLE)]);
    // Two conversions of one touch.
    let mut twice = Transitions::default();
    twice.add(None, Some("A"), 1);
    twice.add(Some("A"), None, 2);
    expect(&twice, &[("A", WHOLE)]);
}

#[test]
fn without_a_conversion_nothing_can_be_lost() {
    let mut paths = Transitions::default();
    paths.add_path(&["A", "B"], false);
    expect(&paths, &[("A", 0), ("B", 0)]);
    expect(&Transitions::default(), &[]);
    // A conversion that nobody was led to.
    let mut untouched = Transitions::default();
    untouched.add_path(&[], true);
    expect(&untouched, &[]);
}

#[test]
fn channels_that_only_lead_to_each_other_are_on_no_path() {
    let mut paths = Transitions::default();
    paths.add_path(&["A"], true);
    paths.add(Some("B"), Some("C"), 7);
    paths.add(Some("C"), Some("B"), 7);
    expect(&paths, &[("A", WHOLE)]);
}

#[test]
fn sixty_four_channels_in_a_row_are_each_needed() {
    let names: Vec<String> = (0..64).map(|number| format!("{number:02}")).collect();
    let channels: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut paths = Transitions::default();
    paths.add_path(&channels, true);
    paths.add_path(&channels[..32], false);
    assert!(weights(&paths).iter().all(|(_, weight)| *weight == WHOLE));
    assert_eq!(weights(&paths).len(), 64);
}

fn any_paths() -> impl Strategy<Value = Vec<(Vec<&'static str>, bool)>> {
    let channels = proptest::collection::vec(0usize..CHANNELS.len(), 1..6);
    let channels = channels.prop_map(|list| list.into_iter().map(|at| CHANNELS[at]).collect());
    proptest::collection::vec((channels, any::<bool>()), 1..12)
}

fn counted(paths: &[(Vec<&'static str>, bool)]) -> Transitions {
    let mut counts = Transitions::default();
    for (channels, converted) in paths {
        counts.add_path(channels, *converted);
    }
    counts
}

/// How likely a conversion is when paths that come to `removed` end there: walked step by step.
fn walked(paths: &[(Vec<&'static str>, bool)], removed: Option<&str>) -> f64 {
    let mut steps: BTreeMap<&str, BTreeMap<&str, f64>> = BTreeMap::new();
    for (channels, converted) in paths {
        let end = if *converted { "conversion" } else { "nothing" };
        let mut from = "begin";
        for to in channels.iter().copied().chain([end]) {
            *steps.entry(from).or_default().entry(to).or_default() += 1.0;
            from = to;
        }
    }
    let mut there = BTreeMap::from([("begin", 1.0)]);
    let mut converted = 0.0;
    while there.values().sum::<f64>() > 1e-12 {
        let mut next: BTreeMap<&str, f64> = BTreeMap::new();
        for (from, share) in there {
            let all: f64 = steps[from].values().sum();
            for (to, count) in &steps[from] {
                let moved = share * count / all;
                match *to {
                    "conversion" => converted += moved,
                    "nothing" => {}
                    to if Some(to) == removed => {}
                    to => *next.entry(to).or_default() += moved,
                }
            }
        }
        there = next;
    }
    converted
}

proptest! {
    #[test]
    fn removal_effects_are_what_walking_without_the_channel_loses(paths in any_paths()) {
        let all = walked(&paths, None);
        for (channel, weight) in weights(&counted(&paths)) {
            let left = walked(&paths, Some(channel.as_str()));
            let expected = if all > 0.0 { 1.0 - left / all } else { 0.0 };
            #[allow(clippy::cast_precision_loss, reason = "compared within 1e-9")]
            let found = weight as f64 / WHOLE as f64;
            prop_assert!((found - expected).abs() < 1e-9, "{channel}: {found}, {expected}");
        }
    }

    #[test]
    fn data_driven_shares_sum_to_the_money(mut paths in any_paths(), minor in any::<i64>()) {
        paths[0].1 = true;
        let weights: Vec<u64> = weights(&counted(&paths)).into_iter().map(|(_, weight)| weight).collect();
        let sum: i128 = apportion(minor, &weights).into_iter().map(i128::from).sum();
        prop_assert_eq!(sum, i128::from(minor));
        prop_assert!(weights.iter().all(|weight| *weight <= WHOLE));
    }

    #[test]
    fn any_counts_have_shares_where_anything_converts(
        steps in proptest::collection::vec((0usize..6, 0usize..6, 0u64..1_000_000), 0..20),
        converting in 0usize..5,
    ) {
        let mut counts = Transitions::default();
        let name = |at: usize| CHANNELS.get(at).copied();
        for (from, to, count) in steps {
            counts.add(name(from), name(to), count);
        }
        counts.add(name(converting), None, 1);
        prop_assert!(weights(&counts).iter().any(|(_, weight)| *weight > 0));
        prop_assert!(weights(&counts).iter().all(|(_, weight)| *weight <= WHOLE));
    }

    #[test]
    fn days_add_up_and_their_order_changes_nothing(
        (paths, shuffled) in any_paths().prop_flat_map(|paths| (Just(paths.clone()), Just(paths).prop_shuffle())),
    ) {
        prop_assert_eq!(weights(&counted(&paths)), weights(&counted(&shuffled)));
    }
}
