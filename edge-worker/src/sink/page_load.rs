//! What page loads have captured, as far as these messages tell.

use super::delivery::Delivery;
use goalpost_core::{
    Id,
    beacon::{Envelope, Refusals},
};
use std::collections::BTreeMap;

/// Places that a page load can give out: the lower 16 bits of a sequence number. Whoever says more of
/// itself is no page of ours.
const PLACES: u32 = 0x1_0000;

/// Page loads by site and id.
#[derive(Default)]
pub(super) struct PageLoads(pub(super) BTreeMap<(String, Id), PageLoad>);

/// What is known of a page load. Every part only grows, whatever comes first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PageLoad {
    pub(super) day: String,
    pub(super) sdk: String,
    pub(super) form: &'static str,
    pub(super) captured: u32,
    pub(super) dropped: Refusals,
    pub(super) last_at: i64,
}

impl PageLoads {
    /// An item counts for the page load that captured it, which need not be the one that sends.
    pub(super) fn captured(&mut self, of: &Delivery<'_>, page: Id, seq: u32) {
        let load = self.load(of, page);
        load.captured = load.captured.max((seq & 0xffff).saturating_add(1));
    }

    /// What the page load that sends says of itself.
    pub(super) fn sends(&mut self, of: &Delivery<'_>, envelope: &Envelope<'_>) {
        let Some(page) = envelope.page else { return };
        let label = of.of_request();
        let now = envelope.dropped;
        let load = self.load(of, page);
        load.captured = load.captured.max(envelope.captured.min(PLACES));
        let before = load.dropped;
        load.dropped = Refusals {
            overflow: before.overflow.max(now.overflow.min(PLACES)),
            consent: before.consent.max(now.consent.min(PLACES)),
        };
        if load.sdk < label.sdk {
            load.sdk.clone_from(&label.sdk);
        }
        load.form = load.form.max(label.form);
    }

    fn load(&mut self, of: &Delivery<'_>, page: Id) -> &mut PageLoad {
        let label = of.of_request();
        let load = self.0.entry((of.site(), page)).or_default();
        if load.day.is_empty() || label.day < load.day {
            load.day.clone_from(&label.day);
        }
        load.last_at = load.last_at.max(of.message.received_at);
        load
    }
}
