//! Dividing an amount by weights so that the parts sum to it.

use alloc::{vec, vec::Vec};
use core::cmp::Reverse;

/// Divides `amount` by the weights, in whole units: the method of the largest remainder, ties to
/// the earlier.
///
/// The parts sum to the amount, those of `-amount` are the same with the other sign, and a weight
/// of 0 gets nothing. Where no weight is above 0 every part is 0.
///
/// ```
/// use goalpost_core::attribution::apportion;
/// assert_eq!(apportion(10_000, &[1, 1, 1]), [3_334, 3_333, 3_333]);
/// assert_eq!(apportion(-10_000, &[1, 2]), [-3_333, -6_667]);
/// assert_eq!(apportion(5, &[0, 0]), [0, 0]);
/// ```
pub fn apportion(amount: i64, weights: &[u64]) -> Vec<i64> {
    // 2^63 × 2^64 and the sum of all weights both fit: nothing below saturates.
    let whole = u128::from(amount.unsigned_abs());
    let total: u128 = weights.iter().copied().map(u128::from).sum();
    if total == 0 {
        return vec![0; weights.len()];
    }
    let mut rest = whole;
    let mut parts = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    for (at, weight) in weights.iter().enumerate() {
        let product = whole.saturating_mul(u128::from(*weight));
        let part = product.checked_div(total).unwrap_or(0);
        rest = rest.saturating_sub(part);
        parts.push(part);
        remainders.push((Reverse(product.checked_rem(total).unwrap_or(0)), at));
    }
    remainders.sort_unstable();
    for (_, at) in remainders {
        if rest == 0 {
            break;
        }
        if let Some(part) = parts.get_mut(at) {
            *part = part.saturating_add(1);
            rest = rest.saturating_sub(1);
        }
    }
    parts
        .into_iter()
        .map(|part| {
            let part = i128::try_from(part).unwrap_or(i128::MAX);
            let signed = if amount < 0 {
                part.saturating_neg()
            } else {
                part
            };
            i64::try_from(signed).unwrap_or(i64::MAX)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_largest_amounts_and_weights_fit() {
        assert_eq!(
            apportion(i64::MAX, &[u64::MAX, u64::MAX]),
            [i64::MAX / 2 + 1, i64::MAX / 2]
        );
        assert_eq!(apportion(i64::MIN, &[u64::MAX]), [i64::MIN]);
        assert_eq!(apportion(5, &[]), [0i64; 0]);
    }

    proptest! {
        #[test]
        fn parts_sum_to_the_amount_and_are_within_one_of_their_share(
            amount in any::<i64>(),
            weights in proptest::collection::vec(any::<u64>(), 1..12),
        ) {
            let parts = apportion(amount, &weights);
            let total: u128 = weights.iter().copied().map(u128::from).sum();
            prop_assume!(total > 0);
            prop_assert_eq!(parts.iter().copied().map(i128::from).sum::<i128>(), i128::from(amount));
            for (part, weight) in parts.iter().zip(&weights) {
                let product = u128::from(amount.unsigned_abs()).saturating_mul((*weight).into());
                let floor = product.checked_div(total).unwrap_or(0);
                let part = u128::from(part.unsigned_abs());
                prop_assert!(part == floor || part == floor.saturating_add(1));
                prop_assert!(*weight > 0 || part == 0);
            }
        }
    }
}
