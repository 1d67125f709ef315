//! How many carts were bought, given up, and bought after all.

use super::{
    super::{
        cell::{Cell, Ratio},
        dimension::NONE,
        face::Column,
        period::Period,
        table::{Figure, Label, Row, Table},
    },
    Owned,
};
use crate::carts::Begun;
use goalpost_core::Zone;
use std::{cmp::Reverse, collections::BTreeMap};

/// How many carts became what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    carts: u32,
    /// In time.
    bought: u32,
    /// Given up, whether or not they were bought later.
    abandoned: u32,
    /// Given up, and bought after all.
    recovered: u32,
}

impl Tally {
    fn add(&mut self, begun: &Begun) {
        let abandoned = begun.cart.abandoned_at.is_some();
        let bought = begun.cart.purchased_at.is_some();
        for (count, counts) in [
            (&mut self.carts, true),
            (&mut self.bought, bought && !abandoned),
            (&mut self.abandoned, abandoned),
            (&mut self.recovered, bought && abandoned),
        ] {
            *count = count.saturating_add(u32::from(counts));
        }
    }

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
    period: Period,
    now: Tallies,
    before: Option<Tallies>,
}

impl Figures {
    pub(super) fn of(carts: &[Owned<'_>], by: &'static str, period: &Period, zone: &Zone) -> Self {
        let mut figures = Self {
            by,
            period: period.clone(),
            now: Tallies::default(),
            before: None,
        };
        figures.now = figures.tallies(carts, zone, |day| day);
        figures
    }

    /// Sets the carts of the days before beside these.
    pub(super) fn compare(&mut self, carts: &[Owned<'_>], previous: &Period, zone: &Zone) {
        let before = self.tallies(carts, zone, |day| previous.shifted(&day));
        self.before = Some(before);
    }

    fn tallies(&self, carts: &[Owned<'_>], zone: &Zone, day: impl Fn(String) -> String) -> Tallies {
        let mut tallies = Tallies::default();
        if self.by == "day" {
            let days = self.period.days();
            tallies.rows = days
                .into_iter()
                .map(|day| (day, Tally::default()))
                .collect();
        }
        for (_, begun) in carts {
            tallies.whole.add(begun);
            let key = match self.by {
                "day" => day(zone.date(begun.cart.first_add).text()),
                "channel" => begun.channel.clone(),
                "device" => begun.device.clone(),
                _ => continue,
            };
            tallies.rows.entry(key).or_default().add(begun);
        }
        tallies
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
        let now = |key: &str| self.now.rows.get(key).copied().unwrap_or_default();
        if self.by != "day" {
            keys.sort_by_key(|key| Reverse(now(key).carts));
        }
        let of = keys.len();
        let rows = keys.into_iter().take(limit).map(|key| {
            let before = before.map(|own| own.rows.get(key).copied().unwrap_or_default());
            Row {
                labels: vec![label(key)],
                figures: figures(now(key), before),
            }
        });
        Table {
            rows: rows.collect(),
            of,
            rest: None,
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
