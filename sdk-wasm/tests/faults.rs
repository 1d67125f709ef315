//! What the engine does when things go wrong: each of these was found by the simulation.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test says that it failed by a panic"
)]

mod page;

use goalpost_core::{
    BrowserPlan, CommerceStep, Id, Seen, SessionRecord,
    beacon::{Envelope, Item},
    fate::Drop,
    limits,
};
use goalpost_sdk::engine::{Answer, Consent, Effect, Input};
use page::{MINUTE, Page, START, items, names};

const PURCHASE: Seen = Seen::Commerce {
    step: CommerceStep::Purchase,
};

fn dropped(page: &Page, reason: Drop) -> u32 {
    let found = page
        .engine
        .dropped()
        .iter()
        .find(|(known, _)| *known == reason);
    found.map_or(0, |(_, count)| *count)
}

fn left_by(page: &Page) -> Vec<Item> {
    let items = page.disk.iter().map(|(id, json)| Item {
        id: *id,
        json: json.clone(),
    });
    items.collect()
}

fn sessions(body: &str) -> Vec<Option<Id>> {
    items(body).iter().map(|item| item.session).collect()
}

#[test]
fn with_nothing_to_send_nothing_wakes_the_page() {
    let mut page = Page::with_plan();
    page.event("first");
    page.answer_last(Answer::Settled);
    page.tell(Input::Flush);
    assert_eq!(page.engine.next_wakeup(), None);
    page.tell(Input::Failed(None));
    page.wait(MINUTE);
    assert_eq!(page.engine.next_wakeup(), None);
}

#[test]
fn while_no_request_gets_through_what_is_seen_is_on_the_disk_at_once() {
    let mut page = Page::with_plan();
    page.event("first");
    assert!(page.disk.is_empty(), "a request carries it");
    page.tell(Input::Failed(None));
    assert_eq!(page.disk.len(), 1);
    for (at, name) in ["a", "b", "c"].into_iter().enumerate() {
        page.event(name);
        assert_eq!(page.disk.len(), at + 2);
    }
    // Each text is written once, and goes as soon as the edge has it.
    page.wait(MINUTE);
    page.answer_last(Answer::Settled);
    assert!(page.disk.is_empty());
    page.event("later");
    assert!(page.disk.is_empty());
}

#[test]
fn a_browser_that_says_it_is_offline_is_as_good_as_a_failure() {
    let mut page = Page::with_plan();
    page.event("first");
    page.answer_last(Answer::Settled);
    page.tell(Input::Failed(None));
    page.event("offline");
    assert_eq!(page.disk.len(), 1);
}

#[test]
fn a_clock_that_is_put_back_does_not_turn_a_pause_into_hours() {
    let mut page = Page::with_plan();
    page.event("x");
    page.tell(Input::Failed(None));
    page.now -= 180 * MINUTE;
    page.tell(Input::Wakeup);
    let due = page.engine.next_wakeup().expect("another attempt");
    assert!(due - page.now <= 5 * MINUTE, "{}", due - page.now);
}

#[test]
fn a_clock_that_jumps_loses_nothing_and_changes_nobody() {
    let years = 10 * 365 * 24 * 60 * MINUTE;
    let mut page = Page::with_plan();
    let mut visitors = Vec::new();
    for jump in [0, years, -2 * years, years, 0] {
        page.now += jump;
        page.event("x");
        page.wait(2_000);
        let body = page.fetched.last().expect("a request").clone();
        visitors.push(
            Envelope::read(body.as_bytes())
                .expect("a beacon")
                .visitor(None),
        );
        page.answer_last(Answer::Settled);
        assert_eq!(page.engine.waiting(), 0, "after a jump of {jump} ms");
        assert_eq!(page.engine.next_wakeup(), None);
    }
    assert_eq!(page.fetched.len(), visitors.len(), "one request for each");
    visitors.dedup();
    assert_eq!(visitors.len(), 1);
}

#[test]
fn what_follows_a_refusal_still_leaves() {
    let mut page = Page::with_plan();
    page.event("x");
    page.tell(Input::Failed(None));
    page.wait(MINUTE);
    page.tell(Input::Refused);
    page.event("next");
    page.wait(2_000);
    assert_eq!(names(page.fetched.last().expect("a request")), ["next"]);
}

#[test]
fn what_a_hidden_page_sees_after_failures_has_its_turn() {
    let mut page = Page::with_plan();
    page.event("x");
    page.tell(Input::Failed(None));
    page.tell(Input::Hidden(None));
    page.event("while hidden");
    assert!(page.engine.next_wakeup().is_some());
}

#[test]
fn what_the_edge_refuses_is_the_edges_to_count() {
    let mut page = Page::with_plan();
    page.event("refused");
    page.tell(Input::Refused);
    assert_eq!(page.engine.waiting(), 0);
    assert!(page.engine.dropped().iter().all(|(_, count)| *count == 0));
}

#[test]
fn a_refusal_that_may_be_of_an_earlier_request_gives_nothing_up() {
    let mut page = Page::with_plan();
    page.event("first");
    page.tell(Input::Hidden(None));
    page.tell(Input::Back);
    page.event("second");
    page.tell(Input::Refused);
    assert_eq!(page.engine.waiting(), 2);
}

#[test]
fn only_what_certainly_never_arrived_is_counted_as_withdrawn() {
    let mut page = Page::with_plan();
    page.event("sent");
    page.event("not sent");
    page.see(PURCHASE);
    page.tell(Input::Consent(Consent::Denied));
    assert_eq!(dropped(&page, Drop::Consent), 1);
    assert_eq!(page.engine.waiting(), 0);
}

#[test]
fn items_that_were_read_before_a_withdrawal_are_not_taken() {
    let mut first = Page::with_plan();
    first.event("offline");
    first.tell(Input::Failed(None));

    let mut page = Page::with_plan();
    page.tell(Input::Consent(Consent::Denied));
    page.tell(Input::Stored(left_by(&first)));
    page.tell(Input::Consent(Consent::Granted));
    assert_eq!(page.engine.waiting(), 0);
    assert!(page.fetched.is_empty());
}

#[test]
fn an_old_visitor_does_not_come_back_with_a_late_answer() {
    let mut page = Page::with_plan();
    page.event("before");
    let envelope = Envelope::read(page.fetched[0].as_bytes()).expect("a beacon");
    let before = envelope.visitor(None);
    page.tell(Input::Consent(Consent::Denied));
    page.tell(Input::Consent(Consent::Granted));
    page.event("after");
    page.tell(Input::Answered(Vec::new(), before));
    let record = page.record.as_deref().and_then(SessionRecord::parse);
    assert_ne!(record.map(|record| record.visitor), before);
}

#[test]
fn the_edges_word_on_the_visitor_reaches_the_tabs_record_and_changes_nothing_else() {
    let mut page = Page::with_plan();
    page.event("first");
    let other_tab = SessionRecord::parse(page.record.as_deref().expect("a record")).map(|record| {
        SessionRecord {
            page_loads: 7,
            ..record
        }
    });
    page.record = other_tab.map(|record| record.text());
    let known = Id::new(START - MINUTE, [5; 10]);
    let first = items(&page.fetched[0])[0].observation.id;
    page.tell(Input::Answered(vec![(first, Answer::Settled)], Some(known)));
    page.event("second");
    page.wait(2_000);
    let record = page.record.as_deref().and_then(SessionRecord::parse);
    let expected = other_tab.map(|record| SessionRecord {
        visitor: known,
        ..record
    });
    assert_eq!(record, expected);
    let envelope = Envelope::read(page.fetched[1].as_bytes()).expect("a beacon");
    assert_eq!(envelope.visitor(None), Some(known));
}

#[test]
fn what_waited_for_consent_may_span_sessions() {
    let mut page = Page::with(Consent::Unknown);
    page.tell(Input::Plan(Some(&BrowserPlan::encode(
        &goalpost_core::testing::rules(),
    ))));
    page.event("a");
    page.now += 29 * MINUTE;
    page.event("b");
    page.now += 30 * MINUTE;
    page.event("c");
    page.tell(Input::Consent(Consent::Granted));
    let sessions = sessions(&page.fetched[0]);
    assert_eq!(sessions[0], sessions[1]);
    assert_ne!(sessions[1], sessions[2]);
}

#[test]
fn what_waited_since_before_another_tabs_session_is_none_of_its() {
    let mut page = Page::with(Consent::Unknown);
    page.tell(Input::Plan(Some(&BrowserPlan::encode(
        &goalpost_core::testing::rules(),
    ))));
    page.event("a");
    page.now += 120 * MINUTE;
    let theirs = SessionRecord {
        visitor: Id::new(START, [5; 10]),
        session: Id::new(page.now, [6; 10]),
        last: page.now,
        page_loads: 1,
    };
    page.record = Some(theirs.text());
    page.tell(Input::Consent(Consent::Granted));
    page.answer_last(Answer::Settled);
    page.event("b");
    page.wait(2_000);
    let sessions: Vec<_> = page
        .fetched
        .iter()
        .flat_map(|body| sessions(body))
        .collect();
    assert_eq!(sessions.len(), 2);
    assert_ne!(sessions[0], Some(theirs.session));
    assert_eq!(sessions[1], Some(theirs.session));
}

#[test]
fn waiting_for_the_lock_is_no_activity() {
    let mut page = Page::with_plan();
    page.lock_is_free = false;
    page.event("a");
    page.now += 10 * MINUTE;
    page.lock_is_free = true;
    page.tell(Input::Record(None));
    page.now += 29 * MINUTE;
    page.answer_last(Answer::Settled);
    page.event("39 minutes later");
    page.wait(2_000);
    assert_ne!(sessions(&page.fetched[0]), sessions(&page.fetched[1]));
}

#[test]
fn the_last_beacon_waits_for_no_disk() {
    let mut page = Page::with(Consent::Granted);
    page.see(PURCHASE);
    page.engine.handle(page.now, Input::Hidden(None));
    let effects: Vec<Effect> = std::iter::from_fn(|| page.engine.poll_effect()).collect();
    let kept = effects
        .iter()
        .position(|effect| matches!(effect, Effect::Keep { urgent: true, .. }));
    let sent = effects
        .iter()
        .position(|effect| matches!(effect, Effect::Beacon(_)));
    assert!(sent.is_some() && sent < kept, "{effects:?}");
}

#[test]
fn a_page_takes_no_more_of_what_was_left_than_its_outbox_holds() {
    let mut first = Page::with_plan();
    for _ in 0..limits::OUTBOX_ITEMS {
        first.event("burst");
    }
    first.tell(Input::Failed(None));
    let left = left_by(&first);

    let mut page = Page::with_plan();
    page.event("own");
    page.disk.clone_from(&first.disk);
    page.tell(Input::Stored(left));
    assert_eq!(page.engine.waiting(), limits::OUTBOX_ITEMS);
    assert_eq!(
        page.disk.len(),
        limits::OUTBOX_ITEMS,
        "the rest waits for a later page"
    );
}

#[test]
fn what_waited_for_months_is_the_edges_to_judge() {
    let mut first = Page::with_plan();
    first.event("offline");
    first.tell(Input::Hidden(None));

    let mut page = Page::with_plan();
    page.now += 100 * 24 * 60 * MINUTE;
    page.tell(Input::Stored(left_by(&first)));
    page.event("back");
    page.wait(2_000);
    let sent: Vec<String> = page.fetched.iter().flat_map(|body| names(body)).collect();
    assert!(
        sent.contains(&"offline".to_owned()),
        "a beacon may or may not have arrived: {sent:?}"
    );
}

#[test]
fn a_page_that_let_something_go_says_how_many_places_it_gave_out() {
    let mut page = Page::with_plan();
    page.event("kept");
    page.answer_last(Answer::Settled);
    page.event("kept too");
    page.tell(Input::Overflow(3));
    page.wait(2_000);
    let envelope = Envelope::read(page.fetched[1].as_bytes()).expect("a beacon");
    assert_eq!((envelope.captured, envelope.dropped.overflow), (5, 3));
}

#[test]
fn without_consent_nothing_is_counted_either() {
    let mut page = Page::with(Consent::Denied);
    page.tell(Input::Overflow(3));
    assert_eq!(
        (page.engine.captured(), dropped(&page, Drop::Overflow)),
        (0, 0)
    );
}
