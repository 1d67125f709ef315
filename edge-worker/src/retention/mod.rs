//! An end to what is kept: single rows leave when they are as old as the plan says, a bounded number
//! at a time. What follows from them stays: conversions, sessions, figures, and how many items met
//! which fate.

mod statements;
#[cfg(test)]
mod tests;

use crate::{
    audit,
    bindings::Bindings,
    database, erase,
    http::Failure,
    plans,
    sink::{Param, Statement},
    store,
};
use goalpost_core::{Id, Zone};
use statements as sql;

/// Rows of one kind that one run of the clock takes away from a site: it comes every ten minutes, so that
/// is 700,000 a day.
const ROWS: u32 = 5_000;

/// Bodies of the quarantine: they are larger.
const WAITING: u32 = 1_000;

/// How long what waits in quarantine is kept that is of no site, or of one that nobody has published: no
/// plan says it.
const OF_NO_SITE_MS: i64 = 2_592_000_000;

/// How long it is known who was erased by which request: two years, as every act.
const ERASURES_MS: i64 = 63_072_000_000;

/// Takes away what is due at each site, as of `now`.
///
/// # Errors
/// The first failure; the next run goes on.
pub(crate) async fn run(edge: &Bindings, now: i64) -> Result<(), Failure> {
    let sites: Vec<String> = database::rows(edge, sql::SITES, &[]).await?;
    for site in &sites {
        let Some(plan) = plans::site(edge, site).await? else {
            continue;
        };
        let Some(known) = plans::known(edge, site, &plan.plan).await? else {
            continue;
        };
        let kept = known.reporting.retention;
        for part in edge.databases() {
            if let Some(kept) = kept.observations_ms {
                forget_observations(part, site, now.saturating_sub(kept), ROWS).await?;
            }
            if let Some(kept) = kept.quarantine_ms {
                forget_quarantine(part, site, now.saturating_sub(kept), WAITING).await?;
            }
            store::run(part, &notes(site, now)).await?;
        }
    }
    for part in edge.databases() {
        forget_what_is_of_no_site(part, &sites, now).await?;
        store::run(part, &notes("", now)).await?;
    }
    Ok(())
}

async fn forget_what_is_of_no_site(
    edge: &Bindings,
    sites: &[String],
    now: i64,
) -> Result<(), Failure> {
    let values = of_no_site(sites, now, WAITING)?;
    let values = values.iter().map(String::as_str).collect();
    let found = database::batch(edge, &[(sql::OF_NO_SITE, values)]).await?;
    let found = found.into_iter().next().unwrap_or_default();
    store::run(edge, &of_no_site_leaves(&found)).await?;
    Ok(())
}

/// Takes away observations of a site that arrived before `before`, at most `budget` of them, and with
/// them what is known of items and page loads of that time. How many observations that were.
///
/// # Errors
/// [`Failure::Platform`]; what is still there leaves the next time.
pub(crate) async fn forget_observations(
    edge: &Bindings,
    site: &str,
    before: i64,
    budget: u32,
) -> Result<usize, Failure> {
    let values = place(site, before, budget);
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    let questions = [sql::OBSERVATIONS, sql::DROPPED, sql::PAGE_LOADS].map(|sql| {
        (
            sql,
            values.get(..sql::values(sql)).unwrap_or_default().to_vec(),
        )
    });
    let found = database::batch(edge, &questions).await?;
    store::run(edge, &observations(site, &found)).await?;
    Ok(found.first().map_or(0, Vec::len))
}

/// Takes away what arrived before `before` and still waits in quarantine, at most `budget` of it. How
/// much that was.
///
/// # Errors
/// [`Failure::Platform`]; what is still there leaves the next time.
pub(crate) async fn forget_quarantine(
    edge: &Bindings,
    site: &str,
    before: i64,
    budget: u32,
) -> Result<usize, Failure> {
    let values = place(site, before, budget);
    let values = values.iter().map(String::as_str).collect();
    let found = database::batch(edge, &[(sql::QUARANTINE, values)]).await?;
    let found = found.into_iter().next().unwrap_or_default();
    store::run(edge, &quarantine(site, &found)).await?;
    Ok(found.len())
}

/// Site, the id of that time, how many, and the time.
fn place(site: &str, before: i64, budget: u32) -> [String; 4] {
    [
        site.to_owned(),
        Id::new(before, [0; 10]).text().replace('-', ""),
        budget.to_string(),
        before.to_string(),
    ]
}

/// The transaction that takes away observations, dropped ids and page loads.
fn observations(site: &str, found: &[Vec<String>]) -> Vec<Statement> {
    let statements = [
        &[sql::FORGET_OBSERVATIONS][..],
        &[sql::FORGET_DROPPED],
        &[sql::SUM_UP_PAGE_LOADS, sql::FORGET_PAGE_LOADS],
    ];
    found
        .iter()
        .zip(statements)
        .filter(|(rows, _)| !rows.is_empty())
        .flat_map(|(rows, statements)| statements.iter().map(|sql| over(sql, rows, &[site])))
        .collect()
}

/// The transaction that takes away rows of the quarantine: what nobody could read in time is dropped.
fn quarantine(site: &str, found: &[String]) -> Vec<Statement> {
    if found.is_empty() {
        return Vec::new();
    }
    vec![
        over(erase::WERE_QUARANTINED, found, &[site, "expired"]),
        over(erase::KEEP_OUT, found, &[site]),
        over(erase::RELEASE, found, &[site]),
    ]
}

/// The time before which what is of none of these sites must have arrived, how many, and the sites.
fn of_no_site(sites: &[String], now: i64, budget: u32) -> Result<[String; 3], serde_json::Error> {
    let before = now.saturating_sub(OF_NO_SITE_MS);
    Ok([
        before.to_string(),
        budget.to_string(),
        serde_json::to_string(sites)?,
    ])
}

/// The transaction that takes away what is of no site. Its ids do not stay: they would be as many as anybody
/// likes to send, for ever.
fn of_no_site_leaves(found: &[String]) -> Vec<Statement> {
    if found.is_empty() {
        return Vec::new();
    }
    vec![
        over(erase::WERE_QUARANTINED, found, &["", "expired"]),
        over(erase::RELEASE, found, &[""]),
    ]
}

fn over(sql: &'static str, rows: &[String], others: &[&str]) -> Statement {
    let others = others.iter().map(|text| (*text).to_owned());
    let rows = format!("[{}]", rows.join(","));
    Statement {
        sql,
        params: std::iter::once(rows)
            .chain(others)
            .map(Param::Text)
            .collect(),
    }
}

/// The end of what is known of acts, erasures and full days.
fn notes(site: &str, now: i64) -> [Statement; 3] {
    let text = |text: String| Param::Text(text);
    let yesterday = now.saturating_sub(86_400_000);
    [
        audit::end(site, now),
        Statement {
            sql: sql::FORGET_ERASURES,
            params: vec![
                text(site.to_owned()),
                Param::Integer(now.saturating_sub(ERASURES_MS)),
            ],
        },
        Statement {
            sql: sql::FORGET_FULL_DAYS,
            params: vec![
                text(site.to_owned()),
                text(Zone::fixed(0).date(yesterday).text()),
            ],
        },
    ]
}
