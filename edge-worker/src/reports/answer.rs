//! A table as JSON: the same shape for every report.

use super::{
    face::Face,
    table::{Figure, Label, Row, Table},
};
use crate::{openapi::shape, plans::Known};
use serde_json::{Map, Value, json};

/// The answer.
pub(super) fn json(face: &Face, known: &Known, table: &Table) -> Value {
    json!({
        "site": known.plan.site,
        "report": face.report,
        "timezone": known.plan.timezone,
        "from": face.period.from,
        "to": face.period.to,
        "previous": face.previous.as_ref().map(|days| json!({"from": days.from, "to": days.to})),
        "filters": face.filters,
        "dates": if face.on_refund_day { "refund" } else { "purchase" },
        "currency": face.currency,
        "plan": known.rules.plan,
        "columns": columns(face),
        "rows": table.rows.iter().map(|own| row(face, own)).collect::<Vec<_>>(),
        "of": table.of,
        "offset": face.offset,
        "rest": table.rest.as_ref().map(|rest| Value::Object(figures(face, rest))),
        "totals": figures(face, &table.totals),
    })
}

fn columns(face: &Face) -> Vec<Value> {
    let dimensions = face
        .dimensions
        .iter()
        .map(|(id, name)| json!({"id": id, "name": name, "kind": "dimension"}));
    let measures = face.measures.iter().map(|own| {
        let mut column = json!({"id": own.id, "name": own.name, "kind": own.kind});
        if let (Some(fields), Some((numerator, denominator))) = (column.as_object_mut(), own.names)
        {
            fields.insert(String::from("numerator"), json!(numerator));
            fields.insert(String::from("denominator"), json!(denominator));
        }
        column
    });
    dimensions.chain(measures).collect()
}

fn row(face: &Face, row: &Row) -> Value {
    let mut fields = figures(face, &row.figures);
    for ((id, _), value) in face.dimensions.iter().zip(&row.labels) {
        fields.insert(String::from(*id), label(value));
    }
    Value::Object(fields)
}

fn label(label: &Label) -> Value {
    match label.in_plan {
        Some(in_plan) => json!({"id": label.id, "name": label.name, "in_plan": in_plan}),
        None => json!({"id": label.id, "name": label.name}),
    }
}

fn figures(face: &Face, figures: &[Figure]) -> Map<String, Value> {
    face.measures
        .iter()
        .zip(figures)
        .map(|(own, figure)| {
            let mut value = json!({"value": figure.value.json(own.names)});
            if let (Some(fields), Some(before)) = (value.as_object_mut(), &figure.previous) {
                fields.insert(String::from("previous"), before.json(own.names));
            }
            (own.id.to_string(), value)
        })
        .collect()
}

/// The shape of the answer.
pub(super) fn schema() -> Value {
    let days = shape::object(&[
        ("from", shape::date("The first day.")),
        ("to", shape::date("The last day.")),
    ]);
    let column = shape::object_with(
        &[
            ("id", shape::text("Its name in rows.")),
            ("name", shape::text("What people call it.")),
            (
                "kind",
                json!({"enum": ["dimension", "count", "money", "rate", "duration", "money_rate"]}),
            ),
        ],
        &[
            ("numerator", shape::text("What is divided.")),
            ("denominator", shape::text("What it is divided by.")),
        ],
    );
    let row = || {
        json!({
            "type": "object",
            "description": "By the columns' ids: dimensions as {id, name}, figures as {value} and, \
                            where they are compared, {previous}. A count is a whole number; money is \
                            a list of {currency, minor, decimal}; a rate is {numerator, \
                            numerator_name, denominator, denominator_name, decimal}, its decimal \
                            null where there is no data; rates of money are lists of rates with \
                            their currency; null is what cannot be known.",
            "additionalProperties": {"type": "object"},
        })
    };
    shape::object(&[
        ("site", shape::text("The site.")),
        ("report", shape::text("The report.")),
        ("timezone", shape::text("The zone whose days these are.")),
        ("from", shape::date("The first day.")),
        ("to", shape::date("The last day.")),
        ("previous", json!({"anyOf": [days, {"type": "null"}]})),
        (
            "filters",
            json!({"type": "object", "additionalProperties": {"type": "string"}}),
        ),
        ("dates", json!({"enum": ["purchase", "refund"]})),
        ("currency", json!({"type": ["string", "null"]})),
        (
            "plan",
            shape::text("The hash of the plan whose names these are."),
        ),
        ("columns", shape::list(column)),
        ("rows", shape::list(row())),
        (
            "of",
            shape::integer("How many rows there are, shown or not."),
        ),
        (
            "offset",
            shape::integer("How many come before the first that is shown."),
        ),
        ("rest", json!({"anyOf": [row(), {"type": "null"}]})),
        ("totals", row()),
    ])
}
