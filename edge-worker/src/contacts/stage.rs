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

/// Who stands where, told by SQL, as [`Stage::of`] would: a row for each person who is beyond a
/// visitor. `?1` site.
const STANDING: &str = "\
SELECT person,
  CASE
    WHEN bought > coalesce(cancelled, bought - 1) THEN 'customer'
    WHEN cancelled >= max(coalesce(won, cancelled), coalesce(lost, cancelled)) THEN 'cancelled'
    WHEN won >= coalesce(lost, won) THEN 'customer'
    WHEN lost IS NOT NULL THEN 'lost'
    WHEN opportunity THEN 'opportunity'
    WHEN sales_lead THEN 'sales_lead'
    ELSE 'marketing_lead'
  END AS stage
FROM (
  SELECT person,
    max(iif(definition = 'product-purchase', time, NULL)) AS bought,
    max(iif(definition = 'close-cancelled', time, NULL)) AS cancelled,
    max(iif(definition = 'close-won', time, NULL)) AS won,
    max(iif(definition = 'close-lost', time, NULL)) AS lost,
    max(definition = 'sales-opportunity') AS opportunity,
    max(definition = 'sales-lead') AS sales_lead
  FROM conversions
  WHERE site = ?1 AND kind = 'outcome' AND voided = 0
    AND definition IN (
      'marketing-lead', 'sales-lead', 'sales-opportunity', 'close-lost', 'close-won',
      'close-cancelled', 'product-purchase')
  GROUP BY person)";

/// A condition in SQL: that `person`, written as conversions have it, stands at `stage`. Everyone
/// stands somewhere, so who is not found beyond a visitor is one.
pub(crate) fn standing(person: &str, stage: &str) -> String {
    format!(
        "({person} IN (
    SELECT person FROM ({STANDING}) WHERE {stage} IN ('visitor', stage))) <> ({stage} = 'visitor')"
    )
}

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
    let reached: Vec<Reached> = database::rows_of_all(edge, OUTCOMES, &[site, &ids()?]).await?;
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
