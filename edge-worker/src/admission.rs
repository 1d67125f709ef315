//! How much of the pages is taken: a rate of requests, and a number of items a day.
//!
//! The rate is the platform's to count: per site, and per site and network of the caller, as
//! `wrangler.jsonc` says; all names without a plan share one rate. The number of items is counted by D1, from the fates that the sink has
//! tallied, and asked for again every few seconds; so a day may end a few seconds' items above it,
//! and never below. What is not taken stays with its sender, and the attempt is counted. What a
//! site's own servers report is under neither limit: a flood of pages must not hold back the truth.

use crate::{
    bindings::Bindings,
    clock, database,
    http::Failure,
    log,
    problem::{Kind, Problem},
    runtime, sink,
};
use goalpost_core::{Zone, fate::Fate, fate::Limit};
use std::{cell::RefCell, collections::BTreeMap};

/// How long an isolate goes by what it has read of a site's day.
const READ_MS: i64 = 5_000;

/// How often an isolate writes down what was not taken: in a flood, to write each would be the flood's
/// success.
const NOTE_MS: i64 = 10_000;

/// Sites that an isolate remembers.
const SITES: usize = 1_024;

/// What pages sent on a day. Further copies were taken too, and paid for.
const USED: &str = "\
SELECT json_quote(coalesce(sum(count), 0)) FROM fates
WHERE site = ?1 AND day = ?2 AND form <> 'server'
  AND fate IN ('stored', 'quarantined', 'duplicate')";

const NOTE: &str = "\
WITH r AS MATERIALIZED (SELECT value AS v FROM json_each(?1))
INSERT INTO fates (site, day, origin, fate, reason, sdk, form, count)
SELECT v ->> 0, v ->> 1, 'other', v ->> 2, v ->> 3, '', '', v ->> 4
FROM r WHERE true
ON CONFLICT DO UPDATE SET count = count + excluded.count";

/// A site's day, as far as it is known here.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Used {
    day: String,
    items: u64,
    until: i64,
}

impl Used {
    /// Whether some more items are taken; `None` if it must be read again.
    fn takes(&mut self, more: u64, most: u64, day: &str, now: i64) -> Option<bool> {
        if self.day != day {
            return None;
        }
        // It only grows, so what is full stays full until the day ends.
        if self.items >= most {
            return Some(false);
        }
        if now >= self.until {
            return None;
        }
        self.items = self.items.saturating_add(more);
        Some(true)
    }
}

/// Attempts that are not written down yet: by site, day, fate and reason.
type Notes = BTreeMap<(String, String, &'static str, &'static str), u64>;

thread_local! {
    static USED_UP: RefCell<BTreeMap<String, Used>> = const { RefCell::new(BTreeMap::new()) };
    static NOTES: RefCell<(i64, Notes)> = const { RefCell::new((0, BTreeMap::new())) };
}

fn day_of(now: i64) -> String {
    Zone::fixed(0).date(now).text()
}

/// Whether the day takes some more items of a site, if that is known without asking anybody.
pub(crate) fn at_hand(most: Option<u64>, site: &str, items: usize) -> Option<bool> {
    let Some(most) = most else {
        return Some(true);
    };
    let now = clock::now();
    let items = u64::try_from(items).unwrap_or(u64::MAX);
    USED_UP.with_borrow_mut(|known| known.get_mut(site)?.takes(items, most, &day_of(now), now))
}

/// The name under which a site's requests are counted. Names that have no plan share the empty one, since
/// anybody can make up another for each request.
pub(crate) const fn known(site: &str, has_plan: bool) -> &str {
    if has_plan { site } else { "" }
}

/// Lets a page ask something, if the rate of its [`known`] site and network admits it. An attempt that is
/// not admitted is counted.
///
/// # Errors
/// [`Kind::Limited`].
pub(crate) async fn admit(
    edge: &Bindings,
    request: &web_sys::Request,
    site: &str,
) -> Result<(), Problem> {
    if runtime::is_admitted(edge, request, site).await {
        return Ok(());
    }
    note(edge, site, Fate::Limited(Limit::Rate), 1).await;
    Err(problem(Limit::Rate))
}

/// Why some items of a page of a [`known`] site are not taken now, if so.
pub(crate) async fn objection(
    edge: &Bindings,
    request: &web_sys::Request,
    site: &str,
    items: usize,
) -> Option<Limit> {
    if !runtime::is_admitted(edge, request, site).await {
        return Some(Limit::Rate);
    }
    let most = edge.daily_items()?;
    let mut takes = at_hand(Some(most), site, items);
    if takes.is_none() {
        if let Err(problem) = read(edge, site).await {
            // Who cannot count refuses nobody: whether it is stored is the database's word.
            log::warn(
                "items_not_counted",
                &[("site", sink::site_name(site))],
                &problem,
            );
            return None;
        }
        takes = at_hand(Some(most), site, items);
    }
    (takes == Some(false)).then_some(Limit::Quota)
}

async fn read(edge: &Bindings, site: &str) -> Result<(), Failure> {
    let now = clock::now();
    let day = day_of(now);
    let items: Vec<u64> = database::rows_of_all(edge, USED, &[site, &day]).await?;
    USED_UP.with_borrow_mut(|known| {
        if known.len() >= SITES {
            known.clear();
        }
        let used = Used {
            day,
            items: items.into_iter().fold(0, u64::saturating_add),
            until: now.saturating_add(READ_MS),
        };
        known.insert(String::from(site), used);
    });
    Ok(())
}

/// Counts attempts that were not taken, and writes them down now and then.
pub(crate) async fn note(edge: &Bindings, site: &str, fate: Fate, items: usize) {
    let now = clock::now();
    let site = sink::site_name(site);
    let key = (String::from(site), day_of(now), fate.name(), fate.reason());
    let due = NOTES.with_borrow_mut(|(last, notes)| {
        let count = notes.entry(key).or_default();
        *count = count.saturating_add(u64::try_from(items).unwrap_or(u64::MAX));
        let is_due = now.saturating_sub(*last) >= NOTE_MS || notes.len() >= SITES;
        is_due.then(|| {
            *last = now;
            core::mem::take(notes)
        })
    });
    let Some(due) = due else {
        return;
    };
    let rows: Vec<_> = due
        .iter()
        .map(|((site, day, fate, reason), count)| (site, day, fate, reason, count))
        .collect();
    let written = match serde_json::to_string(&rows) {
        Ok(rows) => database::batch(edge, &[(NOTE, vec![&rows])]).await,
        Err(problem) => Err(problem.into()),
    };
    if let Err(problem) = written {
        log::warn("limited_not_counted", &[], &problem);
    }
}

/// What a sender is told that is not answered item by item.
pub(crate) fn problem(limit: Limit) -> Problem {
    match limit {
        Limit::Rate => Problem::new(
            Kind::Limited,
            "too many requests of this site or network; send the same request again in a minute",
        ),
        Limit::Quota => Problem::new(
            Kind::Limited,
            "the pages of this site have sent all that fits into a day (UTC); DAILY_ITEMS says how much",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_takes_so_many_items_and_the_next_day_as_many_again() {
        let mut used = Used {
            day: String::from("2026-11-21"),
            items: 8,
            until: 100,
        };
        assert_eq!(used.takes(1, 10, "2026-11-21", 99), Some(true));
        assert_eq!(used.takes(1, 10, "2026-11-21", 99), Some(true));
        assert_eq!(used.takes(1, 10, "2026-11-21", 99), Some(false));
        assert_eq!(
            used.takes(1, 10, "2026-11-21", 100),
            Some(false),
            "full stays full"
        );
        assert_eq!(used.takes(1, 20, "2026-11-21", 100), None, "read it again");
        assert_eq!(used.takes(1, 10, "2026-11-22", 99), None);
    }

    #[test]
    fn without_a_number_nothing_is_asked() {
        assert_eq!(at_hand(None, "shop", 500), Some(true));
    }
}
