//! Evidence, conversions and refunds, looked for from the observations that they follow from.

use super::{Difference, Step};
use crate::{
    http::Failure,
    pack::packs,
    reports::{Ask, Store},
};
use goalpost_core::Id;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Observations of a step.
const ROWS: usize = 2_000;

/// Differences that a step tells of.
const MOST: usize = 20;

const MISSING: &str = "its evidence is missing";

/// Where a step of `?3` observations of the site `?1` after `?2` ends, and how many they are.
const END: &str = "\
SELECT json_array(hex(max(id)), count(*)) FROM (
  SELECT id FROM observations WHERE site = ?1 AND id > unhex(?2)
  ORDER BY id LIMIT CAST(?3 AS INTEGER))";

/// Of those, what should have left something behind. While somebody is being erased, some of it may be
/// gone already.
const OBSERVED: &str = "\
SELECT * FROM (
  SELECT id, time, day, visitor, session, contact, order_number, refund, verdict, source, plan
  FROM observations WHERE site = ?1 AND id > unhex(?2)
  ORDER BY id LIMIT CAST(?3 AS INTEGER))
WHERE (verdict IS NOT NULL OR refund IS NOT NULL)
  AND NOT EXISTS (
    SELECT 1 FROM erasures AS a INDEXED BY erasures_running
    WHERE a.updated_at > 0 AND a.state = 'running' AND a.site = ?1)";

/// The same of another database's observations, `?2`, each as [`Lost`] has it.
const OBSERVED_ELSEWHERE: &str = "\
SELECT
  unhex(value ->> 0) AS id, value ->> 1 AS time, value ->> 2 AS day, unhex(value ->> 3) AS visitor,
  unhex(value ->> 4) AS session, value ->> 5 AS contact, value ->> 6 AS order_number,
  value ->> 7 AS refund, value ->> 8 AS verdict, value ->> 9 AS source, value ->> 10 AS plan
FROM json_each(?2)";

/// What the first `?3` observations of the site `?1` after `?2` say that is not there, or otherwise.
pub(super) fn lost() -> String {
    lost_of(OBSERVED)
}

/// What observations say that is not there, or otherwise, each as [`Lost`] reads it.
fn lost_of(observations: &str) -> String {
    let row = |of: &str| {
        format!(
            "json_array(
    hex({of}.id), {of}.time, {of}.day, nullif(hex({of}.visitor), ''), nullif(hex({of}.session), ''),
    {of}.contact, {of}.order_number, {of}.refund, {of}.verdict, {of}.source, {of}.plan)"
        )
    };
    format!(
        "\
WITH
  w AS MATERIALIZED ({observations}),
  told AS (
    SELECT
      w.*, v.value ->> 'definition' AS definition, v.value ->> 'scope' AS scope,
      coalesce(v.value ->> 'dedup', '') AS dedup, v.value ->> 'kind' AS kind,
      coalesce(v.value ->> 'points', 0) AS points, v.value ->> 'minor' AS minor,
      v.value ->> 'currency' AS currency, v.value ->> 'who' AS who,
      coalesce(v.value ->> 'money', iif(v.value ->> 'minor' IS NULL, NULL, 'claimed')) AS money,
      coalesce(
        (SELECT i.contact FROM identities AS i WHERE i.site = ?1 AND i.identity = w.contact),
        w.contact,
        (SELECT k.contact FROM known_visitors AS k
         WHERE k.site = ?1 AND k.visitor = w.visitor)) AS whose
    FROM w CROSS JOIN json_each(w.verdict) AS v
    WHERE w.verdict IS NOT NULL),
  keyed AS (
    SELECT *, iif(who IS NULL, '', coalesce('contact ' || whose, who)) AS key_of FROM told)
SELECT json_array(t.definition, hex(t.id), CASE
    WHEN e.site IS NULL THEN '{MISSING}'
    WHEN c.site IS NULL THEN 'its conversion is missing'
    ELSE 'its evidence says something else'
  END, {told})
FROM keyed AS t
LEFT JOIN evidence AS e ON e.site = ?1 AND e.definition = t.definition AND e.scope = t.scope
  AND e.who = t.key_of AND e.dedup = t.dedup AND e.observation = t.id
LEFT JOIN conversions AS c ON c.site = ?1 AND c.definition = t.definition AND c.scope = t.scope
  AND c.who = t.key_of AND c.dedup = t.dedup
WHERE e.site IS NULL OR c.site IS NULL OR e.kind <> t.kind OR e.time <> t.time OR e.day <> t.day
  OR e.points <> t.points OR e.minor IS NOT t.minor OR e.currency IS NOT t.currency
  OR e.money IS NOT t.money OR e.visitor IS NOT t.visitor OR e.session IS NOT t.session
  OR e.contact IS NOT t.whose OR e.source <> t.source OR e.plan <> t.plan
  OR e.order_number IS NOT t.order_number
UNION ALL
SELECT json_array('refund', hex(w.id), 'its refund is missing', {given_back})
FROM w
WHERE w.refund IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM refunds AS r WHERE r.site = ?1 AND r.observation = w.id)",
        told = row("t"),
        given_back = row("w"),
    )
}

/// A definition that an observation speaks of without a trace, the observation's id, what is wrong, and
/// the observation.
#[derive(Deserialize)]
struct Lost(String, String, String, Box<RawValue>);

/// Leaves only what is lost in every other database too: a person who moves takes along what follows from
/// observations, which stay.
async fn keep_lost_everywhere<S: Store>(
    store: &S,
    database: usize,
    site: &str,
    lost: &mut Vec<Lost>,
) -> Result<(), Failure> {
    for (number, other) in store.parts().iter().enumerate() {
        if number == database || lost.is_empty() {
            continue;
        }
        let observations: BTreeMap<&str, &str> = lost
            .iter()
            .map(|Lost(_, id, _, row)| (id.as_str(), row.get()))
            .collect();
        let mut still = BTreeMap::new();
        for pack in packs(observations.values().copied()) {
            let ask = Ask::new(lost_of(OBSERVED_ELSEWHERE), [site, &pack.json]);
            for row in other.rows(ask).await? {
                let Lost(definition, id, wrong, _) = serde_json::from_str(&row)?;
                still.insert((definition, id), wrong);
            }
        }
        lost.retain_mut(|Lost(definition, id, wrong, _)| {
            let Some(there) = still.remove(&(definition.clone(), id.clone())) else {
                return false;
            };
            if wrong == MISSING {
                *wrong = there;
            }
            true
        });
    }
    Ok(())
}

pub(super) async fn step<S: Store>(
    store: &S,
    database: usize,
    site: &str,
    cursor: &str,
) -> Result<Step, Failure> {
    let Some(here) = store.parts().get(database) else {
        return Ok(Step::default());
    };
    let rows = ROWS.to_string();
    let own = [site, cursor, &rows];
    // One transaction: what arrives between two questions would look lost.
    let answers = here
        .batch(&[Ask::new(END, own), Ask::new(lost(), own)])
        .await?;
    let mut answers = answers.into_iter();
    let (end, lost) = (answers.next().unwrap_or_default(), answers.next());
    let mut step = Step::default();
    if let Some(end) = end.first() {
        let (cursor, count): (Option<String>, usize) = serde_json::from_str(end)?;
        step.compared = count;
        step.next = cursor.filter(|_| count >= ROWS);
    }
    let mut lost: Vec<Lost> = lost
        .unwrap_or_default()
        .iter()
        .map(|row| serde_json::from_str(row))
        .collect::<Result<_, _>>()?;
    keep_lost_everywhere(store, database, site, &mut lost).await?;
    for Lost(definition, id, detail, _) in lost.into_iter().take(MOST) {
        let name = Id::parse(&id).map(Id::text).unwrap_or_default();
        let what = format!("{definition} {name}");
        step.differences.push(Difference::new(what, &detail));
    }
    Ok(step)
}
