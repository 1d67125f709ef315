//! A table as JSON: the same shape for every report.

use super::{
    ask::Ask,
    dimension::NONE,
    table::{Figure, Label, Row, Table, names},
};
use crate::{openapi::shape, plans::Known};
use serde_json::{Map, Value, json};

/// The answer.
pub(super) fn json(ask: &Ask, known: &Known, table: &Table) -> Value {
    let filters: Map<String, Value> = ask
        .filters
        .iter()
        .map(|(own, value)| {
            let value = if value.is_empty() { NONE } else { value };
            (String::from(own.id()), json!(value))
        })
        .collect();
    json!({
        "site": known.plan.site,
        "report": ask.report.name,
        "timezone": known.plan.timezone,
        "from": ask.period.from,
        "to": ask.period.to,
        "previous": ask.previous.as_ref().map(|days| json!({"from": days.from, "to": days.to})),
        "filters": filters,
        "dates": if ask.on_refund_day { "refund" } else { "purchase" },
        "currency": ask.exchanged.then(|| known.plan.currency.code()),
        "plan": known.rules.plan,
        "columns": columns(ask),
        "rows": table.rows.iter().map(|own| row(ask, own)).collect::<Vec<_>>(),
        "of": table.of,
        "offset": ask.offset,
        "rest": table.rest.as_ref().map(|rest| Value::Object(figures(ask, rest))),
        "totals": figures(ask, &table.totals),
    })
}

fn columns(ask: &Ask) -> Vec<Value> {
    let dimensions = ask
        .dimensions
        .iter()
        .map(|own| json!({"id": own.id(), "name": own.name(), "kind": "dimension"}));
    let measures = ask.measures.iter().map(|own| {
        let mut column = json!({"id": own.id, "name": own.name, "kind": own.what.kind()});
        if let (Some(fields), Some((numerator, denominator))) =
            (column.as_object_mut(), names(ask, own))
        {
            fields.insert(String::from("numerator"), json!(numerator));
            fields.insert(String::from("denominator"), json!(denominator));
        }
        column
    });
    dimensions.chain(measures).collect()
}

fn row(ask: &Ask, row: &Row) -> Value {
    let mut fields = figures(ask, &row.figures);
    for (own, value) in ask.dimensions.iter().zip(&row.labels) {
        fields.insert(String::from(own.id()), label(value));
    }
    Value::Object(fields)
}

fn label(label: &Label) -> Value {
    match label.in_plan {
        Some(in_plan) => json!({"id": label.id, "name": label.name, "in_plan": in_plan}),
        None => json!({"id": label.id, "name": label.name}),
    }
}

fn figures(ask: &Ask, figures: &[Figure]) -> Map<String, Value> {
    ask.measures
        .iter()
        .zip(figures)
        .map(|(own, figure)| {
            let names = names(ask, own);
            let mut value = json!({"value": figure.value.json(names)});
            if let (Some(fields), Some(before)) = (value.as_object_mut(), &figure.previous) {
                fields.insert(String::from("previous"), before.json(names));
            }
            (String::from(own.id), value)
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
