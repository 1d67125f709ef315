//! When an observation happened, if the device's clock is not to be trusted.

use goalpost_core::limits::{BACKDATE_MS, CLOCK_DRIFT_MS};

/// The clock of the device that sent a beacon, as the edge judges it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DeviceClock {
    received_at: i64,
    /// What one beacon's times are moved by, all alike, so that their order stays.
    correction: i64,
}

impl DeviceClock {
    /// A difference below [`CLOCK_DRIFT_MS`] is latency, and correcting for that would reorder.
    pub(crate) fn new(sent: i64, received_at: i64) -> Self {
        let drift = received_at.saturating_sub(sent);
        let off = sent > 0 && drift.saturating_abs() >= CLOCK_DRIFT_MS;
        Self {
            received_at,
            correction: if off { drift } else { 0 },
        }
    }

    /// When the device means, had its clock been right.
    pub(crate) const fn corrected(self, captured: i64) -> i64 {
        captured.saturating_add(self.correction)
    }

    /// The time to count with, and how it came about where it is not the device's own.
    ///
    /// Nothing happens after it arrived, and nothing longer before than a browser keeps an item: a
    /// page may not move its conversions into a month that is closed. The id keeps the original.
    pub(crate) fn time(self, captured: i64) -> (i64, Option<&'static str>) {
        let corrected = self.corrected(captured);
        let earliest = self.received_at.saturating_sub(BACKDATE_MS);
        let time = corrected.clamp(earliest, self.received_at);
        let how = match (time == corrected, self.correction) {
            (false, _) => Some("clamped"),
            (true, 0) => None,
            (true, _) => Some("corrected"),
        };
        (time, how)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_795_000_000_000;

    #[test]
    fn latency_is_no_drift() {
        let clock = DeviceClock::new(NOON - CLOCK_DRIFT_MS + 1, NOON);
        assert_eq!(clock.time(NOON - 400_000), (NOON - 400_000, None));
    }

    #[test]
    fn drift_moves_all_by_one_constant() {
        let day = 86_400_000;
        let ahead = DeviceClock::new(NOON + day, NOON);
        assert_eq!(ahead.time(NOON + day - 7), (NOON - 7, Some("corrected")));
        let behind = DeviceClock::new(NOON - CLOCK_DRIFT_MS, NOON);
        assert_eq!(
            behind.time(NOON - CLOCK_DRIFT_MS - 9),
            (NOON - 9, Some("corrected"))
        );
    }

    #[test]
    fn the_future_is_now_and_the_far_past_is_a_month_ago() {
        let clock = DeviceClock::new(NOON, NOON);
        assert_eq!(clock.time(NOON + 1), (NOON, Some("clamped")));
        assert_eq!(
            clock.time(NOON - BACKDATE_MS - 1),
            (NOON - BACKDATE_MS, Some("clamped"))
        );
        assert_eq!(clock.time(i64::MIN).0, NOON - BACKDATE_MS);
    }

    #[test]
    fn a_beacon_that_does_not_say_when_it_was_sent_is_believed() {
        assert_eq!(DeviceClock::new(0, NOON).time(NOON - 5), (NOON - 5, None));
    }
}
