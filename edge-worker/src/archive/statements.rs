//! Every statement of the archive. Each row that comes back is one JSON text.
//!
//! A step reads and writes in different transactions, so each transaction that writes begins with a
//! statement that fails where the step does not stand any more: to have no state, and to have no
//! steps, is not allowed.

use super::column;

/// A site that the archive has not seen before. `?1` site.
pub(super) const OPEN: &str = "\
INSERT INTO archive_sites (site, cursor, steps) VALUES (?1, x'', 0) ON CONFLICT DO NOTHING";

/// Right after [`OPEN`], if it is new: those whose clock was far ahead, whose ids no range comes to.
/// `?1` site, `?2` an id of now.
pub(super) const OPEN_AHEAD: &str = "\
INSERT INTO archive_late (site, id, day, listed_at)
SELECT site, id, day, received_at FROM observations
WHERE changes() > 0 AND site = ?1 AND id > unhex(?2) AND clock IS NOT NULL
ON CONFLICT DO NOTHING";

/// How many steps a site has taken. `?1` site.
pub(super) const STEPS: &str = "SELECT json_quote(steps) FROM archive_sites WHERE site = ?1";

/// The part that is claimed, if one is. `?1` site.
pub(super) const CLAIMED: &str = "\
SELECT json_object('day', day, 'part', part, 'after', hex(after), 'until', hex(until))
FROM archive_parts WHERE site = ?1 AND state = 'claimed'";

/// What comes next after the cursor: id, day, whether the clock was wrong, whether it is listed as
/// late, and the length of its body. `?1` site, `?2` how many.
pub(super) const LOOK: &str = "\
SELECT json_array(
  hex(o.id), o.day, o.clock IS NOT NULL,
  EXISTS (SELECT 1 FROM archive_late AS l WHERE l.site = ?1 AND l.id = o.id), length(o.body))
FROM observations AS o
WHERE o.site = ?1 AND o.id > (SELECT cursor FROM archive_sites WHERE site = ?1)
ORDER BY o.id LIMIT CAST(?2 AS INTEGER)";

/// The first day with late observations that have waited since `?3`, or of which there are as many as
/// a part takes, `?4`. `?1` site, `?2` the last day that is over.
pub(super) const LATE: &str = "\
SELECT json_quote(day) FROM archive_late
WHERE site = ?1 AND day <= ?2 AND part IS NULL
GROUP BY day
HAVING min(listed_at) <= CAST(?3 AS INTEGER) OR count(*) >= CAST(?4 AS INTEGER)
ORDER BY day LIMIT 1";

/// A part is claimed. `?1` site, `?2` day, `?3` the last id of its range.
pub(super) const CLAIM: &str = "\
INSERT INTO archive_parts (site, day, part, after, until, state)
SELECT
  a.site, ?2,
  coalesce((SELECT max(p.part) + 1 FROM archive_parts AS p WHERE p.site = ?1 AND p.day = ?2), 0),
  a.cursor, max(a.cursor, unhex(?3)), 'claimed'
FROM archive_sites AS a WHERE a.site = ?1";

/// What is in the range and not of the day waits for its own. `?1` site, `?2` day, or nothing if no
/// part is claimed, `?3` the last id of the range.
pub(super) const ASIDE: &str = "\
INSERT INTO archive_late (site, id, day, listed_at)
SELECT o.site, o.id, o.day, o.received_at FROM observations AS o
WHERE o.site = ?1 AND o.id > (SELECT cursor FROM archive_sites WHERE site = ?1)
  AND o.id <= unhex(?3) AND o.day <> ?2
ON CONFLICT DO NOTHING";

/// The cursor passes the range. `?1` site, `?2` its last id, `?3` the steps before.
pub(super) const ADVANCE: &str = "\
UPDATE archive_sites SET
  cursor = max(cursor, unhex(?2)), steps = iif(steps = CAST(?3 AS INTEGER), steps + 1, NULL)
WHERE site = ?1";

/// What the database says where a step does not stand any more.
pub(super) const NOT_HELD: [&str; 3] = [
    "archive_sites.steps",
    "archive_parts.state",
    "archive_parts.site",
];

/// Late observations of the day go with the part. `?1` site, `?2` day, `?3` how many.
pub(super) const TAKE: &str = "\
UPDATE archive_late SET part = (
  SELECT part FROM archive_parts WHERE site = ?1 AND state = 'claimed')
WHERE site = ?1 AND id IN (
  SELECT id FROM archive_late
  WHERE site = ?1 AND day = ?2 AND part IS NULL ORDER BY id LIMIT CAST(?3 AS INTEGER))";

/// The observations of a range, without late ones. `?1` site, `?2` and `?3` the range, `?4` how many.
pub(super) fn of_range() -> String {
    format!(
        "\
SELECT {columns}
FROM (
  SELECT * FROM observations AS r
  WHERE r.site = ?1 AND r.id > unhex(?2) AND r.id <= unhex(?3)
    AND NOT EXISTS (SELECT 1 FROM archive_late AS l WHERE l.site = ?1 AND l.id = r.id)
  ORDER BY r.id LIMIT CAST(?4 AS INTEGER)
) AS o
{BESIDE}
ORDER BY o.id",
        columns = column::select()
    )
}

/// The late observations of a part. `?1` site, `?2` day, `?3` part, `?4` after which id, `?5` how many.
pub(super) fn of_late() -> String {
    format!(
        "\
SELECT {columns}
FROM (
  SELECT r.* FROM archive_late AS l CROSS JOIN observations AS r ON r.site = ?1 AND r.id = l.id
  WHERE l.site = ?1 AND l.day = ?2 AND l.part = CAST(?3 AS INTEGER) AND l.id > unhex(?4)
  ORDER BY l.id LIMIT CAST(?5 AS INTEGER)
) AS o
{BESIDE}
ORDER BY o.id",
        columns = column::select()
    )
}

/// An observation's session and its plan.
const BESIDE: &str = "\
LEFT JOIN sessions AS s
  ON s.site = ?1 AND s.visitor = coalesce(o.visitor, x'') AND s.session = o.session
LEFT JOIN plans AS p ON p.site = ?1 AND p.hash = o.plan";

/// How many observations a part has, in the database.
const MEMBERS: &str = "\
(
  SELECT count(*) FROM observations AS o
  WHERE o.site = ?1 AND o.id > archive_parts.after AND o.id <= archive_parts.until
    AND NOT EXISTS (SELECT 1 FROM archive_late AS l WHERE l.site = ?1 AND l.id = o.id)
) + (
  SELECT count(*) FROM archive_late AS l
  WHERE l.site = ?1 AND l.day = ?2 AND l.part = archive_parts.part)";

/// The file is there, if the part still has as many observations. `?1` site, `?2` day, `?3` part, `?4`
/// rows, `?5` bytes, `?6` SHA-256, `?7` and `?8` first and last id, `?9` people, `?10` plans, `?11` now.
pub(super) fn keep() -> String {
    format!(
        "\
UPDATE archive_parts SET
  state = iif(state = 'claimed' AND {MEMBERS} = CAST(?4 AS INTEGER), 'kept', NULL),
  rows = CAST(?4 AS INTEGER), bytes = CAST(?5 AS INTEGER), sha256 = ?6,
  first = unhex(?7), last = unhex(?8), people = ?9, plans = ?10, written_at = CAST(?11 AS INTEGER)
WHERE site = ?1 AND day = ?2 AND part = CAST(?3 AS INTEGER)"
    )
}

/// The day's manifest is to be written anew. `?1` site, `?2` day.
pub(super) const DUE: &str = "\
INSERT INTO archive_due (site, day, changes) VALUES (?1, ?2, 1)
ON CONFLICT DO UPDATE SET changes = changes + 1";

/// Days whose manifest is due. `?1` site, `?2` how many.
pub(super) const DUE_DAYS: &str = "\
SELECT json_array(day, changes) FROM archive_due WHERE site = ?1
ORDER BY day LIMIT CAST(?2 AS INTEGER)";

/// A manifest is written. `?1` site, `?2` day, `?3` the changes that it knows of.
pub(super) const DONE: &str = "\
DELETE FROM archive_due WHERE site = ?1 AND day = ?2 AND changes = CAST(?3 AS INTEGER)";

/// The files of some days. `?1` site, `?2` and `?3` first and last day.
pub(super) const FILES: &str = "\
SELECT json_object(
  'day', day, 'part', part, 'rows', rows, 'bytes', bytes, 'sha256', sha256,
  'first', lower(hex(first)), 'last', lower(hex(last)), 'plans', json(plans),
  'written_at', written_at)
FROM archive_parts
WHERE site = ?1 AND day BETWEEN ?2 AND ?3 AND state <> 'claimed' AND rows > 0
ORDER BY day, part";

/// The first part of a day before `?2` whose rows may leave: the manifest of its day names it.
/// `?1` site.
pub(super) const LEAVES: &str = "\
SELECT json_object(
  'day', p.day, 'part', p.part, 'after', hex(p.after), 'until', hex(p.until), 'rows', p.rows,
  'bytes', p.bytes)
FROM archive_parts AS p INDEXED BY archive_kept
WHERE p.site = ?1 AND p.day < ?2 AND p.state = 'kept'
  AND NOT EXISTS (SELECT 1 FROM archive_due AS d WHERE d.site = ?1 AND d.day = p.day)
ORDER BY p.day, p.part LIMIT 1";

/// The part's rows leave, if its file has as many. `?1` site, `?2` day, `?3` part.
pub(super) fn leave() -> String {
    format!(
        "\
UPDATE archive_parts SET state = iif(state = 'kept' AND {MEMBERS} <= rows, 'left', NULL)
WHERE site = ?1 AND day = ?2 AND part = CAST(?3 AS INTEGER)"
    )
}

/// What a report, a person or a conversion still needs stays.
const MAY_LEAVE: &str = "o.contact IS NULL AND o.source <> 'server' AND o.verdict IS NULL";

/// Of a range what may leave. `?1` site, `?2` and `?3` the range.
fn leaving_range() -> String {
    format!(
        "\
o.site = ?1 AND o.id > unhex(?2) AND o.id <= unhex(?3) AND {MAY_LEAVE}
  AND NOT EXISTS (SELECT 1 FROM archive_late AS l WHERE l.site = ?1 AND l.id = o.id)"
    )
}

/// Of a part's late observations what may leave. `?1` site, `?2` day, `?3` part.
fn leaving_late() -> String {
    format!(
        "\
o.site = ?1 AND {MAY_LEAVE} AND o.id IN (
  SELECT l.id FROM archive_late AS l
  WHERE l.site = ?1 AND l.day = ?2 AND l.part = CAST(?3 AS INTEGER))"
    )
}

const LEFT: &str = "INSERT INTO dropped (site, id, archived)\nSELECT o.site, o.id, 1 FROM observations AS o\nWHERE";

/// The ids of what leaves stay, so that a copy is no second item: of the range.
pub(super) fn left_of_range() -> String {
    format!("{LEFT} {}\nON CONFLICT DO NOTHING", leaving_range())
}

/// The same of the late ones.
pub(super) fn left_of_late() -> String {
    format!("{LEFT} {}\nON CONFLICT DO NOTHING", leaving_late())
}

/// Then they go.
pub(super) fn drop_range() -> String {
    format!("DELETE FROM observations AS o WHERE {}", leaving_range())
}

/// The same of the late ones.
pub(super) fn drop_late() -> String {
    format!("DELETE FROM observations AS o WHERE {}", leaving_late())
}

/// Whether a file has the observation `o`, of a database that it is about to move from.
pub(crate) const IS_ARCHIVED: &str = "\
coalesce(
  (
    SELECT l.part < 0 OR EXISTS (
      SELECT 1 FROM archive_parts AS p
      WHERE p.site = o.site AND p.day = o.day AND p.part = l.part AND p.state <> 'claimed')
    FROM archive_late AS l WHERE l.site = o.site AND l.id = o.id),
  (
    SELECT o.id <= a.cursor AND NOT EXISTS (
      SELECT 1 FROM archive_parts AS p
      WHERE p.site = o.site AND p.state = 'claimed' AND o.id > p.after AND o.id <= p.until)
    FROM archive_sites AS a
    WHERE a.site = o.site
      AND NOT EXISTS (SELECT 1 FROM archive_late AS l WHERE l.site = o.site AND l.id = o.id)),
  0)";

/// Observations that have arrived are in a file of the database that they come from, so they are in
/// none of this one's: some may leave, some stay. `?1` site, `?2` rows as they move, the answer last.
pub(crate) const IS_ARCHIVED_ELSEWHERE: &str = "\
INSERT INTO archive_late (site, id, day, listed_at, part)
SELECT o.site, o.id, o.day, o.received_at, iif(
  o.contact IS NULL AND o.source <> 'server' AND o.verdict IS NULL, -1, -2)
FROM json_each(?2) AS r
CROSS JOIN observations AS o ON o.site = ?1 AND o.id = unhex(r.value ->> 0)
WHERE r.value -> '$[#-1]' = '1'
ON CONFLICT DO UPDATE SET part = excluded.part WHERE part IS NULL";

/// Of what is in another database's files, and happened before the day `?2`, what may leave: as many as
/// `?3`. `?1` site.
fn leaving_moved() -> String {
    format!(
        "\
o.site = ?1 AND o.id IN (
  SELECT o.id
  FROM archive_late AS l INDEXED BY archive_moved
  CROSS JOIN observations AS o ON o.site = ?1 AND o.id = l.id
  WHERE l.site = ?1 AND l.part = -1 AND l.day < ?2 AND {MAY_LEAVE}
  ORDER BY l.day, l.id LIMIT CAST(?3 AS INTEGER))"
    )
}

/// The ids of those stay, too.
pub(super) fn left_of_moved() -> String {
    format!("{LEFT} {}\nON CONFLICT DO NOTHING", leaving_moved())
}

/// Then they go.
pub(super) fn drop_moved() -> String {
    format!("DELETE FROM observations AS o WHERE {}", leaving_moved())
}

/// How many rows the statement before has changed. `?1` site.
pub(super) const CHANGED: &str = "SELECT json_quote(changes()) WHERE ?1 <> ''";

/// The first file with some people in it, or of which it is not known which orders are. `?1` site, `?2` the
/// people as a JSON list, `?3` 1 if orders are among them.
pub(super) const WITH_PEOPLE: &str = "\
SELECT json_object('day', day, 'part', part, 'sha256', sha256)
FROM archive_parts
WHERE site = ?1 AND state <> 'claimed' AND (
  EXISTS (
    SELECT 1 FROM json_each(people) AS own
    WHERE own.value IN (SELECT value FROM json_each(?2)))
  OR ?3 = '1' AND rows > 0 AND instr(people, '\"order:\"') = 0)
ORDER BY day, part LIMIT 1";

/// A file is written anew, if it is still the one that was read. Parameters as [`keep`]'s, `?11` the
/// SHA-256 of the file that was read.
pub(super) const REWRITE: &str = "\
UPDATE archive_parts SET
  state = iif(sha256 = ?11, state, NULL),
  rows = CAST(?4 AS INTEGER), bytes = CAST(?5 AS INTEGER), sha256 = ?6,
  first = unhex(?7), last = unhex(?8), people = ?9, plans = ?10
WHERE site = ?1 AND day = ?2 AND part = CAST(?3 AS INTEGER)";
