//! Kept figures: how a stale day becomes a clean one.
//!
//! A day's kept figures are the answers of the very queries that reports run over the rows of stale
//! days. They are written anew in one transaction, which also takes the day's mark away; whatever
//! changes later marks it again.

use super::{
    credit::steps::step_rows,
    dimension::OF_A_VISIT,
    source::{
        VISITORS_APART, conversion_rows, event_rows, of_definitions, of_kinds, traffic_rows,
        visitor_rows,
    },
};

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

    /// The statements of one transaction. `?1` site, `?2` day.
    pub(crate) fn statements(self) -> Vec<String> {
        let day = "= ?2";
        let mut list = match self {
            Self::Traffic => {
                let mut list = vec![
                    clear("traffic_daily", ""),
                    fill("traffic_daily", &traffic_rows(day, &OF_A_VISIT)),
                    clear("events_daily", ""),
                    fill("events_daily", &event_rows(day)),
                    clear("steps_daily", ""),
                    fill("steps_daily", &step_rows(day)),
                    clear("people_daily", " AND measure = 'visitors'"),
                ];
                let visitors =
                    VISITORS_APART.map(|own| fill("people_daily", &visitor_rows(day, own)));
                list.extend(visitors);
                list
            }
            Self::Conversions => vec![
                clear("conversions_daily", ""),
                fill("conversions_daily", &conversion_rows(day)),
                clear("people_daily", " AND measure <> 'visitors'"),
                fill("people_daily", &of_kinds(day)),
                fill("people_daily", &of_definitions(day)),
            ],
        };
        let part = match self {
            Self::Traffic => "traffic",
            Self::Conversions => "conversions",
        };
        list.push(clear("stale_days", &format!(" AND part = '{part}'")));
        list
    }
}

fn clear(table: &str, and: &str) -> String {
    format!("DELETE FROM {table} WHERE site = ?1 AND day = ?2{and}")
}

fn fill(table: &str, rows: &str) -> String {
    format!("INSERT INTO {table} {rows}")
}

/// Stale days of what is kept here, the oldest first: those before `?1`, at most `?2`.
pub(crate) const STALE: &str = "\
SELECT json_array(site, part, day) FROM stale_days
WHERE day < ?1 AND part IN ('traffic', 'conversions')
ORDER BY day, site, part LIMIT CAST(?2 AS INTEGER)";
