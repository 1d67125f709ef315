//! A visitor's browser: what its tabs share, and what each has for itself.

use crate::disk::Disk;
use goalpost_core::{Id, SessionRecord, beacon::Item};
use goalpost_sdk::engine::{Consent, Effect, Engine};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How the tabs' lock works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// One tab at a time reads and writes the record.
    Works,
    /// There is none: what a tab has read may be old when it writes.
    Absent,
}

/// One browser with its visitor.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fault of its own")]
pub struct Browser {
    /// Who the visitor would say they are.
    pub contact: &'static str,
    /// What the visitor has decided.
    pub consent: Consent,
    /// How far the device's clock is off.
    pub offset: i64,
    /// How the lock works.
    pub lock: Lock,
    /// The shop's database in this browser.
    pub disk: Disk,
    /// What pages have left in the small storage, as they were hidden, for others to find: under the
    /// last item of each.
    pub left: BTreeMap<Id, Vec<Item>>,
    /// What a kill leaves of that.
    pub safe_left: BTreeMap<Id, Vec<Item>>,
    /// Whether the database takes writes now.
    pub disk_refuses: bool,
    /// Whether the small storage of the record ever takes any.
    pub record_refuses: bool,
    /// The tabs' shared record.
    pub record: Option<String>,
    /// What a kill leaves of it.
    pub safe_record: Option<String>,
    /// The visitor in the edge's cookie.
    pub cookie: Option<Id>,
    /// The browser signals a refusal: the edge lets go of everything.
    pub signals_refusal: bool,
    /// Tabs can no longer be expected to share one session, for a reason outside the engine.
    pub sessions_torn: bool,
    /// The device's clock has jumped back: no tab can tell any more how long a gap was.
    pub clock_went_back: bool,
    /// How often the tabs' record was lost or removed: each time is a beginning.
    pub records_lost: u32,
    /// The open tabs.
    pub tabs: Vec<Tab>,
}

/// A transaction that is not done: a tab that ends may end it too.
#[derive(Debug)]
pub struct Write {
    /// When it is done.
    pub due: i64,
    /// What it adds.
    pub items: Vec<Item>,
    /// Whether it is on the disk then.
    pub strict: bool,
}

/// One page load in one tab.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Tab {
    /// Its number in the world.
    pub number: u32,
    /// Its page load.
    pub page: Id,
    /// The code under test.
    pub engine: Engine,
    /// What the engine asked for and is not done.
    pub effects: VecDeque<Effect>,
    /// An urgent write is waited for until then.
    pub disk_wait: Option<i64>,
    /// Transactions of the database that are not done.
    pub writes: VecDeque<Write>,
    /// What was to be kept and no transaction has confirmed.
    pub unsure: Vec<Item>,
    /// Where the small storage has such items of this tab, or some that it has found.
    pub left: Vec<Id>,
    /// No request gets through, as far as the tab knows.
    pub failing: bool,
    /// The record arrives then; with what was read already, where there is no lock.
    pub lock_wait: Option<(i64, Option<Option<String>>)>,
    /// The stored items arrive then.
    pub load_wait: Option<i64>,
    /// Plans that arrive then; `None`: patience ends.
    pub plan_wait: VecDeque<(i64, Option<usize>)>,
    /// One of them has, so the engine may open a session.
    pub has_plan: bool,
    /// When the page's timer fires.
    pub wake: Option<i64>,
    /// Whether the page is hidden.
    pub hidden: bool,
    /// Items that the engine must still have, by entry.
    pub holds: BTreeSet<usize>,
    /// How often this tab has tried to send each.
    pub tries: BTreeMap<usize, u32>,
    /// The request under way: its number and its items.
    pub request: Option<(u64, Vec<usize>)>,
    /// A request was left behind, so that an answer may be to another than the last.
    pub left_behind: bool,
    /// What the engine must have counted as let go: overflow, expired, consent, refused.
    pub let_go: [Vec<usize>; 2],
    /// The record of this tab alone, for the design that does not share it.
    pub own_record: Option<String>,
}

impl Browser {
    /// Whether a later page would find the item.
    pub fn has(&self, id: Id) -> bool {
        self.disk.has(id) || self.left.values().flatten().any(|item| item.id == id)
    }

    /// What the tab was not sure of is on the disk, or needs to be kept no more.
    pub fn is_kept(&mut self, t: usize, ids: &[Id]) {
        let tab = &mut self.tabs[t];
        tab.unsure.retain(|item| !ids.contains(&item.id));
        if tab.unsure.is_empty() {
            for key in tab.left.drain(..) {
                self.left.remove(&key);
            }
        }
    }

    /// A transaction of the tab is done.
    pub fn commit(&mut self, t: usize, write: &Write) {
        if self.disk_refuses {
            return;
        }
        for item in &write.items {
            self.disk.put(item.id, &item.json);
        }
        if write.strict {
            self.disk.sync();
        }
        let ids: Vec<Id> = write.items.iter().map(|item| item.id).collect();
        self.is_kept(t, &ids);
    }

    /// Writes the record as a page does; false if the storage refuses.
    pub fn store_record(&mut self, text: String) -> bool {
        if !self.record_refuses {
            self.record = Some(text);
        }
        !self.record_refuses
    }

    /// Notes activity in whatever record is there.
    pub fn store_activity(&mut self, last: i64) {
        if let Some(mut record) = self.record.as_deref().and_then(SessionRecord::parse) {
            record.last = record.last.max(last);
            self.store_record(record.text());
        }
    }
}
