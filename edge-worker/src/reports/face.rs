//! What a table says of itself: its columns, its days, and what it was narrowed to.

use super::{ask::Ask, dimension::NONE, period::Period, table::names};
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// Everything that an answer has beside its figures.
pub(super) struct Face {
    pub(super) report: &'static str,
    pub(super) period: Period,
    /// The days that are compared with.
    pub(super) previous: Option<Period>,
    /// What it was narrowed to.
    pub(super) filters: Map<String, Value>,
    /// Whether refunds stand on their own day.
    pub(super) on_refund_day: bool,
    /// The currency that amounts are exchanged into.
    pub(super) currency: Option<String>,
    /// The id and the name of each.
    pub(super) dimensions: Vec<(&'static str, &'static str)>,
    pub(super) measures: Vec<Column>,
    pub(super) offset: usize,
}

/// A column of figures.
pub(super) struct Column {
    pub(super) id: Cow<'static, str>,
    pub(super) name: Cow<'static, str>,
    pub(super) kind: &'static str,
    /// Those of its numerator and its denominator.
    pub(super) names: Option<(&'static str, &'static str)>,
}

impl Column {
    pub(super) fn new(
        id: impl Into<Cow<'static, str>>,
        name: impl Into<Cow<'static, str>>,
        kind: &'static str,
        names: Option<(&'static str, &'static str)>,
    ) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            kind,
            names,
        }
    }
}

impl Ask {
    /// What its answer says of itself.
    pub(super) fn face(&self) -> Face {
        let filters: Map<String, Value> = self
            .filters
            .iter()
            .map(|(own, value)| {
                let value = if value.is_empty() { NONE } else { value };
                (String::from(own.id()), json!(value))
            })
            .collect();
        Face {
            report: self.report.name,
            period: self.period.clone(),
            previous: self.previous.clone(),
            filters,
            on_refund_day: self.on_refund_day,
            currency: self.exchanged.then(|| self.currency.clone()),
            dimensions: self
                .dimensions
                .iter()
                .map(|own| (own.id(), own.name()))
                .collect(),
            measures: self
                .measures
                .iter()
                .map(|own| Column::new(own.id, own.name, own.what.kind(), names(self, own)))
                .collect(),
            offset: self.offset,
        }
    }
}
