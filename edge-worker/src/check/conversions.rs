//! Conversions, each folded anew from its copies and refunds: by core, not by the database's own fold.

use super::{Difference, Step};
use crate::{
    http::Failure,
    reports::{Ask, Store},
    sink::BOUGHT,
};
use goalpost_core::{
    Currency, Id, Money,
    ledger::{self, Evidence, Refund, Source},
};
use serde::Deserialize;

/// Conversions of a step.
const ROWS: usize = 500;

/// Copies, and refunds, with which a conversion is still compared.
const COPIES: usize = 50;

/// Conversions after a day and a time. `?1` site, `?2` day, `?3` time, `?4` how many.
///
/// Several may be of one moment, so a step ends between two moments.
pub(super) fn walk() -> String {
    let most = COPIES.saturating_add(1);
    format!(
        "\
SELECT json_object(
  'day', c.day, 'time', c.time, 'definition', c.definition, 'observation', hex(c.observation),
  'source', c.source, 'points', c.points, 'plan', c.plan, 'minor', c.minor,
  'currency', c.currency, 'verified', json(iif(c.money = 'verified', 'true', 'false')),
  'order', c.order_number,
  'visitor', hex(c.visitor), 'session', hex(c.session), 'contact', c.contact,
  'refunded', c.refunded, 'voided', json(iif(c.voided, 'true', 'false')),
  'copies', json((
    SELECT json_group_array(json_object(
      'day', day, 'time', time, 'observation', hex(observation), 'source', source,
      'points', points, 'plan', plan, 'minor', minor, 'currency', currency,
      'verified', json(iif(money = 'verified', 'true', 'false')), 'order', order_number,
      'visitor', hex(visitor), 'session', hex(session), 'contact', contact))
    FROM (
      SELECT * FROM evidence AS own
      WHERE own.site = c.site AND own.definition = c.definition AND own.scope = c.scope
        AND own.who = c.who AND own.dedup = c.dedup
      LIMIT {most}) AS copies)),
  'refunds', json((
    SELECT json_group_array(json_object(
      'time', time, 'observation', hex(observation), 'minor', minor, 'currency', currency))
    FROM (
      SELECT * FROM refunds AS own INDEXED BY refunds_by_order
      WHERE own.site = c.site AND own.order_number = {BOUGHT}
      LIMIT {most}) AS given_back)))
FROM conversions AS c INDEXED BY conversions_by_day
WHERE c.site = ?1 AND (c.day, c.time) > (?2, CAST(?3 AS INTEGER))
ORDER BY c.day, c.time LIMIT CAST(?4 AS INTEGER)"
    )
}

#[derive(Debug, Deserialize)]
struct Row {
    #[serde(flatten)]
    own: Told,
    definition: String,
    refunded: i64,
    voided: bool,
    copies: Vec<Told>,
    refunds: Vec<GivenBack>,
}

/// What a conversion and a copy of it both say.
#[derive(Debug, Deserialize)]
struct Told {
    day: String,
    time: i64,
    observation: String,
    source: String,
    points: u32,
    plan: String,
    minor: Option<i64>,
    currency: Option<String>,
    verified: bool,
    order: Option<String>,
    visitor: Option<String>,
    session: Option<String>,
    contact: Option<String>,
}

#[derive(Debug, Deserialize)]
struct GivenBack {
    time: i64,
    observation: String,
    minor: Option<i64>,
    currency: Option<String>,
}

pub(super) async fn step(store: &impl Store, site: &str, cursor: &str) -> Result<Step, Failure> {
    let (day, time): (String, i64) = if cursor.is_empty() {
        (String::new(), i64::MIN)
    } else {
        serde_json::from_str(cursor)?
    };
    // One more, to see whether the last moment is whole.
    let most = ROWS.saturating_add(1).to_string();
    let ask = Ask::new(walk(), [site, &day, &time.to_string(), &most]);
    let mut rows: Vec<Row> = store
        .rows(ask)
        .await?
        .iter()
        .map(|row| serde_json::from_str(row).map_err(Failure::from))
        .collect::<Result<_, _>>()?;
    let mut step = Step::default();
    let place = |row: &Row| (row.own.day.clone(), row.own.time);
    if rows.len() > ROWS {
        let beyond = rows.last().map(place);
        let whole = rows.partition_point(|row| Some(place(row)) != beyond);
        if whole == 0 {
            // More in one moment than a step holds: it is left out.
            step.skipped = rows.len();
        }
        rows.truncate(whole);
        let last = rows.last().map(place).or(beyond);
        step.next = Some(serde_json::to_string(&last)?);
    }
    for row in &rows {
        if row.copies.len() > COPIES || row.refunds.len() > COPIES {
            step.skipped = step.skipped.saturating_add(1);
            continue;
        }
        step.compared = step.compared.saturating_add(1);
        if let Some(wrong) = wrong(row)? {
            let name = id(&row.own.observation)?.text();
            let what = format!("{} {name}", row.definition);
            step.differences.push(Difference::new(what, &wrong));
        }
    }
    Ok(step)
}

/// What of a conversion does not follow from its copies.
fn wrong(row: &Row) -> Result<Option<String>, Failure> {
    let copies: Vec<Evidence> = row.copies.iter().map(evidence).collect::<Result<_, _>>()?;
    let Some(anew) = ledger::fold(&copies) else {
        return Ok(Some(String::from("no copy of it is there")));
    };
    let refunds: Vec<Refund> = row.refunds.iter().map(refund).collect::<Result<_, _>>()?;
    let net = ledger::apply(anew.money, &refunds);
    let own = evidence(&row.own)?;
    let earliest = |one: &&Told| id(&one.observation).ok() == Some(anew.observation);
    let day = row.copies.iter().find(earliest).map(|one| one.day.as_str());
    // The order is that of the copy which says how much.
    let valued = copies.iter().zip(&row.copies).min_by_key(|(copy, _)| {
        let rank = (copy.minor.is_none(), !copy.verified);
        (rank, copy.time, copy.observation)
    });
    let order = valued.and_then(|(_, told)| told.order.as_deref());
    let mut wrong = Vec::new();
    let mut compare = |name: &str, kept: String, anew: String| {
        if kept != anew {
            wrong.push(format!("{name}: {kept} is kept, {anew} follows"));
        }
    };
    compare("time", own.time.to_string(), anew.time.to_string());
    compare("day", row.own.day.clone(), day.unwrap_or_default().into());
    compare(
        "observation",
        own.observation.text(),
        anew.observation.text(),
    );
    compare("points", own.points.to_string(), anew.points.to_string());
    compare("plan", own.plan, anew.plan);
    compare(
        "value",
        shown(own.minor.zip(own.currency)),
        shown(
            anew.money
                .map(|Money { minor, currency }| (minor, currency)),
        ),
    );
    compare(
        "verified",
        own.verified.to_string(),
        anew.verified.to_string(),
    );
    compare(
        "refunded",
        row.refunded.to_string(),
        net.refunded_minor.to_string(),
    );
    compare("voided", row.voided.to_string(), net.voided.to_string());
    // Whose it is stays untold.
    let mut compare_untold = |name: &str, same: bool| {
        if !same {
            wrong.push(format!("{name} is another"));
        }
    };
    compare_untold("source", own.source == anew.source);
    compare_untold("visitor", own.visitor == anew.visitor);
    compare_untold("session", own.session == anew.session);
    compare_untold("contact", own.contact == anew.contact);
    compare_untold("order", row.own.order.as_deref() == order);
    Ok((!wrong.is_empty()).then(|| wrong.join("; ")))
}

fn shown(value: Option<(i64, Currency)>) -> String {
    value.map_or_else(
        || String::from("nothing"),
        |(minor, currency)| format!("{minor} minor {}", currency.code()),
    )
}

fn evidence(told: &Told) -> Result<Evidence, Failure> {
    Ok(Evidence {
        time: told.time,
        observation: id(&told.observation)?,
        source: match told.source.as_str() {
            "page" => Source::Page,
            "pixel" => Source::Pixel,
            _ => Source::Server,
        },
        minor: told.minor,
        currency: currency(told.currency.as_deref()),
        verified: told.verified,
        visitor: told.visitor.as_deref().and_then(Id::parse),
        session: told.session.as_deref().and_then(Id::parse),
        contact: told.contact.clone(),
        points: told.points,
        plan: told.plan.clone(),
    })
}

fn refund(told: &GivenBack) -> Result<Refund, Failure> {
    Ok(Refund {
        observation: id(&told.observation)?,
        time: told.time,
        minor: told.minor,
        currency: currency(told.currency.as_deref()),
    })
}

fn id(hex: &str) -> Result<Id, Failure> {
    Id::parse(hex).ok_or_else(|| Failure::Internal(String::from("an observation has no id")))
}

fn currency(code: Option<&str>) -> Option<Currency> {
    Currency::parse(code?).ok()
}
