//! Which session it is: found in what the tabs share, or begun.

use super::{Consent, Effect, Engine, Presence};
use goalpost_core::SessionRecord;

impl Engine {
    /// Finds or begins the session, given the record that the tabs share.
    pub(super) fn open(&mut self, text: Option<&str>) {
        if self.settings.consent != Consent::Granted
            || matches!(self.presence, Presence::Open { .. })
        {
            return;
        }
        let first = self.captured.first();
        let time = first.map_or(self.now, |observation| observation.id.time());
        let text = text.filter(|_| !self.settings.cookieless);
        // Where the edge may not have heard yet that it is to forget a visitor, another one begins
        // before all others: of two, the edge goes by the older.
        let begun = if text == Some("-") { 0 } else { time };
        let found = text.and_then(SessionRecord::parse);
        let mut record = found.unwrap_or_else(|| SessionRecord {
            visitor: self.random.id(begun),
            session: self.random.id(time),
            last: time,
            page_loads: 0,
        });
        record.visitor = self.visitor.unwrap_or(record.visitor);
        let page_load = *self.page_load.get_or_insert_with(|| {
            record.page_loads = record.page_loads.wrapping_add(1);
            record.page_loads
        });
        // What waited for consent, the plan or the lock may span more than one session.
        for observation in core::mem::take(&mut self.captured) {
            let time = observation.id.time();
            let rules = self.plan.rules();
            let campaign = rules.map_or(0, |rules| rules.campaign_mark(&observation.seen));
            let goes_on = record.continues(time, campaign, rules);
            if let Some(before) = self.captured.last().map(|before| before.id.time()) {
                let mut past = record;
                past.last = before;
                if !past.continues(time, campaign, rules) {
                    if record.last > before {
                        // Other tabs were active after it: theirs is not its session.
                        past.begin(self.random.id(before), 0);
                    }
                    self.seal_into(past, page_load, record.last);
                }
            }
            if !goes_on {
                record.begin(self.random.id(time), campaign);
            }
            record.last = record.last.max(time);
            self.captured.push(observation);
        }
        self.part_from(record, page_load);
        self.effects.push(Effect::StoreRecord(record.text()));
        self.presence = Presence::Open {
            record,
            page_load,
            stored: record.last,
        };
    }

    /// What has waited here since long before another tab began its session is of one of its own.
    fn part_from(&mut self, record: SessionRecord, page_load: u16) {
        let Some(before) = self.captured.last().map(|last| last.id.time()) else {
            return;
        };
        let mut past = record;
        past.last = before;
        let rules = self.plan.rules();
        // By this page's clock too: one that was put back is no pause.
        if past.continues(record.session.time(), 0, rules) || past.continues(self.now, 0, rules) {
            return;
        }
        past.begin(self.random.id(before), 0);
        self.seal_into(past, page_load, record.last);
    }

    /// Seals what was captured into a session that has ended.
    fn seal_into(&mut self, past: SessionRecord, page_load: u16, stored: i64) {
        self.presence = Presence::Open {
            record: past,
            page_load,
            stored,
        };
        self.seal();
    }
}
