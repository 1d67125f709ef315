//! Several databases together hold what one would, whatever happens while rows move between them.

use super::{any_order::deliveries, *};
use crate::{
    archive::tests::Memory,
    check::tests::differences_over,
    http::Failure,
    reports::{Ask, Store},
    shards,
    sink::{transactions, wanted},
};
use futures_util::FutureExt as _;
use goalpost_core::home::People;
use proptest::prelude::*;
use std::{
    cell::{Cell as Counter, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

/// A database, or all of them as the first one.
struct Node {
    db: RefCell<Option<Db>>,
    parts: Vec<Self>,
    /// How many batches may run until one breaks off, and whether it still happens.
    fuse: Rc<Counter<(u32, bool)>>,
}

impl Node {
    fn new(databases: usize) -> Self {
        let fuse = Rc::new(Counter::new((u32::MAX, false)));
        let parts = (0..databases)
            .map(|_| Self {
                db: RefCell::new(Some(Db::new())),
                parts: Vec::new(),
                fuse: Rc::clone(&fuse),
            })
            .collect();
        Self {
            db: RefCell::new(None),
            parts,
            fuse,
        }
    }

    fn run(&self, statements: &[Statement]) {
        self.db.borrow_mut().as_mut().unwrap().run(statements);
    }

    /// The rows of every database, in order.
    fn tables(&self, query: &str) -> Table {
        let mut all: Table = self
            .parts
            .iter()
            .flat_map(|part| part.db.borrow().as_ref().unwrap().table(query))
            .collect();
        all.sort();
        all
    }
}

impl Store for Node {
    fn parts(&self) -> &[Self] {
        if self.parts.is_empty() {
            std::slice::from_ref(self)
        } else {
            &self.parts
        }
    }

    async fn batch(&self, asks: &[Ask]) -> Result<Vec<Vec<String>>, Failure> {
        if let Some(first) = self.parts.first() {
            return Box::pin(first.batch(asks)).await;
        }
        let (left, happens) = self.fuse.get();
        self.fuse.set((left.saturating_sub(1), happens));
        let broken = || Failure::Platform("broken off".into());
        if left == 0 && !happens {
            return Err(broken());
        }
        let db = self.db.borrow();
        let sqlite = &db.as_ref().unwrap().sqlite;
        let together = sqlite.unchecked_transaction().unwrap();
        let answers = asks
            .iter()
            .map(|ask| {
                sqlite
                    .prepare_cached(&ask.sql)
                    .and_then(|mut prepared| {
                        prepared
                            .query_map(params_from_iter(&ask.values), |row| row.get(0))?
                            .collect()
                    })
                    .map_err(|problem| Failure::Platform(problem.to_string()))
            })
            .collect::<Result<_, _>>()?;
        together.commit().unwrap();
        if left == 0 {
            return Err(broken());
        }
        Ok(answers)
    }
}

/// A deployment whose databases become more and fewer.
struct Deployment {
    node: Node,
    shards: u32,
    now: i64,
    ids: i64,
}

impl Deployment {
    fn new(shards: u32) -> Self {
        Self {
            node: Node::new(4),
            shards,
            now: NOW,
            ids: 2_000_000,
        }
    }

    fn deliver(&mut self, letters: &[Letter]) {
        let texts: Vec<String> = letters.iter().map(Letter::text).collect();
        let messages: Vec<Accepted<'_>> = letters
            .iter()
            .zip(&texts)
            .map(|(letter, text)| accepted(letter.received_at, letter.content(text)))
            .collect();
        self.ids += 1;
        let (batch, book) = (id(self.ids), book());
        let asked = wanted(batch, &messages, &book);
        let homes = shards::homes(&self.node, &asked);
        let homes = homes.now_or_never().unwrap().unwrap();
        for (number, statements) in transactions(batch, &messages, &book, &homes) {
            assert!(number < 4);
            self.node.parts[number as usize].run(&statements);
        }
    }

    /// Does one of the things that go on beside, which may break off.
    fn goes_on(&mut self, what: u8, fuse: (u32, bool)) -> bool {
        self.node.fuse.set(fuse);
        let ids = RefCell::new(&mut self.ids);
        let next = || {
            let mut ids = ids.borrow_mut();
            **ids += 1;
            Ok(id(**ids).text().replace('-', ""))
        };
        let (node, shards, now) = (&self.node, self.shards, self.now);
        let more = match what {
            0 => shards::testing::settle(node, now, next)
                .now_or_never()
                .unwrap()
                .map(|()| false),
            1 => shards::testing::go_on(node, now)
                .now_or_never()
                .unwrap()
                .map(|()| false),
            _ => shards::testing::step(node, shards, now, next)
                .now_or_never()
                .unwrap()
                .map(|moved| moved.is_some()),
        };
        self.node.fuse.set((u32::MAX, false));
        more.unwrap_or_else(|problem| {
            assert!(problem.to_string().contains("broken off"), "{problem}");
            true
        })
    }

    /// One database writes a file, if that does not break off.
    fn archives(&self, bucket: &Memory, fuse: (u32, bool)) {
        let database = fuse.0 as usize % 4;
        // A file takes more batches than a move.
        self.node.fuse.set((fuse.0 * 6, fuse.1));
        let done = bucket.write_of(&self.node, database, self.now + FAR, 1);
        self.node.fuse.set((u32::MAX, false));
        if let Err(problem) = done {
            assert!(problem.to_string().contains("broken off"), "{problem}");
        }
    }

    /// All databases write all their files, those of what was late too.
    fn archives_all(&self, bucket: &Memory) {
        for days in 0..4 {
            for database in 0..4 {
                let at = self.now + FAR + days * DAY;
                bucket.write_of(&self.node, database, at, 1_000).unwrap();
            }
        }
    }

    /// What the nightly check finds now, unless something is on its way.
    fn differences(&self) -> Vec<String> {
        let arrived = shards::arrived(&self.node, self.now).now_or_never();
        match arrived.unwrap().unwrap() {
            Some(_) => differences_over(&self.node, SITE),
            None => Vec::new(),
        }
    }

    /// Lets the clock run until everybody is at home.
    fn settles(&mut self) {
        let whole = (u32::MAX, false);
        for _ in 0..4 {
            self.now += 3_600_000;
            self.goes_on(1, whole);
            self.goes_on(0, whole);
            while self.goes_on(2, whole) {}
        }
        for table in ["leaving", "comers"] {
            assert_eq!(
                self.node.tables(&format!("SELECT 1 FROM {table}")),
                Table::new()
            );
        }
    }
}

/// All days are over by then.
const FAR: i64 = 40 * DAY;

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

/// Something of each of some visitors that makes nothing happen.
fn idle(of: std::ops::Range<i64>) -> Vec<Letter> {
    of.map(|n| {
        let mut letter = Letter::new([item_in(600 + n, &event(n, "noticed"))]);
        letter.visitor = Some(id(500 + n));
        letter
    })
    .collect()
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
fn what_is_archived_moves_without_being_archived_again() {
    let mut several = Deployment::new(1);
    several.settles();
    let bucket = Memory::default();
    several.deliver(&idle(0..40));
    several.archives_all(&bucket);
    several.shards = 4;
    several.settles();
    let moved = several
        .node
        .tables("SELECT part FROM archive_late WHERE part < 0");
    assert!(moved.len() > 20, "{moved:?}");
    several.deliver(&idle(40..80));
    several.archives_all(&bucket);
    let stored = several
        .node
        .tables("SELECT lower(hex(id)) FROM observations");
    assert_eq!(stored.len(), 80);
    assert_eq!(bucket.ids(), stored);

    // And back, some of it for the second time; one is in a database that has not written it yet.
    several.shards = 1;
    several.settles();
    several.archives_all(&bucket);
    assert_eq!(bucket.ids(), stored);
    for database in 0..4 {
        bucket.leave_of(&several.node, database, several.now + FAR + 10 * DAY);
    }
    let left = several.node.tables("SELECT 1 FROM observations");
    assert_eq!(left, Table::new());
    assert_eq!(several.differences(), [] as [String; 0]);
}

#[test]
fn a_file_tells_of_sessions_that_are_in_another_database() {
    let mut several = Deployment::new(4);
    several.settles();
    let letters = idle(0..20);
    several.deliver(&letters);
    for letter in &letters {
        let mut named = letter.clone();
        named.items = vec![item_in(
            600,
            &identify(900 + letter.visitor.unwrap().time() % 500, "email:anna"),
        )];
        several.deliver(&[named]);
    }
    several.settles();
    let away: usize = several
        .node
        .parts
        .iter()
        .map(|part| {
            let db = part.db.borrow();
            db.as_ref()
                .unwrap()
                .table(
                    "SELECT 1 FROM observations AS o WHERE NOT EXISTS (
               SELECT 1 FROM sessions AS s WHERE s.visitor = o.visitor AND s.session = o.session)",
                )
                .len()
        })
        .sum();
    assert!(away > 5, "{away}");
    let bucket = Memory::default();
    several.archives_all(&bucket);
    assert_eq!(bucket.unknown_sessions(), []);
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
                match what {
                    4 => several.shards = [1, 2, 4][number as usize % 3],
                    3 => several.now += 3_600_000,
                    _ => {
                        several.goes_on(what, (number, happens));
                    }
                }
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
    fn each_observation_is_in_one_file_of_one_database(
        (_, deliveries) in deliveries(),
        acts in prop::collection::vec((0u8..6, 0u32..12, any::<bool>()), 0..24),
        begun in any::<bool>(),
    ) {
        let mut several = Deployment::new(4);
        if begun {
            several.settles();
        }
        let bucket = Memory::default();
        let mut acts = acts.into_iter();
        for part in deliveries {
            several.deliver(&some_of_nobody(part));
            for (what, number, happens) in acts.by_ref().take(6) {
                match what {
                    5 => several.archives(&bucket, (number, happens)),
                    4 => several.shards = [1, 2, 4][number as usize % 3],
                    3 => several.now += 3_600_000,
                    _ => {
                        several.goes_on(what, (number, happens));
                    }
                }
            }
        }
        several.settles();
        several.archives_all(&bucket);
        let stored = several.node.tables("SELECT lower(hex(id)) FROM observations");
        prop_assert_eq!(bucket.ids(), stored.clone());
        for (visitor, session) in bucket.unknown_sessions() {
            let there = several.node.tables(&format!(
                "SELECT 1 FROM sessions WHERE hex(visitor) = upper('{visitor}') AND hex(session) = upper('{session}')"));
            prop_assert!(there.is_empty(), "session {} of {} has a channel", session, visitor);
        }

        for database in 0..4 {
            bucket.leave_of(&several.node, database, several.now + FAR + 10 * DAY);
        }
        prop_assert_eq!(several.differences(), [] as [String; 0]);
        let may_leave = several.node.tables(
            "SELECT 1 FROM observations WHERE contact IS NULL AND source <> 'server' AND verdict IS NULL");
        prop_assert_eq!(may_leave, Table::new());
        let mut known = several.node.tables(
            "SELECT lower(hex(id)) FROM observations
             UNION ALL SELECT lower(hex(id)) FROM dropped WHERE archived = 1");
        known.sort();
        prop_assert_eq!(known, stored, "of what has left, the ids stay");
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
