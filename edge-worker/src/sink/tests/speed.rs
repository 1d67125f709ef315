//! What the sink costs beside plain inserts of the same rows. Run it alone, optimized:
//! `cargo test --profile fast --package goalpost-edge --lib -- --ignored --nocapture speed`

use super::*;
use std::time::Duration;

const ROUNDS: i64 = 60;
const ITEMS: i64 = 1_000;

/// 50 beacons of 20 items each: half page views, some plays and clicks, an order now and then.
fn round(n: i64) -> Vec<Letter> {
    (0..ITEMS / 20)
        .map(|beacon| {
            let first = (n * ITEMS + beacon * 20) * 10;
            let items = (0..20).map(|at| {
                let n = first + at;
                let page = seen(
                    n,
                    Seen::Page {
                        host: "shop.example".into(),
                        query: vec![("utm_source".into(), "mail".into())],
                        title: "Cumulus, a light shoe for long days".into(),
                        referrer: "https://search.example/".into(),
                    },
                );
                let observation = match at {
                    4 | 9 => play(n, "walk"),
                    13 if beacon % 10 == 0 => purchase(n, &n.to_string(), "14800"),
                    at if at % 2 == 0 => page,
                    _ => event(n, "looked_closer"),
                };
                Item::new(&observation, id(first), Some(id(first + 1)), None).json
            });
            let mut letter = Letter::new(items.collect::<Vec<_>>()).of(id(first + 2));
            letter.page = id(first);
            letter.form = Form::Raw;
            letter.at(NOW + first + 1_000)
        })
        .collect()
}

fn cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

fn on_disk(name: &str) -> (Db, std::path::PathBuf) {
    let folder = std::env::temp_dir().join(format!("goalpost-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut db = Db::new();
    db.sqlite = Connection::open(folder.join("db")).unwrap();
    db.sqlite
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")
        .unwrap();
    db.sqlite.execute_batch(MIGRATIONS[0]).unwrap();
    (db, folder)
}

/// The rows of a table as one JSON text of arrays, blobs as hexadecimal text.
fn as_json(db: &Db, table: &str, columns: &[(String, bool)], since: &str) -> String {
    let list: Vec<String> = columns
        .iter()
        .map(|(name, blob)| {
            if *blob {
                format!("hex({name})")
            } else {
                name.clone()
            }
        })
        .collect();
    let query = format!(
        "SELECT json_group_array(json_array({})) FROM {table} WHERE batch = {since}",
        list.join(", ")
    );
    db.sqlite.query_row(&query, [], |row| row.get(0)).unwrap()
}

fn columns(db: &Db, table: &str) -> Vec<(String, bool)> {
    let query = format!("SELECT name, type = 'BLOB' FROM pragma_table_info('{table}')");
    let mut prepared = db.sqlite.prepare(&query).unwrap();
    let rows = prepared.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    rows.unwrap().collect::<rusqlite::Result<_>>().unwrap()
}

fn plain_insert(table: &str, columns: &[(String, bool)]) -> String {
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let values: Vec<String> = columns
        .iter()
        .enumerate()
        .map(|(at, (_, blob))| {
            if *blob {
                format!("unhex(v ->> {at})")
            } else {
                format!("v ->> {at}")
            }
        })
        .collect();
    format!(
        "WITH r AS MATERIALIZED (SELECT value AS v FROM json_each(?1))
         INSERT INTO {table} ({}) SELECT {} FROM r",
        names.join(", "),
        values.join(", ")
    )
}

#[test]
#[ignore = "a measurement, to be run alone and optimized"]
#[allow(clippy::print_stdout, reason = "the answer of a measurement")]
fn speed_beside_plain_inserts() {
    let (mut db, ours) = on_disk("sink");
    let (plain, theirs) = on_disk("plain");
    plain
        .sqlite
        .execute_batch(
            "DROP TRIGGER observation_converts; DROP TRIGGER observation_identifies;
             DROP TRIGGER observation_disagrees; DROP TRIGGER conversion_counts;",
        )
        .unwrap();
    let tables = ["observations", "conversions"].map(|table| {
        let columns = columns(&db, table);
        let insert = plain_insert(table, &columns);
        (table, columns, insert)
    });
    let (mut read, mut sink, mut again, mut bare) = (
        Duration::ZERO,
        Duration::ZERO,
        Duration::ZERO,
        Duration::ZERO,
    );
    for n in 0..ROUNDS {
        let texts: Vec<(i64, String)> = round(n)
            .iter()
            .map(|letter| (letter.received_at, letter.text()))
            .collect();
        let messages: Vec<_> = texts
            .iter()
            .map(|(at, text)| accepted(*at, Content::Beacon(raw(text))))
            .collect();
        let batch = id(10_000_000 + n);
        let start = cpu();
        let statements = transaction(batch, &messages, &db.book);
        read += cpu() - start;
        let start = cpu();
        db.run(&statements);
        sink += cpu() - start;

        let since = format!("x'{}'", crate::sink::row::hex(batch));
        let rows = tables
            .each_ref()
            .map(|(table, columns, _)| as_json(&db, table, columns, &since));
        let start = cpu();
        plain.sqlite.execute_batch("BEGIN").unwrap();
        for ((_, _, insert), rows) in tables.iter().zip(&rows) {
            plain
                .sqlite
                .prepare_cached(insert)
                .unwrap()
                .execute([rows])
                .unwrap();
        }
        plain.sqlite.execute_batch("COMMIT").unwrap();
        bare += cpu() - start;

        let start = cpu();
        db.run(&statements);
        again += cpu() - start;
    }
    assert_eq!(
        db.number("SELECT count(*) FROM observations"),
        ROUNDS * ITEMS
    );
    assert_eq!(
        plain.number("SELECT count(*) FROM observations"),
        ROUNDS * ITEMS
    );
    let conversions = db.number("SELECT count(*) FROM conversions");
    assert_eq!(
        plain.number("SELECT count(*) FROM conversions"),
        conversions
    );
    db.assert_sound();
    let per_row = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(60_000);
    println!(
        "per observation, {conversions} conversions of {}: plain {:.2} us, sink {:.2} us \
         (rows per CPU second {:.2} of plain), copies {:.2} us, reading and evaluating {:.2} us",
        ROUNDS * ITEMS,
        per_row(bare),
        per_row(sink),
        bare.as_secs_f64() / sink.as_secs_f64(),
        per_row(again),
        per_row(read),
    );
    for folder in [ours, theirs] {
        std::fs::remove_dir_all(folder).unwrap();
    }
}
