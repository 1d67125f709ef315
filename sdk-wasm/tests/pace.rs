//! How soon the engine asks again where the edge took nothing, or not all.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test says that it failed by a panic"
)]

mod page;

use goalpost_sdk::engine::{Answer, Input};
use page::{MINUTE, Page, items, names};

const HOUR: i64 = 60 * MINUTE;

/// More than one request takes, so that a request could follow the other at once.
fn full() -> Page {
    let mut page = Page::with_plan();
    for _ in 0..600 {
        page.event("burst");
    }
    page.answer_last(Answer::Settled);
    page
}

/// The pause until the next request, which is answered at once.
fn pause(page: &mut Page, answer: Answer) -> i64 {
    let (asked, before) = (page.fetched.len(), page.now);
    let due = page.engine.next_wakeup().expect("another attempt");
    page.wait(due - before);
    assert_eq!(
        page.fetched.len(),
        asked + 1,
        "one request, and when it is due"
    );
    page.answer_last(answer);
    due - before
}

#[test]
fn a_page_whose_items_are_not_taken_asks_ever_later() {
    let mut page = full();
    assert_eq!(page.fetched.len(), 2);
    page.answer_last(Answer::Retry);
    let mut longest = 1_000;
    for _ in 0..20 {
        let pause = pause(&mut page, Answer::Retry);
        assert!(
            (longest / 2..longest).contains(&pause),
            "{pause} of {longest}"
        );
        longest = (longest * 2).min(5 * MINUTE);
    }
    let before = page.fetched.len();
    let until = page.now + 8 * HOUR;
    while page.now < until {
        pause(&mut page, Answer::Retry);
    }
    assert!(page.fetched.len() - before < 200, "{}", page.fetched.len());
    assert_eq!(page.engine.waiting(), 599, "nothing is given up");
    assert_eq!(page.disk.len(), 599, "and nothing waits in memory alone");
}

#[test]
fn pages_that_were_turned_away_together_do_not_come_back_together() {
    let mut page = full();
    page.answer_last(Answer::Retry);
    let mut rounds = Vec::new();
    for _ in 0..20 {
        rounds.push(pause(&mut page, Answer::Retry));
    }
    let mut pauses = rounds[10..].to_vec();
    pauses.sort_unstable();
    pauses.dedup();
    assert_eq!(pauses.len(), 10, "each pause is partly random: {rounds:?}");
}

#[test]
fn once_all_is_taken_the_pace_is_the_usual_one() {
    let mut page = Page::with_plan();
    page.event("first");
    page.answer_last(Answer::Retry);
    for _ in 0..5 {
        pause(&mut page, Answer::Retry);
    }
    pause(&mut page, Answer::Settled);
    assert_eq!((page.engine.waiting(), page.disk.len()), (0, 0));
    assert_eq!(page.engine.next_wakeup(), None);
    page.event("second");
    assert!(page.disk.is_empty(), "a request carries it");
    assert_eq!(pause(&mut page, Answer::Settled), 2_000);
}

#[test]
fn of_an_answer_only_what_it_settles_is_over() {
    for told in [true, false] {
        let mut page = Page::with_plan();
        page.event("first");
        page.answer_last(Answer::Settled);
        page.event("taken");
        page.event("to come again");
        page.wait(2_000);
        let body = page.fetched.last().expect("a request").clone();
        let sent = items(&body);
        let mut answers = vec![(sent[0].observation.id, Answer::Settled)];
        // What is not named is as good as turned away.
        if told {
            answers.push((sent[1].observation.id, Answer::Retry));
        }
        page.tell(Input::Answered(answers, None));
        assert_eq!((page.engine.waiting(), page.disk.len()), (1, 1));
        assert!((500..1_000).contains(&pause(&mut page, Answer::Settled)));
        assert_eq!(
            names(page.fetched.last().expect("a request")),
            ["to come again"]
        );
        assert!(page.disk.is_empty());
    }
}
