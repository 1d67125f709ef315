//! What other products would have counted of the same visits.

use super::{
    Query,
    asked::{Asked, Made, WHAT_IF},
    cell::{Cell, Ratio},
    face::Column,
    period::Period,
    store::Store,
    table::{Figure, Label, Row, Table},
    visits::{self, Visit, Whose},
};
use crate::{http::Failure, plans::Known};
use goalpost_core::{
    Zone,
    sessionize::{Counts, Event, Figures, Practice, Preset, figures},
    trail::{self, Entry},
};
use std::{borrow::Cow, collections::BTreeSet};

/// Minutes of a session's timeout that may be tried.
const TIMEOUT: (u32, u32) = (1, 1_440);

/// Answers it.
pub(crate) async fn what_if(
    store: &impl Store,
    known: &Known,
    query: &Query,
    now: i64,
) -> Result<Made, Failure> {
    let mut asked = Asked::read(query, WHAT_IF, known, now)?;
    let practices = practices(query, known, &mut asked)?;
    let zone = &known.rules.zone;
    let now = gather(store, known, zone, &asked.period, &practices).await?;
    let before = match &asked.previous {
        Some(previous) => Some(gather(store, known, zone, previous, &practices).await?),
        None => None,
    };
    let definitions: BTreeSet<&str> = now
        .iter()
        .chain(before.iter().flatten())
        .flat_map(|own| own.conversions.keys())
        .map(String::as_str)
        .collect();
    let columns = columns(known, &definitions);
    let rows: Vec<Row> = practices
        .iter()
        .enumerate()
        .map(|(at, (name, practice))| Row {
            labels: vec![Label {
                id: String::from(*name),
                name: String::from(*name),
                in_plan: None,
            }],
            figures: {
                let of = |list: &Vec<Figures>| {
                    let own = list.get(at).cloned().unwrap_or_default();
                    cells(&own, practice, &definitions)
                };
                let previous = before.as_ref().map(of);
                of(&now)
                    .into_iter()
                    .enumerate()
                    .map(|(at, value)| Figure {
                        value,
                        previous: previous.as_ref().and_then(|own| own.get(at).cloned()),
                    })
                    .collect()
            },
        })
        .collect();
    // The same visits counted in several ways are not to be summed.
    let totals = columns
        .iter()
        .map(|_| Figure {
            value: Cell::Unknown,
            previous: asked.previous.as_ref().map(|_| Cell::Unknown),
        })
        .collect();
    let table = Table {
        of: rows.len(),
        rows,
        rest: None,
        totals,
    };
    let face = asked.face("what-if", vec![("preset", "Counted as by")], columns);
    Ok(asked.made(face, table))
}

fn practices(
    query: &Query,
    known: &Known,
    asked: &mut Asked,
) -> Result<Vec<(&'static str, Practice)>, Failure> {
    let names: Vec<&str> = ["all"]
        .into_iter()
        .chain(Preset::ALL.map(Preset::name))
        .collect();
    let wanted = query.choice("preset", &names)?;
    asked.say("preset", wanted);
    let minutes = query
        .get("timeout")
        .is_some()
        .then(|| query.number("timeout", 30, TIMEOUT));
    let timeout_ms = minutes
        .transpose()?
        .map(|own| i64::from(own).saturating_mul(60_000));
    if let Some(timeout_ms) = timeout_ms {
        asked.say("timeout", &format!("{}", timeout_ms.div_euclid(60_000)));
    }
    Ok(Preset::ALL
        .into_iter()
        .filter(|own| wanted == "all" || own.name() == wanted)
        .map(|own| {
            let mut practice = own.practice();
            // This site's own sessions, as its plan has them.
            if own == Preset::Goalpost {
                practice.sessions = known.reporting.sessions;
            }
            if let Some(timeout_ms) = timeout_ms {
                practice.sessions.timeout_ms = timeout_ms;
            }
            (own.name(), practice)
        })
        .collect())
}

/// The figures of each practice.
async fn gather(
    store: &impl Store,
    known: &Known,
    zone: &Zone,
    period: &Period,
    practices: &[(&'static str, Practice)],
) -> Result<Vec<Figures>, Failure> {
    let of = (
        known.plan.site.as_str(),
        period.from.as_str(),
        period.to.as_str(),
    );
    let mut sums = vec![Figures::default(); practices.len()];
    for part in store.parts() {
        visits::check(part, of).await?;
        let mut found = Ok(());
        visits::together(part, of, Whose::Visitor, |visits| {
            if found.is_ok() {
                found = add(&mut sums, visits, practices, zone);
            }
        })
        .await?;
        found?;
    }
    Ok(sums)
}

fn add(
    sums: &mut [Figures],
    visits: &[Visit],
    practices: &[(&'static str, Practice)],
    zone: &Zone,
) -> Result<(), Failure> {
    let trails: Vec<Vec<Entry<'_>>> = visits
        .iter()
        .map(|visit| trail::read(&visit.trail).map_err(Failure::from))
        .collect::<Result<_, _>>()?;
    let events: Vec<Event<'_>> = trails.iter().flatten().map(Event::from).collect();
    for (sum, (_, practice)) in sums.iter_mut().zip(practices) {
        merge(sum, figures([&events], practice, zone));
    }
    Ok(())
}

/// Adds a visitor's figures: no two visitors share a session.
fn merge(sum: &mut Figures, own: Figures) {
    for (sum, own) in [
        (&mut sum.visitors, own.visitors),
        (&mut sum.sessions, own.sessions),
        (&mut sum.bounces, own.bounces),
        (&mut sum.engaged, own.engaged),
        (&mut sum.pages, own.pages),
        (&mut sum.interactions, own.interactions),
    ] {
        *sum = sum.saturating_add(own);
    }
    sum.duration_ms = sum.duration_ms.saturating_add(own.duration_ms);
    for (definition, counts) in own.conversions {
        let sum = sum.conversions.entry(definition).or_default();
        *sum = Counts {
            counted: sum.counted.saturating_add(counts.counted),
            events: sum.events.saturating_add(counts.events),
            sessions: sum.sessions.saturating_add(counts.sessions),
            visitors: sum.visitors.saturating_add(counts.visitors),
        };
    }
}

fn columns(known: &Known, definitions: &BTreeSet<&str>) -> Vec<Column> {
    let rate = |numerator| Some((numerator, "sessions"));
    let mut columns = vec![
        Column::new("timeout", "Timeout in minutes", "count", None),
        Column::new("visitors", "Visitors", "count", None),
        Column::new("sessions", "Sessions", "count", None),
        Column::new("bounces", "Bounces", "count", None),
        Column::new("bounce_rate", "Bounce rate", "rate", rate("bounces")),
        Column::new(
            "engagement_rate",
            "Engagement rate",
            "rate",
            rate("engaged_sessions"),
        ),
        Column::new(
            "pages_per_session",
            "Pages per session",
            "rate",
            rate("page_views"),
        ),
        Column::new(
            "session_duration",
            "Mean session duration",
            "duration",
            rate("duration_ms"),
        ),
    ];
    columns.extend(definitions.iter().map(|own| {
        let name = known.plan.definition_name(own);
        let id = format!("conversions:{own}");
        Column::new(
            Cow::Owned(id),
            Cow::Owned(String::from(name)),
            "count",
            None,
        )
    }));
    columns
}

fn cells(own: &Figures, practice: &Practice, definitions: &BTreeSet<&str>) -> Vec<Cell> {
    let count = |count: usize| Cell::Count(i64::try_from(count).unwrap_or(i64::MAX));
    let whole = |count: usize| i128::try_from(count).unwrap_or(i128::MAX);
    let sessions = whole(own.sessions);
    let rate = |numerator: usize| Cell::Rate(Ratio::rate(whole(numerator), sessions));
    let mut cells = vec![
        Cell::Count(practice.sessions.timeout_ms.div_euclid(60_000)),
        count(own.visitors),
        count(own.sessions),
        count(own.bounces),
        rate(own.bounces),
        rate(own.engaged),
        rate(own.pages),
        Cell::Rate(Ratio::new(i128::from(own.duration_ms), sessions, 0, 3)),
    ];
    cells.extend(definitions.iter().map(|definition| {
        let counts = own.conversions.get(*definition);
        count(counts.map_or(0, |counts| counts.counted))
    }));
    cells
}
