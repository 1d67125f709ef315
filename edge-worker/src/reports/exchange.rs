//! Amounts of other currencies in the plan's own, by the dated rates that the plan states.
//!
//! Amounts are exchanged exactly, in billionths of billionths of the smallest coin, and rounded once
//! at the end: a total is the same however a report tells its rows apart, and the rows add up to it,
//! because what rounding leaves goes to the rows that it took most from.

use super::{bad_parameter, figure::Coin, figure::Figures};
use crate::problem::Problem;
use goalpost_core::{Currency, Decimal, reporting::Rate};
use std::collections::BTreeMap;

/// Parts of the smallest coin that an exchanged amount is kept in until it is rounded.
const PARTS: i128 = 1_000_000_000_000;

/// Digits of [`PARTS`].
const PLACES: i32 = 12;

/// What other currencies are worth in one.
pub(super) struct Exchange<'a> {
    into: Currency,
    rates: &'a [Rate],
}

impl<'a> Exchange<'a> {
    pub(super) const fn new(into: Currency, rates: &'a [Rate]) -> Self {
        Self { into, rates }
    }

    pub(super) const fn into(&self) -> &Currency {
        &self.into
    }

    /// An amount of a day, in parts of the smallest coin of the currency that it becomes.
    ///
    /// # Errors
    /// Without a rate for that day; the text names it, and what to add to the plan.
    pub(super) fn parts(&self, minor: i64, currency: &str, day: &str) -> Result<i128, Problem> {
        let amount = i128::from(minor);
        if currency == self.into.code() {
            return Ok(amount.saturating_mul(PARTS));
        }
        if minor == 0 {
            return Ok(0);
        }
        let rate = self
            .rates
            .iter()
            .filter(|rate| rate.currency.code() == currency && rate.from.as_str() <= day)
            .max_by_key(|rate| rate.from.as_str())
            .ok_or_else(|| self.missing(currency, day))?;
        let too_large = || {
            bad_parameter(
                "currency",
                &format!("an amount of {currency} on {day} is too large to be exchanged"),
            )
        };
        let decimal = Decimal::parse(&rate.rate).ok_or_else(|| self.missing(currency, day))?;
        let places = PLACES
            .saturating_add(i32::from(self.into.decimals()))
            .saturating_sub(i32::from(rate.currency.decimals()))
            .saturating_sub(i32::from(decimal.scale));
        let product = amount
            .checked_mul(i128::from(decimal.mantissa))
            .ok_or_else(too_large)?;
        let power = 10_i128.checked_pow(places.unsigned_abs()).unwrap_or(1);
        if places < 0 {
            Ok(product.checked_div(power).unwrap_or_default())
        } else {
            product.checked_mul(power).ok_or_else(too_large)
        }
    }

    fn missing(&self, currency: &str, day: &str) -> Problem {
        bad_parameter(
            "currency",
            &format!(
                "no rate says what {currency} was worth in {into} on {day}; add \
                 {{\"currency\":\"{currency}\",\"rate\":\"…\",\"from\":\"{day}\"}} to the plan's \
                 'rates', or leave 'currency' out to see each currency by itself",
                into = self.into.code(),
            ),
        )
    }

    /// Rounds the total, and shares what that leaves among the rows: the largest remainders first.
    pub(super) fn round<'r>(
        &self,
        total: &mut Figures,
        rows: impl Iterator<Item = &'r mut Figures>,
    ) {
        let mut rows: Vec<&mut Figures> = rows.collect();
        let coins: Vec<Coin> = total.money.keys().copied().collect();
        for coin in coins {
            let amounts: Vec<i128> = rows.iter().map(|row| self.of(row, coin)).collect();
            let whole = nearest(self.of(total, coin));
            let shares = share(whole, &amounts);
            self.put(total, coin, whole);
            for (row, share) in rows.iter_mut().zip(shares) {
                if row.money.contains_key(&coin) {
                    self.put(row, coin, share);
                }
            }
        }
    }

    fn of(&self, figures: &Figures, coin: Coin) -> i128 {
        figures
            .money
            .get(&coin)
            .and_then(|sums| sums.get(self.into.code()))
            .copied()
            .unwrap_or_default()
    }

    fn put(&self, figures: &mut Figures, coin: Coin, minor: i128) {
        let own = BTreeMap::from([(String::from(self.into.code()), minor)]);
        figures.money.insert(coin, own);
    }
}

fn nearest(parts: i128) -> i128 {
    super::quotient::rounded(parts, PARTS, 0).unwrap_or_default()
}

/// Whole coins for each amount, which together are `whole`.
fn share(whole: i128, amounts: &[i128]) -> Vec<i128> {
    let mut shares: Vec<i128> = amounts
        .iter()
        .map(|amount| amount.div_euclid(PARTS))
        .collect();
    let given: i128 = shares.iter().sum();
    let mut order: Vec<usize> = (0..amounts.len()).collect();
    order.sort_by_key(|at| {
        let rest = amounts
            .get(*at)
            .map_or(0, |amount| amount.rem_euclid(PARTS));
        (std::cmp::Reverse(rest), *at)
    });
    let left = usize::try_from(whole.saturating_sub(given)).unwrap_or_default();
    for at in order.into_iter().take(left) {
        if let Some(share) = shares.get_mut(at) {
            *share = share.saturating_add(1);
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rates() -> Vec<Rate> {
        let usd = Currency::parse("USD").unwrap();
        [("149.50", "2026-11-01"), ("150", "2026-11-20")]
            .map(|(rate, from)| Rate {
                currency: usd,
                rate: rate.into(),
                from: from.into(),
            })
            .into()
    }

    #[test]
    fn dollars_are_yen_by_the_rate_of_their_day() {
        let rates = rates();
        let yen = Exchange::new(Currency::parse("JPY").unwrap(), &rates);
        let worth = |minor, day| nearest(yen.parts(minor, "USD", day).unwrap());
        assert_eq!(worth(12_900, "2026-11-01"), 19_286);
        assert_eq!(worth(12_900, "2026-11-19"), 19_286);
        assert_eq!(worth(12_900, "2026-11-20"), 19_350);
        assert_eq!(
            nearest(yen.parts(14_800, "JPY", "2020-01-01").unwrap()),
            14_800
        );
    }

    #[test]
    fn a_missing_rate_is_named_with_its_day_and_the_fix() {
        let rates = rates();
        let yen = Exchange::new(Currency::parse("JPY").unwrap(), &rates);
        insta::assert_snapshot!(
            yen.parts(1, "USD", "2026-10-31").unwrap_err().detail,
            @r#"currency: no rate says what USD was worth in JPY on 2026-10-31; add {"currency":"USD","rate":"…","from":"2026-10-31"} to the plan's 'rates', or leave 'currency' out to see each currency by itself"#
        );
        assert!(yen.parts(1, "EUR", "2026-11-20").is_err());
        assert_eq!(yen.parts(0, "EUR", "2026-11-20"), Ok(0));
    }

    proptest! {
        #[test]
        fn rows_that_are_rounded_add_up_to_their_total(
            amounts in proptest::collection::vec(0i128..5_000_000_000_000_000, 0..20)) {
            let whole = nearest(amounts.iter().sum());
            let shares = share(whole, &amounts);
            prop_assert_eq!(shares.iter().sum::<i128>(), whole);
            for (share, amount) in shares.iter().zip(&amounts) {
                let off = share.saturating_mul(PARTS).abs_diff(*amount);
                prop_assert!(off < PARTS.unsigned_abs());
            }
        }
    }
}
