//! A deployment whose databases become more and fewer, with what goes on beside.

use super::super::*;
use crate::{
    archive::tests::Memory,
    check::{self, tests::differences_over},
    http::Failure,
    reports::{Ask, Store},
    shards,
    sink::{transactions, wanted},
};
use futures_util::FutureExt as _;
use std::{
    cell::{Cell as Counter, RefCell},
    rc::Rc,
};

/// A database, or all of them as the first one.
pub(super) struct Node {
    pub(super) db: RefCell<Option<Db>>,
    pub(super) parts: Vec<Self>,
    /// How many batches may run until one breaks off, and whether it still happens.
    fuse: Rc<Counter<(u32, bool)>>,
}

impl Node {
    pub(super) fn new(databases: usize) -> Self {
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

    pub(super) fn run(&self, statements: &[Statement]) {
        self.db.borrow_mut().as_mut().unwrap().run(statements);
    }

    /// The rows of every database, in order.
    pub(super) fn tables(&self, query: &str) -> Table {
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
pub(super) struct Deployment {
    pub(super) node: Node,
    pub(super) shards: u32,
    pub(super) now: i64,
    ids: i64,
}

impl Deployment {
    pub(super) fn new(shards: u32) -> Self {
        Self {
            node: Node::new(4),
            shards,
            now: NOW,
            ids: 2_000_000,
        }
    }

    pub(super) fn deliver(&mut self, letters: &[Letter]) {
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
    pub(super) fn goes_on(&mut self, what: u8, fuse: (u32, bool)) -> bool {
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

    /// Something happens: there are more or fewer databases, time passes, or something goes on.
    pub(super) fn acts(&mut self, what: u8, fuse: (u32, bool)) {
        match what {
            4 => self.shards = [1, 2, 4][fuse.0 as usize % 3],
            3 => self.now += 3_600_000,
            _ => {
                self.goes_on(what, fuse);
            }
        }
    }

    /// One database writes a file, if that does not break off.
    pub(super) fn archives(&self, bucket: &Memory, fuse: (u32, bool)) {
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
    pub(super) fn archives_all(&self, bucket: &Memory) {
        for days in 0..4 {
            for database in 0..4 {
                let at = self.now + FAR + days * DAY;
                bucket.write_of(&self.node, database, at, 1_000).unwrap();
            }
        }
    }

    /// What the nightly check finds now, unless something is on its way.
    pub(super) fn differences(&self) -> Vec<String> {
        if self.may_compare() {
            differences_over(&self.node, SITE)
        } else {
            Vec::new()
        }
    }

    /// Whether the nightly check would compare anything now.
    pub(super) fn may_compare(&self) -> bool {
        let arrived = check::arrived(&self.node, self.now).now_or_never();
        arrived.unwrap().unwrap().is_some()
    }

    /// A run of the clock, an hour later.
    pub(super) fn runs(&mut self) {
        self.now += 3_600_000;
        let ids = &mut self.ids;
        let next = || {
            *ids += 1;
            Ok(id(*ids).text().replace('-', ""))
        };
        let run = shards::testing::run(&self.node, self.shards, self.now, next);
        run.now_or_never().unwrap().unwrap();
    }

    /// Lets the clock run until everybody is at home.
    pub(super) fn settles(&mut self) {
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
pub(super) const FAR: i64 = 40 * DAY;
