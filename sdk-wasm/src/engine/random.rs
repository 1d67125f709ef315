//! Randomness from a seed, so that a run can be repeated.

use goalpost_core::Id;

/// A small generator (`SplitMix64`) for ids and jitter; nothing secret is made with it.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// The id of something that happened at `time`.
    pub(crate) fn id(&mut self, time: i64) -> Id {
        let mut bytes = [0; 10];
        for half in bytes.chunks_exact_mut(5) {
            half.copy_from_slice(&self.next().to_le_bytes()[..5]);
        }
        Id::new(time, bytes)
    }

    /// A number from 0 to below `limit`, for jitter.
    pub(crate) fn below(&mut self, limit: i64) -> i64 {
        i64::try_from(self.next() >> 1)
            .unwrap_or(0)
            .checked_rem(limit)
            .unwrap_or(0)
    }
}
