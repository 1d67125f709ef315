//! How pages, browsers and consent end, and what may be lost with them.

use crate::{broken::Broken, fault::Fault, known_bad::KnownBad, ledger::Excuse, world::World};
use goalpost_core::{Id, beacon::Envelope};
use goalpost_sdk::engine::{Consent, Effect, Input};

impl World<'_> {
    /// The page is hidden: there may be no later.
    pub(crate) fn hide(&mut self, b: usize, t: usize) -> Result<(), Broken> {
        let browser = &mut self.browsers[b];
        let record = match self.bad {
            Some(KnownBad::RecordPerTab) => browser.tabs[t].own_record.clone(),
            _ => browser.record.clone(),
        };
        let tab = &mut browser.tabs[t];
        tab.hidden = true;
        tab.disk_wait = None;
        self.note("hidden", [b as u64, t as u64], String::new);
        self.tell(b, t, Input::Hidden(record.as_deref()))?;
        self.settle(b, t)?;
        self.leave_items(b, t)
    }

    /// The tab ends as pages do: a page that was hidden before is told once more.
    pub(crate) fn close(&mut self, b: usize, t: usize) -> Result<(), Broken> {
        self.hide(b, t)?;
        self.note("closed", [b as u64, t as u64], String::new);
        self.end(b, t, true);
        Ok(())
    }

    /// The tab ends without a word.
    pub(crate) fn kill(&mut self, b: usize, t: usize) {
        self.faults.add(Fault::TabKilled);
        self.note("tab killed", [b as u64, t as u64], String::new);
        self.end(b, t, false);
    }

    /// A tab is gone; what it alone had is gone with it.
    fn end(&mut self, b: usize, t: usize, hidden: bool) {
        // The browser goes on, but may end with a tab what that has not committed.
        while !self.browsers[b].tabs[t].writes.is_empty() {
            if self.happens(Fault::WriteCut) {
                self.browsers[b].tabs[t].writes.pop_front();
            } else {
                self.disk_is_done(b, t);
            }
        }
        let browser = &mut self.browsers[b];
        let tab = browser.tabs.remove(t);
        for number in tab.holds {
            let entry = &mut self.ledger.entries[number];
            if entry.sealed.is_some_and(|sealed| browser.has(sealed.id)) {
                continue;
            }
            let excuse = if browser.consent != Consent::Granted {
                Some(Excuse::NoConsent)
            } else if entry.not_kept.is_some() {
                entry.not_kept
            } else if hidden {
                None
            } else {
                Some(entry.ended())
            };
            entry.excuse = entry.excuse.or(excuse);
        }
    }

    /// The whole browser ends without a word.
    pub(crate) fn kill_browser(&mut self, b: usize) {
        let browser = &mut self.browsers[b];
        let survive = self.random.below(browser.disk.unsafe_writes() + 1);
        let left = browser.left.values().flatten().map(|item| item.id);
        let on_disk = browser.disk.items().map(|(id, _)| id);
        let before: Vec<Id> = on_disk.chain(left).collect();
        let lost = browser.disk.unsafe_writes() - survive;
        browser.disk.kill(survive);
        for _ in 0..lost {
            self.faults.add(Fault::WriteLost);
        }
        let mut had = Vec::new();
        for tab in browser.tabs.drain(..) {
            had.extend(tab.holds);
        }
        had.extend(before.iter().filter_map(|id| self.ledger.of_id(*id)));
        if self.random.chance(500) {
            browser.record.clone_from(&browser.safe_record);
            browser.left.clone_from(&browser.safe_left);
            browser.records_lost += 1;
        }
        for number in had {
            let entry = &mut self.ledger.entries[number];
            let id = entry.sealed.map(|sealed| sealed.id);
            if id.is_some_and(|id| browser.has(id)) {
                continue;
            }
            let excuse = if browser.consent != Consent::Granted {
                Some(Excuse::NoConsent)
            } else if entry.not_kept.is_some() {
                entry.not_kept
            } else if entry.deed.is_urgent() && entry.sent {
                // It was promised to be on the disk before it left.
                None
            } else if id.is_some_and(|id| before.contains(&id)) {
                Some(Excuse::WriteLost)
            } else {
                Some(entry.ended())
            };
            entry.excuse = entry.excuse.or(excuse);
        }
        self.note("browser killed", [b as u64, lost as u64], String::new);
    }

    /// The visitor decides about consent, and every open page is told.
    pub(crate) fn decide(&mut self, b: usize, consent: Consent) -> Result<(), Broken> {
        self.note("consent", [b as u64, consent as u64], || {
            format!("{consent:?}")
        });
        self.browsers[b].consent = consent;
        if consent == Consent::Denied {
            self.note_asked_for(b)?;
            self.withdraw(b);
        }
        for t in 0..self.browsers[b].tabs.len() {
            self.tell(b, t, Input::Consent(consent))?;
            self.settle(b, t)?;
        }
        if consent == Consent::Denied {
            let browser = &mut self.browsers[b];
            if browser.tabs.is_empty() {
                // No page is open that could: the shop's next one begins by it.
                browser.disk.clear();
                browser.left.clear();
                browser.safe_left.clear();
                (browser.record, browser.safe_record) = (None, None);
            }
            let gone = browser.disk.is_empty() && browser.left.is_empty();
            let gone = gone && browser.record.is_none();
            Broken::unless(
                gone,
                "nothing is kept after consent is withdrawn",
                String::new,
            )?;
        }
        Ok(())
    }

    /// What the engines have asked for counts as tried, although nothing of it will happen.
    fn note_asked_for(&mut self, b: usize) -> Result<(), Broken> {
        for tab in &mut self.browsers[b].tabs {
            for effect in &tab.effects {
                match effect {
                    Effect::Keep { items, .. } => {
                        for item in items {
                            let number = self.ledger.read(&item.json)?;
                            self.ledger.entries[number].shared = true;
                        }
                    }
                    Effect::Fetch(body) | Effect::Beacon(body) => {
                        let Ok(envelope) = Envelope::read(body.as_bytes()) else {
                            continue;
                        };
                        for item in &envelope.items {
                            let number = self.ledger.read(&envelope.whole(item.get()))?;
                            *tab.tries.entry(number).or_default() += 1;
                        }
                        tab.left_behind = true;
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn withdraw(&mut self, b: usize) {
        self.browsers[b].records_lost += 1;
        for tab in &mut self.browsers[b].tabs {
            tab.left_behind |= tab.request.take().is_some();
            for number in std::mem::take(&mut tab.holds) {
                let entry = &mut self.ledger.entries[number];
                if !entry.shared && !tab.tries.contains_key(&number) {
                    entry.let_go = true;
                    tab.let_go[1].push(number);
                }
            }
        }
        for entry in &mut self.ledger.entries {
            if entry.browser == b && entry.met.is_none() && !entry.let_go {
                entry.excuse.get_or_insert(Excuse::Withdrawn);
            }
            entry.forbidden |= entry.browser == b;
        }
    }
}
