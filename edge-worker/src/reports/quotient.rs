//! Quotients of whole numbers as decimal text: no binary float is ever a figure.

/// `numerator × 10^places ÷ denominator`, rounded half away from zero; `None` where there is nothing
/// to divide by.
pub(super) fn rounded(numerator: i128, denominator: i128, places: u32) -> Option<i128> {
    if denominator <= 0 {
        return None;
    }
    let whole = numerator.checked_mul(10_i128.checked_pow(places)?)?;
    let quotient = whole.checked_div(denominator)?;
    let rest = whole.checked_rem(denominator)?;
    let up = rest.unsigned_abs()
        >= denominator
            .unsigned_abs()
            .saturating_sub(rest.unsigned_abs());
    let away = if rest != 0 && up { whole.signum() } else { 0 };
    quotient.checked_add(away)
}

/// A whole number of the unit's `10^-decimals` as text: `-1234` with 2 decimals is `-12.34`.
pub(super) fn text(number: i128, decimals: usize) -> String {
    let mut digits = number.unsigned_abs().to_string();
    while digits.len() <= decimals {
        digits.insert(0, '0');
    }
    if decimals > 0 {
        digits.insert(digits.len().saturating_sub(decimals), '.');
    }
    if number < 0 {
        digits.insert(0, '-');
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rate(numerator: i128, denominator: i128) -> Option<String> {
        rounded(numerator, denominator, 4).map(|number| text(number, 4))
    }

    #[test]
    fn four_visits_of_which_one_converts_twice_and_one_once() {
        assert_eq!(rate(3, 4).as_deref(), Some("0.7500"));
        assert_eq!(rate(2, 4).as_deref(), Some("0.5000"));
    }

    #[test]
    fn nothing_of_nothing_is_no_data() {
        assert_eq!(rate(0, 0), None);
        assert_eq!(rate(5, 0), None);
        assert_eq!(rate(0, 5).as_deref(), Some("0.0000"));
    }

    #[test]
    fn halves_are_rounded_away_from_zero() {
        assert_eq!(rounded(5, 2, 0), Some(3));
        assert_eq!(rounded(-5, 2, 0), Some(-3));
        assert_eq!(rounded(1, 3, 0), Some(0));
        assert_eq!(text(-1_234, 2), "-12.34");
        assert_eq!(text(-4, 2), "-0.04");
        assert_eq!(text(7, 0), "7");
    }

    proptest! {
        #[test]
        fn a_rounded_quotient_is_off_by_half_at_most(
            numerator in -1_000_000i128..1_000_000, denominator in 1i128..5_000) {
            let off = rounded(numerator, denominator, 0)
                .unwrap()
                .saturating_mul(denominator)
                .abs_diff(numerator);
            prop_assert!(off.saturating_mul(2) <= denominator.unsigned_abs());
        }
    }
}
