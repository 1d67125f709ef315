//! Reports that follow people: credits, how long it took, funnels, and what others would count.

mod counted;
mod credited;
mod holds;

use super::{
    NOW, SITE, Shop, plans_of_queries,
    shop::{Copy, Visit, time},
};
use crate::{
    http::Failure,
    reports::{
        Query, answer,
        asked::Made,
        claim::Failed,
        credit, funnels,
        store::{Ask, Store},
        what_if,
    },
};
use futures_util::FutureExt as _;
use goalpost_core::{
    PagePattern,
    attribution::Model,
    funnel::{Funnel, Order, Step, Unit},
};
use rusqlite::params_from_iter;
use serde_json::Value;
use std::sync::Arc;

impl Store for Shop {
    async fn batch(&self, asks: &[Ask]) -> Result<Vec<Vec<String>>, Failure> {
        // D1 takes no longer text.
        let texts = asks.iter().flat_map(|ask| &ask.values);
        if texts.map(String::len).any(|bytes| bytes > 2_000_000) {
            return Err(Failure::Platform("string or blob too big".into()));
        }
        let together = self.sqlite.unchecked_transaction().unwrap();
        let answers = asks
            .iter()
            .map(|ask| {
                plans_of_queries::check(self, &ask.sql);
                self.sqlite
                    .prepare_cached(&ask.sql)
                    .and_then(|mut prepared| {
                        prepared
                            .query_map(params_from_iter(&ask.values), |row| row.get(0))?
                            .collect()
                    })
                    .unwrap_or_else(|problem| panic!("{problem}\n{}", ask.sql))
            })
            .collect();
        together.commit().unwrap();
        Ok(answers)
    }
}

/// Which report.
#[derive(Clone, Copy, Debug)]
pub(super) enum Which {
    Attribution,
    Velocity,
    Funnels,
    WhatIf,
}

pub(super) fn now<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, String> {
    let done = work
        .now_or_never()
        .expect("a test's database answers at once");
    done.map_err(|failure| failure.problem().detail.into_owned())
}

impl Shop {
    pub(super) fn made(&self, which: Which, query: &str) -> Result<Made, String> {
        let pairs = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let query = Query(pairs.collect());
        let known = &self.known;
        match which {
            Which::Attribution => now(credit::report::attribution(self, known, &query, NOW)),
            Which::Velocity => now(credit::velocity::velocity(self, known, &query, NOW)),
            Which::Funnels => now(funnels::report::funnels(self, known, &query, NOW)),
            Which::WhatIf => now(what_if::what_if(self, known, &query, NOW)),
        }
    }

    pub(super) fn told(&self, which: Which, query: &str) -> Value {
        let query = format!("from=2026-11-01&to=2026-11-17&{query}");
        let made = self.made(which, &query).unwrap();
        answer::json(&made.face, &self.known, &made.table)
    }

    pub(super) fn with_funnels(mut self, funnels: Vec<Funnel>) -> Self {
        let mut reporting = (*self.known.reporting).clone();
        reporting.funnels = funnels;
        self.known.reporting = Arc::new(reporting);
        self
    }

    /// Keeps as many due days of each part.
    pub(super) fn keep(&self, days: u32) -> u32 {
        let (kept, failed) = self.try_to_keep(days);
        assert!(failed.is_empty(), "{failed:?}");
        kept
    }

    /// The same, with those that could not be kept.
    pub(super) fn try_to_keep(&self, days: u32) -> (u32, Failed) {
        let mut claims = 0;
        let mut id = || {
            claims += 1;
            Ok(format!("claim {claims}"))
        };
        let back = self.known.reporting.lookback_days;
        let part = credit::kept::part(SITE, back);
        let mut left = [days, days];
        let credits = credit::kept::keep(self, &part, back, "9999", &mut left[0], &mut id);
        let mut failed = now(credits).unwrap();
        let own = &self.known.reporting.funnels;
        let part = funnels::kept::part(SITE, own);
        let ways = funnels::kept::keep(self, &part, own, "9999", &mut left[1], &mut id);
        failed.extend(now(ways).unwrap());
        (2 * days - left.iter().sum::<u32>(), failed)
    }

    pub(super) fn forget_what_is_kept(&self) {
        self.sqlite.execute_batch("DELETE FROM kept_days").unwrap();
        self.all_is_stale();
    }

    /// A session that begins through a channel and sees these things: `/path`, or a definition.
    pub(super) fn walk(
        &self,
        (visitor, session): (u8, u8),
        hour: u16,
        channel: &'static str,
        seen: &[&str],
    ) {
        let trail: Vec<String> = (1i64..)
            .zip(seen)
            .map(|(at, seen)| {
                let time = time(hour) + (at - 1) * 60_000;
                if seen.starts_with('/') {
                    format!(r#"[{at},{time},"page","{seen}",[],""]"#)
                } else {
                    format!(r#"[{at},{time},"event","{seen}",["{seen}"],""]"#)
                }
            })
            .collect();
        let pages = seen.iter().filter(|own| own.starts_with('/')).count();
        self.visit(&Visit {
            visitor,
            session,
            hour,
            channel,
            device: "mobile",
            pages: pages.try_into().unwrap(),
            plays: 0,
        });
        self.sqlite
            .execute(
                "UPDATE sessions SET trail = ?1 WHERE session = unhex(?2)",
                [trail.join(","), format!("{session:032x}")],
            )
            .unwrap();
    }

    pub(super) fn buy(&self, order: u8, (visitor, session): (u8, u8), hour: u16, minor: i64) {
        self.convert(&Copy {
            id: 100 + order,
            definition: "product-purchase",
            order: Some(order),
            visitor: Some(visitor),
            session,
            hour,
            minor: Some(minor),
            currency: "JPY",
            verified: true,
        });
    }
}

/// One figure, as people read it.
pub(super) fn shown(figure: &Value) -> String {
    match &figure["value"] {
        Value::Array(list) => list
            .iter()
            .map(|own| own["decimal"].as_str().unwrap_or("-").to_owned())
            .collect::<Vec<_>>()
            .join("+"),
        Value::Object(own) => own["decimal"].as_str().unwrap_or("-").to_owned(),
        other => other.to_string(),
    }
}

/// Rows as lines: the labels, then these columns.
pub(super) fn lines(body: &Value, columns: &[&str]) -> Vec<String> {
    let dimensions: Vec<&str> = body["columns"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|own| own["kind"] == "dimension")
        .map(|own| own["id"].as_str().unwrap())
        .collect();
    let rows = body["rows"].as_array().unwrap();
    rows.iter()
        .map(|row| {
            let labels = dimensions
                .iter()
                .map(|own| row[own]["name"].as_str().unwrap().to_owned());
            let figures = columns.iter().map(|own| shown(&row[own]));
            labels.chain(figures).collect::<Vec<_>>().join(" | ")
        })
        .collect()
}

pub(super) fn funnel(id: &str, order: Order, unit: Unit, steps: Vec<Step>) -> Funnel {
    Funnel {
        id: id.into(),
        name: id.into(),
        steps,
        exclude: vec![Step::Definition("leave".into())],
        order,
        window_ms: 30 * 86_400_000,
        unit,
    }
}

pub(super) fn page(path: &str) -> Step {
    Step::Page(PagePattern::parse(path).unwrap())
}

pub(super) fn way() -> Vec<Step> {
    vec![
        page("/shoes/:id"),
        Step::Definition("cart".into()),
        page("/thanks"),
    ]
}

/// Paid Search on the 1st, Email on the 8th and Direct on the 15th, then 10,000 yen.
pub(super) fn three_touches() -> Shop {
    let shop = Shop::new();
    shop.walk((1, 1), 0, "Paid Search", &["/"]);
    shop.walk((1, 2), 7 * 24, "Email", &["/"]);
    shop.walk((1, 3), 14 * 24, "Direct", &["/"]);
    shop.buy(1, (1, 3), 14 * 24, 10_000);
    shop
}

/// Four sessions on the way to the thanks page, two of them one person's.
pub(super) fn four_walks() -> Shop {
    let shop = Shop::new().with_funnels(vec![
        funnel("way", Order::Loose, Unit::Session, way()),
        funnel("people", Order::Loose, Unit::Contact, way()),
    ]);
    shop.walk((1, 1), 0, "Email", &["/shoes/1", "cart", "/thanks"]);
    shop.walk((2, 2), 5, "Direct", &["/shoes/1", "/x", "cart"]);
    shop.walk((3, 3), 30, "Direct", &["/", "cart", "/thanks"]);
    shop.walk((4, 4), 31, "Direct", &["/shoes/2", "leave", "cart"]);
    shop.identify(2, 1);
    shop.identify(3, 1);
    shop
}
