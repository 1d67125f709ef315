//! What every report asks that reads paths or trails: its days, and the form of its answer.

use super::{
    Query,
    face::{Column, Face},
    period::Period,
    table::Table,
    tables,
};
use crate::{http::Outcome, plans::Known, problem::Problem, routes::Parameter};
use serde_json::{Map, Value, json};

/// Rows of an answer, if it asks for no number of them, and at most.
pub(super) const ROWS: (u32, u32) = (1_000, 10_000);

/// The days that are asked about, and how they are answered.
pub(super) struct Asked {
    pub(super) period: Period,
    pub(super) previous: Option<Period>,
    pub(super) csv: bool,
    pub(super) limit: usize,
    pub(super) filters: Map<String, Value>,
}

impl Asked {
    /// Reads what is common, and refuses what is none of the parameters.
    pub(super) fn read(
        query: &Query,
        parameters: &[Parameter],
        known: &Known,
        now: i64,
    ) -> Result<Self, Problem> {
        let names: Vec<&str> = parameters.iter().map(|own| own.name).collect();
        query.only(&names)?;
        let period = Period::of(query, &known.rules.zone, now)?;
        let compare = query.choice("compare", &["none", "previous"])?;
        let limit = query.number("limit", ROWS.0, (1, ROWS.1))?;
        Ok(Self {
            previous: (compare == "previous").then(|| period.before()),
            period,
            csv: query.choice("format", &["json", "csv"])? == "csv",
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            filters: Map::new(),
        })
    }

    /// Says in the answer what the report was narrowed to.
    pub(super) fn say(&mut self, name: &'static str, value: &str) {
        self.filters.insert(String::from(name), json!(value));
    }

    /// What the answer says of itself.
    pub(super) fn face(
        &self,
        report: &'static str,
        dimensions: Vec<(&'static str, &'static str)>,
        measures: Vec<Column>,
    ) -> Face {
        Face {
            report,
            period: self.period.clone(),
            previous: self.previous.clone(),
            filters: self.filters.clone(),
            on_refund_day: false,
            currency: None,
            dimensions,
            measures,
            offset: 0,
        }
    }
}

/// A report, ready to be sent.
pub(super) struct Made {
    pub(super) face: Face,
    pub(super) table: Table,
    csv: bool,
}

impl Asked {
    /// What was asked for.
    pub(super) fn made(self, face: Face, table: Table) -> Made {
        Made {
            face,
            table,
            csv: self.csv,
        }
    }
}

impl Made {
    pub(super) fn send(&self, known: &Known) -> Outcome {
        tables::send(&self.face, known, &self.table, self.csv)
    }
}

const fn parameter(name: &'static str, about: &'static str, schema: fn() -> Value) -> Parameter {
    Parameter {
        name,
        about,
        schema,
    }
}

const TEXT: fn() -> Value = || json!({"type": "string"});

const FROM: Parameter = parameter(
    "from",
    "The first day, in the site's time zone. Without it: 29 days before the last.",
    || json!({"type": "string", "format": "date"}),
);

const TO: Parameter = parameter(
    "to",
    "The last day, included. Without it: today.",
    || json!({"type": "string", "format": "date"}),
);

const COMPARE: Parameter = parameter(
    "compare",
    "Whether each figure stands beside that of as many days right before.",
    || json!({"enum": ["none", "previous"]}),
);

const FORMAT: Parameter = parameter(
    "format",
    "JSON, or CSV for a spreadsheet.",
    || json!({"enum": ["json", "csv"]}),
);

const LIMIT: Parameter = parameter(
    "limit",
    "How many rows; the others are summed up in `rest`.",
    || json!({"type": "integer", "minimum": 1, "maximum": ROWS.1, "default": ROWS.0}),
);

const LOOKBACK: Parameter = parameter(
    "lookback",
    "How far back a touch may lie: 7d, 30d, 60d, 90d or the plan's own, which is the usual one and \
     the only one that is kept.",
    TEXT,
);

/// Counts of steps are no parts of a whole.
const LIMIT_OF_STEPS: Parameter = parameter(
    "limit",
    "How many rows; `of` says how many there are, and `rest` stays null.",
    LIMIT.schema,
);

/// The parameters of `attribution`.
pub(crate) const ATTRIBUTION: &[Parameter] = &[
    FROM,
    TO,
    COMPARE,
    parameter(
        "model",
        "How a value is divided over the touches before it; `all` shows every model.",
        || json!({"enum": super::credit::models::Chosen::names()}),
    ),
    LOOKBACK,
    parameter(
        "definition",
        "Only these outcomes, separated by commas. Without it: all that brought an amount.",
        TEXT,
    ),
    parameter(
        "by",
        "What rows are.",
        || json!({"enum": ["channel", "campaign", "source"]}),
    ),
    FORMAT,
    LIMIT,
];

/// The parameters of `velocity`.
pub(crate) const VELOCITY: &[Parameter] = &[
    FROM,
    TO,
    COMPARE,
    LOOKBACK,
    parameter("definition", "Only this outcome.", TEXT),
    parameter(
        "by",
        "How outcomes are spread over days, or over visits.",
        || json!({"enum": ["none", "days", "visits"]}),
    ),
    FORMAT,
];

/// The parameters of `funnels`.
pub(crate) const FUNNELS: &[Parameter] = &[
    FROM,
    TO,
    COMPARE,
    parameter(
        "funnel",
        "The steps of this funnel of the plan. Without it: the first and last step of each.",
        TEXT,
    ),
    parameter(
        "by",
        "What rows are told apart by besides.",
        || json!({"enum": ["none", "channel", "device", "country"]}),
    ),
    parameter(
        "order",
        "What if the steps were done in this order.",
        || json!({"enum": ["plan", "loose", "strict", "any"]}),
    ),
    parameter(
        "unit",
        "What if this unit were followed.",
        || json!({"enum": ["plan", "session", "contact"]}),
    ),
    FORMAT,
    LIMIT_OF_STEPS,
];

/// The parameters of `what-if`.
pub(crate) const WHAT_IF: &[Parameter] = &[
    FROM,
    TO,
    COMPARE,
    parameter(
        "preset",
        "Whose way of counting; all beside each other without it.",
        || json!({"enum": ["all", "goalpost", "ga4", "ua", "matomo", "plausible"]}),
    ),
    parameter(
        "timeout",
        "Another timeout of sessions, in minutes.",
        || json!({"type": "integer", "minimum": 1, "maximum": 1_440}),
    ),
    FORMAT,
];

/// The parameters of `carts`.
pub(crate) const CARTS: &[Parameter] = &[
    FROM,
    TO,
    COMPARE,
    parameter(
        "by",
        "What rows are told apart by: of the session in which a cart was begun.",
        || json!({"enum": ["none", "day", "channel", "device"]}),
    ),
    parameter(
        "list",
        "`abandoned`: instead of figures, each cart that was given up and not bought since, the \
         last one first.",
        || json!({"enum": ["none", "abandoned"]}),
    ),
    FORMAT,
    LIMIT,
];
