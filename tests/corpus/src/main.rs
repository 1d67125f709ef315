//! Runs the corpus natively and prints two lines of JSON: what the page's engine did at each step,
//! and what the edge stores of each item.
//!
//! The page in `corpus.html` prints the first line too, and the Worker's database gives the second;
//! `tests/e2e/corpus.test.mjs` compares them byte by byte.

mod edge;
mod page;

use goalpost_core::plan::{Plan, PlanProblem};
use serde::Deserialize;
use std::{
    env, fs,
    io::{self, Write as _},
};

/// What is wrong with the corpus.
#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("name the corpus: goalpost-corpus tests/corpus/corpus.json")]
    NoFile,
    #[error("read the corpus, print the result: {0}")]
    Io(#[from] io::Error),
    #[error("the corpus is not what it should be: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the plan of the corpus is refused: {0:?}")]
    Plan(Vec<PlanProblem>),
}

/// A plan, and what happens on one page under it.
#[derive(Deserialize)]
struct Corpus {
    plan: serde_json::Value,
    settings: String,
    began: i64,
    steps: Vec<Step>,
}

/// What happens at one time: a call of the engine, the compiled plan's arrival, or the answer to the
/// request under way, which settles everything in it.
#[derive(Deserialize)]
struct Step {
    now: i64,
    #[serde(default)]
    text: String,
    #[serde(default)]
    plan: bool,
    #[serde(default)]
    answer: bool,
}

fn main() -> Result<(), Problem> {
    let path = env::args().nth(1).ok_or(Problem::NoFile)?;
    let corpus: Corpus = serde_json::from_str(&fs::read_to_string(path)?)?;
    let plan = Plan::parse(&corpus.plan.to_string()).map_err(Problem::Plan)?;
    let rules = plan.compile();
    let trace = page::run(&corpus, &rules)?;
    let stored = edge::store(&trace, rules)?;
    let mut out = io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(&trace)?)?;
    writeln!(out, "{}", serde_json::to_string(&stored)?)?;
    Ok(())
}
