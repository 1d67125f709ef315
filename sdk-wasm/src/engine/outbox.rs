//! What was captured and is not yet known to be safe at the edge.

use goalpost_core::{Id, beacon::Item, limits};

/// Where an item is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Nothing has been tried, or what was tried failed.
    Waiting,
    /// A request with it is under way.
    Sent,
    /// A beacon took it, which has no answer: only a later request can confirm it.
    Beaconed,
}

#[derive(Clone, Debug)]
struct Entry {
    item: Item,
    progress: Progress,
    /// It is in the browser's storage too.
    kept: bool,
    /// Money or identity depends on it: it goes first.
    urgent: bool,
    /// Attempts of this page to deliver it.
    tried: bool,
}

/// Items in the order of their capture.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outbox {
    entries: Vec<Entry>,
    /// Something urgent came since what is to be kept was asked for.
    urgent: bool,
}

impl Outbox {
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether something is as far on its way.
    pub(crate) fn has(&self, progress: Progress) -> bool {
        self.entries.iter().any(|entry| entry.progress == progress)
    }

    /// Whether something is left to be sent or sent again.
    pub(crate) fn has_unsent(&self) -> bool {
        self.entries
            .iter()
            .any(|entry| entry.progress != Progress::Sent)
    }

    /// Whether the unsent items fill a request.
    pub(crate) fn is_full(&self) -> bool {
        let unsent = self
            .entries
            .iter()
            .filter(|entry| entry.progress == Progress::Waiting);
        let (count, bytes) = unsent.fold((0usize, 0usize), |(count, bytes), entry| {
            (
                count.saturating_add(1),
                bytes.saturating_add(entry.item.json.len()),
            )
        });
        count >= limits::BEACON_ITEMS || bytes >= limits::BEACON_BYTES / 2
    }

    pub(crate) fn push(&mut self, item: Item, urgent: bool, kept: bool) {
        // Only what was read from the browser's storage may be here already.
        if !kept || self.entries.iter().all(|entry| entry.item.id != item.id) {
            self.urgent |= urgent;
            self.entries.push(Entry {
                item,
                progress: Progress::Waiting,
                kept,
                urgent,
                tried: false,
            });
        }
    }

    /// Marks as many items as one body takes, urgent ones first, and gives their texts.
    ///
    /// `room` is what the envelope leaves of the body. A request takes what no other request
    /// carries. A beacon takes what no other beacon carries: what a request does as well, because
    /// that may be cut off, but not all again, since a page that ends is hidden and left at once.
    pub(crate) fn take(&mut self, room: usize, progress: Progress) -> (Vec<Id>, Vec<String>) {
        let mut left = room;
        let mut ids = Vec::new();
        let mut texts = Vec::new();
        for urgent in [true, false] {
            for entry in &mut self.entries {
                let free = entry.progress != progress;
                let size = entry.item.json.len().saturating_add(1);
                if entry.urgent == urgent
                    && free
                    && size <= left
                    && ids.len() < limits::BEACON_ITEMS
                {
                    left = left.saturating_sub(size);
                    entry.progress = progress;
                    entry.tried = true;
                    ids.push(entry.item.id);
                    texts.push(entry.item.json.clone());
                }
            }
        }
        (ids, texts)
    }

    /// The items that the browser's storage does not have yet, and whether one of them is urgent;
    /// they count as kept from now on.
    pub(crate) fn keep(&mut self, urgent_only: bool) -> (Vec<Item>, bool) {
        let mut items = Vec::new();
        let mut urgent = false;
        if urgent_only && !self.urgent {
            return (items, urgent);
        }
        self.urgent = false;
        for entry in &mut self.entries {
            if !entry.kept && (entry.urgent || !urgent_only) {
                entry.kept = true;
                urgent |= entry.urgent;
                items.push(entry.item.clone());
            }
        }
        (items, urgent)
    }

    /// What was on its way is not any more.
    pub(crate) fn reset(&mut self, from: Progress) {
        for entry in &mut self.entries {
            if entry.progress == from {
                entry.progress = Progress::Waiting;
            }
        }
    }

    /// Removes items; gives those whose copy in the browser's storage must go too.
    pub(crate) fn remove(&mut self, ids: &[Id]) -> Vec<Id> {
        let mut kept = Vec::new();
        // Most ids come in the order of the entries, and before those that stay.
        let mut found = 0usize;
        self.entries.retain(|entry| {
            let next = ids.get(found);
            let gone =
                next.is_some_and(|next| *next == entry.item.id || ids.contains(&entry.item.id));
            found = found.saturating_add(usize::from(gone));
            if gone && entry.kept {
                kept.push(entry.item.id);
            }
            !gone
        });
        kept
    }

    /// Removes everything; gives how many certainly never reached the edge.
    pub(crate) fn clear(&mut self) -> usize {
        let untried = |entry: &&Entry| !entry.tried && !entry.kept;
        let count = self.entries.iter().filter(untried).count();
        self.entries.clear();
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbox(count: u8) -> (Outbox, Vec<Id>) {
        let mut outbox = Outbox::default();
        let mut ids = Vec::new();
        for number in 0..count {
            let id = Id::new(1_795_000_000_000, [number; 10]);
            let json = String::new();
            // Kept as if an earlier page had left it, so that what is removed is told.
            outbox.push(Item { id, json }, false, true);
            ids.push(id);
        }
        (outbox, ids)
    }

    /// Every choice of some of these, in every order.
    fn choices(ids: &[Id]) -> Vec<Vec<Id>> {
        let mut all = vec![Vec::new()];
        for id in ids {
            let others: Vec<Id> = ids.iter().filter(|other| *other != id).copied().collect();
            for mut rest in choices(&others) {
                rest.insert(0, *id);
                all.push(rest);
            }
        }
        all
    }

    #[test]
    fn what_is_removed_is_what_is_named_in_whatever_order() {
        let (all, ids) = outbox(5);
        let unknown = Id::new(1_795_000_000_000, [99; 10]);
        for named in choices(&ids) {
            for named in [named.clone(), [&[unknown], &named[..]].concat()] {
                let mut outbox = all.clone();
                let removed = outbox.remove(&named);
                let left: Vec<Id> = outbox.entries.iter().map(|entry| entry.item.id).collect();
                let (gone, stays): (Vec<_>, Vec<_>) = ids.iter().partition(|id| named.contains(id));
                assert_eq!((removed, left), (gone, stays), "{named:?}");
            }
        }
    }

    #[test]
    fn what_was_read_from_storage_is_not_taken_twice() {
        let (mut outbox, ids) = outbox(2);
        for id in ids {
            let json = String::new();
            outbox.push(Item { id, json }, false, true);
        }
        assert_eq!(outbox.len(), 2);
    }

    #[test]
    fn only_what_is_urgent_is_kept_until_all_is_asked_for() {
        let (mut outbox, _) = outbox(0);
        let item = |number| Item {
            id: Id::new(1_795_000_000_000, [number; 10]),
            json: String::new(),
        };
        outbox.push(item(1), false, false);
        assert_eq!(outbox.keep(true), (vec![], false));
        outbox.push(item(2), true, false);
        assert_eq!(outbox.keep(true), (vec![item(2)], true));
        assert_eq!(outbox.keep(true), (vec![], false));
        outbox.push(item(3), true, false);
        assert_eq!(outbox.keep(false), (vec![item(1), item(3)], true));
        assert_eq!(outbox.keep(true), (vec![], false));
    }
}
