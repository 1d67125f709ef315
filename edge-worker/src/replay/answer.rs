//! What a replay says: how far it is, and what the plan changes.

use super::{Replay, statements as sql};
use crate::{
    bindings::Bindings,
    database,
    http::{self, Failure, Outcome},
    openapi::shape,
    reports::{Amount, amount_schema},
};
use goalpost_core::{
    CountingKey, Id, Money,
    plan::Plan,
    replay::{Change, DefinitionDiff, EXAMPLES, Example, Key, Sides, Total},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::RawValue};
use std::collections::BTreeMap;

#[derive(Serialize)]
struct Answer<'a> {
    site: &'a str,
    id: String,
    plan: &'a str,
    version: Option<u32>,
    from: Option<&'a str>,
    to: Option<&'a str>,
    apply: bool,
    state: &'a str,
    steps: i64,
    replayed: i64,
    accepted: i64,
    until: Option<i64>,
    problem: Option<&'a str>,
    created_at: i64,
    updated_at: i64,
    definitions: Box<RawValue>,
}

/// Answers a replay as it stands.
pub(super) async fn answer(edge: &Bindings, replay: &Replay) -> Outcome {
    let definitions = match &replay.diff {
        Some(diff) => diff.clone(),
        None if replay.runs() => {
            let (plan, _) = replay.plan()?;
            let definitions = definitions(edge, &plan, &replay.id).await?;
            serde_json::value::to_raw_value(&definitions)?
        }
        None => serde_json::value::to_raw_value(&[0u8; 0])?,
    };
    let given = |day: &'_ str| !day.is_empty();
    http::json(&Answer {
        site: &replay.site,
        id: Id::parse(&replay.id).map(Id::text).unwrap_or_default(),
        plan: &replay.plan,
        version: replay.version,
        from: Some(replay.from.as_str()).filter(|day| given(day)),
        to: Some(replay.to.as_str()).filter(|day| given(day)),
        apply: replay.applies(),
        state: &replay.state,
        steps: replay.steps,
        replayed: replay.replayed,
        accepted: replay.accepted,
        until: Id::parse(&replay.cursor).map(Id::time),
        problem: replay.problem.as_deref(),
        created_at: replay.created_at,
        updated_at: replay.updated_at,
        definitions,
    })
}

/// What the plan changes, from the keys that were met so far.
pub(super) async fn definitions(
    edge: &Bindings,
    plan: &Plan,
    replay: &str,
) -> Result<Vec<Difference>, Failure> {
    let counts = database::rows(edge, &sql::counts(), &[replay]).await?;
    let money = database::rows(edge, &sql::money(), &[replay]).await?;
    let most = EXAMPLES.to_string();
    let examples = database::rows(edge, &sql::examples(), &[replay, &most]).await?;
    let summary = summary(counts, money, examples);
    Ok(summary
        .into_iter()
        .map(|diff| Difference::new(plan, diff))
        .collect())
}

/// One row of `statements::counts`.
#[derive(Deserialize)]
pub(super) struct Counts {
    definition: String,
    old: i64,
    new: i64,
    gained: i64,
    lost: i64,
    changed: i64,
    old_points: i64,
    new_points: i64,
}

/// One row of `statements::money`.
#[derive(Deserialize)]
pub(super) struct Sums {
    definition: String,
    currency: String,
    old: i64,
    new: i64,
    in_old: u8,
    in_new: u8,
}

/// The same as core's `Diff::summary`, from what SQL has counted.
pub(super) fn summary(
    counts: Vec<Counts>,
    money: Vec<Sums>,
    examples: Vec<(Key, Sides)>,
) -> Vec<DefinitionDiff> {
    let total = |conversions, points| Total {
        conversions,
        points,
        ..Total::default()
    };
    let mut all: BTreeMap<String, DefinitionDiff> = counts
        .into_iter()
        .map(|row| {
            let diff = DefinitionDiff {
                definition: row.definition.clone(),
                old: total(row.old, row.old_points),
                new: total(row.new, row.new_points),
                gained: row.gained,
                lost: row.lost,
                changed: row.changed,
                examples: Vec::new(),
            };
            (row.definition, diff)
        })
        .collect();
    for row in money {
        let Some(diff) = all.get_mut(&row.definition) else {
            continue;
        };
        if row.in_old != 0 {
            diff.old.money.insert(row.currency.clone(), row.old);
        }
        if row.in_new != 0 {
            diff.new.money.insert(row.currency, row.new);
        }
    }
    for (key, sides) in examples {
        if let Some(change) = sides.change()
            && let Some(diff) = all.get_mut(&key.definition)
        {
            diff.examples.push(Example::new(&key, &sides, change));
        }
    }
    all.into_values().collect()
}

#[derive(Debug, Serialize)]
pub(super) struct Difference {
    definition: String,
    name: String,
    text: String,
    old: Side,
    new: Side,
    gained: i64,
    lost: i64,
    changed: i64,
    examples: Vec<Shown>,
}

#[derive(Debug, Serialize)]
struct Side {
    conversions: i64,
    points: i64,
    value: Vec<Worth>,
}

#[derive(Debug, Serialize)]
struct Worth {
    currency: String,
    amount: Amount,
}

#[derive(Debug, Serialize)]
struct Shown {
    change: Change,
    observation: Option<String>,
    key: String,
    old: Option<One>,
    new: Option<One>,
    reason: String,
}

#[derive(Debug, Serialize)]
struct One {
    points: i64,
    value: Option<Worth>,
}

impl Difference {
    fn new(plan: &Plan, diff: DefinitionDiff) -> Self {
        let name = plan.definition_name(&diff.definition);
        Self {
            text: text(name, &diff),
            name: String::from(name),
            old: Side::new(diff.old),
            new: Side::new(diff.new),
            gained: diff.gained,
            lost: diff.lost,
            changed: diff.changed,
            examples: diff.examples.into_iter().map(Shown::new).collect(),
            definition: diff.definition,
        }
    }
}

/// The difference in one line, as a change of a plan is discussed.
fn text(name: &str, diff: &DefinitionDiff) -> String {
    let changes: Vec<String> = [
        (diff.lost, "lost"),
        (diff.gained, "gained"),
        (diff.changed, "worth something else"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| format!("{count} {what}"))
    .collect();
    let (old, new) = (diff.old.conversions, diff.new.conversions);
    if changes.is_empty() {
        return format!("{name} {new}, as before");
    }
    format!("{name} {old} → {new}: {}", changes.join(", "))
}

impl Side {
    fn new(total: Total) -> Self {
        Self {
            conversions: total.conversions,
            points: total.points,
            value: total
                .money
                .into_iter()
                .map(|(currency, minor)| Worth {
                    amount: Amount::new(minor, &currency),
                    currency,
                })
                .collect(),
        }
    }
}

impl Shown {
    fn new(example: Example) -> Self {
        let key = CountingKey {
            scope: example.scope,
            who: example.who,
            dedup: example.dedup,
        };
        Self {
            change: example.change,
            observation: example.observation.map(Id::text),
            key: key.text(),
            old: example.old.map(One::new),
            new: example.new.map(One::new),
            reason: example.reason,
        }
    }
}

impl One {
    fn new((points, money): (i64, Option<Money>)) -> Self {
        Self {
            points,
            value: money.map(|money| Worth {
                amount: Amount::new(money.minor, money.currency.code()),
                currency: String::from(money.currency.code()),
            }),
        }
    }
}

/// The answer's shape.
pub(crate) fn schema() -> Value {
    let worth = || {
        shape::object(&[
            ("currency", shape::text("ISO 4217.")),
            ("amount", amount_schema("The amount.")),
        ])
    };
    let side = || {
        shape::object(&[
            (
                "conversions",
                shape::integer("Each counting key that an observation of the period has, once."),
            ),
            ("points", shape::integer("Engagement value.")),
            ("value", shape::list(worth())),
        ])
    };
    let one = || {
        shape::perhaps(shape::object(&[
            ("points", shape::integer("Engagement value.")),
            ("value", shape::perhaps(worth())),
        ]))
    };
    let example = shape::object(&[
        ("change", json!({"enum": ["gained", "lost", "changed"]})),
        (
            "observation",
            shape::perhaps(shape::id("The first observation of it.")),
        ),
        ("key", shape::text("The counting key.")),
        ("old", one()),
        ("new", one()),
        ("reason", shape::text("Why, in the words of the new plan.")),
    ]);
    let definition = shape::object(&[
        ("definition", shape::text("The goal or outcome.")),
        ("name", shape::text("Its name.")),
        ("text", shape::text("The difference in one line.")),
        ("old", side()),
        ("new", side()),
        (
            "gained",
            shape::integer("Conversions that only the new plan has."),
        ),
        (
            "lost",
            shape::integer("Conversions that only the old plans have."),
        ),
        (
            "changed",
            shape::integer("Conversions of both that are worth something else."),
        ),
        ("examples", shape::list(example)),
    ]);
    shape::object(&[
        ("site", shape::text("The site.")),
        ("id", shape::id("The replay.")),
        ("plan", shape::text("The hash of the plan that is tried.")),
        (
            "version",
            shape::perhaps(shape::integer("Its version, if it was published.")),
        ),
        (
            "from",
            shape::perhaps(shape::date("The first day; null: from the beginning.")),
        ),
        (
            "to",
            shape::perhaps(shape::date("The last day; null: to the end.")),
        ),
        (
            "apply",
            shape::boolean("Whether the new verdicts take the place of the stored ones."),
        ),
        (
            "state",
            json!({"enum": ["running", "done", "applied", "failed"]}),
        ),
        ("steps", shape::integer("Steps taken.")),
        (
            "replayed",
            shape::integer("Items evaluated so far: stored ones, then waiting ones."),
        ),
        (
            "accepted",
            shape::integer(
                "Items waiting in quarantine that the plan accepts; applied, they are stored.",
            ),
        ),
        (
            "until",
            shape::perhaps(shape::time(
                "How far it is: capture of the last observation.",
            )),
        ),
        ("problem", shape::perhaps(shape::text("Why it failed."))),
        ("created_at", shape::time("When it began.")),
        ("updated_at", shape::time("When its last step was.")),
        ("definitions", shape::list(definition)),
    ])
}
