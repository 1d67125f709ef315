//! The reports that are tables: each is a line of dimensions and measures.

use super::{
    dimension::Dimension,
    measure::{self, Measure},
};
use std::fmt;

/// A report: what its rows are told apart by, and what it says of each. Its name is its identity.
pub(crate) struct Report {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// What its rows are; without one, the report is its totals.
    pub(super) dimension: Option<Dimension>,
    /// What they may be told apart by besides.
    pub(super) by: &'static [Dimension],
    /// What it may be narrowed to.
    pub(super) filters: &'static [Dimension],
    /// Which conversions it counts where the request names none.
    pub(super) kind: Kind,
    pub(super) measures: &'static [&'static [Measure]],
}

impl PartialEq for Report {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Report {}

impl fmt::Debug for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name)
    }
}

/// Which conversions a report counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Outcome,
    Goal,
}

impl Kind {
    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::Outcome => "outcome",
            Self::Goal => "goal",
        }
    }
}

const OF_SESSIONS: &[Dimension] = &[
    Dimension::Day,
    Dimension::Channel,
    Dimension::Source,
    Dimension::Medium,
    Dimension::Campaign,
    Dimension::Landing,
    Dimension::Device,
    Dimension::Country,
];

const OF_CONVERSIONS: &[Dimension] = &[
    Dimension::Day,
    Dimension::Channel,
    Dimension::Source,
    Dimension::Medium,
    Dimension::Campaign,
    Dimension::Landing,
    Dimension::Device,
    Dimension::Country,
    Dimension::Definition,
];

const NARROWED: &[Dimension] = &[
    Dimension::Channel,
    Dimension::Campaign,
    Dimension::Landing,
    Dimension::Device,
    Dimension::Country,
    Dimension::Stage,
];

const NARROWED_TO_A_DEFINITION: &[Dimension] = &[
    Dimension::Channel,
    Dimension::Campaign,
    Dimension::Landing,
    Dimension::Device,
    Dimension::Country,
    Dimension::Stage,
    Dimension::Definition,
];

const EVERYTHING: &[&[Measure]] = &[
    measure::TRAFFIC,
    measure::CONVERSIONS,
    measure::CONVERTED,
    measure::GOALS,
    measure::MONEY,
    measure::COSTS,
];

/// A report of sessions and what came of them.
const fn of_sessions(
    name: &'static str,
    about: &'static str,
    dimension: Option<Dimension>,
) -> Report {
    Report {
        name,
        about,
        dimension,
        by: OF_CONVERSIONS,
        filters: NARROWED_TO_A_DEFINITION,
        kind: Kind::Outcome,
        measures: EVERYTHING,
    }
}

/// Every report that is a table.
pub(crate) static OVERVIEW: Report = of_sessions(
    "overview",
    "Everything in one line, or by day, channel, campaign, landing page, device or country",
    None,
);

pub(crate) static CHANNELS: Report = of_sessions(
    "channels",
    "What each channel brought and cost",
    Some(Dimension::Channel),
);

pub(crate) static CAMPAIGNS: Report = of_sessions(
    "campaigns",
    "What each campaign brought and cost",
    Some(Dimension::Campaign),
);

pub(crate) static LANDING_PAGES: Report = of_sessions(
    "landing-pages",
    "Which pages sessions began with, and what came of them",
    Some(Dimension::Landing),
);

pub(crate) static SESSIONS: Report = Report {
    name: "sessions",
    about: "How sessions went, by day",
    dimension: Some(Dimension::Day),
    by: OF_SESSIONS,
    filters: NARROWED,
    kind: Kind::Outcome,
    measures: &[measure::TRAFFIC],
};

pub(crate) static OUTCOMES: Report = Report {
    name: "outcomes",
    about: "What happened and what it was worth in money, by outcome",
    dimension: Some(Dimension::Definition),
    by: OF_SESSIONS,
    filters: NARROWED_TO_A_DEFINITION,
    kind: Kind::Outcome,
    measures: &[measure::CONVERSIONS, measure::CONVERTED, measure::MONEY],
};

pub(crate) static GROUPS: Report = Report {
    name: "groups",
    about: "What happened and what it was worth in money, by outcome group",
    dimension: Some(Dimension::Group),
    by: OF_CONVERSIONS,
    filters: NARROWED,
    kind: Kind::Outcome,
    measures: &[measure::CONVERSIONS, measure::MONEY],
};

pub(crate) static GOALS: Report = Report {
    name: "goals",
    about: "What happened and what it was worth in points, by goal",
    dimension: Some(Dimension::Definition),
    by: OF_SESSIONS,
    filters: NARROWED_TO_A_DEFINITION,
    kind: Kind::Goal,
    measures: &[measure::CONVERSIONS, measure::CONVERTED, &[measure::POINTS]],
};

pub(crate) static EVENTS: Report = Report {
    name: "events",
    about: "Videos, downloads and other events: how often, and in how many sessions",
    dimension: Some(Dimension::Event),
    by: &[Dimension::Day],
    filters: &[],
    kind: Kind::Goal,
    measures: &[measure::EVENTS],
};
