//! The native part of `cargo xtask bench`; each command answers with JSON for a script beside.
#![allow(
    clippy::print_stdout,
    reason = "a command-line tool speaks on its standard output"
)]

mod cpu;
mod database;
mod orders;
mod plain;
mod replay;
mod shop;

use anyhow::{Context as _, bail, ensure};
use database::Database;
use goalpost_core::{Id, Rules};
use goalpost_edge::sink::{self, Compiled, Param, PlanBook};
use plain::Plain;
use serde_json::json;
use shop::{ITEMS, Letter, VISITS};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

const USAGE: &str = "\
usage: goalpost-bench compare <folder>      the sink beside plain inserts of the same rows
       goalpost-bench fill <file> <rows>    observations of the last 30 days
       goalpost-bench batches <folder> <n>  messages of 1,000 items a line, and their rows
       goalpost-bench statements            transactions of page views, purchases and a visit
       goalpost-bench orders <folder> <n>   requests of 1,000 purchases a line, stored beside plain inserts
       goalpost-bench replay <file> <plan> <rows>
                                            that plan over the first observations of a database";

const PERIOD_MS: i64 = 30 * 86_400_000;
const COMPARED: u64 = 60;

/// Above every visit that fills a database.
const FRESH: u64 = 1 << 40;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let bench = Bench::new()?;
    let answer = match arguments.as_slice() {
        ["compare", folder] => bench.compare(Path::new(folder))?,
        ["fill", file, rows] => {
            bench.fill(Path::new(file), rows.parse().context("rows: no number")?)?
        }
        ["batches", folder, batches] => {
            return bench.batches(
                Path::new(folder),
                batches.parse().context("batches: no number")?,
            );
        }
        ["statements"] => bench.statements()?,
        ["orders", folder, requests] => {
            return orders::store(
                &bench,
                Path::new(folder),
                requests.parse().context("requests: no number")?,
            );
        }
        ["replay", file, plan, rows] => replay::evaluate(
            Path::new(file),
            Path::new(plan),
            rows.parse().context("rows: no number")?,
        )?,
        _ => bail!("{USAGE}"),
    };
    println!("{answer}");
    Ok(())
}

struct Bench {
    rules: Arc<Rules>,
    book: PlanBook,
    now: i64,
}

impl Bench {
    fn new() -> anyhow::Result<Self> {
        let plan = shop::plan()?;
        let rules = Arc::new(plan.compile());
        let mut book = PlanBook::new();
        book.add_current(Compiled {
            rules: Arc::clone(&rules),
            reporting: Arc::new(plan.reporting()),
        });
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
        Ok(Self {
            rules,
            book,
            now: i64::try_from(now.as_millis())?,
        })
    }

    /// When a visit begins, of so many that follow each other in a period that ends now.
    fn start(&self, number: u64, all: u64) -> i64 {
        let share = i128::from(PERIOD_MS.saturating_sub(120_000)).saturating_mul(number.into());
        let after = share.checked_div(all.into()).unwrap_or(0);
        let begin = self.now.saturating_sub(PERIOD_MS);
        begin.saturating_add(i64::try_from(after).unwrap_or(0))
    }

    /// The visits of one transaction.
    fn letters(&self, batch: u64, batches: u64) -> Vec<Letter> {
        let (first, all) = (batch.saturating_mul(VISITS), batches.saturating_mul(VISITS));
        (first..first.saturating_add(VISITS))
            .map(|number| {
                let known_since = self.start(shop::visitor(number), all);
                shop::visit(&self.rules, number, self.start(number, all), known_since)
            })
            .collect()
    }

    /// What the shop's server says of the visits of one transaction.
    fn told(&self, batch: u64, batches: u64) -> Vec<serde_json::Value> {
        let (first, all) = (batch.saturating_mul(VISITS), batches.saturating_mul(VISITS));
        (first..first.saturating_add(VISITS))
            .filter_map(|number| {
                let known_since = self.start(shop::visitor(number), all);
                shop::told(number, self.start(number, all), known_since)
            })
            .collect()
    }

    /// Takes letters as the sink does; the CPU time of reading and evaluating, then of storing.
    fn store(
        &self,
        to: &mut Database,
        name: Id,
        letters: &[Letter],
    ) -> anyhow::Result<[Duration; 2]> {
        let (statements, reading) = cpu::of(|| {
            let raw = letters
                .iter()
                .map(Letter::raw)
                .collect::<Result<Vec<_>, _>>()?;
            let messages: Vec<_> = letters
                .iter()
                .zip(raw)
                .map(|(letter, raw)| letter.accepted(raw))
                .collect();
            Ok(sink::transaction(name, &messages, &self.book))
        })?;
        let ((), storing) = cpu::of(|| Ok(to.run(&statements)?))?;
        Ok([reading, storing])
    }

    /// The sink and plain inserts in turn, from empty tables.
    fn compare(&self, folder: &Path) -> anyhow::Result<serde_json::Value> {
        let file = |name: &str| -> PathBuf { folder.join(name) };
        let mut ours = Database::open(&file("sink.sqlite"))?;
        let mut plain = Plain::new(&file("plain.sqlite"))?;
        let (mut reading, mut sink, mut copies, mut bare) = Default::default();
        for batch in 0..COMPARED {
            let name = Id::new(self.now, [u8::try_from(batch)?; 10]);
            let letters = self.letters(batch, COMPARED);
            let [read, stored] = self.store(&mut ours, name, &letters)?;
            let rows = plain.rows_of(&ours, name)?;
            let ((), inserted) = cpu::of(|| Ok(plain.insert(&rows)?))?;
            let [_, again] = self.store(&mut ours, name, &letters)?;
            add(&mut reading, read);
            add(&mut sink, stored);
            add(&mut copies, again);
            add(&mut bare, inserted);
        }
        let rows = COMPARED.saturating_mul(VISITS).saturating_mul(ITEMS);
        let conversions = ours.number("SELECT count(*) FROM conversions")?;
        ensure!(
            plain.count("observations")? == i64::try_from(rows)?,
            "rows are missing"
        );
        ensure!(
            ours.number("SELECT count(*) FROM observations")? == i64::try_from(rows)?,
            "rows are missing"
        );
        ensure!(
            plain.count("conversions")? == conversions,
            "conversions are missing"
        );
        Ok(json!({
            "rows": rows, "conversions": conversions,
            "reading": micros(reading, rows), "sink": micros(sink, rows),
            "copies": micros(copies, rows), "plain": micros(bare, rows),
        }))
    }

    /// Stores observations, and what servers say of their orders, through the sink's own statements;
    /// the time of the first and the last observations.
    fn fill(&self, file: &Path, rows: u64) -> anyhow::Result<serde_json::Value> {
        let mut database = Database::open(file)?;
        let batches = rows.div_ceil(VISITS.saturating_mul(ITEMS));
        let part = batches.min(COMPARED);
        let (mut first, mut last, mut all) = Default::default();
        let mut orders = 0u64;
        for batch in 0..batches {
            let letters = self.letters(batch, batches);
            let received_at = letters.last().map_or(self.now, |letter| letter.received_at);
            let mut random = [9; 10];
            for (to, from) in random.iter_mut().skip(1).zip(batch.to_be_bytes()) {
                *to = from;
            }
            let [_, stored] = self.store(&mut database, Id::new(received_at, random), &letters)?;
            let told = self.told(batch, batches);
            orders = orders.saturating_add(u64::try_from(told.len())?);
            let body = json!({"events": told}).to_string();
            let [first_byte, ..] = &mut random;
            *first_byte = 8;
            let batch_of_orders = Id::new(received_at, random);
            database.run(&orders::statements(
                self,
                received_at,
                batch_of_orders,
                &body,
            )?)?;
            add(&mut all, stored);
            if batch < part {
                add(&mut first, stored);
            }
            if batch >= batches.saturating_sub(part) {
                add(&mut last, stored);
            }
        }
        database
            .sqlite
            .execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
        let measured = part.saturating_mul(VISITS).saturating_mul(ITEMS);
        let stored = batches.saturating_mul(VISITS).saturating_mul(ITEMS);
        ensure!(
            database.number("SELECT count(*) FROM observations")?
                == i64::try_from(stored.saturating_add(orders))?,
            "rows are missing"
        );
        Ok(json!({
            "rows": stored, "orders": orders, "conversions": database.number("SELECT count(*) FROM conversions")?,
            "bytes": std::fs::metadata(file)?.len(), "measured": measured,
            "first": micros(first, measured), "last": micros(last, measured), "all": micros(all, stored),
        }))
    }

    /// Batches that no database has seen yet, of visits that end now: the messages of the queue, and
    /// plain inserts of the same rows.
    fn batches(&self, folder: &Path, batches: u64) -> anyhow::Result<()> {
        let mut database = Database::open(&folder.join("sink.sqlite"))?;
        let plain = Plain::new(&folder.join("plain.sqlite"))?;
        let start = self.now.saturating_sub(120_000);
        for batch in 0..batches {
            let first = batch.saturating_mul(VISITS).saturating_add(FRESH);
            let visits = first..first.saturating_add(VISITS);
            let letters: Vec<Letter> = visits
                .map(|number| shop::visit(&self.rules, number, start, start))
                .collect();
            let name = Id::new(self.now, [u8::try_from(batch)?; 10]);
            self.store(&mut database, name, &letters)?;
            let messages = letters
                .iter()
                .map(|letter| {
                    let accepted = letter.accepted(letter.raw()?);
                    Ok(serde_json::to_string(&accepted)?)
                })
                .collect::<anyhow::Result<Vec<_>>>()?;
            let rows = plain.rows_of(&database, name)?;
            let inserts: Vec<&str> = plain.inserts().collect();
            println!(
                "{}",
                json!({"messages": messages, "inserts": inserts, "rows": rows})
            );
        }
        Ok(())
    }

    /// What D1 is asked, so that it can say how many rows it writes.
    fn statements(&self) -> anyhow::Result<serde_json::Value> {
        // A day that nothing else here is of: the first of a day writes more.
        let start = self.now.saturating_sub(PERIOD_MS.saturating_mul(2));
        let views = |first: u64, visit_of: fn(u64) -> u64| -> Vec<Letter> {
            (first..first.saturating_add(ITEMS))
                .map(|n| shop::page_view(&self.rules, n, visit_of(n), start))
                .collect()
        };
        let one = |n: u64| vec![shop::page_view(&self.rules, n, n, start)];
        let shapes = [
            ("the first page view of a day", one(0)),
            ("a page view alone", one(1)),
            ("20 visits of one page load", views(1_000, |n| n)),
            (
                "5 visits of 4 page loads",
                views(2_000, |n| 2_000_u64.saturating_add(n % 5)),
            ),
            ("one visit of 20 page loads", views(3_000, |_| 3_000)),
            (
                "one page load of 20 page views",
                vec![shop::app_views(&self.rules, 4_000, start)],
            ),
            (
                "the first purchase of a day",
                vec![shop::purchase(&self.rules, 5_000, start)],
            ),
            (
                "a purchase alone",
                vec![shop::purchase(&self.rules, 5_001, start)],
            ),
            (
                "one visit of 20 observations, with an order",
                vec![shop::visit(&self.rules, 6_000, start, start)],
            ),
        ];
        let shapes = shapes.iter().zip(1u8..).map(|((what, letters), number)| {
            let raw = letters
                .iter()
                .map(Letter::raw)
                .collect::<Result<Vec<_>, _>>()?;
            let messages: Vec<_> = letters
                .iter()
                .zip(raw)
                .map(|(letter, raw)| letter.accepted(raw))
                .collect();
            let statements =
                sink::transaction(Id::new(self.now, [number; 10]), &messages, &self.book);
            let statements: Vec<_> = statements
                .iter()
                .map(|statement| {
                    let params: Vec<_> = statement.params.iter().map(value).collect();
                    json!({"sql": statement.sql, "params": params})
                })
                .collect();
            Ok(json!({"what": what, "statements": statements}))
        });
        Ok(serde_json::Value::Array(
            shapes.collect::<anyhow::Result<_>>()?,
        ))
    }
}

fn value(param: &Param) -> serde_json::Value {
    match param {
        Param::Text(text) => json!(text),
        Param::Integer(number) => json!(number),
        Param::Null => json!(null),
    }
}

fn add(sum: &mut Duration, more: Duration) {
    *sum = sum.saturating_add(more);
}

/// Microseconds a row.
#[allow(
    clippy::cast_precision_loss,
    reason = "a measured figure has fewer digits"
)]
fn micros(time: Duration, rows: u64) -> f64 {
    time.as_secs_f64() * 1e6 / rows as f64
}
