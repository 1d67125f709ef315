//! Tallies of items, beside the rows that they count.

use super::{Difference, Step};
use crate::{
    http::Failure,
    reports::{Ask, Store, everywhere},
};
use serde::Deserialize;

/// Rows of a table that are still counted.
const MOST: usize = 50_000;

/// What is tallied and what is there, of the site `?1`. Of several databases only the sums are equal:
/// an item is tallied where it was decided upon, and may then move.
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
    SELECT json_array(count(*), coalesce(sum(archived = 1), 0)) FROM (
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
    let rows = everywhere(store, &[Ask::new(TOTALS, [site, &most])]).await?;
    let totals: Vec<Totals> = rows
        .iter()
        .flatten()
        .map(|row| serde_json::from_str(row))
        .collect::<Result<_, _>>()?;
    Ok(compared(&totals))
}

fn compared(databases: &[Totals]) -> Step {
    let mut step = Step::default();
    let sum = |count: fn(&Totals) -> usize| databases.iter().map(count).sum::<usize>();
    if sum(|of| of.erasing) > 0 {
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
    let much_waits = databases.iter().any(|of| of.quarantine > MOST);
    if !much_waits {
        let (tallied, there) = (sum(|of| of.quarantined), sum(|of| of.quarantine));
        compare("quarantined", tallied, there, false);
    }
    let is_large = databases
        .iter()
        .any(|of| of.observations > MOST || of.dropped.0 > MOST);
    if !is_large {
        let there = sum(|of| of.observations.saturating_add(of.dropped.1));
        compare(
            "stored",
            sum(|of| of.stored),
            there,
            sum(|of| of.leaving) > 0,
        );
    }
    step.skipped = usize::from(is_large).saturating_add(usize::from(much_waits));
    step
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(of: &Totals) -> Vec<String> {
        let step = compared(std::slice::from_ref(of));
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
        let step = compared(&[Totals::default(), of]);
        assert_eq!((step.compared, step.skipped), (0, 2));
    }

    #[test]
    fn what_was_stored_in_one_database_may_be_in_another() {
        let databases = [(10, 4), (0, 6)].map(|(stored, observations)| Totals {
            stored,
            observations,
            ..Totals::default()
        });
        assert_eq!(compared(&databases).differences, []);
        assert_eq!(compared(&databases[..1]).differences.len(), 1);
    }
}
