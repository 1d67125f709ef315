//! The sink over its database, and the designs that put something wrong around it.

use crate::{
    broken::Broken,
    edge::{Known, Message},
    fault::Fault,
    known_bad::KnownBad,
    ledger::{Delivery, Met},
    oracle,
    world::World,
};
use goalpost_core::{Id, accepted::Accepted};
use goalpost_edge::sink::{self, Statement};
use std::{collections::BTreeSet, sync::OnceLock};

impl World<'_> {
    /// Runs the sink's transaction. Says whether the caller learned of its commit.
    pub(crate) fn store(&mut self, messages: &[Message]) -> Result<bool, Broken> {
        let messages = match self.bad {
            Some(KnownBad::MarkThenEnqueue | KnownBad::EnqueueThenMark) => {
                self.without_key(messages)
            }
            _ => messages.to_vec(),
        };
        let accepted: Vec<Accepted<'_>> = messages
            .iter()
            .map(|message| serde_json::from_str(&message.text))
            .collect::<Result<_, _>>()
            .map_err(|problem| Broken::new("a message reads back", || problem.to_string()))?;
        let stale = self.edge.current > 0 && self.happens(Fault::PlanStale);
        let current = if stale { 0 } else { self.edge.current };
        let book = self.plans.book(current);
        for (site, hash) in sink::plans_needed(&accepted) {
            Broken::unless(
                book.has(&site, &hash),
                "a page names a plan of the shop",
                || hash,
            )?;
        }
        let batch = Id::new(self.now, self.random.id_bytes());
        let statements = sink::transaction(batch, &accepted, book);
        let fail_at = self
            .happens(Fault::FailedBefore)
            .then(|| self.random.below(statements.len() + 1));
        let committed = match self.bad {
            Some(KnownBad::TallyApart) => self.run_apart(&statements, fail_at),
            Some(KnownBad::TallyOfSent) => {
                self.db.run(&tallying_what_was_sent(statements), fail_at)
            }
            Some(KnownBad::SessionOfSent) => {
                self.db.run(&adding_what_was_sent(statements), fail_at)
            }
            _ => self.db.run(&statements, fail_at),
        };
        self.note(
            "transaction",
            [messages.len() as u64, u64::from(committed)],
            || {
                let all: Vec<_> = messages
                    .iter()
                    .map(|message| &message.known.entries)
                    .collect();
                format!("{all:?} committed: {committed}")
            },
        );
        if committed {
            // What is kept goes before what is let go, as in the sink's own order of statements.
            for let_go in [false, true] {
                for message in messages
                    .iter()
                    .filter(|message| message.known.let_go == let_go)
                {
                    self.note_stored(&message.known, current);
                }
            }
        }
        Ok(committed && !self.happens(Fault::FailedAfter))
    }

    /// What the world knows after a commit: the first copy that arrives decides.
    fn note_stored(&mut self, known: &Known, current: usize) {
        let plan = known.plan.unwrap_or(current);
        for number in &known.entries {
            self.ledger.copies += 1;
            let entry = &mut self.ledger.entries[*number];
            let (page, index) = entry.place;
            if entry.met.is_none() {
                entry.met = Some(match oracle::problem(entry.deed) {
                    _ if known.let_go => Met::Dropped,
                    Some(reason) => Met::Quarantined(reason),
                    None => Met::Stored(Delivery {
                        plan,
                        ..known.delivery
                    }),
                });
            }
            let load = self.ledger.page_loads.entry(page).or_default();
            load.captured = load.captured.max(index + 1);
        }
        if let Some(page) = known.page {
            let load = self.ledger.page_loads.entry(page).or_default();
            load.captured = load.captured.max(known.captured);
            for (known, now) in load.dropped.iter_mut().zip(known.dropped) {
                *known = (*known).max(now);
            }
        }
    }

    /// Rows in one transaction, and what is tallied of them in another that may not happen.
    fn run_apart(&mut self, statements: &[Statement], fail_at: Option<usize>) -> bool {
        let (mut done, mut part) = (0, Vec::new());
        for statement in statements {
            let tallies = statement.sql.starts_with("INSERT INTO fates");
            if tallies && !part.is_empty() {
                let fails = fail_at.filter(|at| (done..done + part.len()).contains(at));
                if !self.db.run(&part, fails.map(|at| at - done)) {
                    return false;
                }
                done += part.len();
                part.clear();
            }
            part.push(statement.clone());
        }
        let fails = fail_at.filter(|at| *at >= done);
        self.db.run(&part, fails.map(|at| at - done))
    }

    /// What a table without a key would do: a copy that nobody has sorted out is a second row.
    fn without_key(&mut self, messages: &[Message]) -> Vec<Message> {
        let mut here = self.stored_ids();
        let mut out = messages.to_vec();
        for message in &mut out {
            for number in message.known.entries.clone() {
                let Some(sealed) = self.ledger.entries[number].sealed else {
                    continue;
                };
                if !here.insert(sealed.id) {
                    let fresh = Id::new(sealed.id.time(), self.random.id_bytes());
                    message.text = message.text.replace(&sealed.id.text(), &fresh.text());
                }
            }
        }
        out
    }

    pub(crate) fn stored_ids(&self) -> BTreeSet<Id> {
        let rows = self.db.rows("SELECT hex(id) FROM observations");
        rows.iter().filter_map(|row| Id::parse(&row[0])).collect()
    }

    /// A consumer that asks what is there, and writes later what was not.
    pub(crate) fn look_up_then_write(&mut self, batch: Vec<Message>) -> Result<(), Broken> {
        let waiting = std::mem::take(&mut self.edge.looked_up);
        if !batch.is_empty() {
            self.edge.looked_up.push((self.stored_ids(), batch));
        }
        for (known, mut messages) in waiting {
            let mut here = self.stored_ids();
            for message in &mut messages {
                for number in message.known.entries.clone() {
                    let Some(sealed) = self.ledger.entries[number].sealed else {
                        continue;
                    };
                    let second_row = !known.contains(&sealed.id) && !here.insert(sealed.id);
                    if second_row {
                        let fresh = Id::new(sealed.id.time(), self.random.id_bytes());
                        message.text = message.text.replace(&sealed.id.text(), &fresh.text());
                    }
                }
            }
            self.store_batch(messages)?;
        }
        Ok(())
    }
}

// The text of a statement lives as long as the program, and of each there is one.
static TALLIES: OnceLock<String> = OnceLock::new();
static ADDS: OnceLock<String> = OnceLock::new();

/// The same statements, counting the items that were sent instead of the rows that were inserted.
fn tallying_what_was_sent(statements: Vec<Statement>) -> Vec<Statement> {
    let counts_changes = |sql: &str| sql.starts_with("INSERT INTO fates") && sql.contains("?8 AS");
    let found = statements
        .iter()
        .find(|statement| counts_changes(statement.sql));
    let Some(sql) = found.map(|statement| statement.sql.replace("changes()", "?6")) else {
        return statements;
    };
    let sql = TALLIES.get_or_init(|| sql);
    let tallies = statements.into_iter().map(|statement| {
        if counts_changes(statement.sql) {
            Statement { sql, ..statement }
        } else {
            statement
        }
    });
    tallies.collect()
}

/// The same statements, adding to sessions whatever was sent of them, as long as it is there.
fn adding_what_was_sent(statements: Vec<Statement>) -> Vec<Statement> {
    let each = statements.into_iter().map(|statement| {
        if !statement.sql.contains("INSERT INTO sessions") {
            return statement;
        }
        let inserted = "o.batch = unhex(?3) AND ";
        let sql = ADDS.get_or_init(|| statement.sql.replace(inserted, "?3 IS NOT NULL AND "));
        Statement { sql, ..statement }
    });
    each.collect()
}
