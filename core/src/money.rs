//! Money in minor units: whole numbers of the smallest coin that ISO 4217 names.

use crate::codec::{Reader, Wire};
use crate::decimal::Decimal;
use alloc::string::String;

/// A currency of ISO 4217, list one.
///
/// The number of decimals comes from ISO, not from Unicode CLDR, which differs for 16 currencies.
/// Source: <https://www.six-group.com/en/products-services/financial-information/data-standards.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// An amount in a currency's minor units: ¥14,800 is 14800, $129.00 is 12900.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    /// How many of the smallest coin.
    pub minor: i64,
    /// Which coin.
    pub currency: Currency,
}

/// Why a text is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MoneyError {
    /// Three letters, but no currency of ISO 4217; or not three letters.
    UnknownCurrency,
    /// Not plain decimal text, such as `12.50`.
    NotDecimal,
    /// More decimals than the currency has.
    TooPrecise,
    /// More than [`Money::MOST`].
    TooLarge,
}

const NO_DECIMALS: &[u8] = b"BIFCLPDJFGNFISKJPYKMFKRWPYGRWFUGXUYIVNDVUVXAFXOFXPF";
const THREE_DECIMALS: &[u8] = b"BHDIQDJODKWDLYDOMRTND";
const FOUR_DECIMALS: &[u8] = b"CLFUYW";
const TWO_DECIMALS: &[u8] = b"AEDAFNALLAMDAOAARSAUDAWGAZNBAMBBDBDTBMDBNDBOBBOVBRLBSDBTNBWPBYNBZD\
CADCDFCHECHFCHWCNYCOPCOUCRCCUPCVECZKDKKDOPDZDEGPERNETBEURFJDFKPGBPGELGHSGIPGMDGTQGYDHKDHNLHTGHUF\
IDRILSINRIRRJMDKESKGSKHRKPWKYDKZTLAKLBPLKRLRDLSLMADMDLMGAMKDMMKMNTMOPMRUMURMVRMWKMXNMXVMYRMZNNAD\
NGNNIONOKNPRNZDPABPENPGKPHPPKRPLNQARRONRSDRUBSARSBDSCRSDGSEKSGDSHPSLESOSSRDSSPSTNSVCSYPSZLTHBTJS\
TMTTOPTRYTTDTWDTZSUAHUSDUSNUYUUZSVEDVESWSTXADXCDXCGYERZARZMWZWG";

fn lists(list: &[u8], code: [u8; 3]) -> bool {
    list.chunks_exact(3).any(|entry| entry == code)
}

impl Currency {
    /// Reads a code such as `JPY`; small letters are accepted.
    ///
    /// # Errors
    /// [`MoneyError::UnknownCurrency`] for anything that ISO 4217 does not list with a minor unit.
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        let mut code: [u8; 3] = text
            .as_bytes()
            .try_into()
            .map_err(|_| MoneyError::UnknownCurrency)?;
        code.make_ascii_uppercase();
        let known = [NO_DECIMALS, TWO_DECIMALS, THREE_DECIMALS, FOUR_DECIMALS];
        if known.iter().any(|list| lists(list, code)) {
            Ok(Self(code))
        } else {
            Err(MoneyError::UnknownCurrency)
        }
    }

    /// How many decimals its minor unit stands for: 0 for JPY, 2 for USD, 3 for KWD.
    pub fn decimals(self) -> u8 {
        if lists(NO_DECIMALS, self.0) {
            0
        } else if lists(THREE_DECIMALS, self.0) {
            3
        } else if lists(FOUR_DECIMALS, self.0) {
            4
        } else {
            2
        }
    }

    /// The three letters.
    pub fn code(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or("XXX")
    }
}

impl Money {
    /// Minor units of one amount at most: ten trillion yen. Nobody sells for more, and a report adds
    /// up close to a million of them without leaving 64 bits.
    pub const MOST: u64 = 10_000_000_000_000;

    /// Reads decimal text as an amount of `currency`.
    ///
    /// ```
    /// use goalpost_core::{Currency, Money, MoneyError};
    /// let yen = Currency::parse("JPY")?;
    /// assert_eq!(Money::parse("14800", yen)?.minor, 14_800);
    /// assert_eq!(Money::parse("1.005", yen), Err(MoneyError::TooPrecise));
    /// # Ok::<(), MoneyError>(())
    /// ```
    ///
    /// # Errors
    /// [`MoneyError::NotDecimal`], [`MoneyError::TooPrecise`] or [`MoneyError::TooLarge`].
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let decimal = Decimal::parse(text).ok_or(MoneyError::NotDecimal)?;
        let minor = decimal
            .rescale(currency.decimals())
            .ok_or(MoneyError::TooPrecise)?;
        if minor.unsigned_abs() > Self::MOST {
            return Err(MoneyError::TooLarge);
        }
        Ok(Self { minor, currency })
    }

    /// Plain decimal text with the currency's own number of decimals: `129.00`.
    pub fn decimal_text(self) -> String {
        let decimals = usize::from(self.currency.decimals());
        let mut digits = String::new();
        crate::json::push_integer(
            &mut digits,
            i64::try_from(self.minor.unsigned_abs()).unwrap_or(i64::MAX),
        );
        while digits.len() <= decimals {
            digits.insert(0, '0');
        }
        if decimals > 0 {
            digits.insert(digits.len().saturating_sub(decimals), '.');
        }
        if self.minor < 0 {
            digits.insert(0, '-');
        }
        digits
    }
}

impl MoneyError {
    /// What is wrong, in words that follow the field's name.
    pub const fn text(self) -> &'static str {
        match self {
            Self::UnknownCurrency => "is not a currency code of ISO 4217, such as JPY or USD",
            Self::NotDecimal => "is not a plain decimal number, such as 129.00",
            Self::TooPrecise => "has more decimals than its currency",
            Self::TooLarge => "is too large for an amount",
        }
    }
}

impl Wire for Currency {
    fn put(&self, out: &mut String) {
        out.push_str(self.code());
    }

    fn take(from: &mut Reader<'_>) -> Self {
        Self([from.byte(), from.byte(), from.byte()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn currency(code: &str) -> Currency {
        Currency::parse(code).unwrap()
    }

    #[test]
    fn decimals_follow_iso_not_cldr() {
        for (code, decimals) in [
            ("JPY", 0),
            ("KRW", 0),
            ("USD", 2),
            ("EUR", 2),
            ("KWD", 3),
            ("CLF", 4),
            // CLDR says 0 for these.
            ("IDR", 2),
            ("HUF", 2),
            ("COP", 2),
            ("IQD", 3),
            ("LAK", 2),
        ] {
            assert_eq!(currency(code).decimals(), decimals, "{code}");
        }
    }

    #[test]
    fn what_has_no_minor_unit_is_no_currency_for_a_price() {
        for code in ["XAU", "XXX", "ZZZ", "US", "USDT", ""] {
            assert_eq!(
                Currency::parse(code),
                Err(MoneyError::UnknownCurrency),
                "{code}"
            );
        }
    }

    #[test]
    fn ten_thousand_yen_are_ten_thousand() {
        assert_eq!(
            Money::parse("10000", currency("JPY")).unwrap().minor,
            10_000
        );
        assert_eq!(Money::parse("129", currency("USD")).unwrap().minor, 12_900);
        assert_eq!(Money::parse("1.005", currency("KWD")).unwrap().minor, 1_005);
        assert_eq!(
            Money::parse("10000.00", currency("JPY")).unwrap().minor,
            10_000
        );
        assert_eq!(
            Money::parse("1.5", currency("JPY")),
            Err(MoneyError::TooPrecise)
        );
        assert_eq!(
            Money::parse("1e3", currency("JPY")),
            Err(MoneyError::NotDecimal)
        );
        assert!(Money::parse("10000000000000", currency("JPY")).is_ok());
        assert_eq!(
            Money::parse("10000000000001", currency("JPY")),
            Err(MoneyError::TooLarge)
        );
    }

    proptest! {
        #[test]
        fn text_and_money_are_the_same_thing(minor in -10_000_000_000i64..10_000_000_000, at in 0usize..4) {
            let currency = currency(["JPY", "USD", "KWD", "CLF"][at]);
            let money = Money { minor, currency };
            prop_assert_eq!(Money::parse(&money.decimal_text(), currency), Ok(money));
        }
    }
}
