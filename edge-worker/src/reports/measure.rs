//! The columns of reports, each as what it is computed from.

use super::figure::{Coin, Figure};

/// A column of figures.
#[derive(Debug)]
pub(crate) struct Measure {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) what: What,
}

/// Money, as a sum of what is added and what is taken away.
pub(crate) type Sum = &'static [(Coin, i64)];

/// What a column is computed from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum What {
    /// A count.
    Count(Figure),
    /// A count less another.
    Less(Figure, Figure),
    /// Money, per currency.
    Money(Sum),
    /// A count per another: the rate is 1 where they are equal.
    Rate(Figure, Figure),
    /// A count per what the request chooses as its denominator.
    RateOf(Figure),
    /// Milliseconds per a count, shown in seconds.
    Seconds(Figure, Figure),
    /// Money per a count, per currency.
    MoneyPer(Sum, Figure),
    /// Money per money of the same currency.
    MoneyRate(Sum, Sum),
}

impl What {
    /// What kind of column it is, as a reader of the answer sees it.
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::Count(_) | Self::Less(..) => "count",
            Self::Money(_) => "money",
            Self::Rate(..) | Self::RateOf(_) | Self::MoneyRate(..) => "rate",
            Self::Seconds(..) => "duration",
            Self::MoneyPer(..) => "money_rate",
        }
    }
}

const fn measure(id: &'static str, name: &'static str, what: What) -> Measure {
    Measure { id, name, what }
}

const fn count(figure: Figure, name: &'static str) -> Measure {
    measure(figure.id(), name, What::Count(figure))
}

const VERIFIED: Sum = &[(Coin::Verified, 1)];
const CLAIMED: Sum = &[(Coin::Claimed, 1)];
const REFUNDED: Sum = &[(Coin::VerifiedRefunded, 1)];
const NET: Sum = &[(Coin::Verified, 1), (Coin::VerifiedRefunded, -1)];
const CLAIMED_NET: Sum = &[(Coin::Claimed, 1), (Coin::ClaimedRefunded, -1)];
const ALL_NET: Sum = &[
    (Coin::Verified, 1),
    (Coin::VerifiedRefunded, -1),
    (Coin::Claimed, 1),
    (Coin::ClaimedRefunded, -1),
];
const COST: Sum = &[(Coin::Cost, 1)];

/// How sessions went.
pub(super) const TRAFFIC: &[Measure] = &[
    count(Figure::Sessions, "Sessions"),
    count(Figure::Visitors, "Visitors"),
    count(Figure::NewVisitors, "New visitors"),
    measure(
        "returning_visitors",
        "Returning visitors",
        What::Less(Figure::Visitors, Figure::NewVisitors),
    ),
    count(Figure::Pages, "Page views"),
    count(Figure::LandingHits, "Landing hits"),
    measure(
        "pages_per_session",
        "Pages per session",
        What::Rate(Figure::Pages, Figure::Sessions),
    ),
    count(Figure::Bounces, "Bounces"),
    measure(
        "bounce_rate",
        "Bounce rate",
        What::Rate(Figure::Bounces, Figure::Sessions),
    ),
    count(Figure::Engaged, "Engaged sessions"),
    measure(
        "engagement_rate",
        "Engagement rate",
        What::Rate(Figure::Engaged, Figure::Sessions),
    ),
    measure(
        "session_duration",
        "Mean session duration",
        What::Seconds(Figure::DurationMs, Figure::Sessions),
    ),
];

/// How often something happened, and by how many people.
pub(super) const CONVERSIONS: &[Measure] = &[
    count(Figure::Conversions, "Conversions"),
    count(Figure::Voided, "Voided"),
    measure(
        "net_conversions",
        "Conversions less voided",
        What::Less(Figure::Conversions, Figure::Voided),
    ),
    count(Figure::People, "People"),
    measure(
        "conversion_rate",
        "Conversion rate",
        What::RateOf(Figure::Conversions),
    ),
    measure(
        "people_rate",
        "Converting people per visitor",
        What::Rate(Figure::People, Figure::Visitors),
    ),
];

/// How many sessions converted at all.
pub(super) const CONVERTED: &[Measure] = &[
    count(Figure::Converted, "Sessions with a conversion"),
    measure(
        "session_conversion_rate",
        "Session conversion rate",
        What::Rate(Figure::Converted, Figure::Sessions),
    ),
];

/// Engagement beside the outcomes.
pub(super) const GOALS: &[Measure] = &[count(Figure::Goals, "Goals"), POINTS];

/// Engagement value alone.
pub(super) const POINTS: Measure = count(Figure::Points, "Points");

/// What outcomes are worth.
pub(super) const MONEY: &[Measure] = &[
    measure("verified", "Verified", What::Money(VERIFIED)),
    measure("refunded", "Refunded of verified", What::Money(REFUNDED)),
    measure("net", "Verified less refunded", What::Money(NET)),
    measure("claimed", "Claimed", What::Money(CLAIMED)),
    measure(
        "claimed_net",
        "Claimed less refunded",
        What::Money(CLAIMED_NET),
    ),
];

/// What visitors cost, and what came of it.
pub(super) const COSTS: &[Measure] = &[
    measure("cost", "Cost", What::Money(COST)),
    count(Figure::Clicks, "Clicks"),
    count(Figure::Impressions, "Impressions"),
    measure(
        "cost_per_conversion",
        "Cost per conversion",
        What::MoneyPer(COST, Figure::Conversions),
    ),
    count(Figure::NewCustomers, "New customers"),
    measure(
        "cost_per_acquisition",
        "Cost per new customer",
        What::MoneyPer(COST, Figure::NewCustomers),
    ),
    measure(
        "return_on_spend",
        "Verified return on spend",
        What::MoneyRate(NET, COST),
    ),
    measure(
        "return_on_spend_with_claimed",
        "Return on spend, claimed included",
        What::MoneyRate(ALL_NET, COST),
    ),
];

/// What sessions saw beside pages.
pub(super) const EVENTS: &[Measure] = &[
    count(Figure::Events, "Events"),
    count(Figure::EventSessions, "Sessions with it"),
    measure(
        "events_per_session",
        "Events per session with it",
        What::Rate(Figure::Events, Figure::EventSessions),
    ),
    measure(
        "share_of_sessions",
        "Share of sessions",
        What::Rate(Figure::EventSessions, Figure::Sessions),
    ),
];
