//! The steps of a funnel in any order: as many as can be given an event each.

use super::{Event, Funnel, Reached};
use alloc::{
    collections::{BTreeMap, VecDeque},
    vec,
    vec::Vec,
};

/// The latest events that fit each step.
///
/// As many as the funnel has steps are enough for each: if the latest so many are all taken, all
/// steps are done. Work: with `s` steps, an event that fits costs at most `s` comparisons, unless it
/// may get further than ever before; then at most `s²` events look for a step among `s²` choices.
pub(super) struct AnyOrder<'f> {
    funnel: &'f Funnel,
    recent: Vec<VecDeque<(usize, Reached)>>,
    seen: usize,
}

impl<'f> AnyOrder<'f> {
    pub(super) fn new(funnel: &'f Funnel) -> Self {
        Self {
            funnel,
            recent: vec![VecDeque::new(); funnel.steps.len()],
            seen: 0,
        }
    }

    /// The attempt that now got further than `best` steps.
    pub(super) fn see(
        &mut self,
        event: &Event<'_>,
        fits: &[bool],
        best: usize,
    ) -> Option<Vec<Reached>> {
        if !fits.contains(&true) {
            return None;
        }
        self.seen = self.seen.saturating_add(1);
        let here = event.reached();
        for (recent, _) in self.recent.iter_mut().zip(fits).filter(|(_, fit)| **fit) {
            recent.push_back((self.seen, here));
            if recent.len() > fits.len() {
                recent.pop_front();
            }
        }
        let in_time = |reached: &Reached| self.funnel.in_time(reached.time, here.time);
        let open = self
            .recent
            .iter()
            .filter(|recent| recent.back().is_some_and(|(_, reached)| in_time(reached)))
            .count();
        if open <= best {
            return None;
        }
        let attempt = self.matched(in_time);
        (attempt.len() > best).then_some(attempt)
    }

    /// As many events as can be given a step each, of those the latest, in order.
    ///
    /// Giving the latest events their steps first, and never taking one back, gives both: sets of
    /// events that have steps of their own are the independent sets of a matroid.
    fn matched(&self, in_time: impl Fn(&Reached) -> bool) -> Vec<Reached> {
        let mut choices: BTreeMap<usize, (Reached, Vec<usize>)> = BTreeMap::new();
        for (step, recent) in self.recent.iter().enumerate() {
            for (at, reached) in recent.iter().filter(|(_, reached)| in_time(reached)) {
                let (_, steps) = choices.entry(*at).or_insert((*reached, Vec::new()));
                steps.push(step);
            }
        }
        let mut given: Vec<Option<usize>> = vec![None; self.recent.len()];
        let mut taken: Vec<Reached> = Vec::new();
        for (at, (reached, _)) in choices.iter().rev() {
            let mut asked = vec![false; given.len()];
            if give(*at, &choices, &mut given, &mut asked) {
                taken.push(*reached);
            }
        }
        taken.reverse();
        taken
    }
}

/// Finds a step for an event, moving others to another step of theirs where that makes room.
fn give(
    at: usize,
    choices: &BTreeMap<usize, (Reached, Vec<usize>)>,
    given: &mut [Option<usize>],
    asked: &mut [bool],
) -> bool {
    let steps = choices.get(&at).map_or(&[][..], |(_, steps)| steps);
    for step in steps {
        match asked.get_mut(*step) {
            Some(asked) if !*asked => *asked = true,
            _ => continue,
        }
        let holder = given.get(*step).copied().flatten();
        if holder.is_none_or(|holder| give(holder, choices, given, asked)) {
            if let Some(place) = given.get_mut(*step) {
                *place = Some(at);
            }
            return true;
        }
    }
    false
}
