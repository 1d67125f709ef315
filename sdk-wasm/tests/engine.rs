//! What the engine promises a shop, told through its only door.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test says that it failed by a panic"
)]

mod page;

use goalpost_core::{
    BrowserPlan, CommerceStep, Element, Id, Properties, Seen, Value, beacon::Envelope,
    beacon::Item, fate::Drop, limits,
};
use goalpost_sdk::engine::{Answer, Captured, Consent, Effect, Input};
use page::{MINUTE, Page, START, items, names};

#[test]
fn the_first_item_leaves_at_once_and_later_ones_together() {
    let mut page = Page::with_plan();
    page.event("first");
    assert_eq!(names(&page.fetched[0]), ["first"]);
    page.answer_last(Answer::Settled);
    page.event("second");
    page.event("third");
    assert_eq!(page.fetched.len(), 1);
    page.wait(2_000);
    assert_eq!(names(&page.fetched[1]), ["second", "third"]);
    page.answer_last(Answer::Settled);
    assert_eq!(page.engine.waiting(), 0);
}

#[test]
fn what_to_look_out_for_is_said_once_the_plan_is_there() {
    let mut page = Page::with(Consent::Granted);
    page.event("before");
    assert_eq!(page.watched, "");
    let rules = goalpost_core::testing::rules();
    page.tell(Input::Plan(Some(&BrowserPlan::encode(&rules))));
    assert_eq!(page.watched, rules.watch_list());
    assert!(page.watched.contains("s75 d30 "), "{}", page.watched);
}

#[test]
fn a_mark_claims_what_waits_for_it() {
    let mut page = Page::with_plan();
    page.see(Seen::Scroll { percent: 75 });
    let first = page.fetched[0].clone();
    let item = &items(&first)[0];
    assert_eq!(item.claims.as_deref(), Some(&["read-on".into()][..]));
    page.answer_last(Answer::Settled);
    page.see(Seen::Dwell { seconds: 10 });
    page.wait(2_000);
    let second = page.fetched[1].clone();
    assert_eq!(items(&second)[0].claims.as_deref(), Some(&[][..]));
}

#[test]
fn claims_are_what_the_plan_says() {
    let mut page = Page::with_plan();
    page.event("demo_requested");
    let body = page.fetched[0].clone();
    let item = &items(&body)[0];
    assert_eq!(item.claims.as_deref(), Some(&["demo-request".into()][..]));
    assert_eq!(item.session.map(Id::time), Some(START));
}

#[test]
fn nothing_waits_for_the_plan_when_the_page_is_left() {
    let mut page = Page::with(Consent::Granted);
    page.event("quick");
    assert!(page.fetched.is_empty());
    page.tell(Input::Hidden(None));
    assert_eq!(names(&page.beaconed[0]), ["quick"]);
    let body = page.beaconed[0].clone();
    assert_eq!(items(&body)[0].claims, None);
    assert_eq!(
        page.disk.len(),
        1,
        "a beacon has no answer, so the item stays"
    );
}

#[test]
fn the_lock_does_not_hold_back_the_last_beacon() {
    let mut page = Page::with_plan();
    page.lock_is_free = false;
    page.event("click");
    assert!(page.fetched.is_empty());
    page.tell(Input::Hidden(None));
    assert_eq!(names(&page.beaconed[0]), ["click"]);
}

#[test]
fn a_beaconed_item_is_confirmed_by_a_later_request() {
    let mut page = Page::with_plan();
    page.event("seen");
    page.answer_last(Answer::Settled);
    page.event("tail");
    page.tell(Input::Hidden(None));
    page.tell(Input::Back);
    assert_eq!(names(page.fetched.last().expect("a request")), ["tail"]);
    page.answer_last(Answer::Settled);
    assert!(page.disk.is_empty());
    assert_eq!(page.engine.waiting(), 0);
}

#[test]
fn a_page_that_is_hidden_and_then_left_beacons_nothing_twice() {
    let mut page = Page::with_plan();
    page.event("seen");
    page.tell(Input::Hidden(None));
    page.tell(Input::Hidden(None));
    assert_eq!(page.beaconed.len(), 1);
    page.event("unload");
    page.tell(Input::Hidden(None));
    assert_eq!(names(&page.beaconed[1]), ["unload"]);
}

#[test]
fn a_beacon_that_the_browser_refused_is_tried_when_the_page_is_left() {
    let mut page = Page::with_plan();
    page.event("seen");
    page.tell(Input::Hidden(None));
    page.tell(Input::BeaconRefused);
    page.tell(Input::Hidden(None));
    assert_eq!(names(&page.beaconed[1]), ["seen"]);
}

#[test]
fn an_items_text_never_changes() {
    let mut page = Page::with_plan();
    page.event("once");
    let first = page.fetched[0].clone();
    page.tell(Input::Failed(None));
    page.wait(MINUTE);
    let again = page.fetched[1].clone();
    let text = |body: &str| {
        let envelope = Envelope::read(body.as_bytes()).expect("a beacon");
        envelope.items[0].get().to_owned()
    };
    assert_eq!(text(&first), text(&again));
}

#[test]
fn failures_back_off_and_a_pause_that_was_asked_for_is_kept() {
    let mut page = Page::with_plan();
    page.event("x");
    let mut pauses = Vec::new();
    for _ in 0..12 {
        page.tell(Input::Failed(None));
        let due = page.engine.next_wakeup().expect("another attempt");
        pauses.push(due - page.now);
        page.now = due;
        page.tell(Input::Wakeup);
    }
    assert!(pauses[0] >= 500 && pauses[0] <= 1_000, "{pauses:?}");
    assert!(pauses[11] >= 150_000 && pauses[11] <= 300_000, "{pauses:?}");
    page.tell(Input::Failed(Some(290_000)));
    assert!(page.engine.next_wakeup().expect("another attempt") - page.now >= 290_000);
}

#[test]
fn a_purchase_is_on_the_disk_before_it_is_sent() {
    let mut page = Page::with_plan();
    let mut order = Properties::default();
    order.0.push(("order_id".into(), Value::Text("A1".into())));
    order
        .0
        .push(("revenue".into(), Value::Text("14800".into())));
    page.engine.handle(
        page.now,
        Input::Seen {
            captured: None,
            path: "/thanks/".into(),
            seen: Seen::Commerce {
                step: CommerceStep::Purchase,
            },
            properties: order,
        },
    );
    let mut order = Vec::new();
    while let Some(effect) = page.engine.poll_effect() {
        if matches!(effect, Effect::OpenSession) {
            page.engine.handle(page.now, Input::Record(None));
        }
        order.push(effect);
    }
    let kept = order
        .iter()
        .position(|effect| matches!(effect, Effect::Keep { urgent: true, .. }));
    let sent = order
        .iter()
        .position(|effect| matches!(effect, Effect::Fetch(_)));
    assert!(kept.is_some() && kept < sent, "{order:?}");
}

#[test]
fn a_gap_of_the_timeout_is_a_new_session() {
    let mut page = Page::with_plan();
    page.event("a");
    page.answer_last(Answer::Settled);
    page.wait(30 * MINUTE - 1);
    page.event("b");
    page.wait(2_000);
    page.answer_last(Answer::Settled);
    page.wait(30 * MINUTE - 2_000);
    page.event("c");
    page.wait(2_000);
    let sessions: Vec<_> = page
        .fetched
        .iter()
        .map(|body| items(body)[0].session)
        .collect();
    assert_eq!(sessions[0], sessions[1]);
    assert_ne!(sessions[1], sessions[2]);
}

#[test]
fn tabs_that_share_the_record_share_the_session() {
    let mut first = Page::with_plan();
    first.event("a");
    let mut second = Page::with_plan();
    second.record.clone_from(&first.record);
    second.event("b");
    let (a, b) = (first.fetched[0].clone(), second.fetched[0].clone());
    assert_eq!(items(&a)[0].session, items(&b)[0].session);
    assert!(
        items(&a)[0].observation.seq < items(&b)[0].observation.seq,
        "page loads are in order"
    );
}

#[test]
fn without_consent_nothing_leaves_memory() {
    let mut page = Page::with(Consent::Unknown);
    page.tell(Input::Plan(Some(&BrowserPlan::encode(
        &goalpost_core::testing::rules(),
    ))));
    page.event("early");
    page.wait(MINUTE);
    page.tell(Input::Hidden(None));
    assert!(page.fetched.is_empty() && page.beaconed.is_empty());
    assert!(page.disk.is_empty() && page.record.is_none());

    page.tell(Input::Consent(Consent::Granted));
    let body = page.fetched[0].clone();
    assert_eq!(
        items(&body)[0].observation.id.time(),
        START,
        "with its original time"
    );
}

#[test]
fn withdrawn_consent_purges_and_stops_at_once() {
    let mut page = Page::with_plan();
    page.event("a");
    page.tell(Input::Failed(None));
    assert_eq!(page.disk.len(), 1);
    page.tell(Input::Consent(Consent::Denied));
    page.event("b");
    page.tell(Input::Hidden(None));
    page.wait(MINUTE);
    assert!(page.disk.is_empty() && page.record.is_none() && page.beaconed.is_empty());
    assert_eq!(page.fetched.len(), 1);
    assert_eq!(page.engine.waiting(), 0);
}

#[test]
fn what_does_not_fit_is_counted() {
    let mut page = Page::with(Consent::Granted);
    let more = 7;
    for _ in 0..limits::OUTBOX_ITEMS + more {
        page.event("burst");
    }
    let captured = usize::try_from(page.engine.captured()).expect("a count");
    assert_eq!(captured, limits::OUTBOX_ITEMS + more);
    assert!(
        page.engine
            .dropped()
            .contains(&(Drop::Overflow, u32::try_from(more).expect("a count")))
    );
}

#[test]
fn a_burst_of_a_thousand_is_delivered_in_bodies_of_bounded_size() {
    let mut page = Page::with_plan();
    for _ in 0..1_000 {
        page.event("burst");
    }
    let mut delivered = 0;
    for _ in 0..50 {
        if page.engine.waiting() == 0 {
            break;
        }
        let body = page.fetched.last().expect("a request").clone();
        assert!(body.len() <= limits::BEACON_BYTES);
        delivered += items(&body).len();
        page.answer_last(Answer::Settled);
        page.wait(2_000);
    }
    assert_eq!((delivered, page.engine.waiting()), (1_000, 0));
}

#[test]
fn what_an_earlier_page_left_is_delivered_and_then_forgotten() {
    let mut first = Page::with_plan();
    first.event("offline");
    first.tell(Input::Failed(None));
    let left: Vec<Item> = first
        .disk
        .iter()
        .map(|(id, json)| Item {
            id: *id,
            json: json.clone(),
        })
        .collect();

    let mut next = Page::with_plan();
    next.disk.clone_from(&first.disk);
    next.tell(Input::Stored(left));
    next.event("online");
    next.wait(2_000);
    let sent: Vec<String> = next.fetched.iter().flat_map(|body| names(body)).collect();
    assert!(sent.contains(&"offline".to_owned()), "{sent:?}");
    next.answer_last(Answer::Settled);
    assert!(next.disk.is_empty());
}

#[test]
fn an_item_that_the_loader_captured_keeps_its_id_and_place() {
    let mut page = Page::with_plan();
    let id = Id::new(START - 500, [9; 10]);
    page.tell(Input::Seen {
        captured: Some(Captured { id, index: 4 }),
        path: "/".into(),
        seen: Seen::Event {
            name: "early".into(),
        },
        properties: Properties::default(),
    });
    page.event("late");
    page.wait(2_000);
    let sent: Vec<String> = page.fetched.clone();
    let first = items(&sent[0]);
    assert_eq!(
        (first[0].observation.id, first[0].observation.index()),
        (id, 4)
    );
    assert_eq!(page.engine.captured(), 6);
}

#[test]
fn a_click_on_nothing_is_no_observation() {
    let mut page = Page::with_plan();
    page.see(Seen::Click {
        elements: vec![Element {
            tag: "p".into(),
            ..Element::default()
        }],
    });
    assert_eq!(page.engine.captured(), 0);
}

#[test]
fn an_unknown_definition_is_explained_in_debug_mode() {
    let mut page = Page::with_plan();
    page.tell(Input::Debug(true));
    page.see(Seen::Trigger {
        definition: "no-such-goal".into(),
    });
    page.event("demo_requested");
    assert!(
        page.said[0].contains("'no-such-goal' is not a definition"),
        "{:?}",
        page.said
    );
    assert!(
        page.said[1].contains("demo-request\u{1f}0"),
        "{:?}",
        page.said
    );
}

#[test]
fn a_page_that_ends_as_the_edge_names_another_visitor_sends_what_waits() {
    let mut page = Page::with_plan();
    page.event("first");
    page.event("second");
    page.lock_is_free = false;
    let first = items(&page.fetched[0])[0].observation.id;
    let known = Id::new(page.now - 1, [1; 10]);
    page.tell(Input::Answered(vec![(first, Answer::Settled)], Some(known)));
    let record = page.record.clone();
    page.tell(Input::Hidden(record.as_deref()));
    assert_eq!(items(&page.beaconed[0]).len(), 1);
    assert!(page.beaconed[0].contains("second"));
}

#[test]
fn a_shell_that_asked_hears_each_item_as_it_is_sealed_and_none_without_consent() {
    let mut page = Page::with_plan();
    page.event("demo_requested");
    page.event("second");
    let envelope = Envelope::read(page.fetched[0].as_bytes()).unwrap();
    let sent = envelope.whole(envelope.items[0].get());
    assert_eq!(sent, page.sealed[0], "what the edge reads");
    assert_eq!(page.sealed.len(), 2, "before it is sent");
    for consent in [Consent::Unknown, Consent::Denied] {
        let mut page = Page::with(consent);
        let rules = goalpost_core::testing::rules();
        page.tell(Input::Plan(Some(&BrowserPlan::encode(&rules))));
        page.event("demo_requested");
        page.tell(Input::Hidden(None));
        assert!(page.sealed.is_empty(), "{consent:?}");
    }
}
