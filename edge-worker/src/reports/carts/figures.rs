//! How many carts were bought, given up, and bought after all.

use super::{
    super::{
        cell::Ratio,
        csv::{guarded, push_line},
    },
    Owned,
};
use crate::{carts::Begun, openapi::shape};
use goalpost_core::Zone;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How many carts became what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
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

    /// Neither bought nor given up yet.
    const fn open(self) -> u32 {
        self.carts
            .saturating_sub(self.bought)
            .saturating_sub(self.abandoned)
    }

    /// A cart that is still open says nothing yet.
    fn abandonment(self) -> Ratio {
        let settled = self.bought.saturating_add(self.abandoned);
        Ratio::rate(i128::from(self.abandoned), i128::from(settled))
    }

    fn recovery(self) -> Ratio {
        Ratio::rate(i128::from(self.recovered), i128::from(self.abandoned))
    }

    pub(super) fn json(self) -> Value {
        json!({
            "carts": self.carts,
            "bought": self.bought,
            "abandoned": self.abandoned,
            "recovered": self.recovered,
            "open": self.open(),
            "abandonment_rate":
                self.abandonment().json(Some(("abandoned", "bought+abandoned")), None),
            "recovery_rate": self.recovery().json(Some(("recovered", "abandoned")), None),
        })
    }

    fn fields(self) -> [String; 7] {
        let counts = [
            self.carts,
            self.bought,
            self.abandoned,
            self.recovered,
            self.open(),
        ];
        let [carts, bought, abandoned, recovered, open] = counts.map(|count| count.to_string());
        let rate = |ratio: Ratio| ratio.decimal.unwrap_or_default();
        [
            carts,
            bought,
            abandoned,
            recovered,
            open,
            rate(self.abandonment()),
            rate(self.recovery()),
        ]
    }
}

/// The report's rows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Figures {
    pub(super) totals: Tally,
    rows: Vec<(String, Tally)>,
}

impl Figures {
    /// Days in order, all else by how many carts there are.
    pub(super) fn of(carts: &[Owned<'_>], by: &str, zone: &Zone) -> Self {
        let mut totals = Tally::default();
        let mut rows: BTreeMap<String, Tally> = BTreeMap::new();
        for (_, begun) in carts {
            totals.add(begun);
            let key = match by {
                "day" => zone.date(begun.cart.first_add).text(),
                "channel" => begun.channel.clone(),
                "device" => begun.device.clone(),
                _ => continue,
            };
            rows.entry(key).or_default().add(begun);
        }
        let mut rows: Vec<_> = rows.into_iter().collect();
        if by != "day" {
            rows.sort_by_key(|(_, tally)| std::cmp::Reverse(tally.carts));
        }
        Self { totals, rows }
    }

    pub(super) fn rows(&self) -> Vec<Value> {
        self.rows
            .iter()
            .map(|(key, tally)| {
                let mut row = tally.json();
                if let Some(fields) = row.as_object_mut() {
                    fields.insert(String::from("value"), json!(key));
                }
                row
            })
            .collect()
    }

    pub(super) fn csv(&self, by: &str) -> String {
        let names = [
            by,
            "carts",
            "bought",
            "abandoned",
            "recovered",
            "open",
            "abandonment_rate",
            "recovery_rate",
        ];
        let mut out = String::new();
        push_line(&mut out, names.into_iter().map(String::from));
        for (key, tally) in &self.rows {
            push_line(&mut out, [guarded(key)].into_iter().chain(tally.fields()));
        }
        let total = [String::from("(total)")].into_iter();
        push_line(&mut out, total.chain(self.totals.fields()));
        out
    }
}

/// The fields of [`Tally::json`].
pub(super) fn tally_schema() -> Vec<(&'static str, Value)> {
    let rate = || {
        shape::object(&[
            ("numerator", shape::integer("What was counted.")),
            ("numerator_name", shape::text("Its name.")),
            ("denominator", shape::integer("Of how many.")),
            ("denominator_name", shape::text("Their name.")),
            (
                "decimal",
                json!({"type": ["string", "null"], "description": "Null is no data."}),
            ),
        ])
    };
    vec![
        ("carts", shape::integer("Carts that were begun.")),
        ("bought", shape::integer("Bought in time.")),
        (
            "abandoned",
            shape::integer("Given up, whether or not they were bought later."),
        ),
        (
            "recovered",
            shape::integer("Given up, and bought after all."),
        ),
        ("open", shape::integer("Neither yet.")),
        ("abandonment_rate", rate()),
        ("recovery_rate", rate()),
    ]
}
