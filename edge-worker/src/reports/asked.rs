//! What every report asks that reads paths or trails: its days, and the form of its answer.

use super::{Query, face::{Column, Face}, period::Period};
use crate::{plans::Known, problem::Problem};
use serde_json::{Map, Value, json};

/// Rows of an answer, if it asks for no number of them, and at most.
pub(super) const ROWS: (u32, u32) = (1_000, 10_000);

/// The days that are asked about, and how they are answered.
pub(super) struct Asked {
    pub(super) period: Period,
    pub(super) previous: Option<Period>,
    pub(super) csv: bool,
    pub(super) limit: usize,
    pub(super) filters: Map<String, Value>,
}

const COMMON: [&str; 5] = ["from", "to", "compare", "format", "limit"];

impl Asked {
    /// Reads what is common, and refuses what is neither that nor of `own`.
    pub(super) fn read(
        query: &Query,
        own: &[&str],
        known: &Known,
        now: i64,
    ) -> Result<Self, Problem> {
        let names: Vec<&str> = COMMON.iter().chain(own).copied().collect();
        query.only(&names)?;
        let period = Period::of(query, &known.rules.zone, now)?;
        let compare = query.choice("compare", &["none", "previous"])?;
        let limit = query.number("limit", ROWS.0, (1, ROWS.1))?;
        Ok(Self {
            previous: (compare == "previous").then(|| period.before()),
            period,
            csv: query.choice("format", &["json", "csv"])? == "csv",
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            filters: Map::new(),
        })
    }

    /// Says in the answer what the report was narrowed to.
    pub(super) fn say(&mut self, name: &'static str, value: &str) {
        self.filters.insert(String::from(name), json!(value));
    }

    /// What the answer says of itself.
    pub(super) fn face(
        &self,
        report: &'static str,
        dimensions: Vec<(&'static str, &'static str)>,
        measures: Vec<Column>,
    ) -> Face {
        Face {
            report,
            period: self.period.clone(),
            previous: self.previous.clone(),
            filters: self.filters.clone(),
            on_refund_day: false,
            currency: None,
            dimensions,
            measures,
            offset: 0,
        }
    }
}
