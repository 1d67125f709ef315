//! A deployment meets a database of before or after its own: what it takes is stored all the same.

use super::*;
use std::collections::BTreeMap;

/// A column's type, whether it must have a value, its default, and its place in the key.
type Column = (String, bool, Option<String>, i64);

/// Every table's columns, after so many migrations.
fn columns(sqlite: &Connection) -> BTreeMap<(String, String), Column> {
    let sql = "SELECT m.name, c.name, c.type, c.\"notnull\", c.dflt_value, c.pk
               FROM sqlite_schema AS m, pragma_table_info(m.name) AS c WHERE m.type = 'table'";
    let mut prepared = sqlite.prepare(sql).unwrap();
    prepared
        .query_map([], |row| {
            let column = (row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?);
            Ok(((row.get(0)?, row.get(1)?), column))
        })
        .unwrap()
        .collect::<rusqlite::Result<_>>()
        .unwrap()
}

#[test]
fn a_migration_takes_nothing_away_and_asks_nothing_of_code_from_before_it() {
    let sqlite = Connection::open_in_memory().unwrap();
    let mut before = BTreeMap::new();
    for migration in MIGRATIONS {
        sqlite.execute_batch(migration).unwrap();
        let after = columns(&sqlite);
        for (name, column) in &before {
            assert_eq!(after.get(name), Some(column), "{name:?} is as it was");
        }
        let tables: Vec<&String> = before.keys().map(|(table, _)| table).collect();
        for ((table, column), (_, must, default, _)) in &after {
            let is_new =
                tables.contains(&table) && !before.contains_key(&(table.clone(), column.clone()));
            assert!(
                !is_new || !must || default.is_some(),
                "{table}.{column} is new: code from before does not write it, so it may be missing"
            );
        }
        before = after;
    }
}

#[test]
fn the_database_of_before_the_last_migration_stores_what_needs_nothing_new() {
    let sqlite = Connection::open_in_memory().unwrap();
    let (last, before) = MIGRATIONS.split_last().unwrap();
    for migration in before {
        sqlite.execute_batch(migration).unwrap();
    }
    let mut db = Db {
        sqlite,
        book: book(),
        batches: 0,
    };
    let letters = [
        Letter::new([
            item_in(600, &view(1, "/shoes", "news")),
            item_in(600, &purchase(2, "A1", "100")),
        ])
        .of(id(100)),
        Letter::new([item(&event(20, "half")).replace("half", "half \\ud83d")]).of(id(101)),
    ];
    db.deliver(&letters);
    db.assert_sound();
    assert_eq!(db.number("SELECT count(*) FROM observations"), 2);
    assert_eq!(db.number("SELECT count(*) FROM quarantine"), 1);
    // In the middle of it comes the migration, and everything once more.
    db.sqlite.execute_batch(last).unwrap();
    db.deliver(&letters);
    db.assert_sound();
    assert_eq!(db.number("SELECT count(*) FROM observations"), 2);
    assert_eq!(db.number("SELECT count(*) FROM conversions"), 2);
}

#[test]
fn what_is_doubted_is_marked_once_and_counted() {
    let mut db = Db::new();
    let letter =
        Letter::new([item_in(600, &view(1, "/shoes", "")), item_in(600, &adds(2))]).of(id(100));
    let text = letter.text();
    for doubts in ["sandboxed data_centre", "", "data_centre"] {
        let message = Accepted {
            doubts: doubts.into(),
            ..accepted(NOW, letter.content(&text))
        };
        db.accept(&[message]);
        db.assert_sound();
        assert_eq!(
            db.table("SELECT DISTINCT doubts FROM observations"),
            ["data_centre sandboxed"]
        );
        assert_eq!(
            db.table("SELECT doubt, count FROM doubts ORDER BY 1"),
            ["data_centre | 2", "sandboxed | 2"]
        );
    }
}
