//! A path: the touches before one conversion, in order.

use super::{Model, apportion, decay};
use crate::Id;
use alloc::{collections::BTreeSet, vec::Vec};

/// A touch of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TouchAt<'a> {
    /// When the session with it began: Unix milliseconds.
    pub time: i64,
    /// The session that it began; it decides between touches of one time.
    pub session: Id,
    /// The channel's name.
    pub channel: &'a str,
    /// Whether it is direct: an arrival of which no source is known.
    pub direct: bool,
}

/// The touches before one conversion, in order of time, each once.
///
/// However they are given, in any order and any number of copies, the path is the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path<'a>(Vec<TouchAt<'a>>);

/// What is left out of a path before it is credited.
///
/// The same five as in Snowplow's attribution package, where direct is the channel to remove.
/// Source: <https://github.com/snowplow/dbt-snowplow-attribution>
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::exhaustive_enums, reason = "a path must know each")]
pub enum Transform {
    /// Of repeats in a row, all but the first: A, A, B, A becomes A, B, A.
    Exposure,
    /// Nothing: each touch is one of its own.
    Unique,
    /// All but each channel's first touch: A, A, B, A becomes A, B.
    First,
    /// Direct touches at the end, unless all are direct.
    RemoveIfLastAndNotAll,
    /// Direct touches anywhere, unless all are direct.
    RemoveIfNotAll,
}

impl<'a> Path<'a> {
    /// The touches in the `lookback_ms` before a conversion at `at`, both ends included.
    pub fn before(
        at: i64,
        lookback_ms: i64,
        touches: impl IntoIterator<Item = TouchAt<'a>>,
    ) -> Self {
        let window = at.saturating_sub(lookback_ms)..=at;
        let touches: BTreeSet<_> = touches
            .into_iter()
            .filter(|touch| window.contains(&touch.time))
            .collect();
        Self(touches.into_iter().collect())
    }

    /// The touches, the earliest first.
    pub fn touches(&self) -> &[TouchAt<'a>] {
        &self.0
    }

    /// The path without what the transform leaves out. It never becomes empty.
    #[must_use]
    pub fn transformed(mut self, transform: Transform) -> Self {
        let touches = &mut self.0;
        let last_known = touches.iter().rposition(|touch| !touch.direct);
        match transform {
            Transform::Unique => {}
            Transform::Exposure => touches.dedup_by_key(|touch| touch.channel),
            Transform::First => {
                let mut seen = BTreeSet::new();
                touches.retain(|touch| seen.insert(touch.channel));
            }
            Transform::RemoveIfLastAndNotAll => {
                if let Some(last) = last_known {
                    touches.truncate(last.saturating_add(1));
                }
            }
            Transform::RemoveIfNotAll => {
                if last_known.is_some() {
                    touches.retain(|touch| !touch.direct);
                }
            }
        }
        self
    }

    /// What each touch gets of `minor`, in the order of [`Self::touches`].
    ///
    /// The credits sum to `minor`, to the last minor unit; those of `-minor` take back exactly what
    /// those of `minor` gave. Only a path without touches gives none: that money came by no known
    /// way.
    pub fn credits(&self, model: Model, minor: i64) -> Vec<i64> {
        let last = self.0.len().saturating_sub(1);
        let between = u64::try_from(last.saturating_sub(1)).unwrap_or(u64::MAX);
        let only = |chosen: usize| {
            let weights = (0..self.0.len()).map(|at| u64::from(at == chosen));
            weights.collect::<Vec<_>>()
        };
        let weights = match model {
            Model::First => only(0),
            Model::Last => only(last),
            Model::LastNonDirect => {
                let known = self.0.iter().rposition(|touch| !touch.direct);
                only(known.unwrap_or(last))
            }
            Model::Linear => self.0.iter().map(|_| 1).collect(),
            // Of n − 2 between, each weighs 1, so 20 % of all; both ends twice as much as all those.
            Model::Position => (0..self.0.len())
                .map(|at| match at {
                    _ if between == 0 => 1,
                    _ if at == 0 || at == last => between.saturating_mul(2),
                    _ => 1,
                })
                .collect(),
            // Ages count from the last touch: the shares are the same as from the conversion, and
            // the last touch weighs something however old it is.
            Model::TimeDecay => {
                let newest = self.0.last().map_or(0, |touch| touch.time);
                let age = |touch: &TouchAt<'_>| {
                    u64::try_from(newest.saturating_sub(touch.time)).unwrap_or(0)
                };
                self.0
                    .iter()
                    .map(|touch| decay::weight(age(touch)))
                    .collect()
            }
        };
        apportion(minor, &weights)
    }
}
