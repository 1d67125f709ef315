//! The sink's database: `SQLite` with the very migrations, and transactions that can be made to fail.

use goalpost_edge::sink::{MIGRATIONS, Param, Statement};
use rusqlite::{Connection, params_from_iter, types::Value};

/// One database; a thread keeps it for all its seeds.
#[derive(Debug)]
pub struct Database {
    sqlite: Connection,
}

impl Database {
    /// A database with empty tables.
    ///
    /// # Panics
    /// The migrations are not good SQL.
    pub fn new() -> Self {
        let sqlite = Connection::open_in_memory().expect("SQLite in memory");
        sqlite.set_prepared_statement_cache_capacity(128);
        for migration in MIGRATIONS {
            sqlite
                .execute_batch(migration)
                .expect("the migrations are good SQL");
        }
        sqlite.execute_batch("BEGIN").expect("a transaction begins");
        Self { sqlite }
    }

    /// Removes every row.
    ///
    /// # Panics
    /// `SQLite` fails.
    pub fn empty(&mut self) {
        // Everything since the beginning was one transaction: to take it back keeps the statements
        // prepared, and to prepare those with triggers is what costs.
        self.sqlite
            .execute_batch("ROLLBACK; BEGIN")
            .expect("all rows can be taken back");
    }

    /// Runs statements as one transaction; with `fail_at` it fails before that one and nothing of it
    /// stays. Says whether it was committed.
    ///
    /// # Panics
    /// A statement is not good SQL.
    pub fn run(&mut self, statements: &[Statement], fail_at: Option<usize>) -> bool {
        let transaction = self.sqlite.savepoint().expect("a transaction begins");
        for (at, statement) in statements.iter().enumerate() {
            if Some(at) == fail_at {
                return false;
            }
            let values = statement.params.iter().map(|param| match param {
                Param::Text(text) => Value::Text(text.clone()),
                Param::Integer(number) => Value::Integer(*number),
                Param::Null => Value::Null,
            });
            transaction
                .prepare_cached(statement.sql)
                .and_then(|mut prepared| prepared.execute(params_from_iter(values)))
                .unwrap_or_else(|problem| panic!("{problem}\n{}", statement.sql));
        }
        if fail_at.is_some() {
            return false;
        }
        transaction.commit().expect("a transaction commits");
        true
    }

    /// The rows of a query, each cell as text.
    ///
    /// # Panics
    /// The query is not good SQL.
    pub fn rows(&self, query: &str) -> Vec<Vec<String>> {
        let mut prepared = self.sqlite.prepare_cached(query).expect("a good query");
        let columns = prepared.column_count();
        let rows = prepared.query_map([], |row| {
            (0..columns)
                .map(|at| {
                    Ok(match row.get(at)? {
                        Value::Null => String::new(),
                        Value::Integer(number) => number.to_string(),
                        Value::Real(number) => number.to_string(),
                        Value::Text(text) => text,
                        Value::Blob(bytes) => hex(&bytes),
                    })
                })
                .collect()
        });
        rows.and_then(Iterator::collect).expect("rows can be read")
    }
}

impl Default for Database {
    fn default() -> Self {
        Self::new()
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('?');
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}
