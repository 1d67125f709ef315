//! The whole numbers that a source counts: everything else is computed from them.

use std::collections::BTreeMap;

/// Something counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Figure {
    Sessions,
    Engaged,
    Bounces,
    Pages,
    DurationMs,
    LandingHits,
    NewVisitors,
    Visitors,
    Contacts,
    Conversions,
    Voided,
    Converted,
    Goals,
    Points,
    NewCustomers,
    People,
    Events,
    EventSessions,
    Clicks,
    Impressions,
}

/// Something counted in minor units of a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Coin {
    Claimed,
    ClaimedRefunded,
    Verified,
    VerifiedRefunded,
    Cost,
}

impl Figure {
    /// Its name as a numerator or denominator, which is that of its column.
    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::Sessions => "sessions",
            Self::Engaged => "engaged_sessions",
            Self::Bounces => "bounces",
            Self::Pages => "page_views",
            Self::DurationMs => "duration_ms",
            Self::LandingHits => "landing_hits",
            Self::NewVisitors => "new_visitors",
            Self::Visitors => "visitors",
            Self::Contacts => "contacts",
            Self::Conversions => "conversions",
            Self::Voided => "voided",
            Self::Converted => "converted_sessions",
            Self::Goals => "goals",
            Self::Points => "points",
            Self::NewCustomers => "new_customers",
            Self::People => "people",
            Self::Events => "events",
            Self::EventSessions => "event_sessions",
            Self::Clicks => "clicks",
            Self::Impressions => "impressions",
        }
    }

    /// Whether it counts someone once, however often: such figures are not added to each other.
    pub(super) const fn unique(self) -> bool {
        matches!(self, Self::Visitors | Self::Contacts | Self::People)
    }
}

/// What is known of one row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Figures {
    pub(super) counts: BTreeMap<Figure, i64>,
    /// By what it is, then by currency.
    pub(super) money: BTreeMap<Coin, BTreeMap<String, i128>>,
}

impl Figures {
    pub(super) fn count(&self, figure: Figure) -> i64 {
        self.counts.get(&figure).copied().unwrap_or_default()
    }

    /// Whether anything was counted at all.
    pub(super) fn something(&self) -> bool {
        let mut money = self.money.values().flat_map(BTreeMap::values);
        self.counts.values().any(|count| *count != 0) || money.any(|minor| *minor != 0)
    }

    pub(super) fn add_count(&mut self, figure: Figure, count: i64) {
        let own = self.counts.entry(figure).or_default();
        *own = own.saturating_add(count);
    }

    pub(super) fn add_money(&mut self, coin: Coin, currency: &str, minor: i128) {
        let own = self.money.entry(coin).or_default();
        match own.get_mut(currency) {
            Some(sum) => *sum = sum.saturating_add(minor),
            None => {
                own.insert(String::from(currency), minor);
            }
        }
    }

    /// Adds the other's figures, or takes them away where `sign` is -1.
    pub(super) fn add(&mut self, other: &Self, sign: i64) {
        for (figure, count) in &other.counts {
            self.add_count(*figure, count.saturating_mul(sign));
        }
        for (coin, sums) in &other.money {
            for (currency, minor) in sums {
                self.add_money(*coin, currency, minor.saturating_mul(i128::from(sign)));
            }
        }
    }
}
