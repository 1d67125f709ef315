//! How the database finds rows: never by walking through all of a site's.

use super::*;
use rusqlite::config::DbConfig;

/// Tables that are as small as what they are asked for, and parts of statements.
const SMALL: [&str; 8] = ["r", "f", "v", "m", "part", "whole", "whose", "json_each"];

#[test]
fn no_statement_or_trigger_walks_through_a_table() {
    let db = Db::new();
    db.sqlite
        .set_db_config(DbConfig::SQLITE_DBCONFIG_TRIGGER_EQP, true)
        .unwrap();
    let letter = Letter::new([item(&view(0, "/", ""))]);
    let text = letter.text();
    let message = accepted(letter.received_at, Content::Beacon(raw(&text)));
    let mut seen = 0;
    for statement in transaction(id(1), &[message], &db.book) {
        let explain = format!("EXPLAIN QUERY PLAN {}", statement.sql);
        let nothing = statement.params.iter().map(|_| Cell::Null);
        let mut prepared = db.sqlite.prepare(&explain).unwrap();
        let lines = prepared
            .query_map(params_from_iter(nothing), |row| row.get::<_, String>(3))
            .unwrap();
        for line in lines.map(Result::unwrap) {
            let mut words = line.split(' ');
            let how = words.next().unwrap_or_default();
            let table = words.next().unwrap_or_default();
            let walks = match how {
                "SCAN" => !line.contains("VIRTUAL TABLE") && !line.contains("CONSTANT ROW"),
                "SEARCH" => line.ends_with("(site=?)") || line.contains("AUTOMATIC"),
                _ => false,
            };
            seen += i32::from(how == "SEARCH");
            assert!(
                !walks || SMALL.contains(&table),
                "{line}\n{}",
                statement.sql
            );
        }
    }
    assert!(seen > 40, "the triggers are looked at, too: {seen}");
}
