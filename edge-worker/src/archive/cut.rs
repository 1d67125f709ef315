//! Where a part ends: how far the cursor may go, and for which day.

use goalpost_core::Id;
use serde::Deserialize;

/// Characters of all bodies of a part, but for late ones: a Worker has 128 MB, and holds each three
/// times at most.
const BODIES: u64 = 8_000_000;

/// What comes next in the order of ids: id, day, whether the clock was wrong, whether it is listed as
/// late already, and the length of its body.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Next(String, String, u8, u8, u64);

/// A range from the cursor on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// Its last id.
    pub(super) until: String,
    /// The day of which a part is made; without one there is nothing but what is late.
    pub(super) day: Option<String>,
}

/// The longest range whose observations are of one day, but for those that an id does not place:
/// where the clock was wrong, the id's time says nothing of the day. `settled` is the last day that
/// may be archived, and `before` the time that no id in the range has reached: else the cursor would
/// pass what is still to come.
pub(super) fn cut(next: &[Next], settled: &str, before: i64) -> Option<Cut> {
    let mut day: Option<&str> = None;
    let mut until = None;
    let mut bodies: u64 = 0;
    for Next(id, own, wrong_clock, listed, body) in next {
        bodies = bodies.saturating_add(*body);
        if bodies > BODIES && until.is_some() {
            break;
        }
        if Id::parse(id).is_some_and(|id| id.time() >= before) {
            break;
        }
        if *wrong_clock == 0 && *listed == 0 {
            if own.as_str() > settled || day.is_some_and(|day| day != own) {
                break;
            }
            day = Some(own);
        }
        until = Some(id);
    }
    Some(Cut {
        until: until?.clone(),
        day: day.map(String::from),
    })
}

#[cfg(test)]
#[allow(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows fails, as it should"
)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    const HOUR: i64 = 3_600_000;
    const NOON: i64 = 1_795_003_200_000;

    fn id(hours: i64, n: u8) -> String {
        Id::new(NOON + hours * HOUR, [n; 10]).text()
    }

    fn next(hours: i64, day: &str) -> Next {
        Next(id(hours, 1), day.into(), 0, 0, 300)
    }

    fn until(rows: &[Next]) -> Option<(String, Option<String>)> {
        cut(rows, "2026-11-19", NOON + 48 * HOUR).map(|cut| (cut.until, cut.day))
    }

    #[test]
    fn a_part_ends_with_its_day() {
        let rows = [
            next(0, "2026-11-18"),
            next(1, "2026-11-18"),
            next(12, "2026-11-19"),
        ];
        let day = Some("2026-11-18".into());
        assert_eq!(until(&rows), Some((id(1, 1), day)));
        assert_eq!(
            until(&rows[2..]),
            Some((id(12, 1), Some("2026-11-19".into())))
        );
    }

    #[test]
    fn a_day_that_is_not_over_waits() {
        assert_eq!(until(&[next(0, "2026-11-20")]), None);
        assert_eq!(until(&[]), None);
    }

    #[test]
    fn a_part_holds_no_more_than_a_worker_can() {
        let long = |hours| Next(id(hours, 1), "2026-11-18".into(), 0, 0, BODIES / 2 + 1);
        let day = Some("2026-11-18".into());
        assert_eq!(until(&[long(0), long(1)]), Some((id(0, 1), day)));
    }

    #[test]
    fn a_wrong_clock_neither_begins_nor_ends_a_part() {
        let wrong = |hours| Next(id(hours, 1), "2026-11-20".into(), 1, 0, 300);
        let rows = [wrong(-9_999), next(0, "2026-11-18"), wrong(1)];
        let day = Some("2026-11-18".into());
        assert_eq!(until(&rows), Some((id(1, 1), day)));
        assert_eq!(until(&rows[..1]), Some((id(-9_999, 1), None)));
    }

    #[test]
    fn the_cursor_stays_behind_the_time() {
        let ahead = Next(id(48, 1), "2026-11-18".into(), 1, 0, 300);
        assert_eq!(until(&[ahead]), None);
    }

    proptest! {
        #[test]
        fn what_is_cut_one_row_at_a_time_covers_the_same(
            rows in vec((0..60_i64, 0..3_i64, 0..2_u8, 0..2_u8, 0..5_000_000_u64), 0..30)
        ) {
            let mut rows: Vec<Next> = rows
                .into_iter()
                .enumerate()
                .map(|(n, (hours, day, wrong, listed, body))| {
                    let n = u8::try_from(n).unwrap();
                    Next(id(hours, n), format!("2026-11-{}", 18 + day), wrong, listed, body)
                })
                .collect();
            rows.sort_by(|one, other| one.0.cmp(&other.0));
            let (mut whole, mut singly) = (0, 0);
            while let Some(cut) = cut(&rows[whole..], "2026-11-19", NOON + 48 * HOUR) {
                whole = rows.iter().position(|row| row.0 == cut.until).unwrap() + 1;
            }
            while singly < rows.len()
                && cut(&rows[singly..=singly], "2026-11-19", NOON + 48 * HOUR).is_some()
            {
                singly += 1;
            }
            prop_assert_eq!(whole, singly);
        }
    }
}
