//! How long it takes until a conversion: in time, and in visits.

use super::divided;
use alloc::{format, string::String, vec::Vec};

/// Milliseconds of 24 hours: elapsed time knows no calendar.
const DAY_MS: i64 = 86_400_000;

/// What a list of durations (or of visits) comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    /// How many there are.
    pub count: u64,
    /// All of them together.
    pub sum: i128,
    /// The middle one; of an even number the middle between the middle two.
    pub median: i64,
    /// The sum by the count.
    pub mean: i64,
}

/// The median and the mean of whole numbers; `None` for none, which is no data. Both are rounded to
/// whole numbers, halves up; a negative duration is none at all, so it counts as 0.
///
/// ```
/// use goalpost_core::kpi::spread;
/// let times = spread([3_600_000, 7_200_000]).unwrap();
/// assert_eq!((times.median, times.mean), (5_400_000, 5_400_000));
/// assert_eq!(spread([]), None);
/// ```
pub fn spread(values: impl IntoIterator<Item = i64>) -> Option<Spread> {
    let mut values: Vec<i64> = values.into_iter().map(|value| value.max(0)).collect();
    values.sort_unstable();
    let sum = values.iter().copied().map(i128::from).sum();
    let upper = *values.get(values.len() / 2)?;
    let lower = *values.get(values.len().saturating_sub(1) / 2)?;
    let middle = i128::from(lower).saturating_add(i128::from(upper));
    Some(Spread {
        count: u64::try_from(values.len()).ok()?,
        sum,
        median: i64::try_from(divided(middle, 2)?).ok()?,
        mean: i64::try_from(divided(sum, i128::try_from(values.len()).ok()?)?).ok()?,
    })
}

/// A range of whole numbers that are shown as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// The first of them.
    pub from: u64,
    /// The last of them; `None` for all above.
    pub to: Option<u64>,
}

const fn one(value: u64) -> Bucket {
    to(value, value)
}

const fn to(from: u64, to: u64) -> Bucket {
    Bucket { from, to: Some(to) }
}

const fn from(from: u64) -> Bucket {
    Bucket { from, to: None }
}

/// Matomo's ranges of the days until a conversion.
pub const DAYS: [Bucket; 14] = [
    one(0),
    one(1),
    one(2),
    one(3),
    one(4),
    one(5),
    one(6),
    one(7),
    to(8, 14),
    to(15, 30),
    to(31, 60),
    to(61, 120),
    to(121, 364),
    from(365),
];

/// Matomo's ranges of the visits until a conversion.
pub const VISITS: [Bucket; 13] = [
    one(1),
    one(2),
    one(3),
    one(4),
    one(5),
    one(6),
    one(7),
    one(8),
    to(9, 14),
    to(15, 25),
    to(26, 50),
    to(51, 100),
    from(101),
];

impl Bucket {
    /// The range as people read it: `7`, `8-14` or `365+`.
    pub fn text(self) -> String {
        match self.to {
            Some(to) if to == self.from => format!("{to}"),
            Some(to) => format!("{}-{to}", self.from),
            None => format!("{}+", self.from),
        }
    }

    fn holds(self, value: u64) -> bool {
        value >= self.from && self.to.is_none_or(|to| value <= to)
    }
}

/// Whole days in so many milliseconds, of 24 hours each.
pub fn days(duration_ms: i64) -> u64 {
    u64::try_from(duration_ms.div_euclid(DAY_MS)).unwrap_or(0)
}

/// How many of the values lie in each of the buckets.
///
/// ```
/// use goalpost_core::kpi::{DAYS, days, histogram};
/// let counts = histogram(&DAYS, [days(0), days(86_400_000 * 10), days(86_400_000 * 14)]);
/// assert_eq!((counts[0], counts[8]), (1, 2));
/// ```
pub fn histogram(buckets: &[Bucket], values: impl IntoIterator<Item = u64>) -> Vec<u64> {
    let mut counts = alloc::vec![0u64; buckets.len()];
    for value in values {
        let held = counts
            .iter_mut()
            .zip(buckets)
            .find(|(_, bucket)| bucket.holds(value));
        if let Some((count, _)) = held {
            *count = count.saturating_add(1);
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_ranges_of_days_and_visits_are_matomos() {
        let text = |buckets: &[Bucket]| {
            let texts: Vec<String> = buckets.iter().map(|bucket| bucket.text()).collect();
            texts.join(" ")
        };
        assert_eq!(
            text(&DAYS),
            "0 1 2 3 4 5 6 7 8-14 15-30 31-60 61-120 121-364 365+"
        );
        assert_eq!(
            text(&VISITS),
            "1 2 3 4 5 6 7 8 9-14 15-25 26-50 51-100 101+"
        );
    }

    #[test]
    fn a_day_is_over_after_24_hours() {
        assert_eq!(days(DAY_MS - 1), 0);
        assert_eq!(days(DAY_MS), 1);
        assert_eq!(days(-1), 0);
    }

    #[test]
    fn the_median_of_an_even_number_lies_between_the_middle_two() {
        let of = |values: &[i64]| spread(values.iter().copied()).unwrap();
        assert_eq!(of(&[9, 1, 5]).median, 5);
        assert_eq!(of(&[9, 1, 5, 6]).median, 6);
        assert_eq!(of(&[1, 2]).median, 2);
        assert_eq!(of(&[1, 1, 2]).mean, 1);
        assert_eq!(of(&[1, 2, 2]).mean, 2);
        assert_eq!(of(&[-5]).median, 0);
        assert_eq!(of(&[i64::MAX, i64::MAX]).mean, i64::MAX);
    }

    proptest! {
        #[test]
        fn every_number_lies_in_exactly_one_bucket(value in 1u64..2_000) {
            let holding = |buckets: &[Bucket]| buckets.iter().filter(|b| b.holds(value)).count();
            prop_assert_eq!((holding(&DAYS), holding(&VISITS)), (1, 1));
            prop_assert_eq!(histogram(&DAYS, [0, value]).iter().sum::<u64>(), 2);
            prop_assert_eq!(histogram(&VISITS, [value]).iter().sum::<u64>(), 1);
        }

        #[test]
        fn median_and_mean_do_not_depend_on_order(mut values in prop::collection::vec(0i64..1_000_000, 1..40)) {
            let first = spread(values.clone()).unwrap();
            values.reverse();
            prop_assert_eq!(spread(values.clone()), Some(first));
            let (least, most) = (*values.iter().min().unwrap(), *values.iter().max().unwrap());
            prop_assert!((least..=most).contains(&first.median));
            prop_assert!((least..=most).contains(&first.mean));
        }
    }
}
