//! The days of a report, in the site's time zone.

use super::{Query, bad_parameter};
use crate::problem::Problem;
use goalpost_core::{Date, Zone};

/// Days without a `from`.
const USUAL_DAYS: i32 = 30;

/// Days at most: a year and a leap day.
const MOST_DAYS: i32 = 366;

/// Two days and all between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) from: String,
    pub(crate) to: String,
}

impl Period {
    /// What the query asks for, or else the last thirty days.
    pub(crate) fn of(query: &Query, zone: &Zone, now: i64) -> Result<Self, Problem> {
        let to = match query.get("to") {
            Some(text) => day("to", text)?,
            None => zone.date(now),
        };
        let from = match query.get("from") {
            Some(text) => day("from", text)?,
            None => Date(to.0.saturating_sub(USUAL_DAYS).saturating_add(1)),
        };
        if from > to {
            let detail = format!("{} is after {}; swap from and to", from.text(), to.text());
            return Err(bad_parameter("from", &detail));
        }
        if to.0.saturating_sub(from.0) >= MOST_DAYS {
            let detail = format!("is more than {MOST_DAYS} days before to; ask year by year");
            return Err(bad_parameter("from", &detail));
        }
        Ok(Self {
            from: from.text(),
            to: to.text(),
        })
    }

    /// As many days, right before.
    pub(super) fn before(&self) -> Self {
        let (Some(from), Some(to)) = (date(&self.from), date(&self.to)) else {
            return self.clone();
        };
        let days = to.0.saturating_sub(from.0).saturating_add(1);
        Self {
            from: Date(from.0.saturating_sub(days)).text(),
            to: Date(from.0.saturating_sub(1)).text(),
        }
    }

    /// Its days, in order.
    pub(super) fn days(&self) -> Vec<String> {
        let (Some(from), Some(to)) = (date(&self.from), date(&self.to)) else {
            return Vec::new();
        };
        (from.0..=to.0).map(|day| Date(day).text()).collect()
    }

    /// The day of this period that stands where `day` stands in the period before.
    pub(super) fn shifted(&self, day: &str) -> String {
        let bounds = (date(&self.from), date(&self.to), date(day));
        let (Some(from), Some(to), Some(day)) = bounds else {
            return String::from(day);
        };
        let days = to.0.saturating_sub(from.0).saturating_add(1);
        Date(day.0.saturating_add(days)).text()
    }
}

/// Reads a day of the calendar that the caller calls `name`.
pub(crate) fn day(name: &str, text: &str) -> Result<Date, Problem> {
    date(text).ok_or_else(|| {
        bad_parameter(
            name,
            &format!("'{text}' is not a day of the calendar, such as 2026-11-21"),
        )
    })
}

/// Reads `2026-11-21`. The calendar's arithmetic gives a day to any three numbers, so only one whose
/// own text is the same is a day.
pub(crate) fn date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let year: i64 = parts.next()?.parse().ok()?;
    let month: i64 = parts.next()?.parse().ok()?;
    let day: i64 = parts.next()?.parse().ok()?;
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // The years begin in March, so that the leap day comes last.
    let (year, month) = if month > 2 {
        (year, month.saturating_sub(3))
    } else {
        (year.saturating_sub(1), month.saturating_add(9))
    };
    let day_of_year = month
        .saturating_mul(153)
        .saturating_add(2)
        .div_euclid(5)
        .saturating_add(day)
        .saturating_sub(1);
    let days = year
        .saturating_mul(365)
        .saturating_add(year.div_euclid(4))
        .saturating_sub(year.div_euclid(100))
        .saturating_add(year.div_euclid(400))
        .saturating_add(day_of_year)
        .saturating_sub(719_468);
    let date = Date(i32::try_from(days).ok()?);
    (date.text() == text).then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(from: &str, to: &str) -> Result<Period, Problem> {
        let query = Query(vec![("from".into(), from.into()), ("to".into(), to.into())]);
        Period::of(&query, &Zone::fixed(9 * 3_600), 1_795_000_000_000)
    }

    #[test]
    fn every_day_of_six_centuries_is_read_as_it_is_written() {
        for day in 0..220_000 {
            let day = Date(day);
            assert_eq!(date(&day.text()), Some(day));
        }
    }

    #[test]
    fn what_is_no_day_is_refused_by_name() {
        for bad in [
            "2026-02-29",
            "2026-13-01",
            "2026-1-1",
            "today",
            "2026-11-21x",
            "-1-1-1",
        ] {
            let problem = period(bad, "").unwrap_err();
            assert!(problem.detail.starts_with("from: "), "{bad}");
        }
    }

    #[test]
    fn the_last_thirty_days_end_with_the_shops_today() {
        let usual = period("", "").unwrap();
        assert_eq!(
            (usual.from.as_str(), usual.to.as_str()),
            ("2026-10-20", "2026-11-18")
        );
        assert_eq!(period("", "2024-03-01").unwrap().from, "2024-02-01");
    }

    #[test]
    fn a_period_has_a_beginning_and_an_end() {
        assert!(period("2026-01-02", "2026-01-02").is_ok());
        assert!(period("2026-01-03", "2026-01-02").is_err());
        assert!(period("2024-01-01", "2024-12-31").is_ok());
        assert!(period("2024-01-01", "2025-01-01").is_err());
    }

    #[test]
    fn the_days_before_are_as_many() {
        let march = period("2024-03-01", "2024-03-31").unwrap();
        let before = march.before();
        assert_eq!(
            (before.from.as_str(), before.to.as_str()),
            ("2024-01-30", "2024-02-29")
        );
        assert_eq!(march.shifted("2024-01-30"), "2024-03-01");
        assert_eq!(march.shifted("2024-02-29"), "2024-03-31");
        assert_eq!(march.days().len(), 31);
    }
}
