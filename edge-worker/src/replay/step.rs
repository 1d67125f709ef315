//! One step of a replay, without the database: from stored observations to statements.

use super::{Replay, statements as sql};
use crate::sink::{Param, Statement, verdict_json};
use goalpost_core::{
    Id, Person, Rules,
    replay::{Diff, Entry, Recorded, again},
};
use serde::Deserialize;

/// Bytes of one JSON parameter; D1 takes 2 MB.
const JSON_BYTES: usize = 1_000_000;

/// A stored observation, as `statements::ROWS` answers it.
#[derive(Debug, Deserialize)]
pub(super) struct Row {
    pub(super) id: String,
    time: i64,
    day: String,
    session: String,
    visitor: String,
    contact: Option<String>,
    form: String,
    plan: String,
    body: String,
    verdict: Option<String>,
}

/// The statements of a step, to be run as one transaction.
///
/// # Errors
/// A stored verdict that is none; nothing else has written it than this code.
pub(super) fn transaction(
    replay: &Replay,
    rules: &Rules,
    rows: &[Row],
    next: &str,
    now: i64,
) -> Result<Vec<Statement>, serde_json::Error> {
    let mut diff = Diff::default();
    let mut changed = Vec::new();
    for row in rows {
        let Some(id) = Id::parse(&row.id) else {
            continue;
        };
        let verdict: Vec<Entry> = match &row.verdict {
            Some(verdict) => serde_json::from_str(verdict)?,
            None => Vec::new(),
        };
        // A server's word is what makes money verified, and it alone may trigger some definitions.
        let server = row.form == "server";
        let again = again(
            rules,
            &Recorded {
                id,
                item: &row.body,
                time: row.time,
                session: Id::parse(&row.session),
                person: Person {
                    visitor: Id::parse(&row.visitor),
                    contact: None,
                },
                contact: row.contact.as_deref(),
                server,
                verified: server,
                verdict,
            },
        );
        diff.merge(again.diff);
        let verdict = verdict_json(rules, &again.verdict.conversions);
        let day = rules.zone.date(row.time).text();
        if replay.applies() && (verdict != row.verdict || day != row.day || rules.plan != row.plan)
        {
            changed.push(serde_json::to_string(&(&row.id, day, verdict))?);
        }
    }
    let keys = diff
        .keys()
        .map(|row| serde_json::to_string(&row))
        .collect::<Result<Vec<_>, _>>()?;
    let mut out = Vec::new();
    for (sql, rows) in [(sql::KEYS, keys), (sql::APPLY, changed)] {
        for pack in packs(&rows) {
            out.push(Statement {
                sql,
                params: [&pack, &replay.site, &replay.id, &replay.cursor]
                    .map(|text| Param::Text(text.clone()))
                    .to_vec(),
            });
        }
    }
    let mut params = [&replay.site, &replay.id, &replay.cursor, next]
        .map(|text| Param::Text(String::from(text)))
        .to_vec();
    params.push(Param::Integer(i64::try_from(rows.len()).unwrap_or(0)));
    params.push(Param::Integer(now));
    out.push(Statement {
        sql: sql::ADVANCE,
        params,
    });
    Ok(out)
}

/// Where the next step begins, if this one is full of rows.
pub(super) fn next(rows: &[Row], limit: u32) -> Option<String> {
    let full = usize::try_from(limit).is_ok_and(|limit| rows.len() >= limit);
    rows.last().filter(|_| full).map(|last| last.id.clone())
}

/// The end of a replay that has looked at everything.
pub(super) fn end(replay: &Replay, diff: &str, now: i64) -> [Statement; 2] {
    let mut params = [&replay.site, &replay.id, &replay.cursor, diff]
        .map(|text| Param::Text(String::from(text)))
        .to_vec();
    params.push(Param::Integer(now));
    let end = Statement {
        sql: sql::END,
        params,
    };
    [end, forget(&replay.site)]
}

/// Keys of what runs no more are not kept.
pub(super) fn forget(site: &str) -> Statement {
    Statement {
        sql: sql::FORGET,
        params: vec![Param::Text(String::from(site))],
    }
}

/// Rows joined to JSON lists of bounded size.
fn packs(rows: &[String]) -> Vec<String> {
    let mut packs: Vec<String> = Vec::new();
    for row in rows {
        match packs.last_mut() {
            Some(pack) if pack.len().saturating_add(row.len()) < JSON_BYTES => {
                pack.push(',');
                pack.push_str(row);
            }
            _ => packs.push(format!("[{row}")),
        }
    }
    for pack in &mut packs {
        pack.push(']');
    }
    packs
}
