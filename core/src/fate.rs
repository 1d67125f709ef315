//! What becomes of an item: the closed list behind the promise that nothing is lost unseen.
//!
//! captured = stored + quarantined + dropped + waiting; a *duplicate* is a further copy of an item
//! that already met its fate. Each copy that reaches the edge meets exactly one of these, tallied
//! in the same transaction as the effect.

/// What became of one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(
    clippy::exhaustive_enums,
    reason = "closed on purpose: a new fate changes every total"
)]
pub enum Fate {
    /// One row, once.
    Stored,
    /// A further copy of an item that was stored or quarantined before.
    Duplicate,
    /// Its bytes are kept with the reason, and can be replayed once plan or code is fixed.
    Quarantined(Quarantine),
    /// Not kept, on purpose, and counted.
    Dropped(Drop),
    /// Not taken now: its sender keeps it and sends it again, so for the item nothing has ended. Only
    /// the attempt is counted.
    Limited(Limit),
}

/// Why an item is not taken now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::exhaustive_enums, reason = "closed on purpose, as `Fate`")]
pub enum Limit {
    /// More requests than the site, or one network, may send in a minute.
    Rate,
    /// More items than the pages of a site may send in a day.
    Quota,
}

/// Why an item waits in quarantine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::exhaustive_enums, reason = "closed on purpose, as `Fate`")]
pub enum Quarantine {
    /// The bytes are not well-formed text: not UTF-8, or half a surrogate pair.
    Encoding,
    /// Not JSON, or nested too deep to be read.
    Json,
    /// A field is missing or not of its type.
    Field,
    /// A text, list or item is longer than its limit.
    Limit,
    /// The beacon's version is not one that this edge reads.
    Version,
    /// No site of this name has a plan.
    UnknownSite,
    /// The kind of observation is not one that this edge knows.
    UnknownKind,
    /// A definition was triggered that the plan does not have, or not for a page.
    Unregistered,
    /// An amount that is no amount of its currency.
    Value,
    /// The same id as a stored item, with other content.
    Conflict,
    /// The sink could not process it, again and again.
    Poison,
}

/// Why an item was let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::exhaustive_enums, reason = "closed on purpose, as `Fate`")]
pub enum Drop {
    /// The body was larger than a beacon may be; it was not read.
    TooLarge,
    /// The page's host is not one of the plan's.
    Host,
    /// Consent was denied or withdrawn, or the browser signals a refusal (GPC, DNT).
    Consent,
    /// A crawler.
    Bot,
    /// A browser that a program drives, as it says itself.
    Headless,
    /// More than the site's rate.
    RateLimited,
    /// In the browser: there was no room for it, because more items waited than the outbox holds, or
    /// because it alone is larger than a body may be.
    Overflow,
    /// It could not be stored, and the day's room in quarantine is full.
    QuarantineFull,
    /// It is of somebody who was erased, from before that.
    Erased,
    /// It was seen longer ago than the site keeps observations, or has waited in quarantine for longer
    /// than the site keeps that.
    Expired,
    /// It waited in quarantine, and somebody who may has discarded it.
    Discarded,
}

impl Quarantine {
    /// Every reason, in order.
    pub const ALL: [Self; 11] = [
        Self::Encoding,
        Self::Json,
        Self::Field,
        Self::Limit,
        Self::Version,
        Self::UnknownSite,
        Self::UnknownKind,
        Self::Unregistered,
        Self::Value,
        Self::Conflict,
        Self::Poison,
    ];

    /// The stable name, used in storage and in every answer.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Encoding => "encoding",
            Self::Json => "json",
            Self::Field => "field",
            Self::Limit => "limit",
            Self::Version => "version",
            Self::UnknownSite => "unknown_site",
            Self::UnknownKind => "unknown_kind",
            Self::Unregistered => "unregistered",
            Self::Value => "value",
            Self::Conflict => "conflict",
            Self::Poison => "poison",
        }
    }
}

impl Drop {
    /// Every reason, in order.
    pub const ALL: [Self; 11] = [
        Self::TooLarge,
        Self::Host,
        Self::Consent,
        Self::Bot,
        Self::Headless,
        Self::RateLimited,
        Self::Overflow,
        Self::QuarantineFull,
        Self::Erased,
        Self::Expired,
        Self::Discarded,
    ];

    /// The stable name, used in storage and in every answer.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::Host => "host",
            Self::Consent => "consent",
            Self::Bot => "bot",
            Self::Headless => "headless",
            Self::RateLimited => "rate_limited",
            Self::Overflow => "overflow",
            Self::QuarantineFull => "quarantine_full",
            Self::Erased => "erased",
            Self::Expired => "expired",
            Self::Discarded => "discarded",
        }
    }
}

impl Fate {
    /// The stable name of the fate, without its reason.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Duplicate => "duplicate",
            Self::Quarantined(_) => "quarantined",
            Self::Dropped(_) => "dropped",
            Self::Limited(_) => "limited",
        }
    }

    /// The stable name of the reason; empty where there is none.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Stored | Self::Duplicate => "",
            Self::Quarantined(reason) => reason.name(),
            Self::Dropped(reason) => reason.name(),
            Self::Limited(Limit::Rate) => "rate",
            Self::Limited(Limit::Quota) => "quota",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn names_are_distinct() {
        let quarantine: BTreeSet<_> = Quarantine::ALL.iter().map(|reason| reason.name()).collect();
        let drop: BTreeSet<_> = Drop::ALL.iter().map(|reason| reason.name()).collect();
        assert_eq!(quarantine.len(), Quarantine::ALL.len());
        assert_eq!(drop.len(), Drop::ALL.len());
        assert!(quarantine.is_disjoint(&drop));
    }
}
