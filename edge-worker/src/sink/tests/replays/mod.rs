//! Replays over the real tables: SQL's fold is core's, and no step counts twice.

mod applied;
mod arriving;

use super::*;
use crate::replay::testing::{Replay, begin, replay, summary};
use arriving::{Arriving, arriving, server_event};
use goalpost_core::{
    Counting, Definition, Rule, Trigger, Worth,
    accepted::ServerEvents,
    channel::ChannelRule,
    replay::{Change, Diff, Entry, Recorded, again},
};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// The rules of the tests, changed in every way that a plan can be.
fn other_plan(which: u8) -> Compiled {
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
            let gone = ["product-purchase", "watch-each-video"];
            definitions.retain(|definition| !gone.contains(&definition.id.as_str()));
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
        // One more.
        3 => definitions.push(Definition {
            id: "unheard-of".into(),
            worth: Worth::Points(1),
            count: Counting::OncePerContact,
            dedup: String::new(),
            when: Vec::new(),
            server_only: false,
        }),
        // Another zone, so other days.
        _ => rules.zone = goalpost_core::Zone::fixed(-8 * 3_600),
    }
    rules.definitions = definitions;
    let mut reporting = testing::reporting();
    reporting.channels.own.push(ChannelRule {
        channel: "Partners".into(),
        source: vec!["partner.example".into()],
        ..ChannelRule::default()
    });
    Compiled {
        rules: Arc::new(rules),
        reporting: Arc::new(reporting),
    }
}

/// The same difference without SQL: every observation at once.
fn reference(db: &Db, rules: &Rules) -> Diff {
    let sql = "\
SELECT
  hex(o.id), o.time, hex(o.session), hex(o.visitor), coalesce(i.contact, o.contact, k.contact), o.body,
  coalesce(o.verdict, '[]'), o.contact, o.source
FROM observations AS o
LEFT JOIN identities AS i ON i.site = o.site AND i.identity = o.contact
LEFT JOIN known_visitors AS k ON k.site = o.site AND k.visitor = o.visitor";
    let mut diff = Diff::default();
    let mut prepared = db.sqlite.prepare(sql).unwrap();
    let mut rows = prepared.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let id = |at: usize| {
            let hex: String = row.get(at).unwrap();
            Id::parse(&hex)
        };
        let text = |at: usize| row.get::<_, Option<String>>(at).unwrap();
        let verdict: Vec<Entry> = serde_json::from_str(&text(6).unwrap()).unwrap();
        let (body, contact, identity) = (text(5).unwrap(), text(4), text(7));
        let server = text(8).unwrap() == "server";
        let recorded = Recorded {
            id: id(0).unwrap(),
            item: &body,
            time: row.get(1).unwrap(),
            session: id(2),
            person: goalpost_core::Person {
                visitor: id(3),
                contact: identity.as_deref().filter(|_| server),
            },
            contact: contact.as_deref(),
            server,
            verdict,
        };
        diff.merge(again(rules, &recorded, &|_, _, _| server).diff);
    }
    diff
}

/// A store in which everything has arrived while this plan was in effect.
fn stored(all: &[Arriving], plan: Compiled) -> Db {
    let mut db = Db::new();
    db.book = PlanBook::new();
    // A page that names a plan which nobody has is judged by the current one.
    db.book.add_current(plan);
    for one in all {
        match one {
            Arriving::Page(letter) => db.deliver(std::slice::from_ref(letter)),
            Arriving::Server(event) => db.accept(&[accepted(
                NOW + 90 * DAY,
                Content::Server(ServerEvents {
                    site: SITE.into(),
                    items: vec![raw(event)],
                }),
            )]),
        }
    }
    db
}

fn pages(letters: impl IntoIterator<Item = Letter>) -> Vec<Arriving> {
    letters.into_iter().map(Arriving::Page).collect()
}

fn this_plan() -> Compiled {
    compiled(testing::rules())
}

/// Everything that a plan decides about.
fn decided(db: &Db) -> BTreeMap<&'static str, Table> {
    [
        (
            "observations",
            "SELECT id, day, plan, verdict FROM observations ORDER BY 1",
        ),
        (
            "evidence",
            "SELECT
               definition, scope, who, dedup, observation, kind, time, day, points, minor, currency,
               money, token, order_number, visitor, session, identity, contact, source, plan
             FROM evidence ORDER BY 1, 2, 3, 4, 5",
        ),
        (
            "conversions",
            "SELECT
               definition, scope, who, dedup, kind, time, day, points, observation, source, plan,
               minor, currency, money, order_number, visitor, session, contact, refunded, voided,
               person
             FROM conversions ORDER BY 1, 2, 3, 4",
        ),
        ("refunds", "SELECT * FROM refunds ORDER BY 1, 2"),
        (
            "sessions",
            "SELECT
               visitor, session, day, started_at, ended_at, pages, interactions, matches, entry, (
                 SELECT group_concat(value) FROM (
                   SELECT value FROM json_each('[' || trail || ']') ORDER BY value))
             FROM sessions ORDER BY 1, 2",
        ),
    ]
    .into_iter()
    .map(|(what, query)| (what, db.table(query)))
    .collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 60,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn sql_folds_as_core_does(all in arriving(), which in 0u8..3, limit in 1u32..5) {
        let mut db = stored(&all, this_plan());
        let before = decided(&db);
        let expected = reference(&db, &other_plan(which).rules).summary();
        let found = replay(&mut db, &other_plan(which), Replay { limit, ..Replay::DRY });
        prop_assert_eq!(found, expected);
        prop_assert_eq!(decided(&db), before);
        db.assert_sound();
    }

    #[test]
    fn the_same_plan_changes_nothing(all in arriving()) {
        let mut db = stored(&all, this_plan());
        for diff in replay(&mut db, &this_plan(), Replay::DRY) {
            prop_assert_eq!(diff.old, diff.new);
            prop_assert_eq!((diff.gained, diff.lost, diff.changed), (0, 0, 0));
        }
    }

    #[test]
    fn what_is_applied_is_what_would_have_been(
        all in arriving(), which in 0u8..3, limit in 1u32..5, twice: bool,
    ) {
        let mut db = stored(&all, this_plan());
        let apply = Replay { apply: true, limit, twice, ..Replay::DRY };
        replay(&mut db, &other_plan(which), apply);
        db.assert_sound();
        prop_assert_eq!(decided(&db), decided(&stored(&all, other_plan(which))));
        // And back again.
        replay(&mut db, &this_plan(), apply);
        prop_assert_eq!(decided(&db), decided(&stored(&all, this_plan())));
    }

    #[test]
    fn a_part_of_the_past_can_be_applied(all in arriving(), which in 0u8..2) {
        let mut db = stored(&all, this_plan());
        replay(&mut db, &other_plan(which), Replay { apply: true, from: "2026-11-19", ..Replay::DRY });
        db.assert_sound();
        let sql = "SELECT count(*) FROM observations WHERE (day >= '2026-11-19') <> (plan <> '00')";
        prop_assert_eq!(db.number(sql), 0);
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
        &mut stored(&pages([letter.clone()]), this_plan()),
        &other_plan(1),
        Replay {
            limit: 2,
            ..Replay::DRY
        },
    );
    let twice = replay(
        &mut stored(&pages([letter]), this_plan()),
        &other_plan(1),
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
    let mut db = stored(&pages([day(0), day(1), day(2)]), this_plan());
    let of = |from: &'static str, to: &'static str, db: &mut Db| {
        let wanted = Replay {
            from,
            to,
            ..Replay::DRY
        };
        let found = replay(db, &other_plan(0), wanted);
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
    let letters = (0..9).map(|n| Letter::new([item(&event(n, "demo_requested"))]));
    let mut db = stored(&pages(letters), this_plan());
    let wanted = Replay {
        from: "2026-12-01",
        among: 2,
        ..Replay::DRY
    };
    assert!(replay(&mut db, &other_plan(0), wanted).is_empty());
    assert_eq!(db.table("SELECT steps, replayed FROM replays"), ["6 | 0"]);
}

#[test]
fn one_replay_runs_at_a_time() {
    let mut db = stored(&[], this_plan());
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
    let mut db = stored(&[], this_plan());
    begin(&mut db, "aa", &Replay::DRY);
    begin(&mut db, "bb", &Replay::DRY);
    assert_eq!(
        db.table("SELECT hex(id), state, problem FROM replays"),
        ["AA | failed | another replay began", "BB | running | -"]
    );
    assert_eq!(summary(&db, "bb"), []);
}
