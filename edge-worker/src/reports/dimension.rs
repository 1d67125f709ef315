//! What the rows of a report are told apart by.

/// What rows are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Dimension {
    Day,
    Channel,
    Source,
    Medium,
    Campaign,
    Landing,
    Device,
    Country,
    Definition,
    Group,
    Event,
    /// Where somebody stands today: only to narrow by.
    Stage,
}

/// What a session is told apart by, and so the conversions that are owed to it.
pub(super) const OF_A_VISIT: [Dimension; 7] = [
    Dimension::Channel,
    Dimension::Source,
    Dimension::Medium,
    Dimension::Campaign,
    Dimension::Landing,
    Dimension::Device,
    Dimension::Country,
];

/// How an empty value is asked for and shown.
pub(super) const NONE: &str = "(none)";

impl Dimension {
    /// Its name in parameters, columns and SQL.
    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Channel => "channel",
            Self::Source => "source",
            Self::Medium => "medium",
            Self::Campaign => "campaign",
            Self::Landing => "landing",
            Self::Device => "device",
            Self::Country => "country",
            Self::Definition => "definition",
            Self::Group => "group",
            Self::Event => "event",
            Self::Stage => "stage",
        }
    }

    /// What people call it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Day => "Day",
            Self::Channel => "Channel",
            Self::Source => "Source",
            Self::Medium => "Medium",
            Self::Campaign => "Campaign",
            Self::Landing => "Landing page",
            Self::Device => "Device",
            Self::Country => "Country",
            Self::Definition => "Definition",
            Self::Group => "Group",
            Self::Event => "Event",
            Self::Stage => "Contact stage",
        }
    }

    /// What it is in SQL, where the columns of a source have the dimensions' names.
    pub(super) const fn column(self) -> &'static str {
        match self {
            Self::Group => "coalesce(?4 -> 'groups' ->> definition, '')",
            Self::Event => "trim(kind || ' ' || name)",
            _ => self.id(),
        }
    }

    /// Whether it tells conversions and events apart rather than visits: a visit has no definition,
    /// so where rows are definitions its figures are the same for all of them.
    pub(super) const fn of_a_subject(self) -> bool {
        matches!(self, Self::Definition | Self::Group | Self::Event)
    }
}
