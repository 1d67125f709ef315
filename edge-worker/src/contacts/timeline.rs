//! What happened with a person, the newest first: sessions, conversions, refunds, and what servers
//! or the person's own identifications said.

use super::person::ROWS;
use crate::{
    http::Failure,
    openapi::shape,
    problem::Problem,
    reports::{Amount, amount_schema, bad_parameter},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use goalpost_core::{Id, plan::Plan};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// `?3` the cursor as JSON, or empty; `?4` how many. The rows of one person are read for each page,
/// and no others.
pub(super) fn question() -> String {
    format!("{ROWS},{LINES}")
}

const LINES: &str = "
  counted AS MATERIALIZED (
    SELECT * FROM conversions INDEXED BY conversions_by_person
    WHERE site = ?1 AND person = ?2),
  orders AS MATERIALIZED (
    SELECT DISTINCT order_number FROM counted WHERE order_number IS NOT NULL),
  lines AS (
    SELECT
      started_at AS time, 'session' AS type, hex(session) AS key,
      json_object(
        'session', hex(session), 'visitor', hex(visitor), 'ended_at', ended_at, 'pages', pages,
        'interactions', interactions, 'channel', channel, 'source', source, 'medium', medium,
        'campaign', campaign, 'landing', landing, 'device', device, 'country', country) AS entry
    FROM visits
    UNION ALL
    SELECT
      done.time, 'conversion', json_array(done.definition, done.scope, done.who, done.dedup),
      json_object(
        'definition', done.definition, 'kind', done.kind, 'points', done.points, 'minor', done.minor,
        'currency', done.currency, 'money', done.money, 'refunded', done.refunded, 'voided', done.voided,
        'order', done.order_number, 'source', done.source, 'visitor', hex(done.visitor),
        'session', hex(done.session),
        'copies', (
          SELECT count(*) FROM evidence AS e
          WHERE e.site = done.site AND e.definition = done.definition AND e.scope = done.scope
            AND e.who = done.who AND e.dedup = done.dedup))
    FROM counted AS done
    UNION ALL
    SELECT
      r.time, 'refund', hex(r.observation),
      json_object(
        'order', r.order_number, 'minor', r.minor, 'currency', r.currency, 'reason', r.reason)
    FROM orders
    CROSS JOIN refunds AS r INDEXED BY refunds_by_order
      ON r.site = ?1 AND r.order_number = orders.order_number
    UNION ALL
    SELECT
      o.time, 'event', hex(o.id),
      json_object(
        'observation', hex(o.id), 'source', o.source, 'kind', o.kind, 'name', o.body ->> 'name',
        'order', o.order_number, 'visitor', hex(o.visitor),
        'definitions', json((
          SELECT json_group_array(v.value ->> 'definition') FROM json_each(o.verdict) AS v)))
    FROM words CROSS JOIN observations AS o ON o.site = ?1 AND o.id = words.id
    WHERE o.refund IS NULL OR o.order_number NOT IN (SELECT order_number FROM orders))
SELECT json_array(time, type, key, json(entry))
FROM lines
WHERE ?3 = '' OR (time, type, key) < (?3 ->> 0, ?3 ->> 1, ?3 ->> 2)
ORDER BY time DESC, type DESC, key DESC
LIMIT CAST(?4 AS INTEGER)";

/// A line, as the statement has it.
#[derive(Deserialize)]
pub(super) struct Line(i64, String, String, Map<String, Value>);

/// Reads a cursor; what comes out is JSON of the right shape again.
pub(super) fn place(cursor: &str) -> Result<String, Problem> {
    URL_SAFE_NO_PAD
        .decode(cursor)
        .ok()
        .and_then(|bytes| serde_json::from_slice::<(i64, String, String)>(&bytes).ok())
        .and_then(|place| serde_json::to_string(&place).ok())
        .ok_or_else(|| {
            bad_parameter(
                "before",
                "is no 'next' of an earlier page; leave it out to begin anew",
            )
        })
}

/// The lines of a page of `limit`, and the cursor of the next page.
pub(super) fn page(
    plan: &Plan,
    mut lines: Vec<Line>,
    limit: usize,
) -> Result<(Vec<Value>, Option<String>), Failure> {
    let more = lines.len() > limit;
    lines.truncate(limit);
    let next = lines
        .last()
        .filter(|_| more)
        .map(|last| serde_json::to_string(&(last.0, &last.1, &last.2)))
        .transpose()?
        .map(|text| URL_SAFE_NO_PAD.encode(text));
    Ok((
        lines.into_iter().map(|line| line.shown(plan)).collect(),
        next,
    ))
}

impl Line {
    fn shown(self, plan: &Plan) -> Value {
        let Self(time, kind, _, mut fields) = self;
        for name in ["visitor", "session", "observation"] {
            if let Some(id) = fields.get_mut(name) {
                *id = json!(id.as_str().and_then(Id::parse).map(Id::text));
            }
        }
        let text = |fields: &Map<String, Value>, name: &str| -> String {
            fields
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .into()
        };
        match kind.as_str() {
            "conversion" => {
                let definition = text(&fields, "definition");
                fields.insert("name".into(), json!(plan.definition_name(&definition)));
                let currency = text(&fields, "currency");
                let minor = fields.remove("minor").and_then(|minor| minor.as_i64());
                let refunded = fields.remove("refunded").and_then(|minor| minor.as_i64());
                let money = fields.remove("money");
                fields.remove("currency");
                let value = minor.map(|minor| {
                    let refunded = refunded.unwrap_or_default();
                    json!({
                        "currency": currency,
                        "money": money,
                        "gross": Amount::new(minor, &currency),
                        "refunded": Amount::new(refunded, &currency),
                        "net": Amount::new(minor.saturating_sub(refunded), &currency),
                    })
                });
                fields.insert("value".into(), json!(value));
                let voided = fields.remove("voided") == Some(json!(1));
                fields.insert(
                    "state".into(),
                    json!(if voided { "voided" } else { "counted" }),
                );
            }
            "refund" => {
                let currency = text(&fields, "currency");
                let minor = fields.remove("minor").and_then(|minor| minor.as_i64());
                fields.insert(
                    "amount".into(),
                    json!(minor.map(|minor| Amount::new(minor, &currency))),
                );
            }
            _ => {}
        }
        fields.insert("type".into(), json!(kind));
        fields.insert("time".into(), json!(time));
        Value::Object(fields)
    }
}

fn perhaps(mut shape: Value) -> Value {
    if let Some(kind) = shape.get_mut("type") {
        *kind = json!([kind.clone(), "null"]);
    }
    shape
}

/// The shape of a line.
pub(super) fn schema() -> Value {
    let time = || ("time", shape::time("When; of a session, its beginning."));
    let text = |about| shape::text(about);
    let source = || ("source", json!({"enum": ["page", "pixel", "server"]}));
    let value = shape::object(&[
        ("currency", text("ISO 4217.")),
        ("money", json!({"enum": ["claimed", "verified"]})),
        ("gross", amount_schema("Before refunds.")),
        ("refunded", amount_schema("Given back.")),
        ("net", amount_schema("What is left.")),
    ]);
    let session = shape::object(&[
        ("type", json!({"enum": ["session"]})),
        time(),
        ("ended_at", shape::time("Its last observation.")),
        ("session", shape::id("The session.")),
        ("visitor", shape::id("The visitor.")),
        ("pages", shape::integer("Page views.")),
        (
            "interactions",
            shape::integer("Everything else that was seen."),
        ),
        ("channel", text("Empty until a page view has come.")),
        ("source", text("Where it came from.")),
        ("medium", text("By which medium.")),
        ("campaign", text("By which campaign.")),
        ("landing", text("The first page's path.")),
        ("device", text("desktop, mobile, tablet, or empty.")),
        ("country", text("ISO 3166, or empty.")),
    ]);
    let conversion = shape::object(&[
        ("type", json!({"enum": ["conversion"]})),
        time(),
        ("definition", text("The goal or outcome.")),
        ("name", text("Its name.")),
        ("kind", json!({"enum": ["goal", "outcome"]})),
        ("points", shape::integer("Engagement value.")),
        ("value", json!({"anyOf": [value, {"type": "null"}]})),
        ("state", json!({"enum": ["counted", "voided"]})),
        ("copies", shape::integer("How many observations say so.")),
        ("order", perhaps(text("The order's number."))),
        source(),
        ("visitor", perhaps(shape::id("The visitor."))),
        ("session", perhaps(shape::id("The session."))),
    ]);
    let refund = shape::object(&[
        ("type", json!({"enum": ["refund"]})),
        time(),
        ("order", text("The order's number.")),
        ("currency", perhaps(text("ISO 4217."))),
        (
            "amount",
            json!({"anyOf": [amount_schema("How much."), {"type": "null"}],
                   "description": "Null: all of it."}),
        ),
        ("reason", perhaps(text("Why, as the server said."))),
    ]);
    let event = shape::object(&[
        ("type", json!({"enum": ["event"]})),
        time(),
        ("observation", shape::id("The observation.")),
        source(),
        (
            "kind",
            text("What was seen: event, commerce, trigger, identify …"),
        ),
        ("name", perhaps(text("Its name."))),
        ("order", perhaps(text("The order's number."))),
        ("visitor", perhaps(shape::id("The visitor."))),
        (
            "definitions",
            shape::list(text("A definition that it matched.")),
        ),
    ]);
    json!({"anyOf": [session, conversion, refund, event]})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        let text = r#"[7,"session","ab"]"#;
        assert_eq!(place(&URL_SAFE_NO_PAD.encode(text)).unwrap(), text);
        for bad in ["x", "", "W10"] {
            assert!(place(bad).is_err(), "{bad}");
        }
    }
}
