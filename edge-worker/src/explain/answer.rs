//! What an explanation looks like.

use super::Counted;
use crate::{openapi::shape, plans::Known};
use goalpost_core::{
    Id,
    crawler::Doubt,
    reasons::{Reason, already_counted},
};
use serde::Serialize;
use serde_json::{Value, json};

#[derive(Serialize)]
pub(super) struct Answer<'a> {
    pub(super) site: &'a str,
    pub(super) observation: Option<String>,
    pub(super) fate: Option<String>,
    pub(super) doubts: Vec<&'static str>,
    pub(super) plan: &'a str,
    pub(super) time: Option<i64>,
    pub(super) problem: Option<Held>,
    pub(super) definitions: Vec<Explained>,
}

#[derive(Serialize)]
pub(super) struct Held {
    pub(super) reason: &'static str,
    pub(super) detail: String,
}

#[derive(Serialize)]
pub(super) struct Explained {
    pub(super) definition: String,
    pub(super) name: String,
    pub(super) matched: bool,
    pub(super) reason: String,
    pub(super) key: Option<String>,
    pub(super) counted: Option<Stands>,
}

/// What storage says of a conversion.
#[derive(Serialize)]
pub(super) struct Stands {
    /// Whether this observation is the one that counts.
    pub(super) here: bool,
    pub(super) observation: Option<String>,
    pub(super) time: i64,
    pub(super) plan: String,
    pub(super) text: String,
}

pub(super) fn explained(
    known: &Known,
    reason: &Reason,
    stands: Option<&Counted>,
    here: Option<Id>,
) -> Explained {
    let counted = stands.map(|row| {
        let observation = Id::parse(&row.observation);
        let here = observation == here;
        Stands {
            here,
            observation: observation.map(Id::text),
            time: row.time,
            plan: row.plan.clone(),
            text: if here {
                String::from("counted")
            } else {
                already_counted(Id::parse(&row.session), row.time, &known.rules.zone)
            },
        }
    });
    Explained {
        name: String::from(known.plan.definition_name(&reason.definition)),
        definition: reason.definition.clone(),
        matched: reason.conversion.is_some(),
        reason: reason.text(),
        key: reason
            .conversion
            .as_ref()
            .map(|conversion| conversion.key.text()),
        counted,
    }
}
/// The answer's shape.
pub(crate) fn schema() -> Value {
    let counted = shape::object(&[
        (
            "here",
            shape::boolean("Whether it is this observation that counts, and not a copy of it."),
        ),
        (
            "observation",
            shape::perhaps(shape::id("The one that counts.")),
        ),
        ("time", shape::time("When that happened.")),
        ("plan", shape::text("The hash of the plan that decided.")),
        ("text", shape::text("The same, for people.")),
    ]);
    let definition = shape::object(&[
        ("definition", shape::text("The goal or outcome.")),
        ("name", shape::text("Its name.")),
        ("matched", shape::boolean("Whether it happened.")),
        (
            "reason",
            shape::text("Why, in the words of the page's debug mode."),
        ),
        (
            "key",
            shape::perhaps(shape::text("The counting key, if it happened.")),
        ),
        ("counted", shape::perhaps(counted)),
    ]);
    shape::object(&[
        ("site", shape::text("The site.")),
        ("observation", shape::perhaps(shape::id("The observation."))),
        ("fate", json!({"enum": ["stored", "quarantined", null]})),
        (
            "doubts",
            shape::list(json!({
                "enum": Doubt::ALL.map(Doubt::name),
                "description": "What speaks against it, though it is stored.",
            })),
        ),
        ("plan", shape::text("The hash of the plan that explains.")),
        ("time", shape::perhaps(shape::time("When it happened."))),
        (
            "problem",
            shape::perhaps(shape::object(&[
                (
                    "reason",
                    shape::text("Why it is quarantined under this plan."),
                ),
                (
                    "detail",
                    shape::text("What is wrong: the field and the fix."),
                ),
            ])),
        ),
        ("definitions", shape::list(definition)),
    ])
}
