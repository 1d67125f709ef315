//! Every statement of a replay.
//!
//! A step is one transaction, and its first statement, [`HOLD`], fails where the replay does not
//! stand any more where the step began: a step that runs twice, or beside another, changes nothing.

/// Observations that one step looks at, whether or not they are of the period.
pub(super) const LOOKED_AT: u32 = 20_000;

/// Observations that one step evaluates at most.
pub(super) const STEP: u32 = 2_000;

/// Whether the step may happen: to have no state is not allowed. `?1` site, `?2` replay, `?3` the
/// number of steps before.
pub(super) const HOLD: &str = "\
UPDATE replays SET state = iif(state = 'running' AND steps = ?3, state, NULL)
WHERE site = ?1 AND id = unhex(?2)";

/// What the database says where [`HOLD`] fails.
pub(super) const NOT_HELD: &str = "replays.state";

/// The observations after the cursor, of the period. `?1` site, `?2` cursor, `?3` among how many,
/// `?4` how many, `?5` and `?6` first and last day.
pub(super) const ROWS: &str = "\
SELECT json_object(
  'id', hex(o.id), 'received_at', o.received_at, 'time', o.time, 'day', o.day,
  'session', hex(o.session), 'visitor', hex(o.visitor), 'identity', o.contact,
  'contact', coalesce(i.contact, o.contact, k.contact), 'source', o.source, 'plan', o.plan,
  'country', o.country, 'device', o.device, 'body', o.body, 'verdict', o.verdict)
FROM (
  SELECT * FROM observations
  WHERE site = ?1 AND id > unhex(?2) ORDER BY id LIMIT CAST(?3 AS INTEGER)
) AS o
LEFT JOIN identities AS i ON i.site = o.site AND i.identity = o.contact
LEFT JOIN known_visitors AS k ON k.site = o.site AND k.visitor = o.visitor
WHERE (?5 = '' OR o.day >= ?5) AND (?6 = '' OR o.day <= ?6)
ORDER BY o.id LIMIT CAST(?4 AS INTEGER)";

/// The last of all observations that [`ROWS`] has looked at; empty if there is none. Its first three
/// parameters.
pub(super) const LOOKED: &str = "\
SELECT json_quote(coalesce(hex(max(id)), '')) FROM (
  SELECT id FROM observations
  WHERE site = ?1 AND id > unhex(?2) ORDER BY id LIMIT CAST(?3 AS INTEGER))";

/// Items after the cursor that wait in quarantine and may come once more: those whose id met no
/// other fate. `?1` site, `?2` cursor, `?3` among how many, `?4` how many.
pub(super) const WAITING: &str = "\
SELECT json_object(
  'id', hex(q.id), 'digest', q.digest, 'received_at', q.received_at, 'page', hex(q.page),
  'sdk', q.sdk, 'form', q.form, 'request', json(q.request), 'body', q.body,
  'contact', k.contact)
FROM (
  SELECT * FROM quarantine
  WHERE site = ?1 AND id > unhex(?2) ORDER BY id LIMIT CAST(?3 AS INTEGER)
) AS q
LEFT JOIN known_visitors AS k
  ON k.site = q.site AND k.visitor = unhex(q.request ->> 'visitor', '-')
WHERE q.reason NOT IN ('conflict', 'poison', 'version')
  AND NOT EXISTS (SELECT 1 FROM observations AS o WHERE o.site = q.site AND o.id = q.id)
  AND NOT EXISTS (SELECT 1 FROM dropped AS d WHERE d.site = q.site AND d.id = q.id)
  AND NOT EXISTS (
    SELECT 1 FROM quarantine AS other
    WHERE other.site = q.site AND other.id = q.id AND other.digest <> q.digest)
ORDER BY q.id LIMIT CAST(?4 AS INTEGER)";

/// The last of all items that [`WAITING`] has looked at; empty if there is none. Its first three
/// parameters.
pub(super) const LOOKED_WAITING: &str = "\
SELECT json_quote(coalesce(hex(max(id)), '')) FROM (
  SELECT id FROM quarantine
  WHERE site = ?1 AND id > unhex(?2) ORDER BY id LIMIT CAST(?3 AS INTEGER))";

/// Keys of a part. `?1` rows, `?2` site, `?3` replay.
pub(super) const KEYS: &str = "\
WITH r AS MATERIALIZED (SELECT value AS v FROM json_each(?1))
INSERT INTO replay_keys AS k (replay, definition, scope, who, dedup, old, new, why)
SELECT
  unhex(?3), v ->> '$[0].definition', v ->> '$[0].scope', v ->> '$[0].who', v ->> '$[0].dedup',
  v ->> '$[1].old', v ->> '$[1].new', v ->> '$[1].why'
FROM r
WHERE EXISTS (SELECT 1 FROM replays WHERE site = ?2 AND id = unhex(?3))
ON CONFLICT DO UPDATE SET
  old = min(coalesce(k.old, excluded.old), coalesce(excluded.old, k.old)),
  new = min(coalesce(k.new, excluded.new), coalesce(excluded.new, k.new)),
  why = min(coalesce(k.why, excluded.why), coalesce(excluded.why, k.why))";

/// New verdicts. `?1` rows, `?2` site, `?3` replay.
pub(super) const APPLY: &str = "\
WITH r AS MATERIALIZED (SELECT value AS v FROM json_each(?1))
UPDATE observations AS o SET plan = p.plan, day = v ->> 1, verdict = v ->> 2
FROM r, replays AS p
WHERE o.site = ?2 AND o.id = unhex(v ->> 0) AND p.site = ?2 AND p.id = unhex(?3)";

/// Shares of sessions. `?1` rows, `?2` site.
pub(super) const RETELL: &str = "\
WITH r AS MATERIALIZED (SELECT value AS v FROM json_each(?1))
INSERT INTO retold (site, visitor, session, was, now, more, time, day, entry)
SELECT
  ?2, unhex(v ->> 0), unhex(v ->> 1), v ->> 2, v ->> 3, v ->> 4, v ->> 5, v ->> 6, v ->> 7
FROM r";

/// Items that leave the quarantine have that fate no more. `?1` rows of id and digest, `?2` site.
pub(super) const UNTALLY: &str = "\
WITH r AS MATERIALIZED (SELECT value AS v FROM json_each(?1))
UPDATE fates AS f SET count = f.count - q.count
FROM (
  SELECT
    date(received_at / 1000, 'unixepoch') AS day, origin, reason, sdk, form, count(*) AS count
  FROM r CROSS JOIN quarantine
  WHERE site = ?2 AND id = unhex(v ->> 0) AND digest = v ->> 1
  GROUP BY 1, 2, 3, 4, 5
) AS q
WHERE f.site = ?2 AND f.fate = 'quarantined' AND f.day = q.day AND f.origin = q.origin
  AND f.reason = q.reason AND f.sdk = q.sdk AND f.form = q.form";

/// Right after [`UNTALLY`], with its parameters.
pub(super) const RELEASE: &str = "\
DELETE FROM quarantine
WHERE site = ?2 AND (id, digest) IN (SELECT unhex(value ->> 0), value ->> 1 FROM json_each(?1))";

/// The end of a step. `?1` site, `?2` replay, `?3` the part that comes next, `?4` its cursor, `?5`
/// observations evaluated, `?6` items of the quarantine accepted, `?7` now.
pub(super) const ADVANCE: &str = "\
UPDATE replays
SET part = ?3, cursor = unhex(?4), steps = steps + 1, replayed = replayed + ?5,
  accepted = accepted + ?6, updated_at = ?7
WHERE site = ?1 AND id = unhex(?2)";

/// The end of a replay: it keeps its difference and forgets the keys. `?1` site, `?2` replay, `?3`
/// difference, `?4` now.
pub(super) const END: &str = "\
UPDATE replays
SET state = iif(apply, 'applied', 'done'), diff = ?3, updated_at = ?4
WHERE site = ?1 AND id = unhex(?2)";

/// Keys of what runs no more. `?1` site.
pub(super) const FORGET: &str = "\
DELETE FROM replay_keys WHERE replay IN (
  SELECT id FROM replays WHERE site = ?1 AND state <> 'running')";

/// A step has failed: the others come first. `?1` site, `?2` replay, `?3` now.
pub(super) const GO_BEHIND: &str = "\
UPDATE replays SET updated_at = ?3 WHERE site = ?1 AND id = unhex(?2)";

/// A replay that cannot go on. `?1` site, `?2` replay, `?3` why, `?4` now.
pub(super) const FAIL: &str = "\
UPDATE replays SET state = 'failed', problem = ?3, updated_at = ?4
WHERE site = ?1 AND id = unhex(?2) AND state = 'running'";

/// A dry run makes room for a new replay. `?1` site, `?2` now.
pub(super) const MAKE_ROOM: &str = "\
UPDATE replays SET state = 'failed', problem = 'another replay began', updated_at = ?2
WHERE site = ?1 AND state = 'running' AND apply = 0";

/// A replay begins, if none runs. `?1` site, `?2` replay, `?3` plan, `?4` its source, `?5` and `?6`
/// first and last day, `?7` whether it applies, `?8` now.
pub(super) const BEGIN: &str = "\
INSERT INTO replays (
  site, id, plan, source, from_day, to_day, apply, state, part, cursor, steps, replayed, accepted,
  created_at, updated_at)
VALUES (?1, unhex(?2), ?3, ?4, ?5, ?6, ?7, 'running', 'stored', x'', 0, 0, 0, ?8, ?8)
ON CONFLICT DO NOTHING";

const COLUMNS: &str = "\
SELECT json_object(
  'site', r.site, 'id', hex(r.id), 'plan', r.plan, 'version', p.version, 'source', r.source,
  'from', r.from_day, 'to', r.to_day, 'apply', r.apply, 'state', r.state,
  'part', r.part, 'cursor', hex(r.cursor), 'steps', r.steps, 'replayed', r.replayed,
  'accepted', r.accepted, 'diff', json(r.diff),
  'problem', r.problem, 'created_at', r.created_at, 'updated_at', r.updated_at)
FROM replays AS r LEFT JOIN plans AS p ON p.site = r.site AND p.hash = r.plan";

/// One replay. `?1` site, `?2` replay.
pub(super) fn one() -> String {
    format!("{COLUMNS} WHERE r.site = ?1 AND r.id = unhex(?2)")
}

/// The replay that runs on a site. `?1` site.
pub(super) fn running() -> String {
    format!("{COLUMNS} WHERE r.site = ?1 AND r.state = 'running'")
}

/// The running replay that has waited longest, of all sites, but for those in `?1`.
pub(super) fn next() -> String {
    format!(
        "\
{COLUMNS}
WHERE r.state = 'running' AND hex(r.id) NOT IN (SELECT value FROM json_each(?1))
ORDER BY r.updated_at LIMIT 1"
    )
}

/// Where the worth of a copy begins in its text: see core's `replay::Copied`.
const WORTH: u32 = 57;

/// Counts by definition. `?1` replay.
pub(super) fn counts() -> String {
    format!(
        "\
SELECT json_object(
  'definition', definition, 'old', count(old), 'new', count(new),
  'gained', sum(old IS NULL), 'lost', sum(new IS NULL),
  'changed', coalesce(sum(substr(old, {WORTH}) <> substr(new, {WORTH})), 0),
  'old_points', coalesce(sum(substr(old, {WORTH}) ->> 0), 0),
  'new_points', coalesce(sum(substr(new, {WORTH}) ->> 0), 0))
FROM replay_keys WHERE replay = unhex(?1) GROUP BY definition ORDER BY definition"
    )
}

/// Money by definition and currency. `?1` replay.
pub(super) fn money() -> String {
    format!(
        "\
SELECT json_object('definition', definition, 'currency', currency, 'old', sum(old), 'new', sum(new),
  'in_old', max(in_old), 'in_new', max(in_new))
FROM (
  SELECT definition, substr(old, {WORTH}) ->> 2 AS currency, substr(old, {WORTH}) ->> 1 AS old,
    0 AS new, 1 AS in_old, 0 AS in_new
  FROM replay_keys WHERE replay = unhex(?1) AND old IS NOT NULL
  UNION ALL
  SELECT definition, substr(new, {WORTH}) ->> 2, 0, substr(new, {WORTH}) ->> 1, 0, 1
  FROM replay_keys WHERE replay = unhex(?1) AND new IS NOT NULL
)
WHERE currency IS NOT NULL GROUP BY definition, currency ORDER BY definition, currency"
    )
}

/// The first changes of each definition. `?1` replay, `?2` how many.
pub(super) fn examples() -> String {
    format!(
        "\
SELECT json_array(
  json_object('definition', definition, 'scope', scope, 'who', who, 'dedup', dedup),
  json_object('old', old, 'new', new, 'why', why))
FROM (
  SELECT *, row_number() OVER (
      PARTITION BY definition ORDER BY substr(why, 1, 36), scope, who, dedup) AS place
  FROM replay_keys
  WHERE replay = unhex(?1)
    AND (old IS NULL OR new IS NULL OR substr(old, {WORTH}) <> substr(new, {WORTH}))
)
WHERE place <= CAST(?2 AS INTEGER) ORDER BY definition, place"
    )
}
