//! How a replay begins.

use super::{Replay, answer, find, hex, statements as sql, step};
use crate::{
    audit::{Act, Note},
    auth::Caller,
    bindings::Bindings,
    body, clock, database,
    http::{Failure, Outcome},
    plans,
    problem::{Kind, Problem},
    reports::{bad_parameter, day},
    shards,
    sink::{Param, Statement},
    store,
};
use goalpost_core::{Id, limits, plan::Plan};
use serde::Deserialize;
use serde_json::value::RawValue;
use worker::Request;

/// Bytes of the request: a plan, and room for the rest.
pub(crate) const BODY_BYTES: usize = limits::PLAN_BYTES.saturating_add(1_024);

/// What a caller asks for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted<'a> {
    #[serde(borrow, default)]
    plan: Option<&'a RawValue>,
    #[serde(default)]
    version: Option<u32>,
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    to: Option<String>,
    #[serde(default)]
    apply: bool,
}

/// Begins a replay; its steps are still to be taken.
pub(crate) async fn begin(
    mut request: Request,
    edge: &Bindings,
    site: &str,
    caller: &Caller,
) -> Outcome {
    shards::only_one(edge, "replay").await?;
    let body = body::read(&mut request, BODY_BYTES).await?;
    let wanted = read(&body)?;
    let (from, to) = period(&wanted)?;
    let (plan, hash) = plan(edge, site, &wanted).await?;
    let running: Option<Replay> = database::row(edge, &sql::running(), &[site]).await?;
    if let Some(running) = running.filter(Replay::applies) {
        return Err(busy(&running).into());
    }
    if wanted.apply && wanted.plan.is_some() {
        plans::put(edge, &plan, caller).await?;
    }
    let id = clock::new_id()?;
    let beginning = Beginning {
        site,
        id: &hex(id),
        plan: &hash,
        source: &plan.json(),
        from: &from,
        to: &to,
        apply: wanted.apply,
        now: clock::now(),
    };
    let mut statements = statements(&beginning).to_vec();
    if wanted.apply {
        statements.push(Note::new(site, caller, Act::Replay, &id.text())?.statement());
    }
    store::run(edge, &statements).await?;
    begun(edge, site, id).await
}

/// A replay before its first step.
pub(super) struct Beginning<'a> {
    pub(super) site: &'a str,
    pub(super) id: &'a str,
    pub(super) plan: &'a str,
    pub(super) source: &'a str,
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) apply: bool,
    pub(super) now: i64,
}

/// The statements that begin a replay, unless one is being applied.
pub(super) fn statements(new: &Beginning<'_>) -> [Statement; 3] {
    let text = |text: &str| Param::Text(String::from(text));
    let now = Param::Integer(new.now);
    let mut params = [new.site, new.id, new.plan, new.source, new.from, new.to]
        .map(text)
        .to_vec();
    params.push(Param::Integer(i64::from(new.apply)));
    params.push(now.clone());
    [
        Statement {
            sql: sql::MAKE_ROOM,
            params: vec![text(new.site), now],
        },
        step::forget(new.site),
        Statement {
            sql: sql::BEGIN,
            params,
        },
    ]
}

/// Of two that begin at once, one does.
async fn begun(edge: &Bindings, site: &str, id: Id) -> Outcome {
    let running: Option<Replay> = database::row(edge, &sql::running(), &[site]).await?;
    match running {
        Some(other) if Id::parse(&other.id) != Some(id) => Err(busy(&other).into()),
        _ => answer::answer(edge, &find(edge, site, &id.text()).await?).await,
    }
}

fn busy(running: &Replay) -> Problem {
    let id = Id::parse(&running.id).map(Id::text).unwrap_or_default();
    Problem::new(
        Kind::Busy,
        format!("replay: {id} is being applied; take its steps to the end first"),
    )
}

fn read(body: &[u8]) -> Result<Wanted<'_>, Problem> {
    let wanted: Wanted<'_> = serde_json::from_slice(body).map_err(|problem| {
        bad_parameter("body", &format!("is not what it should be: {problem}"))
    })?;
    match (wanted.plan, wanted.version) {
        (Some(_), Some(_)) => Err(bad_parameter(
            "version",
            "is given beside plan; name a version or give a plan",
        )),
        (None, None) => Err(bad_parameter(
            "plan",
            "is missing; give a plan, or name a version that was published",
        )),
        _ => Ok(wanted),
    }
}

/// The days of the replay; empty without a bound.
fn period(wanted: &Wanted<'_>) -> Result<(String, String), Problem> {
    let bound = |name: &str, text: &Option<String>| match text {
        Some(text) => day(name, text).map(goalpost_core::Date::text),
        None => Ok(String::new()),
    };
    let (from, to) = (bound("from", &wanted.from)?, bound("to", &wanted.to)?);
    if !to.is_empty() && from > to {
        let detail = format!("{from} is after {to}; swap from and to");
        return Err(bad_parameter("from", &detail));
    }
    Ok((from, to))
}

/// The plan that is tried, and what it is known by.
async fn plan(edge: &Bindings, site: &str, wanted: &Wanted<'_>) -> Result<(Plan, String), Failure> {
    if plans::site(edge, site).await?.is_none() {
        return Err(plans::unknown_site(site).into());
    }
    match (wanted.plan, wanted.version) {
        (Some(plan), _) => {
            let plan = plans::checked(plan.get().as_bytes(), site, "plan")?;
            let hash = plan.hash();
            Ok((plan, hash))
        }
        (None, version) => plans::version(edge, site, version.unwrap_or_default()).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(body: &str) -> String {
        match read(body.as_bytes()) {
            Ok(wanted) => period(&wanted).unwrap_err().detail.into_owned(),
            Err(problem) => problem.detail.into_owned(),
        }
    }

    #[test]
    fn a_replay_has_one_plan_and_a_period_that_goes_forward() {
        for (body, expected) in [
            ("{}", "plan: is missing"),
            (
                r#"{"plan":{},"version":1}"#,
                "version: is given beside plan",
            ),
            ("x", "body: is not what it should be"),
            (
                r#"{"version":1,"form":"x"}"#,
                "body: is not what it should be",
            ),
            (
                r#"{"version":1,"from":"2026-11-31"}"#,
                "from: '2026-11-31' is not a day",
            ),
            (
                r#"{"version":1,"from":"2026-11-02","to":"2026-11-01"}"#,
                "from: 2026-11-02 is after 2026-11-01",
            ),
        ] {
            let found = problem(body);
            assert!(found.starts_with(expected), "{found}");
        }
        let wanted = read(br#"{"version":1,"to":"2026-11-01"}"#).unwrap();
        assert_eq!(
            period(&wanted).unwrap(),
            (String::new(), "2026-11-01".into())
        );
    }
}
