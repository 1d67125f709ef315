//! The nightly check: what is kept beside its rows is computed anew, and compared.
//!
//! Each night every site has its turn. A part is walked in bounded steps, so that a large one takes
//! several nights; where a walk was, the next night goes on. What differs is named: in `differences`, in
//! the log and in `/health`. Nothing is put right here: whoever mends a figure without knowing why it
//! was wrong hides the next one.
//!
//! With several databases each is walked by itself. While a row and what follows from it may be on their
//! way from one to another, nothing is compared.

mod conversions;
mod evidence;
mod figures;
#[cfg(test)]
pub(crate) mod tests;
mod totals;

use crate::{
    bindings::{Bindings, binding},
    database,
    http::Failure,
    log,
    plans::{self, Known},
    reports::Store,
    shards,
};
use goalpost_core::{Zone, clip, limits};
use serde::Deserialize;

/// A run begins no further step once it has read so many rows. It comes every ten minutes. The largest
/// step, a day of five thousand sessions, reads 300,000.
const ROWS_READ: usize = 50_000;

/// Hours of UTC before which a night does not begin.
const FROM_HOUR: i64 = 2;

const HOUR_MS: i64 = 3_600_000;

/// Differences of a part that are kept at most: the first of them say what is wrong.
const MOST: usize = 100;

/// Differences of a step that the log tells of.
const TOLD: usize = 5;

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Conversions,
    Evidence,
    Figures,
    Totals,
}

impl Part {
    const ALL: [Self; 4] = [
        Self::Conversions,
        Self::Evidence,
        Self::Figures,
        Self::Totals,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Conversions => "conversions",
            Self::Evidence => "evidence",
            Self::Figures => "figures",
            Self::Totals => "totals",
        }
    }

    /// Its name for one of the databases; the first one's has no addition.
    fn name_in(self, database: usize) -> String {
        match u32::try_from(database) {
            Ok(number @ 1..) => format!("{} {}", self.name(), binding(number)),
            _ => String::from(self.name()),
        }
    }

    /// Each part as often as it has rows of its own in so many databases: tallies only add up over all.
    fn of_all(databases: usize) -> impl Iterator<Item = (Self, usize)> {
        (0..databases).flat_map(|number| {
            Self::ALL
                .into_iter()
                .filter(move |part| number == 0 || *part != Self::Totals)
                .map(move |part| (part, number))
        })
    }

    /// Steps that one night takes of it at each site, in each database.
    const fn steps(self) -> u32 {
        match self {
            Self::Conversions | Self::Evidence => 20,
            Self::Figures => 4,
            Self::Totals => 1,
        }
    }

    async fn step<S: Store>(
        self,
        store: &S,
        database: usize,
        of: Of<'_>,
        cursor: &str,
    ) -> Result<Step, Failure> {
        let Some(own) = store.parts().get(database) else {
            return Ok(Step::default());
        };
        match self {
            Self::Conversions => conversions::step(own, of.site, cursor).await,
            Self::Evidence => evidence::step(store, database, of.site, cursor).await,
            Self::Figures => figures::step(own, of, cursor).await,
            Self::Totals => totals::step(store, of.site).await,
        }
    }
}

/// A site, and the groups of its outcomes as JSON.
#[derive(Clone, Copy)]
struct Of<'a> {
    site: &'a str,
    groups: &'a str,
}

/// What a step has seen.
#[derive(Debug, Default, PartialEq, Eq)]
struct Step {
    compared: usize,
    /// Too large to be compared within a step.
    skipped: usize,
    differences: Vec<Difference>,
    /// Where the next step goes on; `None` at the end.
    next: Option<String>,
}

/// Something kept that does not follow from its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Difference {
    /// What it is about: it is told everywhere, so it names nobody.
    what: String,
    /// What is kept and what follows; it stays in the database.
    detail: String,
}

impl Difference {
    fn new(what: String, detail: &str) -> Self {
        Self {
            what,
            detail: String::from(clip(detail, limits::TEXT_BYTES)),
        }
    }
}

/// How far a part of a site is.
#[derive(Clone, Debug, Default, Deserialize)]
struct Turn {
    night: String,
    done: bool,
    steps: u32,
    compared: usize,
    skipped: usize,
    rows_read: usize,
    cursor: String,
    began_at: i64,
}

/// Sites with a plan whose turn it is in the night `?1`, those that waited longest first.
const DUE: &str = "\
SELECT json_quote(s.site) FROM sites AS s
LEFT JOIN checks AS c ON c.site = s.site AND c.night = ?1 AND c.done
WHERE s.plan IS NOT NULL GROUP BY s.site HAVING count(c.site) < CAST(?2 AS INTEGER)
ORDER BY coalesce((SELECT max(o.at) FROM checks AS o WHERE o.site = s.site), 0), s.site";

const TURN: &str = "\
SELECT json_object(
  'night', night, 'done', json(iif(done, 'true', 'false')), 'steps', steps, 'compared', compared, 'skipped', skipped,
  'rows_read', rows_read, 'cursor', cursor, 'began_at', began_at)
FROM checks WHERE site = ?1 AND part = ?2";

const NOTE: &str = "\
INSERT INTO checks (
  site, part, night, done, steps, compared, skipped, rows_read, cursor, began_at, at)
VALUES (
  ?1, ?2, ?3, CAST(?4 AS INTEGER), CAST(?5 AS INTEGER), CAST(?6 AS INTEGER), CAST(?7 AS INTEGER),
  CAST(?8 AS INTEGER), ?9, CAST(?10 AS INTEGER), CAST(?11 AS INTEGER))
ON CONFLICT DO UPDATE SET
  night = excluded.night, done = excluded.done, steps = excluded.steps,
  compared = excluded.compared, skipped = excluded.skipped, rows_read = excluded.rows_read,
  cursor = excluded.cursor, began_at = excluded.began_at, at = excluded.at";

const FOUND: &str = "\
INSERT INTO differences (site, part, what, detail, found_at, seen_at)
SELECT ?1, ?2, v.value ->> 0, v.value ->> 1, CAST(?4 AS INTEGER), CAST(?4 AS INTEGER)
FROM json_each(?3) AS v
WHERE v.key < CAST(?5 AS INTEGER) - (
  SELECT count(*) FROM differences AS d WHERE d.site = ?1 AND d.part = ?2)
  OR EXISTS (
    SELECT 1 FROM differences AS d
    WHERE d.site = ?1 AND d.part = ?2 AND d.what = v.value ->> 0)
ON CONFLICT DO UPDATE SET detail = excluded.detail, seen_at = excluded.seen_at";

/// After a whole walk: what it has not met is no more.
const MENDED: &str = "\
DELETE FROM differences WHERE site = ?1 AND part = ?2 AND seen_at < CAST(?3 AS INTEGER)";

/// What a database said that is no longer there. `?1` site, `?2` the names of all parts as JSON.
const UNBOUND: [&str; 2] = [
    "DELETE FROM checks WHERE site = ?1 AND part NOT IN (SELECT value FROM json_each(?2))",
    "DELETE FROM differences WHERE site = ?1 AND part NOT IN (SELECT value FROM json_each(?2))",
];

/// Goes on with the check of tonight, as of `now`.
///
/// # Errors
/// The first failure, after the other sites were tried.
pub(crate) async fn run(edge: &Bindings, now: i64) -> Result<(), Failure> {
    let Some(night) = night(now) else {
        return Ok(());
    };
    let parts = Part::of_all(edge.databases().len()).count().to_string();
    let sites: Vec<String> = database::rows(edge, DUE, &[&night, &parts]).await?;
    let most = edge.rows_read().saturating_add(ROWS_READ);
    let mut outcome = Ok(());
    for site in sites {
        if edge.rows_read() >= most {
            break;
        }
        if let Err(problem) = of_site(edge, &site, &night, now, most).await {
            log::error("check_stopped", &[("site", site.as_str())], &problem);
            outcome = outcome.and(Err(problem));
        }
    }
    outcome
}

/// The day (UTC) whose night it is; `None` before it begins.
fn night(now: i64) -> Option<String> {
    let hour = now.div_euclid(HOUR_MS).rem_euclid(24);
    (hour >= FROM_HOUR).then(|| Zone::default().date(now).text())
}

async fn of_site(
    edge: &Bindings,
    site: &str,
    night: &str,
    now: i64,
    most: usize,
) -> Result<(), Failure> {
    let known = plans::in_effect(edge, site).await?;
    let groups = groups(&known);
    let of = Of {
        site,
        groups: &groups,
    };
    let databases = edge.databases().len();
    let names: Vec<String> = Part::of_all(databases)
        .map(|(part, number)| part.name_in(number))
        .collect();
    let names = serde_json::to_string(&names)?;
    database::batch(edge, &UNBOUND.map(|sql| (sql, vec![site, &names]))).await?;
    let mut outcome = Ok(());
    for part in Part::of_all(databases) {
        if let Err(problem) = of_part(edge, part, of, night, now, most).await {
            outcome = outcome.and(Err(problem));
        }
    }
    outcome
}

fn groups(known: &Known) -> String {
    serde_json::Value::Object(crate::reports::kept::groups(&known.plan)).to_string()
}

async fn of_part(
    edge: &Bindings,
    (part, number): (Part, usize),
    of: Of<'_>,
    night: &str,
    now: i64,
    most: usize,
) -> Result<(), Failure> {
    let name = part.name_in(number);
    let own = [of.site, name.as_str()];
    let turn: Option<Turn> = database::row(edge, TURN, &own).await?;
    let mut turn = turn.unwrap_or_default();
    if turn.night != night {
        turn = Turn {
            night: String::from(night),
            cursor: turn.cursor,
            began_at: turn.began_at,
            ..Turn::default()
        };
    }
    while !turn.done && edge.rows_read() < most {
        if turn.cursor.is_empty() {
            turn.began_at = now;
        }
        let before = edge.rows_read();
        let Some(so_far) = arrived(edge, now).await? else {
            return Ok(());
        };
        let step = part.step(edge, number, of, &turn.cursor).await?;
        if arrived(edge, now).await? != Some(so_far) {
            // It was not of one moment: the next run takes the step again.
            return Ok(());
        }
        let read = edge.rows_read().saturating_sub(before);
        turn.rows_read = turn.rows_read.saturating_add(read);
        turn.steps = turn.steps.saturating_add(1);
        turn.compared = turn.compared.saturating_add(step.compared);
        turn.skipped = turn.skipped.saturating_add(step.skipped);
        turn.done = step.next.is_none() || turn.steps >= part.steps();
        note(edge, of.site, &name, &turn, &step, now).await?;
        turn.cursor = step.next.unwrap_or_default();
    }
    Ok(())
}

/// As [`shards::arrived`]. Of somebody who is being erased, something may be gone from one database and not
/// from another.
pub(crate) async fn arrived(store: &impl Store, now: i64) -> Result<Option<Vec<u64>>, Failure> {
    if store.parts().len() > 1 && shards::erases(store).await? {
        return Ok(None);
    }
    shards::arrived(store, now).await
}

async fn note(
    edge: &Bindings,
    site: &str,
    part: &str,
    turn: &Turn,
    step: &Step,
    now: i64,
) -> Result<(), Failure> {
    for one in step.differences.iter().take(TOLD) {
        let about = [("site", site), ("part", part), ("what", one.what.as_str())];
        log::error(
            "difference",
            &about,
            &"what is kept does not follow from its rows",
        );
    }
    let now = now.to_string();
    let began_at = turn.began_at.to_string();
    let numbers = [
        usize::from(turn.done).to_string(),
        turn.steps.to_string(),
        turn.compared.to_string(),
        turn.skipped.to_string(),
        turn.rows_read.to_string(),
    ];
    let [is_done, steps, compared, skipped, rows_read] = numbers.each_ref().map(String::as_str);
    let next = step.next.as_deref().unwrap_or_default();
    let found: Vec<_> = step
        .differences
        .iter()
        .map(|one| (&one.what, &one.detail))
        .collect();
    let found = serde_json::to_string(&found)?;
    let most = MOST.to_string();
    let mut statements = vec![(
        NOTE,
        vec![
            site,
            part,
            &turn.night,
            is_done,
            steps,
            compared,
            skipped,
            rows_read,
            next,
            &began_at,
            &now,
        ],
    )];
    if !step.differences.is_empty() {
        statements.push((FOUND, vec![site, part, &found, &now, &most]));
    }
    if step.next.is_none() {
        statements.push((MENDED, vec![site, part, &began_at]));
    }
    database::batch(edge, &statements).await?;
    Ok(())
}
