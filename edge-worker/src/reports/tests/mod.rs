//! Reports over a real database and the very migrations.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows fails, as it should"
)]

mod exactness;
mod of_paths;
mod plans_of_queries;
mod shop;
mod tables;

use super::{
    Query, answer,
    ask::Ask,
    catalogue::{self, Report},
    csv, kept, period,
    tables::fill,
};
use crate::{http::Failure, plans::Known, problem::Problem, sink::MIGRATIONS};
use goalpost_core::{BrowserPlan, Zone, plan::Plan};
use rusqlite::{Connection, params_from_iter};
use serde_json::Value;
use std::sync::Arc;

pub(super) const SITE: &str = "cloud-kicks";

/// 18 November 2026, 02:06 UTC.
pub(super) const NOW: i64 = 1_795_000_000_000;

const REPORTS: [&Report; 9] = [
    &catalogue::OVERVIEW,
    &catalogue::OUTCOMES,
    &catalogue::GOALS,
    &catalogue::GROUPS,
    &catalogue::CHANNELS,
    &catalogue::CAMPAIGNS,
    &catalogue::LANDING_PAGES,
    &catalogue::SESSIONS,
    &catalogue::EVENTS,
];

/// A database with a plan.
pub(super) struct Shop {
    pub(super) sqlite: Connection,
    pub(super) known: Known,
}

impl Shop {
    pub(super) fn new() -> Self {
        let sqlite = Connection::open_in_memory().unwrap();
        sqlite.set_prepared_statement_cache_capacity(2_000);
        for migration in MIGRATIONS {
            sqlite.execute_batch(migration).unwrap();
        }
        let plan = Plan::parse(
            r#"{ "site": "cloud-kicks", "currency": "JPY", "hosts": ["shop.example"],
                 "goals": [{ "id": "play", "when": { "media": "play" }, "points": 5 }] }"#,
        )
        .unwrap();
        let rules = plan.compile();
        let page = BrowserPlan::encode(&rules);
        let reporting = Arc::new(plan.reporting());
        Self {
            sqlite,
            known: Known {
                plan,
                rules: Arc::new(rules),
                reporting,
                page,
            },
        }
    }

    pub(super) fn run(&self, sql: &str, values: &[&str]) {
        self.sqlite
            .execute(sql, params_from_iter(values))
            .unwrap_or_else(|problem| panic!("{problem}\n{sql}"));
    }

    fn rows(&self, sql: &str, values: &[&str]) -> Vec<String> {
        self.sqlite
            .prepare_cached(sql)
            .and_then(|mut prepared| {
                prepared
                    .query_map(params_from_iter(values), |row| row.get(0))?
                    .collect()
            })
            .unwrap_or_else(|problem| panic!("{problem}\n{sql}"))
    }

    pub(super) fn ask(&self, report: &'static Report, query: &str) -> Result<Ask, Problem> {
        let pairs = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Ask::read(&Query(pairs), report, &self.known, &Zone::default(), NOW)
    }

    fn answered(&self, ask: &Ask) -> Result<super::table::Table, Failure> {
        let answers: Vec<_> = ask
            .questions(&self.known)
            .into_iter()
            .map(|own| {
                let values: Vec<&str> = own.values.iter().map(String::as_str).collect();
                let rows = self.rows(&own.sql, &values);
                (own, rows)
            })
            .collect();
        fill(ask, &self.known, &answers)
    }

    fn filled(&self, ask: &Ask) -> super::table::Table {
        self.answered(ask)
            .unwrap_or_else(|failure| panic!("{}", failure.problem().detail))
    }

    /// A report as its JSON.
    pub(super) fn report(&self, report: &'static Report, query: &str) -> Value {
        let ask = self.ask(report, query).unwrap();
        answer::json(&ask.face(), &self.known, &self.filled(&ask))
    }

    pub(super) fn csv(&self, report: &'static Report, query: &str) -> String {
        let ask = self.ask(report, query).unwrap();
        csv::text(&ask.face(), &self.filled(&ask))
    }

    /// Rolls up as many due days, the oldest first.
    pub(super) fn roll_up(&self, days: usize) {
        let groups = Value::Object(kept::groups(&self.known.plan)).to_string();
        let due = [SITE, "9999", &groups, &days.to_string()];
        for row in self.rows(kept::DUE, &due) {
            let (part, day): (String, String) = serde_json::from_str(&row).unwrap();
            let part = kept::Part::parse(&part).unwrap();
            for ask in part.asks(SITE, &day, &groups) {
                let values: Vec<&str> = ask.values.iter().map(String::as_str).collect();
                self.run(&ask.sql, &values);
            }
        }
    }

    pub(super) fn all_is_stale(&self) {
        for part in ["traffic", "conversions"] {
            for day in (period::date("2026-11-01").unwrap().0..).take(30) {
                self.run(
                    "INSERT INTO stale_days VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                    &[SITE, part, &goalpost_core::Date(day).text()],
                );
            }
        }
    }
}
