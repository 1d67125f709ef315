//! Several databases together hold what one would, whatever happens while rows move between them.

mod archived;
mod deployment;

use super::{any_order::deliveries, *};
use crate::{erase, shards};
use deployment::Deployment;
use goalpost_core::home::People;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// What one database and several must have in common.
const ROWS: [&str; 9] = [
    "SELECT id, digest, received_at, time, verdict, claims, visitor, session FROM observations",
    "SELECT id, digest, reason, origin FROM quarantine",
    // What has moved leaves a mark, 2, until rows spread again.
    "SELECT id FROM dropped WHERE archived <> 2",
    "SELECT definition, scope, who, dedup, time, observation, source, minor, currency, money,
       order_number, visitor, session, person, refunded, voided
     FROM conversions",
    "SELECT definition, scope, who, dedup, observation, contact FROM evidence",
    "SELECT visitor, session, day, started_at, ended_at, pages, interactions, matches, entry,
       (SELECT group_concat(value) FROM (
         SELECT value FROM json_each('[' || trail || ']') ORDER BY value))
     FROM sessions",
    "SELECT order_number, observation, minor, currency FROM refunds",
    "SELECT visitor, contact, observation FROM known_visitors",
    "SELECT * FROM page_loads",
];

/// What is the sum of all.
const SUMS: [&str; 2] = [
    "SELECT json_array(json_array(site, day, origin, fate, reason, sdk, form), count) FROM fates",
    "SELECT json_array(
       json_array(site, day, definition, sdk, form), claimed_only * 1000000 + verdict_only)
     FROM disagreements",
];

fn sums(rows: &[String]) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    for row in rows {
        let (key, count): (serde_json::Value, i64) = serde_json::from_str(row).unwrap();
        *sums.entry(key.to_string()).or_default() += count;
    }
    sums.retain(|_, count| *count != 0);
    sums
}

fn sorted(mut table: Table) -> Table {
    table.sort();
    table
}

/// Pages of one visitor without the visitor, and with those of another in one session; servers name both.
fn some_of_nobody(mut letters: Vec<Letter>) -> Vec<Letter> {
    for letter in &mut letters {
        if letter.visitor == Some(id(502)) {
            letter.visitor = None;
        }
        for item in &mut letter.items {
            *item = item.replace(&id(601).text(), &id(600).text());
        }
    }
    letters
}

#[test]
fn what_counts_once_in_a_session_does_so_whoever_its_items_name() {
    for session in 600..620 {
        for whose in [[None, Some(500)], [Some(500), None], [Some(500), Some(501)]] {
            let mut several = Deployment::new(4);
            several.settles();
            for (n, visitor) in (0..).zip(whose) {
                let mut letter = Letter::new([item_in(session, &play(n, "a"))]);
                letter.visitor = visitor.map(id);
                several.deliver(&[letter]);
            }
            several.settles();
            let counted = several
                .node
                .tables("SELECT scope FROM conversions WHERE definition = 'watch-video'");
            assert_eq!(counted.len(), 1, "{counted:?} of {whose:?}");
        }
    }
}

#[test]
fn the_nightly_check_names_what_is_lost_in_every_database() {
    let mut several = Deployment::new(1);
    several.settles();
    for n in 0..40 {
        let mut letter = Letter::new([item_in(600 + n, &play(n, "a"))]);
        letter.visitor = Some(id(500 + n));
        several.deliver(&[letter]);
    }
    several.shards = 4;
    several.settles();
    let home = |sql: &str| {
        several.node.parts.iter().position(|part| {
            let db = part.db.borrow();
            db.as_ref().unwrap().sqlite.execute(sql, []).unwrap() > 0
        })
    };
    assert_eq!(several.differences(), [] as [String; 0]);
    for (damage, said) in [
        (
            "UPDATE evidence SET points = points + 1 WHERE observation = (SELECT min(observation) FROM evidence)",
            "its evidence says something else",
        ),
        (
            "DELETE FROM evidence WHERE observation = (SELECT max(observation) FROM evidence)",
            "its evidence is missing",
        ),
        (
            "UPDATE conversions SET points = 0 WHERE observation = (SELECT min(observation) FROM conversions)",
            "points: 0 is kept",
        ),
        (
            "DELETE FROM observations WHERE id = (SELECT min(id) FROM observations)",
            "stored",
        ),
    ] {
        assert!(home(damage).is_some(), "{damage}");
        let found = several.differences();
        assert!(
            found.iter().any(|own| own.contains(said)),
            "{damage}: {found:?}"
        );
    }
}

#[test]
fn nobody_moves_while_somebody_is_being_erased_in_any_database() {
    const LAST: usize = 3;
    let mut several = Deployment::new(4);
    several.settles();
    for n in 0..40 {
        let mut letter = Letter::new([item_in(600 + n, &play(n, "a"))]);
        letter.visitor = Some(id(500 + n));
        several.deliver(&[letter]);
    }
    let erasure = id(9_000);
    let of = |several: &Deployment, number: usize, work: &dyn Fn(&mut Db)| {
        work(several.node.parts[number].db.borrow_mut().as_mut().unwrap());
    };
    let ends = |db: &mut Db| while !erase::testing::step(db, erasure, NOW) {};
    let last = several.node.parts[LAST].db.borrow();
    let visitors = "SELECT lower(hex(visitor)) FROM observations";
    let name = last.as_ref().unwrap().table(visitors).remove(0);
    drop(last);
    for number in 0..4 {
        of(&several, number, &|db| {
            erase::testing::begin(db, erasure, &name, NOW);
        });
    }
    for number in 0..LAST {
        of(&several, number, &ends);
    }
    several.shards = 1;
    for _ in 0..4 {
        several.runs();
    }
    assert!(!several.may_compare());
    of(&several, LAST, &ends);
    for _ in 0..8 {
        several.runs();
    }
    assert!(several.may_compare());
    for table in ["observations", "sessions", "evidence", "conversions"] {
        let left = several
            .node
            .tables(&format!("SELECT DISTINCT lower(hex(visitor)) FROM {table}"));
        assert_eq!(left.len(), 39, "of all others, {table} are there");
        assert!(!left.contains(&name), "{table}");
    }
    let for_ever = several
        .node
        .tables("SELECT 1 FROM erased WHERE until > 9000000000000000");
    assert_eq!(for_ever, Table::new(), "no tombstone waits for an end");
}

/// Tables whose rows move.
const MOVED: [&str; 7] = [
    "observations",
    "evidence",
    "sessions",
    "open_carts",
    "known_visitors",
    "identities",
    "refunds",
];

/// What nothing that was delivered says, the rows say all the same. It must name nobody, who else would be
/// everybody.
fn fill(db: &Db, table: &str) {
    let columns = db.table(&format!(
        "SELECT name, type FROM pragma_table_info('{table}')"
    ));
    for column in columns {
        let (name, kind) = column.split_once(" | ").unwrap();
        let value = match kind {
            "BLOB" => "x'00112233445566778899aabbccddeeff'",
            "TEXT" => "'[]'",
            _ => "7",
        };
        if db.number(&format!("SELECT count({name}) FROM {table}")) == 0 {
            let sql = format!("UPDATE {table} SET {name} = {value}");
            assert!(db.sqlite.execute(&sql, []).unwrap() > 0, "{table} is empty");
        }
    }
}

#[test]
fn what_moves_keeps_every_column() {
    let mut several = Deployment::new(1);
    several.settles();
    for n in 0..20 {
        let (session, order) = (600 + n, format!("A{n}"));
        let seen = [
            item_in(session, &adds(10 * n)),
            item_in(session, &identify(10 * n + 1, &format!("customer:{n}"))),
            item_in(session, &purchase(10 * n + 2, &order, "100")),
        ];
        several.deliver(&[Letter::new(seen).of(id(500 + n))]);
        let email = format!("email:{n}");
        let told = [
            linked(10 * n + 3, &format!("customer:{n}"), &[email.as_str()]),
            given_back(10 * n + 4, &order, Some(("40", "JPY"))),
            sold(10 * n + 5, &order, "100", &email),
        ];
        several.deliver(&[Letter::new(told).by_server()]);
    }
    let db = several.node.parts[0].db.borrow();
    for table in MOVED {
        fill(db.as_ref().unwrap(), table);
    }
    drop(db);
    let all = |several: &Deployment| {
        MOVED.map(|table| several.node.tables(&format!("SELECT * FROM {table}")))
    };
    let before = all(&several);
    several.shards = 4;
    several.settles();
    let db = several.node.parts[0].db.borrow();
    for ((table, before), after) in MOVED.iter().zip(before).zip(all(&several)) {
        let stay = db.as_ref().unwrap();
        let stay = stay.table(&format!("SELECT 1 FROM {table}"));
        assert!(stay.len() * 2 < before.len(), "{table} has moved");
        assert_eq!(after, before, "{table}");
    }
}

#[test]
fn of_whoever_is_erased_no_name_is_left() {
    let mut db = Db::new();
    for names in [
        r#"["1a","3x"]"#,
        r#"["1a","3y","4z"]"#,
        r#"["1a","2s"]"#,
        r#"["1b","3w"]"#,
        r#"["1c","1d","2t"]"#,
    ] {
        db.sqlite
            .execute(
                "INSERT INTO linked_names (site, names) VALUES (?1, ?2)",
                [SITE, names],
            )
            .unwrap();
    }
    let names = ["1a", "3x", "1c"].map(String::from);
    db.run(&shards::forget(SITE, &names).unwrap());
    assert_eq!(
        db.table("SELECT name, person FROM homes ORDER BY name"),
        [
            "1b | 1b", "1d | 1d", "2t | 1d", "3w | 1b", "3y | 3y", "4z | 3y"
        ]
    );
    assert_eq!(
        db.table("SELECT person FROM comers ORDER BY person"),
        ["1b", "1d", "3y"],
        "who is left over may have another home"
    );
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 150,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn several_databases_hold_what_one_would(
        (_, deliveries) in deliveries(),
        shards in prop::sample::select(vec![1u32, 2, 4]),
        acts in prop::collection::vec((0u8..5, 0u32..12, any::<bool>()), 0..12),
        copies in any::<bool>(),
        begun in any::<bool>(),
    ) {
        let mut one = Db::new();
        let mut several = Deployment::new(shards);
        if begun {
            several.settles();
        }
        let mut acts = acts.into_iter();
        for part in deliveries {
            let part = some_of_nobody(part);
            one.deliver(&part);
            several.deliver(&part);
            if let Some(letter) = part.first().filter(|_| copies) {
                // The cookie was lost meanwhile.
                let other = [letter.clone().of(id(507))];
                one.deliver(&other);
                several.deliver(&other);
            }
            for (what, number, happens) in acts.by_ref().take(3) {
                several.acts(what, (number, happens));
                prop_assert_eq!(several.differences(), [] as [String; 0]);
            }
        }
        several.settles();
        prop_assert_eq!(several.differences(), [] as [String; 0]);
        for query in ROWS {
            prop_assert_eq!(several.node.tables(query), sorted(one.table(query)), "{}", query);
        }
        for query in SUMS {
            prop_assert_eq!(
                sums(&several.node.tables(query)), sums(&one.table(query)), "{}", query);
        }
        let used = several.node.parts.iter().skip(several.shards as usize);
        for part in used {
            let db = part.db.borrow();
            let left = db.as_ref().unwrap().number(
                "SELECT (SELECT count(*) FROM sessions) + (SELECT count(*) FROM evidence)
                   + (SELECT count(*) FROM known_visitors) + (SELECT count(*) FROM refunds)");
            prop_assert_eq!(left, 0, "nobody lives where nothing is to be");
        }
    }

    #[test]
    fn the_database_knows_who_is_whom_as_the_rule_does(
        links in prop::collection::vec(prop::collection::vec(0u8..12, 2..4), 0..12),
    ) {
        let db = Db::new();
        let mut people = People::default();
        for names in links {
            let mut names: Vec<String> = names.iter().map(|name| format!("1{name:02}")).collect();
            names.sort();
            names.dedup();
            if names.len() < 2 {
                continue;
            }
            people.link(&names);
            let names = serde_json::to_string(&names).unwrap();
            db.sqlite
                .execute("INSERT INTO linked_names (site, names) VALUES ('shop', ?1)", [&names])
                .unwrap();
        }
        let rule: Table = people
            .names()
            .map(|(name, person)| format!("{name} | {person}"))
            .collect();
        prop_assert_eq!(db.table("SELECT name, person FROM homes ORDER BY name"), rule);
    }
}
