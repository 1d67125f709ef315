//! When days are kept anew.

use crate::{bindings::Bindings, http::Failure, reports};
use goalpost_core::{Date, Zone};

/// Hours between two runs that also keep the last days anew: they change with every visit, and to
/// write their figures each time would cost more rows than the visits themselves.
const HOURS: i64 = 6;

const HOUR_MS: i64 = 3_600_000;

/// Rolls up stale days, as of `now` (Unix milliseconds).
///
/// # Errors
/// The first failure, after all else was tried; what failed stays stale.
pub(crate) async fn roll_up(edge: &Bindings, now: i64) -> Result<(), Failure> {
    reports::keep(edge, &before(now)).await
}

/// The day that a run stops before.
fn before(now: i64) -> String {
    let hour = now.div_euclid(HOUR_MS);
    let first_of_the_hour = now.rem_euclid(HOUR_MS) < HOUR_MS / 6;
    let today = Zone::default().date(now);
    // Somewhere it is tomorrow already.
    let last = if hour.rem_euclid(HOURS) == 0 && first_of_the_hour {
        today.0.saturating_add(2)
    } else {
        today.0.saturating_sub(1)
    };
    Date(last).text()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_days_are_kept_anew_four_times_a_day() {
        let midnight = 1_794_960_000_000;
        assert_eq!(Zone::default().date(midnight).text(), "2026-11-18");
        let mut days = Vec::new();
        for minute in (0..1_440).step_by(10) {
            days.push(before(midnight + minute * 60_000));
        }
        assert_eq!(days.iter().filter(|day| *day == "2026-11-20").count(), 4);
        assert_eq!(days.iter().filter(|day| *day == "2026-11-17").count(), 140);
    }
}
