//! A visitor's session: activity with no gap of the timeout or more.
//!
//! The browser gives out the session's id, shared by its tabs, so a late observation can never
//! bridge two sessions: each already carries the id of its own.

use crate::{id::Id, json};
use alloc::string::String;

/// What the tabs of one browser share about the visitor's presence.
///
/// ```
/// use goalpost_core::{Id, SessionRecord};
/// let id = |n| Id::new(n, [1; 10]);
/// let record = SessionRecord { visitor: id(1), session: id(2), last: 10_000, page_loads: 3 };
/// assert!(record.continues(10_000 + 1_799_999, 1_800_000));
/// assert!(!record.continues(10_000 + 1_800_000, 1_800_000));
/// assert_eq!(SessionRecord::parse(&record.text()), Some(record));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// The anonymous browser.
    pub visitor: Id,
    /// The session that goes on, or the last one.
    pub session: Id,
    /// The visitor's last activity in any tab: Unix milliseconds.
    pub last: i64,
    /// Page loads of this visitor so far: the upper half of the next page's sequence numbers.
    pub page_loads: u16,
}

impl SessionRecord {
    /// Whether activity at `now` belongs to this session: the gap is below the timeout.
    ///
    /// A clock that went backwards is no gap.
    pub fn continues(&self, now: i64, timeout_ms: u32) -> bool {
        now.saturating_sub(self.last) < i64::from(timeout_ms)
    }

    /// The record as kept in the browser's storage.
    pub fn text(&self) -> String {
        let mut text = self.visitor.text();
        text.push(' ');
        text.push_str(&self.session.text());
        for number in [self.last, i64::from(self.page_loads)] {
            text.push(' ');
            json::push_integer(&mut text, number);
        }
        text
    }

    /// Reads what [`Self::text`] wrote; anything else is as if nothing had been stored.
    pub fn parse(text: &str) -> Option<Self> {
        // Two ids of 36 characters, each followed by a space.
        let numbers = text.get(74..)?;
        let space = numbers.bytes().position(|byte| byte == b' ')?;
        Some(Self {
            visitor: Id::parse(text.get(..36)?)?,
            session: Id::parse(text.get(37..73)?)?,
            last: json::read_integer(numbers.get(..space)?)?,
            page_loads: json::read_integer(numbers.get(space.saturating_add(1)..)?)?
                .try_into()
                .ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sessions(timeout: u32, times: &[i64]) -> usize {
        let mut count = 0usize;
        let mut record: Option<SessionRecord> = None;
        for time in times {
            let same = record.filter(|record| record.continues(*time, timeout));
            if same.is_none() {
                count = count.saturating_add(1);
            }
            let id = Id::new(*time, [0; 10]);
            let last = record.map_or(*time, |record| record.last.max(*time));
            record = Some(SessionRecord {
                visitor: id,
                session: id,
                last,
                page_loads: 0,
            });
        }
        count
    }

    #[test]
    fn the_gap_decides_and_it_slides() {
        let timeout = 1_800_000;
        assert_eq!(sessions(timeout, &[0, 1_799_999]), 1);
        assert_eq!(sessions(timeout, &[0, 1_800_000]), 2);
        assert_eq!(sessions(timeout, &[0, 1_799_000, 3_598_000]), 1);
        assert_eq!(sessions(timeout, &[1_000_000, 400_000]), 1);
    }

    #[test]
    fn foreign_storage_is_no_record() {
        for text in ["", "x", "1 2 3 4", "null"] {
            assert_eq!(SessionRecord::parse(text), None);
        }
    }
}
