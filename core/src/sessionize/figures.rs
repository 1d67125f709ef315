//! The figures of a recording under one practice.

use super::{Event, Practice, Unit, divide};
use crate::zone::Zone;
use alloc::{
    collections::{BTreeMap, BTreeSet},
    string::String,
};

/// The figures of a recording. A rate is one of them by another: bounces by sessions, conversions
/// by sessions or by visitors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Visitors with any event.
    pub visitors: usize,
    /// Sessions.
    pub sessions: usize,
    /// Sessions that are bounces by the practice.
    pub bounces: usize,
    /// Sessions that are [`super::Session::engaged`].
    pub engaged: usize,
    /// Page views.
    pub pages: usize,
    /// What visitors did besides.
    pub interactions: usize,
    /// The durations of all sessions together, in milliseconds.
    pub duration_ms: u64,
    /// How often each definition was matched, by its id.
    pub conversions: BTreeMap<String, Counts>,
}

/// How often a definition was matched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// By the practice's own unit: one of the next three.
    pub counted: usize,
    /// Each time.
    pub events: usize,
    /// Sessions with it; outside every session, each time.
    pub sessions: usize,
    /// Visitors with it.
    pub visitors: usize,
}

/// The figures of a recording: all events of each visitor. The order of visitors and of events
/// changes nothing, nor does an event that comes twice.
///
/// ```
/// use goalpost_core::{Zone, sessionize::{Event, Kind, Preset, figures}};
/// let page = |minute: i64| Event {
///     time: minute * 60_000,
///     seq: None,
///     kind: Kind::Page { campaign: "" },
///     definitions: &[],
/// };
/// let visitor = [page(0), page(30)];
/// let sessions = |preset: Preset| figures([&visitor], &preset.practice(), &Zone::fixed(0)).sessions;
/// assert_eq!(sessions(Preset::Ga4), 2);
/// assert_eq!(sessions(Preset::Plausible), 1);
/// ```
pub fn figures<'a, V: AsRef<[Event<'a>]>>(
    visitors: impl IntoIterator<Item = V>,
    practice: &Practice,
    zone: &Zone,
) -> Figures {
    let mut figures = Figures::default();
    for events in visitors {
        figures.add(events.as_ref(), practice, zone);
    }
    for counts in figures.conversions.values_mut() {
        counts.counted = match practice.conversions {
            Unit::Event => counts.events,
            Unit::Session => counts.sessions,
            Unit::Visitor => counts.visitors,
        };
    }
    figures
}

fn raise(figure: &mut usize, by: usize) {
    *figure = figure.saturating_add(by);
}

impl Figures {
    fn add(&mut self, events: &[Event<'_>], practice: &Practice, zone: &Zone) {
        let divided = divide(events, &practice.sessions, practice.most_actions, zone);
        let ids = |at: &usize| {
            let definitions = events.get(*at).map_or(&[][..], |event| event.definitions);
            definitions.iter().map(AsRef::as_ref)
        };
        raise(&mut self.visitors, usize::from(!events.is_empty()));
        raise(&mut self.sessions, divided.sessions.len());
        let mut of_visitor: BTreeSet<&str> = BTreeSet::new();
        for session in &divided.sessions {
            raise(&mut self.bounces, practice.bounce.is(session).into());
            raise(&mut self.engaged, session.engaged().into());
            raise(&mut self.pages, session.pages);
            raise(&mut self.interactions, session.interactions);
            self.duration_ms = self.duration_ms.saturating_add(session.duration_ms());
            for id in session.events.iter().flat_map(ids) {
                raise(&mut self.counts(id).events, 1);
            }
            let of_session: BTreeSet<&str> = session.events.iter().flat_map(ids).collect();
            for id in &of_session {
                raise(&mut self.counts(id).sessions, 1);
            }
            of_visitor.extend(of_session);
        }
        for id in divided.outside.iter().flat_map(ids) {
            let counts = self.counts(id);
            raise(&mut counts.events, 1);
            raise(&mut counts.sessions, 1);
            of_visitor.insert(id);
        }
        for id in of_visitor {
            raise(&mut self.counts(id).visitors, 1);
        }
    }

    fn counts(&mut self, definition: &str) -> &mut Counts {
        self.conversions.entry(definition.into()).or_default()
    }
}
