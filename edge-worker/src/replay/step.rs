//! One step of a replay, without the database: from stored observations to statements.

use super::{Replay, statements as sql};
use crate::pack::packs;
use crate::sink::{Compiled, Param, Statement, Told, Voucher, retold, verdict_json, vouch};
use goalpost_core::{
    Conversion, Id, Money, Observation, Person,
    replay::{Diff, Entry, Recorded, again},
    server_event::read_stored,
};
use serde::Deserialize;

/// A stored observation, as `statements::ROWS` answers it.
#[derive(Debug, Deserialize)]
pub(super) struct Row {
    pub(super) id: String,
    received_at: i64,
    time: i64,
    day: String,
    session: String,
    visitor: String,
    /// The identity that it names itself.
    identity: Option<String>,
    /// Whose it is, as known today.
    contact: Option<String>,
    source: String,
    plan: String,
    country: String,
    device: String,
    body: String,
    verdict: Option<String>,
}

impl Row {
    /// What the plan that decided has found.
    fn verdict(&self) -> Result<Vec<Entry>, serde_json::Error> {
        match &self.verdict {
            Some(verdict) => serde_json::from_str(verdict),
            None => Ok(Vec::new()),
        }
    }

    fn is_of_server(&self) -> bool {
        self.source == "server"
    }

    fn recorded(&self, id: Id, verdict: Vec<Entry>) -> Recorded<'_> {
        let server = self.is_of_server();
        Recorded {
            id,
            item: &self.body,
            time: self.time,
            session: Id::parse(&self.session),
            person: Person {
                visitor: Id::parse(&self.visitor),
                contact: self.identity.as_deref().filter(|_| server),
            },
            contact: self.contact.as_deref(),
            server,
            verdict,
        }
    }

    /// The session that it is part of; a server's event is of one only where the person did
    /// something.
    fn session(&self) -> Option<Id> {
        let session = Id::parse(&self.session)?;
        let apart =
            self.is_of_server() && !read_stored(&self.body).is_ok_and(|stored| stored.interactive);
        (!apart).then_some(session)
    }
}

/// What a step needs beside its rows.
pub(super) struct Tried<'a> {
    pub(super) plan: &'a Compiled,
    /// The keys that sign the site's order tokens.
    pub(super) keys: &'a [String],
}

/// Everything that a step writes.
#[derive(Default)]
struct Part {
    diff: Diff,
    verdicts: Vec<String>,
    shares: Vec<String>,
}

impl Part {
    fn take(&mut self, tried: &Tried<'_>, row: &Row, apply: bool) -> Result<(), serde_json::Error> {
        let Some(id) = Id::parse(&row.id) else {
            return Ok(());
        };
        let rules = &tried.plan.rules;
        let recorded = row.recorded(id, row.verdict()?);
        let vouch = |seen: &Observation, conversion: &Conversion, money: Money| {
            // Money stays what it was verified as, whatever became of the key.
            if recorded.server || was_verified(&recorded.verdict, conversion, money) {
                return Voucher::Server;
            }
            vouch(
                seen,
                conversion,
                money,
                &rules.site,
                tried.keys,
                row.received_at,
            )
        };
        let again = again(rules, &recorded, &|seen, conversion, money| {
            matches!(vouch(seen, conversion, money), Voucher::Server)
        });
        self.diff.merge(again.diff);
        if !apply {
            return Ok(());
        }
        let seen = again.observation.as_ref();
        let conversions = &again.verdict.conversions;
        let day = rules.zone.date(row.time).text();
        let verdict = seen.and_then(|seen| {
            verdict_json(rules, conversions, |conversion, money| {
                vouch(seen, conversion, money)
            })
        });
        if verdict == row.verdict && day == row.day && rules.plan == row.plan {
            return Ok(());
        }
        if let Some((observation, session)) = seen.zip(row.session()) {
            let was: Vec<&str> = recorded
                .verdict
                .iter()
                .map(|one| &*one.definition)
                .collect();
            let now: Vec<&str> = conversions.iter().map(|one| &*one.definition).collect();
            let told = Told {
                observation,
                time: row.time,
                day: &day,
                session,
                visitor: recorded.person.visitor,
                country: &row.country,
                device: &row.device,
            };
            self.shares.push(retold(tried.plan, &told, &was, &now));
        }
        let row = serde_json::to_string(&(&row.id, day, verdict))?;
        self.verdicts.push(row);
        Ok(())
    }
}

/// Whether the same amount had a server's word before.
fn was_verified(verdict: &[Entry], conversion: &Conversion, money: Money) -> bool {
    conversion.key.scope.starts_with("order:")
        && verdict.iter().any(|entry| {
            entry.is_verified()
                && entry.scope == conversion.key.scope
                && entry.minor == Some(money.minor)
                && entry.currency.as_deref() == Some(money.currency.code())
        })
}

/// The statements of a step over stored observations, to be run as one transaction.
///
/// # Errors
/// A stored verdict that is none; nothing else has written it than this code.
pub(super) fn stored(
    replay: &Replay,
    tried: &Tried<'_>,
    rows: &[Row],
    next: &str,
    now: i64,
) -> Result<Vec<Statement>, serde_json::Error> {
    let mut part = Part::default();
    for row in rows {
        part.take(tried, row, replay.applies())?;
    }
    let mut out = vec![hold(replay)];
    for (sql, rows) in [
        (sql::KEYS, keys(&part.diff)?),
        (sql::APPLY, part.verdicts),
        (sql::RETELL, part.shares),
    ] {
        out.extend(packed(replay, sql, &rows));
    }
    // After the last observation comes what waits.
    let place = if next.is_empty() {
        (QUARANTINED, "")
    } else {
        (STORED, next)
    };
    out.push(advance(replay, place, (rows.len(), 0), now));
    Ok(out)
}

/// The parts of a replay: what is stored, then what waits in quarantine.
pub(super) const STORED: &str = "stored";
pub(super) const QUARANTINED: &str = "quarantined";

/// The first statement of every step.
pub(super) fn hold(replay: &Replay) -> Statement {
    Statement {
        sql: sql::HOLD,
        params: vec![
            text(&replay.site),
            text(&replay.id),
            Param::Integer(replay.steps),
        ],
    }
}

/// The last statement of a step: where the next begins, and how many rows this one has replayed and
/// accepted.
pub(super) fn advance(
    replay: &Replay,
    (part, cursor): (&str, &str),
    (replayed, accepted): (usize, usize),
    now: i64,
) -> Statement {
    let count = |count| Param::Integer(i64::try_from(count).unwrap_or(0));
    Statement {
        sql: sql::ADVANCE,
        params: vec![
            text(&replay.site),
            text(&replay.id),
            text(part),
            text(cursor),
            count(replayed),
            count(accepted),
            Param::Integer(now),
        ],
    }
}

/// The end of a replay that has looked at everything.
pub(super) fn end(replay: &Replay, diff: &str, now: i64) -> [Statement; 3] {
    let end = Statement {
        sql: sql::END,
        params: vec![
            text(&replay.site),
            text(&replay.id),
            text(diff),
            Param::Integer(now),
        ],
    };
    [hold(replay), end, forget(&replay.site)]
}

/// Keys of what runs no more are not kept.
pub(super) fn forget(site: &str) -> Statement {
    Statement {
        sql: sql::FORGET,
        params: vec![text(site)],
    }
}

/// The keys of a difference as rows.
pub(super) fn keys(diff: &Diff) -> Result<Vec<String>, serde_json::Error> {
    diff.keys().map(|row| serde_json::to_string(&row)).collect()
}

/// A statement over rows, as often as the rows need it.
pub(super) fn packed(
    replay: &Replay,
    sql: &'static str,
    rows: &[String],
) -> impl Iterator<Item = Statement> {
    packs(rows.iter().map(String::as_str))
        .into_iter()
        .map(move |pack| {
            let mut params = vec![Param::Text(pack.json), text(&replay.site)];
            // A database refuses parameters that a statement does not mention.
            if sql.contains("?3") {
                params.push(text(&replay.id));
            }
            Statement { sql, params }
        })
}

fn text(text: &str) -> Param {
    Param::Text(String::from(text))
}

/// Where the next step begins, if this one is full of rows.
pub(super) fn next<'a>(
    ids: impl DoubleEndedIterator<Item = &'a str> + ExactSizeIterator,
    limit: u32,
) -> Option<String> {
    let full = usize::try_from(limit).is_ok_and(|limit| ids.len() >= limit);
    ids.last().filter(|_| full).map(String::from)
}
