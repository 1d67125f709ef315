//! What a table says of itself: its columns, its days, and what it was narrowed to.

use super::period::Period;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Everything that an answer has beside its figures.
pub(super) struct Face {
    pub(super) report: &'static str,
    pub(super) period: Period,
    /// The days that are compared with.
    pub(super) previous: Option<Period>,
    /// Further fields.
    pub(super) more: Map<String, Value>,
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
