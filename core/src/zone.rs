//! A site's time zone as a table of offsets, so that a day is the same day in page, edge and replay.

use crate::codec::wire_struct;
use alloc::{string::String, vec::Vec};

/// The offsets of one IANA zone, compiled when a plan is published.
///
/// ```
/// use goalpost_core::Zone;
/// let tokyo = Zone::fixed(9 * 3600);
/// assert_eq!(tokyo.date(1_795_020_000_000).text(), "2026-11-19");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Zone {
    /// Before the first change.
    first_offset_s: i32,
    /// From each Unix second on: the offset in seconds east of UTC, in order of time.
    changes: Vec<(i64, i32)>,
}

/// A day of the calendar, as a count of days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(pub i32);

impl Zone {
    /// A zone that never changes its offset.
    pub const fn fixed(offset_s: i32) -> Self {
        Self {
            first_offset_s: offset_s,
            changes: Vec::new(),
        }
    }

    /// A zone from its offset at the beginning and its changes in order of time.
    pub const fn from_changes(first_offset_s: i32, changes: Vec<(i64, i32)>) -> Self {
        Self {
            first_offset_s,
            changes,
        }
    }

    /// The same zone for whoever asks for nothing before `second`.
    pub(crate) fn since(&self, second: i64) -> Self {
        let known = self.changes.partition_point(|(from, _)| *from <= second);
        let (before, changes) = self.changes.split_at(known);
        Self {
            first_offset_s: before.last().map_or(self.first_offset_s, |last| last.1),
            changes: changes.to_vec(),
        }
    }

    /// The calendar day at `time` (Unix milliseconds).
    pub fn date(&self, time: i64) -> Date {
        Date(i32::try_from(self.local_s(time).div_euclid(86_400)).unwrap_or(0))
    }

    /// The day and the time of day at `time` (Unix milliseconds), such as `2026-11-21 09:05:00`.
    #[cfg(feature = "edge")]
    pub fn clock(&self, time: i64) -> String {
        let second = self.local_s(time).rem_euclid(86_400);
        let (hour, minute) = (second / 3_600, second / 60 % 60);
        let day = self.date(time).text();
        alloc::format!("{day} {hour:02}:{minute:02}:{:02}", second % 60)
    }

    /// Seconds that a clock on the wall has shown since 1970.
    fn local_s(&self, time: i64) -> i64 {
        let seconds = time.div_euclid(1_000);
        let offset = self
            .changes
            .iter()
            .take_while(|(from, _)| *from <= seconds)
            .last()
            .map_or(self.first_offset_s, |(_, offset)| *offset);
        seconds.saturating_add(i64::from(offset))
    }
}

impl Date {
    /// The day as `2026-11-21`.
    ///
    /// The calendar's arithmetic: years of 400 from 1 March, so that the leap day comes last.
    pub fn text(self) -> String {
        let shifted = i64::from(self.0).saturating_add(719_468);
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let leap = (day_of_era / 1_460).saturating_sub(day_of_era / 36_524);
        let year_of_era = day_of_era
            .saturating_sub(leap)
            .saturating_sub(day_of_era / 146_096)
            / 365;
        let first = year_of_era
            .saturating_mul(365)
            .saturating_add(year_of_era / 4)
            .saturating_sub(year_of_era / 100);
        let day_of_year = day_of_era.saturating_sub(first);
        let march_month = day_of_year.saturating_mul(5).saturating_add(2) / 153;
        let before = march_month.saturating_mul(153).saturating_add(2) / 5;
        let day = day_of_year.saturating_sub(before).saturating_add(1);
        let month = if march_month < 10 {
            march_month.saturating_add(3)
        } else {
            march_month.saturating_sub(9)
        };
        let year = era
            .saturating_mul(400)
            .saturating_add(year_of_era)
            .saturating_add(i64::from(month <= 2));
        let mut text = String::with_capacity(10);
        for (part, width) in [(year, 4), (month, 2), (day, 2)] {
            if !text.is_empty() {
                text.push('-');
            }
            let mut digits = String::new();
            crate::json::push_integer(&mut digits, part);
            for _ in digits.len()..width {
                text.push('0');
            }
            text.push_str(&digits);
        }
        text
    }
}

wire_struct!(Zone {
    first_offset_s,
    changes
});

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn dates_are_those_of_the_calendar() {
        let utc = Zone::fixed(0);
        for (time, date) in [
            (0, "1970-01-01"),
            (951_782_400_000, "2000-02-29"),
            (1_709_164_800_000, "2024-02-29"),
            (1_735_689_599_999, "2024-12-31"),
            (1_735_689_600_000, "2025-01-01"),
            (-1, "1969-12-31"),
        ] {
            assert_eq!(utc.date(time).text(), date);
        }
    }

    #[test]
    fn the_day_is_the_shops_day() {
        let berlin =
            Zone::from_changes(3_600, vec![(1_774_746_000, 7_200), (1_792_890_000, 3_600)]);
        // 28 March 2026, 23:30 UTC is already the 29th in Berlin, in winter and in summer time.
        assert_eq!(berlin.date(1_774_740_600_000).text(), "2026-03-29");
        // 25 October 2026, 22:30 UTC: summer time is over, so it is 23:30 of the same day.
        assert_eq!(berlin.date(1_792_967_400_000).text(), "2026-10-25");
        // A day before, the same hour is past midnight.
        assert_eq!(berlin.date(1_792_881_000_000).text(), "2026-10-25");
    }
}
