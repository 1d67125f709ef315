//! Which copies make one conversion, and what is left of it after refunds.
//!
//! Both are folds over sets: any order of arrival, and any number of copies, give the same. The
//! store folds the same way, and a test compares the two.

use crate::{
    id::Id,
    money::{Currency, Money},
};
use alloc::{collections::BTreeMap, string::String, vec::Vec};

/// Who reported a copy. The order is the one in which they are believed about the visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::exhaustive_enums, reason = "the store must decide about each")]
pub enum Source {
    /// A page with the SDK: it knows visitor and session.
    Page,
    /// A pixel: it knows the visitor's cookie at best.
    Pixel,
    /// A server: it knows the contact at best.
    Server,
}

/// One copy of a conversion: what one observation said.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Evidence {
    /// When it happened, by this copy: Unix milliseconds.
    pub time: i64,
    /// The observation; there is one copy of each.
    pub observation: Id,
    /// Who reported it.
    pub source: Source,
    /// The amount in minor units; an amount counts only with its currency.
    pub minor: Option<i64>,
    /// The amount's currency.
    pub currency: Option<Currency>,
    /// A server or a signed token stands for the amount.
    pub verified: bool,
    /// The visitor, if this copy knows one.
    pub visitor: Option<Id>,
    /// The visitor's session.
    pub session: Option<Id>,
    /// The contact, by its canonical name.
    pub contact: Option<String>,
    /// Engagement value under the plan of this copy.
    pub points: u32,
    /// The plan that decided, by its hash.
    pub plan: String,
}

/// What the copies with one key say together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversion {
    /// When it happened: the earliest copy's time.
    pub time: i64,
    /// The earliest copy's observation.
    pub observation: Id,
    /// Who reported the earliest copy.
    pub source: Source,
    /// The earliest copy's points.
    pub points: u32,
    /// The earliest copy's plan.
    pub plan: String,
    /// Its value: of the earliest verified copy with an amount, else of the earliest claimed one.
    pub money: Option<Money>,
    /// Whether that value is verified.
    pub verified: bool,
    /// Of the earliest copy that knows the visitor, a page's before a pixel's before a server's.
    pub visitor: Option<Id>,
    /// That copy's session.
    pub session: Option<Id>,
    /// The contact of any copy; of several, the smallest name.
    pub contact: Option<String>,
    /// How many observations reported it.
    pub copies: u64,
}

/// Makes one conversion of its copies; `None` without any. Earliest is by time, then by observation.
///
/// ```
/// use goalpost_core::{Id, ledger::{Evidence, Source, fold}};
/// let page = Evidence {
///     time: 20, observation: Id::new(20, [1; 10]), source: Source::Page,
///     minor: Some(900), currency: goalpost_core::Currency::parse("JPY").ok(), verified: false,
///     visitor: Some(Id::new(1, [0; 10])), session: None, contact: None,
///     points: 0, plan: "a".into(),
/// };
/// let server = Evidence {
///     time: 30, observation: Id::new(30, [2; 10]), source: Source::Server,
///     minor: Some(1_000), verified: true, visitor: None, ..page.clone()
/// };
/// let conversion = fold(&[server, page]).unwrap();
/// assert_eq!((conversion.time, conversion.copies), (20, 2));
/// assert_eq!((conversion.money.unwrap().minor, conversion.verified), (1_000, true));
/// ```
pub fn fold(evidence: &[Evidence]) -> Option<Conversion> {
    let mut copies: BTreeMap<Id, &Evidence> = BTreeMap::new();
    for copy in evidence {
        let kept = copies.entry(copy.observation).or_insert(copy);
        *kept = copy.min(*kept);
    }
    let place = |copy: &&Evidence| (copy.time, copy.observation);
    let earliest = copies.values().copied().min_by_key(place)?;
    let valued = copies
        .values()
        .copied()
        .filter(|copy| copy.money().is_some())
        .min_by_key(|copy| (!copy.verified, place(copy)));
    let visited = copies
        .values()
        .copied()
        .filter(|copy| copy.visitor.is_some())
        .min_by_key(|copy| (copy.source, place(copy)));
    Some(Conversion {
        time: earliest.time,
        observation: earliest.observation,
        source: earliest.source,
        points: earliest.points,
        plan: earliest.plan.clone(),
        money: valued.and_then(Evidence::money),
        verified: valued.is_some_and(|copy| copy.verified),
        visitor: visited.and_then(|copy| copy.visitor),
        session: visited.and_then(|copy| copy.session),
        contact: copies
            .values()
            .filter_map(|copy| copy.contact.as_ref())
            .min()
            .cloned(),
        copies: u64::try_from(copies.len()).unwrap_or(u64::MAX),
    })
}

impl Evidence {
    /// The amount with its currency.
    fn money(&self) -> Option<Money> {
        let (minor, currency) = self.minor.zip(self.currency)?;
        Some(Money { minor, currency })
    }
}

/// What a server says was given back of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refund {
    /// Its own id: a refund that comes twice is one.
    pub observation: Id,
    /// When: Unix milliseconds. It orders refunds among themselves; it may well be before the
    /// purchase's, or arrive before it.
    pub time: i64,
    /// How much in minor units; `None` for all of it.
    pub minor: Option<i64>,
    /// In which currency; `None` for the order's own.
    pub currency: Option<Currency>,
}

/// What refunds leave of a conversion's value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Net {
    /// How much was given back in minor units: 0 up to the value.
    pub refunded_minor: i64,
    /// All of it was given back: in one, or bit by bit.
    pub voided: bool,
    /// What each refund took, in order of time.
    pub applied: Vec<Applied>,
    /// Refunds in another currency: they take nothing, and someone should look at them. In order of
    /// time.
    pub other_currency: Vec<Id>,
}

/// What one refund took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Which refund.
    pub observation: Id,
    /// When it was.
    pub time: i64,
    /// How much it took in minor units: less than it says, if no more was left.
    pub minor: i64,
}

/// Takes refunds off a value, in order of time, then of their ids. The value itself never changes;
/// nothing takes it below 0. A refund of everything voids also what has no value.
///
/// ```
/// use goalpost_core::{Currency, Id, Money, MoneyError, ledger::{Refund, apply}};
/// let yen = Currency::parse("JPY")?;
/// let part = Refund { observation: Id::new(5, [0; 10]), time: 5, minor: Some(300), currency: Some(yen) };
/// let rest = Refund { observation: Id::new(9, [0; 10]), time: 9, minor: None, currency: None };
/// let net = apply(Some(Money { minor: 1_000, currency: yen }), &[rest, part, part]);
/// assert_eq!((net.refunded_minor, net.voided), (1_000, true));
/// assert_eq!((net.applied[0].minor, net.applied[1].minor), (300, 700));
/// # Ok::<(), MoneyError>(())
/// ```
pub fn apply(value: Option<Money>, refunds: &[Refund]) -> Net {
    let mut once: BTreeMap<Id, Refund> = BTreeMap::new();
    for refund in refunds {
        let kept = once.entry(refund.observation).or_insert(*refund);
        if refund.place() < kept.place() {
            *kept = *refund;
        }
    }
    let mut refunds: Vec<Refund> = once.into_values().collect();
    refunds.sort_by_key(|refund| (refund.time, refund.observation));
    let gross = value.map_or(0, |value| value.minor.max(0));
    let mut net = Net::default();
    for refund in refunds {
        let foreign = refund
            .currency
            .is_some_and(|currency| value.is_some_and(|value| value.currency != currency));
        if foreign && refund.minor.is_some() {
            net.other_currency.push(refund.observation);
            continue;
        }
        let left = gross.saturating_sub(net.refunded_minor);
        let minor = refund.minor.map_or(left, |minor| minor.clamp(0, left));
        net.refunded_minor = net.refunded_minor.saturating_add(minor);
        net.voided |= refund.minor.is_none() || (minor > 0 && minor == left);
        net.applied.push(Applied {
            observation: refund.observation,
            time: refund.time,
            minor,
        });
    }
    net
}

impl Net {
    /// What is left of the value.
    pub fn of(&self, value: Money) -> Money {
        Money {
            minor: value.minor.saturating_sub(self.refunded_minor),
            ..value
        }
    }
}

impl Refund {
    /// Of copies that differ, the earliest counts, then the one that takes less.
    fn place(&self) -> (i64, bool, Option<i64>, Option<Currency>) {
        (self.time, self.minor.is_none(), self.minor, self.currency)
    }
}
