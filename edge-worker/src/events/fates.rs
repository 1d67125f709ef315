//! What became of events that were just stored: asked of the rows, which alone know.

use super::Fate;
use crate::{bindings::Bindings, database, http::Failure};
use goalpost_core::{Id, fate::Quarantine, server_event::ServerEvent};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that is there under some ids. `?1` site, `?2` the ids as a JSON list.
const ROWS: &str = "\
WITH r AS MATERIALIZED (SELECT DISTINCT unhex(value) AS id FROM json_each(?2))
SELECT json_object('id', lower(hex(o.id)), 'digest', o.digest, 'batch', lower(hex(o.batch)))
FROM r JOIN observations AS o ON o.site = ?1 AND o.id = r.id
UNION ALL
SELECT json_object('id', lower(hex(q.id)), 'digest', q.digest, 'reason', q.reason, 'detail', q.detail)
FROM r JOIN quarantine AS q ON q.site = ?1 AND q.id = r.id";

/// What is there under the ids of a request.
#[derive(Default)]
pub(super) struct Fates {
    batch: String,
    rows: BTreeMap<String, Vec<Row>>,
    /// Those that this request is answered with already.
    told: BTreeSet<(Id, u64)>,
}

/// A row under an id: stored if it has a batch, else quarantined.
#[derive(Debug, Deserialize)]
struct Row {
    id: String,
    digest: i64,
    batch: Option<String>,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    detail: String,
}

fn hex(id: Id) -> String {
    id.text().replace('-', "")
}

impl Fates {
    /// Reads what is there after the transaction `batch`.
    pub(super) async fn read(
        edge: &Bindings,
        site: &str,
        batch: Id,
        events: &[&ServerEvent],
    ) -> Result<Self, Failure> {
        let ids: Vec<String> = events.iter().map(|event| hex(event.id)).collect();
        let ids = serde_json::to_string(&ids)?;
        let mut rows = Vec::new();
        for part in edge.databases() {
            rows.extend(database::rows(part, ROWS, &[site, &ids]).await?);
        }
        Ok(Self::new(batch, rows))
    }

    fn new(batch: Id, found: Vec<Row>) -> Self {
        let mut rows: BTreeMap<String, Vec<Row>> = BTreeMap::new();
        for row in found {
            rows.entry(row.id.clone()).or_default().push(row);
        }
        Self {
            batch: hex(batch),
            rows,
            told: BTreeSet::new(),
        }
    }

    /// What became of an event, and what is wrong with it; to be asked in the order of the request.
    pub(super) fn of(&mut self, event: &ServerEvent) -> (Fate, Option<String>) {
        let first = self.told.insert((event.id, event.digest));
        let found = self.rows.get(&hex(event.id));
        let mut rows = found.into_iter().flatten();
        let own = |row: &&Row| row.digest.cast_unsigned() == event.digest;
        match rows.clone().find(own) {
            Some(row) if row.batch.is_some() => {
                let fresh = first && row.batch.as_ref() == Some(&self.batch);
                let fate = if fresh { Fate::Stored } else { Fate::Duplicate };
                (fate, None)
            }
            Some(row) if row.reason != Quarantine::Conflict.name() => (
                Fate::Quarantined,
                Some(format!(
                    "{}; it waits in quarantine, to be replayed once the plan is put right",
                    row.detail
                )),
            ),
            None if rows.next().is_none() => (
                Fate::Refused,
                Some(String::from(
                    "id: what had this id was erased, or left the quarantine unread, and stays so; \
                     report what is to count under a new id",
                )),
            ),
            _ => (
                Fate::Conflict,
                Some(String::from(
                    "id: another event with this id and time was here before, with other content; \
                     the first one stands, so give a new event a new id",
                )),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BATCH: i64 = 7;

    fn id(time: i64) -> Id {
        Id::new(time, [1; 10])
    }

    fn event(digest: u64) -> ServerEvent {
        ServerEvent {
            id: id(1),
            json: String::new(),
            digest,
        }
    }

    fn stored(digest: i64, batch: i64) -> Row {
        Row {
            id: hex(id(1)),
            digest,
            batch: Some(hex(id(batch))),
            reason: String::new(),
            detail: String::new(),
        }
    }

    fn waits(digest: i64, reason: &str) -> Row {
        Row {
            batch: None,
            reason: String::from(reason),
            detail: String::from("'x' is not there"),
            ..stored(digest, 0)
        }
    }

    fn told(rows: Vec<Row>, digests: &[u64]) -> Vec<Fate> {
        let mut fates = Fates::new(id(BATCH), rows);
        let events = digests.iter().copied().map(event);
        events.map(|event| fates.of(&event).0).collect()
    }

    #[test]
    fn the_rows_say_what_became_of_it() {
        use Fate::{Conflict, Duplicate, Quarantined, Refused, Stored};
        assert_eq!(told(vec![stored(5, BATCH)], &[5, 5]), [Stored, Duplicate]);
        assert_eq!(told(vec![stored(5, 1)], &[5]), [Duplicate]);
        assert_eq!(told(vec![stored(5, BATCH)], &[5, 6]), [Stored, Conflict]);
        let both = vec![stored(5, 1), waits(6, "conflict")];
        assert_eq!(told(both, &[6, 5]), [Conflict, Duplicate]);
        assert_eq!(told(vec![waits(5, "unregistered")], &[5]), [Quarantined]);
        assert_eq!(told(vec![waits(5, "value")], &[6]), [Conflict]);
        assert_eq!(told(Vec::new(), &[5]), [Refused]);
        // Digests use all 64 bits; a database's numbers have a sign.
        let high = u64::MAX - 3;
        assert_eq!(told(vec![stored(-4, BATCH)], &[high]), [Stored]);
    }

    #[test]
    fn what_waits_says_why_and_for_what() {
        let mut fates = Fates::new(id(BATCH), vec![waits(5, "unregistered")]);
        insta::assert_snapshot!(
            fates.of(&event(5)).1.unwrap(),
            @"'x' is not there; it waits in quarantine, to be replayed once the plan is put right"
        );
    }
}
