//! Every statement of an erasure.
//!
//! A step is one transaction, and its first statement, [`HOLD`], fails where the erasure does not
//! stand any more where the step began: a step that runs twice, or beside another, changes nothing.
//! Rows are found before the transaction and taken away in it: nothing new of them comes meanwhile,
//! since their tombstones are there.

/// What is known of a person's names, at most `?3` of each kind; -1: all of them. `?1` site, `?2` a
/// person's key.
pub(super) const NAMES: &str = "\
SELECT json_object(
  'visitors', json((
    SELECT json_group_array(hex(visitor)) FROM (
      SELECT visitor FROM known_visitors INDEXED BY known_visitors_by_contact
      WHERE +site = ?1 AND contact = iif(?2 GLOB 'contact *', substr(?2, 9), NULL)
      LIMIT CAST(?3 AS INTEGER)))),
  'identities', json((
    SELECT json_group_array(identity) FROM (
      SELECT identity FROM identities INDEXED BY identities_by_contact
      WHERE +site = ?1 AND contact = iif(?2 GLOB 'contact *', substr(?2, 9), NULL)
      LIMIT CAST(?3 AS INTEGER)))),
  'orders', json((
    SELECT json_group_array(order_number) FROM (
      SELECT DISTINCT order_number FROM conversions INDEXED BY conversions_by_person
      WHERE +site = ?1 AND person = ?2 AND order_number IS NOT NULL
      LIMIT CAST(?3 AS INTEGER)))))";

/// Tombstones. `?1` site, `?2` them as JSON, `?3` until when they hold: a time that is the erasure's own.
/// What another erasure has laid and not settled is of several: it holds until `?5`. `?4` is the first
/// time of an erasure that is under way.
pub(super) const LAY: &str = "\
INSERT INTO erased (site, subject, until)
SELECT ?1, unhex(value), ?3 FROM json_each(?2) WHERE true
ON CONFLICT DO UPDATE SET until = iif(
  until >= ?4 AND until <> excluded.until, ?5, max(until, excluded.until))";

/// An erasure begins. `?1` site, `?2` erasure, `?3` the tombstone of the name that was asked for, `?4` the
/// first store, `?5` to `?7` visitors, identities and orders, `?8` now, `?9` the person's key.
pub(super) const BEGIN: &str = "\
INSERT INTO erasures (
  site, id, subject, state, store, cursor, steps, visitors, identities, orders, observations,
  quarantined, created_at, updated_at, person)
VALUES (?1, unhex(?2), unhex(?3), 'running', ?4, x'', 0, ?5, ?6, ?7, 0, 0, ?8, ?8, ?9)";

/// Whether the step may happen: to have no state is not allowed. `?1` site, `?2` erasure, `?3` the
/// number of steps before.
pub(super) const HOLD: &str = "\
UPDATE erasures SET state = iif(state = 'running' AND steps = ?3, state, NULL)
WHERE site = ?1 AND id = unhex(?2)";

/// What the database says where [`HOLD`] fails.
pub(super) const NOT_HELD: &str = "erasures.state";

/// The end of a step. `?1` site, `?2` erasure, `?3` the store that comes next, `?4` its cursor, `?5`
/// observations and `?6` items of the quarantine erased, `?7` now.
pub(super) const ADVANCE: &str = "\
UPDATE erasures
SET store = ?3, cursor = unhex(?4), steps = steps + 1, observations = observations + ?5,
  quarantined = quarantined + ?6, updated_at = ?7
WHERE site = ?1 AND id = unhex(?2)";

/// A step has failed: the others come first. `?1` site, `?2` erasure, `?3` now.
pub(super) const GO_BEHIND: &str = "\
UPDATE erasures SET updated_at = ?3 WHERE site = ?1 AND id = unhex(?2)";

/// More names of the person than one round takes. `?1` site, `?2` erasure, `?3` to `?5` visitors,
/// identities and orders.
pub(super) const GO_ROUND: &str = "\
UPDATE erasures SET visitors = ?3, identities = ?4, orders = ?5
WHERE site = ?1 AND id = unhex(?2)";

/// The end of an erasure: the names go. `?1` site, `?2` erasure, `?3` now.
pub(super) const END: &str = "\
UPDATE erasures
SET state = 'done', store = '', cursor = x'', steps = steps + 1, visitors = '[]',
  identities = '[]', orders = '[]', person = NULL, updated_at = ?3
WHERE site = ?1 AND id = unhex(?2)";

/// After an erasure its tombstones are about the past; after the last one of a site, those of several, too.
/// `?1` site, `?2` the erasure's own time, `?3` the first such time, `?4` until when they hold.
pub(super) const SETTLE: &str = "\
UPDATE erased SET until = ?4
WHERE site = ?1 AND until >= ?3 AND (
  until = ?2
  OR NOT EXISTS (SELECT 1 FROM erasures AS e WHERE e.site = ?1 AND e.state = 'running'))";

/// Copies of conversions: the person's, and those that name nobody, of the person's orders. `?1` site,
/// `?2` visitors, `?3` identities, `?4` orders, `?5` how many.
pub(super) const EVIDENCE: &str = "\
SELECT json_array(definition, scope, who, dedup, hex(observation))
FROM (
  SELECT e.definition, e.scope, e.who, e.dedup, e.observation
  FROM json_each(?2) AS v
  CROSS JOIN evidence AS e INDEXED BY evidence_by_visitor
    ON e.site = ?1 AND e.visitor = unhex(v.value) AND e.visitor IS NOT NULL
  UNION
  SELECT e.definition, e.scope, e.who, e.dedup, e.observation
  FROM json_each(?3) AS i
  CROSS JOIN evidence AS e INDEXED BY evidence_by_identity
    ON e.site = ?1 AND e.identity = i.value AND e.identity IS NOT NULL
  UNION
  SELECT e.definition, e.scope, e.who, e.dedup, e.observation
  FROM json_each(?4) AS o
  CROSS JOIN conversions AS c INDEXED BY conversions_by_order
    ON c.site = ?1 AND c.order_number = o.value AND c.order_number IS NOT NULL
  CROSS JOIN evidence AS e
    ON e.site = c.site AND e.definition = c.definition AND e.scope = c.scope AND e.who = c.who
      AND e.dedup = c.dedup AND e.order_number = o.value)
LIMIT CAST(?5 AS INTEGER)";

/// Rows of [`EVIDENCE`]: their keys are folded anew from what others say. `?1` rows, `?2` site.
pub(super) const UNSAY: &str = "\
DELETE FROM evidence
WHERE (site, definition, scope, who, dedup, observation) IN (
  SELECT ?2, value ->> 0, value ->> 1, value ->> 2, value ->> 3, unhex(value ->> 4)
  FROM json_each(?1))";

/// Sessions. `?1` site, `?2` visitors, `?3` how many.
pub(super) const SESSIONS: &str = "\
SELECT json_array(hex(s.visitor), hex(s.session))
FROM json_each(?2) AS v
CROSS JOIN sessions AS s ON s.site = ?1 AND s.visitor = unhex(v.value)
LIMIT CAST(?3 AS INTEGER)";

/// Rows of [`SESSIONS`]. `?1` rows, `?2` site.
pub(super) const CLOSE: &str = "\
DELETE FROM sessions
WHERE (site, visitor, session) IN (
  SELECT ?2, unhex(value ->> 0), unhex(value ->> 1) FROM json_each(?1))";

/// Rows of [`SESSIONS`]. `?1` rows, `?2` site.
pub(super) const CLOSE_CARTS: &str = "\
DELETE FROM open_carts
WHERE (site, visitor, session) IN (
  SELECT ?2, unhex(value ->> 0), unhex(value ->> 1) FROM json_each(?1))";

/// Of the observations after a cursor, those that bear a name; then, as an object, the last that was
/// looked at. `?1` site, `?2` cursor, `?3` among how many, `?4` visitors, `?5` identities, `?6` orders.
pub(super) const OBSERVATIONS: &str = "\
WITH w AS MATERIALIZED (
  SELECT id, visitor, contact, order_number FROM observations
  WHERE site = ?1 AND id > unhex(?2) ORDER BY id LIMIT CAST(?3 AS INTEGER))
SELECT json_quote(hex(id)) FROM w
WHERE visitor IN (SELECT unhex(value) FROM json_each(?4))
  OR contact IN (SELECT value FROM json_each(?5))
  OR order_number IN (SELECT value FROM json_each(?6))
UNION ALL
SELECT json_object('end', nullif(hex(max(id)), '')) FROM w";

/// Ids stay, so that no copy is stored again; no row ties them to anybody. `?1` ids, `?2` site.
pub(super) const KEEP_AWAY: &str = "\
INSERT INTO dropped (site, id)
SELECT ?2, unhex(value) FROM json_each(?1) WHERE true
ON CONFLICT DO NOTHING";

/// Observations that leave were stored, and are now dropped. `?1` ids, `?2` site.
pub(super) const WERE_STORED: &str = "\
WITH
  q AS MATERIALIZED (
    SELECT
      date(received_at / 1000, 'unixepoch') AS day, iif(page IS NULL, 'other', 'page') AS origin,
      sdk, form, count(*) AS count
    FROM json_each(?1) AS r
    CROSS JOIN observations AS o ON o.site = ?2 AND o.id = unhex(r.value)
    GROUP BY 1, 2, 3, 4)
INSERT INTO fates (site, day, origin, fate, reason, sdk, form, count)
SELECT ?2, q.day, q.origin, f.value ->> 0, f.value ->> 1, q.sdk, q.form, q.count * (f.value ->> 2)
FROM q CROSS JOIN json_each('[[\"stored\",\"\",-1],[\"dropped\",\"erased\",1]]') AS f
WHERE true
ON CONFLICT DO UPDATE SET count = count + excluded.count";

/// Where others did something of the person's orders, their numbers leave the trail. `?1` ids, `?2` site,
/// `?3` orders.
pub(super) const FORGET_ORDERS: &str = "\
UPDATE sessions AS s SET trail = coalesce((
  SELECT group_concat(iif(
    e.value ->> 2 = 'commerce' AND e.value ->> 3 IN ('purchase', 'refund')
      AND e.value ->> 5 IN (SELECT value FROM json_each(?3)),
    json_set(e.value, '$[5]', ''), e.value))
  FROM json_each('[' || s.trail || ']') AS e), '')
WHERE s.site = ?2 AND (s.visitor, s.session) IN (
  SELECT coalesce(o.visitor, x''), o.session
  FROM json_each(?1) AS r
  CROSS JOIN observations AS o ON o.site = ?2 AND o.id = unhex(r.value)
  WHERE o.session IS NOT NULL AND o.order_number IN (SELECT value FROM json_each(?3)))";

/// Copies of conversions that the person's orders made and [`EVIDENCE`] does not find: where it is another's
/// order that says what the conversion is worth. `?1` ids, `?2` site, `?3` orders.
pub(super) const UNSAY_ORDERS: &str = "\
DELETE FROM evidence
WHERE (site, definition, scope, who, dedup, observation) IN (
  SELECT
    ?2, v.value ->> 'definition', v.value ->> 'scope',
    iif(v.value ->> 'who' IS NULL, '', coalesce('contact ' || coalesce(
      (SELECT contact FROM identities WHERE site = ?2 AND identity = o.contact),
      o.contact,
      (SELECT contact FROM known_visitors WHERE site = ?2 AND visitor = o.visitor)
    ), v.value ->> 'who')),
    coalesce(v.value ->> 'dedup', ''), o.id
  FROM json_each(?1) AS r
  CROSS JOIN observations AS o ON o.site = ?2 AND o.id = unhex(r.value)
  CROSS JOIN json_each(o.verdict) AS v
  WHERE o.order_number IN (SELECT value FROM json_each(?3)))";

/// Observations. `?1` ids, `?2` site.
pub(super) const FORGET: &str = "\
DELETE FROM observations
WHERE site = ?2 AND id IN (SELECT unhex(value) FROM json_each(?1))";

/// What waits in quarantine after a cursor, all of each id. `?1` site, `?2` cursor, `?3` how many ids.
pub(super) const QUARANTINE: &str = "\
SELECT json_object('id', hex(q.id), 'digest', q.digest, 'request', q.request, 'body', q.body)
FROM (
  SELECT DISTINCT id FROM quarantine
  WHERE site = ?1 AND id > unhex(?2) ORDER BY id LIMIT CAST(?3 AS INTEGER)) AS w
CROSS JOIN quarantine AS q ON q.site = ?1 AND q.id = w.id
ORDER BY q.id, q.digest";

/// Rows that leave the quarantine were quarantined, and are now dropped. `?1` rows of id and digest, and
/// of a site where that is not `?2`, `?2` site, `?3` reason.
pub(crate) const WERE_QUARANTINED: &str = "\
WITH
  q AS MATERIALIZED (
    SELECT
      w.site, date(received_at / 1000, 'unixepoch') AS day, origin, reason, sdk, form,
      count(*) AS count
    FROM json_each(?1) AS r
    CROSS JOIN quarantine AS w
      ON w.site = coalesce(r.value ->> 2, ?2) AND w.id = unhex(r.value ->> 0)
        AND w.digest = r.value ->> 1
    GROUP BY 1, 2, 3, 4, 5, 6)
INSERT INTO fates (site, day, origin, fate, reason, sdk, form, count)
SELECT
  q.site, q.day, q.origin, f.value ->> 0, coalesce(f.value ->> 1, q.reason), q.sdk, q.form,
  q.count * (f.value ->> 2)
FROM q CROSS JOIN json_each(json_array(
  json_array('quarantined', NULL, -1), json_array('dropped', ?3, 1))) AS f
WHERE true
ON CONFLICT DO UPDATE SET count = count + excluded.count";

/// Their ids stay, unless an observation has it. `?1` pairs of id and digest, `?2` site.
pub(crate) const KEEP_OUT: &str = "\
INSERT INTO dropped (site, id)
SELECT ?2, unhex(value ->> 0) FROM json_each(?1)
WHERE NOT EXISTS (
  SELECT 1 FROM observations AS o WHERE o.site = ?2 AND o.id = unhex(value ->> 0))
ON CONFLICT DO NOTHING";

/// Rows of the quarantine. `?1` and `?2` as [`WERE_QUARANTINED`]'s.
pub(crate) const RELEASE: &str = "\
DELETE FROM quarantine
WHERE (site, id, digest) IN (
  SELECT coalesce(value ->> 2, ?2), unhex(value ->> 0), value ->> 1 FROM json_each(?1))";

/// Who was whom. `?1` site, `?2` visitors.
pub(super) const UNKNOW: &str = "\
DELETE FROM known_visitors
WHERE site = ?1 AND visitor IN (SELECT unhex(value) FROM json_each(?2))";

/// `?1` site, `?2` identities.
pub(super) const UNLINK: &str = "\
DELETE FROM identities
WHERE site = ?1 AND identity IN (SELECT value FROM json_each(?2))";

/// `?1` site, `?2` orders.
pub(super) const UNREFUND: &str = "\
DELETE FROM refunds
WHERE site = ?1 AND order_number IN (SELECT value FROM json_each(?2))";

/// Whether a replay is under way that must end first. `?1` site.
pub(super) const REPLAYING: &str = "\
SELECT json_quote(count(*)) FROM replays WHERE site = ?1 AND state = 'running' AND apply = 1";

/// Dry runs end. `?1` site, `?2` now.
pub(super) const END_DRY_RUNS: &str = "\
UPDATE replays SET state = 'failed', problem = 'somebody was erased; begin it anew', updated_at = ?2
WHERE site = ?1 AND state = 'running' AND apply = 0";

/// Keys of what runs no more. `?1` site.
pub(super) const FORGET_KEYS: &str = "\
DELETE FROM replay_keys WHERE replay IN (
  SELECT id FROM replays WHERE site = ?1 AND state <> 'running')";

/// Examples of what replays have found, where one of these texts is in them. `?1` site, `?2` texts.
pub(super) const FORGET_EXAMPLES: &str = "\
UPDATE replays SET diff = (
  SELECT json_group_array(json_set(d.value, '$.examples', json('[]')))
  FROM json_each(replays.diff) AS d)
WHERE site = ?1 AND diff IS NOT NULL
  AND EXISTS (SELECT 1 FROM json_each(?2) AS t WHERE instr(replays.diff, t.value) > 0)";

const COLUMNS: &str = "\
SELECT json_object(
  'site', site, 'id', hex(id), 'state', state, 'store', store, 'cursor', hex(cursor),
  'steps', steps, 'visitors', json(visitors), 'identities', json(identities),
  'orders', json(orders), 'observations', observations, 'quarantined', quarantined,
  'created_at', created_at, 'updated_at', updated_at, 'person', coalesce(person, ''))
FROM erasures";

/// An erasure. `?1` site, `?2` erasure.
pub(super) fn one() -> String {
    format!("{COLUMNS} WHERE site = ?1 AND id = unhex(?2)")
}

/// Of all that are under way, but for those in `?1`, the one that has waited longest.
pub(super) fn next() -> String {
    format!(
        "\
{COLUMNS}
WHERE state = 'running' AND hex(id) NOT IN (SELECT value FROM json_each(?1))
ORDER BY updated_at LIMIT 1"
    )
}
