//! Every statement of the sink. Bulk rows come as one JSON text, `?1`, each row an array.
//!
//! `r` is materialized because each mention of `value` would write the row's JSON anew.

/// Observations. `?2` site, `?3` SDK, `?4` form, `?5` batch, `?6` source.
///
/// An item that met another fate before is not stored beside it.
pub(super) const STORE: &str = "\
WITH r AS MATERIALIZED (SELECT value AS v FROM json_each(?1))
INSERT INTO observations (
  site, id, received_at, time, clock, day, seq, page, session, visitor, kind, contact,
  form, sdk, plan, country, device, digest, verdict, claims, batch, body,
  source, identities, order_number, refund, consent)
SELECT
  ?2, unhex(v ->> 0), v ->> 1, v ->> 2, v ->> 3, v ->> 4, v ->> 5, unhex(v ->> 6),
  unhex(v ->> 7), unhex(v ->> 8), v ->> 9, v ->> 10,
  ?4, ?3, v ->> 11, v ->> 12, v ->> 13, v ->> 14, v ->> 15, v ->> 16, unhex(?5), v ->> 17,
  ?6, v ->> 18, v ->> 19, v ->> 20, v ->> 21
FROM r
WHERE NOT EXISTS (SELECT 1 FROM quarantine AS q WHERE q.site = ?2 AND q.id = unhex(v ->> 0))
  AND NOT EXISTS (SELECT 1 FROM dropped AS d WHERE d.site = ?2 AND d.id = unhex(v ->> 0))
ON CONFLICT DO NOTHING";

/// What the statement right before has inserted has this fate, the rest of `?6` items are copies.
/// `?1` site, `?2` day, `?3` origin, `?4` SDK, `?5` form, `?7` fate, `?8` reason.
///
/// Writes one row if there was no copy, and two if there was one: [`CONFLICTS`] asks for that.
pub(super) const TALLY: &str = "\
INSERT INTO fates (site, day, origin, fate, reason, sdk, form, count)
SELECT ?1, ?2, ?3, f.fate, f.reason, ?4, ?5, f.count
FROM (
  SELECT ?7 AS fate, ?8 AS reason, changes() AS count
  UNION ALL
  SELECT 'duplicate', '', ?6 - changes() WHERE changes() < ?6
) AS f
WHERE true
ON CONFLICT DO UPDATE SET count = count + excluded.count";

/// Right after the [`TALLY`] of a [`STORE`], with the rows of that: those that are there with
/// other content. `?2` site, `?3` SDK, `?4` form, `?5` day, `?6` bytes of the day's room in quarantine.
///
/// They are no further items of a page load, so their origin is `other`. Beyond the room, they are
/// counted as the copies that they claim to be.
pub(super) const CONFLICTS: &str = "\
WITH r AS MATERIALIZED (
  SELECT value AS v, sum(length(value ->> 17) + 256) OVER (ORDER BY key)
    + coalesce((SELECT d.bytes FROM quarantine_days AS d WHERE d.site = ?2 AND d.day = ?5), 0) AS bytes
  FROM json_each(iif(changes() > 1, ?1, '[]')))
INSERT INTO quarantine (
  site, id, digest, received_at, reason, detail, origin, page, sdk, form, plan, request, body)
SELECT
  ?2, unhex(v ->> 0), v ->> 14, v ->> 1, 'conflict',
  'id: another item with this id was here before, with other content', 'other',
  unhex(v ->> 6), ?3, ?4, v ->> 11, '{}', v ->> 17
FROM r
WHERE bytes <= ?6
  AND NOT EXISTS (
    SELECT 1 FROM observations AS o
    WHERE o.site = ?2 AND o.id = unhex(v ->> 0) AND o.digest = v ->> 14)
  AND NOT EXISTS (SELECT 1 FROM dropped AS d WHERE d.site = ?2 AND d.id = unhex(v ->> 0))
ON CONFLICT DO NOTHING";

/// Right after [`CONFLICTS`]: what it has quarantined was no mere copy. Parameters as [`TALLY`]'s
/// first five.
pub(super) const CONFLICTS_ARE_NO_COPIES: &str = "\
UPDATE fates SET count = count - changes()
WHERE changes() > 0 AND site = ?1 AND day = ?2 AND origin = ?3 AND fate = 'duplicate'
  AND reason = '' AND sdk = ?4 AND form = ?5";

/// Marks the rows of [`STORE`] that this batch has stored. `?2` site, `?3` batch, `?4` doubt.
///
/// Apart from [`STORE`], so that what nobody doubts is stored by a schema from before there were doubts.
pub(super) const DOUBT: &str = "\
UPDATE observations SET doubts = coalesce(doubts || ' ', '') || ?4
WHERE site = ?2 AND batch = unhex(?3)
  AND id IN (SELECT unhex(value ->> 0) FROM json_each(?1))";

/// Right after [`DOUBT`]. `?1` site, `?2` day, `?3` doubt.
pub(super) const COUNT_DOUBTS: &str = "\
INSERT INTO doubts (site, day, doubt, count)
SELECT ?1, ?2, ?3, changes() WHERE changes() > 0
ON CONFLICT DO UPDATE SET count = count + excluded.count";

/// Items that cannot be stored. `?2` site, `?3` SDK, `?4` form, `?5` origin, `?6` day, `?7` bytes of the
/// day's room in quarantine.
///
/// A second content under one id is kept, but is no further item of a page load. A trigger tallies
/// what is inserted.
pub(super) const QUARANTINE: &str = "\
WITH r AS MATERIALIZED (
  SELECT value AS v, sum(length(value ->> 8) + 256) OVER (ORDER BY key)
    + coalesce((
      SELECT d.bytes FROM quarantine_days AS d
      WHERE d.site = iif(value ->> 3 = 'unknown_site', '', ?2) AND d.day = ?6), 0) AS bytes
  FROM json_each(?1))
INSERT INTO quarantine (
  site, id, digest, received_at, reason, detail, origin, page, sdk, form, plan, request, body)
SELECT
  ?2, unhex(v ->> 0), v ->> 1, v ->> 2, v ->> 3, v ->> 4,
  iif(
    EXISTS (SELECT 1 FROM observations AS o WHERE o.site = ?2 AND o.id = unhex(v ->> 0))
      OR EXISTS (
        SELECT 1 FROM quarantine AS q
        WHERE q.site = ?2 AND q.id = unhex(v ->> 0) AND q.origin = 'page'),
    'other', ?5),
  unhex(v ->> 5), ?3, ?4, v ->> 6, v ->> 7, v ->> 8
FROM r
WHERE bytes <= ?7
  AND NOT EXISTS (
    SELECT 1 FROM observations AS o
    WHERE o.site = ?2 AND o.id = unhex(v ->> 0) AND o.digest = v ->> 1)
  AND NOT EXISTS (SELECT 1 FROM dropped AS d WHERE d.site = ?2 AND d.id = unhex(v ->> 0))
ON CONFLICT DO NOTHING";

/// Right after [`QUARANTINE`]: the rest of `?6` items are copies. Parameters as [`TALLY`]'s.
pub(super) const COPIES: &str = "\
INSERT INTO fates (site, day, origin, fate, reason, sdk, form, count)
SELECT ?1, ?2, ?3, 'duplicate', '', ?4, ?5, ?6 - changes()
WHERE changes() < ?6
ON CONFLICT DO UPDATE SET count = count + excluded.count";

/// Right after [`COPIES`], with the rows of [`QUARANTINE`]: those for which there was no room. Their
/// ids are kept, so that a copy is no second item. `?2` site.
pub(super) const NO_ROOM: &str = "\
WITH r AS MATERIALIZED (SELECT unhex(value ->> 0) AS id FROM json_each(?1))
INSERT INTO dropped (site, id)
SELECT ?2, r.id FROM r
WHERE NOT EXISTS (SELECT 1 FROM observations AS o WHERE o.site = ?2 AND o.id = r.id)
  AND NOT EXISTS (SELECT 1 FROM quarantine AS q WHERE q.site = ?2 AND q.id = r.id)
ON CONFLICT DO NOTHING";

/// In place of [`NO_ROOM`] and what follows it, where the site has no plan: they are counted, and their ids
/// are not kept. A copy counts again, and may be stored once there is a plan; so their page load waits
/// for them. Parameters as [`TALLY`]'s, but for the number, and `?8` the rows.
pub(super) const NO_ROOM_OF_NOBODY: &str = "\
INSERT INTO fates (site, day, origin, fate, reason, sdk, form, count)
SELECT ?1, ?2, f.value ->> 0, f.value ->> 1, f.value ->> 2, ?4, ?5, n.count * (f.value ->> 3)
FROM (
  SELECT count(*) AS count FROM json_each(?8) AS r
  WHERE NOT EXISTS (
    SELECT 1 FROM quarantine AS q WHERE q.site = ?1 AND q.id = unhex(r.value ->> 0))) AS n
CROSS JOIN json_each(json_array(
  json_array('other', ?6, ?7, 1), json_array(?3, 'duplicate', '', -1))) AS f
WHERE n.count > 0
ON CONFLICT DO UPDATE SET count = count + excluded.count";

/// Before anything of a label is stored: ids of items that bear the name of somebody who was erased,
/// from before that. They go where no further copy is stored either. `?1` names, each with its items
/// and their times, `?2` site.
///
/// What is there already is the erasure's to take away.
pub(super) const ERASED: &str = "\
INSERT INTO dropped (site, id)
SELECT ?2, unhex(i.value ->> 0)
FROM json_each(?1) AS n
CROSS JOIN erased AS e ON e.site = +?2 AND e.subject = unhex(n.value ->> 0)
CROSS JOIN json_each(n.value, '$[1]') AS i
WHERE i.value ->> 1 < e.until
  AND NOT EXISTS (SELECT 1 FROM observations AS o WHERE o.site = ?2 AND o.id = unhex(i.value ->> 0))
  AND NOT EXISTS (SELECT 1 FROM quarantine AS q WHERE q.site = ?2 AND q.id = unhex(i.value ->> 0))
ON CONFLICT DO NOTHING";

/// Right after [`NO_ROOM`] or [`ERASED`]: what it has noted was no mere copy. Parameters as [`TALLY`]'s,
/// but for the number.
pub(super) const DROPPED_IS_NO_COPY: &str = "\
INSERT INTO fates (site, day, origin, fate, reason, sdk, form, count)
SELECT ?1, ?2, ?3, f.fate, f.reason, ?4, ?5, f.count
FROM (
  SELECT ?6 AS fate, ?7 AS reason, changes() AS count
  UNION ALL
  SELECT 'duplicate', '', -changes()
) AS f
WHERE changes() > 0
ON CONFLICT DO UPDATE SET count = count + excluded.count";

/// Ids that the edge lets go. `?2` site.
pub(super) const DROP: &str = "\
WITH r AS MATERIALIZED (SELECT unhex(value) AS id FROM json_each(?1))
INSERT INTO dropped (site, id)
SELECT ?2, r.id FROM r
WHERE NOT EXISTS (SELECT 1 FROM observations AS o WHERE o.site = ?2 AND o.id = r.id)
  AND NOT EXISTS (SELECT 1 FROM quarantine AS q WHERE q.site = ?2 AND q.id = r.id)
ON CONFLICT DO NOTHING";

/// Items without an identity meet this fate each. `?1` site, `?2` day, `?3` origin, `?4` SDK,
/// `?5` form, `?6` how many, `?7` fate, `?8` reason.
pub(super) const COUNT: &str = "\
INSERT INTO fates (site, day, origin, fate, reason, sdk, form, count)
VALUES (?1, ?2, ?3, ?7, ?8, ?4, ?5, ?6)
ON CONFLICT DO UPDATE SET count = count + excluded.count";

/// Sessions, from the shares of those observations that this very batch has inserted. `?2` site,
/// `?3` batch.
///
/// A session is one row however many observations are added to it. Its day is left to a trigger: to
/// set it here would write the index by day anew each time.
///
/// `+?2`: where `SQLite` may choose a plan by what `?2` is, each use prepares the statement anew,
/// with all of its triggers.
pub(super) const SESSIONS: &str = "\
WITH r AS MATERIALIZED (SELECT value AS v FROM json_each(?1))
INSERT INTO sessions AS s (
  site, visitor, session, day, started_at, ended_at, pages, interactions, matches, entry, trail)
SELECT
  ?2, coalesce(o.visitor, x''), o.session, min(o.day), min(o.time), max(o.time),
  sum(o.kind = 'page'), sum(o.kind <> 'page'), sum(v ->> 2), min(v ->> 3), group_concat(v ->> 4)
FROM r
CROSS JOIN observations AS o ON o.site = +?2 AND o.id = unhex(v ->> 0)
WHERE o.batch = unhex(?3) AND o.digest = v ->> 1
GROUP BY o.visitor, o.session
ON CONFLICT DO UPDATE SET
  started_at = min(s.started_at, excluded.started_at),
  ended_at = max(s.ended_at, excluded.ended_at),
  pages = s.pages + excluded.pages, interactions = s.interactions + excluded.interactions,
  matches = s.matches + excluded.matches, entry = min(s.entry, excluded.entry),
  trail = iif(length(s.trail) < 16000, s.trail || ',' || excluded.trail, s.trail)";

/// What page loads have captured and let go: the most that was ever seen.
pub(super) const PAGE_LOADS: &str = "\
WITH r AS MATERIALIZED (SELECT value AS v FROM json_each(?1))
INSERT INTO page_loads AS p (
  site, page, day, sdk, form, captured, overflow, consent, last_at)
SELECT
  v ->> 0, unhex(v ->> 1), v ->> 2, v ->> 3, v ->> 4, v ->> 5, v ->> 6, v ->> 7, v ->> 8
FROM r WHERE true
ON CONFLICT DO UPDATE SET
  day = min(p.day, excluded.day), sdk = max(p.sdk, excluded.sdk),
  form = max(p.form, excluded.form), captured = max(p.captured, excluded.captured),
  overflow = max(p.overflow, excluded.overflow), consent = max(p.consent, excluded.consent),
  last_at = max(p.last_at, excluded.last_at)";

/// The balance of each site: `site`, `captured`, `stored`, `duplicate`, `quarantined`, `dropped`
/// (at the edge and in browsers), `waiting`. Ask for one site by a `WHERE` around it.
///
/// `waiting` is what page loads have captured and nothing is known of yet; it is 0 when everything
/// arrived. Below 0 it can only be where a client that is not ours gives two items one place.
pub const CONSERVATION: &str = "\
SELECT
  site, captured, stored, duplicate, quarantined, dropped,
  captured - stored - quarantined - dropped AS waiting
FROM (
  SELECT
    site, sum(captured) AS captured, sum(stored) AS stored, sum(duplicate) AS duplicate,
    sum(quarantined) AS quarantined, sum(dropped) AS dropped
  FROM (
    SELECT
      site, captured, 0 AS stored, 0 AS duplicate, 0 AS quarantined,
      overflow + consent AS dropped
    FROM page_loads
    UNION ALL
    SELECT
      site, 0, iif(fate = 'stored', count, 0), iif(fate = 'duplicate', count, 0),
      iif(fate = 'quarantined', count, 0), iif(fate = 'dropped', count, 0)
    FROM fates WHERE origin = 'page'
  )
  GROUP BY site
)
ORDER BY site";
