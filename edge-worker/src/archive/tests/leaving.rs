//! What leaves the database, what stays, and what is known of what has left.

use super::*;
use crate::{
    archive::Whose,
    sink::{CONSERVATION, RECOMPUTE},
};
use goalpost_core::erasure::Subject;
use std::collections::BTreeSet;

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
    let found = crate::check::tests::differences(&shop.sqlite);
    assert_eq!(found, [] as [String; 0], "the nightly check");
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

/// What only files have of some people, in pages of so many rows.
fn told(bucket: &Memory, shop: &Shop, names: &[Subject], limit: usize) -> Vec<Value> {
    let whose = Whose::of(names.iter().cloned());
    let (mut rows, mut after) = (Vec::new(), String::new());
    loop {
        let page = bucket
            .archive(shop, LATER, async |archive| {
                archive.told(&whose, &after, limit).await
            })
            .unwrap();
        assert!(page.rows.len() <= limit);
        rows.extend(page.rows.iter().map(|row| {
            let row: Value = serde_json::from_str(row.get()).unwrap();
            row
        }));
        match page.next {
            Some(next) => after = next,
            None => return rows,
        }
    }
}

#[test]
fn of_somebody_the_files_tell_what_the_database_does_not_have_any_more() {
    let shop = busy_days();
    let bucket = Memory::default();
    let names = [0, 4, 8].map(|n| Subject::Visitor(visitor(n)));
    bucket.run(&shop, LATER).unwrap();
    assert_eq!(told(&bucket, &shop, &names, 5), [] as [Value; 0]);
    let views = "SELECT json_array(hex(id), body ->> 'path') FROM observations
                 WHERE visitor = unhex(?1) AND verdict IS NULL AND contact IS NULL";
    let mut wanted: Vec<(String, String)> = Vec::new();
    for n in [0, 4, 8] {
        wanted
            .extend(shop.parsed::<(String, String)>(views, &[&visitor(n).text().replace('-', "")]));
    }
    assert_eq!(wanted.len(), 9, "two pages and a bag each");
    bucket.leave(&shop, LATER, 10).unwrap();
    for limit in [1, 2, 5, 100] {
        let rows = told(&bucket, &shop, &names, limit);
        let found: Vec<(String, String)> = rows
            .iter()
            .map(|row| (row["id"].clone(), row["body"]["path"].clone()))
            .map(|pair| serde_json::from_value(json!(pair)).unwrap())
            .collect();
        assert_eq!(found, wanted, "{limit}");
        assert!(rows.iter().all(|row| row["table"] == "archive"));
    }
    let nobody = Subject::Identity("customer:70".into());
    assert_eq!(told(&bucket, &shop, &[nobody], 5), [] as [Value; 0]);
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
    let found = crate::check::tests::differences(&shop.sqlite);
    assert_eq!(found, [] as [String; 0], "the nightly check");
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
    bucket.forget(&shop, &gone, &names, &[]);
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

/// Whoever is among the people of files, as the database has them.
fn known(shop: &Shop, name: &str) -> bool {
    let sql = "SELECT people FROM archive_parts, json_each(people) AS own WHERE own.value = ?1";
    !shop.rows(sql, &[name]).is_empty()
}

/// Somebody whom nobody knows buys; a server says whose order it was, and of another one that it goes back.
fn told_later() -> Shop {
    let mut shop = Shop::new();
    let time = NOW - 6 * DAY;
    shop.sees(
        visitor(1),
        session(time, 1),
        &[(time, view()), (time + MINUTE, buys("A-1", "1200"))],
    );
    shop.sees(
        visitor(2),
        session(time, 2),
        &[(time, view()), (time + MINUTE, buys("B-1", "800"))],
    );
    let event = |id: &str, what: Value| {
        let mut event = json!({ "id": id, "time": "2026-11-12T09:00:00Z" });
        event
            .as_object_mut()
            .unwrap()
            .extend(what.as_object().unwrap().clone());
        event
    };
    shop.told(
        NOW - DAY,
        &[
            event("s-1", json!({ "commerce": "purchase", "order": "A-1", "revenue": "1200", "contact": "customer:7" })),
            event("r-1", json!({ "commerce": "refund", "order": "A-1" })),
            event("r-2", json!({ "commerce": "refund", "order": "B-1" })),
        ],
    );
    shop
}

#[test]
fn the_orders_of_the_forgotten_are_in_no_file_any_more_whoever_names_them() {
    for is_known in [true, false] {
        let shop = told_later();
        let bucket = Memory::default();
        bucket.run(&shop, LATER).unwrap();
        assert_eq!(bucket.ids().len(), 7, "{:?}", bucket.files().keys());
        if !is_known {
            // As an older Worker has written it.
            shop.run(
                "UPDATE archive_parts SET people = (
                   SELECT json_group_array(value) FROM json_each(people) WHERE value NOT GLOB ?1)",
                &["order:*"],
            );
        }
        bucket.forget(
            &shop,
            &[],
            &[String::from("customer:7")],
            &[String::from("A-1")],
        );
        let rows: Vec<Row> = bucket.files().into_values().flatten().collect();
        let text = format!("{rows:?}");
        assert!(
            !text.contains("A-1") && !text.contains("customer:7"),
            "{text}"
        );
        assert_eq!(rows.len(), 4, "the others' stay");
        assert_eq!(
            (known(&shop, "order:A-1"), known(&shop, "order:B-1")),
            (false, true)
        );
    }
}

#[test]
fn of_two_who_are_forgotten_at_once_neither_comes_back() {
    let shop = busy_days();
    let bucket = Memory::default();
    bucket.run(&shop, LATER).unwrap();
    let (one, other) = ([visitor(0)], [visitor(1)]);
    let meanwhile = Meanwhile {
        bucket: &bucket,
        first: Shared::new(Some(|| bucket.forget(&shop, &one, &[], &[]))),
    };
    let store = Db(&shop);
    while !now(of_several(&store, 0, &meanwhile, LATER).forget(&other, &[], &[])).unwrap() {}
    for own in [one, other] {
        let name = own[0].text().replace('-', "");
        let rows = bucket.files().into_values().flatten();
        assert_eq!(rows.filter(|row| row.people().contains(&name)).count(), 0);
        assert!(!known(&shop, &name));
    }
}

#[test]
fn a_run_that_is_late_brings_nobody_back_into_a_file() {
    for (visitors, left) in [(&[1][..], 4), (&[1, 2], 0)] {
        let mut shop = Shop::new();
        let time = NOW - 6 * DAY;
        for n in [1, 2] {
            let seen: Vec<(i64, Value)> = (0..4).map(|at| (time + at * MINUTE, view())).collect();
            shop.sees(visitor(n), session(time, n), &seen);
        }
        let bucket = Memory::default();
        let gone: Vec<Id> = visitors.iter().map(|n| visitor(*n)).collect();
        let meanwhile = Meanwhile {
            bucket: &bucket,
            first: Shared::new(Some(|| {
                bucket.run(&shop, LATER).unwrap();
                bucket.forget(&shop, &gone, &[], &[]);
            })),
        };
        let store = Db(&shop);
        now(of_several(&store, 0, &meanwhile, LATER).write(&mut 100)).unwrap();
        assert_eq!(bucket.ids().len(), left, "{visitors:?}");
    }
}
