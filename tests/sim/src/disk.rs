//! A browser's database: strict writes are on the disk when they are done, others only later.

use goalpost_core::Id;
use std::collections::BTreeMap;

#[derive(Debug)]
enum Write {
    Put(Id, String),
    Delete(Id),
}

/// Items by id; what tabs see, and what a kill leaves of it.
#[derive(Debug, Default)]
pub struct Disk {
    seen: BTreeMap<Id, String>,
    safe: BTreeMap<Id, String>,
    unsafe_writes: Vec<Write>,
}

impl Disk {
    /// Writes an item, visible at once.
    pub fn put(&mut self, id: Id, text: &str) {
        self.seen.insert(id, text.to_owned());
        self.unsafe_writes.push(Write::Put(id, text.to_owned()));
    }

    /// Removes an item, visible at once.
    pub fn delete(&mut self, id: Id) {
        self.seen.remove(&id);
        self.unsafe_writes.push(Write::Delete(id));
    }

    /// Removes everything, for good.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Everything written so far reaches the disk.
    pub fn sync(&mut self) {
        self.sync_first(self.unsafe_writes.len());
    }

    /// How many writes would not survive a kill.
    pub fn unsafe_writes(&self) -> usize {
        self.unsafe_writes.len()
    }

    /// The first so many writes reach the disk, the rest is lost; tabs see what is left.
    pub fn kill(&mut self, survive: usize) {
        self.sync_first(survive);
        self.unsafe_writes.clear();
        self.seen.clone_from(&self.safe);
    }

    fn sync_first(&mut self, count: usize) {
        for write in self.unsafe_writes.drain(..count) {
            match write {
                Write::Put(id, text) => {
                    self.safe.insert(id, text);
                }
                Write::Delete(id) => {
                    self.safe.remove(&id);
                }
            }
        }
    }

    /// What a tab reads.
    pub fn items(&self) -> impl Iterator<Item = (Id, &String)> {
        self.seen.iter().map(|(id, text)| (*id, text))
    }

    /// Whether a tab would find the item.
    pub fn has(&self, id: Id) -> bool {
        self.seen.contains_key(&id)
    }

    /// Whether nothing is there.
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }
}
