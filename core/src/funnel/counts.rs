//! How many units reached each step.

use super::{Funnel, Progress, Unit};
use crate::kpi::Rate;
use alloc::{format, string::String, vec, vec::Vec};

/// How many units reached each step of a funnel. They never rise from step to step, since whoever
/// reached a step has reached all before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Whose ways were followed.
    pub unit: Unit,
    /// For each step how many units got at least so far.
    pub reached: Vec<u64>,
    /// How many units did what the funnel excludes; they are in no other figure.
    pub excluded: u64,
}

impl Counts {
    /// Nobody yet.
    pub fn new(funnel: &Funnel) -> Self {
        Self {
            unit: funnel.unit,
            reached: vec![0; funnel.steps.len()],
            excluded: 0,
        }
    }

    /// Counts one unit.
    pub fn add(&mut self, progress: &Progress) {
        for reached in self.reached.iter_mut().take(progress.steps.len()) {
            *reached = reached.saturating_add(1);
        }
        self.excluded = self
            .excluded
            .saturating_add(u64::from(progress.excluded.is_some()));
    }

    /// For each step: of all who began, how many reached it.
    pub fn overall(&self) -> Vec<Rate> {
        let first = self.reached.first().copied().unwrap_or_default();
        let steps = self.reached.iter().zip(1usize..);
        steps
            .map(|(reached, step)| Rate::new((*reached, self.name(step)), (first, self.name(1))))
            .collect()
    }

    /// For each step from the second on: of those who reached the one before it, how many reached it.
    pub fn step_to_step(&self) -> Vec<Rate> {
        let pairs = self.reached.iter().zip(self.reached.iter().skip(1));
        pairs
            .zip(1usize..)
            .map(|((before, after), step)| {
                let after = (*after, self.name(step.saturating_add(1)));
                Rate::new(after, (*before, self.name(step)))
            })
            .collect()
    }

    fn name(&self, step: usize) -> String {
        let units = match self.unit {
            Unit::Session => "sessions",
            Unit::Contact => "people",
        };
        format!("{units} at step {step}")
    }
}
