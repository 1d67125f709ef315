//! Replays over the real tables: SQL's fold is core's, and no step counts twice.

use super::*;
use crate::replay::testing::{Replay, begin, replay, summary};
use goalpost_core::{
    Counting, Definition, Rule, Trigger, Worth,
    replay::{Change, Diff, Entry, Recorded, again},
};
use proptest::prelude::*;

/// The rules of the tests, changed in every way that a plan can be.
fn other_rules(which: u8) -> Rules {
    let mut rules = testing::rules();
    rules.plan = format!("other-{which}");
    let mut definitions = std::mem::take(&mut rules.definitions);
    match which {
        // Other points and another policy.
        0 => {
            for definition in &mut definitions {
                match definition.id.as_str() {
                    "demo-request" => definition.worth = Worth::Points(7),
                    "watch-video" => definition.count = Counting::OncePerContact,
                    _ => {}
                }
            }
        }
        // Definitions gone and come.
        1 => {
            definitions.retain(|definition| definition.id != "product-purchase");
            definitions.push(Definition {
                id: "bought".into(),
                worth: Worth::Value(goalpost_core::Amount::Fixed(
                    7,
                    goalpost_core::Currency::parse("USD").unwrap(),
                )),
                count: Counting::OncePerDay,
                dedup: String::new(),
                when: vec![Rule {
                    trigger: Trigger::Commerce(CommerceStep::Purchase),
                    conditions: Vec::new(),
                }],
                server_only: false,
            });
        }
        // Another zone, so other days.
        _ => rules.zone = goalpost_core::Zone::fixed(-8 * 3_600),
    }
    rules.definitions = definitions;
    rules
}

/// What a page may see, by a few small numbers.
fn observation(n: i64, kind: u8, which: u8) -> String {
    let which = usize::from(which % 2);
    item(&match kind % 6 {
        0 => play(n, ["a", "b"][which]),
        1 => subscribe(n),
        2 => purchase(
            n,
            ["A1", ""][which],
            ["100", "90"][usize::from(kind / 6 % 2)],
        ),
        3 => identify(n, ["email:anna", "email:ben"][which]),
        4 => event(n, "demo_requested"),
        _ => seen(
            n,
            Seen::Page {
                host: "shop.example".into(),
                query: Vec::new(),
                title: String::new(),
                referrer: String::new(),
            },
        ),
    })
}

fn letters() -> impl Strategy<Value = Vec<Letter>> {
    let items = prop::collection::vec((0u8..12, 0u8..2), 1..5);
    prop::collection::vec((items, 0i64..3), 1..8).prop_map(|letters| {
        let mut n = 0;
        letters
            .into_iter()
            .map(|(items, visitor)| {
                let items: Vec<String> = items
                    .into_iter()
                    .map(|(kind, which)| {
                        n += 3_000_000;
                        observation(n / 3_000_000 % 7 + n, kind, which)
                    })
                    .collect();
                Letter::new(items).of(id(500 + visitor)).at(NOW + n + 9)
            })
            .collect()
    })
}

/// The same difference without SQL: every observation at once.
fn reference(db: &Db, rules: &Rules) -> Diff {
    let sql = "\
SELECT o.id, o.time, o.session, o.visitor, k.contact, o.body, coalesce(o.verdict, '[]')
FROM observations AS o
LEFT JOIN known_visitors AS k ON k.site = o.site AND k.visitor = o.visitor";
    let mut diff = Diff::default();
    let mut prepared = db.sqlite.prepare(sql).unwrap();
    let mut rows = prepared.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let id = |at: usize| {
            let bytes: Option<Vec<u8>> = row.get(at).unwrap();
            let hex: String = bytes?.iter().map(|byte| format!("{byte:02x}")).collect();
            Id::parse(&hex)
        };
        let text = |at: usize| row.get::<_, Option<String>>(at).unwrap();
        let verdict: Vec<Entry> = serde_json::from_str(&text(6).unwrap()).unwrap();
        let (body, contact) = (text(5).unwrap(), text(4));
        let recorded = Recorded {
            id: id(0).unwrap(),
            item: &body,
            time: row.get(1).unwrap(),
            session: id(2),
            person: goalpost_core::Person {
                visitor: id(3),
                contact: None,
            },
            contact: contact.as_deref(),
            server: false,
            verified: false,
            verdict,
        };
        diff.merge(again(rules, &recorded).diff);
    }
    diff
}

fn stored(letters: &[Letter], rules: Rules) -> Db {
    let mut db = Db::new();
    db.book = PlanBook::new();
    // A page that names no plan is judged by the current one.
    db.book.add_current(Arc::new(rules));
    db.deliver(letters);
    db
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 100,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn sql_folds_as_core_does(letters in letters(), which in 0u8..3, limit in 1u32..5) {
        let mut db = stored(&letters, testing::rules());
        let rules = other_rules(which);
        let before = db.table("SELECT * FROM observations");
        let expected = reference(&db, &rules).summary();
        let found = replay(&mut db, &rules, Replay { limit, ..Replay::DRY });
        prop_assert_eq!(found, expected);
        prop_assert_eq!(db.table("SELECT * FROM observations"), before);
        db.assert_sound();
    }

    #[test]
    fn the_same_plan_changes_nothing(letters in letters()) {
        let mut db = stored(&letters, testing::rules());
        for diff in replay(&mut db, &testing::rules(), Replay::DRY) {
            prop_assert_eq!(diff.old, diff.new);
            prop_assert_eq!((diff.gained, diff.lost, diff.changed), (0, 0, 0));
        }
    }
}

#[test]
fn a_step_that_runs_twice_changes_nothing() {
    let letter = Letter::new([
        item(&purchase(0, "A1", "100")),
        item(&purchase(1, "A2", "90")),
        item(&event(2, "demo_requested")),
    ]);
    let once = replay(
        &mut stored(std::slice::from_ref(&letter), testing::rules()),
        &other_rules(1),
        Replay {
            limit: 2,
            ..Replay::DRY
        },
    );
    let twice = replay(
        &mut stored(&[letter], testing::rules()),
        &other_rules(1),
        Replay {
            limit: 2,
            twice: true,
            ..Replay::DRY
        },
    );
    assert_eq!(once, twice);
    let lost = once
        .iter()
        .find(|one| one.definition == "product-purchase")
        .unwrap();
    assert_eq!(
        (lost.lost, lost.old.money["JPY"], lost.new.conversions),
        (2, 190, 0)
    );
    assert_eq!(lost.examples[0].change, Change::Lost);
    assert_eq!(lost.examples[0].reason, "the plan has no such definition");
}

#[test]
fn a_period_is_days_as_they_are_reported() {
    let day = |n: i64| Letter::new([item(&event(n * DAY, "demo_requested"))]).at(NOW + n * DAY);
    let mut db = stored(&[day(0), day(1), day(2)], testing::rules());
    let of = |from: &'static str, to: &'static str, db: &mut Db| {
        let wanted = Replay {
            from,
            to,
            ..Replay::DRY
        };
        let found = replay(db, &other_rules(0), wanted);
        found.first().map_or(0, |one| one.changed)
    };
    assert_eq!(of("", "", &mut db), 3);
    assert_eq!(of("2026-11-19", "", &mut db), 2);
    assert_eq!(of("", "2026-11-18", &mut db), 1);
    assert_eq!(of("2026-11-19", "2026-11-19", &mut db), 1);
    assert_eq!(of("2026-12-01", "", &mut db), 0);
}

#[test]
fn few_observations_of_the_period_among_many_take_bounded_steps() {
    let letters: Vec<Letter> = (0..9)
        .map(|n| Letter::new([item(&event(n, "demo_requested"))]))
        .collect();
    let mut db = stored(&letters, testing::rules());
    let wanted = Replay {
        from: "2026-12-01",
        among: 2,
        ..Replay::DRY
    };
    assert!(replay(&mut db, &other_rules(0), wanted).is_empty());
    assert_eq!(db.table("SELECT steps, replayed FROM replays"), ["5 | 0"]);
}

#[test]
fn one_replay_runs_at_a_time() {
    let mut db = stored(&[], testing::rules());
    begin(
        &mut db,
        "aa",
        &Replay {
            apply: true,
            ..Replay::DRY
        },
    );
    begin(&mut db, "bb", &Replay::DRY);
    assert_eq!(
        db.table("SELECT hex(id), state FROM replays"),
        ["AA | running"]
    );
    let mut db = stored(&[], testing::rules());
    begin(&mut db, "aa", &Replay::DRY);
    begin(&mut db, "bb", &Replay::DRY);
    assert_eq!(
        db.table("SELECT hex(id), state, problem FROM replays"),
        ["AA | failed | another replay began", "BB | running | -"]
    );
    assert_eq!(summary(&db, "bb"), []);
}
