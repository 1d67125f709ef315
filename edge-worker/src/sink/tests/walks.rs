//! What an insert costs must not grow with what is there: no statement of a trigger may walk a table,
//! nor all rows of a site. `SQLite` says how it goes about it in the program that it runs. And a
//! statement that is kept prepared must stay so: to prepare one means all of its triggers, too.

use super::*;
use rusqlite::StatementStatus;
use std::collections::BTreeMap;

/// One step of `SQLite`'s program for a statement.
struct Step {
    code: String,
    cursor: i64,
    root: i64,
    keys: String,
}

/// The programs of a statement and of every trigger that it fires.
fn programs(db: &Connection, sql: &str) -> Vec<Vec<Step>> {
    let mut list: Vec<Vec<Step>> = Vec::new();
    let mut statement = db.prepare(&format!("EXPLAIN {sql}")).unwrap();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        if row.get::<_, i64>(0).unwrap() == 0 {
            list.push(Vec::new());
        }
        list.last_mut().unwrap().push(Step {
            code: row.get(1).unwrap(),
            cursor: row.get(2).unwrap(),
            root: row.get(3).unwrap(),
            keys: row.get::<_, Option<String>>(5).unwrap().unwrap_or_default(),
        });
    }
    list
}

/// Tables and indexes by where they are stored, each with whether it begins with the site and goes on:
/// of those that are of the site alone, a site has one row.
fn trees(db: &Connection) -> BTreeMap<i64, (String, bool)> {
    let mut statement = db
        .prepare(
            "SELECT m.rootpage, m.name, coalesce(
               (SELECT i.name FROM pragma_index_info(m.name) AS i WHERE i.seqno = 0),
               (SELECT t.name FROM pragma_table_info(m.name) AS t WHERE t.pk = 1)) IS 'site'
               AND max(
                 (SELECT count(*) FROM pragma_index_info(m.name)),
                 (SELECT count(*) FROM pragma_table_info(m.name) AS t WHERE t.pk > 0)) > 1
             FROM sqlite_master AS m WHERE m.rootpage > 0",
        )
        .unwrap();
    statement
        .query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

fn walks(db: &Connection, sql: &str) -> Vec<String> {
    let trees = trees(db);
    let mut found = Vec::new();
    for program in programs(db, sql) {
        let open: BTreeMap<i64, &(String, bool)> = program
            .iter()
            .filter(|step| matches!(step.code.as_str(), "OpenRead" | "OpenWrite"))
            .filter_map(|step| Some((step.cursor, trees.get(&step.root)?)))
            .collect();
        for step in &program {
            let Some((name, by_site)) = open.get(&step.cursor) else {
                continue;
            };
            let all = matches!(step.code.as_str(), "Rewind" | "Last");
            let a_site = step.code.starts_with("Seek") && step.keys == "1" && *by_site;
            if all || a_site {
                found.push(format!("{sql}: {} of {name}", step.code));
            }
        }
    }
    found
}

#[test]
fn no_trigger_walks_a_table_or_a_site() {
    let db = Db::new();
    let mut found = Vec::new();
    for sql in [
        "INSERT INTO observations SELECT * FROM observations WHERE site = 's' AND id = x'00'",
        "UPDATE observations SET verdict = '[]', plan = 'p', day = 'd' \
         WHERE site = 's' AND id = x'00'",
        "INSERT INTO retold VALUES ('s', x'00', x'00', 'a', 'b', 1, 1, 'd', 'e')",
        "UPDATE known_visitors SET contact = 'c' WHERE site = 's' AND visitor = x'00'",
        "INSERT INTO renamed_identities VALUES ('s', 'a', 'b', 'c')",
        "INSERT INTO refold VALUES ('s', 'd', 'c', 'w', '')",
        "INSERT INTO refunds (site, observation, order_number, time, day) \
         VALUES ('s', x'00', 'o', 1, 'd')",
        "UPDATE conversions SET minor = 2 WHERE site = 's' AND definition = 'd' AND scope = 'x' \
         AND who = '' AND dedup = ''",
        "DELETE FROM evidence WHERE site = 's' AND definition = 'd' AND scope = 'x' AND who = '' \
         AND dedup = '' AND observation = x'00'",
        "UPDATE sessions SET day = 'x', trail = 'x' WHERE site = 's' AND visitor = x'00' \
         AND session = x'00'",
    ] {
        found.extend(walks(&db.sqlite, sql));
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn no_statement_is_prepared_anew_for_other_values() {
    let mut db = Db::new();
    let letter = Letter::new([item_in(7, &view(1, "/shoes", "")), "{}".into()]);
    let text = letter.text();
    let messages = [
        accepted(NOW, letter.content(&text)),
        accepted(
            NOW,
            Content::Dropped(DroppedBeacon {
                reason: Drop::Consent.name().into(),
                site: SITE.into(),
                beacon: Some(raw(&text)),
            }),
        ),
    ];
    let statements = transaction(id(1_000_000), &messages, &db.book);
    for _ in 0..3 {
        db.run(&statements);
    }
    for statement in statements {
        let prepared = db.sqlite.prepare_cached(statement.sql).unwrap();
        let anew = prepared.get_status(StatementStatus::RePrepare);
        assert_eq!(anew, 0, "{}", statement.sql);
    }
}
