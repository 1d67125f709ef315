//! Which session a page's observations belong to, under each way of telling sessions apart.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test says that it failed by a panic"
)]

mod page;

use goalpost_core::{BrowserPlan, Id, Rules, Seen, testing};
use goalpost_sdk::engine::{Answer, Captured, Consent, Input};
use page::{MINUTE, Page, START, items};

/// 19 November 2026, 00:00 in Tokyo: the first midnight after the tests' beginning.
const MIDNIGHT: i64 = 1_795_014_000_000;

fn plan(split_at_midnight: bool, split_by_campaign: bool) -> String {
    BrowserPlan::encode(&Rules {
        split_at_midnight,
        split_by_campaign,
        ..testing::rules()
    })
}

/// A page that has its plan, in the browser that keeps this record.
fn visit(plan: &str, record: Option<String>) -> Page {
    let mut page = Page::with(Consent::Granted);
    page.record = record;
    page.tell(Input::Plan(Some(plan)));
    page
}

fn view(campaign: &str) -> Seen {
    let query = [("utm_source", campaign), ("utm_medium", "email")];
    let query = query.iter().filter(|_| !campaign.is_empty());
    Seen::Page {
        host: "shop.example".into(),
        query: query
            .map(|(key, value)| ((*key).into(), (*value).into()))
            .collect(),
        title: String::new(),
        referrer: String::new(),
    }
}

/// The sessions of all that was sent, in the order of capture.
fn sessions(page: &mut Page) -> Vec<Id> {
    for _ in 0..9 {
        if page.engine.waiting() > 0 {
            page.wait(2_000);
            page.answer_last(Answer::Settled);
        }
    }
    let sent = page.fetched.iter().flat_map(|body| items(body));
    let mut all: Vec<_> = sent
        .map(|item| (item.observation.seq, item.session.expect("a session")))
        .collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter().map(|(_, session)| session).collect()
}

/// How many sessions these observations of one page load are.
fn count(plan: &str, seen: &[(i64, &str)]) -> usize {
    let mut page = visit(plan, None);
    for (time, campaign) in seen {
        page.now = *time;
        page.see(view(campaign));
    }
    let mut all = sessions(&mut page);
    assert_eq!(all.len(), seen.len());
    all.sort_unstable();
    all.dedup();
    all.len()
}

const NONE: &str = "";

#[test]
fn a_gap_of_exactly_the_timeout_is_a_new_session() {
    let plan = plan(false, false);
    let after = |gaps: &[i64]| {
        let mut time = START;
        let mut seen = vec![(time, NONE)];
        for gap in gaps {
            time += gap;
            seen.push((time, NONE));
        }
        count(&plan, &seen)
    };
    assert_eq!(after(&[1_799_999]), 1);
    assert_eq!(after(&[1_800_000]), 2);
    assert_eq!(after(&[1_799_000, 1_799_000]), 1, "it slides");
    assert_eq!(after(&[-600_000]), 1, "a clock that steps back is no gap");
}

#[test]
fn midnight_is_a_new_session_only_where_the_plan_says_so() {
    let around = [(MIDNIGHT - MINUTE, NONE), (MIDNIGHT + MINUTE, NONE)];
    assert_eq!(count(&plan(false, false), &around), 1);
    assert_eq!(count(&plan(false, true), &around), 1);
    assert_eq!(count(&plan(true, false), &around), 2);
    let back = [(MIDNIGHT + MINUTE, NONE), (MIDNIGHT - MINUTE, NONE)];
    assert_eq!(count(&plan(true, false), &back), 1);
}

#[test]
fn another_campaign_is_a_new_session_only_where_the_plan_says_so() {
    let other = [(START, "a"), (START + MINUTE, "b")];
    // A campaign's names on a link within the shop begin nothing either.
    assert_eq!(count(&plan(false, false), &other), 1);
    assert_eq!(count(&plan(true, false), &other), 1);
    assert_eq!(count(&plan(false, true), &other), 2);
    let split = plan(false, true);
    assert_eq!(count(&split, &[(START, "a"), (START + MINUTE, "a")]), 1);
    assert_eq!(count(&split, &[(START, "a"), (START + MINUTE, NONE)]), 1);
    assert_eq!(count(&split, &[(START, NONE), (START + MINUTE, "a")]), 2);
}

#[test]
fn the_next_page_knows_the_campaign_of_the_session() {
    let split = plan(false, true);
    let mut first = visit(&split, None);
    first.see(view("a"));
    let began = sessions(&mut first)[0];
    for (campaign, same) in [("a", true), ("b", false), (NONE, true)] {
        let mut next = visit(&split, first.record.clone());
        next.now = START + MINUTE;
        next.see(view(campaign));
        assert_eq!(sessions(&mut next)[0] == began, same, "{campaign}");
    }
}

#[test]
fn the_next_page_knows_that_midnight_has_passed() {
    let mut first = visit(&plan(true, false), None);
    first.now = MIDNIGHT - MINUTE;
    first.event("evening");
    let began = sessions(&mut first)[0];
    for (split, same) in [(true, false), (false, true)] {
        let mut next = visit(&plan(split, false), first.record.clone());
        next.now = MIDNIGHT + MINUTE;
        next.event("morning");
        assert_eq!(sessions(&mut next)[0] == began, same, "{split}");
    }
}

#[test]
fn what_is_seen_before_the_plan_is_split_as_the_plan_says() {
    let mut page = Page::with(Consent::Granted);
    page.now = MIDNIGHT - 1_000;
    page.see(view("a"));
    page.now = MIDNIGHT + 1_000;
    page.event("click");
    page.see(view("b"));
    assert!(page.record.is_none(), "the plan decides about the session");
    page.tell(Input::Plan(Some(&plan(true, true))));
    let all = sessions(&mut page);
    assert_ne!(all[0], all[1]);
    assert_ne!(all[1], all[2]);
    assert_ne!(all[0], all[2]);
}

#[test]
fn a_record_from_before_campaigns_were_told_apart_is_read() {
    let (visitor, session) = (Id::new(START, [1; 10]), Id::new(START, [2; 10]));
    let record = format!("{visitor} {session} {START} 4");
    let mut page = visit(&plan(true, true), Some(record.clone()));
    page.now = START + MINUTE;
    page.event("goes on");
    assert_eq!(sessions(&mut page), [session]);
    let mut page = visit(&plan(true, true), Some(record));
    page.now = START + MINUTE;
    page.see(view("a"));
    assert_ne!(sessions(&mut page), [session]);
}

#[test]
fn a_page_that_comes_back_before_its_plan_waits_without_turning() {
    let mut page = Page::with(Consent::Granted);
    page.event("seen");
    assert_eq!(page.engine.next_wakeup(), None, "the plan will wake it");
    page.tell(Input::Hidden(None));
    assert_eq!(page.beaconed.len(), 1);
    page.tell(Input::Back);
    assert_eq!(page.fetched.len(), 1, "what was beaconed needs no plan");
    assert_eq!(page.engine.next_wakeup(), None);
    page.event("seen again");
    page.tell(Input::Plan(Some(&plan(true, true))));
    page.answer_last(Answer::Settled);
    let all = sessions(&mut page);
    assert_eq!(all[0], all[1]);
}

/// Late delivery cannot change a session, because the browser gives out the ids: what arrives last
/// at the edge was captured in its place.
#[test]
fn what_is_delivered_late_has_the_session_of_its_capture() {
    let second = 1_000;
    let plan = plan(false, false);
    for (times, expected) in [([0, 900, 3_600], 2), ([0, 1_500, 3_000], 1)] {
        let mut page = visit(&plan, None);
        for time in times {
            page.now = START + time * second;
            page.event("seen");
            // Nothing arrives before the end.
            page.tell(Input::Failed(None));
        }
        page.wait(10 * MINUTE);
        let all = sessions(&mut page);
        assert_eq!(all[0], all[1]);
        assert_eq!(all[1] == all[2], expected == 1);
    }
}

#[test]
fn what_the_loader_held_is_in_the_session_of_its_own_time() {
    let mut page = visit(&plan(true, false), None);
    page.now = MIDNIGHT + 500;
    page.tell(Input::Seen {
        captured: Some(Captured {
            id: Id::new(MIDNIGHT - 500, [9; 10]),
            index: 0,
        }),
        path: "/".into(),
        seen: view(NONE),
        properties: goalpost_core::Properties::default(),
    });
    page.event("now");
    let all = sessions(&mut page);
    assert_ne!(all[0], all[1]);
}

#[test]
fn what_waits_for_the_plan_or_the_session_is_on_its_way() {
    let mut page = Page::with(Consent::Granted);
    assert!(!page.engine.is_busy(), "there is nothing to send");
    page.lock_is_free = false;
    page.event("seen");
    page.tell(Input::Flush);
    assert!(page.engine.is_busy(), "the plan is awaited");
    page.tell(Input::Plan(Some(&plan(true, true))));
    assert!(page.engine.is_busy(), "the session is awaited");
    page.tell(Input::Record(None));
    assert!(page.engine.is_busy(), "the edge is awaited");
    page.answer_last(Answer::Settled);
    assert!(!page.engine.is_busy());

    let mut page = Page::with(Consent::Unknown);
    page.event("seen");
    assert!(
        !page.engine.is_busy(),
        "only the visitor's consent can send it"
    );
}
