//! Sessions with what they saw, read in pages: each for itself, by visitor, or by person.

use super::{
    pages::{Pages, from},
    store::{Ask, Store},
};
use crate::{
    http::Failure,
    problem::{Kind, Problem},
};
use goalpost_core::Id;
use serde::Deserialize;

/// Sessions of a page.
const PAGE: u64 = 300;

/// Visitors of a page: each page looks through the days' visitors for the next.
const VISITORS: u64 = 600;

/// Sessions of a report at most: their trails are read one by one.
pub(super) const MOST: u64 = 100_000;

/// A session, with what it saw.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Visit {
    pub(super) day: String,
    session: String,
    pub(super) channel: String,
    pub(super) device: String,
    pub(super) country: String,
    pub(super) trail: String,
}

impl Visit {
    /// The session's id.
    pub(super) fn session(&self) -> Id {
        Id::parse(&self.session).unwrap_or_else(|| Id::new(0, [0; 10]))
    }
}

/// Whose sessions are read together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose<'a> {
    /// A browser's.
    Visitor,
    /// A person's, on all devices. What servers alone have told of them comes as a session of nothing
    /// else, with conversions of these definitions, a JSON list, under no name and of no kind.
    Person(&'a str),
}

const VISIT: &str = "\
json_object(
  'day', s.day, 'session', hex(s.session), 'channel', s.channel, 'device', s.device,
  'country', s.country, 'trail', s.trail)";

/// How many sessions each day from `?2` to `?3` has. `?1` site, `?4` 'nobody' for those of nobody in
/// particular alone.
const DAYS: &str = "\
SELECT json_array(day, count(*)) FROM sessions INDEXED BY sessions_by_day
WHERE site = ?1 AND day BETWEEN ?2 AND ?3 AND (?4 <> 'nobody' OR visitor = x'')
GROUP BY day ORDER BY day";

/// Sessions of the days `?2`, a JSON list. `?1` site, `?3` the place to begin after, `?4` as above.
fn each_sql(one_day: bool) -> String {
    let from = from("sessions", one_day);
    format!(
        "\
WITH page AS MATERIALIZED (
  SELECT c.day, c.visitor, c.session FROM {from}
    AND c.site = ?1 AND (c.visitor, c.session) > (unhex(?3 ->> 0), unhex(?3 ->> 1))
    AND (?4 <> 'nobody' OR c.visitor = x'')
  ORDER BY c.day, c.visitor, c.session LIMIT {PAGE})
SELECT json_array(json_array(hex(s.visitor), hex(s.session)), {VISIT})
FROM page AS p
CROSS JOIN sessions AS s ON s.site = ?1 AND s.visitor = p.visitor AND s.session = p.session
ORDER BY s.day, s.visitor, s.session"
    )
}

/// The sessions from `?2` to `?3` of the next visitors after `?4`. `?1` site.
fn visitors_sql() -> String {
    format!(
        "\
WITH page AS MATERIALIZED (
  SELECT DISTINCT visitor FROM sessions INDEXED BY sessions_by_day
  WHERE site = ?1 AND day BETWEEN ?2 AND ?3 AND visitor > unhex(?4)
  ORDER BY visitor LIMIT {VISITORS})
SELECT json_array(hex(p.visitor), {VISIT})
FROM page AS p
CROSS JOIN sessions AS s ON s.site = ?1 AND s.visitor = p.visitor
WHERE +s.day BETWEEN ?2 AND ?3
ORDER BY p.visitor, s.started_at, s.session"
    )
}

/// A conversion `c` of the definitions `?5` that no trail shows: only servers have told of it, and not
/// as a part of a session. `?1` site.
const TOLD: &str = "\
c.definition IN (SELECT value FROM json_each(?5)) AND c.browser_rank >= 2000000000000000
    AND NOT EXISTS (
      SELECT 1 FROM sessions AS t, json_each('[' || t.trail || ']') AS e
      WHERE t.site = ?1 AND t.visitor = c.visitor AND t.session = c.session
        AND e.value ->> 0 = 0 AND e.value ->> 1 = c.time)";

/// How many conversions of the definitions `?4` servers alone have told from `?2` to `?3`. `?1` site.
const TOLD_COUNT: &str = "\
SELECT json_quote(count(*)) FROM conversions AS c INDEXED BY conversions_by_day
WHERE c.site = ?1 AND c.day BETWEEN ?2 AND ?3
  AND c.definition IN (SELECT value FROM json_each(?4)) AND c.browser_rank >= 2000000000000000";

/// The same of the next people: each comes with the least of those visitors that are theirs. `?5` as
/// above.
fn people_sql() -> String {
    format!(
        "\
WITH page AS MATERIALIZED (
  SELECT v.visitor, k.contact
  FROM (
    SELECT DISTINCT visitor FROM sessions INDEXED BY sessions_by_day
    WHERE site = ?1 AND day BETWEEN ?2 AND ?3 AND visitor > unhex(?4)
    ORDER BY visitor LIMIT {VISITORS}) AS v
  LEFT JOIN known_visitors AS k ON k.site = ?1 AND k.visitor = v.visitor),
whose AS MATERIALIZED (
  SELECT visitor AS person, visitor FROM page
  UNION
  SELECT p.visitor, k.visitor FROM page AS p
  CROSS JOIN known_visitors AS k ON k.site = ?1 AND k.contact = p.contact),
seen AS MATERIALIZED (
  SELECT w.person, s.visitor, s.session, s.started_at FROM whose AS w
  CROSS JOIN sessions AS s ON s.site = ?1 AND s.visitor = w.visitor
  WHERE +s.day BETWEEN ?2 AND ?3),
people AS MATERIALIZED (
  SELECT person FROM seen GROUP BY person HAVING min(visitor) = person)
SELECT json_array(hex(p.person), json(iif(p.visitor IS NULL, p.told, {VISIT})))
FROM (
  SELECT person, visitor, session, started_at, NULL AS told
  FROM seen WHERE person IN (SELECT person FROM people)
  UNION ALL
  SELECT p.visitor, NULL, NULL, 0, json_object(
    'day', min(c.day), 'session', '', 'channel', '', 'device', '', 'country', '',
    'trail', group_concat(json_array(0, c.time, '', '', json_array(c.definition), '')))
  FROM page AS p
  CROSS JOIN conversions AS c INDEXED BY conversions_by_person
    ON c.person = coalesce('contact ' || p.contact, 'visitor ' || lower(hex(p.visitor)))
      AND c.site = ?1 AND c.day BETWEEN ?2 AND ?3
  WHERE p.visitor IN (SELECT person FROM people) AND {TOLD}
  GROUP BY p.visitor
  UNION ALL
  SELECT max(visitor), NULL, NULL, 0, 'null' FROM page HAVING max(visitor) IS NOT NULL) AS p
LEFT JOIN sessions AS s ON s.site = ?1 AND s.visitor = p.visitor AND s.session = p.session
ORDER BY p.person, p.visitor IS NULL, p.started_at, p.session"
    )
}

/// How many sessions each day has.
async fn days(
    store: &impl Store,
    (site, from, to): (&str, &str, &str),
    nobody: &str,
) -> Result<Vec<(String, u64)>, Failure> {
    let rows = store.rows(Ask::new(DAYS, [site, from, to, nobody])).await?;
    rows.iter()
        .map(|row| serde_json::from_str(row).map_err(Failure::from))
        .collect()
}

/// Refuses more sessions than a report can read.
pub(super) async fn check(store: &impl Store, of: (&str, &str, &str)) -> Result<(), Failure> {
    let days = days(store, of, "").await?;
    let which = format!("sessions from {} to {}", of.1, of.2);
    Ok(few_enough(days.iter().map(|(_, own)| *own), &which)?)
}

/// The same of what servers alone have told of people, see [`Whose::Person`].
pub(super) async fn check_told(
    store: &impl Store,
    of: (&str, &str, &str),
    definitions: &str,
) -> Result<(), Failure> {
    let told = store
        .rows(Ask::new(TOLD_COUNT, [of.0, of.1, of.2, definitions]))
        .await?;
    let told: Vec<u64> = told
        .iter()
        .map(|row| serde_json::from_str(row))
        .collect::<Result<_, _>>()?;
    let which = format!("conversions that servers told from {} to {}", of.1, of.2);
    Ok(few_enough(told.into_iter(), &which)?)
}

/// Refuses more than a report can read of what is counted already.
pub(super) fn few_enough(counts: impl Iterator<Item = u64>, which: &str) -> Result<(), Problem> {
    let sum = counts.fold(0u64, u64::saturating_add);
    if sum <= MOST {
        return Ok(());
    }
    let detail = format!(
        "from: there are {sum} {which}, and this report reads each of them; at most {MOST} can be \
         read at once, so ask for fewer days"
    );
    Err(Problem::new(Kind::BadParameter, detail))
}

/// Gives every session of these days to `each`, those of nobody in particular included.
pub(super) async fn each(
    store: &impl Store,
    of: (&str, &str, &str),
    each: impl FnMut(&Visit),
) -> Result<(), Failure> {
    one_by_one(store, of, "", each).await
}

async fn one_by_one(
    store: &impl Store,
    of: (&str, &str, &str),
    nobody: &str,
    mut each: impl FnMut(&Visit),
) -> Result<(), Failure> {
    let mut pages = Pages::new(days(store, of, nobody).await?, PAGE);
    while let Some((days, after)) = pages.next() {
        let sql = each_sql(days.len() == 1);
        let days = serde_json::to_string(days)?;
        let after = after.unwrap_or(r#"["",""]"#);
        let rows = store
            .rows(Ask::new(sql, [of.0, &days, after, nobody]))
            .await?;
        let mut last = None;
        for row in &rows {
            let (place, visit): ((String, String), Visit) = serde_json::from_str(row)?;
            each(&visit);
            last = Some(serde_json::to_string(&place)?);
        }
        pages.read(rows.len(), last);
    }
    Ok(())
}

/// Gives the sessions of these days to `each`, those of one visitor or person together. Of nobody in
/// particular each is alone.
pub(super) async fn together(
    store: &impl Store,
    of: (&str, &str, &str),
    whose: Whose<'_>,
    mut each: impl FnMut(&[Visit]),
) -> Result<(), Failure> {
    let (sql, definitions) = match whose {
        Whose::Visitor => (visitors_sql(), ""),
        Whose::Person(definitions) => (people_sql(), definitions),
    };
    let mut after = String::new();
    loop {
        let rows = store
            .rows(Ask::bound(
                sql.as_str(),
                &[of.0, of.1, of.2, &after, definitions],
            ))
            .await?;
        if rows.is_empty() {
            break;
        }
        let mut own: Vec<Visit> = Vec::new();
        let mut person = String::new();
        for row in &rows {
            let (next, visit): (String, Option<Visit>) = serde_json::from_str(row)?;
            if next != person {
                if !own.is_empty() {
                    each(&own);
                }
                own.clear();
                person = next;
            }
            own.extend(visit);
        }
        if !own.is_empty() {
            each(&own);
        }
        after = person;
    }
    one_by_one(store, of, "nobody", |visit| {
        each(std::slice::from_ref(visit));
    })
    .await
}
