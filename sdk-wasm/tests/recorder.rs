//! What leaves the engine while consent is not granted: nothing, whatever happens and in any order.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test says that it failed by a panic"
)]

mod page;

use goalpost_core::{
    BrowserPlan, CommerceStep, Element, Id, Properties, Seen, SessionRecord,
    beacon::{Envelope, Item},
};
use goalpost_sdk::engine::{Answer, Consent, Effect, Engine, Input};
use page::{MINUTE, Page, START};

/// How many actions in a row are tried.
const LENGTH: usize = 6;

/// What visitor, page, browser and edge may do.
#[derive(Clone, Copy, Debug)]
enum Action {
    View,
    Click,
    Purchase,
    Identify,
    Hide,
    ComeBack,
    /// Half a minute goes by, and a timer that is due is told.
    Wait,
    Flush,
    /// The plan comes, and whatever else was on its way when consent was withdrawn: the lock, what was
    /// left on the disk, an answer that knows the old visitor, a failure.
    Arrive,
    /// The page says that it does not know, as a consent manager does before it has asked.
    Unknown,
    Deny,
}

const ACTIONS: [Action; 11] = [
    Action::View,
    Action::Click,
    Action::Purchase,
    Action::Identify,
    Action::Hide,
    Action::ComeBack,
    Action::Wait,
    Action::Flush,
    Action::Arrive,
    Action::Unknown,
    Action::Deny,
];

/// What a browser still holds of a visit that was allowed.
struct Before {
    record: String,
    items: Vec<Item>,
    answered: Id,
    visitor: Option<Id>,
    plan: String,
}

fn before() -> Before {
    let mut page = Page::with_plan();
    // Ids are of their time: none of a later page's is one of these.
    page.now -= MINUTE / 2;
    page.event("before");
    page.tell(Input::Failed(None));
    let envelope = Envelope::read(page.fetched[0].as_bytes()).expect("a beacon");
    let items = page.disk.iter().map(|(id, json)| Item {
        id: *id,
        json: json.clone(),
    });
    Before {
        record: page.record.clone().expect("a record"),
        answered: page::items(&page.fetched[0])[0].observation.id,
        visitor: envelope.visitor(None),
        items: items.collect(),
        plan: BrowserPlan::encode(&goalpost_core::testing::rules()),
    }
}

fn seen<'a>(seen: Seen) -> Input<'a> {
    Input::Seen {
        captured: None,
        path: "/shoes/".into(),
        seen,
        properties: Properties::default(),
    }
}

fn inputs(action: Action, before: &Before) -> Vec<Input<'_>> {
    let record = Some(before.record.as_str());
    vec![match action {
        Action::View => seen(Seen::Page {
            host: "shop.example".into(),
            query: Vec::new(),
            title: "Shoes".into(),
            referrer: String::new(),
        }),
        Action::Click => seen(Seen::Click {
            elements: vec![Element {
                tag: "button".into(),
                ..Element::default()
            }],
        }),
        Action::Purchase => seen(Seen::Commerce {
            step: CommerceStep::Purchase,
        }),
        Action::Identify => seen(Seen::Identify {
            contact: "customer:7".into(),
        }),
        Action::Hide => Input::Hidden(record),
        Action::ComeBack => Input::Back,
        Action::Wait => Input::Wakeup,
        Action::Flush => Input::Flush,
        Action::Unknown => Input::Consent(Consent::Unknown),
        Action::Deny => Input::Consent(Consent::Denied),
        Action::Arrive => {
            return vec![
                Input::Plan(Some(&before.plan)),
                Input::Record(record),
                Input::Stored(before.items.clone()),
                Input::Answered(vec![(before.answered, Answer::Retry)], before.visitor),
                Input::Failed(None),
                Input::BeaconRefused,
                Input::Refused,
            ];
        }
    }]
}

/// Everything that the engine has asked for since it was last looked at.
fn effects(engine: &mut Engine) -> impl Iterator<Item = Effect> {
    std::iter::from_fn(|| engine.poll_effect())
}

/// Walks every sequence from here, and gives how many there were.
fn walk(engine: &Engine, now: i64, before: &Before, way: &mut Vec<Action>) -> u64 {
    if way.len() == LENGTH {
        return 1;
    }
    let mut sequences = 1;
    for action in ACTIONS {
        let mut engine = engine.clone();
        let now = now
            + if matches!(action, Action::Wait) {
                MINUTE / 2
            } else {
                10
            };
        way.push(action);
        for input in inputs(action, before) {
            engine.handle(now, input);
            for effect in effects(&mut engine) {
                let keeps_and_sends_nothing = matches!(effect, Effect::Purge | Effect::Watch(_));
                assert!(keeps_and_sends_nothing, "{effect:?} after {way:?}");
            }
            assert_eq!(engine.next_wakeup(), None, "after {way:?}");
        }
        sequences += walk(&engine, now, before, way);
        way.pop();
    }
    sequences
}

fn nothing_comes_out_of(mut engine: Engine, now: i64) {
    effects(&mut engine).for_each(drop);
    let sequences = walk(&engine, now, &before(), &mut Vec::new());
    let all: u64 = (0..=LENGTH)
        .map(|length| 11u64.pow(u32::try_from(length).expect("short")))
        .sum();
    assert_eq!(sequences, all);
}

#[test]
fn nothing_is_kept_or_sent_before_anybody_was_asked_whatever_six_things_happen() {
    nothing_comes_out_of(Page::with(Consent::Unknown).engine, START);
}

#[test]
fn nothing_is_kept_or_sent_after_a_refusal_whatever_six_things_happen() {
    nothing_comes_out_of(Page::with(Consent::Denied).engine, START);
}

#[test]
fn nothing_is_kept_or_sent_after_a_withdrawal_whatever_six_things_happen() {
    let mut page = Page::with_plan();
    // A request under way, one that failed, items on the disk, and some that nobody has seen yet.
    page.event("sent");
    page.tell(Input::Failed(None));
    page.wait(MINUTE);
    page.see(Seen::Commerce {
        step: CommerceStep::Purchase,
    });
    page.event("not sent");
    page.engine
        .handle(page.now, Input::Consent(Consent::Denied));
    assert_eq!(
        effects(&mut page.engine).collect::<Vec<_>>(),
        [Effect::Purge]
    );
    nothing_comes_out_of(page.engine, page.now);
}

#[test]
fn an_unknown_answer_takes_no_decision_back() {
    let mut page = Page::with_plan();
    page.tell(Input::Consent(Consent::Unknown));
    page.event("allowed");
    assert_eq!(page.fetched.len(), 1);
    page.tell(Input::Consent(Consent::Denied));
    page.tell(Input::Consent(Consent::Unknown));
    page.event("refused");
    page.tell(Input::Flush);
    assert_eq!((page.fetched.len(), page.engine.waiting()), (1, 0));
}

#[test]
fn the_purposes_that_were_granted_are_in_the_header() {
    let mut page = Page::with_plan();
    let purposes = "analytics_storage,ad_user_data,ad_storage,more";
    page.tell(Input::Purposes(purposes.into()));
    page.event("first");
    let envelope = Envelope::read(page.fetched[0].as_bytes()).expect("a beacon");
    assert_eq!(
        envelope.purposes().as_deref(),
        Some("ad_storage,ad_user_data")
    );
    assert!(!envelope.is_refused());
    page.answer_last(Answer::Settled);
    page.tell(Input::Purposes("analytics_storage".into()));
    page.event("second");
    page.wait(2_000);
    let envelope = Envelope::read(page.fetched[1].as_bytes()).expect("a beacon");
    assert_eq!(envelope.purposes(), None);
}

#[test]
fn another_visitor_follows_a_withdrawal_even_if_the_edge_has_not_heard_of_it() {
    let old = before().visitor.expect("a visitor");
    let mut page = Page::with_plan();
    page.record = Some("-".into());
    page.event("again");
    let envelope = Envelope::read(page.fetched[0].as_bytes()).expect("a beacon");
    let new = envelope.visitor(Some(old)).expect("a visitor");
    assert_ne!(new, old, "the cookie of before does not bring them back");
    let record = page.record.as_deref().and_then(SessionRecord::parse);
    assert_eq!(record.map(|record| record.visitor), Some(new));
}

#[test]
fn without_cookies_nothing_is_kept_and_nobody_is_named() {
    let mut page = Page::cookieless(&before().record);
    assert_eq!(page.record, None, "what was there before is gone");
    page.event("seen");
    page.see(Seen::Identify {
        contact: "customer:7".into(),
    });
    page.tell(Input::Failed(None));
    page.wait(MINUTE);
    page.tell(Input::Hidden(Some(&before().record)));
    assert!(
        page.disk.is_empty() && page.record.is_none(),
        "{:?}",
        page.record
    );
    let old = SessionRecord::parse(&before().record).expect("a record");
    for body in page.fetched.iter().chain(&page.beaconed) {
        let envelope = Envelope::read(body.as_bytes()).expect("a beacon");
        assert!(envelope.is_cookieless());
        assert_eq!(envelope.visitor(Some(old.visitor)), None);
        for item in page::items(body) {
            assert_eq!(item.observation.seen.kind(), "event");
            assert_ne!(item.session, Some(old.session));
        }
        assert!(!body.contains(&old.visitor.text()));
    }
    assert!(!page.fetched.is_empty() && !page.beaconed.is_empty());
}
