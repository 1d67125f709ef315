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

    /// What makes a day clean, in one transaction; `groups` is JSON with the group of each outcome.
    pub(crate) fn asks(self, site: &str, day: &str, groups: &str) -> Vec<Ask> {
        let on_day = "= ?2";
        let ask = |sql: String| Ask::new(sql, [site, day]);
        let by_groups = |sql: String| Ask::new(sql, [site, day, groups]);
        let mut asks = match self {
            Self::Traffic => {
                let mut asks = vec![
                    ask(clear("traffic_daily", "")),
                    ask(fill(TRAFFIC, &traffic_rows(on_day))),
                    ask(clear("events_daily", "")),
                    ask(fill(EVENTS, &event_rows(on_day))),
                    ask(clear("steps_daily", "")),
                    ask(fill(STEPS, &step_rows(on_day))),
                    ask(clear("people_daily", " AND measure = 'visitors'")),
                    ask(fill(PEOPLE, &visitor_rows(on_day, &[]))),
                ];
                let apart = people_apart();
                let visitors = apart
                    .iter()
                    .map(|own| ask(fill(PEOPLE, &visitor_rows(on_day, own))));
                asks.extend(visitors);
                asks
            }
            Self::Conversions => vec![
                ask(clear("conversions_daily", "")),
                ask(fill(CONVERSIONS, &conversion_rows(on_day))),
                ask(clear("people_daily", " AND measure <> 'visitors'")),
                ask(fill(PEOPLE, &of_kinds(on_day))),
                ask(fill(PEOPLE, &of_definitions(on_day))),
                ask(fill(PEOPLE, &of_arrivals(on_day, &people_apart()))),
                by_groups(fill(PEOPLE, &of_groups(on_day, "?3"))),
                by_groups(String::from(GROUPED)),
            ],
        };
        let part = match self {
            Self::Traffic => "traffic",
            Self::Conversions => "conversions",
        };
        asks.push(ask(clear("stale_days", &format!(" AND part = '{part}'"))));
        asks
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

// The columns are named so that a table may get others: an older Worker then still fills it.

const TRAFFIC: &str = "\
traffic_daily (site, day, cut, channel, source, medium, campaign, landing, device, country, sessions,
  engaged, bounces, pages, duration_ms, new_visitors, landing_hits)";

const EVENTS: &str = "events_daily (site, day, kind, name, events, sessions)";

const STEPS: &str = "steps_daily (site, day, dimension, came_from, went_to, steps)";

const PEOPLE: &str = "people_daily (site, day, measure, dimension, value, previous, people)";

const CONVERSIONS: &str = "\
conversions_daily (site, day, cut, definition, kind, currency, channel, source, medium, campaign, landing,
  device, country, conversions, voided, points, converted, converted_of_kind, new_customers, claimed,
  claimed_refunded, verified, verified_refunded)";

fn fill(table: &str, rows: &str) -> String {
    format!("INSERT INTO {table} {rows}")
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
