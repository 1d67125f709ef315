//! What a model gives to each value that rows are told apart by.

use super::{
    kept::By,
    steps::Steps,
    tally::{Tally, WHOLE},
};
use crate::{problem::Problem, reports::Query};
use goalpost_core::attribution::{Model, apportion};
use std::collections::{BTreeMap, BTreeSet};

/// A model of paths, or the one that looks at all paths at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Of(Model),
    DataDriven,
}

const DATA_DRIVEN: &str = "data_driven";
const ALL: &str = "all";

impl Way {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Of(model) => model.name(),
            Self::DataDriven => DATA_DRIVEN,
        }
    }
}

/// The models of a request: one, or all beside each other.
pub(in crate::reports) struct Chosen(Vec<Way>);

impl Chosen {
    /// The names that a request may give, the usual one first.
    pub(in crate::reports) fn names() -> Vec<&'static str> {
        let usual = Model::LastNonDirect;
        let others = Model::ALL.into_iter().filter(|own| *own != usual);
        let models = [usual].into_iter().chain(others).map(Model::name);
        models.chain([DATA_DRIVEN, ALL]).collect()
    }

    pub(super) fn read(query: &Query) -> Result<Self, Problem> {
        let name = query.choice("model", &Self::names())?;
        Ok(Self(match (name, Model::parse(name)) {
            (_, Some(model)) => vec![Way::Of(model)],
            (DATA_DRIVEN, _) => vec![Way::DataDriven],
            _ => Model::ALL
                .into_iter()
                .map(Way::Of)
                .chain([Way::DataDriven])
                .collect(),
        }))
    }

    pub(super) fn list(&self) -> &[Way] {
        &self.0
    }

    pub(super) fn data_driven(&self) -> bool {
        self.0.contains(&Way::DataDriven)
    }

    pub(super) fn name(&self) -> &'static str {
        match self.0.as_slice() {
            [own] => own.name(),
            _ => ALL,
        }
    }
}

/// What was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    /// Millionths of outcomes.
    pub(super) parts: i64,
    /// By currency, less what was refunded.
    pub(super) verified: BTreeMap<String, i128>,
    pub(super) claimed: BTreeMap<String, i128>,
}

impl Sums {
    fn give(&mut self, money: &str, currency: &str, minor: i64) {
        if currency.is_empty() {
            return;
        }
        let sums = if money == "verified" {
            &mut self.verified
        } else {
            &mut self.claimed
        };
        let own = sums.entry(String::from(currency)).or_default();
        *own = own.saturating_add(i128::from(minor));
    }

    pub(super) fn add(&mut self, more: &Self) {
        self.parts = self.parts.saturating_add(more.parts);
        for (sums, more) in [
            (&mut self.verified, &more.verified),
            (&mut self.claimed, &more.claimed),
        ] {
            for (currency, minor) in more {
                let own = sums.entry(currency.clone()).or_default();
                *own = own.saturating_add(*minor);
            }
        }
    }

    /// Verified and claimed together.
    pub(super) fn both(&self) -> BTreeMap<String, i128> {
        let mut both = Self {
            parts: 0,
            verified: self.verified.clone(),
            claimed: BTreeMap::new(),
        };
        both.add(&Self {
            parts: 0,
            verified: self.claimed.clone(),
            claimed: BTreeMap::new(),
        });
        both.verified
    }
}

/// What each value gets of these definitions; `None` stands for outcomes without a touch.
pub(super) fn shares(
    tally: &Tally,
    steps: &Steps,
    way: Way,
    by: By,
    definitions: &BTreeSet<String>,
) -> BTreeMap<Option<String>, Sums> {
    let model = match way {
        Way::Of(model) => model,
        // What there is to give, and which touch came last.
        Way::DataDriven => Model::Last,
    };
    let mut shares: BTreeMap<Option<String>, Sums> = BTreeMap::new();
    // How much there is of each kind of money, over all touches: what data decide about.
    let mut pool: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    for (key, credit) in &tally.credits {
        if key.model != model || !definitions.contains(&key.definition) {
            continue;
        }
        let value = by.of(key).map(String::from);
        if value.is_some() && way == Way::DataDriven {
            let own = pool.entry((&key.money, &key.currency)).or_default();
            *own = own.saturating_add(credit.minor);
        }
        let own = shares.entry(value).or_default();
        own.parts = own.parts.saturating_add(credit.parts);
        own.give(&key.money, &key.currency, credit.minor);
    }
    if way == Way::DataDriven {
        divide(&mut shares, &pool, steps);
    }
    shares
}

/// Divides what all touches got by what would be lost without each value.
fn divide(
    shares: &mut BTreeMap<Option<String>, Sums>,
    pool: &BTreeMap<(&str, &str), i64>,
    steps: &Steps,
) {
    let untouched = shares.remove(&None);
    let last = shares.iter().filter_map(|(value, own)| {
        let count = u64::try_from(own.parts.checked_div(WHOLE)?).ok()?;
        Some((value.as_deref()?, count))
    });
    let weights = steps.weights(last);
    if weights.iter().any(|(_, weight)| *weight > 0) {
        let parts = shares
            .values()
            .fold(0i64, |sum, own| sum.saturating_add(own.parts));
        let numbers: Vec<u64> = weights.iter().map(|(_, weight)| *weight).collect();
        shares.clear();
        let mut values: Vec<Sums> = vec![Sums::default(); weights.len()];
        for (own, parts) in values.iter_mut().zip(apportion(parts, &numbers)) {
            own.parts = parts;
        }
        for ((money, currency), minor) in pool {
            for (own, minor) in values.iter_mut().zip(apportion(*minor, &numbers)) {
                own.give(money, currency, minor);
            }
        }
        let named = weights.into_iter().zip(values);
        let given = named.filter(|((_, weight), _)| *weight > 0);
        shares.extend(given.map(|((value, _), own)| (Some(value), own)));
    }
    if let Some(untouched) = untouched {
        shares.insert(None, untouched);
    }
}
