//! Figures that people decide by, each with its numerator and denominator.
//!
//! No figure is a binary float. Where a figure is printed, it is divided once and rounded to the
//! last place shown, halves away from zero; what it was divided from stays beside it. What is
//! divided by nothing is no data: never 0, never infinite.

mod spread;
mod target;

pub use spread::{Bucket, DAYS, Spread, VISITS, days, histogram, spread};
pub use target::{Target, TargetError, Verdict};

use crate::money::Money;
use alloc::{borrow::Cow, format, string::String};

/// Milliseconds that a session must be longer than to be engaged by its length alone.
pub const ENGAGED_MS: i64 = 10_000;

/// A ratio that can be checked: what was counted, and of what.
///
/// One word has many denominators, so both are named.
///
/// ```
/// use goalpost_core::kpi::Rate;
/// // Four sessions: one converted twice, one once, two not.
/// let conversions = Rate::new((3, "conversions"), (4, "sessions"));
/// let converted = Rate::new((2, "sessions that converted"), (4, "sessions"));
/// assert_eq!(conversions.percent().as_deref(), Some("75.00"));
/// assert_eq!(converted.percent().as_deref(), Some("50.00"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    /// What was counted.
    pub numerator: u64,
    /// Its name.
    pub numerator_name: Cow<'static, str>,
    /// Of how many.
    pub denominator: u64,
    /// Their name.
    pub denominator_name: Cow<'static, str>,
}

impl Rate {
    /// So many of so many, each with its name.
    pub fn new(
        numerator: (u64, impl Into<Cow<'static, str>>),
        denominator: (u64, impl Into<Cow<'static, str>>),
    ) -> Self {
        Self {
            numerator: numerator.0,
            numerator_name: numerator.1.into(),
            denominator: denominator.0,
            denominator_name: denominator.1.into(),
        }
    }

    /// The rate in per cent with two decimals, such as `75.00`; it can be above 100. `None` is no
    /// data.
    pub fn percent(&self) -> Option<String> {
        self.hundredths(100)
    }

    /// How many there are to each, with two decimals: pages per session, such as `2.35`. `None` is
    /// no data.
    pub fn each(&self) -> Option<String> {
        self.hundredths(1)
    }

    fn hundredths(&self, factor: u16) -> Option<String> {
        let numerator = i128::from(self.numerator)
            .saturating_mul(i128::from(factor))
            .saturating_mul(100);
        let hundredths = divided(numerator, i128::from(self.denominator))?;
        let (whole, rest) = (hundredths.checked_div(100)?, hundredths.checked_rem(100)?);
        Some(format!("{whole}.{rest:02}"))
    }
}

/// Money per conversion: a cost per conversion, a cost per new customer, the value of an average
/// order. `None` where there is none to divide by: what was spent for nothing has no price each.
///
/// ```
/// use goalpost_core::{Currency, Money, MoneyError, kpi::money_each};
/// let cost = Money::parse("100.00", Currency::parse("USD")?)?;
/// assert_eq!(money_each(cost, 3).map(Money::decimal_text).as_deref(), Some("33.33"));
/// assert_eq!(money_each(cost, 0), None);
/// # Ok::<(), MoneyError>(())
/// ```
pub fn money_each(total: Money, count: u64) -> Option<Money> {
    let minor = divided(i128::from(total.minor), i128::from(count))?;
    Some(Money {
        minor: i64::try_from(minor).ok()?,
        currency: total.currency,
    })
}

/// Milliseconds from a session's first observation to its last: 0 for a single one, and never
/// negative, whatever the device's clock did.
pub const fn duration_ms(started_at: i64, ended_at: i64) -> i64 {
    let duration = ended_at.saturating_sub(started_at);
    if duration < 0 { 0 } else { duration }
}

/// Whether a session bounced: one page view at most, and nothing else was done. A video's play or a
/// click is something else.
pub const fn bounced(pages: u64, interactions: u64) -> bool {
    pages <= 1 && interactions == 0
}

/// Whether a session was engaged: longer than [`ENGAGED_MS`], or two page views, or a definition
/// that matched. A session can be neither engaged nor bounced.
pub const fn engaged(duration_ms: i64, pages: u64, matches: u64) -> bool {
    duration_ms > ENGAGED_MS || pages >= 2 || matches >= 1
}

/// The quotient, halves rounded away from zero; `None` where there is nothing to divide by.
fn divided(numerator: i128, denominator: i128) -> Option<i128> {
    let quotient = numerator.checked_div(denominator)?;
    let rest = numerator.checked_rem(denominator)?;
    let up = rest.unsigned_abs()
        >= denominator
            .unsigned_abs()
            .saturating_sub(rest.unsigned_abs());
    let away = if rest != 0 && up {
        numerator.signum()
    } else {
        0
    };
    quotient.checked_add(away)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Currency;
    use proptest::prelude::*;

    #[test]
    fn nothing_of_nothing_is_no_data() {
        let none = Rate::new((0, "conversions"), (0, "sessions"));
        assert_eq!(none.percent(), None);
        assert_eq!(none.each(), None);
        let all_from_servers = Rate::new((3, "conversions"), (0, "sessions"));
        assert_eq!(all_from_servers.percent(), None);
    }

    #[test]
    fn four_visits_with_three_conversions_are_75_or_50_per_cent() {
        let percent = |numerator| Rate::new((numerator, "a"), (4, "visits")).percent();
        assert_eq!(percent(3).as_deref(), Some("75.00"));
        assert_eq!(percent(2).as_deref(), Some("50.00"));
        assert_eq!(percent(0).as_deref(), Some("0.00"));
        assert_eq!(percent(5).as_deref(), Some("125.00"));
    }

    #[test]
    fn pages_per_visit_are_page_views_by_sessions() {
        let pages = Rate::new((47, "page views"), (20, "sessions"));
        assert_eq!(pages.each().as_deref(), Some("2.35"));
        let thirds = Rate::new((2, "page views"), (3, "sessions"));
        assert_eq!(thirds.each().as_deref(), Some("0.67"));
    }

    #[test]
    fn cost_without_conversions_has_no_price_each() {
        let yen = Currency::parse("JPY").unwrap();
        let cost = |minor| Money {
            minor,
            currency: yen,
        };
        assert_eq!(money_each(cost(10_000), 0), None);
        assert_eq!(money_each(cost(0), 0), None);
        assert_eq!(money_each(cost(10_000), 3), Some(cost(3_333)));
        assert_eq!(money_each(cost(5), 2), Some(cost(3)));
        assert_eq!(money_each(cost(-5), 2), Some(cost(-3)));
        assert_eq!(money_each(cost(0), 7), Some(cost(0)));
    }

    #[test]
    fn a_video_unbounces_a_session_of_one_page() {
        assert!(bounced(1, 0));
        assert!(!bounced(1, 1));
        assert!(!bounced(2, 0));
    }

    #[test]
    fn ten_seconds_are_not_longer_than_ten_seconds() {
        assert!(!engaged(10_000, 1, 0));
        assert!(engaged(10_001, 1, 0));
        assert!(engaged(0, 2, 0));
        assert!(engaged(0, 1, 1));
    }

    #[test]
    fn a_clock_set_back_makes_no_negative_duration() {
        assert_eq!(duration_ms(1_000, 400), 0);
        assert_eq!(duration_ms(1_000, 4_500), 3_500);
    }

    proptest! {
        #[test]
        fn rounding_is_off_by_half_at_most(numerator in -1_000_000i128..1_000_000, denominator in 1i128..5_000) {
            let quotient = divided(numerator, denominator).unwrap();
            let off = quotient.saturating_mul(denominator).abs_diff(numerator);
            prop_assert!(off.saturating_mul(2) <= denominator.unsigned_abs());
            let mirrored = divided(numerator.saturating_neg(), denominator);
            prop_assert_eq!(mirrored, Some(quotient.saturating_neg()));
        }
    }
}
