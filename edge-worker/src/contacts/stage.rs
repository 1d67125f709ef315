//! Who stands where.

use super::names::{MOST_STEPS, names_after};
use crate::{bindings::Bindings, database, http::Failure};
use goalpost_core::contact::Stage;
use serde::Deserialize;
use std::collections::BTreeSet;

/// The latest of each outcome that says something of a stage, by contact. `?1` site, `?2` their ids.
///
/// Reads each such outcome of the site once, by the beginning of the key, and nothing else.
pub(super) const OUTCOMES: &str = "\
SELECT json_array(contact, json_group_array(json_array(definition, time)))
FROM (
  SELECT contact, definition, max(time) AS time
  FROM conversions
  WHERE site = ?1 AND definition IN (SELECT value FROM json_each(?2)) AND kind = 'outcome'
    AND voided = 0 AND contact IS NOT NULL
  GROUP BY contact, definition)
GROUP BY contact";

/// A contact with its outcomes.
#[derive(Deserialize)]
pub(super) struct Reached(String, Vec<(String, i64)>);

impl Reached {
    fn stage(&self) -> Stage {
        Stage::of(self.1.iter().map(|(id, time)| (id.as_str(), *time)))
    }
}

/// The ids, as [`OUTCOMES`] takes them.
pub(super) fn ids() -> Result<String, Failure> {
    Ok(serde_json::to_string(&Stage::OUTCOMES)?)
}

/// The contacts of a site that stand at a stage, in order of their names.
///
/// It reads every outcome of the site that says something of a stage: for visitors, of whom none
/// does, the names of all contacts as well.
///
/// # Errors
/// [`Failure::Platform`] if the database does not answer.
pub(crate) async fn contacts_in_stage(
    edge: &Bindings,
    site: &str,
    stage: Stage,
) -> Result<BTreeSet<String>, Failure> {
    let reached: Vec<Reached> = database::rows(edge, OUTCOMES, &[site, &ids()?]).await?;
    if stage != Stage::Visitor {
        return Ok(at(reached, stage));
    }
    let mut visitors = BTreeSet::new();
    let mut after = Some(String::new());
    while let Some(from) = after {
        let names = names_after(edge, site, &from, MOST_STEPS, u32::MAX).await?;
        visitors.extend(names.names);
        after = names.next;
    }
    for own in reached {
        if own.stage() != Stage::Visitor {
            visitors.remove(&own.0);
        }
    }
    Ok(visitors)
}

/// Those at the stage.
pub(super) fn at(reached: Vec<Reached>, stage: Stage) -> BTreeSet<String> {
    reached
        .into_iter()
        .filter(|own| own.stage() == stage)
        .map(|own| own.0)
        .collect()
}
