//! How far sessions or people came in funnels.

use super::rows::Sheet;
use crate::{
    http::Failure,
    reports::{spread::Counts, visits::Visit},
};
use goalpost_core::{
    funnel::{Event, Funnel, Progress, Step, Unit, What, events_of_session, in_order, progress},
    trail::{self, Entry},
};
use std::collections::BTreeMap;

/// Where somebody began: what rows are told apart by.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Began {
    pub(super) channel: String,
    pub(super) device: String,
    pub(super) country: String,
}

impl Began {
    /// What rows may be told apart by, one at a time; nothing first.
    pub(super) const BY: [&str; 4] = ["", "channel", "device", "country"];

    /// Its value of one of these.
    fn value(&self, by: &str) -> &str {
        match by {
            "channel" => &self.channel,
            "device" => &self.device,
            "country" => &self.country,
            _ => "",
        }
    }

    /// With a value of one of these alone.
    pub(super) fn with(by: &str, value: String) -> Self {
        let mut began = Self::default();
        match by {
            "channel" => began.channel = value,
            "device" => began.device = value,
            "country" => began.country = value,
            _ => {}
        }
        began
    }
}

/// Who reached a step, and how long that took from the step before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reached {
    pub(super) units: u64,
    pub(super) seconds: Counts,
}

/// By funnel, beginning and step. Steps count from 1; 0 stands for those that a funnel excludes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally(pub(super) BTreeMap<(String, Began, u32), Reached>);

/// The trails of some visits, read.
fn entries(visits: &[Visit]) -> Result<Vec<Vec<Entry<'_>>>, Failure> {
    visits
        .iter()
        .map(|visit| trail::read(&visit.trail).map_err(Failure::from))
        .collect()
}

impl Tally {
    /// Adds one session.
    pub(super) fn add_session(&mut self, funnels: &[Funnel], visit: &Visit) -> Result<(), Failure> {
        self.add(funnels, std::slice::from_ref(visit))
    }

    /// Adds a person's sessions. Who began is told by the session in which the best attempt began, or
    /// what excludes was done.
    pub(super) fn add(&mut self, funnels: &[Funnel], visits: &[Visit]) -> Result<(), Failure> {
        let entries = entries(visits)?;
        let seen = visits.iter().zip(&entries).map(|(visit, entries)| {
            let channel = (!visit.channel.is_empty()).then_some(visit.channel.as_str());
            events_of_session(visit.session(), channel, entries)
        });
        let events: Vec<Event<'_>> = in_order(seen);
        for funnel in funnels {
            // What servers tell of others' steps lies between no two of its own.
            let named = definitions(std::slice::from_ref(funnel));
            let own: Vec<Event<'_>> = events
                .iter()
                .copied()
                .filter(|event| match event.what {
                    What::Seen(entry) if entry.kind.is_empty() => {
                        let mut own = entry.definitions.iter();
                        own.any(|definition| named.contains(&definition.as_ref()))
                    }
                    What::Seen(_) | What::Arrival(_) => true,
                })
                .collect();
            let way = progress(funnel, &own);
            self.add_progress(funnel, visits, &way);
        }
        Ok(())
    }

    fn add_progress(&mut self, funnel: &Funnel, visits: &[Visit], way: &Progress) {
        let Some(first) = way.excluded.or_else(|| way.entry()) else {
            return;
        };
        let began = visits
            .iter()
            .find(|visit| visit.session() == first.session)
            .map(|visit| Began {
                channel: visit.channel.clone(),
                device: visit.device.clone(),
                country: visit.country.clone(),
            })
            .unwrap_or_default();
        let one = Reached {
            units: 1,
            ..Reached::default()
        };
        if way.excluded.is_some() {
            self.merge(funnel.id.clone(), began, 0, &one);
            return;
        }
        let mut before: Option<i64> = None;
        for (at, reached) in (1u32..).zip(&way.steps) {
            let mut own = one.clone();
            if let Some(before) = before {
                own.seconds
                    .add_seconds(reached.time.saturating_sub(before), 1);
            }
            self.merge(funnel.id.clone(), began.clone(), at, &own);
            before = Some(reached.time);
        }
    }

    /// Summed up by one of [`Began::BY`].
    pub(super) fn sheet(&self, by: &str) -> Sheet {
        let mut sheet = Sheet::new();
        for ((funnel, began, step), reached) in &self.0 {
            let key = (funnel.clone(), String::from(began.value(by)), *step);
            let own = sheet.entry(key).or_default();
            own.units = own.units.saturating_add(reached.units);
            own.seconds.merge(&reached.seconds);
        }
        sheet
    }

    /// Adds how many reached a step.
    pub(super) fn merge(&mut self, funnel: String, began: Began, step: u32, more: &Reached) {
        let own = self.0.entry((funnel, began, step)).or_default();
        own.units = own.units.saturating_add(more.units);
        own.seconds.merge(&more.seconds);
    }
}

/// Those whose way is a session: what is kept by day.
pub(super) fn of_sessions(funnels: &[Funnel]) -> Vec<Funnel> {
    funnels
        .iter()
        .filter(|own| own.unit == Unit::Session)
        .cloned()
        .collect()
}

/// The goals and outcomes that these funnels name.
pub(super) fn definitions(funnels: &[Funnel]) -> Vec<&str> {
    funnels
        .iter()
        .flat_map(|own| own.steps.iter().chain(&own.exclude))
        .filter_map(|step| match step {
            Step::Definition(id) => Some(id.as_str()),
            _ => None,
        })
        .collect()
}
