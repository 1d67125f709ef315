//! Kept figures of a day, computed anew by the queries that they were kept by.
//!
//! Kept by Rust, and not looked at here: what arrivals are credited with, funnels and carts.

use super::{Difference, Of, Step};
use crate::{
    http::Failure,
    reports::{
        Ask, Store,
        kept::{Part, Share},
    },
};
use std::collections::BTreeSet;

/// Sessions, or conversions, of a day that is still computed anew.
const MOST: u32 = 5_000;

/// The first day after `?2` of which something is there or is kept, and which is clean. `?1` site, `?3`
/// groups.
///
/// It looks at one row a day.
fn next_day(part: Part) -> String {
    let (rows, index, kept) = tables(part);
    let first = |after: &str| {
        format!(
            "(SELECT min(day) FROM (
      SELECT min(day) AS day FROM {rows} INDEXED BY {index} WHERE site = ?1 AND day > {after}
      UNION ALL
      SELECT min(day) FROM {kept} WHERE site = ?1 AND day > {after}))"
        )
    };
    let grouped = match part {
        Part::Traffic => "",
        Part::Conversions => {
            "AND EXISTS (
    SELECT 1 FROM kept_days AS k
    WHERE k.site = ?1 AND k.part = 'groups' AND k.day = d.day AND k.made_for = json(?3))"
        }
    };
    format!(
        "\
WITH RECURSIVE d(day) AS (
  SELECT {first}
  UNION ALL
  SELECT {then} FROM d WHERE d.day IS NOT NULL)
SELECT json_quote(d.day) FROM d
WHERE d.day IS NOT NULL
  AND NOT EXISTS (
    SELECT 1 FROM stale_days AS s
    WHERE s.site = ?1 AND s.part = '{name}' AND s.day = d.day)
  {grouped}
LIMIT 1",
        first = first("?2"),
        then = first("d.day"),
        name = part.name(),
    )
}

/// Where the rows of a day are, by which index, and what is kept of them first.
const fn tables(part: Part) -> (&'static str, &'static str, &'static str) {
    match part {
        Part::Traffic => ("sessions", "sessions_by_day", "traffic_daily"),
        Part::Conversions => ("conversions", "conversions_by_day", "conversions_daily"),
    }
}

/// Whether a day of the site `?1` has more rows than are looked at.
fn is_large(part: Part) -> String {
    let (rows, index, _) = tables(part);
    format!(
        "SELECT json_quote(count(*)) FROM (
  SELECT 1 FROM {rows} INDEXED BY {index} WHERE site = ?1 AND day = ?2 LIMIT {MOST} + 1)"
    )
}

/// One day of one part: first all days of sessions, then all of conversions.
pub(super) async fn step(store: &impl Store, of: Of<'_>, cursor: &str) -> Result<Step, Failure> {
    let (name, day): (String, String) = if cursor.is_empty() {
        (Part::Traffic.name().into(), String::new())
    } else {
        serde_json::from_str(cursor)?
    };
    let part = Part::parse(&name).unwrap_or(Part::Traffic);
    let ask = Ask::bound(next_day(part), &[of.site, &day, of.groups]);
    let Some(day) = store.rows(ask).await?.into_iter().next() else {
        let next = (part == Part::Traffic).then_some((Part::Conversions.name(), ""));
        return Ok(Step {
            next: next.map(|own| serde_json::to_string(&own)).transpose()?,
            ..Step::default()
        });
    };
    let day: String = serde_json::from_str(&day)?;
    let mut step = compare(store, of, part, &day).await?;
    step.next = Some(serde_json::to_string(&(part.name(), &day))?);
    Ok(step)
}

async fn compare(store: &impl Store, of: Of<'_>, part: Part, day: &str) -> Result<Step, Failure> {
    let count = store.rows(Ask::new(is_large(part), [of.site, day])).await?;
    let count = count.first().and_then(|own| own.parse::<u32>().ok());
    if count.is_some_and(|count| count > MOST) {
        return Ok(Step {
            skipped: 1,
            ..Step::default()
        });
    }
    let shares = part.shares();
    let values = [of.site, day, of.groups];
    let stale = format!(
        "SELECT json_quote(day) FROM stale_days WHERE site = ?1 AND day = ?2 AND part = '{}'",
        part.name()
    );
    let mut asks = vec![Ask::bound(stale, &values)];
    for share in &shares {
        asks.push(Ask::bound(share.kept(), &values));
        asks.extend(share.anew().map(|sql| Ask::bound(sql, &values)));
    }
    let mut answers = store.batch(&asks).await?.into_iter();
    let mut step = Step::default();
    // It has changed since it was chosen: then nothing is kept of it.
    if answers.next().is_some_and(|stale| !stale.is_empty()) {
        return Ok(step);
    }
    for share in &shares {
        let kept: BTreeSet<String> = answers.next().unwrap_or_default().into_iter().collect();
        let anew: BTreeSet<String> = share
            .rows
            .iter()
            .filter_map(|_| answers.next())
            .flatten()
            .collect();
        step.compared = step.compared.saturating_add(anew.len());
        if kept != anew {
            let what = format!("{} {day}", share.table.name);
            step.differences
                .push(Difference::new(what, &told(&kept, &anew)));
        }
    }
    Ok(step)
}

fn told(kept: &BTreeSet<String>, anew: &BTreeSet<String>) -> String {
    let wrong: Vec<&String> = kept.difference(anew).collect();
    let right: Vec<&String> = anew.difference(kept).collect();
    let first = |rows: &[&String]| {
        rows.first()
            .map_or("nothing", |row| row.as_str())
            .to_owned()
    };
    format!(
        "{} rows are kept that do not follow, {} rows are missing; the first: {} is kept, {} follows",
        wrong.len(),
        right.len(),
        first(&wrong),
        first(&right)
    )
}

impl Share {
    /// Its rows, each one JSON text.
    fn kept(&self) -> String {
        let Self { table, and, .. } = self;
        let (columns, name) = (table.columns, table.name);
        self.as_json(&format!(
            "SELECT {columns} FROM {name} WHERE site = ?1 AND day = ?2{and}"
        ))
    }

    /// What they follow from, likewise.
    fn anew(&self) -> impl Iterator<Item = String> {
        self.rows.iter().map(|rows| self.as_json(rows))
    }

    fn as_json(&self, rows: &str) -> String {
        let names = self.table.columns;
        format!("WITH r({names}) AS (\n{rows})\nSELECT json_array({names}) FROM r")
    }
}
