//! Kept figures: how a stale day becomes a clean one.
//!
//! A day's kept figures are the answers of the very queries that reports run over the rows of stale
//! days. They are written anew in one transaction, which also takes the day's mark away; whatever
//! changes later marks it again.

use super::{
    credit::steps::step_rows,
    dimension::{Dimension, OF_A_VISIT},
    source::{
        PAIR, conversion_rows, event_rows, of_arrivals, of_definitions, of_groups, of_kinds,
        traffic_rows, visitor_rows,
    },
    store::Ask,
};
use goalpost_core::plan::Plan;
use serde_json::{Map, Value, json};

/// A part of a site's figures whose kept days are written together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Traffic,
    Conversions,
}

impl Part {
    /// The part of that name in `stale_days`.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "traffic" => Some(Self::Traffic),
            "conversions" => Some(Self::Conversions),
            _ => None,
        }
    }

    /// Its name in `stale_days`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Traffic => "traffic",
            Self::Conversions => "conversions",
        }
    }

    /// Of which rows a day's figures are, and what they follow from: of each, `?1` is the site, `?2` the
    /// day, and where there is a `?3`, that is JSON with the group of each outcome.
    pub(crate) fn shares(self) -> Vec<Share> {
        let on_day = "= ?2";
        let apart = people_apart();
        match self {
            Self::Traffic => {
                let by = apart.iter().map(|own| visitor_rows(on_day, own));
                let visitors = std::iter::once(visitor_rows(on_day, &[])).chain(by);
                vec![
                    Share::whole(TRAFFIC, traffic_rows(on_day)),
                    Share::whole(EVENTS, event_rows(on_day)),
                    Share::whole(STEPS, step_rows(on_day)),
                    Share::people(" AND measure = 'visitors'", visitors.collect()),
                ]
            }
            Self::Conversions => vec![
                Share::whole(CONVERSIONS, conversion_rows(on_day)),
                Share::people(
                    " AND measure <> 'visitors'",
                    vec![
                        of_kinds(on_day),
                        of_definitions(on_day),
                        of_arrivals(on_day, &apart),
                        of_groups(on_day, "?3"),
                    ],
                ),
            ],
        }
    }

    /// What makes a day clean, in one transaction; `groups` is JSON with the group of each outcome.
    pub(crate) fn asks(self, site: &str, day: &str, groups: &str) -> Vec<Ask> {
        let ask = |sql: String| Ask::bound(sql, &[site, day, groups]);
        let mut asks = Vec::new();
        for Share {
            table, and, rows, ..
        } in self.shares()
        {
            asks.push(ask(clear(table.name, and)));
            asks.extend(rows.iter().map(|rows| ask(fill(table, rows))));
        }
        if self == Self::Conversions {
            asks.push(ask(String::from(GROUPED)));
        }
        asks.push(ask(clear(
            "stale_days",
            &format!(" AND part = '{}'", self.name()),
        )));
        asks
    }
}

/// Rows of a kept table, and the queries whose answers they are.
pub(crate) struct Share {
    pub(crate) table: Table,
    /// Which rows of the day, if not all of them.
    pub(crate) and: &'static str,
    pub(crate) rows: Vec<String>,
}

impl Share {
    fn whole(table: Table, rows: String) -> Self {
        Self {
            table,
            and: "",
            rows: vec![rows],
        }
    }

    const fn people(and: &'static str, rows: Vec<String>) -> Self {
        Self {
            table: PEOPLE,
            and,
            rows,
        }
    }
}

/// What people are kept by, beside all of them together.
fn people_apart() -> Vec<&'static [Dimension]> {
    let mut apart: Vec<&[Dimension]> = OF_A_VISIT.chunks(1).collect();
    apart.push(&PAIR);
    apart
}

fn clear(table: &str, and: &str) -> String {
    format!("DELETE FROM {table} WHERE site = ?1 AND day = ?2{and}")
}

/// A table, and those of its columns that are filled: it may get others, and an older Worker then still
/// fills it.
#[derive(Clone, Copy)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static str,
}

const TRAFFIC: Table = Table {
    name: "traffic_daily",
    columns: "site, day, cut, channel, source, medium, campaign, landing, device, country, sessions, \
              engaged, bounces, pages, duration_ms, new_visitors, landing_hits",
};

const EVENTS: Table = Table {
    name: "events_daily",
    columns: "site, day, kind, name, events, sessions",
};

const STEPS: Table = Table {
    name: "steps_daily",
    columns: "site, day, dimension, came_from, went_to, steps",
};

const PEOPLE: Table = Table {
    name: "people_daily",
    columns: "site, day, measure, dimension, value, previous, people",
};

const CONVERSIONS: Table = Table {
    name: "conversions_daily",
    columns: "site, day, cut, definition, kind, currency, channel, source, medium, campaign, landing, \
              device, country, conversions, voided, points, converted, converted_of_kind, \
              new_customers, claimed, claimed_refunded, verified, verified_refunded",
};

fn fill(Table { name, columns }: Table, rows: &str) -> String {
    format!("INSERT INTO {name} ({columns}) {rows}")
}

/// Notes by which groups a day's people are kept.
const GROUPED: &str = "\
INSERT INTO kept_days (site, part, day, made_for, claim) VALUES (?1, 'groups', ?2, json(?3), '')
ON CONFLICT DO UPDATE SET made_for = excluded.made_for";

/// The group of each outcome that has one, as people are kept by.
pub(crate) fn groups(plan: &Plan) -> Map<String, Value> {
    plan.outcomes
        .iter()
        .filter_map(|own| Some((own.id.clone(), json!(own.group.as_ref()?))))
        .collect()
}

/// Days of the site `?1` before `?2` that are to be kept anew, the oldest first, at most `?4`: those
/// that have changed, and those whose people are kept by other groups than `?3`.
pub(crate) const DUE: &str = "\
SELECT json_array(part, day)
FROM (
  SELECT part, day FROM stale_days
  WHERE site = ?1 AND part IN ('traffic', 'conversions') AND day < ?2
  UNION
  SELECT 'conversions', day FROM kept_days
  WHERE site = ?1 AND part = 'groups' AND day < ?2 AND made_for <> json(?3))
ORDER BY day, part LIMIT CAST(?4 AS INTEGER)";
