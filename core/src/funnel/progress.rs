//! How far one unit came: the best of all its attempts.

use super::{Event, Funnel, Order, What, any_order::AnyOrder};
use crate::id::Id;
use alloc::{vec, vec::Vec};

/// How far a unit (a session, or a person) came in a funnel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The steps of its best attempt, as they happened: at most the funnel's, none if it never
    /// began or was excluded. In a funnel of any order they are the first, the second, … step done.
    pub steps: Vec<Reached>,
    /// What it did on the way that the funnel excludes, and that removed it.
    pub excluded: Option<Reached>,
}

/// A step that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// When: Unix milliseconds.
    pub time: i64,
    /// In which session.
    pub session: Id,
}

impl Progress {
    /// Where and when the best attempt began: a unit counts on the day of its entry, by the
    /// channel, device and country of that session.
    pub fn entry(&self) -> Option<Reached> {
        self.steps.first().copied()
    }

    /// Milliseconds from the entry to a step, counted from 0; `None` where it was not reached.
    pub fn took_ms(&self, step: usize) -> Option<i64> {
        let reached = self.steps.get(step)?;
        Some(reached.time.saturating_sub(self.entry()?.time))
    }
}

/// How far a unit came, from the whole list of its events in order (see [`super::in_order`]).
///
/// - Each event that fits the first step begins an attempt, with a window of its own: an attempt
///   that failed never hides one that succeeds. In a funnel of any order each step begins one.
/// - A step is one event: to reach two steps takes two events, also where the steps are alike.
/// - The best attempt is the one with the most steps; of several, the one that got so far first,
///   and of those the one that began last. So the entry stays where it is as later events come,
///   unless a later attempt gets further.
/// - An excluded event at most a window after a first step removes the unit, unless it has come
///   through before. What lies before the first step or after the last removes nobody.
///
/// The same events never get further in a strict funnel than in a loose one: what a strict attempt
/// keeps, a loose one keeps too. Nor, where nothing is excluded, in a loose funnel than in one of any
/// order: a loose attempt is as many events that fit as many steps within one window.
///
/// Work: each event is compared with each step once; only an event that fits costs up to as many
/// steps again (in any order, only where it may get further than before).
pub fn progress(funnel: &Funnel, events: &[Event<'_>]) -> Progress {
    let mut way = match funnel.order {
        Order::Any => Way::Any(AnyOrder::new(funnel)),
        Order::Loose | Order::Strict => Way::InOrder(InOrder::new(funnel)),
    };
    let mut begun: Option<i64> = None;
    let mut best: Vec<Reached> = Vec::new();
    let mut fits = vec![false; funnel.steps.len()];
    for event in events {
        if funnel.exclude.iter().any(|step| step.fits(event)) {
            if begun.is_some_and(|begun| funnel.in_time(begun, event.time)) {
                return Progress {
                    steps: Vec::new(),
                    excluded: Some(event.reached()),
                };
            }
            continue;
        }
        for (fit, step) in fits.iter_mut().zip(&funnel.steps) {
            *fit = step.fits(event);
        }
        let further = match &mut way {
            Way::Any(way) => way.see(event, &fits, best.len()),
            Way::InOrder(way) => way.see(event, &fits, best.len()),
        };
        best = further.unwrap_or(best);
        if best.len() == funnel.steps.len() {
            break;
        }
        let begins = match funnel.order {
            Order::Any => fits.contains(&true),
            Order::Loose | Order::Strict => fits.first() == Some(&true),
        };
        if begins {
            begun = Some(event.time);
        }
    }
    Progress {
        steps: best,
        excluded: None,
    }
}

impl Event<'_> {
    /// The place of a step that it is.
    pub(super) const fn reached(&self) -> Reached {
        Reached {
            time: self.time,
            session: self.session,
        }
    }
}

impl Funnel {
    /// Whether what happened at `time` is in the window of an attempt that began at `begun`.
    pub(super) const fn in_time(&self, begun: i64, time: i64) -> bool {
        time.saturating_sub(begun) <= self.window_ms
    }
}

enum Way<'f> {
    Any(AnyOrder<'f>),
    InOrder(InOrder<'f>),
}

/// For each step the attempt that stands there and began last. Of all attempts that stand at a step
/// no other can get further, since none has more of its window left.
struct InOrder<'f> {
    funnel: &'f Funnel,
    attempts: Vec<Vec<Reached>>,
}

impl<'f> InOrder<'f> {
    fn new(funnel: &'f Funnel) -> Self {
        Self {
            funnel,
            attempts: vec![Vec::new(); funnel.steps.len()],
        }
    }

    /// The attempt that now got further than `best` steps.
    fn see(&mut self, event: &Event<'_>, fits: &[bool], best: usize) -> Option<Vec<Reached>> {
        let strict = self.funnel.order == Order::Strict;
        let breaks = strict && !matches!(event.what, What::Arrival(_));
        let here = event.reached();
        let mut further = None;
        // From the last step to the first: so no attempt takes two steps by one event.
        for (step, fit) in fits.iter().enumerate().rev() {
            let (before, from) = self.attempts.split_at_mut(step);
            let Some(attempt) = from.first_mut() else {
                continue;
            };
            if breaks {
                attempt.clear();
            }
            if !fit {
                continue;
            }
            let so_far: &[Reached] = match before.last() {
                None => &[],
                Some(so_far) => so_far,
            };
            let begun = match (step, so_far.first()) {
                (0, _) => here.time,
                (_, Some(first)) if self.funnel.in_time(first.time, here.time) => first.time,
                _ => continue,
            };
            let later = attempt.first().is_none_or(|first| begun > first.time);
            if later || step == 0 {
                attempt.clear();
                attempt.extend_from_slice(so_far);
                attempt.push(here);
            }
            if further.is_none() && attempt.len() > best {
                further = Some(attempt.clone());
            }
        }
        further
    }
}
