//! What different products make of the same visits.

use super::{Session, SessionRules};

/// How figures are counted. Take a [`Preset::practice`] and change in it what the question is.
///
/// ```
/// use goalpost_core::sessionize::{Practice, Preset, SessionRules};
/// let google = Preset::Ga4.practice();
/// let longer = SessionRules { timeout_ms: 60 * 60_000, ..google.sessions };
/// let what_if = Practice { sessions: longer, ..google };
/// assert_eq!(what_if.bounce, google.bounce);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Practice {
    /// When a session ends.
    pub sessions: SessionRules,
    /// A session that has so many page views and interactions ends with the next.
    pub most_actions: Option<usize>,
    /// Which session is a bounce.
    pub bounce: Bounce,
    /// What a conversion is counted by.
    pub conversions: Unit,
}

/// Which session is a bounce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "a session must decide about each")]
pub enum Bounce {
    /// At most one page view, and no interaction: [`Session::bounced`].
    SinglePage,
    /// At most one page view or interaction.
    SingleAction,
    /// Not [`Session::engaged`].
    NotEngaged,
}

impl Bounce {
    /// Whether the session is one.
    pub fn is(self, session: &Session) -> bool {
        match self {
            Self::SinglePage => session.bounced(),
            Self::SingleAction => session.pages.saturating_add(session.interactions) <= 1,
            Self::NotEngaged => !session.engaged(),
        }
    }
}

/// What a conversion is counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "a count must exist of each")]
pub enum Unit {
    /// Each time.
    Event,
    /// Once in a session.
    Session,
    /// Once for a visitor, in all that is looked at.
    Visitor,
}

/// A product whose rules are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::exhaustive_enums, reason = "every preset must have a practice")]
pub enum Preset {
    /// Goalpost without any setting; a site's own settings are in its plan. Its conversions here
    /// are matches; what a definition's own counting makes of them are the conversions kept.
    Goalpost,
    /// Google Analytics 4: no split; a bounce is a session not engaged; key events each time.
    ///
    /// What it calls engagement time is here the time from the first activity to the last.
    /// Sources: <https://support.google.com/analytics/answer/12798876>,
    /// <https://support.google.com/analytics/answer/13366706>
    Ga4,
    /// Universal Analytics, until 2023: split at midnight and by campaign; a bounce is a session of
    /// a single hit; a goal once in a session.
    ///
    /// Source: <https://support.google.com/analytics/answer/2731565>
    Ua,
    /// Matomo: split at midnight and by campaign and after 10,000 actions; a bounce is a visit of
    /// at most one action; a goal once in a visit.
    ///
    /// Two things differ: to each visit of several actions it adds a second, and a campaign that
    /// follows a direct entry continues the visit, where here it begins another.
    /// Source: <https://github.com/matomo-org/matomo>: `VisitRequestProcessor.php`,
    /// `VisitTotalActions.php`, `global.ini.php` under `[Tracker]`
    Matomo,
    /// Plausible: no split; a session goes on while the gap is at most 30 whole minutes, so up to
    /// 30:59; a bounce is a single page view without interaction; a goal once for a visitor.
    ///
    /// Sources: <https://github.com/plausible/analytics>: `session/cache_store.ex`,
    /// <https://plausible.io/docs/metrics-definitions>
    Plausible,
}

const MINUTE_MS: i64 = 60_000;

impl Preset {
    /// Every preset.
    pub const ALL: [Self; 5] = [
        Self::Goalpost,
        Self::Ga4,
        Self::Ua,
        Self::Matomo,
        Self::Plausible,
    ];

    /// The name in JSON and in a report's address.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Goalpost => "goalpost",
            Self::Ga4 => "ga4",
            Self::Ua => "ua",
            Self::Matomo => "matomo",
            Self::Plausible => "plausible",
        }
    }

    /// The preset of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.name() == name)
    }

    /// What the product does when nothing is set.
    pub const fn practice(self) -> Practice {
        let unsplit = SessionRules {
            timeout_ms: 30 * MINUTE_MS,
            split_at_midnight: false,
            split_by_campaign: false,
        };
        let split = SessionRules {
            split_at_midnight: true,
            split_by_campaign: true,
            ..unsplit
        };
        let goalpost = Practice {
            sessions: unsplit,
            most_actions: None,
            bounce: Bounce::SinglePage,
            conversions: Unit::Event,
        };
        match self {
            Self::Goalpost => goalpost,
            Self::Ga4 => Practice {
                bounce: Bounce::NotEngaged,
                ..goalpost
            },
            Self::Ua => Practice {
                sessions: split,
                bounce: Bounce::SingleAction,
                conversions: Unit::Session,
                ..goalpost
            },
            Self::Matomo => Practice {
                sessions: split,
                most_actions: Some(10_000),
                bounce: Bounce::SingleAction,
                conversions: Unit::Session,
            },
            Self::Plausible => Practice {
                sessions: SessionRules {
                    timeout_ms: 31 * MINUTE_MS,
                    ..unsplit
                },
                conversions: Unit::Visitor,
                ..goalpost
            },
        }
    }
}
