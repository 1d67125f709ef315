//! Publishing: check everything, then one transaction.

use super::{cache, unknown_site};
use crate::{
    audit::{Act, Note},
    auth::Caller,
    bindings::Bindings,
    body, clock, database,
    http::{self, Failure, Outcome},
    openapi::shape,
    problem::{Finding, Kind, Problem},
};
use goalpost_core::{BrowserPlan, limits, plan::Plan};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use worker::{D1PreparedStatement, Request};

#[derive(Serialize)]
pub(crate) struct Published {
    site: String,
    version: u32,
    hash: String,
    /// Whether the site went by another plan before.
    changed: bool,
}

/// The answer's shape.
pub(crate) fn published_schema() -> Value {
    shape::object(&[
        ("site", shape::text("The site.")),
        (
            "version",
            shape::integer("The version in effect; it counts from 1."),
        ),
        (
            "hash",
            shape::text("What the plan is known by: the same content has the same hash."),
        ),
        (
            "changed",
            shape::boolean("Whether the site went by another plan before."),
        ),
    ])
}

/// Checks a plan, and makes it the one that the site goes by.
pub(crate) async fn publish(
    mut request: Request,
    edge: &Bindings,
    site: &str,
    caller: &Caller,
) -> Outcome {
    let body = body::read(&mut request, limits::PLAN_BYTES).await?;
    let plan = checked(&body, site, "")?;
    http::json(&put(edge, &plan, caller).await?)
}

/// Makes a plan that is checked the one that its site goes by.
pub(crate) async fn put(
    edge: &Bindings,
    plan: &Plan,
    caller: &Caller,
) -> Result<Published, Failure> {
    let published = store(edge, plan, caller).await?;
    cache::spread(edge, plan, &published.hash).await;
    Ok(published)
}

/// Checks a plan that stands at `place` of a body; empty: the body is the plan.
pub(crate) fn checked(body: &[u8], site: &str, place: &str) -> Result<Plan, Problem> {
    read(body, site).map_err(|findings| {
        let placed = |path: String| match (place, path.as_str()) {
            ("", _) => path,
            (_, "") => String::from(place),
            _ => format!("{place}.{path}"),
        };
        refused(
            findings
                .into_iter()
                .map(|found| Finding {
                    path: placed(found.path),
                    ..found
                })
                .collect(),
        )
    })
}

fn read(body: &[u8], site: &str) -> Result<Plan, Vec<Finding>> {
    let text =
        core::str::from_utf8(body).map_err(|_| vec![finding("", "the body is not UTF-8 text")])?;
    let plan = Plan::parse(text).map_err(|problems| {
        problems
            .into_iter()
            .map(|problem| finding(&problem.path, &problem.text))
            .collect::<Vec<_>>()
    })?;
    let mut problems = Vec::new();
    if plan.site != site {
        let text = format!(
            "is '{}', but the address names '{site}'; make them the same",
            plan.site
        );
        problems.push(finding("site", &text));
    }
    let bytes = BrowserPlan::encode(&plan.compile()).len();
    if bytes > limits::BROWSER_PLAN_BYTES {
        let text = format!(
            "is {bytes} bytes for a page, and at most {} fit; split the site or drop definitions",
            limits::BROWSER_PLAN_BYTES
        );
        problems.push(finding("", &text));
    }
    if problems.is_empty() {
        Ok(plan)
    } else {
        Err(problems)
    }
}

fn finding(path: &str, detail: &str) -> Finding {
    Finding {
        path: String::from(path),
        detail: String::from(detail),
    }
}

fn refused(findings: Vec<Finding>) -> Problem {
    let detail = match findings.as_slice() {
        [one] if one.path.is_empty() => format!("the plan {}", one.detail),
        [one] => format!("{}: {}", one.path, one.detail),
        several => format!("the plan has {} problems; see problems", several.len()),
    };
    Problem {
        findings,
        ..Problem::new(Kind::BadPlan, detail)
    }
}

const IN_EFFECT: &str = "SELECT json_object('plan', plan, 'version', version) AS json \
                         FROM sites WHERE site = ?1";

/// A version is given once to each content, and never to another.
const KEEP: &str = "INSERT INTO plans (site, version, hash, source, published_at) \
                    SELECT ?1, coalesce(max(version), 0) + 1, ?2, ?3, CAST(?4 AS INTEGER) \
                    FROM plans WHERE site = ?1 \
                    ON CONFLICT (site, hash) DO NOTHING";

const GO_BY: &str = "INSERT INTO sites (site, plan, version, updated_at) \
                     SELECT site, hash, version, CAST(?3 AS INTEGER) \
                     FROM plans WHERE site = ?1 AND hash = ?2 \
                     ON CONFLICT (site) DO UPDATE SET plan = excluded.plan, \
                     version = excluded.version, updated_at = excluded.updated_at \
                     WHERE plan IS NOT excluded.plan";

async fn store(edge: &Bindings, plan: &Plan, caller: &Caller) -> Result<Published, Failure> {
    let hash = plan.hash();
    let now = clock::now().to_string();
    let keep = database::prepare(edge, KEEP, &[&plan.site, &hash, &plan.json(), &now])?;
    let note = Note::new(&plan.site, caller, Act::Publish, &hash)?;
    go_by(edge, &plan.site, &hash, Some(keep), &note).await
}

#[derive(Deserialize)]
struct Row {
    json: String,
}

#[derive(Deserialize)]
struct InEffect {
    plan: Option<String>,
    version: u32,
}

async fn go_by(
    edge: &Bindings,
    site: &str,
    hash: &str,
    keep: Option<D1PreparedStatement>,
    note: &Note,
) -> Result<Published, Failure> {
    let now = clock::now().to_string();
    let mut statements = vec![database::prepare(edge, IN_EFFECT, &[site])?];
    statements.extend(keep);
    statements.push(database::prepare(edge, GO_BY, &[site, hash, &now])?);
    statements.push(note.prepared(edge)?);
    statements.push(database::prepare(edge, IN_EFFECT, &[site])?);
    let results = edge.database()?.batch(statements).await?;
    let read = |result: Option<&worker::D1Result>| -> Result<Option<InEffect>, Failure> {
        let rows: Vec<Row> = result
            .map(worker::D1Result::results)
            .transpose()?
            .unwrap_or_default();
        rows.first()
            .map(|row| serde_json::from_str(&row.json).map_err(Failure::from))
            .transpose()
    };
    let before = read(results.first())?.and_then(|before| before.plan);
    let after = read(results.last())?
        .ok_or_else(|| Failure::Internal(format!("'{site}' went by no plan after publishing")))?;
    Ok(Published {
        site: String::from(site),
        version: after.version,
        hash: String::from(hash),
        changed: before.as_deref() != Some(hash),
    })
}

#[derive(Deserialize)]
struct Found {
    hash: String,
    source: String,
}

/// Makes an earlier version the one that the site goes by.
pub(crate) async fn roll_back(
    edge: &Bindings,
    site: &str,
    version: &str,
    caller: &Caller,
) -> Outcome {
    let number: u32 = version.parse().map_err(|_| {
        Problem::new(
            Kind::BadParameter,
            format!("version: '{version}' is not a whole number, such as 3"),
        )
    })?;
    let (plan, hash) = self::version(edge, site, number).await?;
    let note = Note::new(site, caller, Act::RollBack, &hash)?;
    let published = go_by(edge, site, &hash, None, &note).await?;
    cache::spread(edge, &plan, &hash).await;
    http::json(&published)
}

/// A version of a site's plan, and what it is known by.
pub(crate) async fn version(
    edge: &Bindings,
    site: &str,
    number: u32,
) -> Result<(Plan, String), Failure> {
    let sql = "SELECT json_object('hash', hash, 'source', source) FROM plans \
               WHERE site = ?1 AND version = CAST(?2 AS INTEGER)";
    let found: Option<Found> = database::row(edge, sql, &[site, &number.to_string()]).await?;
    let Some(found) = found else {
        if cache::site(edge, site).await?.is_none() {
            return Err(unknown_site(site).into());
        }
        return Err(Problem::new(
            Kind::NotFound,
            format!("version: '{site}' has no version {number}; GET …/plans lists them"),
        )
        .into());
    };
    let plan = Plan::parse(&found.source)
        .map_err(|_| Failure::Internal(format!("version {number} of '{site}' is no plan")))?;
    Ok((plan, found.hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = r#"{"site":"shop","currency":"JPY","hosts":["shop.example"]}"#;

    #[test]
    fn a_plan_goes_to_its_own_site() {
        assert!(checked(PLAN.as_bytes(), "shop", "").is_ok());
        let problem = checked(PLAN.as_bytes(), "other", "").unwrap_err();
        assert_eq!(problem.findings[0].path, "site");
        assert_eq!(problem.kind, Kind::BadPlan);
    }

    #[test]
    fn each_problem_of_a_plan_is_listed() {
        let bad = br#"{"site":"shop","currency":"JP","hosts":[]}"#;
        let problem = checked(bad, "shop", "").unwrap_err();
        assert!(problem.findings.len() >= 2, "{:?}", problem.findings);
        assert!(checked(&[0xff], "shop", "").is_err());
    }

    #[test]
    fn a_plan_within_a_body_has_its_place_there() {
        let problem = checked(PLAN.as_bytes(), "other", "plan").unwrap_err();
        assert_eq!(problem.findings[0].path, "plan.site");
        assert!(problem.detail.starts_with("plan.site: "));
        let problem = checked(&[0xff], "shop", "plan").unwrap_err();
        assert_eq!(problem.findings[0].path, "plan");
    }
}
