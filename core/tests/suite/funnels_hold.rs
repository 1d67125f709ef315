//! What holds in every funnel, for any events.

use crate::funnels::{entry, funnel, session};
use goalpost_core::{
    funnel::{Counts, Event, Funnel, Order, Step, events_of_session, in_order, progress},
    trail::Entry,
};
use proptest::prelude::*;

const NAMES: [&str; 3] = ["a", "b", "c"];

/// An event: milliseconds after the one before it, and which of the definitions it matched.
type Seen = (i64, [bool; 3]);

fn seen(most: usize) -> impl Strategy<Value = Vec<Seen>> {
    prop::collection::vec((0i64..6, prop::array::uniform3(any::<bool>())), 0..most)
}

fn steps() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0usize..3, 2..5)
}

fn entries(seen: &[Seen]) -> Vec<Entry<'static>> {
    let mut time = 0;
    let mut entries = Vec::new();
    for ((after, matched), seq) in seen.iter().zip(1u32..) {
        time += after;
        let mut entry = entry(seq, time, "event", "x", "");
        entry.definitions = NAMES
            .iter()
            .zip(matched)
            .filter(|(_, matched)| **matched)
            .map(|(name, _)| (*name).into())
            .collect();
        entries.push(entry);
    }
    entries
}

fn definition(at: usize) -> Step {
    Step::Definition(NAMES[at].into())
}

fn of(order: Order, steps: &[usize]) -> Funnel {
    let steps = steps.iter().map(|at| definition(*at)).collect();
    funnel(order, 12, steps)
}

fn reached(funnel: &Funnel, entries: &[Entry<'_>]) -> usize {
    let events = events_of_session(session(1), None, entries);
    progress(funnel, &events).steps.len()
}

/// The most steps by trying everything: the window of every event, and in it every choice.
fn tried(order: Order, steps: &[usize], entries: &[Entry<'_>]) -> usize {
    let windows = (0..entries.len()).map(|at| &entries[at..]);
    windows
        .map(|entries| tried_until(entries[0].time + 12, order, steps, entries))
        .max()
        .unwrap_or(0)
}

fn tried_until(end: i64, order: Order, steps: &[usize], entries: &[Entry<'_>]) -> usize {
    let reachable = if order == Order::Strict {
        1
    } else {
        usize::MAX
    };
    let choices = if order == Order::Any { usize::MAX } else { 1 };
    let mut best = 0;
    for (at, entry) in entries.iter().enumerate().take(reachable) {
        for (choice, step) in steps.iter().enumerate().take(choices) {
            let fits = entry
                .definitions
                .iter()
                .any(|matched| matched == NAMES[*step]);
            if fits && entry.time <= end {
                let mut rest = steps.to_vec();
                rest.remove(choice);
                best = best.max(1 + tried_until(end, order, &rest, &entries[at + 1..]));
            }
        }
    }
    best
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn it_gets_as_far_as_trying_everything_does(seen in seen(9), steps in steps()) {
        let entries = entries(&seen);
        for order in [Order::Loose, Order::Strict, Order::Any] {
            prop_assert_eq!(
                reached(&of(order, &steps), &entries),
                tried(order, &steps, &entries),
                "{:?}", order
            );
        }
    }

    #[test]
    fn strict_is_at_most_loose_is_at_most_any_order(seen in seen(40), steps in steps()) {
        let entries = entries(&seen);
        let reached = |order| reached(&of(order, &steps), &entries);
        prop_assert!(reached(Order::Strict) <= reached(Order::Loose));
        prop_assert!(reached(Order::Loose) <= reached(Order::Any));
    }

    #[test]
    fn what_is_excluded_keeps_strict_at_most_loose(seen in seen(40), steps in steps()) {
        let entries = entries(&seen);
        let reached = |order| {
            let mut funnel = of(order, &steps);
            funnel.exclude = vec![definition(2)];
            reached(&funnel, &entries)
        };
        prop_assert!(reached(Order::Strict) <= reached(Order::Loose));
    }

    #[test]
    fn an_attempt_is_in_order_within_its_window_and_its_times_never_fall(
        seen in seen(40), steps in steps(), at in 0usize..3,
    ) {
        let entries = entries(&seen);
        let order = [Order::Loose, Order::Strict, Order::Any][at];
        let funnel = of(order, &steps);
        let events = events_of_session(session(1), None, &entries);
        let progress = progress(&funnel, &events);
        prop_assert!(progress.steps.is_sorted_by_key(|step| step.time));
        if let Some(last) = progress.steps.len().checked_sub(1) {
            prop_assert!((0..=12).contains(&progress.took_ms(last).unwrap()));
        }
    }

    #[test]
    fn events_that_fit_no_step_change_nothing_in_a_loose_funnel(
        seen in seen(20), steps in steps(), others in prop::collection::vec(0usize..20, 0..10),
    ) {
        let mut with = seen.clone();
        for at in others {
            with.insert(at.min(with.len()), (0, [false; 3]));
        }
        let progress = |seen: &[Seen]| {
            let entries = entries(seen);
            progress(&of(Order::Loose, &steps), &events_of_session(session(1), None, &entries))
        };
        prop_assert_eq!(progress(&seen), progress(&with));
    }

    #[test]
    fn counts_never_rise_from_step_to_step(
        people in prop::collection::vec(seen(12), 0..12), steps in steps(), at in 0usize..3,
    ) {
        let funnel = of([Order::Loose, Order::Strict, Order::Any][at], &steps);
        let mut counts = Counts::new(&funnel);
        for seen in &people {
            let entries = entries(seen);
            counts.add(&progress(&funnel, &events_of_session(session(1), None, &entries)));
        }
        prop_assert!(counts.reached.is_sorted_by(|one, next| one >= next));
        prop_assert!(counts.reached[0] <= people.len() as u64);
    }

    #[test]
    fn sessions_in_any_order_and_number_give_the_same(
        sessions in prop::collection::vec(seen(8), 1..5), steps in steps(), again in 0usize..5,
    ) {
        let entries: Vec<Vec<Entry<'_>>> = sessions.iter().map(|seen| entries(seen)).collect();
        let mut lists: Vec<Vec<Event<'_>>> = (1u8..)
            .zip(&entries)
            .map(|(number, entries)| events_of_session(session(number), Some("Email"), entries))
            .collect();
        let funnel = of(Order::Loose, &steps);
        let once = in_order(lists.clone());
        lists.reverse();
        lists.push(lists[again % lists.len()].clone());
        let shuffled = in_order(lists);
        prop_assert_eq!(progress(&funnel, &once), progress(&funnel, &shuffled));
        prop_assert_eq!(once, shuffled);
    }
}
