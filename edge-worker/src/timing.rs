//! `Server-Timing`: what an answer cost, for whoever may see it.
//!
//! A Worker's clock stands still while it computes, and goes on with each answer from outside. So what
//! is between two answers of the database cannot be told apart: reading, evaluating and writing out
//! show in `total` only as far as the database was asked after them.
//! Source: <https://developers.cloudflare.com/workers/reference/security-model/>

/// What the database was asked in an invocation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spent {
    pub(crate) statements: usize,
    pub(crate) rows_read: usize,
    pub(crate) rows_written: usize,
    /// Until the answers were here, in milliseconds by the Worker's clock.
    pub(crate) waited_ms: i64,
    /// What the database itself needed, in milliseconds by its own.
    pub(crate) sql_ms: f64,
}

impl Spent {
    pub(crate) const NOTHING: Self = Self {
        statements: 0,
        rows_read: 0,
        rows_written: 0,
        waited_ms: 0,
        sql_ms: 0.0,
    };

    pub(crate) fn add(&mut self, more: Self) {
        self.statements = self.statements.saturating_add(more.statements);
        self.rows_read = self.rows_read.saturating_add(more.rows_read);
        self.rows_written = self.rows_written.saturating_add(more.rows_written);
        self.waited_ms = self.waited_ms.saturating_add(more.waited_ms);
        self.sql_ms += more.sql_ms;
    }

    /// The header's value. `auth_ms` until it was known who asks, `total_ms` until the answer.
    pub(crate) fn header(&self, auth_ms: i64, total_ms: i64) -> String {
        let Self {
            statements,
            rows_read,
            rows_written,
            waited_ms,
            sql_ms,
        } = self;
        format!(
            "auth;dur={auth_ms}, db;dur={waited_ms};desc=\"{statements} statements, \
             {rows_read} rows read, {rows_written} rows written\", sql;dur={sql_ms:.1}, \
             total;dur={total_ms}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_adds_up() {
        let mut spent = Spent::NOTHING;
        for _ in 0..2 {
            spent.add(Spent {
                statements: 2,
                rows_read: 30,
                rows_written: 1,
                waited_ms: 4,
                sql_ms: 0.25,
            });
        }
        assert_eq!(
            spent.header(4, 9),
            "auth;dur=4, db;dur=8;desc=\"4 statements, 60 rows read, 2 rows written\", sql;dur=0.5, \
             total;dur=9"
        );
    }
}
