//! Kept carts: what became of those that were begun in the sessions of a day.
//!
//! A cart that nobody buys is given up at a time that is known before, so it is kept with that time,
//! and whoever asks later counts it as it then is.

use super::tally::{Fates, Key, Sheet};
use crate::{
    carts::{Whose, owners},
    http::Failure,
    plans::Known,
    reports::{
        claim::{CLEAN, Failed, Part},
        period::{self, Period},
        store::{Ask, Store},
    },
};
use goalpost_core::Date;
use serde_json::json;
use std::collections::BTreeSet;

pub(super) const PART: &str = "carts";

/// The part of a site's figures that is made for such a time, and for such days.
pub(crate) fn part(known: &Known) -> Part<'_> {
    Part {
        site: &known.plan.site,
        name: PART,
        setting: format!(
            "{} {}",
            known.reporting.cart_abandoned_after_ms, known.plan.timezone
        ),
        tables: &["carts_daily"],
    }
}

/// The clean days; their kept carts; and the people who began one on any other day. Values as
/// [`CLEAN`]'s.
pub(super) fn questions() -> [String; 3] {
    [
        format!("SELECT json_quote(day) FROM ({CLEAN})"),
        format!(
            "\
SELECT json_array(
  c.begun, c.channel, c.device, c.bought, c.abandoned, c.recovered, json(c.waiting))
FROM ({CLEAN}) AS k CROSS JOIN carts_daily AS c ON c.site = ?1 AND c.day = k.day"
        ),
        Whose::DaysBut(CLEAN).question(),
    ]
}

const CARTS: &str = "\
INSERT INTO carts_daily (
  site, day, begun, channel, device, bought, abandoned, recovered, waiting)
SELECT ?2, ?3, v ->> 0, v ->> 1, v ->> 2, v ->> 3, v ->> 4, v ->> 5, v -> 6";

/// Keeps the figures of due days before `before`, as known at `now`, as [`Part::keep`] does.
pub(crate) async fn keep(
    store: &impl Store,
    known: &Known,
    now: i64,
    before: &str,
    left: &mut u32,
    id: impl FnMut() -> Result<String, Failure>,
) -> Result<Failed, Failure> {
    let part = part(known);
    part.keep(store, before, left, id, async |claim| {
        let days = (claim.day(), claim.day());
        let sheet = of_sessions(store, known, &part, days, now).await?;
        let rows = sheet
            .0
            .iter()
            .map(|(key, own)| {
                json!([
                    key.day,
                    key.channel,
                    key.device,
                    own.bought,
                    own.abandoned,
                    own.recovered,
                    own.waiting
                ])
            })
            .collect();
        claim.fill(store, vec![(CARTS, rows)]).await
    })
    .await
}

/// The carts that were begun in a period, as known at `now`. What a session's day begins may go on
/// after midnight, so the sessions of the day before are looked at as well.
pub(super) async fn of_period(
    store: &impl Store,
    known: &Known,
    period: &Period,
    now: i64,
) -> Result<Sheet, Failure> {
    let from = day_before(&period.from);
    let days = (from.as_str(), period.to.as_str());
    let mut sheet = Sheet::default();
    for own in store.parts() {
        for (key, fates) in of_sessions(own, known, &part(known), days, now).await?.0 {
            sheet.add(key, fates);
        }
    }
    let own = period.from.as_str()..=period.to.as_str();
    sheet.0.retain(|key, _| own.contains(&key.day.as_str()));
    Ok(sheet)
}

pub(super) fn day_before(day: &str) -> String {
    period::date(day).map_or_else(
        || String::from(day),
        |day| Date(day.0.saturating_sub(1)).text(),
    )
}

/// The carts that were begun in sessions of some days: kept ones of clean days, and those of people who
/// began one on any other.
async fn of_sessions(
    store: &impl Store,
    known: &Known,
    part: &Part<'_>,
    (from, to): (&str, &str),
    now: i64,
) -> Result<Sheet, Failure> {
    let values = [part.site, from, to, part.name, &part.setting];
    // One moment, so that each day is either kept or not.
    let answers = store
        .batch(&questions().map(|sql| Ask::new(sql, values)))
        .await?;
    let mut answers = answers.into_iter();
    let mut next = || answers.next().unwrap_or_default();
    let clean: BTreeSet<String> = next()
        .iter()
        .map(|row| serde_json::from_str(row))
        .collect::<Result<_, _>>()?;
    let mut sheet = Sheet::default();
    for row in next() {
        let (day, channel, device, bought, abandoned, recovered, waiting) =
            serde_json::from_str(&row)?;
        let key = Key {
            day,
            channel,
            device,
        };
        let fates = Fates {
            bought,
            abandoned,
            recovered,
            waiting,
        };
        sheet.add(key, fates);
    }
    let rows = next()
        .iter()
        .map(|row| serde_json::from_str(row))
        .collect::<Result<Vec<_>, _>>()?;
    let after = known.reporting.cart_abandoned_after_ms;
    let days = from..=to;
    for begun in owners(rows, after, now)?.iter().flat_map(|own| &own.carts) {
        let day = begun.day.as_str();
        if days.contains(&day) && !clean.contains(day) {
            sheet.add_cart(begun, after, &known.rules.zone);
        }
    }
    Ok(sheet)
}
