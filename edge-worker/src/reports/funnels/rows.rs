//! The rows of funnels: their steps, or each as a whole.

use super::tally::Reached;
use crate::reports::{
    cell::{Cell, Ratio},
    credit::velocity::median,
    dimension::NONE,
    face::Column,
    table::{Figure, Label, Row},
};
use goalpost_core::funnel::{Funnel, Order, Step};
use std::collections::BTreeMap;

/// By funnel, value and step.
pub(super) type Sheet = BTreeMap<(String, String, u32), Reached>;

const FROM_FIRST: Option<(&str, &str)> = Some(("reached", "reached_first_step"));
const FROM_BEFORE: Option<(&str, &str)> = Some(("reached", "reached_step_before"));

pub(super) fn step_columns() -> Vec<Column> {
    vec![
        Column::new("reached", "Reached", "count", None),
        Column::new("rate_from_first", "Of the first step", "rate", FROM_FIRST),
        Column::new(
            "rate_from_before",
            "Of the step before",
            "rate",
            FROM_BEFORE,
        ),
        Column::new(
            "median_time",
            "Median time from the step before",
            "duration",
            Some(("middle_two", "two")),
        ),
    ]
}

pub(super) fn funnel_columns() -> Vec<Column> {
    vec![
        Column::new("began", "Reached the first step", "count", None),
        Column::new("completed", "Reached the last step", "count", None),
        Column::new(
            "completion_rate",
            "Completed",
            "rate",
            Some(("completed", "began")),
        ),
        Column::new("excluded", "Excluded", "count", None),
    ]
}

/// What is known of the days, and of those before.
pub(super) struct Sheets<'a> {
    pub(super) now: &'a Sheet,
    pub(super) before: Option<&'a Sheet>,
}

impl Sheets<'_> {
    fn figures(&self, cells: impl Fn(&Sheet) -> Vec<Cell>) -> Vec<Figure> {
        let previous = self.before.map(&cells);
        cells(self.now)
            .into_iter()
            .enumerate()
            .map(|(at, value)| Figure {
                value,
                previous: previous.as_ref().and_then(|own| own.get(at).cloned()),
            })
            .collect()
    }

    /// The values of the rows of a funnel, those with the most beginnings first.
    pub(super) fn values(&self, funnel: &Funnel, told_apart: bool) -> Vec<String> {
        if !told_apart {
            return vec![String::new()];
        }
        let mut values: Vec<&String> = [Some(self.now), self.before]
            .into_iter()
            .flatten()
            .flat_map(BTreeMap::keys)
            .filter(|(own, _, _)| *own == funnel.id)
            .map(|(_, value, _)| value)
            .collect();
        values.sort();
        values.dedup();
        values.sort_by_key(|value| std::cmp::Reverse(units(self.now, funnel, value, 1)));
        values.into_iter().cloned().collect()
    }

    pub(super) fn step_rows(&self, funnel: &Funnel, value: &str, told_apart: bool) -> Vec<Row> {
        (1u32..)
            .zip(&funnel.steps)
            .map(|(at, step)| {
                let name = match funnel.order {
                    Order::Any => format!("any {at}"),
                    Order::Loose | Order::Strict => step_name(step),
                };
                let mut labels = vec![label(&at.to_string(), &name)];
                labels.extend(told_apart.then(|| value_label(value)));
                let cells = |sheet: &Sheet| step_cells(sheet, funnel, value, at);
                Row {
                    labels,
                    figures: self.figures(cells),
                }
            })
            .collect()
    }

    pub(super) fn funnel_row(&self, funnel: &Funnel, value: &str, told_apart: bool) -> Row {
        let mut labels = vec![label(&funnel.id, &funnel.name)];
        labels.extend(told_apart.then(|| value_label(value)));
        let cells = |sheet: &Sheet| {
            let began = units(sheet, funnel, value, 1);
            let completed = units(sheet, funnel, value, last(funnel));
            vec![
                Cell::Count(began),
                Cell::Count(completed),
                Cell::Rate(Ratio::rate(completed.into(), began.into())),
                Cell::Count(units(sheet, funnel, value, 0)),
            ]
        };
        Row {
            labels,
            figures: self.figures(cells),
        }
    }

    /// Of all who began, those who came through.
    pub(super) fn total(&self, funnel: &Funnel) -> Vec<Figure> {
        self.figures(|sheet| {
            let of = |step: u32| {
                let own = sheet
                    .iter()
                    .filter(|((id, _, at), _)| *id == funnel.id && *at == step);
                own.fold(0i64, |sum, (_, own)| sum.saturating_add(whole(own.units)))
            };
            let (first, last) = (of(1), of(last(funnel)));
            vec![
                Cell::Count(last),
                Cell::Rate(Ratio::rate(last.into(), first.into())),
                Cell::Unknown,
                Cell::Unknown,
            ]
        })
    }
}

fn last(funnel: &Funnel) -> u32 {
    u32::try_from(funnel.steps.len()).unwrap_or(u32::MAX)
}

fn whole(units: u64) -> i64 {
    i64::try_from(units).unwrap_or(i64::MAX)
}

fn reached<'a>(sheet: &'a Sheet, funnel: &Funnel, value: &str, step: u32) -> Option<&'a Reached> {
    sheet.get(&(funnel.id.clone(), String::from(value), step))
}

fn units(sheet: &Sheet, funnel: &Funnel, value: &str, step: u32) -> i64 {
    reached(sheet, funnel, value, step).map_or(0, |own| whole(own.units))
}

fn step_cells(sheet: &Sheet, funnel: &Funnel, value: &str, step: u32) -> Vec<Cell> {
    let own = units(sheet, funnel, value, step);
    let rate = |of: i64| Cell::Rate(Ratio::rate(own.into(), of.into()));
    let (before, median) = if step > 1 {
        let seconds = reached(sheet, funnel, value, step).map(|own| own.seconds.clone());
        (
            rate(units(sheet, funnel, value, step.saturating_sub(1))),
            median(&seconds.unwrap_or_default()),
        )
    } else {
        (Cell::Unknown, Cell::Unknown)
    };
    vec![
        Cell::Count(own),
        rate(units(sheet, funnel, value, 1)),
        before,
        median,
    ]
}

fn step_name(step: &Step) -> String {
    match step {
        Step::Page(pattern) => pattern.text(),
        Step::Event(name) => format!("event {name}"),
        Step::Commerce(name) => format!("commerce {name}"),
        Step::Definition(id) => format!("definition {id}"),
        Step::Arrival(channel) => format!("arrival {channel}"),
    }
}

fn label(id: &str, name: &str) -> Label {
    Label {
        id: String::from(id),
        name: String::from(name),
        in_plan: None,
    }
}

fn value_label(value: &str) -> Label {
    label(value, if value.is_empty() { NONE } else { value })
}
