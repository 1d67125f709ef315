//! Evidence, conversions and refunds, looked for from the observations that they follow from.

use super::{Difference, Step};
use crate::{
    http::Failure,
    reports::{Ask, Store},
};
use goalpost_core::Id;

/// Observations of a step.
const ROWS: usize = 2_000;

/// Differences that a step tells of.
const MOST: usize = 20;

/// Where a step of `?3` observations of the site `?1` after `?2` ends, and how many they are.
const END: &str = "\
SELECT json_array(hex(max(id)), count(*)) FROM (
  SELECT id FROM observations WHERE site = ?1 AND id > unhex(?2)
  ORDER BY id LIMIT CAST(?3 AS INTEGER))";

/// Of those: what they say that is not there, or otherwise. While somebody is being erased, some of it
/// may be gone already.
pub(super) fn lost() -> String {
    format!(
        "\
WITH
  w AS MATERIALIZED (
    SELECT * FROM (
      SELECT
        id, time, day, visitor, session, contact, order_number, refund, verdict, source, plan
      FROM observations WHERE site = ?1 AND id > unhex(?2)
      ORDER BY id LIMIT CAST(?3 AS INTEGER))
    WHERE (verdict IS NOT NULL OR refund IS NOT NULL)
      AND NOT EXISTS (
        SELECT 1 FROM erasures AS a INDEXED BY erasures_running
        WHERE a.updated_at > 0 AND a.state = 'running' AND a.site = ?1)),
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
    WHEN e.site IS NULL THEN 'its evidence is missing'
    WHEN c.site IS NULL THEN 'its conversion is missing'
    ELSE 'its evidence says something else'
  END)
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
SELECT json_array('refund', hex(w.id), 'its refund is missing')
FROM w
WHERE w.refund IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM refunds AS r WHERE r.site = ?1 AND r.observation = w.id)
LIMIT {MOST}"
    )
}

pub(super) async fn step(store: &impl Store, site: &str, cursor: &str) -> Result<Step, Failure> {
    let rows = ROWS.to_string();
    let own = [site, cursor, &rows];
    // One transaction: what arrives between two questions would look lost.
    let answers = store
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
    for row in lost.unwrap_or_default() {
        let (definition, id, detail): (String, String, String) = serde_json::from_str(&row)?;
        let name = Id::parse(&id).map(Id::text).unwrap_or_default();
        let what = format!("{definition} {name}");
        step.differences.push(Difference::new(what, &detail));
    }
    Ok(step)
}
