//! What would become of messages, as far as they themselves and the plans say it.

use super::{plan_book::PlanBook, sort};
use goalpost_core::{Id, accepted::Accepted};
use serde_json::Value;

/// The items of some messages, by what they are headed for. The database knows of each whether it was
/// here before.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Outlook {
    /// Nothing is wrong with them: ids and digests.
    pub(crate) good: Vec<(Id, i64)>,
    /// What cannot be stored.
    pub(crate) refused: Vec<Refused>,
    /// How many are let go, by a reason that needs no asking.
    pub(crate) dropped: i64,
}

/// An item that cannot be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) id: String,
    pub(crate) reason: String,
    /// What is wrong, naming the field.
    pub(crate) detail: String,
}

/// Sorts the items of these messages, at `now`, and does nothing with them.
pub(crate) fn outlook(now: i64, messages: &[Accepted<'_>], plans: &PlanBook) -> Outlook {
    let sorted = sort::sort(now, messages, plans, None);
    let mut out = Outlook::default();
    for tray in sorted.trays.into_values() {
        let digest = |row: &str, at: usize| -> Option<i64> { cells(row).get(at)?.as_i64() };
        let good = tray.store.rows.iter();
        out.good
            .extend(good.filter_map(|(id, row)| Some((*id, digest(row, OBSERVED_DIGEST)?))));
        out.refused
            .extend(tray.quarantine.rows.iter().map(|(id, row)| {
                let cells = cells(row);
                let text = |at: usize| cells.get(at).and_then(Value::as_str).unwrap_or_default();
                Refused {
                    id: id.text(),
                    reason: text(REASON).to_owned(),
                    detail: text(DETAIL).to_owned(),
                }
            }));
        let dropped = tray.drop.into_values().map(|rows| {
            let rows = rows.rows.len();
            i64::try_from(rows).unwrap_or(i64::MAX)
        });
        out.dropped = dropped
            .chain(tray.count.into_values())
            .fold(out.dropped, i64::saturating_add);
    }
    out
}

/// Where `statements::STORE` reads the digest.
const OBSERVED_DIGEST: usize = 14;

/// Where `statements::QUARANTINE` reads reason and detail.
const REASON: usize = 3;
const DETAIL: usize = 4;

fn cells(row: &str) -> Vec<Value> {
    serde_json::from_str(row).unwrap_or_default()
}
