//! What a shop pays for its visitors, day by day, channel by channel: told by its own tools.

use crate::{
    audit::{Act, Note},
    auth::Caller,
    bindings::Bindings,
    body, clock, database,
    http::{self, Failure, Outcome},
    openapi::shape,
    plans::{self, Known},
    problem::{Finding, Kind, Problem},
    reports::{self, Query, channels, period},
};
use goalpost_core::{Currency, Money, clip, limits};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::RawValue};
use std::collections::BTreeMap;
use worker::Request;

/// Bytes of one request.
pub(crate) const BODY_BYTES: usize = 1_000_000;

/// Cells of one request.
const MOST_COSTS: usize = 5_000;

/// Counts of clicks and impressions stay exact in JavaScript.
const MOST_COUNTED: i64 = 9_007_199_254_740_991;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body<'a> {
    currency: String,
    #[serde(borrow)]
    costs: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told<'a> {
    day: String,
    channel: String,
    #[serde(default)]
    campaign: String,
    #[serde(borrow)]
    amount: &'a RawValue,
    clicks: Option<i64>,
    impressions: Option<i64>,
}

/// What one channel or campaign cost on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Cost {
    day: String,
    channel: String,
    campaign: String,
    minor: i64,
    currency: String,
    clicks: Option<i64>,
    impressions: Option<i64>,
}

/// Puts these cells in the place of those that are there; the same request again changes nothing.
const REPLACE: &str = "\
WITH r AS MATERIALIZED (SELECT value AS v FROM json_each(?2))
INSERT INTO costs (site, day, channel, campaign, minor, currency, clicks, impressions)
SELECT
  ?1, v ->> 'day', v ->> 'channel', v ->> 'campaign', v ->> 'minor', v ->> 'currency',
  v ->> 'clicks', v ->> 'impressions'
FROM r WHERE true
ON CONFLICT DO UPDATE SET
  minor = excluded.minor, currency = excluded.currency, clicks = excluded.clicks,
  impressions = excluded.impressions";

const LIST: &str = "\
SELECT json_object(
  'day', day, 'channel', channel, 'campaign', campaign, 'minor', minor, 'currency', currency,
  'clicks', clicks, 'impressions', impressions)
FROM costs WHERE site = ?1 AND day BETWEEN ?2 AND ?3
ORDER BY day, channel, campaign";

/// Stores costs, all of them or none.
pub(crate) async fn put(
    mut request: Request,
    edge: &Bindings,
    site: &str,
    caller: &Caller,
) -> Outcome {
    let known = plans::in_effect(edge, site).await?;
    let body = body::read(&mut request, BODY_BYTES).await?;
    let today = known.rules.zone.date(clock::now()).text();
    let costs = read(&body, &known, &today).map_err(refused)?;
    let rows = serde_json::to_string(&costs)?;
    let count = costs.len().to_string();
    let note = Note::new(&known.plan.site, caller, Act::SaveCosts, &count)?;
    let replace = (REPLACE, vec![known.plan.site.as_str(), &rows]);
    database::batch(edge, &[replace, note.question()]).await?;
    http::json(&json!({"site": known.plan.site, "stored": costs.len()}))
}

/// Shows what is stored.
pub(crate) async fn list(request: &Request, edge: &Bindings, site: &str) -> Outcome {
    let known = plans::in_effect(edge, site).await?;
    let query = Query::of(request)?;
    query.only(&["from", "to"])?;
    let days = period::Period::of(&query, &known.rules.zone, clock::now())?;
    let values = [known.plan.site.as_str(), &days.from, &days.to];
    let rows: Vec<Stored> = database::rows(edge, LIST, &values).await?;
    let costs: Vec<Value> = rows.into_iter().map(Stored::shown).collect();
    http::json(&json!({
        "site": known.plan.site, "from": days.from, "to": days.to, "costs": costs,
    }))
}

#[derive(Deserialize)]
struct Stored {
    day: String,
    channel: String,
    campaign: String,
    minor: i64,
    currency: String,
    clicks: Option<i64>,
    impressions: Option<i64>,
}

impl Stored {
    fn shown(self) -> Value {
        json!({
            "day": self.day,
            "channel": self.channel,
            "campaign": self.campaign,
            "amount": reports::Amount::new(self.minor, &self.currency),
            "currency": self.currency,
            "clicks": self.clicks,
            "impressions": self.impressions,
        })
    }
}

fn refused(findings: Vec<Finding>) -> Failure {
    let mut problem = Problem::new(
        Kind::BadCosts,
        "nothing is stored; put each of 'problems' right and send all of it again",
    );
    problem.findings = findings;
    problem.into()
}

fn finding(path: impl Into<String>, detail: impl Into<String>) -> Finding {
    Finding {
        path: path.into(),
        detail: detail.into(),
    }
}

/// Reads a body; every problem of every row is named, not only the first.
fn read(body: &[u8], known: &Known, today: &str) -> Result<Vec<Cost>, Vec<Finding>> {
    let body: Body<'_> =
        serde_json::from_slice(body).map_err(|problem| vec![finding("", problem.to_string())])?;
    let currency = currency(&body.currency, known).map_err(|problem| vec![problem])?;
    if body.costs.len() > MOST_COSTS {
        let detail = format!("more than {MOST_COSTS}; send them in parts");
        return Err(vec![finding("costs", detail)]);
    }
    let channels = channels::names(&known.reporting);
    let mut findings = Vec::new();
    let mut costs = Vec::with_capacity(body.costs.len());
    let mut first: BTreeMap<(String, String, String), usize> = BTreeMap::new();
    for (at, raw) in body.costs.iter().enumerate() {
        let told: Told<'_> = match serde_json::from_str(raw.get()) {
            Ok(told) => told,
            Err(problem) => {
                findings.push(finding(format!("costs[{at}]"), problem.to_string()));
                continue;
            }
        };
        let before = findings.len();
        let mut wrong = |field: &str, detail: String| {
            findings.push(finding(format!("costs[{at}].{field}"), detail));
        };
        let minor = told.check(currency, &channels, today, &mut wrong);
        let cell = (
            told.day.clone(),
            told.channel.clone(),
            told.campaign.clone(),
        );
        if let Some(other) = first.insert(cell, at) {
            wrong(
                "day",
                format!("is the same day, channel and campaign as costs[{other}]; add them up"),
            );
        }
        if findings.len() == before {
            costs.push(Cost {
                day: told.day,
                channel: told.channel,
                campaign: told.campaign,
                minor: minor.unwrap_or_default(),
                currency: String::from(currency.code()),
                clicks: told.clicks,
                impressions: told.impressions,
            });
        }
    }
    if findings.is_empty() {
        Ok(costs)
    } else {
        Err(findings)
    }
}

/// The currency, which reports must be able to exchange if it is not the plan's.
fn currency(code: &str, known: &Known) -> Result<Currency, Finding> {
    let own = known.plan.currency;
    let currency = Currency::parse(code).map_err(|problem| {
        finding(
            "currency",
            format!("'{}' {}", clip(code, 16), problem.text()),
        )
    })?;
    let exchanged = known
        .reporting
        .rates
        .iter()
        .any(|rate| rate.currency == currency);
    if currency == own || exchanged {
        return Ok(currency);
    }
    Err(finding(
        "currency",
        format!(
            "no rate says what {code} is worth in {own}; add {{\"currency\":\"{code}\",\"rate\":\
             \"…\",\"from\":\"…\"}} to the plan's 'rates', or send the costs in {own}",
            code = currency.code(),
            own = own.code(),
        ),
    ))
}

impl Told<'_> {
    fn check(
        &self,
        currency: Currency,
        channels: &[String],
        today: &str,
        wrong: &mut impl FnMut(&str, String),
    ) -> Option<i64> {
        match period::date(&self.day) {
            None => wrong(
                "day",
                format!(
                    "'{}' is not a day of the calendar, such as 2026-11-21",
                    clip(&self.day, limits::NAME_BYTES)
                ),
            ),
            Some(_) if self.day.as_str() > today => {
                wrong("day", format!("{} is after today, {today}", self.day));
            }
            Some(_) => {}
        }
        if !channels.contains(&self.channel) {
            wrong(
                "channel",
                format!(
                    "'{}' is none of: {}; the plan's 'channels' may add others",
                    clip(&self.channel, limits::NAME_BYTES),
                    channels.join(", ")
                ),
            );
        }
        if self.campaign.len() > limits::TEXT_BYTES {
            let detail = format!("is longer than {} bytes", limits::TEXT_BYTES);
            wrong("campaign", detail);
        }
        for (field, count) in [("clicks", self.clicks), ("impressions", self.impressions)] {
            if count.is_some_and(|count| !(0..=MOST_COUNTED).contains(&count)) {
                wrong(
                    field,
                    format!("is not a whole number from 0 to {MOST_COUNTED}"),
                );
            }
        }
        // The digits as they were written: a binary float would not keep them.
        let text = self.amount.get().trim_matches('"');
        match Money::parse(text, currency) {
            Ok(amount) if amount.minor < 0 => {
                wrong(
                    "amount",
                    format!("{text} is below 0; a cost is what was paid"),
                );
                None
            }
            Ok(amount) => Some(amount.minor),
            Err(problem) => {
                let text = clip(text, limits::NAME_BYTES);
                let detail = format!("'{text}' {}, {}", problem.text(), currency.code());
                wrong("amount", detail);
                None
            }
        }
    }
}

/// The shape of the answer to a `PUT`.
pub(crate) fn stored_schema() -> Value {
    shape::object(&[
        ("site", shape::text("The site.")),
        ("stored", shape::integer("How many cells.")),
    ])
}

/// The shape of the list.
pub(crate) fn list_schema() -> Value {
    let count = |about: &str| json!({"type": ["integer", "null"], "description": about});
    shape::object(&[
        ("site", shape::text("The site.")),
        ("from", shape::date("The first day.")),
        ("to", shape::date("The last day.")),
        (
            "costs",
            shape::list(shape::object(&[
                ("day", shape::date("The day.")),
                ("channel", shape::text("The channel.")),
                (
                    "campaign",
                    shape::text("The campaign; empty is all of the channel."),
                ),
                ("amount", reports::amount_schema("What was paid.")),
                ("currency", shape::text("ISO 4217.")),
                ("clicks", count("Clicks that were paid for.")),
                ("impressions", count("Impressions that were paid for.")),
            ])),
        ),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use goalpost_core::{BrowserPlan, plan::Plan};
    use std::sync::Arc;

    fn known() -> Known {
        let plan =
            Plan::parse(r#"{"site":"shop","currency":"JPY","hosts":["shop.example"]}"#).unwrap();
        let rules = plan.compile();
        Known {
            page: BrowserPlan::encode(&rules),
            rules: Arc::new(rules),
            reporting: Arc::new(plan.reporting()),
            plan,
        }
    }

    fn told(body: &str) -> Result<Vec<Cost>, String> {
        read(body.as_bytes(), &known(), "2026-11-21").map_err(|findings| {
            let lines: Vec<String> = findings
                .iter()
                .map(|own| format!("{}: {}", own.path, own.detail))
                .collect();
            lines.join("\n")
        })
    }

    #[test]
    fn costs_are_read_digit_by_digit() {
        let costs = told(
            r#"{"currency":"JPY","costs":[
              {"day":"2026-11-20","channel":"Email","amount":"14800","clicks":12},
              {"day":"2026-11-20","channel":"Paid Search","campaign":"autumn","amount":2500}]}"#,
        )
        .unwrap();
        assert_eq!(costs[0].minor, 14_800);
        assert_eq!((costs[0].clicks, costs[0].impressions), (Some(12), None));
        assert_eq!(
            (costs[1].minor, costs[1].campaign.as_str()),
            (2_500, "autumn")
        );
    }

    #[test]
    fn every_problem_of_every_row_is_named() {
        insta::assert_snapshot!(
            told(
                r#"{"currency":"JPY","costs":[
              {"day":"2026-11-22","channel":"Email","amount":"1"},
              {"day":"2026-02-30","channel":"Carrier pigeon","amount":"1.5","clicks":-1},
              {"day":"2026-11-20","channel":"Email","amount":"-1"},
              {"day":"2026-11-20","channel":"Email","amount":"1"},
              {"day":"2026-11-20","channel":"SMS"},
              {"day":"2026-11-20","channel":"SMS","amount":1e3,"colour":"red"}]}"#,
            )
            .unwrap_err()
        );
    }

    #[test]
    fn a_currency_that_reports_could_not_exchange_is_refused() {
        insta::assert_snapshot!(
            told(r#"{"currency":"USD","costs":[]}"#).unwrap_err(),
            @r#"currency: no rate says what USD is worth in JPY; add {"currency":"USD","rate":"…","from":"…"} to the plan's 'rates', or send the costs in JPY"#
        );
        insta::assert_snapshot!(
            told(r#"{"currency":"YEN","costs":[]}"#).unwrap_err(),
            @"currency: 'YEN' is not a currency code of ISO 4217, such as JPY or USD"
        );
    }
}
