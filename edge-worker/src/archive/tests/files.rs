//! What is in which file, and that it is in no other.

use super::{super::column::Cell, *};
use proptest::{collection::vec, prelude::*};

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
        database: 0,
        bucket,
        site: SITE,
        zone: &shop.known.rules.zone,
        now: LATER,
    };
    let part =
        now(archive(&bucket).rows::<super::super::Part>(super::super::statements::CLAIMED, &[]))
            .unwrap()
            .remove(0);
    now(archive(&bucket).write_part(&part)).unwrap();
    let problem = now(archive(&bucket).write_part(&part)).unwrap_err();
    assert!(super::super::step::was_not_held(&problem), "{problem}");
    bucket.run(&shop, LATER).unwrap();
    assert_eq!(bucket.ids(), stored(&shop));
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
