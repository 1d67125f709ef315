//! Attribution: how much of a conversion's money each touch before it brought.
//!
//! A [`Path`] is a person's touches in a window before the conversion. A [`Model`] divides the money
//! over the path's touches, in minor units, so that the credits sum to the money for every model
//! and both signs: what a refund takes back is what the conversion gave. Data-driven attribution
//! looks at all paths at once instead: [`Transitions`] say how much of all conversions would be
//! lost without a channel, and [`apportion`] divides the money by that.
//!
//! All of it is whole numbers, or floating point of nothing but `+ − × ÷`, so that page, edge and a
//! replay on another machine give the same minor units.
//!
//! ```
//! use goalpost_core::{Id, attribution::{Model, Path, TouchAt}};
//! const DAY: i64 = 86_400_000;
//! let touch = |day, channel| TouchAt {
//!     time: day * DAY,
//!     session: Id::new(day * DAY, [0; 10]),
//!     channel,
//!     direct: channel == "Direct",
//! };
//! let touches = [touch(20, "Email"), touch(27, "Direct"), touch(1, "Paid Search")];
//! let path = Path::before(28 * DAY, 30 * DAY, touches);
//! assert_eq!(path.credits(Model::Linear, 10_000), [3_334, 3_333, 3_333]);
//! assert_eq!(path.credits(Model::LastNonDirect, 10_000), [0, 10_000, 0]);
//! ```

mod apportion;
mod decay;
mod markov;
mod path;

pub use apportion::apportion;
pub use markov::{RemovalEffect, Transitions};
pub use path::{Path, TouchAt, Transform};

/// How one conversion's money is divided over the touches of its path.
///
/// Sources: Google Ads help, "About attribution models"
/// <https://support.google.com/google-ads/answer/6259715>; the shares of the position model as in
/// <https://github.com/snowplow/dbt-snowplow-attribution>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::exhaustive_enums, reason = "every model must have weights")]
pub enum Model {
    /// All to the first touch.
    First,
    /// All to the last touch.
    Last,
    /// All to the last touch that is not direct; to the last one when all are direct.
    LastNonDirect,
    /// The same to each.
    Linear,
    /// 40 % to the first, 40 % to the last, and 20 % shared by those between; of two, half each.
    Position,
    /// Half as much to a touch for each 7 days that it is older.
    TimeDecay,
}

impl Model {
    /// Every model.
    pub const ALL: [Self; 6] = [
        Self::First,
        Self::Last,
        Self::LastNonDirect,
        Self::Linear,
        Self::Position,
        Self::TimeDecay,
    ];

    /// The name in JSON and in a report's address.
    pub const fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Last => "last",
            Self::LastNonDirect => "last_non_direct",
            Self::Linear => "linear",
            Self::Position => "position",
            Self::TimeDecay => "time_decay",
        }
    }

    /// The model of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|model| model.name() == name)
    }
}
