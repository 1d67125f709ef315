//! The peer: the same rows, inserted as they are. Nothing is evaluated, counted or told apart.

use crate::database::Database;
use goalpost_core::Id;
use rusqlite::Result;
use std::path::Path;

/// Each with what tells the rows of a batch.
const TABLES: [(&str, &str); 4] = [
    ("observations", "batch = ?1"),
    ("evidence", "batch = ?1"),
    ("conversions", "batch = ?1"),
    (
        "sessions",
        "session IN (SELECT session FROM observations WHERE batch = ?1)",
    ),
];

/// A database whose rows have no consequences.
pub(crate) struct Plain {
    database: Database,
    tables: Vec<Table>,
}

struct Table {
    read: String,
    insert: String,
}

impl Plain {
    pub(crate) fn new(file: &Path) -> Result<Self> {
        let database = Database::open(file)?;
        let triggers: Vec<String> = {
            let query = "SELECT name FROM sqlite_schema WHERE type = 'trigger'";
            let mut prepared = database.sqlite.prepare(query)?;
            let names = prepared.query_map([], |row| row.get(0))?;
            names.collect::<Result<_>>()?
        };
        for trigger in triggers {
            database
                .sqlite
                .execute_batch(&format!("DROP TRIGGER {trigger}"))?;
        }
        let tables = TABLES
            .iter()
            .map(|(name, of_batch)| Table::new(&database, name, of_batch))
            .collect::<Result<_>>()?;
        Ok(Self { database, tables })
    }

    /// The rows that a transaction has left in another database, each table's as one JSON text.
    pub(crate) fn rows_of(&self, other: &Database, batch: Id) -> Result<Vec<String>> {
        let rows = self.tables.iter().map(|table| {
            let mut prepared = other.sqlite.prepare_cached(&table.read)?;
            prepared.query_row([batch.bytes()], |row| row.get(0))
        });
        rows.collect()
    }

    /// The statement of each table; its one parameter is the table's text.
    pub(crate) fn inserts(&self) -> impl Iterator<Item = &str> {
        self.tables.iter().map(|table| table.insert.as_str())
    }

    /// Inserts them, a statement for each table, in one transaction.
    pub(crate) fn insert(&mut self, rows: &[String]) -> Result<()> {
        let transaction = self.database.sqlite.transaction()?;
        for (table, rows) in self.tables.iter().zip(rows) {
            transaction.prepare_cached(&table.insert)?.execute([rows])?;
        }
        transaction.commit()
    }

    pub(crate) fn count(&self, table: &str) -> Result<i64> {
        self.database
            .number(&format!("SELECT count(*) FROM {table}"))
    }
}

impl Table {
    fn new(database: &Database, name: &str, of_batch: &str) -> Result<Self> {
        let query = format!("SELECT name, type = 'BLOB' FROM pragma_table_info('{name}')");
        let mut prepared = database.sqlite.prepare(&query)?;
        let columns: Vec<(String, bool)> = prepared
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_>>()?;
        let list = |text: fn(usize, &str, bool) -> String| {
            let each = columns.iter().enumerate();
            let texts: Vec<String> = each
                .map(|(at, (name, blob))| text(at, name, *blob))
                .collect();
            texts.join(", ")
        };
        let names = list(|_, name, _| name.to_owned());
        let reads = list(|_, name, blob| {
            if blob {
                format!("hex({name})")
            } else {
                name.to_owned()
            }
        });
        let values = list(|at, _, blob| {
            if blob {
                format!("unhex(v ->> {at})")
            } else {
                format!("v ->> {at}")
            }
        });
        Ok(Self {
            read: format!(
                "SELECT json_group_array(json_array({reads})) FROM {name} WHERE {of_batch}"
            ),
            insert: format!(
                "WITH r AS MATERIALIZED (SELECT value AS v FROM json_each(?1))
                 INSERT INTO {name} ({names}) SELECT {values} FROM r"
            ),
        })
    }
}
