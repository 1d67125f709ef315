//! Every statement of what leaves. Rows are found first, by their keys, which grow with time: nothing
//! else is looked at.

/// Sites with a plan.
pub(super) const SITES: &str = "SELECT json_quote(site) FROM sites ORDER BY site";

/// Observations that arrived before a time. `?1` site, `?2` the id of that time, `?3` how many, `?4` the
/// time.
///
/// Whose device was far behind has an id from long before and stays until its arrival is long ago, too.
pub(super) const OBSERVATIONS: &str = "\
SELECT json_quote(hex(id)) FROM observations
WHERE site = ?1 AND id < unhex(?2) AND received_at < CAST(?4 AS INTEGER)
ORDER BY id LIMIT CAST(?3 AS INTEGER)";

/// Ids of items that were let go, from before a time. `?1` site, `?2` the id of that time, `?3` how many.
pub(super) const DROPPED: &str = "\
SELECT json_quote(hex(id)) FROM dropped
WHERE site = ?1 AND id < unhex(?2)
ORDER BY id LIMIT CAST(?3 AS INTEGER)";

/// Page loads of which nothing came since a time. Parameters as [`OBSERVATIONS`]'s.
pub(super) const PAGE_LOADS: &str = "\
SELECT json_quote(hex(page)) FROM page_loads
WHERE site = ?1 AND page < unhex(?2) AND last_at < CAST(?4 AS INTEGER)
ORDER BY page LIMIT CAST(?3 AS INTEGER)";

/// What arrived before a time and waits in quarantine. Parameters as [`OBSERVATIONS`]'s.
pub(super) const QUARANTINE: &str = "\
SELECT json_array(hex(id), digest) FROM quarantine
WHERE site = ?1 AND id < unhex(?2) AND received_at < CAST(?4 AS INTEGER)
ORDER BY id, digest LIMIT CAST(?3 AS INTEGER)";

/// What waits for nobody: of no site, or of a name that has no plan, and arrived before a time. `?1` the
/// time, `?2` how many, `?3` the sites with a plan, which only the first database knows.
///
/// Of a name without a plan nothing waits but for want of one, or because the sink could not take it.
pub(super) const OF_NO_SITE: &str = "\
SELECT json_array(hex(id), digest, site) FROM quarantine
WHERE (length(site) = 0 OR reason IN ('unknown_site', 'poison'))
  AND received_at < CAST(?1 AS INTEGER)
  AND site NOT IN (SELECT value FROM json_each(?3))
ORDER BY received_at LIMIT CAST(?2 AS INTEGER)";

/// How many of the four values of a question it takes: a database refuses others.
pub(super) fn values(sql: &str) -> usize {
    if sql.contains("?4") { 4 } else { 3 }
}

/// `?1` ids, `?2` site.
pub(super) const FORGET_OBSERVATIONS: &str = "\
DELETE FROM observations
WHERE site = ?2 AND id IN (SELECT unhex(value) FROM json_each(?1))";

/// `?1` ids, `?2` site.
pub(super) const FORGET_DROPPED: &str = "\
DELETE FROM dropped
WHERE site = ?2 AND id IN (SELECT unhex(value) FROM json_each(?1))";

/// Page loads that are over become one row of their day, SDK and form, whose page is these three as
/// text: the sum of all that was captured stays what it was. `?1` pages, `?2` site.
pub(super) const SUM_UP_PAGE_LOADS: &str = "\
INSERT INTO page_loads (site, page, day, sdk, form, captured, overflow, consent, last_at)
SELECT
  ?2, CAST(p.day || ' ' || p.sdk || ' ' || p.form AS BLOB), p.day, p.sdk, p.form, sum(p.captured),
  sum(p.overflow), sum(p.consent), max(p.last_at)
FROM json_each(?1) AS r
CROSS JOIN page_loads AS p ON p.site = ?2 AND p.page = unhex(r.value)
GROUP BY p.day, p.sdk, p.form
ON CONFLICT DO UPDATE SET
  captured = captured + excluded.captured, overflow = overflow + excluded.overflow,
  consent = consent + excluded.consent, last_at = max(last_at, excluded.last_at)";

/// `?1` pages, `?2` site.
pub(super) const FORGET_PAGE_LOADS: &str = "\
DELETE FROM page_loads
WHERE site = ?2 AND page IN (SELECT unhex(value) FROM json_each(?1))";

/// `?1` site, `?2` the time.
pub(super) const FORGET_ERASURES: &str = "\
DELETE FROM erasures WHERE site = ?1 AND state = 'done' AND updated_at < ?2";

/// Room in quarantine is that of a day. `?1` site, which may be none, `?2` the day.
pub(super) const FORGET_FULL_DAYS: &str = "\
DELETE FROM quarantine_days WHERE site = ?1 AND day < ?2";
