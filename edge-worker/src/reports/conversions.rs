//! Each conversion with its evidence.

use super::{Amount, Query, amount_schema, bad_parameter};
use crate::{
    bindings::Bindings,
    database,
    http::{self, Failure, Outcome},
    openapi::shape,
    plans::Known,
    problem::Problem,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use goalpost_core::{CountingKey, Id};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::RawValue};
use std::collections::BTreeMap;

const COLUMNS: &str = "\
SELECT json_object(
  'place', json_array(c.day, c.time, c.definition, c.scope, c.who, c.dedup),
  'time', c.time, 'day', c.day, 'definition', c.definition, 'kind', c.kind,
  'scope', c.scope, 'who', c.who, 'dedup', c.dedup, 'points', c.points,
  'minor', c.minor, 'currency', c.currency, 'money', c.money, 'refunded', c.refunded,
  'voided', c.voided, 'order_number', c.order_number,
  'visitor', hex(c.visitor), 'session', hex(c.session), 'contact', c.contact,
  'plan', c.plan, 'version', p.version,
  'observation', hex(c.observation), 'received_at', o.received_at, 'sdk', o.sdk,
  'form', o.form, 'body', o.body,
  'copies', json((
    SELECT json_group_array(json_object(
      'observation', hex(e.observation), 'source', e.source, 'time', e.time,
      'minor', e.minor, 'currency', e.currency, 'money', e.money, 'token', e.token,
      'when', e.observation = c.observation,
      'worth', e.observation = c.money_from,
      'who', e.observation = c.browser_from))
    FROM (
      SELECT * FROM evidence AS e
      WHERE e.site = c.site AND e.definition = c.definition AND e.scope = c.scope
        AND e.who = c.who AND e.dedup = c.dedup
      ORDER BY e.time, e.observation LIMIT 50) AS e)))
FROM conversions AS c
LEFT JOIN observations AS o ON o.site = c.site AND o.id = c.observation
LEFT JOIN plans AS p ON p.site = c.site AND p.hash = c.plan
WHERE c.site = ?1 AND (?2 = '' OR c.definition = ?2)";

/// The order of the index, backwards, so that a page costs the same wherever it is.
const ORDER: &str = "\
ORDER BY c.day DESC, c.time DESC, c.definition DESC, c.scope DESC, c.who DESC, c.dedup DESC
LIMIT CAST(?3 AS INTEGER)";

const BEFORE: &str = "\
AND (c.day, c.time, c.definition, c.scope, c.who, c.dedup)
  < (?4 ->> 0, ?4 ->> 1, ?4 ->> 2, ?4 ->> 3, ?4 ->> 4, ?4 ->> 5)";

#[derive(Deserialize)]
struct Row {
    place: Place,
    time: i64,
    day: String,
    definition: String,
    kind: String,
    scope: String,
    who: String,
    dedup: String,
    points: i64,
    minor: Option<i64>,
    currency: Option<String>,
    money: Option<String>,
    refunded: i64,
    voided: u8,
    order_number: Option<String>,
    visitor: String,
    session: String,
    contact: Option<String>,
    plan: String,
    version: Option<u32>,
    observation: String,
    received_at: Option<i64>,
    sdk: Option<String>,
    form: Option<String>,
    body: Option<String>,
    copies: Vec<RowCopy>,
}

/// A copy of a conversion, as its row says.
#[derive(Deserialize)]
struct RowCopy {
    observation: String,
    source: String,
    time: i64,
    minor: Option<i64>,
    currency: Option<String>,
    money: Option<String>,
    token: Option<String>,
    when: u8,
    worth: u8,
    who: u8,
}

/// Where a conversion stands in the list.
type Place = (String, i64, String, String, String, String);

#[derive(Serialize)]
struct Page<'a> {
    site: &'a str,
    conversions: Vec<Conversion<'a>>,
    /// What `before` must be for the next page; `None` if there is none.
    next: Option<String>,
}

#[derive(Serialize)]
struct Conversion<'a> {
    time: i64,
    day: String,
    definition: String,
    name: &'a str,
    kind: String,
    key: String,
    points: i64,
    value: Option<Value>,
    /// What was given back of the value, and whether that was all.
    refunded: Option<Amount>,
    voided: bool,
    order: Option<String>,
    visitor: Option<String>,
    session: Option<String>,
    contact: Option<String>,
    evidence: Evidence,
    /// Every copy that counted as this one conversion, the earliest first.
    copies: Vec<Copy>,
}

#[derive(Serialize)]
struct Copy {
    observation: Option<String>,
    source: String,
    time: i64,
    value: Option<Value>,
    /// Why its order token did not verify its amount.
    token: Option<String>,
    /// Which parts of the conversion are this copy's.
    decides: Vec<&'static str>,
}

#[derive(Serialize)]
struct Evidence {
    plan: String,
    version: Option<u32>,
    observation: Option<String>,
    received_at: Option<i64>,
    sdk: Option<String>,
    form: Option<String>,
    /// The observation as it came; `None` if it has been taken away since.
    body: Option<Box<RawValue>>,
}

/// Answers the latest conversions.
pub(super) async fn latest(edge: &Bindings, known: &Known, query: &Query) -> Outcome {
    let limit = query.number("limit", 50, (1, 200))?;
    let definition = query.get("definition").unwrap_or_default();
    let place = query.get("before").map(place).transpose()?;
    let before = if place.is_some() { BEFORE } else { "" };
    let sql = format!("{COLUMNS} {before} {ORDER}");
    // One more than asked for says whether there is another page.
    let rows_wanted = limit.saturating_add(1).to_string();
    let mut values = vec![known.plan.site.as_str(), definition, &rows_wanted];
    values.extend(place.as_deref());
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut rows: Vec<Row> = Vec::new();
    for part in edge.databases() {
        rows.extend(database::rows::<Row>(part, &sql, &values).await?);
    }
    if edge.databases().len() > 1 {
        rows.sort_by(|a, b| b.place.cmp(&a.place));
        rows.truncate(limit.saturating_add(1));
        from_elsewhere(edge, &known.plan.site, &mut rows).await?;
    }
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows
        .last()
        .filter(|_| more)
        .map(|last| serde_json::to_string(&last.place))
        .transpose()?
        .map(|text| URL_SAFE_NO_PAD.encode(text));
    let names: Vec<String> = rows.iter().map(|row| row.definition.clone()).collect();
    let conversions = rows
        .into_iter()
        .zip(&names)
        .map(|(row, id)| row.conversion(known.plan.definition_name(id)))
        .collect();
    http::json(&Page {
        site: &known.plan.site,
        conversions,
        next,
    })
}

/// Observations. `?1` site, `?2` ids as JSON.
const OBSERVED: &str = "\
SELECT json_array(hex(o.id), o.received_at, o.sdk, o.form, o.body)
FROM json_each(?2) AS i
CROSS JOIN observations AS o ON o.site = ?1 AND o.id = unhex(i.value)";

/// Versions of plans. `?1` site.
const VERSIONS: &str = "SELECT json_array(hash, version) FROM plans WHERE site = ?1";

/// What is in another database than the conversion: plans are in the first, and the observations of
/// somebody who has come from another one are there.
async fn from_elsewhere(edge: &Bindings, site: &str, rows: &mut [Row]) -> Result<(), Failure> {
    type Observed = (String, i64, String, String, String);
    let without: Vec<&str> = rows
        .iter()
        .filter(|row| row.received_at.is_none())
        .map(|row| row.observation.as_str())
        .collect();
    if !without.is_empty() {
        let ids = serde_json::to_string(&without)?;
        let mut found: BTreeMap<String, Observed> = BTreeMap::new();
        for part in edge.databases() {
            for row in database::rows::<Observed>(part, OBSERVED, &[site, &ids]).await? {
                found.insert(row.0.clone(), row);
            }
        }
        for row in rows.iter_mut().filter(|row| row.received_at.is_none()) {
            if let Some((_, received_at, sdk, form, body)) = found.remove(&row.observation) {
                row.received_at = Some(received_at);
                row.sdk = Some(sdk);
                row.form = Some(form);
                row.body = Some(body);
            }
        }
    }
    let versions: Vec<(String, u32)> = database::rows(edge, VERSIONS, &[site]).await?;
    let versions: BTreeMap<String, u32> = versions.into_iter().collect();
    for row in rows {
        row.version = versions.get(&row.plan).copied();
    }
    Ok(())
}

/// Reads a cursor; what comes out is JSON of the right shape again.
fn place(cursor: &str) -> Result<String, Problem> {
    URL_SAFE_NO_PAD
        .decode(cursor)
        .ok()
        .and_then(|bytes| serde_json::from_slice::<Place>(&bytes).ok())
        .and_then(|place| serde_json::to_string(&place).ok())
        .ok_or_else(|| {
            bad_parameter(
                "before",
                "is no 'next' of an earlier page; leave it out to begin anew",
            )
        })
}

fn id(hex: &str) -> Option<String> {
    Id::parse(hex).map(Id::text)
}

impl Row {
    fn conversion(self, name: &str) -> Conversion<'_> {
        let key = CountingKey {
            scope: self.scope,
            who: self.who,
            dedup: self.dedup,
        };
        let refunded = self
            .currency
            .as_deref()
            .map(|currency| Amount::new(self.refunded, currency));
        let value = value(self.minor, self.currency, self.money);
        Conversion {
            time: self.time,
            day: self.day,
            definition: self.definition,
            name,
            kind: self.kind,
            key: key.text(),
            points: self.points,
            value,
            refunded,
            voided: self.voided != 0,
            order: self.order_number,
            visitor: id(&self.visitor),
            session: id(&self.session),
            contact: self.contact,
            evidence: Evidence {
                plan: self.plan,
                version: self.version,
                observation: id(&self.observation),
                received_at: self.received_at,
                sdk: self.sdk,
                form: self.form,
                body: self.body.and_then(|body| RawValue::from_string(body).ok()),
            },
            copies: self.copies.into_iter().map(RowCopy::copy).collect(),
        }
    }
}

impl RowCopy {
    fn copy(self) -> Copy {
        let parts = [
            ("when", self.when),
            ("worth", self.worth),
            ("who", self.who),
        ];
        Copy {
            observation: id(&self.observation),
            source: self.source,
            time: self.time,
            value: value(self.minor, self.currency, self.money),
            token: self.token,
            decides: parts
                .into_iter()
                .filter_map(|(part, own)| (own != 0).then_some(part))
                .collect(),
        }
    }
}

fn value(minor: Option<i64>, currency: Option<String>, money: Option<String>) -> Option<Value> {
    let (minor, currency) = minor.zip(currency)?;
    Some(json!({
        "amount": Amount::new(minor, &currency),
        "currency": currency,
        "money": money.unwrap_or_default(),
    }))
}

fn perhaps(mut shape: Value) -> Value {
    if let Some(kind) = shape.get_mut("type") {
        *kind = json!([kind.clone(), "null"]);
    }
    shape
}

/// The shape of a page.
pub(super) fn schema() -> Value {
    let value = shape::object(&[
        ("amount", amount_schema("The amount.")),
        ("currency", shape::text("ISO 4217.")),
        ("money", json!({"enum": ["claimed", "verified"]})),
    ]);
    let evidence = shape::object(&[
        ("plan", shape::text("The hash of the plan that decided.")),
        ("version", perhaps(shape::integer("Its version."))),
        ("observation", perhaps(shape::id("What made it happen."))),
        ("received_at", perhaps(shape::time("When that arrived."))),
        ("sdk", perhaps(shape::text("The SDK's version."))),
        (
            "form",
            perhaps(shape::text(
                "The form it ran in: wasm, js or raw; server or pixel.",
            )),
        ),
        (
            "body",
            json!({"type": ["object", "null"], "description": "The observation as it came."}),
        ),
    ]);
    let copy = shape::object(&[
        ("observation", perhaps(shape::id("The observation."))),
        ("source", json!({"enum": ["page", "server", "pixel"]})),
        ("time", shape::time("When it says it happened.")),
        ("value", json!({"anyOf": [value.clone(), {"type": "null"}]})),
        (
            "token",
            perhaps(shape::text(
                "Why its order token did not verify its amount.",
            )),
        ),
        (
            "decides",
            json!({
                "type": "array",
                "items": {"enum": ["when", "worth", "who"]},
                "description": "Which parts of the conversion are this copy's.",
            }),
        ),
    ]);
    let conversion = shape::object(&[
        ("time", shape::time("When it happened.")),
        ("day", shape::date("The same, in the site's time zone.")),
        ("definition", shape::text("The goal or outcome.")),
        ("name", shape::text("Its name.")),
        ("kind", json!({"enum": ["goal", "outcome"]})),
        (
            "key",
            shape::text("The counting key: a second one with it would be this one."),
        ),
        (
            "points",
            shape::integer("Engagement value; 0 for an outcome."),
        ),
        ("value", json!({"anyOf": [value, {"type": "null"}]})),
        (
            "refunded",
            json!({"anyOf": [
                amount_schema("What was given back of the value."),
                {"type": "null"},
            ]}),
        ),
        (
            "voided",
            shape::boolean("Whether all of it was given back: it counts in gross, not in net."),
        ),
        ("order", perhaps(shape::text("The order's number."))),
        ("visitor", perhaps(shape::id("The visitor."))),
        ("session", perhaps(shape::id("The session."))),
        (
            "contact",
            perhaps(shape::text("The contact, as known today.")),
        ),
        ("evidence", evidence),
        ("copies", shape::list(copy)),
    ]);
    shape::object(&[
        ("site", shape::text("The site.")),
        ("conversions", shape::list(conversion)),
        ("next", perhaps(shape::text("`before` of the next page."))),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        let text = r#"["2026-11-21",7,"call","every:x","",""]"#;
        assert_eq!(place(&URL_SAFE_NO_PAD.encode(text)).unwrap(), text);
        for bad in ["x", "", "W10", "bm9wZQ"] {
            assert!(place(bad).is_err(), "{bad}");
        }
    }
}
