//! Contacts: known persons, by what they are known as, how far they came, and what they are worth.

mod identity;

pub use identity::{Identity, IdentityError, canonical};

use crate::money::{Currency, Money};
use alloc::collections::BTreeMap;

/// Where a contact stands on the way to becoming a customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "a report names every stage")]
pub enum Stage {
    /// No outcome says more.
    #[default]
    Visitor,
    /// Interested, and no customer yet.
    Lead(Lead),
    /// Plans to become a customer.
    Opportunity,
    /// Bought something, or closed a deal.
    Customer,
    /// Did not become a customer.
    Lost,
    /// Was a customer, and ended the contract.
    Cancelled,
}

/// Who judged a lead worth more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "a report names every stage")]
pub enum Lead {
    /// Marketing: by an act of the contact's own.
    Marketing,
    /// Sales: interested and able to decide.
    Sales,
}

/// The stages before a close, by the predefined outcome that leads there, the least first.
const BEFORE_A_CLOSE: [(&str, Stage); 3] = [
    ("marketing-lead", Stage::Lead(Lead::Marketing)),
    ("sales-lead", Stage::Lead(Lead::Sales)),
    ("sales-opportunity", Stage::Opportunity),
];

/// The stages of a close; of two at the same time the one further down decides.
const CLOSES: [(&str, Stage); 3] = [
    ("close-lost", Stage::Lost),
    ("close-won", Stage::Customer),
    ("close-cancelled", Stage::Cancelled),
];

impl Stage {
    /// Every stage, the first steps first.
    pub const ALL: [Self; 7] = [
        Self::Visitor,
        Self::Lead(Lead::Marketing),
        Self::Lead(Lead::Sales),
        Self::Opportunity,
        Self::Customer,
        Self::Lost,
        Self::Cancelled,
    ];

    /// The outcomes that say something of a stage, by id. Of several with one id, the latest is
    /// enough for [`Self::of`].
    pub const OUTCOMES: [&str; 7] = [
        "marketing-lead",
        "sales-lead",
        "sales-opportunity",
        "close-lost",
        "close-won",
        "close-cancelled",
        "product-purchase",
    ];

    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::Lead(Lead::Marketing) => "marketing_lead",
            Self::Lead(Lead::Sales) => "sales_lead",
            Self::Opportunity => "opportunity",
            Self::Customer => "customer",
            Self::Lost => "lost",
            Self::Cancelled => "cancelled",
        }
    }

    /// Where a contact stands, from the ids and times (Unix milliseconds) of its outcomes, in any
    /// order. Outcomes that were voided are left out; other ids say nothing.
    ///
    /// 1. Who bought something is a customer, unless the contract was cancelled at that time or
    ///    later. A lost deal takes no purchase back.
    /// 2. Else the latest of `close-won`, `close-lost` and `close-cancelled` decides.
    /// 3. Else the furthest of marketing lead, sales lead and opportunity, whichever came last. So
    ///    no outcome makes a lead of a customer.
    ///
    /// ```
    /// use goalpost_core::contact::Stage;
    /// let outcomes = [("marketing-lead", 30), ("product-purchase", 20), ("close-lost", 10)];
    /// assert_eq!(Stage::of(outcomes), Stage::Customer);
    /// ```
    pub fn of<'a>(outcomes: impl IntoIterator<Item = (&'a str, i64)>) -> Self {
        let mut bought: Option<i64> = None;
        let mut cancelled: Option<i64> = None;
        let mut closed: Option<(i64, usize)> = None;
        let mut furthest: Option<usize> = None;
        for (id, time) in outcomes {
            let place = |stages: &[(&str, Self)]| stages.iter().position(|(own, _)| *own == id);
            if id == "product-purchase" {
                bought = bought.max(Some(time));
            }
            if id == "close-cancelled" {
                cancelled = cancelled.max(Some(time));
            }
            closed = closed.max(place(&CLOSES).map(|rank| (time, rank)));
            furthest = furthest.max(place(&BEFORE_A_CLOSE));
        }
        // `None` is less than any time, so whoever never cancelled has not cancelled since.
        if bought > cancelled {
            return Self::Customer;
        }
        let closed = closed.and_then(|(_, rank)| CLOSES.get(rank));
        let before = furthest.and_then(|rank| BEFORE_A_CLOSE.get(rank));
        closed.or(before).map_or(Self::Visitor, |(_, stage)| *stage)
    }
}

/// What a contact has brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Worth {
    /// Financial value: the sum of its outcomes net of refunds, in minor units of each currency.
    /// Currencies are never added to one another.
    pub value: BTreeMap<Currency, i64>,
    /// Engagement value: the points of its goals.
    pub points: u64,
}

impl Worth {
    /// Adds a conversion: its points, its money, and how much of that was refunded.
    pub fn add(&mut self, points: u32, money: Option<Money>, refunded_minor: i64) {
        self.points = self.points.saturating_add(u64::from(points));
        if let Some(money) = money {
            let refunded = refunded_minor.clamp(0, money.minor.max(0));
            let value = self.value.entry(money.currency).or_default();
            *value = value.saturating_add(money.minor.saturating_sub(refunded));
        }
    }
}
