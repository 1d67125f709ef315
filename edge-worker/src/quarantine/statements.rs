//! Every statement about what waits in quarantine, asked row by row.

/// Rows of a page that are looked at, whatever their reason.
pub(super) const LOOKED_AT: &str = "1000";

/// Rows before a key, the newest first. `?1` site, `?2` and `?3` the key's id and digest, `?4` the reason
/// or nothing, `?5` how many, `?6` among how many.
pub(super) const LIST: &str = "\
SELECT json_object(
  'id', hex(q.id), 'digest', q.digest, 'received_at', q.received_at, 'reason', q.reason,
  'detail', q.detail, 'page', hex(q.page), 'sdk', q.sdk, 'form', q.form, 'request', json(q.request),
  'bytes', length(CAST(q.body AS BLOB)), 'end', substr(q.body, -2))
FROM (
  SELECT id, digest, reason FROM quarantine
  WHERE site = ?1 AND (id, digest) < (unhex(?2), CAST(?3 AS INTEGER))
  ORDER BY id DESC, digest DESC LIMIT CAST(?6 AS INTEGER)) AS w
CROSS JOIN quarantine AS q ON q.site = ?1 AND q.id = w.id AND q.digest = w.digest
WHERE ?4 = '' OR w.reason = ?4
ORDER BY w.id DESC, w.digest DESC LIMIT CAST(?5 AS INTEGER)";

/// The last of all rows that [`LIST`] has looked at, where there may be more. Its first three parameters,
/// and `?4` among how many.
pub(super) const LOOKED: &str = "\
SELECT json_array(hex(id), digest) FROM quarantine
WHERE site = ?1 AND (id, digest) < (unhex(?2), CAST(?3 AS INTEGER))
ORDER BY id DESC, digest DESC LIMIT 1 OFFSET CAST(?4 AS INTEGER) - 1";

/// A row, as a [`Waiting`](crate::sink::Waiting) and more. `?1` site, `?2` id, `?3` digest.
pub(super) const ONE: &str = "\
SELECT json_object(
  'id', hex(id), 'digest', digest, 'received_at', received_at, 'reason', reason, 'detail', detail,
  'page', hex(page), 'sdk', sdk, 'form', form, 'plan', plan, 'request', json(request), 'body', body)
FROM quarantine WHERE site = ?1 AND id = unhex(?2) AND digest = CAST(?3 AS INTEGER)";

/// What else has an id. `?1` site, `?2` id, `?3` the digest of the row that is left aside.
pub(super) const OTHERS: &str = "\
SELECT json_object(
  'stored', (SELECT digest FROM observations WHERE site = ?1 AND id = unhex(?2)),
  'dropped', (SELECT count(*) FROM dropped WHERE site = ?1 AND id = unhex(?2)),
  'waiting', (
    SELECT count(*) FROM quarantine
    WHERE site = ?1 AND id = unhex(?2) AND digest <> CAST(?3 AS INTEGER)))";

/// What became of items. `?1` site, `?2` their ids and digests, `?3` the transaction.
pub(super) const BECAME: &str = "\
WITH r AS MATERIALIZED (
  SELECT DISTINCT unhex(value ->> 0) AS id, value ->> 1 AS digest FROM json_each(?2))
SELECT json_object(
  'stored', coalesce(sum(o.batch = unhex(?3)), 0), 'duplicate', coalesce(sum(o.batch <> unhex(?3)), 0),
  'quarantined', coalesce(sum(o.id IS NULL AND q.id IS NOT NULL), 0))
FROM r
LEFT JOIN observations AS o ON o.site = ?1 AND o.id = r.id AND o.digest = r.digest
LEFT JOIN quarantine AS q ON q.site = ?1 AND q.id = r.id AND q.digest = r.digest";

/// Right after a discarded row has left: its id stays, unless something else has it. `?1` site, `?2` id.
pub(super) const KEEP_OUT: &str = "\
INSERT INTO dropped (site, id)
SELECT ?1, unhex(?2)
WHERE NOT EXISTS (SELECT 1 FROM observations WHERE site = ?1 AND id = unhex(?2))
  AND NOT EXISTS (SELECT 1 FROM quarantine WHERE site = ?1 AND id = unhex(?2))
ON CONFLICT DO NOTHING";

/// A row that leaves has its fate no more. `?1` rows of id and digest, `?2` site.
pub(super) const UNTALLY: &str = "\
UPDATE fates AS f SET count = f.count - q.count
FROM (
  SELECT
    date(w.received_at / 1000, 'unixepoch') AS day, w.origin, w.reason, w.sdk, w.form,
    count(*) AS count
  FROM json_each(?1) AS r
  CROSS JOIN quarantine AS w
    ON w.site = ?2 AND w.id = unhex(r.value ->> 0) AND w.digest = r.value ->> 1
  GROUP BY 1, 2, 3, 4, 5
) AS q
WHERE f.site = ?2 AND f.fate = 'quarantined' AND f.day = q.day AND f.origin = q.origin
  AND f.reason = q.reason AND f.sdk = q.sdk AND f.form = q.form";
