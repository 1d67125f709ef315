//! The lines of what each value brought, as a table.

use super::{
    models::{Chosen, Sums},
    tally::WHOLE,
};
use crate::reports::{
    cell::{Cell, Ratio},
    dimension::NONE,
    face::Column,
    table::{Figure, Label, Row, Table},
};
use std::collections::{BTreeMap, BTreeSet};

/// What the row of outcomes without a touch is called.
const UNTOUCHED: &str = "(unattributed)";

/// What a row has: of each model what it gives, and what the row cost.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    pub(super) models: Vec<Sums>,
    pub(super) cost: BTreeMap<String, i128>,
}

impl Line {
    /// A line without anything.
    pub(super) fn nothing(models: &Chosen) -> Self {
        Self {
            models: vec![Sums::default(); models.list().len()],
            cost: BTreeMap::new(),
        }
    }
}

/// Lines by value; `None` is the row of outcomes without a touch.
pub(super) type Sheet = BTreeMap<Option<String>, Line>;

const CREDITED: Option<(&str, &str)> = Some(("credited_millionths", "millionths_of_a_conversion"));

pub(super) fn columns(models: &Chosen, with_costs: bool) -> Vec<Column> {
    let mut columns = Vec::new();
    for model in models.list() {
        let (before, by) = if models.list().len() > 1 {
            (format!("{}_", model.name()), format!(", {}", model.name()))
        } else {
            (String::new(), String::new())
        };
        let id = |own: &str| format!("{before}{own}");
        let name = |own: &str| format!("{own}{by}");
        columns.push(Column::new(
            id("conversions"),
            name("Credited conversions"),
            "rate",
            CREDITED,
        ));
        columns.push(Column::new(
            id("net"),
            name("Verified less refunded"),
            "money",
            None,
        ));
        columns.push(Column::new(
            id("claimed_net"),
            name("Claimed less refunded"),
            "money",
            None,
        ));
        if with_costs {
            columns.push(Column::new(
                id("return_on_spend"),
                name("Verified return on spend"),
                "money_rate",
                Some(("net", "cost")),
            ));
            columns.push(Column::new(
                id("return_on_spend_with_claimed"),
                name("Return on spend, claimed included"),
                "money_rate",
                Some(("net+claimed_net", "cost")),
            ));
        }
    }
    if with_costs {
        columns.push(Column::new("cost", "Cost", "money", None));
    }
    columns
}

fn cells(line: &Line, with_costs: bool) -> Vec<Cell> {
    let mut cells = Vec::new();
    for own in &line.models {
        cells.push(Cell::Rate(Ratio::new(
            i128::from(own.parts),
            i128::from(WHOLE),
            6,
            0,
        )));
        cells.push(Cell::Money(own.verified.clone()));
        cells.push(Cell::Money(own.claimed.clone()));
        if with_costs {
            cells.push(returns(&own.verified, &line.cost));
            cells.push(returns(&own.both(), &line.cost));
        }
    }
    if with_costs {
        cells.push(Cell::Money(line.cost.clone()));
    }
    cells
}

/// What came back of what was spent; in a currency that nothing was spent in, it is no data.
fn returns(brought: &BTreeMap<String, i128>, cost: &BTreeMap<String, i128>) -> Cell {
    let of = |sums: &BTreeMap<String, i128>, currency: &str| {
        sums.get(currency).copied().unwrap_or_default()
    };
    let currencies: BTreeSet<&String> = brought.keys().chain(cost.keys()).collect();
    Cell::Rates(
        currencies
            .into_iter()
            .map(|own| (own.clone(), Ratio::rate(of(brought, own), of(cost, own))))
            .collect(),
    )
}

fn sum<'a>(models: &Chosen, lines: impl Iterator<Item = &'a Line>) -> Line {
    let mut all = Line::nothing(models);
    for line in lines {
        for (sums, more) in all.models.iter_mut().zip(&line.models) {
            sums.add(more);
        }
        for (currency, minor) in &line.cost {
            let own = all.cost.entry(currency.clone()).or_default();
            *own = own.saturating_add(*minor);
        }
    }
    all
}

pub(super) fn table(
    models: &Chosen,
    with_costs: bool,
    limit: usize,
    now: &Sheet,
    before: Option<&Sheet>,
) -> Table {
    let mut keys: Vec<&Option<String>> = now
        .keys()
        .chain(before.into_iter().flat_map(Sheet::keys))
        .collect();
    keys.sort();
    keys.dedup();
    let weight = |key: &Option<String>| {
        let first = now.get(key).and_then(|line| line.models.first());
        first.map_or(0, |own| own.parts)
    };
    // What nobody can be thanked for comes last.
    keys.sort_by_key(|key| (key.is_none(), std::cmp::Reverse(weight(key))));
    let none = Line::nothing(models);
    let figures = |of: &dyn Fn(&Sheet) -> Line| -> Vec<Figure> {
        let values = cells(&of(now), with_costs);
        let previous = before.map(|before| cells(&of(before), with_costs));
        values
            .into_iter()
            .enumerate()
            .map(|(at, value)| Figure {
                value,
                previous: previous.as_ref().and_then(|own| own.get(at).cloned()),
            })
            .collect()
    };
    let rows = keys
        .iter()
        .take(limit)
        .map(|key| Row {
            labels: vec![label(key.as_deref())],
            figures: figures(&|sheet| sheet.get(*key).unwrap_or(&none).clone()),
        })
        .collect();
    let hidden: BTreeSet<&Option<String>> = keys.iter().skip(limit).copied().collect();
    let of_hidden = |sheet: &Sheet| {
        sum(
            models,
            sheet
                .iter()
                .filter(|(key, _)| hidden.contains(key))
                .map(|(_, line)| line),
        )
    };
    Table {
        rows,
        of: keys.len(),
        rest: (!hidden.is_empty()).then(|| figures(&of_hidden)),
        totals: figures(&|sheet| sum(models, sheet.values())),
    }
}

fn label(value: Option<&str>) -> Label {
    let (id, name) = match value {
        None => (UNTOUCHED, UNTOUCHED),
        Some("") => ("", NONE),
        Some(value) => (value, value),
    };
    Label {
        id: String::from(id),
        name: String::from(name),
        in_plan: None,
    }
}
