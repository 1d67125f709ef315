//! Sessions as a pure function of the set of a visitor's observations, in whatever order they came.
//!
//! The browser gives out the session's id as it goes, shared by its tabs, and the edge keeps it.
//! This is the same rule over what was recorded: the reference for what browsers assign, and what
//! other timeouts and other products' rules ([`Preset`]) would have made of the same visits.
//!
//! ```
//! use goalpost_core::{Zone, sessionize::{Event, Kind, SessionRules, sessions}};
//! let rules = SessionRules { timeout_ms: 1_800_000, split_at_midnight: false, split_by_campaign: false };
//! let page = |time| Event { time, seq: None, kind: Kind::Page { campaign: "" }, definitions: &[] };
//! // The last two are half an hour apart; that the first came late changes nothing.
//! let events = [page(900_000), page(2_700_000), page(0)];
//! let sessions = sessions(&events, &rules, &Zone::fixed(0));
//! assert_eq!(sessions.len(), 2);
//! assert_eq!(sessions[0].events, [2, 0]);
//! assert_eq!(sessions[0].duration_ms(), 900_000);
//! ```

mod figures;
mod practice;

pub use figures::{Counts, Figures, figures};
pub use practice::{Bounce, Practice, Preset, Unit};

use crate::{trail::Entry, zone::Zone};
use alloc::{borrow::Cow, vec::Vec};

/// When one session ends and the next begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionRules {
    /// Milliseconds without activity after which a session has ended.
    pub timeout_ms: i64,
    /// A new day of the site begins a new session.
    pub split_at_midnight: bool,
    /// Another campaign begins a new session.
    pub split_by_campaign: bool,
}

/// One of a visitor's observations, as far as sessions depend on it.
///
/// Two that are equal in everything are one that was delivered twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event<'a> {
    /// When it happened: Unix milliseconds.
    pub time: i64,
    /// Its place in the visitor's order, if it has one: what a server reports has none.
    pub seq: Option<u32>,
    /// What it says of the visitor's presence.
    pub kind: Kind<'a>,
    /// The definitions that it matched: key events, in the words of others.
    pub definitions: &'a [Cow<'a, str>],
}

/// What an observation says of the visitor's presence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(clippy::exhaustive_enums, reason = "a session must decide about each")]
pub enum Kind<'a> {
    /// A page view: the visitor is there.
    Page {
        /// The campaign that it was reached by, as in [`crate::trail::campaign`]; empty without.
        campaign: &'a str,
    },
    /// Anything else that the visitor did, or that played before the visitor.
    Interaction,
    /// Something that happened without the visitor, such as a payment that a server reports. It
    /// falls in the session that is going on, if there is one; it neither begins nor extends one.
    Passive,
}

/// What was made of one session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The time of its earliest activity: Unix milliseconds.
    pub start: i64,
    /// The time of its latest activity: Unix milliseconds.
    pub end: i64,
    /// Page views.
    pub pages: usize,
    /// What the visitor did besides.
    pub interactions: usize,
    /// Definitions matched, counted each time.
    pub key_events: usize,
    /// Where its events are in what was given, each once, in the visitor's order: by sequence
    /// number, and what has none by its time.
    pub events: Vec<usize>,
}

impl Session {
    const fn beginning(time: i64) -> Self {
        Self {
            start: time,
            end: time,
            pages: 0,
            interactions: 0,
            key_events: 0,
            events: Vec::new(),
        }
    }

    /// From the first activity to the last, in milliseconds: 0 for a single one, never less.
    pub fn duration_ms(&self) -> u64 {
        u64::try_from(self.end.saturating_sub(self.start)).unwrap_or(0)
    }

    /// Whether it was longer than 10 seconds, or had a key event, or at least two page views.
    ///
    /// Source: <https://support.google.com/analytics/answer/12798876>
    pub fn engaged(&self) -> bool {
        self.duration_ms() > 10_000 || self.key_events > 0 || self.pages > 1
    }

    /// Whether it was a single page view, or none, without any interaction.
    ///
    /// Source: <https://plausible.io/docs/metrics-definitions>
    pub fn bounced(&self) -> bool {
        self.pages < 2 && self.interactions == 0
    }
}

/// An entry of a trail was seen in a page: it is activity, whatever it is. What else is known of
/// one that a server has reported, the caller knows, and says so by [`Kind::Passive`].
impl<'a> From<&'a Entry<'_>> for Event<'a> {
    fn from(entry: &'a Entry<'_>) -> Self {
        Self {
            time: entry.time,
            seq: (entry.seq > 0).then_some(entry.seq),
            kind: if entry.kind == "page" {
                Kind::Page {
                    campaign: &entry.detail,
                }
            } else {
                Kind::Interaction
            },
            definitions: &entry.definitions,
        }
    }
}

/// A visitor's sessions, the earliest first.
///
/// A gap of the timeout or more between two activities ends a session, counted from the latest, so
/// that a session can go on for as long as it likes. Time decides where a session ends, because
/// two tabs are active side by side and the sequence numbers of one come all before the other's;
/// the sequence numbers decide the order within one, because the clock may have been set back.
///
/// An observation of nobody in particular has no session: leave it out.
pub fn sessions(events: &[Event<'_>], rules: &SessionRules, zone: &Zone) -> Vec<Session> {
    divide(events, rules, None, zone).sessions
}

/// A visitor's events, divided into sessions.
struct Divided {
    sessions: Vec<Session>,
    /// Where those are that happened without the visitor, outside every session.
    outside: Vec<usize>,
}

/// A session may end because it has `most_actions` already.
fn divide(
    events: &[Event<'_>],
    rules: &SessionRules,
    most_actions: Option<usize>,
    zone: &Zone,
) -> Divided {
    let mut sorted: Vec<(Event<'_>, usize)> = events.iter().copied().zip(0..).collect();
    sorted.sort_unstable();
    sorted.dedup_by_key(|(event, _)| *event);

    let mut sessions: Vec<Session> = Vec::new();
    let mut outside = Vec::new();
    let mut campaign = "";
    for (event, at) in &sorted {
        let own = match event.kind {
            Kind::Page { campaign } => campaign,
            Kind::Interaction | Kind::Passive => "",
        };
        let goes_on = sessions.last().is_some_and(|session| {
            let actions = session.pages.saturating_add(session.interactions);
            let split = rules.split_at_midnight && zone.date(session.end) != zone.date(event.time)
                || rules.split_by_campaign && !own.is_empty() && own != campaign
                || most_actions.is_some_and(|most| actions >= most);
            event.time.saturating_sub(session.end) < rules.timeout_ms && !split
        });
        if !goes_on {
            if event.kind == Kind::Passive {
                outside.push(*at);
                continue;
            }
            campaign = "";
            sessions.push(Session::beginning(event.time));
        }
        let Some(session) = sessions.last_mut() else {
            continue;
        };
        if !own.is_empty() {
            campaign = own;
        }
        match event.kind {
            Kind::Page { .. } => session.pages = session.pages.saturating_add(1),
            Kind::Interaction => session.interactions = session.interactions.saturating_add(1),
            Kind::Passive => {}
        }
        if event.kind != Kind::Passive {
            session.end = event.time;
        }
        session.key_events = session.key_events.saturating_add(event.definitions.len());
        session.events.push(*at);
    }
    for session in &mut sessions {
        order(&mut session.events, events);
    }
    Divided { sessions, outside }
}

/// Brings a session's events from the order of time into the visitor's.
///
/// In the order of the sequence numbers, a clock that was set back stands still until it has caught
/// up, and what has no number goes by that clock.
fn order(session: &mut [usize], events: &[Event<'_>]) {
    session.sort_by_cached_key(|at| events.get(*at).map(|event| (event.seq, *event)));
    let mut clock = i64::MIN;
    let mut placed = Vec::with_capacity(session.len());
    for at in session.iter() {
        let event = events.get(*at);
        let mut time = event.map_or(i64::MIN, |event| event.time);
        if event.is_some_and(|event| event.seq.is_some()) {
            clock = clock.max(time);
            time = clock;
        }
        placed.push((time, *at));
    }
    placed.sort_by_key(|(time, _)| *time);
    for (place, (_, at)) in session.iter_mut().zip(placed) {
        *place = at;
    }
}
