//! The report of how far sessions or people came.

use super::{
    kept,
    tally::{Began, Reached, Tally, of_sessions},
};
use crate::{
    http::Failure,
    plans::Known,
    problem::Problem,
    reports::{
        Query,
        asked::{Asked, FUNNELS, Made},
        bad_parameter,
        cell::{Cell, Ratio},
        credit::velocity::median,
        dimension::NONE,
        face::Column,
        period::Period,
        query::choice,
        store::{Ask, Store},
        table::{Figure, Label, Row, Table},
        visits::{self, Whose},
    },
};
use goalpost_core::funnel::{Funnel, Order, Step, Unit};
use std::collections::BTreeMap;

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

/// By funnel, value and step.
type Sheet = BTreeMap<(String, String, u32), Reached>;

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
        let mut tally = Tally::default();
        if !own.is_empty() {
            self.kept(store, period, &own, &mut tally).await?;
        }
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
            visits::together(store, days, Whose::Person, |visits| {
                if found.is_ok() {
                    found = tally.add(&people, visits);
                }
            })
            .await?;
        }
        found?;
        Ok(self.sheet(tally))
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
        kept::add(tally, rows(1))?;
        let live: Vec<String> = rows(0)
            .iter()
            .map(|row| serde_json::from_str(row))
            .collect::<Result<_, _>>()?;
        if let (Some(first), Some(last)) = (live.first(), live.last()) {
            visits::check(store, (site, first, last)).await?;
        }
        for day in &live {
            kept::of_day(store, site, day, own, tally).await?;
        }
        tally
            .0
            .retain(|(funnel, _, _), _| own.iter().any(|own| own.id == *funnel));
        Ok(())
    }

    fn sheet(&self, tally: Tally) -> Sheet {
        let mut sheet = Sheet::new();
        for ((funnel, began, step), reached) in tally.0 {
            let Began {
                channel,
                device,
                country,
            } = began;
            let value = match self.by {
                "channel" => channel,
                "device" => device,
                "country" => country,
                _ => String::new(),
            };
            let own = sheet.entry((funnel, value, step)).or_default();
            own.units = own.units.saturating_add(reached.units);
            own.seconds.merge(&reached.seconds);
        }
        sheet
    }
}

const FROM_FIRST: Option<(&str, &str)> = Some(("reached", "reached_first_step"));
const FROM_BEFORE: Option<(&str, &str)> = Some(("reached", "reached_step_before"));

fn step_columns() -> Vec<Column> {
    vec![
        Column::new("reached", "Reached", "count", None),
        Column::new("rate_from_first", "Of the first step", "rate", FROM_FIRST),
        Column::new(
            "rate_from_before",
            "Of the step before",
            "rate",
            FROM_BEFORE,
        ),
        Column::new(
            "median_time",
            "Median time from the step before",
            "duration",
            Some(("middle_two", "two")),
        ),
    ]
}

fn funnel_columns() -> Vec<Column> {
    vec![
        Column::new("began", "Reached the first step", "count", None),
        Column::new("completed", "Reached the last step", "count", None),
        Column::new(
            "completion_rate",
            "Completed",
            "rate",
            Some(("completed", "began")),
        ),
        Column::new("excluded", "Excluded", "count", None),
    ]
}

struct Sheets<'a> {
    now: &'a Sheet,
    before: Option<&'a Sheet>,
}

impl Sheets<'_> {
    fn figures(&self, cells: impl Fn(&Sheet) -> Vec<Cell>) -> Vec<Figure> {
        let previous = self.before.map(&cells);
        cells(self.now)
            .into_iter()
            .enumerate()
            .map(|(at, value)| Figure {
                value,
                previous: previous.as_ref().and_then(|own| own.get(at).cloned()),
            })
            .collect()
    }

    /// The values of the rows of a funnel, those with the most beginnings first.
    fn values(&self, funnel: &Funnel, told_apart: bool) -> Vec<String> {
        if !told_apart {
            return vec![String::new()];
        }
        let mut values: Vec<&String> = [Some(self.now), self.before]
            .into_iter()
            .flatten()
            .flat_map(BTreeMap::keys)
            .filter(|(own, _, _)| *own == funnel.id)
            .map(|(_, value, _)| value)
            .collect();
        values.sort();
        values.dedup();
        values.sort_by_key(|value| std::cmp::Reverse(units(self.now, funnel, value, 1)));
        values.into_iter().cloned().collect()
    }

    fn step_rows(&self, funnel: &Funnel, value: &str, told_apart: bool) -> Vec<Row> {
        (1u32..)
            .zip(&funnel.steps)
            .map(|(at, step)| {
                let name = match funnel.order {
                    Order::Any => format!("any {at}"),
                    Order::Loose | Order::Strict => step_name(step),
                };
                let mut labels = vec![label(&at.to_string(), &name)];
                labels.extend(told_apart.then(|| value_label(value)));
                let cells = |sheet: &Sheet| step_cells(sheet, funnel, value, at);
                Row {
                    labels,
                    figures: self.figures(cells),
                }
            })
            .collect()
    }

    fn funnel_row(&self, funnel: &Funnel, value: &str, told_apart: bool) -> Row {
        let mut labels = vec![label(&funnel.id, &funnel.name)];
        labels.extend(told_apart.then(|| value_label(value)));
        let cells = |sheet: &Sheet| {
            let began = units(sheet, funnel, value, 1);
            let completed = units(sheet, funnel, value, last(funnel));
            vec![
                Cell::Count(began),
                Cell::Count(completed),
                Cell::Rate(Ratio::rate(completed.into(), began.into())),
                Cell::Count(units(sheet, funnel, value, 0)),
            ]
        };
        Row {
            labels,
            figures: self.figures(cells),
        }
    }

    /// Of all who began, those who came through.
    fn total(&self, funnel: &Funnel) -> Vec<Figure> {
        self.figures(|sheet| {
            let of = |step: u32| {
                let own = sheet
                    .iter()
                    .filter(|((id, _, at), _)| *id == funnel.id && *at == step);
                own.fold(0i64, |sum, (_, own)| sum.saturating_add(whole(own.units)))
            };
            let (first, last) = (of(1), of(last(funnel)));
            vec![
                Cell::Count(last),
                Cell::Rate(Ratio::rate(last.into(), first.into())),
                Cell::Unknown,
                Cell::Unknown,
            ]
        })
    }
}

fn last(funnel: &Funnel) -> u32 {
    u32::try_from(funnel.steps.len()).unwrap_or(u32::MAX)
}

fn whole(units: u64) -> i64 {
    i64::try_from(units).unwrap_or(i64::MAX)
}

fn reached<'a>(sheet: &'a Sheet, funnel: &Funnel, value: &str, step: u32) -> Option<&'a Reached> {
    sheet.get(&(funnel.id.clone(), String::from(value), step))
}

fn units(sheet: &Sheet, funnel: &Funnel, value: &str, step: u32) -> i64 {
    reached(sheet, funnel, value, step).map_or(0, |own| whole(own.units))
}

fn step_cells(sheet: &Sheet, funnel: &Funnel, value: &str, step: u32) -> Vec<Cell> {
    let own = units(sheet, funnel, value, step);
    let rate = |of: i64| Cell::Rate(Ratio::rate(own.into(), of.into()));
    let (before, median) = if step > 1 {
        let seconds = reached(sheet, funnel, value, step).map(|own| own.seconds.clone());
        (
            rate(units(sheet, funnel, value, step.saturating_sub(1))),
            median(&seconds.unwrap_or_default()),
        )
    } else {
        (Cell::Unknown, Cell::Unknown)
    };
    vec![
        Cell::Count(own),
        rate(units(sheet, funnel, value, 1)),
        before,
        median,
    ]
}

fn step_name(step: &Step) -> String {
    match step {
        Step::Page(pattern) => pattern.text(),
        Step::Event(name) => format!("event {name}"),
        Step::Commerce(name) => format!("commerce {name}"),
        Step::Definition(id) => format!("definition {id}"),
        Step::Arrival(channel) => format!("arrival {channel}"),
    }
}

fn label(id: &str, name: &str) -> Label {
    Label {
        id: String::from(id),
        name: String::from(name),
        in_plan: None,
    }
}

fn value_label(value: &str) -> Label {
    label(value, if value.is_empty() { NONE } else { value })
}
