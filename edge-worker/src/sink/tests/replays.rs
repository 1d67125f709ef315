//! Replays over the real tables: SQL's fold is core's, and no step counts twice.

use super::*;
use crate::replay::testing::{Replay, begin, replay, summary};
use goalpost_core::{
    Counting, Definition, Rule, Trigger, Worth,
    accepted::ServerEvents,
    channel::ChannelRule,
    order_token,
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
                referrer: ["https://partner.example/", ""][which].into(),
            },
        ),
    })
}

/// What arrives: a page's letter, or a server's event.
#[derive(Clone, Debug)]
enum Arriving {
    Page(Letter),
    Server(String),
}

fn server_event(n: i64, kind: u8, which: u8) -> String {
    let which = usize::from(which % 2);
    let event = match kind % 3 {
        0 => format!(
            r#""kind":"commerce","name":"purchase","properties":{{"order":"{}","revenue":"80"}}"#,
            ["A1", "A2"][which]
        ),
        1 => format!(
            r#""kind":"commerce","name":"refund","properties":{{"order":"{}","amount":"30","currency":"JPY"}}"#,
            ["A1", "A2"][which]
        ),
        _ => r#""kind":"trigger","name":"close-won""#.into(),
    };
    let whose = match kind / 3 % 4 {
        0 => String::new(),
        1 => format!(r#","visitor":"{}""#, id(500)),
        2 => r#","contact":"email:anna","identities":["customer:1"]"#.into(),
        _ => format!(
            r#","visitor":"{}","session":"{}","interactive":true,"contact":"email:ben""#,
            id(501),
            id(3)
        ),
    };
    format!(r#"{{"id":"{}","seq":0,{event}{whose}}}"#, id(n))
}

fn arriving() -> impl Strategy<Value = Vec<Arriving>> {
    let items = prop::collection::vec((0u8..12, 0u8..2), 1..5);
    prop::collection::vec((items, 0i64..3, 0u8..16), 1..8).prop_map(|all| {
        let mut n = 0;
        all.into_iter()
            .map(|(items, visitor, server)| {
                if server < 12 && visitor == 2 {
                    n += 3_000_000;
                    return Arriving::Server(server_event(n, server, items[0].1));
                }
                let items: Vec<String> = items
                    .into_iter()
                    .map(|(kind, which)| {
                        n += 3_000_000;
                        observation(n, kind, which)
                    })
                    .collect();
                Arriving::Page(Letter::new(items).of(id(500 + visitor)).at(NOW + n + 9))
            })
            .collect()
    })
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

/// An item that nothing has a definition for, until `other_plan(3)` has.
fn unheard_of(n: i64) -> String {
    item(&seen(
        n,
        Seen::Trigger {
            definition: "unheard-of".into(),
        },
    ))
}

#[test]
fn what_waits_is_stored_once_the_plan_accepts_it() {
    let bad = item(&event(7, "x")).replace("event", "hologram");
    let mut letter = Letter::new([unheard_of(1), item(&event(2, "demo_requested")), bad]);
    letter.form = Form::Wasm;
    // The device's clock is an hour ahead.
    letter.received_at = NOW - 3_600_000;
    letter.sent = NOW;
    let all = [
        Arriving::Page(letter),
        Arriving::Page(Letter::new([item(&identify(9, "email:anna"))])),
        Arriving::Server(server_event(11, 9, 0).replace("commerce", "hologram")),
    ];
    let mut db = stored(&all, this_plan());
    assert_eq!(db.fate("quarantined"), 3);
    let balance = db.conservation();

    let dry = replay(&mut db, &other_plan(3), Replay::DRY);
    let found = dry
        .iter()
        .find(|one| one.definition == "unheard-of")
        .unwrap();
    assert_eq!(
        (found.gained, found.examples[0].who.as_str()),
        (1, "contact email:anna")
    );
    assert_eq!(db.conservation(), balance);

    replay(
        &mut db,
        &other_plan(3),
        Replay {
            apply: true,
            ..Replay::DRY
        },
    );
    assert_eq!((db.fate("quarantined"), db.fate("duplicate")), (2, 0));
    db.assert_sound();
    let then = stored(&all, other_plan(3));
    assert_eq!(decided(&db), decided(&then));
    assert_eq!(db.conservation(), then.conservation());
    assert_eq!(
        db.table("SELECT part, replayed, accepted, state FROM replays"),
        [
            "quarantined | 5 | 1 | done",
            "quarantined | 5 | 1 | applied"
        ]
    );
    // Copies of it are copies now.
    replay(
        &mut db,
        &other_plan(3),
        Replay {
            apply: true,
            twice: true,
            ..Replay::DRY
        },
    );
    assert_eq!(decided(&db), decided(&then));
}

#[test]
fn a_site_that_had_no_plan_loses_nothing() {
    let letters = [
        Letter::new([item(&purchase(1, "A1", "100")), item(&play(2, "a"))]),
        Letter::new([item(&purchase(3, "A1", "90"))]),
    ];
    let mut db = Db::new();
    db.book = PlanBook::new();
    db.deliver(&letters);
    assert_eq!(
        db.table("SELECT DISTINCT reason FROM quarantine"),
        ["unknown_site"]
    );
    let apply = Replay {
        apply: true,
        limit: 1,
        twice: true,
        ..Replay::DRY
    };
    replay(&mut db, &this_plan(), apply);
    db.assert_sound();
    let then = stored(&pages(letters), this_plan());
    assert_eq!(decided(&db), decided(&then));
    assert_eq!(db.conservation(), then.conservation());
    assert_eq!(db.fate("quarantined"), 0);
}

#[test]
fn two_contents_of_one_id_stay_where_they_are() {
    let mut db = Db::new();
    db.book = PlanBook::new();
    db.deliver(&[
        Letter::new([item(&purchase(1, "A1", "100"))]),
        Letter::new([item(&purchase(1, "A1", "90"))]),
    ]);
    replay(
        &mut db,
        &this_plan(),
        Replay {
            apply: true,
            ..Replay::DRY
        },
    );
    db.assert_sound();
    assert_eq!((db.fate("quarantined"), db.fate("stored")), (2, 0));
}

#[test]
fn what_the_new_plan_refuses_stays_stored_and_converts_no_more() {
    let all = pages([Letter::new([unheard_of(1)])]);
    let mut db = stored(&all, other_plan(3));
    assert_eq!(db.converted("unheard-of"), 1);
    let found = replay(
        &mut db,
        &this_plan(),
        Replay {
            apply: true,
            ..Replay::DRY
        },
    );
    assert!(
        found[0].examples[0]
            .reason
            .contains("'unheard-of' is not a definition")
    );
    assert_eq!((db.converted("unheard-of"), db.fate("stored")), (0, 1));
    db.assert_sound();
}

#[test]
fn money_stays_what_it_was_verified_as() {
    let key = String::from("a key of 32 random bytes or more");
    let mut bought = purchase(1, "A1", "100");
    let token = order_token::sign(
        &order_token::OrderToken {
            site: SITE.into(),
            order: "A1".into(),
            amount: "100".into(),
            currency: "JPY".into(),
            expires: NOW + DAY,
        },
        &key,
    );
    bought
        .properties
        .0
        .push(("token".into(), Value::Text(token)));
    let mut db = Db::new();
    db.book.set_keys(SITE, vec![key]);
    db.deliver(&[Letter::new([item(&bought)])]);
    let money = "SELECT minor, money, plan FROM conversions";
    assert_eq!(db.table(money), ["100 | verified | 00"]);
    // The key is gone since.
    replay(
        &mut db,
        &other_plan(2),
        Replay {
            apply: true,
            ..Replay::DRY
        },
    );
    assert_eq!(db.table(money), ["100 | verified | other-2"]);
    db.assert_sound();
}
