//! Powers of a half with whole numbers, the same on every machine.

/// Half of the weight is gone after so many milliseconds: 7 days.
pub(super) const HALF_LIFE_MS: u64 = 7 * 86_400_000;

const BITS: u32 = 64;

/// 2^(−1/2), 2^(−1/4), 2^(−1/8) and so on, in units of 2^−64: each is the square root of the one
/// before, rounded down.
#[allow(
    clippy::indexing_slicing,
    reason = "evaluated by the compiler, which refuses an index out of bounds"
)]
const ROOTS: [u128; BITS as usize] = {
    let mut roots = [0; BITS as usize];
    let mut root: u128 = 1 << (BITS - 1);
    let mut at = 0;
    while at < roots.len() {
        root = (root << BITS).isqrt();
        roots[at] = root;
        at += 1;
    }
    roots
};

/// 2^(−age / 7 days) in units of 2^−63: exact for whole half-lives, else too small by less than
/// 2^−57, which is far below a minor unit of any amount that a shop takes.
///
/// The fraction of a half-life is read as binary digits, and each digit is a root to multiply by.
pub(super) fn weight(age_ms: u64) -> u64 {
    let mut digits = age_ms % HALF_LIFE_MS;
    let mut power: u128 = 1 << BITS;
    for root in ROOTS {
        if digits == 0 {
            break;
        }
        digits = digits.saturating_mul(2);
        if digits >= HALF_LIFE_MS {
            digits = digits.saturating_sub(HALF_LIFE_MS);
            power = power.saturating_mul(root) >> BITS;
        }
    }
    let halvings = u32::try_from(age_ms / HALF_LIFE_MS).unwrap_or(u32::MAX);
    let power = (power >> 1).checked_shr(halvings).unwrap_or(0);
    u64::try_from(power).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn whole_half_lives_are_exact() {
        for halvings in 0..=63u32 {
            assert_eq!(
                weight(u64::from(halvings) * HALF_LIFE_MS),
                1 << (63 - halvings)
            );
        }
        assert_eq!(weight(64 * HALF_LIFE_MS), 0);
        assert_eq!(weight(u64::MAX), 0);
    }

    #[test]
    fn known_powers_to_fifteen_digits() {
        // 2^(−1/2), 2^(−1/7), 2^(−2/7) of a half-life, from tables.
        for (age, expected) in [
            (HALF_LIFE_MS / 2, 0.707_106_781_186_547_5),
            (HALF_LIFE_MS / 7, 0.905_723_664_263_906_7),
            (HALF_LIFE_MS / 7 * 2, 0.820_335_356_007_637_4),
        ] {
            #[allow(clippy::cast_precision_loss, reason = "compared within 1e-15")]
            let found = weight(age) as f64 / (1u64 << 63) as f64;
            assert!((found - expected).abs() < 1e-15, "{age}: {found}");
        }
    }

    proptest! {
        #[test]
        fn an_older_touch_never_weighs_more(age in 0..1u64 << 40, more in 0..1u64 << 36) {
            prop_assert!(weight(age.saturating_add(more)) <= weight(age));
        }

        #[test]
        fn a_half_life_more_is_half(age in 0..1u64 << 34) {
            prop_assert_eq!(weight(age.saturating_add(HALF_LIFE_MS)), weight(age) / 2);
        }
    }
}
