//! What another plan makes of recorded observations, and that no cut of them changes that.

use crate::{NOON, event, number, play, rules, seen_at, text, with};
use goalpost_core::{
    CommerceStep, Context, Id, Observation, Person, Rules, Seen,
    beacon::{Item, read_item},
    evaluate, limits,
    replay::{Again, Change, DefinitionDiff, Diff, EXAMPLES, Entry, Recorded, again},
};
use proptest::{prelude::*, sample::Index};

/// An observation as the database has it: its text, and what the plan of then has found.
#[derive(Clone, Debug)]
struct Stored {
    observation: Observation,
    text: String,
    visitor: Id,
    session: Id,
    contact: Option<&'static str>,
    server: bool,
    verdict: Vec<Entry>,
}

impl Stored {
    fn new(then: &Rules, observation: Observation, visitor: u8) -> Self {
        let session = Id::new(NOON, [visitor; 10]);
        let text = Item::new(&observation, session, Some(session), None).json;
        let mut stored = Self {
            text,
            visitor: Id::new(1, [visitor; 10]),
            session,
            contact: None,
            server: false,
            verdict: Vec::new(),
            observation,
        };
        stored.verdict = entries(&stored.live(then), false);
        stored
    }

    fn live(&self, rules: &Rules) -> goalpost_core::Verdict {
        let context = Context {
            time: self.observation.id.time(),
            session: Some(self.session),
            person: self.person(),
            server: self.server,
        };
        evaluate(rules, &self.observation, &context)
    }

    fn person(&self) -> Person<'static> {
        Person {
            visitor: Some(self.visitor),
            contact: None,
        }
    }

    fn again(&self, now: &Rules) -> Again {
        let recorded = Recorded {
            id: self.observation.id,
            item: &self.text,
            time: self.observation.id.time(),
            session: Some(self.session),
            person: self.person(),
            contact: self.contact,
            server: self.server,
            verdict: self.verdict.clone(),
        };
        again(now, &recorded, &|_, _, _| self.server)
    }
}

fn entries(verdict: &goalpost_core::Verdict, verified: bool) -> Vec<Entry> {
    let word = verified.then_some("verified");
    verdict
        .conversions
        .iter()
        .map(|conversion| Entry {
            definition: conversion.definition.clone(),
            scope: conversion.key.scope.clone(),
            who: conversion.key.who.clone(),
            dedup: conversion.key.dedup.clone(),
            points: conversion.points,
            minor: conversion.money.map(|money| money.minor),
            currency: conversion.money.map(|money| money.currency.code().into()),
            money: conversion.money.and(word).map(Into::into),
        })
        .collect()
}

fn diff(now: &Rules, stored: &[Stored]) -> Diff {
    let mut diff = Diff::default();
    for one in stored {
        diff.merge(one.again(now).diff);
    }
    diff
}

fn of<'a>(summary: &'a [DefinitionDiff], id: &str) -> &'a DefinitionDiff {
    summary.iter().find(|one| one.definition == id).unwrap()
}

fn purchase(number: u8, order: &str, revenue: &str) -> Observation {
    with(
        seen_at(
            NOON + i64::from(number),
            number,
            Seen::Commerce {
                step: CommerceStep::Purchase,
            },
        ),
        &[("order", text(order)), ("revenue", text(revenue))],
    )
}

const BUY: &str = r#"{ "id": "product-purchase", "when": { "commerce": "purchase" } }"#;
const BUY_ABOVE: &str = r#"{ "id": "product-purchase", "when": { "commerce": "purchase",
    "and": [{ "property": "revenue", "at_least": 100 }] } }"#;

/// `tel:110` becomes `tel:[phone]`.
#[test]
fn what_scrubbing_made_longer_than_an_item_may_come_means_what_it_meant() {
    let then = rules(BUY, "");
    let mut stored = Stored::new(&then, purchase(1, "A1", "90"), 1);
    let line = format!(r#"{{"name":"{}"}}"#, "tel:110 ".repeat(31));
    let lines = vec![line; (limits::ITEM_BYTES / 280).min(limits::ORDER_LINES)].join(",");
    let revenue = r#""revenue":"90""#;
    let more = format!(r#"{revenue},"items":[{lines}]"#);
    stored.text = stored.text.replace(revenue, &more);
    stored.text = read_item(&stored.text).unwrap().scrub().unwrap();
    assert!(stored.text.len() > limits::ITEM_BYTES);
    let again = stored.again(&then);
    assert_eq!(again.verdict.problem, None);
    let mut keys = again.diff.keys();
    assert!(keys.all(|(_, sides)| sides.old == sides.new));
}

#[test]
fn conversions_that_vanish_are_named_with_their_reason() {
    let (then, now) = (rules(BUY, ""), rules(BUY_ABOVE, ""));
    let stored = [
        Stored::new(&then, purchase(1, "A1", "90"), 1),
        Stored::new(&then, purchase(2, "A2", "100"), 1),
        // A copy of the first: one conversion less, not two.
        Stored::new(&then, purchase(3, "A1", "90"), 2),
    ];
    let summary = diff(&now, &stored).summary();
    let buy = of(&summary, "product-purchase");
    assert_eq!((buy.old.conversions, buy.new.conversions), (2, 1));
    assert_eq!((buy.old.money["JPY"], buy.new.money["JPY"]), (190, 100));
    assert_eq!((buy.lost, buy.gained, buy.changed), (1, 0, 0));
    let [example] = buy.examples.as_slice() else {
        panic!("{:?}", buy.examples);
    };
    assert_eq!(example.change, Change::Lost);
    assert_eq!(example.observation, Some(stored[0].observation.id));
    assert_eq!(example.scope, "order:A1");
    assert_eq!(example.reason, "a condition does not hold");
    assert_eq!(example.old.unwrap().1.unwrap().minor, 90);
}

#[test]
fn what_is_new_gone_or_worth_something_else_says_so() {
    let then = rules(
        "",
        r#"{ "id": "a", "when": { "event": "x" }, "points": 5 },
           { "id": "b", "when": { "event": "x" } },
           { "id": "c", "when": { "event": "x" } }"#,
    );
    let now = rules(
        "",
        r#"{ "id": "a", "when": { "event": "x" }, "points": 7 },
           { "id": "c", "when": { "event": "x" }, "count": "once_per_session" },
           { "id": "d", "when": { "event": "x" } }"#,
    );
    let stored = [Stored::new(&then, seen_at(NOON, 1, event("x")), 1)];
    let summary = diff(&now, &stored).summary();
    let told = |id: &str| {
        let one = of(&summary, id);
        one.examples
            .iter()
            .map(|example| (example.change, example.reason.clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        told("a"),
        [(Change::Changed, "matched, counts every".into())]
    );
    assert_eq!(
        (of(&summary, "a").old.points, of(&summary, "a").new.points),
        (5, 7)
    );
    assert_eq!(
        told("b"),
        [(Change::Lost, "the plan has no such definition".into())]
    );
    let session = stored[0].session;
    assert_eq!(
        told("c"),
        [
            (
                Change::Lost,
                format!("matched, counts once_per_session, as session:{session}")
            ),
            (Change::Gained, "matched, counts once_per_session".into()),
        ]
    );
    assert_eq!(
        told("d"),
        [(Change::Gained, "matched, counts every".into())]
    );
}

#[test]
fn an_item_that_the_new_plan_refuses_says_why() {
    let then = rules("", r#"{ "id": "size-found" }"#);
    let trigger = Seen::Trigger {
        definition: "size-found".into(),
    };
    let stored = [Stored::new(&then, seen_at(NOON, 1, trigger), 1)];
    let again = stored[0].again(&rules("", ""));
    assert!(again.verdict.problem.is_some());
    let summary = again.diff.summary();
    let reason = &of(&summary, "size-found").examples[0].reason;
    assert!(
        reason.contains("'size-found' is not a definition"),
        "{reason}"
    );
}

#[test]
fn two_visitors_of_one_contact_count_once_on_both_sides() {
    let plan = |points: u8| {
        let goal = format!(
            r#"{{ "id": "n", "when": {{ "event": "x" }}, "count": "once_per_contact",
                  "points": {points} }}"#
        );
        rules("", &goal)
    };
    let then = plan(1);
    let mut stored = [
        Stored::new(&then, seen_at(NOON, 1, event("x")), 1),
        Stored::new(&then, seen_at(NOON, 2, event("x")), 2),
    ];
    assert_eq!(of(&diff(&then, &stored).summary(), "n").old.conversions, 2);
    for one in &mut stored {
        one.contact = Some("customer:7");
    }
    let summary = diff(&plan(2), &stored).summary();
    let one = of(&summary, "n");
    assert_eq!(
        (one.old.conversions, one.new.conversions, one.changed),
        (1, 1, 1)
    );
    assert_eq!(one.examples[0].who, "contact customer:7");
}

#[test]
fn a_servers_word_decides_about_money() {
    let then = rules(BUY, "");
    let mut page = Stored::new(&then, purchase(1, "A1", "90"), 1);
    let mut server = Stored::new(&then, purchase(2, "A1", "80"), 1);
    server.server = true;
    let sum = |stored: &[Stored]| {
        of(&diff(&then, stored).summary(), "product-purchase")
            .new
            .money["JPY"]
    };
    assert_eq!(sum(&[page.clone(), server.clone()]), 80);
    // Of equal words the earliest decides.
    page.server = true;
    assert_eq!(sum(&[server, page]), 90);
}

#[test]
fn a_server_may_trigger_what_a_page_may_not() {
    let now = rules(r#"{ "id": "close-won", "when": "server" }"#, "");
    let won = Seen::Trigger {
        definition: "close-won".into(),
    };
    let mut stored = Stored::new(&now, seen_at(NOON, 1, won), 1);
    assert!(stored.again(&now).verdict.problem.is_some());
    stored.server = true;
    let summary = stored.again(&now).diff.summary();
    assert_eq!(of(&summary, "close-won").gained, 1);
    assert_eq!(
        of(&summary, "close-won").examples[0].reason,
        "matched, counts once_per_contact"
    );
}

#[test]
fn examples_are_the_first_by_id_and_few() {
    let then = rules("", r#"{ "id": "a", "when": { "event": "x" } }"#);
    let stored: Vec<_> = (0..60u8)
        .map(|number| Stored::new(&then, seen_at(NOON, number, event("x")), 1))
        .collect();
    let summary = diff(&rules("", ""), &stored).summary();
    let one = of(&summary, "a");
    assert_eq!((one.lost, one.examples.len()), (60, EXAMPLES));
    let ids: Vec<_> = one
        .examples
        .iter()
        .map(|example| example.observation)
        .collect();
    let mut first: Vec<_> = stored.iter().map(|one| Some(one.observation.id)).collect();
    first.sort();
    assert_eq!(ids, first[..EXAMPLES]);
}

#[test]
fn an_item_that_can_be_read_no_more_loses_its_conversions() {
    let then = rules(BUY, "");
    let mut stored = Stored::new(&then, purchase(1, "A1", "90"), 1);
    stored.text = "{".into();
    let again = stored.again(&then);
    assert_eq!(of(&again.diff.summary(), "product-purchase").lost, 1);
    assert!(again.verdict.problem.is_some());
}

/// Plans that differ in condition, policy, worth and definitions.
fn plans() -> [Rules; 4] {
    let video = |policy: &str| {
        format!(r#"{{ "id": "video", "when": {{ "media": "play" }}, "count": "{policy}" }}"#)
    };
    [
        rules(BUY, &video("once_per_session")),
        rules(BUY_ABOVE, &video("once_per_session")),
        rules(
            r#"{ "id": "product-purchase", "when": { "commerce": "purchase" },
                 "value": { "fixed": "7" } }"#,
            &video("once_per_contact"),
        ),
        rules(
            "",
            r#"{ "id": "x", "when": { "event": "x" }, "count": "once_per_day" }"#,
        ),
    ]
}

fn history() -> impl Strategy<Value = Vec<Stored>> {
    let one = (0u8..4, 0u8..3, 1u8..4, any::<bool>(), 0usize..4);
    prop::collection::vec(one, 1..24).prop_map(|all| {
        let plans = plans();
        all.into_iter()
            .zip(1u8..)
            .map(|((kind, which, visitor, known, plan), at)| {
                let time = NOON + i64::from(at) * 7_000_000;
                let observation = match kind {
                    0 => seen_at(time, at, play("v")),
                    1 => seen_at(time, at, event("x")),
                    _ => purchase(
                        at,
                        ["A1", "A2", ""][usize::from(which)],
                        ["90", "100", "8"][usize::from(kind % 3)],
                    ),
                };
                let mut stored = Stored::new(&plans[plan], observation, visitor);
                stored.contact = (known && visitor < 3).then_some("customer:7");
                stored.server = kind == 3;
                stored
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn any_cut_in_any_order_with_copies_gives_the_same_difference(
        stored in history(),
        plan in 0usize..4,
        order in prop::collection::vec(any::<Index>(), 0..40),
        size in 1usize..6,
    ) {
        let now = &plans()[plan];
        let whole = diff(now, &stored);
        let mut shuffled = stored.clone();
        shuffled.extend(order.iter().map(|at| at.get(&stored).clone()));
        for (from, to) in order.iter().enumerate() {
            let to = to.index(shuffled.len());
            shuffled.swap(from % stored.len(), to);
        }
        let mut merged = Diff::default();
        for part in shuffled.chunks(size) {
            // Between two steps a part is text.
            let text = serde_json::to_string(&diff(now, part)).unwrap();
            merged.merge(serde_json::from_str(&text).unwrap());
        }
        prop_assert_eq!(&merged, &whole);
        prop_assert_eq!(merged.summary(), whole.summary());
    }

    #[test]
    fn a_replay_is_the_live_verdict_and_twice_changes_nothing(stored in history(), plan in 0usize..4) {
        let now = &plans()[plan];
        for mut one in stored {
            let verdict = one.again(now).verdict;
            prop_assert_eq!(&verdict, &one.live(now));
            one.verdict = entries(&verdict, one.server);
            prop_assert!(one.again(now).diff.is_empty());
        }
    }

    #[test]
    fn the_sums_follow_from_the_examples(stored in history(), plan in 0usize..4) {
        for one in diff(&plans()[plan], &stored).summary() {
            prop_assert_eq!(one.new.conversions - one.old.conversions, one.gained - one.lost);
            let changes = usize::try_from(one.gained + one.lost + one.changed).unwrap();
            prop_assert_eq!(one.examples.len(), changes.min(EXAMPLES));
            for example in &one.examples {
                prop_assert!(example.observation.is_some() && !example.reason.is_empty());
            }
        }
    }
}

#[test]
fn a_number_property_reads_back_as_it_was() {
    let then = rules(BUY_ABOVE, "");
    let observation = with(
        purchase(1, "A1", "0"),
        &[("order", text("A1")), ("revenue", number("120"))],
    );
    let stored = Stored::new(&then, observation, 1);
    assert_eq!(stored.again(&then).verdict, stored.live(&then));
}
