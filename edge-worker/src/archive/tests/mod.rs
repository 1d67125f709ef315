//! The archive over the database that D1 is, filled through the sink, and a bucket that may fail.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows fails, as it should"
)]

mod files;
mod leaving;

use super::{Archive, bucket::Bucket, column::Row, file};
use crate::{
    http::Failure,
    reports::{Ask, Store},
    testing::*,
};
use futures_util::FutureExt as _;
use goalpost_core::{Id, Zone};
use rusqlite::params_from_iter;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::{
    cell::{Cell as Shared, RefCell},
    collections::BTreeMap,
};

/// All days of a test are over by then.
const LATER: i64 = NOW + 20 * DAY;

/// A database that refuses as D1 does, all of a batch or nothing.
struct Db<'a>(&'a Shop);

impl Store for Db<'_> {
    async fn batch(&self, asks: &[Ask]) -> Result<Vec<Vec<String>>, Failure> {
        let together = self.0.sqlite.unchecked_transaction().unwrap();
        let mut answers = Vec::new();
        for ask in asks {
            let answer = self.0.sqlite.prepare_cached(&ask.sql).and_then(|mut sql| {
                sql.query_map(params_from_iter(&ask.values), |row| row.get(0))?
                    .collect::<rusqlite::Result<Vec<String>>>()
            });
            answers.push(answer.map_err(|problem| Failure::Platform(problem.to_string()))?);
        }
        together.commit().unwrap();
        Ok(answers)
    }
}

/// A bucket in memory. After `lives` writes it is as if the Worker had died, right after the write.
#[derive(Default)]
pub(crate) struct Memory {
    objects: RefCell<BTreeMap<String, Vec<u8>>>,
    lives: Shared<Option<u32>>,
}

impl Bucket for Memory {
    async fn replace(
        &self,
        key: &str,
        seen: Option<&str>,
        bytes: Vec<u8>,
    ) -> Result<bool, Failure> {
        let there = self.head(key).await?.map(|(_, tag)| tag);
        if there.as_deref() != seen {
            return Ok(false);
        }
        self.put(key, bytes).await?;
        Ok(true)
    }

    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), Failure> {
        self.objects.borrow_mut().insert(key.to_owned(), bytes);
        match self.lives.get() {
            Some(0) => Err(Failure::Platform("died".into())),
            Some(lives) => {
                self.lives.set(Some(lives - 1));
                Ok(())
            }
            None => Ok(()),
        }
    }

    async fn get(&self, key: &str) -> Result<Option<(Vec<u8>, String)>, Failure> {
        let found = self.objects.borrow().get(key).cloned();
        Ok(found.map(|bytes| {
            let tag = tag(&bytes);
            (bytes, tag)
        }))
    }

    async fn head(&self, key: &str) -> Result<Option<(u64, String)>, Failure> {
        let about = |bytes: &Vec<u8>| (u64::try_from(bytes.len()).unwrap(), tag(bytes));
        Ok(self.objects.borrow().get(key).map(about))
    }
}

/// As R2's, it is of the bytes.
fn tag(bytes: &[u8]) -> String {
    super::column::hex(&Sha256::digest(bytes))
}

/// The same bucket, but something else happens right before the first file is written.
struct Meanwhile<'a, F> {
    bucket: &'a Memory,
    first: Shared<Option<F>>,
}

impl<F: FnOnce()> Bucket for Meanwhile<'_, F> {
    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), Failure> {
        self.bucket.put(key, bytes).await
    }

    async fn replace(
        &self,
        key: &str,
        seen: Option<&str>,
        bytes: Vec<u8>,
    ) -> Result<bool, Failure> {
        if let Some(first) = self.first.take() {
            first();
        }
        self.bucket.replace(key, seen, bytes).await
    }

    async fn get(&self, key: &str) -> Result<Option<(Vec<u8>, String)>, Failure> {
        self.bucket.get(key).await
    }

    async fn head(&self, key: &str) -> Result<Option<(u64, String)>, Failure> {
        self.bucket.head(key).await
    }
}

fn now<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    work.now_or_never().expect("a test's parts answer at once")
}

impl Memory {
    fn archive<T>(
        &self,
        shop: &Shop,
        at: i64,
        work: impl AsyncFnOnce(&Archive<'_, Db<'_>, Self>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let store = Db(shop);
        let archive = Archive {
            store: &store,
            database: 0,
            bucket: self,
            site: SITE,
            zone: &shop.known.rules.zone,
            now: at,
        };
        now(work(&archive))
    }

    /// A run of the cron that archives.
    fn run(&self, shop: &Shop, at: i64) -> Result<(), Failure> {
        self.archive(shop, at, async |archive| {
            archive.write(&mut 100).await?;
            archive.manifests().await
        })
    }

    fn leave(&self, shop: &Shop, at: i64, days: u32) -> Result<(), Failure> {
        self.archive(shop, at, async |archive| {
            archive.leave(days, &mut 100).await
        })
    }

    /// Takes people out of all files.
    fn forget(&self, shop: &Shop, visitors: &[Id], identities: &[String], orders: &[String]) {
        let forgets = async |archive: &Archive<'_, Db<'_>, Self>| {
            archive.forget(visitors, identities, orders).await
        };
        while !self.archive(shop, LATER, forgets).unwrap() {}
    }

    /// Of one of several databases: a run of the cron that writes as many parts.
    pub(crate) fn write_of(
        &self,
        store: &impl Store,
        database: usize,
        at: i64,
        mut parts: u32,
    ) -> Result<(), Failure> {
        let archive = of_several(store, database, self, at);
        now(archive.write(&mut parts))?;
        now(archive.manifests())
    }

    /// Likewise, a run that lets leave all that may.
    pub(crate) fn leave_of(&self, store: &impl Store, database: usize, at: i64) {
        let archive = of_several(store, database, self, at);
        now(archive.leave(1, &mut 1_000)).unwrap();
    }

    /// Visitor and session of what has no channel, of all files.
    pub(crate) fn unknown_sessions(&self) -> Vec<(String, String)> {
        let files = self.files();
        let rows = files.values().flatten();
        rows.filter_map(Row::unknown_session).collect()
    }

    fn files(&self) -> BTreeMap<String, Vec<Row>> {
        self.objects
            .borrow()
            .iter()
            .filter(|(key, _)| key.ends_with(".parquet"))
            .map(|(key, bytes)| (key.clone(), file::read(bytes.clone()).unwrap()))
            .collect()
    }

    /// The ids of all files, in order; one that is in two files is there twice.
    pub(crate) fn ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.files().values().flatten().map(Row::id).collect();
        ids.sort();
        ids
    }

    fn manifest(&self, day: &str) -> Value {
        let key = format!("archive/{SITE}/day={day}/manifest.json");
        serde_json::from_slice(&self.objects.borrow()[&key]).unwrap()
    }
}

fn of_several<'a, S: Store, B: Bucket>(
    store: &'a S,
    database: usize,
    bucket: &'a B,
    now: i64,
) -> Archive<'a, S, B> {
    static UTC: std::sync::LazyLock<Zone> = std::sync::LazyLock::new(Zone::default);
    Archive {
        store,
        database,
        bucket,
        site: SITE,
        zone: &UTC,
        now,
    }
}

fn stored(shop: &Shop) -> Vec<String> {
    shop.rows(
        "SELECT lower(hex(id)) FROM observations WHERE site = ?1 ORDER BY id",
        &[SITE],
    )
}

fn session(time: i64, n: u64) -> Id {
    id(time, 1_000_000 + n)
}

/// Some visitors over some days: what they view, put in, buy, and who they are.
fn busy_days() -> Shop {
    let mut shop = Shop::new();
    for n in 0..12 {
        let time = NOW - 6 * DAY + i64::try_from(n).unwrap() * 9 * 60 * MINUTE;
        let who = visitor(n);
        let at = |minutes| time + minutes * MINUTE;
        let mut seen = vec![(at(0), view()), (at(1), adds("nimbus")), (at(2), view())];
        if n % 3 == 0 {
            seen.push((at(3), buys(&format!("A-{n}"), "1200")));
        }
        if n % 4 == 0 {
            seen.push((at(4), identify("customer:7")));
            seen.push((at(5), play()));
        }
        shop.sees(who, session(time, n), &seen);
    }
    shop.told(
        NOW - DAY,
        &[json!({ "id": "r-1", "time": "2026-11-16T03:00:00Z", "commerce": "refund", "order": "A-3" })],
    );
    shop
}
