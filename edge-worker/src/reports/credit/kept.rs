//! Kept credits: a day's outcomes, written once, and read by what they came from.

use super::{
    paths,
    tally::{Credit, Key, Tally, Velocity},
};
use crate::{
    http::Failure,
    reports::{
        claim::{CLEAN, Failed, Part},
        store::{Ask, Store},
    },
};
use goalpost_core::attribution::Model;
use serde_json::{Value, json};

pub(super) const PART: &str = "credits";

/// The part of a site's figures that is made for so many days back.
pub(crate) fn part(site: &str, lookback_days: u32) -> Part<'_> {
    Part {
        site,
        name: PART,
        setting: lookback_days.to_string(),
        tables: &["credits_daily", "velocity_daily"],
    }
}

/// The outcomes of the day `?2`, if there are any. `?1` site.
const ON_DAY: &str = "\
SELECT json_array(?2, count(*)) FROM conversions INDEXED BY conversions_by_day
WHERE site = ?1 AND day = ?2 AND kind = 'outcome' HAVING count(*) > 0";

/// The outcomes of each day that is not clean. Values as [`CLEAN`]'s.
pub(super) fn live_days() -> String {
    format!(
        "\
WITH RECURSIVE days (day) AS (
  SELECT ?2 UNION ALL SELECT date(day, '+1 day') FROM days WHERE day < ?3),
counted AS MATERIALIZED (
  SELECT d.day, (
    SELECT count(*) FROM conversions AS c INDEXED BY conversions_by_day
    WHERE c.site = ?1 AND c.day = d.day AND c.kind = 'outcome') AS outcomes
  FROM days AS d WHERE d.day NOT IN ({CLEAN}))
SELECT json_array(day, outcomes) FROM counted WHERE outcomes > 0 ORDER BY day"
    )
}

const CREDITS: &str = "\
INSERT INTO credits_daily (
  site, day, definition, model, channel, source, campaign, currency, money, minor, parts)
SELECT
  ?2, ?3, v ->> 0, v ->> 1, v ->> 2, v ->> 3, v ->> 4, v ->> 5, v ->> 6, v ->> 7, v ->> 8";

const VELOCITIES: &str = "\
INSERT INTO velocity_daily (
  site, day, definition, outcomes, untouched, took_ms, seconds, days, visits)
SELECT ?2, ?3, v ->> 0, v ->> 1, v ->> 2, v ->> 3, v -> 4, v -> 5, v -> 6";

/// Keeps the figures of due days before `before`, as [`Part::keep`] does.
pub(crate) async fn keep(
    store: &impl Store,
    part: &Part<'_>,
    lookback_days: u32,
    before: &str,
    left: &mut u32,
    id: impl FnMut() -> Result<String, Failure>,
) -> Result<Failed, Failure> {
    part.keep(store, before, left, id, async |claim| {
        let counted = store
            .rows(Ask::new(ON_DAY, [part.site, claim.day()]))
            .await?;
        let days = read_days(&counted)?;
        let mut tally = Tally::default();
        paths::outcomes(store, part.site, days, lookback_days, |own| tally.add(own)).await?;
        let (credits, velocities) = rows(&tally);
        claim
            .fill(store, vec![(CREDITS, credits), (VELOCITIES, velocities)])
            .await
    })
    .await
}

pub(super) fn read_days(rows: &[String]) -> Result<Vec<(String, u64)>, Failure> {
    rows.iter()
        .map(|row| serde_json::from_str(row).map_err(Failure::from))
        .collect()
}

fn rows(tally: &Tally) -> (Vec<Value>, Vec<Value>) {
    let credits = tally
        .credits
        .iter()
        .map(|(key, credit)| {
            json!([
                key.definition,
                key.model.name(),
                key.from.channel,
                key.from.source,
                key.from.campaign,
                key.currency,
                key.money,
                credit.minor,
                credit.parts
            ])
        })
        .collect();
    let velocities = tally
        .velocities
        .iter()
        .map(|(definition, own)| {
            json!([
                definition,
                own.outcomes,
                own.untouched,
                own.took_ms,
                own.seconds,
                own.days,
                own.visits
            ])
        })
        .collect();
    (credits, velocities)
}

/// What rows of a report are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    Channel,
    Source,
    Campaign,
}

impl By {
    pub(super) const ALL: [Self; 3] = [Self::Channel, Self::Campaign, Self::Source];

    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::Channel => "channel",
            Self::Source => "source",
            Self::Campaign => "campaign",
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Channel => "Channel",
            Self::Source => "Source",
            Self::Campaign => "Campaign",
        }
    }

    /// The value of a touch; `None` for outcomes without one.
    pub(super) fn of(self, key: &Key) -> Option<&str> {
        if key.from.channel.is_empty() {
            return None;
        }
        Some(match self {
            Self::Channel => &key.from.channel,
            Self::Source => &key.from.source,
            Self::Campaign => &key.from.campaign,
        })
    }
}

/// The kept credits of the clean days, summed. Values as [`CLEAN`]'s.
pub(super) fn credits(by: By) -> String {
    let keep = |own: By, column: &str| {
        if own == by {
            String::from(column)
        } else {
            String::from("''")
        }
    };
    // A channel tells whether there was a touch at all.
    format!(
        "\
SELECT json_array(
  definition, model, channel, source, campaign, currency, money, sum(minor), sum(parts))
FROM (
  SELECT c.definition, c.model, {channel} AS channel, {source} AS source, {campaign} AS campaign,
    c.currency, c.money, c.minor, c.parts
  FROM ({CLEAN}) AS k CROSS JOIN credits_daily AS c ON c.site = ?1 AND c.day = k.day)
GROUP BY definition, model, channel, source, campaign, currency, money",
        channel = if by == By::Channel {
            "c.channel"
        } else {
            "iif(c.channel = '', '', '=')"
        },
        source = keep(By::Source, "c.source"),
        campaign = keep(By::Campaign, "c.campaign"),
    )
}

/// The kept velocities of the clean days. Values as [`CLEAN`]'s.
pub(super) fn velocities() -> String {
    format!(
        "\
SELECT json_array(
  v.definition, v.outcomes, v.untouched, v.took_ms, json(v.seconds), json(v.days), json(v.visits))
FROM ({CLEAN}) AS k CROSS JOIN velocity_daily AS v ON v.site = ?1 AND v.day = k.day"
    )
}

/// Adds kept rows to what was computed.
pub(super) fn add_credits(tally: &mut Tally, rows: &[String]) -> Result<(), Failure> {
    type Row = (
        String,
        String,
        String,
        String,
        String,
        String,
        String,
        i64,
        i64,
    );
    for row in rows {
        let (definition, model, channel, source, campaign, currency, money, minor, parts): Row =
            serde_json::from_str(row)?;
        let Some(model) = Model::parse(&model) else {
            continue;
        };
        let key = Key {
            definition,
            model,
            from: paths::Origin {
                channel,
                source,
                campaign,
            },
            currency,
            money,
        };
        tally.credit(key, Credit { minor, parts });
    }
    Ok(())
}

/// Adds kept rows to what was computed.
pub(super) fn add_velocities(tally: &mut Tally, rows: &[String]) -> Result<(), Failure> {
    for row in rows {
        let (definition, outcomes, untouched, took_ms, seconds, days, visits) =
            serde_json::from_str(row)?;
        let own = Velocity {
            outcomes,
            untouched,
            took_ms,
            seconds,
            days,
            visits,
        };
        tally.velocity(definition, &own);
    }
    Ok(())
}
