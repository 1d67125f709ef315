//! The cron's part: due days of every site are kept anew, a bounded number in each run.
//!
//! Reports are right without it. It makes them fast: a kept day costs a few rows instead of all that
//! happened on it.

use super::{
    carts,
    claim::Failed,
    credit, funnels,
    kept::{self, Part},
    store::{Ask, Store as _},
};
use crate::{
    bindings::Bindings,
    clock, database,
    http::Failure,
    log,
    plans::{self, Known},
};
use serde_json::Value;

/// Days that one run keeps at most, of all sites.
const DAYS: u32 = 100;

/// Days of a part that Rust computes that one run keeps at most, of all sites.
const COMPUTED: u32 = 30;

const SITES: &str = "SELECT json_quote(site) FROM sites WHERE plan IS NOT NULL ORDER BY site";

/// Keeps due days before `before`.
///
/// # Errors
/// The first failure, after the other sites were tried; what failed is computed when asked.
pub(crate) async fn keep(edge: &Bindings, before: &str) -> Result<(), Failure> {
    let sites: Vec<String> = database::rows(edge, SITES, &[]).await?;
    let mut outcome = Ok(());
    let mut left = Left {
        days: DAYS,
        credits: COMPUTED,
        funnels: COMPUTED,
        carts: COMPUTED,
    };
    for site in sites {
        let known = match plans::in_effect(edge, &site).await {
            Ok(known) => known,
            Err(problem) => {
                log::error("figures_not_kept", &[("site", site.as_str())], &problem);
                outcome = outcome.and(Err(problem));
                continue;
            }
        };
        for part in edge.databases() {
            if let Err(problem) = keep_site(part, &known, before, &mut left).await {
                log::error("figures_not_kept", &[("site", site.as_str())], &problem);
                outcome = outcome.and(Err(problem));
            }
        }
    }
    outcome
}

/// How many days a run may still keep.
struct Left {
    days: u32,
    credits: u32,
    funnels: u32,
    carts: u32,
}

async fn keep_site(
    edge: &Bindings,
    known: &Known,
    before: &str,
    left: &mut Left,
) -> Result<(), Failure> {
    let site = known.plan.site.as_str();
    let groups = Value::Object(kept::groups(&known.plan)).to_string();
    let most = left.days.to_string();
    let due = edge
        .rows(Ask::new(kept::DUE, [site, before, &groups, &most]))
        .await?;
    let mut outcome = Ok(());
    for row in &due {
        left.days = left.days.saturating_sub(1);
        let (part, day): (String, String) = serde_json::from_str(row)?;
        let Some(part) = Part::parse(&part) else {
            continue;
        };
        // Another day may well be kept though this one fails.
        if let Err(problem) = edge.batch(&part.asks(site, &day, &groups)).await {
            note(&mut outcome, site, Ok(vec![(day, problem)]));
        }
    }

    let id = || Ok(clock::new_id()?.text());
    let back = known.reporting.lookback_days;
    let part = credit::kept::part(site, back);
    let kept = credit::kept::keep(edge, &part, back, before, &mut left.credits, id).await;
    note(&mut outcome, site, kept);

    let own = &known.reporting.funnels;
    let part = funnels::kept::part(site, own);
    let kept = funnels::kept::keep(edge, &part, own, before, &mut left.funnels, id).await;
    note(&mut outcome, site, kept);

    let now = clock::now();
    let kept = carts::kept::keep(edge, known, now, before, &mut left.carts, id).await;
    note(&mut outcome, site, kept);
    outcome
}

/// Says in the log which days of a part could not be kept; the first failure is the outcome.
fn note(outcome: &mut Result<(), Failure>, site: &str, kept: Result<Failed, Failure>) {
    let mut fail = |problem| {
        if outcome.is_ok() {
            *outcome = Err(problem);
        }
    };
    match kept {
        Ok(failed) => {
            for (day, problem) in failed {
                log::error(
                    "day_stays_stale",
                    &[("site", site), ("day", &day)],
                    &problem,
                );
                fail(problem);
            }
        }
        Err(problem) => fail(problem),
    }
}
