//! The browser around the engine, as the page's shell is: it carries out what the engine asks for.

use crate::{
    broken::Broken,
    browser::{Lock, Write},
    fault::Fault,
    known_bad::KnownBad,
    ledger::Excuse,
    world::World,
};
use goalpost_core::{Id, beacon::Item, fate, limits};
use goalpost_sdk::engine::{Consent, Effect, Input};

/// The longest wait for the disk before an urgent item leaves without it.
const DISK_MS: i64 = 300;
/// The longest pause that an engine may want to sleep.
const LONGEST_PAUSE_MS: i64 = 300_000;

impl World<'_> {
    /// The device's clock in that browser.
    pub(crate) fn device(&self, b: usize) -> i64 {
        self.now + self.browsers[b].offset
    }

    /// Tells an engine what happened and takes over what it asks for.
    pub(crate) fn tell(&mut self, b: usize, t: usize, input: Input<'_>) -> Result<(), Broken> {
        let device = self.device(b);
        let tab = &mut self.browsers[b].tabs[t];
        tab.engine.handle(device, input);
        while let Some(effect) = tab.engine.poll_effect() {
            if effect == Effect::Purge {
                // What was asked for before consent was withdrawn must not happen after it.
                tab.effects.clear();
                tab.disk_wait = None;
            }
            tab.effects.push_back(effect);
        }
        let due = tab.engine.next_wakeup();
        tab.wake = due.map(|due| self.now + (due - device).max(0));
        let sleep = due.map_or(0, |due| due - device);
        Broken::unless(
            sleep <= LONGEST_PAUSE_MS,
            "no pause is longer than the longest",
            || format!("tab {}: {sleep} ms", tab.number),
        )
    }

    /// Carries out what was asked for, then compares the engine's count with the world's.
    pub(crate) fn settle(&mut self, b: usize, t: usize) -> Result<(), Broken> {
        while self.browsers[b].tabs[t].disk_wait.is_none() {
            let Some(effect) = self.browsers[b].tabs[t].effects.pop_front() else {
                break;
            };
            self.perform(b, t, effect)?;
        }
        let tab = &self.browsers[b].tabs[t];
        let (waiting, holds) = (tab.engine.waiting(), tab.holds.len());
        Broken::unless(
            waiting == holds,
            "an engine has what nobody has confirmed",
            || {
                format!(
                    "tab {}: {waiting} waiting, {holds} expected: {:?}",
                    tab.number, tab.holds
                )
            },
        )?;
        Broken::unless(
            waiting <= limits::OUTBOX_ITEMS,
            "the outbox is within its limit",
            || format!("tab {}: {waiting}", tab.number),
        )?;
        let order = [fate::Drop::Overflow, fate::Drop::Consent];
        for (reason, expected) in order.into_iter().zip(&tab.let_go) {
            let counted = tab
                .engine
                .dropped()
                .iter()
                .find(|(known, _)| *known == reason);
            let counted = counted.map_or(0, |(_, count)| *count as usize);
            Broken::unless(
                counted == expected.len(),
                "what is let go is counted once",
                || {
                    let name = reason.name();
                    format!(
                        "tab {}: {name} counted {counted}, but was {expected:?}",
                        tab.number
                    )
                },
            )?;
        }
        Ok(())
    }

    /// Nothing of a visitor's is read, kept or sent without consent.
    pub(crate) fn consented(&self, b: usize, what: &'static str) -> Result<(), Broken> {
        let granted = self.browsers[b].consent == Consent::Granted;
        Broken::unless(granted, "without consent nothing is kept or sent", || {
            format!("browser {b}: {what}")
        })
    }

    fn perform(&mut self, b: usize, t: usize, effect: Effect) -> Result<(), Broken> {
        match effect {
            Effect::OpenSession => self.ask_for_record(b, t),
            Effect::StoreRecord(text) => {
                self.consented(b, "record")?;
                self.note("record", [b as u64, t as u64], || text.clone());
                if self.bad == Some(KnownBad::RecordPerTab) {
                    self.browsers[b].tabs[t].own_record = Some(text);
                } else if !self.browsers[b].store_record(text) {
                    self.faults.add(Fault::StorageRefused);
                }
                Ok(())
            }
            Effect::StoreActivity(last) => {
                self.consented(b, "activity")?;
                self.note("activity", [b as u64, last.cast_unsigned()], || {
                    last.to_string()
                });
                self.browsers[b].store_activity(last);
                Ok(())
            }
            Effect::LoadStored => {
                self.consented(b, "read")?;
                let due = self.now + self.random.between(1, 60);
                self.browsers[b].tabs[t].load_wait = Some(due);
                Ok(())
            }
            Effect::Keep { items, urgent } => self.keep(b, t, &items, urgent),
            Effect::Forget(ids) => {
                let browser = &mut self.browsers[b];
                browser.is_kept(t, &ids);
                if !browser.disk_refuses {
                    // Transactions are done in their order: what is still to be put is deleted after.
                    for write in &mut browser.tabs[t].writes {
                        write.items.retain(|item| !ids.contains(&item.id));
                    }
                    for id in ids {
                        browser.disk.delete(id);
                    }
                }
                Ok(())
            }
            Effect::Purge => {
                let browser = &mut self.browsers[b];
                (browser.record, browser.safe_record) = (None, None);
                // The page asks the edge to forget the visitor, and has no other request under way.
                browser.cookie = None;
                if self.bad != Some(KnownBad::NoPurge) {
                    browser.disk.clear();
                    browser.left.clear();
                    browser.safe_left.clear();
                }
                let tab = &mut browser.tabs[t];
                tab.writes.clear();
                tab.unsure.clear();
                tab.left.clear();
                Ok(())
            }
            Effect::Fetch(body) => self.fetch(b, t, body),
            Effect::Beacon(body) => self.beacon(b, t, body),
            Effect::Watch(_) | Effect::Sealed(_) | Effect::Say(_) => Ok(()),
        }
    }

    fn ask_for_record(&mut self, b: usize, t: usize) -> Result<(), Broken> {
        self.consented(b, "record read")?;
        let (lock, rate) = (self.browsers[b].lock, Fault::LockLate);
        let late = self.happens(rate);
        let browser = &mut self.browsers[b];
        let record = browser.record.clone();
        let tab = &mut browser.tabs[t];
        if self.bad == Some(KnownBad::RecordPerTab) {
            let record = tab.own_record.clone();
            return self.tell(b, t, Input::Record(record.as_deref()));
        }
        match lock {
            Lock::Works if late => {
                let within = if self.random.chance(200) { 20_000 } else { 800 };
                tab.lock_wait = Some((self.now + self.random.between(1, within), None));
                Ok(())
            }
            Lock::Works => self.tell(b, t, Input::Record(record.as_deref())),
            Lock::Absent => {
                let due = self.now + self.random.between(0, 900);
                tab.lock_wait = Some((due, Some(record)));
                self.faults.add(Fault::LockAbsent);
                Ok(())
            }
        }
    }

    fn keep(&mut self, b: usize, t: usize, items: &[Item], urgent: bool) -> Result<(), Broken> {
        self.consented(b, "kept")?;
        let refuses = self.browsers[b].disk_refuses;
        let slow = urgent && !refuses && self.happens(Fault::DiskSlow);
        for item in items {
            let number = self.ledger.read(&item.json)?;
            let entry = &mut self.ledger.entries[number];
            entry.shared = true;
            entry.not_kept = if refuses {
                Some(Excuse::StorageRefused)
            } else {
                slow.then_some(Excuse::DiskSlow)
            };
        }
        self.note("keep", [items.len() as u64, u64::from(urgent)], || {
            format!("urgent: {urgent}, refused: {refuses}, slow: {slow}")
        });
        self.browsers[b].tabs[t].unsure.extend_from_slice(items);
        if !refuses {
            self.write(b, t, items, urgent, slow);
        }
        Ok(())
    }

    /// Begins a transaction that adds items.
    fn write(&mut self, b: usize, t: usize, items: &[Item], urgent: bool, slow: bool) {
        let strict = urgent && self.bad != Some(KnownBad::UrgentNotKept);
        let takes = match (slow, strict) {
            (true, _) => self.random.between(50, 900),
            (false, true) => 0,
            (false, false) => self.random.between(0, 60),
        };
        let write = Write {
            due: self.now + takes,
            items: items.to_vec(),
            strict,
        };
        let browser = &mut self.browsers[b];
        if takes == 0 {
            return browser.commit(t, &write);
        }
        let tab = &mut browser.tabs[t];
        if strict && !tab.hidden {
            // A hidden page may not wait: there may be no later.
            tab.disk_wait = Some(write.due.min(self.now + DISK_MS));
        }
        tab.writes.push_back(write);
    }

    /// A transaction is done.
    pub(crate) fn disk_is_done(&mut self, b: usize, t: usize) {
        let browser = &mut self.browsers[b];
        if let Some(write) = browser.tabs[t].writes.pop_front() {
            browser.commit(t, &write);
            for item in &write.items {
                if let Some(number) = self.ledger.of_id(item.id) {
                    let entry = &mut self.ledger.entries[number];
                    entry.not_kept = entry
                        .not_kept
                        .filter(|excuse| *excuse != Excuse::DiskSlow || browser.disk_refuses);
                }
            }
        }
    }

    /// What no transaction has confirmed stands in the small storage as soon as the page is hidden.
    pub(crate) fn leave_items(&mut self, b: usize, t: usize) -> Result<(), Broken> {
        let browser = &mut self.browsers[b];
        let tab = &mut browser.tabs[t];
        let Some(last) = tab.unsure.last() else {
            return Ok(());
        };
        if browser.record_refuses || self.bad == Some(KnownBad::NothingLeft) {
            return Ok(());
        }
        tab.left.push(last.id);
        browser.left.insert(last.id, tab.unsure.clone());
        self.consented(b, "left")
    }

    /// What an earlier page load left is handed to the engine.
    pub(crate) fn load(&mut self, b: usize, t: usize) -> Result<(), Broken> {
        let browser = &mut self.browsers[b];
        let mut items: Vec<Item> = browser
            .disk
            .items()
            .map(|(id, json)| Item {
                id,
                json: json.clone(),
            })
            .collect();
        let mut missing: Vec<Item> = browser.left.values().flatten().cloned().collect();
        missing.sort_by_key(|item| item.id);
        missing.dedup_by_key(|item| item.id);
        missing.retain(|item| !browser.disk.has(item.id));
        items.extend_from_slice(&missing);
        let keys: Vec<Id> = browser.left.keys().copied().collect();
        let tab = &mut browser.tabs[t];
        tab.load_wait = None;
        tab.left.extend(keys);
        if missing.is_empty() {
            browser.is_kept(t, &[]);
        } else {
            let waits = browser.tabs[t].disk_wait;
            self.keep(b, t, &missing, true)?;
            // The engine did not ask for it, so it waits for none of it.
            self.browsers[b].tabs[t].disk_wait = waits;
        }
        let browser = &mut self.browsers[b];
        let tab = &mut browser.tabs[t];
        if items.is_empty() {
            return Ok(());
        }
        for item in &items {
            let number = self.ledger.read(&item.json)?;
            let fits = tab.holds.len() < limits::OUTBOX_ITEMS;
            if browser.consent == Consent::Granted && fits {
                tab.holds.insert(number);
            }
        }
        self.tell(b, t, Input::Stored(items))?;
        self.settle(b, t)
    }
}
