//! Answers a report that is a table: its parameters, its questions, its rows.

use super::{
    Query, answer,
    ask::{Ask, MOST_ROWS, Question, USUAL_ROWS},
    catalogue::Report,
    csv,
    dimension::{Dimension, NONE},
    exchange::Exchange,
    face::Face,
    sheet::Sheet,
    source::MOST,
    store,
    table::{Table, table},
};
use crate::{
    bindings::Bindings,
    clock, contacts,
    http::{self, Failure, Outcome},
    plans::Known,
    routes::Parameter,
};
use serde_json::{Value, json};

/// Answers it.
pub(super) async fn report(
    edge: &Bindings,
    known: &Known,
    query: &Query,
    report: &'static Report,
) -> Outcome {
    let ask = Ask::read(query, report, known, &known.rules.zone, clock::now())?;
    let questions = ask.questions(known);
    let asked: Vec<store::Ask> = questions
        .iter()
        .map(|own| store::Ask::new(own.sql.as_str(), own.values.iter().map(String::as_str)))
        .collect();
    // One transaction, so that all figures are of one moment.
    let answers = store::everywhere(edge, &asked).await?;
    let answers: Vec<_> = questions.into_iter().zip(answers).collect();
    let table = fill(&ask, known, &answers)?;
    send(&ask.face(), known, &table, ask.csv)
}

/// Sends a table as JSON or CSV.
pub(super) fn send(face: &Face, known: &Known, table: &Table, csv: bool) -> Outcome {
    if !csv {
        return http::json(&answer::json(face, known, table));
    }
    let file = format!(
        "{}-{}-{}-{}",
        known.plan.site, face.report, face.period.from, face.period.to
    );
    http::csv(&file, csv::text(face, table))
}

/// The table that the answers make.
pub(super) fn fill(
    ask: &Ask,
    known: &Known,
    answers: &[(Question, Vec<String>)],
) -> Result<Table, Failure> {
    if answers.iter().any(|(_, rows)| rows.len() > MOST) {
        return Err(ask.too_many_rows().into());
    }
    let exchange = ask
        .exchanged
        .then(|| Exchange::new(known.plan.currency, &known.reporting.rates));
    let now = Sheet::gather(ask, answers, false, exchange.as_ref())?;
    let before = ask
        .previous
        .is_some()
        .then(|| Sheet::gather(ask, answers, true, exchange.as_ref()))
        .transpose()?;
    Ok(table(ask, known, &now, before.as_ref()))
}

const fn parameter(name: &'static str, about: &'static str, schema: fn() -> Value) -> Parameter {
    Parameter {
        name,
        about,
        schema,
    }
}

const TEXT: fn() -> Value = || json!({"type": "string"});

/// The parameters of tables. Which values of `by` and which filters a report takes is in its error.
pub(crate) const PARAMETERS: &[Parameter] = &[
    parameter(
        "from",
        "The first day, in the site's time zone. Without it: 29 days before the last.",
        || json!({"type": "string", "format": "date"}),
    ),
    parameter(
        "to",
        "The last day, included. Without it: today.",
        || json!({"type": "string", "format": "date"}),
    ),
    parameter(
        "compare",
        "Whether each figure stands beside that of as many days right before.",
        || json!({"enum": ["none", "previous"]}),
    ),
    parameter("by", "What rows are told apart by besides.", || {
        let names: Vec<&str> = [
            Dimension::Day,
            Dimension::Channel,
            Dimension::Source,
            Dimension::Medium,
            Dimension::Campaign,
            Dimension::Landing,
            Dimension::Device,
            Dimension::Country,
            Dimension::Definition,
        ]
        .map(Dimension::id)
        .into();
        json!({"enum": names})
    }),
    parameter(
        "columns",
        "Only these columns, separated by commas; without it: all that the rows can tell.",
        TEXT,
    ),
    parameter(
        "denominator",
        "What conversion_rate is divided by.",
        || json!({"enum": ["sessions", "visitors", "contacts", "clicks", "impressions"]}),
    ),
    parameter(
        "dates",
        "Whether a refund lowers the day of the purchase, or stands on its own day.",
        || json!({"enum": ["purchase", "refund"]}),
    ),
    parameter(
        "currency",
        "The plan's currency: every amount is exchanged into it by the plan's rates.",
        TEXT,
    ),
    parameter("channel", "Only this channel.", TEXT),
    parameter("campaign", "Only this campaign.", TEXT),
    parameter("landing", "Only sessions that began with this path.", TEXT),
    parameter(
        "device",
        "Only this class of device.",
        || json!({"enum": ["desktop", "mobile", "tablet", NONE]}),
    ),
    parameter("country", "Only this country, two letters.", TEXT),
    parameter(
        "stage",
        "Only people who stand at this stage today: their sessions, and what they did.",
        contacts::stage_schema,
    ),
    parameter(
        "definition",
        "Only conversions of this goal or outcome.",
        TEXT,
    ),
    parameter(
        "format",
        "JSON, or CSV for a spreadsheet.",
        || json!({"enum": ["json", "csv"]}),
    ),
    parameter(
        "limit",
        "How many rows; the others are summed up in `rest`.",
        || json!({"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": USUAL_ROWS}),
    ),
    parameter(
        "offset",
        "How many rows to leave out before the first.",
        || json!({"type": "integer", "minimum": 0, "maximum": 1_000_000}),
    ),
];
