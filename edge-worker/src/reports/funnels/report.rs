//! The report of how far sessions or people came.

use super::{
    kept,
    rows::{Sheet, Sheets, funnel_columns, step_columns},
    tally::{Tally, definitions, of_sessions},
};
use crate::{
    http::Failure,
    plans::Known,
    problem::Problem,
    reports::{
        Query,
        asked::{Asked, FUNNELS, Made},
        bad_parameter,
        cell::Cell,
        period::Period,
        query::choice,
        store::{Ask, Store},
        table::{Figure, Table},
        visits::{self, Whose},
    },
};
use goalpost_core::funnel::{Funnel, Order, Unit};

/// What rows may be told apart by.
const DIMENSIONS: [(&str, &str); 3] = [
    ("channel", "Channel"),
    ("device", "Device"),
    ("country", "Country"),
];

/// Answers it.
pub(crate) async fn funnels(
    store: &impl Store,
    known: &Known,
    query: &Query,
    now: i64,
) -> Result<Made, Failure> {
    let mut asked = Asked::read(query, FUNNELS, known, now)?;
    let funnels = wanted(query, known, &mut asked)?;
    let by = query.choice("by", &["none", "channel", "device", "country"])?;
    let by = DIMENSIONS.into_iter().find(|(id, _)| *id == by);
    let of = Of {
        known,
        funnels: &funnels,
        by: by.map_or("", |(id, _)| id),
    };
    let now = of.gather(store, &asked.period).await?;
    let before = match &asked.previous {
        Some(previous) => Some(of.gather(store, previous).await?),
        None => None,
    };
    let (steps, dimensions, columns) = if query.get("funnel").is_some() {
        (true, vec![("step", "Step")], step_columns())
    } else {
        (false, vec![("funnel", "Funnel")], funnel_columns())
    };
    let dimensions = dimensions.into_iter().chain(by).collect();
    let sheets = Sheets {
        now: &now,
        before: before.as_ref(),
    };
    let mut rows = Vec::new();
    for funnel in &funnels {
        for value in sheets.values(funnel, by.is_some()) {
            if steps {
                rows.extend(sheets.step_rows(funnel, &value, by.is_some()));
            } else {
                rows.push(sheets.funnel_row(funnel, &value, by.is_some()));
            }
        }
    }
    let totals = match funnels.as_slice() {
        [funnel] if steps => sheets.total(funnel),
        _ => columns
            .iter()
            .map(|_| Figure {
                value: Cell::Unknown,
                previous: before.as_ref().map(|_| Cell::Unknown),
            })
            .collect(),
    };
    let table = Table {
        of: rows.len(),
        rows: rows.into_iter().take(asked.limit).collect(),
        rest: None,
        totals,
    };
    let face = asked.face("funnels", dimensions, columns);
    Ok(asked.made(face, table))
}

/// The funnels that are asked for, as the request would have them.
fn wanted(query: &Query, known: &Known, asked: &mut Asked) -> Result<Vec<Funnel>, Problem> {
    let all = &known.reporting.funnels;
    let mut funnels = all.clone();
    if let Some(id) = query.get("funnel") {
        let ids: Vec<&str> = all.iter().map(|own| own.id.as_str()).collect();
        if ids.is_empty() {
            let detail = "the plan has no funnels; add one to its 'funnels'";
            return Err(bad_parameter("funnel", detail));
        }
        choice("funnel", id, &ids)?;
        asked.say("funnel", id);
        funnels.retain(|own| own.id == id);
    }
    let order = query.choice("order", &["plan", "loose", "strict", "any"])?;
    let unit = query.choice("unit", &["plan", "session", "contact"])?;
    for (name, value) in [("order", order), ("unit", unit)] {
        if value != "plan" {
            asked.say(name, value);
        }
    }
    for own in &mut funnels {
        own.order = match order {
            "loose" => Order::Loose,
            "strict" => Order::Strict,
            "any" => Order::Any,
            _ => own.order,
        };
        own.unit = match unit {
            "session" => Unit::Session,
            "contact" => Unit::Contact,
            _ => own.unit,
        };
    }
    Ok(funnels)
}

/// What is asked of the database.
struct Of<'a> {
    known: &'a Known,
    funnels: &'a [Funnel],
    by: &'static str,
}

impl Of<'_> {
    /// Funnels as the plan has them come from kept days; all others read every session.
    async fn gather(&self, store: &impl Store, period: &Period) -> Result<Sheet, Failure> {
        let site = self.known.plan.site.as_str();
        let days = (site, period.from.as_str(), period.to.as_str());
        let kept = of_sessions(&self.known.reporting.funnels);
        let (own, others): (Vec<Funnel>, Vec<Funnel>) = self
            .funnels
            .iter()
            .cloned()
            .partition(|funnel| kept.contains(funnel));
        let (people, sessions): (Vec<Funnel>, Vec<Funnel>) = others
            .into_iter()
            .partition(|funnel| funnel.unit == Unit::Contact);
        let told = serde_json::to_string(&definitions(&people))?;
        let mut tally = Tally::default();
        // What is kept of other funnels is left out, so these come first.
        if !own.is_empty() {
            for store in store.parts() {
                self.kept(store, period, &own, &mut tally).await?;
            }
        }
        for store in store.parts() {
            if !(people.is_empty() && sessions.is_empty()) {
                visits::check(store, days).await?;
            }
            let mut found = Ok(());
            if !sessions.is_empty() {
                visits::each(store, days, |visit| {
                    if found.is_ok() {
                        found = tally.add_session(&sessions, visit);
                    }
                })
                .await?;
            }
            if !people.is_empty() {
                visits::check_told(store, days, &told).await?;
                visits::together(store, days, Whose::Person(&told), |visits| {
                    if found.is_ok() {
                        found = tally.add(&people, visits);
                    }
                })
                .await?;
            }
            found?;
        }
        Ok(tally.sheet(self.by))
    }

    async fn kept(
        &self,
        store: &impl Store,
        period: &Period,
        own: &[Funnel],
        tally: &mut Tally,
    ) -> Result<(), Failure> {
        let site = self.known.plan.site.as_str();
        let part = kept::part(site, &self.known.reporting.funnels);
        let clean = [site, &period.from, &period.to, kept::PART, &part.setting];
        let by = [
            site,
            &period.from,
            &period.to,
            kept::PART,
            &part.setting,
            self.by,
        ];
        let asks = [
            Ask::new(kept::live_days(), clean),
            Ask::new(kept::steps(), by),
        ];
        let answers = store.batch(&asks).await?;
        let rows = |at: usize| answers.get(at).map_or(&[][..], Vec::as_slice);
        kept::add(tally, self.by, rows(1))?;
        let live: Vec<(String, u64)> = rows(0)
            .iter()
            .map(|row| serde_json::from_str(row))
            .collect::<Result<_, _>>()?;
        visits::few_enough(
            live.iter().map(|(_, own)| *own),
            "sessions of days that have changed",
        )?;
        for (day, _) in &live {
            kept::of_day(store, site, day, own, tally).await?;
        }
        tally
            .0
            .retain(|(funnel, _, _), _| own.iter().any(|own| own.id == *funnel));
        Ok(())
    }
}
