//! What became of carts, told apart by all that a report may ask for.

use crate::carts::Begun;
use goalpost_core::Zone;
use std::collections::BTreeMap;

/// How many carts became what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) carts: u32,
    /// In time.
    pub(super) bought: u32,
    /// Given up, whether or not they were bought later.
    pub(super) abandoned: u32,
    /// Given up, and bought after all.
    pub(super) recovered: u32,
}

impl Tally {
    pub(super) fn add(&mut self, other: Self) {
        for (own, more) in [
            (&mut self.carts, other.carts),
            (&mut self.bought, other.bought),
            (&mut self.abandoned, other.abandoned),
            (&mut self.recovered, other.recovered),
        ] {
            *own = own.saturating_add(more);
        }
    }
}

/// The same for whoever asks later, of carts about which nothing else becomes known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fates {
    pub(super) bought: u32,
    pub(super) abandoned: u32,
    pub(super) recovered: u32,
    /// When each of the others is given up, in order.
    pub(super) waiting: Vec<i64>,
}

impl Fates {
    fn of(begun: &Begun, abandoned_after_ms: i64) -> Self {
        let (abandoned, bought) = (
            begun.cart.abandoned_at.is_some(),
            begun.cart.purchased_at.is_some(),
        );
        let given_up = begun.cart.last_add.saturating_add(abandoned_after_ms);
        Self {
            bought: u32::from(bought && !abandoned),
            abandoned: u32::from(abandoned),
            recovered: u32::from(bought && abandoned),
            waiting: Vec::from_iter((!bought && !abandoned).then_some(given_up)),
        }
    }

    fn add(&mut self, other: Self) {
        for (own, more) in [
            (&mut self.bought, other.bought),
            (&mut self.abandoned, other.abandoned),
            (&mut self.recovered, other.recovered),
        ] {
            *own = own.saturating_add(more);
        }
        self.waiting.extend(other.waiting);
        self.waiting.sort_unstable();
    }

    /// What they are at `now`.
    pub(super) fn at(&self, now: i64) -> Tally {
        let given_up = self.waiting.iter().filter(|time| **time <= now).count();
        let others = u32::try_from(self.waiting.len()).unwrap_or(u32::MAX);
        let abandoned = self
            .abandoned
            .saturating_add(u32::try_from(given_up).unwrap_or(u32::MAX));
        Tally {
            carts: self
                .bought
                .saturating_add(self.abandoned)
                .saturating_add(others),
            bought: self.bought,
            abandoned,
            recovered: self.recovered,
        }
    }
}

/// What carts are told apart by: the day on which they were begun, and the session's channel and
/// device.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) day: String,
    pub(super) channel: String,
    pub(super) device: String,
}

/// Carts by all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sheet(pub(super) BTreeMap<Key, Fates>);

impl Sheet {
    /// Adds a cart, of which is known what is known.
    pub(super) fn add_cart(&mut self, begun: &Begun, abandoned_after_ms: i64, zone: &Zone) {
        let key = Key {
            day: begun.on(zone),
            channel: begun.channel.clone(),
            device: begun.device.clone(),
        };
        self.add(key, Fates::of(begun, abandoned_after_ms));
    }

    pub(super) fn add(&mut self, key: Key, fates: Fates) {
        self.0.entry(key).or_default().add(fates);
    }
}
