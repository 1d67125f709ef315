//! No statement that runs for each item may read all rows of a site.
//!
//! Without statistics, SQLite takes `site = ?` alone to be as good as an index with one more column,
//! since a primary key costs one look less. So such statements name their index.

use super::MIGRATIONS;
use rusqlite::Connection;

/// The statements of a trigger's body.
fn statements(trigger: &str) -> Vec<String> {
    let body = trigger.split_once("BEGIN").unwrap().1;
    let body = body.rsplit_once("END").unwrap().0;
    let code: Vec<&str> = body
        .lines()
        .map(|line| line.split("--").next().unwrap().trim_end())
        .collect();
    code.join("\n")
        .split(";\n")
        .map(|statement| statement.replace("NEW.", ":new_").replace("OLD.", ":old_"))
        .filter(|statement| !statement.trim().is_empty())
        .collect()
}

#[test]
fn no_trigger_reads_a_whole_site() {
    let database = Connection::open_in_memory().unwrap();
    for migration in MIGRATIONS {
        database.execute_batch(migration).unwrap();
    }
    let mut triggers = database
        .prepare("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        .unwrap();
    let triggers: Vec<(String, String)> = triggers
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let mut seen = 0;
    for (name, sql) in &triggers {
        for statement in statements(sql) {
            let mut plan = database
                .prepare(&format!("EXPLAIN QUERY PLAN {statement}"))
                .unwrap_or_else(|problem| panic!("{name}: {problem}: {statement}"));
            let mut rows = plan.raw_query();
            while let Some(row) = rows.next().unwrap() {
                let step: String = row.get(3).unwrap();
                assert!(!step.ends_with("(site=?)"), "{name}: {step}: {statement}");
                seen += 1;
            }
        }
    }
    assert!(seen > 50, "{seen}");
}
