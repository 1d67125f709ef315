//! Tallies of items, beside the rows that they count.

use super::{Difference, Step};
use crate::{
    http::Failure,
    reports::{Ask, Store},
};
use serde::Deserialize;

/// Rows of a table that are still counted.
const MOST: usize = 50_000;

/// What is tallied and what is there, of the site `?1`.
///
/// The tally of what is stored outlives rows that leave by the plan's retention: then no more may be
/// there than were stored. While somebody is being erased, nothing is compared.
const TOTALS: &str = "\
SELECT json_object(
  'erasing', (
    SELECT count(*) FROM erasures INDEXED BY erasures_running
    WHERE updated_at > 0 AND state = 'running' AND site = ?1),
  'leaving', (
    SELECT count(*) FROM plans WHERE site = ?1 AND source ->> '$.retention' IS NOT NULL),
  'stored', (SELECT coalesce(sum(count), 0) FROM fates WHERE site = ?1 AND fate = 'stored'),
  'observations', (
    SELECT count(*) FROM (
      SELECT 1 FROM observations WHERE site = ?1 LIMIT CAST(?2 AS INTEGER))),
  'dropped', json((
    SELECT json_array(count(*), coalesce(sum(archived), 0)) FROM (
      SELECT archived FROM dropped WHERE site = ?1 LIMIT CAST(?2 AS INTEGER)))),
  'quarantined', (
    SELECT coalesce(sum(count), 0) FROM fates WHERE site = ?1 AND fate = 'quarantined'),
  'quarantine', (
    SELECT count(*) FROM (
      SELECT 1 FROM quarantine WHERE site = ?1 LIMIT CAST(?2 AS INTEGER))))";

#[derive(Debug, Default, Deserialize)]
struct Totals {
    erasing: usize,
    leaving: usize,
    stored: usize,
    observations: usize,
    /// How many, and how many of them were archived.
    dropped: (usize, usize),
    quarantined: usize,
    quarantine: usize,
}

pub(super) async fn step(store: &impl Store, site: &str) -> Result<Step, Failure> {
    let most = MOST.saturating_add(1).to_string();
    let rows = store.rows(Ask::new(TOTALS, [site, &most])).await?;
    let totals: Totals = match rows.first() {
        Some(row) => serde_json::from_str(row)?,
        None => Totals::default(),
    };
    Ok(compared(&totals))
}

fn compared(of: &Totals) -> Step {
    let mut step = Step::default();
    if of.erasing > 0 {
        return step;
    }
    let mut compare = |what: &str, tallied: usize, there: usize, may_be_less: bool| {
        step.compared = step.compared.saturating_add(1);
        if there > tallied || there < tallied && !may_be_less {
            let detail = format!("{tallied} are tallied, {there} are there");
            step.differences
                .push(Difference::new(String::from(what), &detail));
        }
    };
    if of.quarantine <= MOST {
        compare("quarantined", of.quarantined, of.quarantine, false);
    }
    let is_large = of.observations > MOST || of.dropped.0 > MOST;
    if !is_large {
        let there = of.observations.saturating_add(of.dropped.1);
        compare("stored", of.stored, there, of.leaving > 0);
    }
    step.skipped = usize::from(is_large).saturating_add(usize::from(of.quarantine > MOST));
    step
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(of: &Totals) -> Vec<String> {
        let step = compared(of);
        step.differences.into_iter().map(|own| own.what).collect()
    }

    #[test]
    fn what_was_stored_is_there_unless_it_may_have_left() {
        let mut of = Totals {
            stored: 10,
            observations: 7,
            dropped: (5, 3),
            ..Totals::default()
        };
        assert!(found(&of).is_empty());
        of.observations = 6;
        assert_eq!(found(&of), ["stored"]);
        of.leaving = 1;
        assert!(found(&of).is_empty());
        of.observations = 8;
        assert_eq!(found(&of), ["stored"], "more than were ever stored");
        of.erasing = 1;
        assert!(found(&of).is_empty());
    }

    #[test]
    fn what_is_too_large_is_skipped_and_said_to_be() {
        let of = Totals {
            quarantine: MOST + 1,
            observations: MOST + 1,
            ..Totals::default()
        };
        let step = compared(&of);
        assert_eq!((step.compared, step.skipped), (0, 2));
    }
}
