//! A database with the very migrations, with a log and without a wait for the disk at each commit.

use goalpost_edge::sink::{MIGRATIONS, Param, Statement};
use rusqlite::{Connection, Result, params_from_iter, types::Value};
use std::path::Path;

const SETTINGS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;";

pub(crate) struct Database {
    pub(crate) sqlite: Connection,
}

impl Database {
    /// Opens a database; a new one gets its tables.
    pub(crate) fn open(file: &Path) -> Result<Self> {
        let sqlite = Connection::open(file)?;
        sqlite.execute_batch(SETTINGS)?;
        if !sqlite.table_exists(None, "observations")? {
            sqlite.execute_batch(&MIGRATIONS.concat())?;
        }
        Ok(Self { sqlite })
    }

    /// Runs statements as one transaction.
    pub(crate) fn run(&mut self, statements: &[Statement]) -> Result<()> {
        let transaction = self.sqlite.transaction()?;
        for statement in statements {
            let values = statement.params.iter().map(|param| match param {
                Param::Text(text) => Value::Text(text.clone()),
                Param::Integer(number) => Value::Integer(*number),
                Param::Null => Value::Null,
            });
            transaction
                .prepare_cached(statement.sql)?
                .execute(params_from_iter(values))?;
        }
        transaction.commit()
    }

    pub(crate) fn number(&self, query: &str) -> Result<i64> {
        self.sqlite.query_row(query, [], |row| row.get(0))
    }
}
