//! The archive over the database that D1 is, filled through the sink, and a bucket that may fail.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows fails, as it should"
)]

use super::{Archive, bucket::Bucket, column::Cell, column::Row, file};
use crate::{
    http::Failure,
    reports::{Ask, Store},
    sink::{CONSERVATION, RECOMPUTE},
    testing::*,
};
use futures_util::FutureExt as _;
use goalpost_core::Id;
use proptest::{collection::vec, prelude::*};
use rusqlite::params_from_iter;
use serde_json::{Value, json};
use std::{
    cell::{Cell as Shared, RefCell},
    collections::{BTreeMap, BTreeSet},
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
struct Memory {
    objects: RefCell<BTreeMap<String, Vec<u8>>>,
    lives: Shared<Option<u32>>,
}

impl Bucket for Memory {
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

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Failure> {
        Ok(self.objects.borrow().get(key).cloned())
    }

    async fn size(&self, key: &str) -> Result<Option<u64>, Failure> {
        let size = |bytes: &Vec<u8>| u64::try_from(bytes.len()).unwrap();
        Ok(self.objects.borrow().get(key).map(size))
    }

    async fn delete(&self, key: &str) -> Result<(), Failure> {
        self.objects.borrow_mut().remove(key);
        Ok(())
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

    fn files(&self) -> BTreeMap<String, Vec<Row>> {
        self.objects
            .borrow()
            .iter()
            .filter(|(key, _)| key.ends_with(".parquet"))
            .map(|(key, bytes)| (key.clone(), file::read(bytes.clone()).unwrap()))
            .collect()
    }

    /// The ids of all files, in order; one that is in two files is there twice.
    fn ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.files().values().flatten().map(Row::id).collect();
        ids.sort();
        ids
    }

    fn manifest(&self, day: &str) -> Value {
        let key = format!("archive/{SITE}/day={day}/manifest.json");
        serde_json::from_slice(&self.objects.borrow()[&key]).unwrap()
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

#[test]
fn every_observation_of_a_day_that_is_over_is_in_one_file_of_its_day() {
    let shop = busy_days();
    let bucket = Memory::default();
    bucket.run(&shop, LATER).unwrap();
    assert_eq!(bucket.ids(), stored(&shop));
    let days = shop.rows(
        "SELECT DISTINCT day FROM observations WHERE site = ?1 ORDER BY 1",
        &[SITE],
    );
    let keys: Vec<String> = bucket.files().into_keys().collect();
    let wanted: Vec<String> = days
        .iter()
        .map(|day| format!("archive/{SITE}/day={day}/part-00000.parquet"))
        .collect();
    assert_eq!(keys, wanted);
    for (key, rows) in bucket.files() {
        for row in rows {
            let day = shop.rows(
                "SELECT day FROM observations WHERE site = ?1 AND id = unhex(?2)",
                &[SITE, &row.id()],
            );
            assert!(key.contains(&day[0]), "{key}");
        }
    }
}

#[test]
fn a_day_waits_until_it_has_been_over_for_a_day() {
    let mut shop = Shop::new();
    // Noon of the 18th in Tokyo.
    let noon = NOW - 8 * 60 * MINUTE;
    shop.sees(visitor(1), session(noon, 1), &[(noon, view())]);
    let bucket = Memory::default();
    bucket.run(&shop, noon + 35 * 60 * MINUTE).unwrap();
    assert_eq!(bucket.ids(), Vec::<String>::new());
    bucket.run(&shop, noon + 37 * 60 * MINUTE).unwrap();
    assert_eq!(bucket.ids(), stored(&shop));
}

#[test]
fn a_manifest_says_what_the_files_hold() {
    let shop = busy_days();
    let bucket = Memory::default();
    bucket.run(&shop, LATER).unwrap();
    for (key, rows) in bucket.files() {
        let day = key.split(['=', '/']).nth(3).unwrap().to_owned();
        let manifest = bucket.manifest(&day);
        assert_eq!(manifest["rows"], rows.len());
        assert_eq!(manifest["schema"], 1);
        let own = &manifest["files"][0];
        assert_eq!(own["file"], "part-00000.parquet");
        assert_eq!(own["bytes"], bucket.objects.borrow()[&key].len());
        assert_eq!(own["first"], rows[0].id());
        assert_eq!(own["plans"], json!([shop.known.rules.plan]));
    }
}

#[test]
fn late_observations_go_into_a_further_file_of_their_day() {
    let mut shop = busy_days();
    let bucket = Memory::default();
    bucket.run(&shop, LATER).unwrap();
    let before = bucket.files();
    let time = NOW - 6 * DAY + 17;
    let late = shop.letter(visitor(50), session(time, 50), &[(time, view())], LATER);
    shop.deliver(LATER, &late);
    bucket.run(&shop, LATER + DAY / 2).unwrap();
    assert_eq!(bucket.files(), before, "it waits for others of its day");
    bucket.run(&shop, LATER + DAY).unwrap();
    assert_eq!(bucket.ids(), stored(&shop));
    let added: Vec<String> = bucket
        .files()
        .into_keys()
        .filter(|key| !before.contains_key(key))
        .collect();
    assert_eq!(
        added,
        [format!("archive/{SITE}/day=2026-11-12/part-00001.parquet")]
    );
    assert_eq!(
        bucket.manifest("2026-11-12")["files"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn a_step_that_dies_after_the_bucket_is_repeated_with_the_same_file() {
    let shop = busy_days();
    let whole = Memory::default();
    whole.run(&shop, LATER).unwrap();

    let shop = busy_days();
    let bucket = Memory::default();
    let mut died = 0;
    loop {
        bucket.lives.set(Some(0));
        match bucket.run(&shop, LATER) {
            Err(problem) => {
                assert_eq!(problem.to_string(), "platform: died");
                died += 1;
                // The next one gets one write further.
                bucket.lives.set(Some(1));
                let _ = bucket.run(&shop, LATER);
            }
            Ok(()) => break,
        }
    }
    assert!(died > 5, "{died}");
    assert_eq!(bucket.files(), whole.files());
}

#[test]
fn what_leaves_while_a_part_is_written_is_in_no_file() {
    let shop = busy_days();
    let bucket = Memory::default();
    bucket.lives.set(Some(0));
    bucket.run(&shop, LATER).unwrap_err();
    shop.run(
        "DELETE FROM observations WHERE site = ?1 AND visitor = unhex(?2, '-')",
        &[SITE, &visitor(0).text()],
    );
    bucket.lives.set(None);
    bucket.run(&shop, LATER).unwrap();
    assert_eq!(bucket.ids(), stored(&shop));
}

#[test]
fn of_two_runs_at_once_one_writes() {
    let shop = busy_days();
    let bucket = Memory::default();
    bucket
        .archive(&shop, LATER, async |archive| archive.step().await)
        .unwrap();
    // Both have seen the same claim.
    let store = Db(&shop);
    let archive = |bucket| Archive {
        store: &store,
        bucket,
        site: SITE,
        zone: &shop.known.rules.zone,
        now: LATER,
    };
    let part = now(archive(&bucket).rows::<super::Part>(super::statements::CLAIMED, &[]))
        .unwrap()
        .remove(0);
    now(archive(&bucket).write_part(&part)).unwrap();
    let problem = now(archive(&bucket).write_part(&part)).unwrap_err();
    assert!(super::step::was_not_held(&problem), "{problem}");
    bucket.run(&shop, LATER).unwrap();
    assert_eq!(bucket.ids(), stored(&shop));
}

/// Everything that reports and lists read, but for what arrived itself.
fn derived(shop: &Shop) -> BTreeMap<&'static str, Vec<String>> {
    let tables = [
        (
            "sessions",
            "SELECT json_array(hex(visitor), hex(session), day, started_at, ended_at, pages, interactions, matches, entry, trail) FROM sessions",
        ),
        (
            "evidence",
            "SELECT json_array(definition, scope, who, dedup, hex(observation), minor, contact) FROM evidence",
        ),
        (
            "conversions",
            "SELECT json_array(definition, scope, who, dedup, day, minor, refunded, voided, person) FROM conversions",
        ),
        (
            "refunds",
            "SELECT json_array(order_number, minor, day) FROM refunds",
        ),
        (
            "fates",
            "SELECT json_array(day, origin, fate, reason, count) FROM fates",
        ),
        (
            "names",
            "SELECT json_array(hex(id), contact) FROM observations WHERE contact IS NOT NULL",
        ),
        (
            "bodies of conversions",
            "SELECT json_array(c.definition, o.body) FROM conversions c JOIN observations o ON o.site = c.site AND o.id = c.observation",
        ),
    ];
    tables
        .into_iter()
        .map(|(name, sql)| (name, shop.rows(&format!("{sql} ORDER BY 1"), &[])))
        .collect()
}

fn balance(shop: &Shop) -> Vec<(i64, i64, i64, i64)> {
    let sql = format!(
        "SELECT json_array(captured, stored, duplicate, waiting) FROM ({CONSERVATION}) WHERE site = ?1"
    );
    shop.parsed(&sql, &[SITE])
}

#[test]
fn old_observations_leave_and_everything_that_follows_from_them_stays() {
    let shop = busy_days();
    let bucket = Memory::default();
    bucket.run(&shop, LATER).unwrap();
    let (before, rows, sums) = (derived(&shop), stored(&shop).len(), balance(&shop));
    bucket.leave(&shop, LATER, 10).unwrap();
    let left = stored(&shop);
    assert!(left.len() < rows / 2, "{} of {rows}", left.len());
    assert_eq!(derived(&shop), before);
    assert_eq!(balance(&shop), sums);
    assert_eq!(bucket.ids().len(), rows);
    for one in RECOMPUTE {
        if !["sessions", "stored"].contains(&one.what) {
            assert_eq!(
                table(&shop, one.kept),
                table(&shop, one.anew),
                "{}",
                one.what
            );
        }
    }
}

fn table(shop: &Shop, sql: &str) -> Vec<Vec<rusqlite::types::Value>> {
    let mut prepared = shop.sqlite.prepare(sql).unwrap();
    let columns = prepared.column_count();
    prepared
        .query_map([], |row| (0..columns).map(|at| row.get(at)).collect())
        .unwrap()
        .collect::<rusqlite::Result<_>>()
        .unwrap()
}

#[test]
fn what_is_not_old_enough_or_not_archived_stays() {
    let shop = busy_days();
    let bucket = Memory::default();
    let all = stored(&shop);
    bucket.leave(&shop, LATER, 10).unwrap();
    assert_eq!(stored(&shop), all, "nothing is archived");
    bucket.run(&shop, LATER).unwrap();
    bucket.leave(&shop, LATER, 300).unwrap();
    assert_eq!(stored(&shop), all, "nothing is old enough");
    bucket.objects.borrow_mut().clear();
    let problem = bucket.leave(&shop, LATER, 10).unwrap_err();
    assert_eq!(
        problem.to_string(),
        "platform: archive/cloud-kicks/day=2026-11-12/part-00000.parquet is not in the bucket as it \
         was written, so its rows stay"
    );
    assert_eq!(stored(&shop), all, "the files are gone");
}

#[test]
fn a_copy_of_what_has_left_is_neither_stored_nor_counted() {
    let mut shop = Shop::new();
    let time = NOW - 6 * DAY;
    let seen: Vec<(i64, Value)> = (0..5).map(|n| (time + n * MINUTE, view())).collect();
    let letter = shop.letter(visitor(1), session(time, 1), &seen, LATER);
    shop.deliver(time, &letter);
    let bucket = Memory::default();
    bucket.run(&shop, LATER).unwrap();
    bucket.leave(&shop, LATER, 10).unwrap();
    assert_eq!(stored(&shop), Vec::<String>::new());
    let before = (derived(&shop)["sessions"].clone(), bucket.ids());
    let [(captured, 5, 0, waiting)] = balance(&shop)[..] else {
        panic!("{:?}", balance(&shop));
    };

    // The same beacon again, and another content under the same ids.
    shop.deliver(LATER, &letter);
    shop.deliver(LATER, &letter.replace("Shoes", "Boots"));
    assert_eq!(stored(&shop), Vec::<String>::new());
    assert_eq!(balance(&shop), [(captured, 5, 10, waiting)]);
    assert_eq!(shop.number("SELECT count(*) FROM quarantine"), 0);
    bucket.run(&shop, LATER + 3 * DAY).unwrap();
    assert_eq!((derived(&shop)["sessions"].clone(), bucket.ids()), before);
}

#[test]
fn what_comes_for_the_first_time_after_its_day_has_left_is_stored_and_archived() {
    let mut shop = busy_days();
    let bucket = Memory::default();
    bucket.run(&shop, LATER).unwrap();
    bucket.leave(&shop, LATER, 10).unwrap();
    let rows = bucket.ids().len();
    let time = NOW - 6 * DAY + 17;
    shop.sees(visitor(50), session(time, 50), &[(time, view())]);
    bucket.run(&shop, LATER + 2 * DAY).unwrap();
    bucket.leave(&shop, LATER + 2 * DAY, 10).unwrap();
    assert_eq!(bucket.ids().len(), rows + 1);
    assert_eq!(bucket.ids().len(), BTreeSet::from_iter(bucket.ids()).len());
}

#[test]
fn the_forgotten_are_in_no_file_any_more_and_all_others_are() {
    let shop = busy_days();
    let bucket = Memory::default();
    bucket.run(&shop, LATER).unwrap();
    let all = bucket.files();
    let gone = [visitor(1), visitor(4)];
    let names = [String::from("customer:7")];
    while !bucket
        .archive(&shop, LATER, async |archive| {
            archive.forget(&gone, &names).await
        })
        .unwrap()
    {}
    let people: BTreeSet<String> = gone
        .iter()
        .map(|id| id.text().replace('-', ""))
        .chain(names)
        .collect();
    let is_gone = |row: &Row| row.people().iter().any(|own| people.contains(own));
    let wanted: Vec<String> = {
        let rows = all.values().flatten().filter(|row| !is_gone(row));
        let mut ids: Vec<String> = rows.map(Row::id).collect();
        ids.sort();
        ids
    };
    assert!(wanted.len() < stored(&shop).len());
    assert_eq!(bucket.ids(), wanted);
    let told: u64 = bucket
        .objects
        .borrow()
        .iter()
        .filter(|(key, _)| key.ends_with("manifest.json"))
        .map(|(_, bytes)| {
            serde_json::from_slice::<Value>(bytes).unwrap()["rows"]
                .as_u64()
                .unwrap()
        })
        .sum();
    assert_eq!(told, u64::try_from(wanted.len()).unwrap());
    assert!(
        shop.rows(
            "SELECT people FROM archive_parts WHERE people LIKE ?1",
            &["%customer:7%"]
        )
        .is_empty()
    );
}

#[test]
fn a_file_is_read_as_it_was_written() {
    let shop = busy_days();
    let bucket = Memory::default();
    bucket.run(&shop, LATER).unwrap();
    for rows in bucket.files().values() {
        for row in rows {
            let body = shop.rows(
                "SELECT body FROM observations WHERE site = ?1 AND id = unhex(?2)",
                &[SITE, &row.id()],
            );
            assert_eq!(row.0.last(), Some(&Cell::Text(body[0].clone())));
        }
        let bytes = file::write(&mut rows.clone()).unwrap();
        assert_eq!(file::read(bytes).unwrap(), *rows);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever comes when, by clocks that are right or wrong, and whenever a run dies.
    #[test]
    fn each_observation_is_in_exactly_one_file(
        visits in vec((0..96_i64, -900..900_i64, 0..10_i64, 0..3_u8), 1..25),
        deaths in vec(0..4_u32, 0..12),
    ) {
        let mut shop = Shop::new();
        let bucket = Memory::default();
        let mut deaths = deaths.into_iter();
        let mut at = NOW;
        for (n, (hours, off, wait, wrong)) in visits.into_iter().enumerate() {
            let time = NOW + hours * 60 * MINUTE;
            let clock = if wrong == 0 { time + off * 60 * MINUTE } else { time };
            let n = u64::try_from(n).unwrap();
            let seen = [(clock, view()), (clock + MINUTE, view())];
            at = at.max(time) + wait * DAY / 4;
            let letter = shop.letter(visitor(n), session(clock, n), &seen, clock + at - time);
            shop.deliver(at, &letter);
            bucket.lives.set(deaths.next());
            let _ = bucket.run(&shop, at);
        }
        bucket.lives.set(None);
        // Some days so that all that is late has waited long enough.
        for days in 0..6 {
            bucket.run(&shop, at + (1_200 + days) * DAY).unwrap();
        }
        prop_assert_eq!(bucket.ids(), stored(&shop));
        let wrong_day = shop.number(
            "SELECT count(*) FROM archive_late AS l JOIN observations AS o ON o.id = l.id WHERE o.day <> l.day OR l.part IS NULL");
        prop_assert_eq!(wrong_day, 0);
        let rows = bucket.ids().len();
        bucket.leave(&shop, at + 1_300 * DAY, 1).unwrap();
        prop_assert_eq!(stored(&shop).len(), 0);
        prop_assert_eq!(bucket.ids().len(), rows);
    }
}
