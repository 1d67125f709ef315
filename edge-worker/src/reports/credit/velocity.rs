//! The report of how long people take from their first touch to an outcome, and in how many visits.

use super::{
    kept, paths,
    report::{clean, few_enough, lookback},
    tally::{Tally, Velocity},
};
use crate::{
    http::Failure,
    plans::Known,
    reports::{
        Query,
        asked::{Asked, Made, VELOCITY},
        cell::{Cell, Ratio},
        face::Column,
        period::Period,
        query::choice,
        spread::Counts,
        store::{Ask, Store},
        table::{Figure, Label, Row, Table},
    },
};
use goalpost_core::kpi::{Bucket, DAYS, VISITS};
use std::collections::BTreeMap;

/// What rows are told apart by besides their outcome.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Nothing,
    Days,
    Visits,
}

/// Answers it.
pub(crate) async fn velocity(
    store: &impl Store,
    known: &Known,
    query: &Query,
    now: i64,
) -> Result<Made, Failure> {
    let mut asked = Asked::read(query, VELOCITY, known, now)?;
    let lookback = lookback(query, known)?;
    let by = match query.choice("by", &["none", "days", "visits"])? {
        "days" => By::Days,
        "visits" => By::Visits,
        _ => By::Nothing,
    };
    asked.say("lookback", &format!("{lookback}d"));
    let live: Vec<&str> = known
        .plan
        .live_outcomes()
        .map(|own| own.id.as_str())
        .collect();
    let only = query.get("definition");
    if let Some(only) = only {
        choice("definition", only, &live)?;
        asked.say("definition", only);
    }
    let now = gather(store, known, &asked.period, lookback).await?;
    let before = match &asked.previous {
        Some(previous) => Some(gather(store, known, previous, lookback).await?),
        None => None,
    };
    let mut definitions: Vec<&str> = live;
    let others = [Some(&now), before.as_ref()]
        .into_iter()
        .flatten()
        .flat_map(BTreeMap::keys);
    for other in others {
        if !definitions.contains(&other.as_str()) {
            definitions.push(other);
        }
    }
    definitions.retain(|own| only.is_none_or(|only| only == *own));

    let lines = Lines {
        known,
        by,
        now: &now,
        before: before.as_ref(),
    };
    let rows: Vec<Row> = definitions.iter().flat_map(|own| lines.rows(own)).collect();
    let all = |list: &BTreeMap<String, Velocity>| {
        let mut all = Tally::default();
        for own in definitions.iter().filter_map(|own| list.get(*own)) {
            all.velocity(String::new(), own);
        }
        all.velocities.remove("").unwrap_or_default()
    };
    let totals = lines.figures(&|list| Some(all(list)), None);
    let table = Table {
        of: rows.len(),
        rows,
        rest: None,
        totals,
    };
    let face = asked.face("velocity", by.dimensions(), by.columns());
    Ok(asked.made(face, table))
}

async fn gather(
    store: &impl Store,
    known: &Known,
    period: &Period,
    lookback: u32,
) -> Result<BTreeMap<String, Velocity>, Failure> {
    let clean = clean(known, period, lookback);
    let asks = [
        Ask::new(kept::live_days(), clean.clone()),
        Ask::new(kept::velocities(), clean),
    ];
    let mut tally = Tally::default();
    for part in store.parts() {
        let answers = part.batch(&asks).await?;
        let rows = |at: usize| answers.get(at).map_or(&[][..], Vec::as_slice);
        kept::add_velocities(&mut tally, rows(1))?;
        let live = few_enough(kept::read_days(rows(0))?, known, lookback)?;
        let site = &known.plan.site;
        paths::outcomes(part, site, live, lookback, |own| tally.add(own)).await?;
    }
    Ok(tally.velocities)
}

impl By {
    fn dimensions(self) -> Vec<(&'static str, &'static str)> {
        let mut dimensions = vec![("definition", "Definition")];
        match self {
            Self::Nothing => {}
            Self::Days => dimensions.push(("days", "Days from the first touch")),
            Self::Visits => dimensions.push(("visits", "Visits from the first touch")),
        }
        dimensions
    }

    fn columns(self) -> Vec<Column> {
        let outcomes = Column::new("outcomes", "Outcomes with a touch", "count", None);
        if self != Self::Nothing {
            return vec![outcomes];
        }
        let middle = Some(("middle_two", "two"));
        vec![
            outcomes,
            Column::new("untouched", "Outcomes without a touch", "count", None),
            Column::new("median_time", "Median time", "duration", middle),
            Column::new(
                "mean_time",
                "Mean time",
                "duration",
                Some(("time_ms", "outcomes")),
            ),
            Column::new("median_visits", "Median visits", "rate", middle),
            Column::new(
                "mean_visits",
                "Mean visits",
                "rate",
                Some(("visits", "outcomes")),
            ),
        ]
    }

    const fn buckets(self) -> &'static [Bucket] {
        match self {
            Self::Nothing => &[],
            Self::Days => &DAYS,
            Self::Visits => &VISITS,
        }
    }

    /// What the columns say of it; of a bucket alone if there is one.
    fn cells(self, own: &Velocity, bucket: Option<Bucket>) -> Vec<Cell> {
        let counts = match self {
            Self::Nothing => {
                return vec![
                    count(own.outcomes),
                    count(own.untouched),
                    median(&own.seconds),
                    seconds(
                        u64::try_from(own.took_ms)
                            .ok()
                            .map(|took| (took, own.outcomes)),
                    ),
                    each(
                        own.visits.twice_median().unwrap_or_default(),
                        if own.outcomes == 0 { 0 } else { 2 },
                    ),
                    each(own.visits.sum(), own.outcomes),
                ];
            }
            Self::Days => &own.days,
            Self::Visits => &own.visits,
        };
        let held = |value: u64| {
            bucket
                .is_none_or(|bucket| value >= bucket.from && bucket.to.is_none_or(|to| value <= to))
        };
        let sum = counts
            .iter()
            .filter(|(value, _)| held(*value))
            .fold(0u64, |sum, (_, count)| sum.saturating_add(count));
        vec![count(sum)]
    }
}

fn count(count: u64) -> Cell {
    Cell::Count(i64::try_from(count).unwrap_or(i64::MAX))
}

fn each(numerator: u64, denominator: u64) -> Cell {
    Cell::Rate(Ratio::new(numerator.into(), denominator.into(), 2, 0))
}

/// Milliseconds by a count, in seconds.
fn seconds(quotient: Option<(u64, u64)>) -> Cell {
    let (numerator, denominator) = quotient.unwrap_or_default();
    Cell::Rate(Ratio::new(numerator.into(), denominator.into(), 0, 3))
}

/// A median, in seconds: its numerator is the middle two in milliseconds.
pub(in crate::reports) fn median(counts: &Counts) -> Cell {
    seconds(
        counts
            .twice_median()
            .map(|twice| (twice.saturating_mul(1_000), 2)),
    )
}

/// What rows are made of.
struct Lines<'a> {
    known: &'a Known,
    by: By,
    now: &'a BTreeMap<String, Velocity>,
    before: Option<&'a BTreeMap<String, Velocity>>,
}

impl Lines<'_> {
    fn rows(&self, definition: &str) -> Vec<Row> {
        let label = Label {
            id: String::from(definition),
            name: String::from(self.known.plan.definition_name(definition)),
            in_plan: Some(
                self.known
                    .plan
                    .live_outcomes()
                    .any(|own| own.id == definition),
            ),
        };
        let own = |list: &BTreeMap<String, Velocity>| list.get(definition).cloned();
        if self.by == By::Nothing {
            return vec![Row {
                labels: vec![label],
                figures: self.figures(&own, None),
            }];
        }
        self.by
            .buckets()
            .iter()
            .map(|bucket| Row {
                labels: vec![
                    label.clone(),
                    Label {
                        id: bucket.text(),
                        name: bucket.text(),
                        in_plan: None,
                    },
                ],
                figures: self.figures(&own, Some(*bucket)),
            })
            .collect()
    }

    fn figures(
        &self,
        of: &dyn Fn(&BTreeMap<String, Velocity>) -> Option<Velocity>,
        bucket: Option<Bucket>,
    ) -> Vec<Figure> {
        let cells = |list| self.by.cells(&of(list).unwrap_or_default(), bucket);
        let previous = self.before.map(cells);
        cells(self.now)
            .into_iter()
            .enumerate()
            .map(|(at, value)| Figure {
                value,
                previous: previous.as_ref().and_then(|own| own.get(at).cloned()),
            })
            .collect()
    }
}
