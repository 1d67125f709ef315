//! What waits beside the queue: dead letters that still cannot be stored, and what the overflow cannot
//! hand on.
//!
//! It is noted in the cache of plans and not in the database: whatever keeps messages from being stored
//! would keep the note from being written. A note that the cache loses is written with the next try.

use crate::{bindings::Bindings, clock, http::Failure, log};
use serde::{Deserialize, Serialize};
use std::cell::Cell;

/// Where messages wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// They failed in the queue, and fail again.
    Dead,
    /// The queue takes none.
    Overflow,
}

impl Place {
    pub(crate) const ALL: [Self; 2] = [Self::Dead, Self::Overflow];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Dead => "dead",
            Self::Overflow => "overflow",
        }
    }

    /// The longest pause between two tries.
    const fn pause_ms(self) -> i64 {
        match self {
            Self::Dead => 3_600_000,
            Self::Overflow => 60_000,
        }
    }

    fn key(self) -> String {
        format!("backlog:{}", self.name())
    }
}

/// What failed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Backlog {
    pub(crate) at: i64,
    /// How long the oldest of them had waited.
    pub(crate) oldest_ms: i64,
    /// How many there were, of one batch or one object.
    pub(crate) messages: usize,
}

/// How much later than its pause a message may come again.
const LATE_MS: i64 = 300_000;

impl Backlog {
    /// A message comes again after a pause as long as it is old. If none has by then, none waits.
    fn is_news(self, place: Place, now: i64) -> bool {
        let pause = self.oldest_ms.min(place.pause_ms());
        now.saturating_sub(self.at) <= pause.saturating_add(LATE_MS)
    }
}

/// How often an isolate writes a note: the cache takes one write a second of a key.
const NOTE_MS: i64 = 60_000;

/// How long the cache keeps it: longer than it is news.
const KEPT_S: u64 = 7_200;

thread_local! {
    static NOTED_AT: Cell<[i64; 2]> = const { Cell::new([0; 2]) };
}

/// Notes that messages of these times failed again, if it is time to; without messages, nothing.
pub(crate) async fn note(edge: &Bindings, place: Place, messages: usize, oldest_sent: i64) {
    let now = clock::now();
    let [dead, overflow] = NOTED_AT.get();
    let (last, noted) = match place {
        Place::Dead => (dead, [now, overflow]),
        Place::Overflow => (overflow, [dead, now]),
    };
    if messages == 0 || now.saturating_sub(last) < NOTE_MS {
        return;
    }
    NOTED_AT.set(noted);
    let backlog = Backlog {
        at: now,
        oldest_ms: now.saturating_sub(oldest_sent).max(0),
        messages,
    };
    if let Err(problem) = write(edge, place, &backlog).await {
        log::warn("backlog_not_noted", &[("place", place.name())], &problem);
    }
}

async fn write(edge: &Bindings, place: Place, backlog: &Backlog) -> Result<(), Failure> {
    let text = serde_json::to_string(backlog)?;
    let put = edge.plans()?.put(&place.key(), text)?;
    Ok(put.expiration_ttl(KEPT_S).execute().await?)
}

/// What is known to wait there.
pub(crate) async fn read(edge: &Bindings, place: Place) -> Option<Backlog> {
    let text = edge.plans().ok()?.get(&place.key()).text().await.ok()??;
    let backlog: Backlog = serde_json::from_str(&text).ok()?;
    backlog.is_news(place, clock::now()).then_some(backlog)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_news_until_what_it_tells_of_should_have_come_again() {
        const MINUTE: i64 = 60_000;
        let after = |place, oldest, minutes: i64| {
            let backlog = Backlog {
                at: 0,
                oldest_ms: oldest * MINUTE,
                messages: 1,
            };
            backlog.is_news(place, minutes * MINUTE)
        };
        for (place, oldest, news, over) in [
            (Place::Dead, 10, 15, 16),
            (Place::Dead, 5_000, 65, 66),
            (Place::Overflow, 0, 5, 6),
            (Place::Overflow, 5_000, 6, 7),
        ] {
            assert!(after(place, oldest, news), "{place:?} {oldest}");
            assert!(!after(place, oldest, over), "{place:?} {oldest}");
        }
        for place in Place::ALL {
            assert!(place.pause_ms() + LATE_MS < 7_200_000);
        }
    }
}
