//! A report as a table: its columns, and its rows in order.

use super::{
    ask::Ask,
    catalogue::Kind,
    cell::{Cell, cell},
    dimension::{Dimension, NONE},
    figure::Figures,
    measure::{Measure, What},
    sheet::{Key, Sheet},
};
use crate::plans::Known;
use goalpost_core::plan::Plan;
use std::{cmp::Reverse, collections::BTreeMap};

/// A table, ready to be written down.
pub(super) struct Table {
    pub(super) rows: Vec<Row>,
    /// How many rows there are, shown or not.
    pub(super) of: usize,
    /// What the rows that are not shown come to; `None` if all are.
    pub(super) rest: Option<Vec<Figure>>,
    pub(super) totals: Vec<Figure>,
}

/// A row.
pub(super) struct Row {
    pub(super) labels: Vec<Label>,
    pub(super) figures: Vec<Figure>,
}

/// The value of a dimension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Label {
    pub(super) id: String,
    pub(super) name: String,
    /// Whether the plan in effect has it, where a plan can.
    pub(super) in_plan: Option<bool>,
}

/// A figure beside that of the days before.
pub(super) struct Figure {
    pub(super) value: Cell,
    pub(super) previous: Option<Cell>,
}

/// The names of a column's numerator and denominator.
pub(super) fn names(ask: &Ask, measure: &Measure) -> Option<(&'static str, &'static str)> {
    match measure.what {
        What::Rate(own, per) | What::Seconds(own, per) => Some((own.id(), per.id())),
        What::RateOf(own) => Some((own.id(), ask.denominator.id())),
        What::MoneyPer(_, per) => Some(("cost", per.id())),
        What::MoneyRate(sum, _) if sum.len() > 2 => Some(("net+claimed_net", "cost")),
        What::MoneyRate(..) => Some(("net", "cost")),
        What::Count(_) | What::Less(..) | What::Money(_) => None,
    }
}

/// Makes the table.
pub(super) fn table(ask: &Ask, known: &Known, now: &Sheet, before: Option<&Sheet>) -> Table {
    let figures = |now: &Figures, before: Option<&Figures>| -> Vec<Figure> {
        let of = |row, own: &Measure| cell(own.what, row, ask.denominator);
        ask.measures
            .iter()
            .map(|own| Figure {
                value: of(now, own),
                previous: before.map(|before| of(before, own)),
            })
            .collect()
    };
    let totals = figures(&now.total, before.map(|before| &before.total));
    if ask.dimensions.is_empty() {
        return Table {
            rows: vec![Row {
                labels: Vec::new(),
                figures: figures(&now.total, before.map(|before| &before.total)),
            }],
            of: 1,
            rest: None,
            totals,
        };
    }
    let keys = in_order(ask, known, now, before);
    let shown: Vec<&Key> = keys.iter().skip(ask.offset).take(ask.limit).collect();
    let rows = shown
        .iter()
        .map(|key| Row {
            labels: labels(ask, &known.plan, key),
            figures: figures(
                &now.row(ask, key),
                before.map(|before| before.row(ask, key)).as_ref(),
            ),
        })
        .collect();
    let rest = (shown.len() < keys.len()).then(|| {
        let mut rest = figures(
            &now.rest(shown.iter().copied()),
            before
                .map(|before| before.rest(shown.iter().copied()))
                .as_ref(),
        );
        for (figure, own) in rest.iter_mut().zip(&ask.measures) {
            if !ask.adds_up(own.what) {
                figure.value = Cell::Unknown;
                figure.previous = figure.previous.as_ref().map(|_| Cell::Unknown);
            }
        }
        rest
    });
    Table {
        rows,
        of: keys.len(),
        rest,
        totals,
    }
}

/// The keys of all rows: days in order, definitions and groups as the plan has them and then those
/// of earlier plans, all else by what came of it, the most first.
fn in_order(ask: &Ask, known: &Known, now: &Sheet, before: Option<&Sheet>) -> Vec<Key> {
    let mut keys: Vec<Key> = now.keys().cloned().collect();
    keys.extend(before.into_iter().flat_map(Sheet::keys).cloned());
    if let [own] = ask.dimensions.as_slice() {
        let expected = expected(ask, &known.plan, *own);
        keys.extend(expected.into_iter().map(|id| (id, String::new())));
    }
    keys.sort();
    keys.dedup();
    let weights = [0, 1].map(|at| weights(ask, now, &keys, at));
    let order = |at: usize, value: &str| -> (usize, Reverse<i64>, String) {
        let weight = weights
            .get(at)
            .and_then(|weights| weights.get(value))
            .copied()
            .unwrap_or_default();
        let place = ask
            .dimensions
            .get(at)
            .map_or(0, |own| place(&known.plan, *own, value));
        let natural = ask.dimensions.get(at) == Some(&Dimension::Day);
        let weight = if natural || place != usize::MAX {
            0
        } else {
            weight
        };
        (place, Reverse(weight), String::from(value))
    };
    keys.sort_by_cached_key(|key| (order(0, &key.0), order(1, &key.1)));
    keys
}

/// How much each value of a dimension has of the first column.
fn weights(ask: &Ask, now: &Sheet, keys: &[Key], at: usize) -> BTreeMap<String, i64> {
    let mut weights = BTreeMap::new();
    for key in keys {
        let value = if at == 0 { &key.0 } else { &key.1 };
        let first = ask
            .measures
            .first()
            .map(|own| cell(own.what, &now.row(ask, key), ask.denominator));
        let weight: &mut i64 = weights.entry(value.clone()).or_default();
        if let Some(Cell::Count(count)) = first {
            *weight = weight.saturating_add(count);
        }
    }
    weights
}

/// Rows that are there though nothing happened: every day, and every definition of the plan.
fn expected(ask: &Ask, plan: &Plan, dimension: Dimension) -> Vec<String> {
    let named = |own: &str| {
        ask.filters
            .iter()
            .all(|(filter, value)| *filter != Dimension::Definition || value == own)
    };
    match (dimension, ask.report.kind) {
        (Dimension::Day, _) => ask.period.days(),
        (Dimension::Definition, Kind::Outcome) if ask.report.dimension == Some(dimension) => plan
            .live_outcomes()
            .map(|own| own.id.clone())
            .filter(|own| named(own))
            .collect(),
        (Dimension::Definition, Kind::Goal) if ask.report.dimension == Some(dimension) => plan
            .goals
            .iter()
            .map(|own| own.id.clone())
            .filter(|own| named(own))
            .collect(),
        (Dimension::Group, _) => plan.groups.iter().map(|own| own.id.clone()).collect(),
        _ => Vec::new(),
    }
}

/// Where the plan has it; the last place of all for what it does not have.
fn place(plan: &Plan, dimension: Dimension, value: &str) -> usize {
    let found = match dimension {
        Dimension::Definition => plan
            .live_outcomes()
            .map(|own| own.id.as_str())
            .chain(plan.goals.iter().map(|own| own.id.as_str()))
            .position(|own| own == value),
        Dimension::Group => plan.groups.iter().position(|own| own.id == value),
        _ => None,
    };
    found.unwrap_or(usize::MAX)
}

fn labels(ask: &Ask, plan: &Plan, key: &Key) -> Vec<Label> {
    ask.dimensions
        .iter()
        .zip([&key.0, &key.1])
        .map(|(dimension, value)| label(plan, *dimension, value))
        .collect()
}

fn label(plan: &Plan, dimension: Dimension, value: &str) -> Label {
    let (name, in_plan) = match dimension {
        _ if value.is_empty() => (NONE, None),
        Dimension::Definition => (
            plan.definition_name(value),
            Some(place(plan, dimension, value) != usize::MAX),
        ),
        Dimension::Group => (
            plan.groups
                .iter()
                .find(|own| own.id == value)
                .and_then(|own| own.name.as_deref())
                .unwrap_or(value),
            Some(place(plan, dimension, value) != usize::MAX),
        ),
        _ => (value, None),
    };
    Label {
        id: String::from(value),
        name: String::from(name),
        in_plan,
    }
}
