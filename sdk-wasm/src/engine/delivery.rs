//! When items leave, and what becomes of those that did.

use super::{Answer, Consent, Effect, Engine, Presence, outbox::Progress};
use goalpost_core::{
    Id,
    beacon::{self, Header, Item},
    fate::Drop,
    limits,
};

/// How long a captured item waits for company before it is sent: Unix milliseconds apart.
const BATCH_MS: i64 = 2_000;
/// The first pause after a failure; each further one is twice as long.
const RETRY_FIRST_MS: i64 = 1_000;
/// The longest pause between two attempts.
pub(super) const RETRY_LONGEST_MS: i64 = 300_000;
/// Bytes of items that one body takes: what its envelope leaves of it.
pub(super) const ITEMS_BYTES: usize = limits::BEACON_BYTES.saturating_sub(1_024);

/// Whether a body takes it; what none takes would be tried for ever.
pub(super) fn fits(item: &Item) -> bool {
    item.json.len() < ITEMS_BYTES
}

impl Engine {
    pub(super) fn restore(&mut self, items: Vec<Item>) {
        // Read before consent was withdrawn, it is not ours any more.
        if self.settings.consent != Consent::Granted {
            return;
        }
        for item in items {
            if !fits(&item) {
                // An earlier version took it. It has no place on this page load, and gets one to be counted.
                self.next_index = self.next_index.saturating_add(1);
                self.drop(Drop::Overflow, 1);
                self.effects.push(Effect::Forget(vec![item.id]));
            } else if self.waiting() < limits::OUTBOX_ITEMS {
                self.outbox.push(item, false, true);
            }
            // Else it stays in the browser's storage for a later page.
        }
        if self.outbox.has_unsent() {
            self.flush_soon();
        }
    }

    /// The first request leaves at once, so that a short visit is seen; later ones wait for company.
    pub(super) fn flush_soon(&mut self) {
        let pause = if self.sent_before { BATCH_MS } else { 0 };
        let at = self.now.saturating_add(pause);
        // A pause after a failure is not cut short.
        if self
            .flush_at
            .is_none_or(|due| due > at && self.failures == 0)
        {
            self.flush_at = Some(at);
        }
    }

    pub(super) fn settle(&mut self, answers: &[(Id, Answer)], visitor: Option<Id>) {
        let mut settled = Vec::new();
        for (id, answer) in answers {
            if *answer == Answer::Settled {
                settled.push(*id);
            }
        }
        self.forget(&settled);
        let is_turned_away = self.outbox.has(Progress::Sent);
        // The edge knows the visitor better; the tabs learn it under their lock. An answer to a
        // request from before a withdrawal must not bring the old visitor back.
        if visitor.is_some() && visitor != self.sent_as && !self.left_behind {
            self.visitor = visitor;
            self.presence = Presence::Closed;
        }
        if is_turned_away {
            // The edge says so with a good answer: yet to ask again at once would be a loop.
            return self.fail(None);
        }
        self.in_flight.clear();
        self.failures = 0;
        self.flush_at = None;
        if self.outbox.has_unsent() {
            let pause = if self.outbox.is_full() { 0 } else { BATCH_MS };
            self.flush_at = Some(self.now.saturating_add(pause));
        }
    }

    pub(super) fn refuse(&mut self) {
        let sent = core::mem::take(&mut self.in_flight);
        self.forget(&sent);
        self.failures = 0;
        self.flush_at = None;
        if self.outbox.has_unsent() {
            self.flush_soon();
        }
        if self.settings.debug {
            self.say("\u{1f}r");
        }
    }

    pub(super) fn forget(&mut self, ids: &[Id]) {
        let kept = self.outbox.remove(ids);
        if !kept.is_empty() {
            self.effects.push(Effect::Forget(kept));
        }
    }

    pub(super) fn fail(&mut self, pause: Option<i64>) {
        self.in_flight.clear();
        self.outbox.reset(Progress::Sent);
        let doubled = RETRY_FIRST_MS
            .checked_shl(self.failures)
            .unwrap_or(RETRY_LONGEST_MS);
        let longest = doubled.clamp(RETRY_FIRST_MS, RETRY_LONGEST_MS);
        // Half fixed, half random: pages that failed together do not come back together.
        let half = longest / 2;
        let own = half.saturating_add(self.random.below(half.max(1)));
        self.failures = self.failures.saturating_add(1).min(16);
        let pause = own.max(pause.unwrap_or(0).clamp(0, RETRY_LONGEST_MS));
        self.flush_at = Some(self.now.saturating_add(pause));
        self.keep(false);
    }

    /// Keeps what the browser's storage does not have yet.
    pub(super) fn keep(&mut self, urgent_only: bool) {
        let (items, urgent) = self.outbox.keep(urgent_only);
        if !items.is_empty() {
            self.effects.push(Effect::Keep { items, urgent });
        }
    }

    /// The page may never be seen again: everything leaves by a beacon, and stays until confirmed.
    /// The beacon goes first, since nothing can be waited for any more.
    pub(super) fn leave(&mut self, record: Option<&str>) {
        if self.settings.consent != Consent::Granted {
            return;
        }
        // Not only what was captured since needs it: the edge may just have named another visitor.
        if self.waiting() > 0 {
            self.open(record);
        }
        self.seal();
        let Presence::Open { record, stored, .. } = &mut self.presence else {
            return;
        };
        if record.last > *stored {
            *stored = record.last;
            let last = record.last;
            self.effects.push(Effect::StoreActivity(last));
        }
        let (_, texts) = self.outbox.take(ITEMS_BYTES, Progress::Beaconed);
        if !texts.is_empty() {
            let body = self.write_beacon(&texts);
            self.effects.push(Effect::Beacon(body));
            self.leave_behind();
            self.flush_at = None;
            self.keep(false);
        }
    }

    /// The page no longer knows what the request under way carries.
    pub(super) fn leave_behind(&mut self) {
        self.left_behind |= self.is_sending();
        self.in_flight.clear();
    }

    pub(super) fn write_beacon(&self, texts: &[String]) -> String {
        let record = match &self.presence {
            Presence::Open { record, .. } => Some(record),
            _ => None,
        };
        let header = Header {
            site: &self.settings.site,
            sdk: &self.settings.sdk,
            form: self.settings.form,
            plan: self.rules().map_or("", |rules| &rules.plan),
            sent: self.now,
            page: self.page,
            session: record.map(|record| record.session),
            visitor: record
                .filter(|_| !self.settings.cookieless)
                .map(|record| record.visitor),
            consent: &self.settings.purposes,
            cookieless: self.settings.cookieless,
            captured: self.next_index,
            dropped: &self.dropped,
        };
        beacon::write(&header, texts.iter().map(String::as_str))
    }
}
