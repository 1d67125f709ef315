//! Numbers as decimal text: compared exactly, never through binary floats.

use core::cmp::Ordering;

/// A decimal number: `mantissa / 10^scale`.
#[derive(Clone, Copy, Debug)]
pub struct Decimal {
    /// All digits, without the point.
    pub mantissa: i64,
    /// How many of the digits stand behind the point.
    pub scale: u8,
}

impl Decimal {
    /// Reads `-12.50`; anything else (an exponent, spaces, `NaN`, more than 18 digits) is `None`.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let mut mantissa: i64 = 0;
        let mut scale: u8 = 0;
        let mut point = false;
        let mut any = false;
        for byte in digits.bytes() {
            match byte {
                b'0'..=b'9' => {
                    let digit = i64::from(byte.wrapping_sub(b'0'));
                    mantissa = tenfold(mantissa)?.checked_add(digit)?;
                    if point {
                        scale = scale.checked_add(1)?;
                    }
                    any = true;
                }
                b'.' if any && !point => point = true,
                _ => return None,
            }
        }
        if !any || scale > 18 || (point && scale == 0) {
            return None;
        }
        Some(Self {
            mantissa: if negative {
                mantissa.checked_neg()?
            } else {
                mantissa
            },
            scale,
        })
    }

    /// The mantissa at another scale; `None` if digits would be lost or do not fit.
    pub fn rescale(self, scale: u8) -> Option<i64> {
        let mut mantissa = self.mantissa;
        let mut at = self.scale;
        while at < scale {
            mantissa = tenfold(mantissa)?;
            at = at.checked_add(1)?;
        }
        while at > scale {
            if mantissa.checked_rem(10)? != 0 {
                return None;
            }
            mantissa = mantissa.checked_div(10)?;
            at = at.checked_sub(1)?;
        }
        Some(mantissa)
    }
}

/// A number times ten. `checked_mul` would reckon in 128 bits, which in the page is a function more.
fn tenfold(number: i64) -> Option<i64> {
    (number.unsigned_abs() <= i64::MAX.unsigned_abs() / 10).then(|| number.wrapping_mul(10))
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.scale > other.scale {
            return other.cmp(self).reverse();
        }
        let mut mantissa = self.mantissa;
        for _ in self.scale..other.scale {
            match tenfold(mantissa) {
                Some(wider) => mantissa = wider,
                // Too large for any mantissa, so further from zero than the other.
                None => return mantissa.cmp(&0),
            }
        }
        mantissa.cmp(&other.mantissa)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use proptest::prelude::*;

    #[test]
    fn what_is_not_a_plain_decimal_is_refused() {
        for text in [
            "", "-", ".5", "5.", "1e3", "NaN", "Infinity", "+1", " 1", "1,5", "--1",
        ] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
        assert_eq!(Decimal::parse("9999999999999999999"), None);
    }

    #[test]
    fn numbers_of_very_different_length_compare() {
        let decimal = |text| Decimal::parse(text).unwrap();
        assert!(decimal("9223372036854775807") > decimal("0.000000000000000001"));
        assert!(decimal("-9223372036854775807") < decimal("0.000000000000000001"));
        assert!(decimal("0.000000000000000001") < decimal("9223372036854775807"));
        assert!(decimal("5000000000000000000") > decimal("4.99"));
    }

    #[test]
    fn trailing_zeros_do_not_matter() {
        assert_eq!(Decimal::parse("1.50"), Decimal::parse("1.5"));
        assert!(Decimal::parse("-0.1") < Decimal::parse("0"));
    }

    proptest! {
        #[test]
        fn order_is_the_order_of_the_numbers(a in -1_000_000i64..1_000_000, b in -1_000_000i64..1_000_000) {
            let text = |n: i64| {
                let sign = if n < 0 { "-" } else { "" };
                format!("{sign}{}.{:02}", n.abs() / 100, n.abs() % 100)
            };
            let (left, right) = (Decimal::parse(&text(a)).unwrap(), Decimal::parse(&text(b)).unwrap());
            prop_assert_eq!(left.cmp(&right), a.cmp(&b));
            prop_assert_eq!(left.rescale(2), Some(a));
        }
    }
}
