//! Replay: another plan over the observations that are stored, as a dry run or for good.
//!
//! A replay is a row that walks through the observations in bounded steps, by their key. Whoever
//! asks for a step takes it: the caller, or the clock by [`go_on_with_all`]. What it changes is a fold over
//! counting keys (core's `replay::Diff`), kept by SQL, so that steps may end and begin anywhere.

mod answer;
mod begin;
mod quarantined;
mod statements;
mod step;

#[cfg(test)]
pub(crate) mod testing;

pub(crate) use answer::schema;
pub(crate) use begin::{BODY_BYTES, begin};

use crate::{
    bindings::Bindings,
    clock, database,
    http::{Failure, Outcome},
    log, plans,
    problem::{Kind, Problem},
    reports::Query,
    routes::Parameter,
    sink::{Compiled, Param, Statement, Waiting},
    store,
};
use goalpost_core::{Id, Rules, clip, limits, plan::Plan};
use serde::Deserialize;
use serde_json::{json, value::RawValue};
use std::sync::Arc;
use worker::Request;

/// How large a step is.
pub(crate) const PARAMETERS: &[Parameter] = &[Parameter {
    name: "limit",
    about: "How many observations to evaluate at most; without it, 2000.",
    schema: || json!({"type": "integer", "minimum": 1, "maximum": statements::STEP}),
}];

/// A replay, as its row says.
#[derive(Debug, Deserialize)]
struct Replay {
    site: String,
    id: String,
    plan: String,
    version: Option<u32>,
    source: String,
    from: String,
    to: String,
    apply: u8,
    state: String,
    part: String,
    cursor: String,
    steps: i64,
    replayed: i64,
    accepted: i64,
    diff: Option<Box<RawValue>>,
    problem: Option<String>,
    created_at: i64,
    updated_at: i64,
}

impl Replay {
    fn runs(&self) -> bool {
        self.state == "running"
    }

    const fn applies(&self) -> bool {
        self.apply != 0
    }

    /// The plan that is tried, with its rules.
    fn plan(&self) -> Result<(Plan, Compiled), Failure> {
        let plan = Plan::parse(&self.source).map_err(|_| {
            Failure::Internal(format!("the plan {} is no plan any more", self.plan))
        })?;
        // The hash is a name given once: newer code may write the same plan differently.
        let rules = Rules {
            plan: self.plan.clone(),
            ..plan.compile()
        };
        let compiled = Compiled {
            rules: Arc::new(rules),
            reporting: Arc::new(plan.reporting()),
        };
        Ok((plan, compiled))
    }
}

/// Shows how far a replay is, and what it has found so far.
pub(crate) async fn show(edge: &Bindings, site: &str, id: &str) -> Outcome {
    let replay = find(edge, site, id).await?;
    answer::answer(edge, &replay).await
}

/// Takes one step, and shows the replay after it.
pub(crate) async fn step(request: &Request, edge: &Bindings, site: &str, id: &str) -> Outcome {
    let query = Query::of(request)?;
    let limit = query.number("limit", statements::STEP, (1, statements::STEP))?;
    let replay = find(edge, site, id).await?;
    if replay.runs() {
        go_on(edge, &replay, limit).await?;
    }
    show(edge, site, id).await
}

/// Steps that one run of the clock takes.
const STEPS: usize = 20;

/// Takes a bounded number of steps, each of the running replay that has waited longest: what somebody
/// began and left comes to its end all the same. One that fails waits for the next run, and then behind
/// the others.
///
/// # Errors
/// The first failure, after the other replays were tried.
pub(crate) async fn go_on_with_all(edge: &Bindings) -> Result<(), Failure> {
    let mut failed: Vec<String> = Vec::new();
    let mut outcome = Ok(());
    for _ in 0..STEPS {
        let others = serde_json::to_string(&failed)?;
        let replay: Option<Replay> = database::row(edge, &statements::next(), &[&others]).await?;
        let Some(replay) = replay else { break };
        if let Err(problem) = go_on(edge, &replay, statements::STEP).await {
            let about = [
                ("site", replay.site.as_str()),
                ("replay", replay.id.as_str()),
            ];
            log::error("replay_waits", &about, &problem);
            outcome = outcome.and(Err(problem));
            let behind = Statement {
                sql: statements::GO_BEHIND,
                params: vec![
                    Param::Text(replay.site.clone()),
                    Param::Text(replay.id.clone()),
                    Param::Integer(clock::now()),
                ],
            };
            store::run(edge, &[behind]).await?;
            failed.push(replay.id);
        }
    }
    outcome
}

async fn find(edge: &Bindings, site: &str, id: &str) -> Result<Replay, Failure> {
    let unknown = || {
        let id = clip(id, limits::NAME_BYTES);
        Failure::Problem(Problem::new(
            Kind::NotFound,
            format!("replay: '{site}' has no replay '{id}'; POST …/plan/replay begins one"),
        ))
    };
    let hex = hex(Id::parse(id).ok_or_else(unknown)?);
    let found: Option<Replay> = database::row(edge, &statements::one(), &[site, &hex]).await?;
    found.ok_or_else(unknown)
}

fn hex(id: Id) -> String {
    id.text().replace('-', "")
}

/// One step: all of it happens, or nothing.
async fn go_on(edge: &Bindings, replay: &Replay, limit: u32) -> Result<(), Failure> {
    match try_step(edge, replay, limit).await {
        // Another has taken this step.
        Err(Failure::Platform(problem)) if problem.contains(statements::NOT_HELD) => Ok(()),
        // What this code cannot read now it cannot read later either.
        Err(Failure::Internal(problem)) => {
            let about = [
                ("site", replay.site.as_str()),
                ("replay", replay.id.as_str()),
            ];
            log::error("replay_ends", &about, &problem);
            let fail = Statement {
                sql: statements::FAIL,
                params: vec![
                    Param::Text(replay.site.clone()),
                    Param::Text(replay.id.clone()),
                    Param::Text(problem),
                    Param::Integer(clock::now()),
                ],
            };
            store::run(edge, &[fail, step::forget(&replay.site)]).await?;
            Ok(())
        }
        other => other,
    }
}

async fn try_step(edge: &Bindings, replay: &Replay, limit: u32) -> Result<(), Failure> {
    let (plan, compiled) = replay.plan()?;
    let keys = plans::signing_keys(edge);
    let tried = step::Tried {
        plan: &compiled,
        keys: keys.get(&replay.site).map_or(&[], Vec::as_slice),
    };
    let Replay {
        site,
        id,
        cursor,
        from,
        to,
        ..
    } = replay;
    let (most, among) = (limit.to_string(), statements::LOOKED_AT.to_string());
    let now = clock::now();
    let looked = [site.as_str(), cursor, &among];
    let statements = if replay.part == step::STORED {
        let values = [site.as_str(), cursor, &among, &most, from, to];
        let rows: Vec<step::Row> = database::rows(edge, statements::ROWS, &values).await?;
        let next = match step::next(rows.iter().map(|row| row.id.as_str()), limit) {
            Some(next) => next,
            None => last(edge, statements::LOOKED, &looked).await?,
        };
        step::stored(replay, &tried, &rows, &next, now)?
    } else {
        let values = [site.as_str(), cursor, &among, &most];
        let rows: Vec<Waiting> = database::rows(edge, statements::WAITING, &values).await?;
        let next = match step::next(rows.iter().map(|row| row.id.as_str()), limit) {
            Some(next) => next,
            None => last(edge, statements::LOOKED_WAITING, &looked).await?,
        };
        if next.is_empty() {
            let diff = serde_json::to_string(&answer::definitions(edge, &plan, id).await?)?;
            step::end(replay, &diff, now).to_vec()
        } else {
            let batch = clock::new_id()?;
            quarantined::quarantined(replay, &tried, &rows, &next, batch, now)?
        }
    };
    store::run(edge, &statements).await?;
    Ok(())
}

/// The last row of all that were looked at; empty if there was none.
async fn last(edge: &Bindings, sql: &str, values: &[&str]) -> Result<String, Failure> {
    Ok(database::row(edge, sql, values).await?.unwrap_or_default())
}
