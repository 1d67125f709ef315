//! What a page sees, as its engine and the world's own list take it.

use crate::{
    broken::Broken,
    browser::Tab,
    ledger::Entry,
    visit::{self, Deed},
    world::World,
};
use goalpost_core::{Properties, limits};
use goalpost_sdk::engine::{Captured, Consent, Input};

impl World<'_> {
    /// The visitor does something on a page.
    pub(crate) fn see(&mut self, b: usize, t: usize, deed: Deed) -> Result<(), Broken> {
        let (path, seen, properties) = deed.seen(&mut self.random);
        let input = Input::Seen {
            captured: None,
            path: path.into(),
            seen,
            properties,
        };
        self.capture(b, t, deed, None, input)
    }

    /// Something that the loader held is handed to the engine.
    pub(crate) fn see_held(
        &mut self,
        b: usize,
        t: usize,
        deed: Deed,
        held: Captured,
    ) -> Result<(), Broken> {
        let (path, seen, properties) = deed.seen(&mut self.random);
        let input = Input::Seen {
            captured: Some(held),
            path: path.into(),
            seen,
            properties,
        };
        self.capture(b, t, deed, Some(held), input)
    }

    /// A click on nothing in particular.
    pub(crate) fn see_nothing(&mut self, b: usize, t: usize) -> Result<(), Broken> {
        let (seen, properties) = (visit::idle_click(), Properties::default());
        let before = self.browsers[b].tabs[t].engine.captured();
        self.tell(
            b,
            t,
            Input::Seen {
                captured: None,
                path: "/".into(),
                seen,
                properties,
            },
        )?;
        let after = self.browsers[b].tabs[t].engine.captured();
        Broken::unless(before == after, "a click on nothing is nothing", || {
            format!("{after}")
        })?;
        self.settle(b, t)
    }

    fn capture(
        &mut self,
        b: usize,
        t: usize,
        deed: Deed,
        held: Option<Captured>,
        input: Input<'_>,
    ) -> Result<(), Broken> {
        let time = held.map_or_else(|| self.device(b), |held| held.id.time());
        let before = self.browsers[b].tabs[t].engine.captured();
        let full = self.browsers[b].tabs[t].holds.len() >= limits::OUTBOX_ITEMS;
        self.tell(b, t, input)?;
        let consent = self.browsers[b].consent;
        let tab = &mut self.browsers[b].tabs[t];
        let after = tab.engine.captured();
        let index = held.map_or(before, |held| held.index);
        let taken = consent != Consent::Denied;
        let expected = if taken { before.max(index + 1) } else { before };
        Broken::unless(
            after == expected,
            "what is seen with consent is captured",
            || format!("{deed:?} at place {index}: {before} captured before, {after} after"),
        )?;
        if !taken {
            return self.settle(b, t);
        }
        let entry = new_entry(b, tab, index, deed, time);
        let number = self.ledger.add(entry);
        if full {
            tab.let_go[0].push(number);
            self.ledger.entries[number].let_go = true;
        } else {
            tab.holds.insert(number);
        }
        let numbers = [number as u64, u64::from(tab.number)];
        let (page, name) = (tab.page, tab.number);
        self.note("seen", numbers, || {
            format!("#{number} {deed:?} in tab {name} of browser {b}, page {page}")
        });
        self.settle(b, t)?;
        let browser = &self.browsers[b];
        let tab = &browser.tabs[t];
        let open = browser.consent == Consent::Granted && tab.has_plan && tab.lock_wait.is_none();
        let entry = &mut self.ledger.entries[number];
        entry.prompt = open && held.is_none();
        entry.records_lost = browser.records_lost;
        let waits = entry.prompt && tab.failing && !entry.let_go && tab.disk_wait.is_none();
        Broken::unless(
            !waits || entry.shared,
            "while no request gets through, nothing waits in memory alone",
            || format!("#{number}: {entry:?}"),
        )
    }

    /// The loader could not hold so many.
    pub(crate) fn overflow(&mut self, b: usize, t: usize, count: u32) -> Result<(), Broken> {
        let time = self.device(b);
        let taken = self.browsers[b].consent != Consent::Denied;
        let tab = &mut self.browsers[b].tabs[t];
        let first = tab.engine.captured();
        self.tell(b, t, Input::Overflow(count))?;
        for index in first..first + if taken { count } else { 0 } {
            let tab = &mut self.browsers[b].tabs[t];
            let mut entry = new_entry(b, tab, index, Deed::Unheld, time);
            entry.let_go = true;
            tab.let_go[0].push(self.ledger.add(entry));
        }
        self.settle(b, t)
    }
}

fn new_entry(browser: usize, tab: &Tab, index: u32, deed: Deed, time: i64) -> Entry {
    Entry {
        browser,
        tab: tab.number,
        place: (tab.page, index),
        deed,
        time,
        prompt: false,
        records_lost: 0,
        sealed: None,
        sent: false,
        forbidden: false,
        shared: false,
        not_kept: None,
        let_go: false,
        excuse: None,
        met: None,
    }
}
