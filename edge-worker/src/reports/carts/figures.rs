//! How many carts were bought, given up, and bought after all.

use super::{
    super::{
        cell::{Cell, Ratio},
        dimension::NONE,
        face::Column,
        period::Period,
        table::{Figure, Label, Row, Table},
    },
    tally::{Sheet, Tally},
};
use std::{cmp::Reverse, collections::BTreeMap};

impl Tally {
    /// In the order of the [`columns`]. A cart that is still open says nothing of a rate yet.
    fn cells(self) -> [Cell; 7] {
        let settled = self.bought.saturating_add(self.abandoned);
        let open = self.carts.saturating_sub(settled);
        let count = |count: u32| Cell::Count(i64::from(count));
        let rate = |own: u32, of: u32| Cell::Rate(Ratio::rate(i128::from(own), i128::from(of)));
        [
            count(self.carts),
            count(self.bought),
            count(self.abandoned),
            count(self.recovered),
            count(open),
            rate(self.abandoned, settled),
            rate(self.recovered, self.abandoned),
        ]
    }
}

/// The report's columns.
pub(super) fn columns() -> Vec<Column> {
    let rates = [
        Some(("abandoned", "bought+abandoned")),
        Some(("recovered", "abandoned")),
    ];
    vec![
        Column::new("carts", "Carts begun", "count", None),
        Column::new("bought", "Bought in time", "count", None),
        Column::new("abandoned", "Abandoned", "count", None),
        Column::new("recovered", "Bought after all", "count", None),
        Column::new("open", "Still open", "count", None),
        Column::new("abandonment_rate", "Abandonment rate", "rate", rates[0]),
        Column::new("recovery_rate", "Recovery rate", "rate", rates[1]),
    ]
}

/// Tallies of a period, as a whole and by what rows are told apart by.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tallies {
    whole: Tally,
    rows: BTreeMap<String, Tally>,
}

/// The report's figures.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Figures {
    by: &'static str,
    now: Tallies,
    before: Option<Tallies>,
}

impl Figures {
    /// Those of a period at `now`, beside those of the days before where they are asked for.
    pub(super) fn of(
        by: &'static str,
        period: &Period,
        sheet: &Sheet,
        before: Option<(&Period, &Sheet)>,
        now: i64,
    ) -> Self {
        let tallies = |sheet: &Sheet, day: &dyn Fn(&str) -> String| {
            let mut tallies = Tallies::default();
            if by == "day" {
                let days = period.days().into_iter();
                tallies.rows = days.map(|day| (day, Tally::default())).collect();
            }
            for (key, fates) in &sheet.0 {
                let own = fates.at(now);
                tallies.whole.add(own);
                let value = match by {
                    "day" => day(&key.day),
                    "channel" => key.channel.clone(),
                    "device" => key.device.clone(),
                    _ => continue,
                };
                tallies.rows.entry(value).or_default().add(own);
            }
            tallies
        };
        Self {
            by,
            now: tallies(sheet, &|day| String::from(day)),
            before: before.map(|(previous, sheet)| tallies(sheet, &|day| previous.shifted(day))),
        }
    }

    /// The id and the name of what rows are told apart by.
    pub(super) fn dimension(&self) -> Option<(&'static str, &'static str)> {
        match self.by {
            "day" => Some(("day", "Day")),
            "channel" => Some(("channel", "Channel")),
            "device" => Some(("device", "Device")),
            _ => None,
        }
    }

    /// Days in order, all else by how many carts there are.
    pub(super) fn table(&self, limit: usize) -> Table {
        let totals = || figures(self.now.whole, self.before.as_ref().map(|own| own.whole));
        if self.by == "none" {
            return Table {
                rows: vec![Row {
                    labels: Vec::new(),
                    figures: totals(),
                }],
                of: 1,
                rest: None,
                totals: totals(),
            };
        }
        let before = self.before.as_ref();
        let mut keys: Vec<&String> = self.now.rows.keys().collect();
        keys.extend(before.into_iter().flat_map(|own| own.rows.keys()));
        keys.sort();
        keys.dedup();
        let own = |tallies: &Tallies, key: &str| tallies.rows.get(key).copied().unwrap_or_default();
        if self.by != "day" {
            keys.sort_by_key(|key| Reverse(own(&self.now, key).carts));
        }
        let rows = keys.iter().take(limit).map(|key| Row {
            labels: vec![label(key)],
            figures: figures(own(&self.now, key), before.map(|before| own(before, key))),
        });
        let rest = |tallies: &Tallies| {
            let mut rest = Tally::default();
            for key in keys.iter().skip(limit) {
                rest.add(own(tallies, key));
            }
            rest
        };
        Table {
            rows: rows.collect(),
            of: keys.len(),
            rest: (limit < keys.len()).then(|| figures(rest(&self.now), before.map(rest))),
            totals: totals(),
        }
    }
}

fn figures(now: Tally, before: Option<Tally>) -> Vec<Figure> {
    let before = before.map(Tally::cells).into_iter().flatten();
    let mut before = before.map(Some).chain(std::iter::repeat_with(|| None));
    now.cells()
        .into_iter()
        .map(|value| Figure {
            value,
            previous: before.next().flatten(),
        })
        .collect()
}

/// A value that needs no other name.
pub(super) fn label(value: &str) -> Label {
    Label {
        id: String::from(value),
        name: String::from(if value.is_empty() { NONE } else { value }),
        in_plan: None,
    }
}
