//! A step over what waits in quarantine: what the plan accepts comes once more, by the sink's own
//! way, as if it had only now arrived.

use super::{
    Replay, statements as sql,
    step::{self, QUARANTINED, Tried},
};
use crate::sink::{self, PlanBook, Statement, Voucher, Waiting, vouch};
use goalpost_core::beacon::read_item;
use goalpost_core::{
    Id, Person,
    replay::{Diff, Recorded, again},
    server_event::read_stored,
};
use serde_json::value::RawValue;

/// The statements of a step, to be run as one transaction that is named `batch`.
///
/// # Errors
/// An item that is no JSON, although it was read.
pub(super) fn quarantined(
    replay: &Replay,
    tried: &Tried<'_>,
    rows: &[Waiting],
    next: &str,
    batch: Id,
    now: i64,
) -> Result<Vec<Statement>, serde_json::Error> {
    let mut diff = Diff::default();
    let accepted: Vec<&Waiting> = rows
        .iter()
        .filter(|row| {
            let found = accepts(replay, tried, row, batch.time());
            let is_accepted = found.is_some();
            diff.merge(found.unwrap_or_default());
            is_accepted
        })
        .collect();
    let mut out = vec![step::hold(replay)];
    out.extend(step::packed(replay, sql::KEYS, &step::keys(&diff)?));
    if replay.applies() {
        let ids = accepted
            .iter()
            .map(|row| serde_json::to_string(&row.key()))
            .collect::<Result<Vec<_>, _>>()?;
        out.extend(step::packed(replay, sql::UNTALLY, &ids));
        out.extend(step::packed(replay, sql::RELEASE, &ids));
        out.extend(store(replay, tried, &accepted, batch)?);
    }
    let counts = (rows.len(), accepted.len());
    out.push(step::advance(replay, (QUARANTINED, next), counts, now));
    Ok(out)
}

/// What the plan makes of an item; `None` if it does not accept it, not for this period, or would not keep it.
fn accepts(replay: &Replay, tried: &Tried<'_>, row: &Waiting, now: i64) -> Option<Diff> {
    let id = Id::parse(&row.id)?;
    let kept = tried.plan.reporting.retention.observations_ms;
    if kept.is_some_and(|kept| row.age(id, now) > kept) {
        return None;
    }
    let (server, time) = (row.is_of_server(), row.time(id));
    let day = tried.plan.rules.zone.date(time).text();
    if day < replay.from || (!replay.to.is_empty() && day > replay.to) {
        return None;
    }
    let (session, visitor, identity) = if server {
        let stored = read_stored(&row.body).ok()?;
        (stored.item.session, stored.visitor, stored.contact)
    } else {
        (read_item(&row.body).ok()?.session, row.visitor(), None)
    };
    let recorded = Recorded {
        id,
        item: &row.body,
        time,
        session,
        person: Person {
            visitor,
            contact: identity.as_deref(),
        },
        contact: identity.as_deref().or(row.contact.as_deref()),
        server,
        verdict: Vec::new(),
    };
    let rules = &tried.plan.rules;
    let again = again(rules, &recorded, &|seen, conversion, money| {
        let at = row.received_at();
        server
            || matches!(
                vouch(seen, conversion, money, &rules.site, tried.keys, at),
                Voucher::Server
            )
    });
    let is_accepted =
        again.verdict.problem.is_none() && again.observation.is_some_and(|seen| seen.id == id);
    is_accepted.then_some(again.diff)
}

/// The sink's statements for items that come once more.
fn store(
    replay: &Replay,
    tried: &Tried<'_>,
    rows: &[&Waiting],
    batch: Id,
) -> Result<Vec<Statement>, serde_json::Error> {
    let mut book = PlanBook::new();
    book.add_current(tried.plan.clone());
    book.set_keys(&replay.site, tried.keys.to_vec());
    let texts: Vec<String> = rows
        .iter()
        .map(|row| {
            if row.is_of_server() {
                row.body.clone()
            } else {
                row.beacon(&replay.site, &replay.plan)
            }
        })
        .collect();
    let messages = rows
        .iter()
        .zip(&texts)
        .map(|(row, text)| {
            let content: &RawValue = serde_json::from_str(text)?;
            Ok(row.message(&replay.site, content))
        })
        .collect::<Result<Vec<_>, serde_json::Error>>()?;
    Ok(sink::transaction(batch, &messages, &book))
}
