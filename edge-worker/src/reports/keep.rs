//! The cron's part for figures that Rust computes: due days of every site.

use super::{credit, funnels};
use crate::{bindings::Bindings, clock, database, http::Failure, plans};

/// Days of a part that one run keeps at most, of all sites.
const MOST: u32 = 30;

const SITES: &str = "SELECT json_quote(site) FROM sites WHERE plan IS NOT NULL ORDER BY site";

/// Keeps due days before `before`, the latest first.
///
/// # Errors
/// The first failure, after the other sites were tried; what failed is computed when asked.
pub(crate) async fn keep(edge: &Bindings, before: &str) -> Result<(), Failure> {
    let sites: Vec<String> = database::rows(edge, SITES, &[]).await?;
    let mut outcome = Ok(());
    let mut left = Left {
        credits: MOST,
        funnels: MOST,
    };
    for site in sites {
        if let Err(problem) = keep_site(edge, &site, before, &mut left).await {
            worker::console_error!("credits and funnels of '{site}' are not kept: {problem}");
            outcome = outcome.and(Err(problem));
        }
    }
    outcome
}

/// How many days a run may still keep.
struct Left {
    credits: u32,
    funnels: u32,
}

async fn keep_site(
    edge: &Bindings,
    site: &str,
    before: &str,
    left: &mut Left,
) -> Result<(), Failure> {
    let known = plans::in_effect(edge, site).await?;
    let id = || Ok(clock::new_id()?.text());
    let back = known.reporting.lookback_days;
    let part = credit::kept::part(site, back);
    let kept = credit::kept::keep(edge, &part, back, before, left.credits, id).await?;
    left.credits = left.credits.saturating_sub(kept);

    let own = &known.reporting.funnels;
    let part = funnels::kept::part(site, own);
    let kept = funnels::kept::keep(edge, &part, own, before, left.funnels, id).await?;
    left.funnels = left.funnels.saturating_sub(kept);
    Ok(())
}
