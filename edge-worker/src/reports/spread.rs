//! How values are spread, from how often each came.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How often each value came, as JSON `{"12":3}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Counts(BTreeMap<u64, u64>);

/// Values with more digits keep the first three.
const MOST: u64 = 1_000;

impl Counts {
    pub(super) fn add(&mut self, value: u64, count: u64) {
        let own = self.0.entry(value).or_default();
        *own = own.saturating_add(count);
    }

    /// Adds a time in whole seconds, of which the first three digits are kept: exact below 1,000,
    /// else too small by less than one in a hundred. So a year's times stay few.
    pub(super) fn add_seconds(&mut self, took_ms: i64, count: u64) {
        let seconds = u64::try_from(took_ms.div_euclid(1_000)).unwrap_or_default();
        let mut unit = 1u64;
        while seconds
            .checked_div(unit)
            .is_some_and(|digits| digits >= MOST)
        {
            unit = unit.saturating_mul(10);
        }
        let kept = seconds.checked_div(unit).unwrap_or_default();
        self.add(kept.saturating_mul(unit), count);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (value, count) in &other.0 {
            self.add(*value, *count);
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.0.values().fold(0, |sum, own| sum.saturating_add(*own))
    }

    /// The sum of all values.
    pub(super) fn sum(&self) -> u64 {
        self.0.iter().fold(0, |sum, (value, count)| {
            sum.saturating_add(value.saturating_mul(*count))
        })
    }

    /// Twice the middle one; of an even number the sum of the middle two. `None` for none.
    pub(super) fn twice_median(&self) -> Option<u64> {
        let count = self.count();
        let upper = self.at(count.checked_div(2)?)?;
        let lower = self.at(count.saturating_sub(1).checked_div(2)?)?;
        Some(lower.saturating_add(upper))
    }

    fn at(&self, place: u64) -> Option<u64> {
        let mut before = 0u64;
        self.0.iter().find_map(|(value, count)| {
            before = before.saturating_add(*count);
            (before > place).then_some(*value)
        })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, u64)> {
        self.0.iter().map(|(value, count)| (*value, *count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use goalpost_core::kpi;
    use proptest::prelude::*;

    fn counts(values: &[u64]) -> Counts {
        let mut counts = Counts::default();
        for value in values {
            counts.add(*value, 1);
        }
        counts
    }

    #[test]
    fn a_long_time_keeps_three_digits() {
        let kept = |seconds: i64| {
            let mut counts = Counts::default();
            counts.add_seconds(seconds * 1_000 + 999, 1);
            counts.sum()
        };
        assert_eq!(kept(0), 0);
        assert_eq!(kept(999), 999);
        assert_eq!(kept(1_000), 1_000);
        assert_eq!(kept(1_239), 1_230);
        assert_eq!(kept(864_321), 864_000);
        assert_eq!(kept(-5), 0);
    }

    #[test]
    fn counts_are_kept_as_json() {
        let text = serde_json::to_string(&counts(&[12, 130, 12])).unwrap();
        assert_eq!(text, r#"{"12":2,"130":1}"#);
        assert_eq!(
            serde_json::from_str::<Counts>(&text).unwrap(),
            counts(&[12, 12, 130])
        );
    }

    proptest! {
        #[test]
        fn the_median_of_counts_is_that_of_the_values(
            values in prop::collection::vec(0u64..50, 0..40)) {
            let expected = kpi::spread(values.iter().map(|own| i64::try_from(*own).unwrap()));
            let median = counts(&values).twice_median().map(|twice| twice.div_ceil(2));
            prop_assert_eq!(median, expected.map(|own| u64::try_from(own.median).unwrap()));
        }
    }
}
