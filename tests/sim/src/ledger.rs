//! The world's own list of what was captured, and of what became of each.

use crate::{broken::Broken, visit::Deed};
use goalpost_core::Id;
use std::collections::{BTreeMap, HashMap};

/// Why something that was captured may never arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Excuse {
    /// The page ended without a word before the item was sent or kept.
    EndedEarly,
    /// The same for an urgent item that waited for the lock or for the plan.
    UrgentHeld,
    /// The page ended without a word while the only request with the item was under way.
    UnderWay,
    /// The browser's storage refused to keep it.
    StorageRefused,
    /// The browser was killed before a relaxed write reached the disk.
    WriteLost,
    /// The browser was killed while the disk took longer than an urgent item may wait.
    DiskSlow,
    /// Consent was never given while the tab lived.
    NoConsent,
    /// Consent was withdrawn after it had been sent at least once: it may have arrived.
    Withdrawn,
}

impl Excuse {
    /// Every excuse, in the order of the report.
    pub const ALL: [Self; 8] = [
        Self::EndedEarly,
        Self::UrgentHeld,
        Self::UnderWay,
        Self::StorageRefused,
        Self::WriteLost,
        Self::DiskSlow,
        Self::NoConsent,
        Self::Withdrawn,
    ];

    /// The excuse in words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EndedEarly => "ended before flush",
            Self::UrgentHeld => "urgent, held for plan or lock",
            Self::UnderWay => "ended with request under way",
            Self::StorageRefused => "storage refused",
            Self::WriteLost => "relaxed write lost",
            Self::DiskSlow => "disk slower than patience",
            Self::NoConsent => "consent never given",
            Self::Withdrawn => "withdrawn in doubt",
        }
    }
}

impl Entry {
    /// The excuse of an item that only a page's memory had when that page ended.
    pub const fn ended(&self) -> Excuse {
        match (self.sent, self.deed.is_urgent()) {
            (true, _) => Excuse::UnderWay,
            (false, true) => Excuse::UrgentHeld,
            (false, false) => Excuse::EndedEarly,
        }
    }
}

/// How the copy came that decided about an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The visitor that the edge took it for.
    pub visitor: Option<Id>,
    /// When the beacon was made, by the device's clock.
    pub sent: i64,
    /// When it arrived.
    pub received_at: i64,
    /// The plan that decided.
    pub plan: usize,
}

/// What became of an item at the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Met {
    /// One row.
    Stored(Delivery),
    /// In quarantine, for that reason.
    Quarantined(&'static str),
    /// Let go by the edge.
    Dropped,
}

/// One thing captured.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Entry {
    /// Which browser.
    pub browser: usize,
    /// Which tab.
    pub tab: u32,
    /// Which page load, and its place on it.
    pub place: (Id, u32),
    /// What it was.
    pub deed: Deed,
    /// When, by the device's clock.
    pub time: i64,
    /// Whether the tab could know its session at once.
    pub prompt: bool,
    /// How often the browser had lost the tabs' record by then.
    pub records_lost: u32,
    /// Its id and session, once its text was seen.
    pub sealed: Option<Sealed>,
    /// Whether a copy has left the page.
    pub sent: bool,
    /// Consent was withdrawn after it was captured: it may not leave any more.
    pub forbidden: bool,
    /// It was handed to the browser's storage, where other pages find it.
    pub shared: bool,
    /// Why the disk may not have it although it was asked to.
    pub not_kept: Option<Excuse>,
    /// The engine let it go and has counted that.
    pub let_go: bool,
    /// Why it may never arrive.
    pub excuse: Option<Excuse>,
    /// What became of it at the edge.
    pub met: Option<Met>,
}

/// What an item's text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Its id.
    pub id: Id,
    /// Its session.
    pub session: Option<Id>,
    /// A hash of every byte.
    pub text: u64,
}

/// What the edge has learned of a page load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PageLoad {
    /// How many places it has given out.
    pub captured: u32,
    /// How many items it has let go: overflow, expired, consent, refused.
    pub dropped: [u32; 2],
}

/// Everything captured in one world.
#[derive(Debug, Default)]
pub struct Ledger {
    /// In the order of their capture.
    pub entries: Vec<Entry>,
    places: HashMap<(Id, u32), usize>,
    ids: HashMap<Id, usize>,
    /// What the edge knows of each page load.
    pub page_loads: BTreeMap<Id, PageLoad>,
    /// Copies that met a fate in a transaction that was committed.
    pub copies: u64,
}

impl Ledger {
    /// Adds something captured.
    pub fn add(&mut self, entry: Entry) -> usize {
        let number = self.entries.len();
        self.places.insert(entry.place, number);
        self.entries.push(entry);
        number
    }

    /// The entry of an id that was seen before.
    pub fn of_id(&self, id: Id) -> Option<usize> {
        self.ids.get(&id).copied()
    }

    /// The entry of a place.
    pub fn of_place(&self, page: Id, index: u32) -> Option<usize> {
        self.places.get(&(page, index)).copied()
    }

    /// Finds the entry that an item's text is about.
    ///
    /// # Errors
    /// The text is nobody's, or not what it was.
    pub fn read(&mut self, text: &str) -> Result<usize, Broken> {
        let item = parse(text)
            .ok_or_else(|| Broken::new("an item names id, place and page", || text.to_owned()))?;
        let number = self
            .of_place(item.page, item.index)
            .ok_or_else(|| Broken::new("only what was captured is an item", || text.to_owned()))?;
        let entry = &mut self.entries[number];
        let fresh = Sealed {
            id: item.id,
            session: item.session,
            text: hash(text),
        };
        if *entry.sealed.get_or_insert(fresh) != fresh {
            let sealed = entry.sealed;
            return Err(Broken::new("an item's bytes never change", || {
                format!("{text} was {sealed:?}")
            }));
        }
        self.ids.insert(item.id, number);
        Ok(number)
    }
}

struct Item {
    id: Id,
    index: u32,
    page: Id,
    session: Option<Id>,
}

fn parse(text: &str) -> Option<Item> {
    let after = |key: &str, at: Option<usize>| text.get(at? + key.len()..);
    let id_at = |key: &str, at: Option<usize>| Id::parse(after(key, at)?.get(..36)?);
    let seq = after("\"seq\":", text.find("\"seq\":"))?;
    let seq: u32 = seq.split(',').next()?.parse().ok()?;
    Some(Item {
        id: id_at("\"id\":\"", text.find("\"id\":\""))?,
        index: seq & 0xffff,
        page: id_at("\"page\":\"", text.find("\"page\":\""))?,
        session: id_at("\"session\":\"", text.find("\"session\":\"")),
    })
}

fn hash(text: &str) -> u64 {
    text.bytes().fold(7, |hash: u64, byte| {
        (hash.rotate_left(5) ^ u64::from(byte)).wrapping_mul(0x517c_c1b7_2722_0a95)
    })
}
