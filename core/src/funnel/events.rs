//! What a funnel looks at: arrivals and what was seen, in one order.

use super::Step;
use crate::{id::Id, trail::Entry};
use alloc::vec::Vec;

/// Something that can be a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// When: Unix milliseconds.
    pub time: i64,
    /// Its place in the visitor's order, which decides between equal times; 0 where it has none.
    pub seq: u32,
    /// The session that it belongs to, to look up the session's channel, device and country.
    pub session: Id,
    /// What happened.
    pub what: What<'a>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "a step must decide about each")]
pub enum What<'a> {
    /// A session began through that channel. It comes right before the session's first entry, and
    /// is an event of its own: a landing page is both an arrival and a page, and so two steps. It
    /// never lies between two other steps.
    Arrival(&'a str),
    /// The session saw this.
    Seen(&'a Entry<'a>),
}

/// The events of one session in order, from its trail's entries as [`crate::trail::read`] gives them.
///
/// The sequence orders a page load; a clock that was set back in its course does not, so that no event
/// is earlier than the one before it. Page loads go on side by side in several tabs, and a server's word
/// has no place in any: they are together in the order of time. Without a channel (no page view has come
/// yet) there is no arrival.
///
/// ```
/// use goalpost_core::{Id, funnel::events_of_session, trail};
/// let entries = trail::read(r#"[65536,20,"page","/shoes/1",[],""],[65537,10,"click","",[],""]"#)?;
/// let events = events_of_session(Id::new(20, [0; 10]), Some("Email"), &entries);
/// let times: Vec<i64> = events.iter().map(|event| event.time).collect();
/// assert_eq!(times, [20, 20, 20]);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn events_of_session<'a>(
    session: Id,
    channel: Option<&'a str>,
    entries: &'a [Entry<'a>],
) -> Vec<Event<'a>> {
    let mut events = Vec::with_capacity(entries.len().saturating_add(1));
    let mut latest = (0, i64::MIN);
    for entry in entries {
        let mut time = entry.time;
        if entry.seq > 0 {
            let page_load = entry.seq >> 16;
            if page_load == latest.0 {
                time = time.max(latest.1);
            }
            latest = (page_load, time);
        }
        events.push(Event {
            time,
            seq: entry.seq,
            session,
            what: What::Seen(entry),
        });
    }
    let first = events.iter().min_by_key(|event| (event.time, event.seq));
    if let (Some(channel), Some(first)) = (channel, first) {
        events.push(Event {
            what: What::Arrival(channel),
            ..*first
        });
    }
    in_order([events])
}

/// The events of a person's sessions as one list: by time, then by sequence number, each once.
///
/// Sessions may come in any order, and any of them more than once.
pub fn in_order<'a>(sessions: impl IntoIterator<Item = Vec<Event<'a>>>) -> Vec<Event<'a>> {
    let mut events: Vec<Event<'a>> = sessions.into_iter().flatten().collect();
    events.sort_by(|one, other| one.place().cmp(&other.place()));
    events.dedup();
    events
}

impl<'a> Event<'a> {
    /// Where it stands in a list. Kind and name only keep copies of an event together.
    fn place(&self) -> (i64, u32, Id, Option<(&'a str, &'a str)>) {
        let what = match self.what {
            What::Arrival(_) => None,
            What::Seen(entry) => Some((&*entry.kind, &*entry.name)),
        };
        (self.time, self.seq, self.session, what)
    }
}

impl Step {
    /// Whether the event can be this step.
    pub(super) fn fits(&self, event: &Event<'_>) -> bool {
        let entry = match (event.what, self) {
            (What::Arrival(channel), Self::Arrival(wanted)) => return channel == wanted,
            (What::Arrival(_), _) | (_, Self::Arrival(_)) => return false,
            (What::Seen(entry), _) => entry,
        };
        match self {
            Self::Page(pattern) => entry.kind == "page" && pattern.captures(&entry.name).is_some(),
            Self::Event(name) => entry.kind == "event" && entry.name == *name,
            Self::Commerce(name) => entry.kind == "commerce" && entry.name == *name,
            Self::Definition(id) => entry.definitions.iter().any(|matched| matched == id),
            Self::Arrival(_) => false,
        }
    }
}
