//! What a figure should become, and how far it is from there.

use super::Rate;
use crate::decimal::Decimal;

/// What a figure should reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// So many.
    Count(u64),
    /// So many per cent of the denominator.
    Percent(Decimal),
}

/// Why a text is no target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("target: is neither a whole number, such as 200, nor a percentage, such as 2.5%")]
pub struct TargetError;

/// How far a figure is from its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How many the target asks for.
    pub needed: u64,
    /// How many there are.
    pub reached: u64,
}

impl Verdict {
    /// Whether the target is met.
    pub const fn is_met(&self) -> bool {
        self.reached >= self.needed
    }

    /// How many are missing; 0 once it is met.
    pub const fn missing(&self) -> u64 {
        self.needed.saturating_sub(self.reached)
    }
}

impl Target {
    /// Reads `200`, `50%` or `2.5 %`; a blank text is no target.
    ///
    /// ```
    /// use goalpost_core::kpi::{Rate, Target};
    /// // Ten came in, eight different people, and four of them reached the goal.
    /// let rate = Rate::new((4, "people who reached it"), (8, "people who entered"));
    /// let target = Target::parse("50 %")?.unwrap();
    /// assert!(target.verdict(&rate).unwrap().is_met());
    /// assert_eq!(Target::parse(" ")?, None);
    /// # Ok::<(), goalpost_core::kpi::TargetError>(())
    /// ```
    ///
    /// # Errors
    /// [`TargetError`] for anything else, also for a negative number.
    pub fn parse(text: &str) -> Result<Option<Self>, TargetError> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let number = text.strip_suffix('%').map(str::trim_end);
        let decimal = Decimal::parse(number.unwrap_or(text))
            .filter(|decimal| decimal.mantissa >= 0)
            .ok_or(TargetError)?;
        if number.is_some() {
            return Ok(Some(Self::Percent(decimal)));
        }
        let count = decimal
            .rescale(0)
            .and_then(|count| u64::try_from(count).ok());
        count
            .map(|count| Some(Self::Count(count)))
            .ok_or(TargetError)
    }

    /// How far a rate is from this target: its numerator is what should grow. `None` where a
    /// percentage is asked of nothing, which is no data.
    pub fn verdict(&self, rate: &Rate) -> Option<Verdict> {
        let needed = match self {
            Self::Count(count) => *count,
            Self::Percent(_) if rate.denominator == 0 => return None,
            // Rounded up: 50 % of three is two.
            Self::Percent(percent) => {
                let of = 100u128.checked_mul(10u128.checked_pow(u32::from(percent.scale))?)?;
                let all = u128::from(percent.mantissa.unsigned_abs())
                    .checked_mul(u128::from(rate.denominator))?;
                u64::try_from(all.div_ceil(of)).ok()?
            }
        };
        Some(Verdict {
            needed,
            reached: rate.numerator,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    fn verdict(target: &str, numerator: u64, denominator: u64) -> Option<(bool, u64)> {
        let rate = Rate::new((numerator, "people"), (denominator, "entered"));
        let verdict = Target::parse(target).unwrap()?.verdict(&rate)?;
        Some((verdict.is_met(), verdict.missing()))
    }

    #[test]
    fn a_blank_target_gives_no_verdict() {
        assert_eq!(verdict("", 4, 8), None);
        assert_eq!(verdict("  ", 4, 8), None);
    }

    #[test]
    fn half_of_eight_people_are_four_whatever_the_inflow() {
        assert_eq!(verdict("50 %", 4, 8), Some((true, 0)));
        assert_eq!(verdict("50 %", 4, 10), Some((false, 1)));
    }

    #[test]
    fn a_percentage_is_compared_exactly() {
        assert_eq!(verdict("33.33%", 1, 3), Some((true, 0)));
        assert_eq!(verdict("33.34%", 1, 3), Some((false, 1)));
        assert_eq!(verdict("0%", 0, 3), Some((true, 0)));
        assert_eq!(verdict("150%", 4, 3), Some((false, 1)));
        assert_eq!(verdict("50%", 0, 0), None);
    }

    #[test]
    fn a_count_needs_no_denominator() {
        assert_eq!(verdict("200", 150, 0), Some((false, 50)));
        assert_eq!(verdict("200", 201, 0), Some((true, 0)));
        assert_eq!(verdict("200.0", 200, 0), Some((true, 0)));
    }

    #[test]
    fn what_is_no_target_is_refused_in_words() {
        for text in ["many", "-5", "1.5", "1e3", "%", "50 % of all"] {
            assert_eq!(Target::parse(text), Err(TargetError), "{text}");
        }
        assert_eq!(
            TargetError.to_string(),
            "target: is neither a whole number, such as 200, nor a percentage, such as 2.5%"
        );
    }
}
