//! Goals and outcomes by day: how often, by how many people, and what they were worth.

use super::{
    Query, amount_schema,
    figures::{Worth, figures, in_order},
    period::Period,
};
use crate::{
    bindings::Bindings,
    clock,
    http::{self, Outcome},
    openapi::shape,
    plans::Known,
};
use serde::Serialize;
use serde_json::Value;

#[derive(Serialize)]
struct Report<'a, T> {
    site: &'a str,
    timezone: &'a str,
    from: String,
    to: String,
    /// The hash of the plan whose names these are.
    plan: &'a str,
    definitions: Vec<T>,
}

impl<'a, T> Report<'a, T> {
    fn new(known: &'a Known, period: Period, definitions: Vec<T>) -> Self {
        Self {
            site: &known.plan.site,
            timezone: &known.plan.timezone,
            from: period.from,
            to: period.to,
            plan: &known.rules.plan,
            definitions,
        }
    }
}

#[derive(Serialize)]
struct Outcomes {
    id: String,
    name: String,
    group: Option<Named>,
    in_plan: bool,
    conversions: i64,
    people: i64,
    value: Vec<Worth>,
    days: Vec<OutcomeDay>,
}

#[derive(Serialize)]
struct Named {
    id: String,
    name: String,
}

#[derive(Serialize)]
struct OutcomeDay {
    day: String,
    conversions: i64,
    people: i64,
    value: Vec<Worth>,
}

/// Answers what happened and what it was worth in money.
pub(super) async fn outcomes(edge: &Bindings, known: &Known, query: &Query) -> Outcome {
    let period = Period::of(query, &known.rules.zone, clock::now())?;
    let mut figures = figures(edge, &known.plan.site, "outcome", &period).await?;
    let own: Vec<&str> = known
        .plan
        .live_outcomes()
        .map(|own| own.id.as_str())
        .collect();
    let definitions = in_order(&own, &mut figures, "outcome")
        .into_iter()
        .map(|(id, in_plan, figures)| Outcomes {
            name: String::from(known.plan.definition_name(&id)),
            group: group(known, &id),
            id,
            in_plan,
            conversions: figures.total.conversions,
            people: figures.total.people,
            value: figures.total.worth(),
            days: figures
                .days
                .into_iter()
                .map(|(day, sum)| OutcomeDay {
                    day,
                    conversions: sum.conversions,
                    people: sum.people,
                    value: sum.worth(),
                })
                .collect(),
        })
        .collect();
    http::json(&Report::new(known, period, definitions))
}

fn group(known: &Known, outcome: &str) -> Option<Named> {
    let id = known
        .plan
        .outcomes
        .iter()
        .find(|own| own.id == outcome)?
        .group
        .clone()?;
    let name = known
        .plan
        .groups
        .iter()
        .find(|own| own.id == id)
        .and_then(|group| group.name.clone())
        .unwrap_or_else(|| id.clone());
    Some(Named { id, name })
}

#[derive(Serialize)]
struct Goals {
    id: String,
    name: String,
    in_plan: bool,
    conversions: i64,
    people: i64,
    points: i64,
    days: Vec<GoalDay>,
}

#[derive(Serialize)]
struct GoalDay {
    day: String,
    conversions: i64,
    people: i64,
    points: i64,
}

/// Answers what happened and what it was worth in points.
pub(super) async fn goals(edge: &Bindings, known: &Known, query: &Query) -> Outcome {
    let period = Period::of(query, &known.rules.zone, clock::now())?;
    let mut figures = figures(edge, &known.plan.site, "goal", &period).await?;
    let own: Vec<&str> = known.plan.goals.iter().map(|own| own.id.as_str()).collect();
    let definitions = in_order(&own, &mut figures, "goal")
        .into_iter()
        .map(|(id, in_plan, figures)| Goals {
            name: String::from(known.plan.definition_name(&id)),
            id,
            in_plan,
            conversions: figures.total.conversions,
            people: figures.total.people,
            points: figures.total.points,
            days: figures
                .days
                .into_iter()
                .map(|(day, sum)| GoalDay {
                    day,
                    conversions: sum.conversions,
                    people: sum.people,
                    points: sum.points,
                })
                .collect(),
        })
        .collect();
    http::json(&Report::new(known, period, definitions))
}

fn report_schema(definition: Value) -> Value {
    shape::object(&[
        ("site", shape::text("The site.")),
        ("timezone", shape::text("The zone whose days these are.")),
        ("from", shape::date("The first day.")),
        ("to", shape::date("The last day.")),
        (
            "plan",
            shape::text("The hash of the plan whose names these are."),
        ),
        ("definitions", shape::list(definition)),
    ])
}

const CONVERSIONS: &str = "How often it counted.";
const PEOPLE_ABOUT: &str = "By how many people: contacts, else visitors.";
const IN_PLAN: &str = "Whether the plan in effect has it; if not, an earlier one had.";

fn value_schema() -> Value {
    shape::list(shape::object(&[
        (
            "currency",
            shape::text("ISO 4217; amounts of two currencies are never added."),
        ),
        ("claimed", amount_schema("As pages said.")),
        ("verified", amount_schema("As servers vouched for.")),
    ]))
}

/// The shape of the outcomes.
pub(super) fn outcomes_schema() -> Value {
    let group = shape::object(&[
        ("id", shape::text("Its id.")),
        ("name", shape::text("Its name.")),
    ]);
    report_schema(shape::object(&[
        ("id", shape::text("The outcome's id.")),
        ("name", shape::text("Its name.")),
        (
            "group",
            serde_json::json!({"anyOf": [group, {"type": "null"}]}),
        ),
        ("in_plan", shape::boolean(IN_PLAN)),
        ("conversions", shape::integer(CONVERSIONS)),
        ("people", shape::integer(PEOPLE_ABOUT)),
        ("value", value_schema()),
        (
            "days",
            shape::list(shape::object(&[
                ("day", shape::date("A day on which it happened.")),
                ("conversions", shape::integer(CONVERSIONS)),
                ("people", shape::integer(PEOPLE_ABOUT)),
                ("value", value_schema()),
            ])),
        ),
    ]))
}

/// The shape of the goals.
pub(super) fn goals_schema() -> Value {
    report_schema(shape::object(&[
        ("id", shape::text("The goal's id.")),
        ("name", shape::text("Its name.")),
        ("in_plan", shape::boolean(IN_PLAN)),
        ("conversions", shape::integer(CONVERSIONS)),
        ("people", shape::integer(PEOPLE_ABOUT)),
        ("points", shape::integer("Engagement value.")),
        (
            "days",
            shape::list(shape::object(&[
                ("day", shape::date("A day on which it happened.")),
                ("conversions", shape::integer(CONVERSIONS)),
                ("people", shape::integer(PEOPLE_ABOUT)),
                ("points", shape::integer("Engagement value.")),
            ])),
        ),
    ]))
}
