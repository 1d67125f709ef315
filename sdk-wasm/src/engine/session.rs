//! Which session it is: found in what the tabs share, or begun.

use super::{Consent, Effect, Engine, Presence};
use goalpost_core::{Id, SessionRecord, limits};

impl Engine {
    pub(super) fn session_timeout_ms(&self) -> u32 {
        self.rules().map_or(limits::SESSION_TIMEOUT_MS.1, |rules| {
            rules.session_timeout_ms
        })
    }

    /// Finds or begins the session, given the record that the tabs share.
    pub(super) fn open(&mut self, text: Option<&str>) {
        if self.settings.consent != Consent::Granted
            || matches!(self.presence, Presence::Open { .. })
        {
            return;
        }
        let first = self.captured.first();
        let time = first.map_or(self.now, |observation| observation.id.time());
        let found = text.and_then(SessionRecord::parse);
        let mut record = found.unwrap_or_else(|| SessionRecord {
            visitor: Id::new(time, self.random.id_bytes()),
            session: Id::new(time, self.random.id_bytes()),
            last: time,
            page_loads: 0,
        });
        record.visitor = self.visitor.unwrap_or(record.visitor);
        let page_load = *self.page_load.get_or_insert_with(|| {
            record.page_loads = record.page_loads.wrapping_add(1);
            record.page_loads
        });
        let timeout = self.session_timeout_ms();
        // What waited for consent or for the lock may span more than one session.
        for observation in core::mem::take(&mut self.captured) {
            let time = observation.id.time();
            let before = self.captured.last().map(|before| before.id.time());
            if let Some(before) = before
                && time.saturating_sub(before) >= i64::from(timeout)
            {
                let mut past = record;
                if record.last > before {
                    // Other tabs were active after it: theirs is not its session.
                    past.session = Id::new(before, self.random.id_bytes());
                }
                self.presence = Presence::Open {
                    record: past,
                    page_load,
                    stored: record.last,
                };
                self.seal();
            }
            if !record.continues(time, timeout) {
                record.session = Id::new(time, self.random.id_bytes());
            }
            record.last = record.last.max(time);
            self.captured.push(observation);
        }
        self.effects.push(Effect::StoreRecord(record.text()));
        self.presence = Presence::Open {
            record,
            page_load,
            stored: record.last,
        };
    }
}
