//! The report of what each channel, source or campaign brought, by a model.

use super::{
    kept::{self, By},
    models::{Chosen, Sums, shares},
    paths,
    steps::{MOST_STATES, Steps, steps},
    tally::Tally,
};
use crate::{
    http::Failure,
    plans::Known,
    problem::Problem,
    reports::{
        Query,
        asked::{ATTRIBUTION, Asked, Made},
        bad_parameter,
        cell::{Cell, Ratio},
        dimension::NONE,
        face::Column,
        period::Period,
        query::choice,
        store::{Ask, Store},
        table::{Figure, Label, Row, Table},
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// Outcomes that are traced anew for one answer, at most.
pub(super) const MOST_LIVE: u64 = 20_000;

/// Days back that any report takes, beside the plan's own.
pub(super) const LOOKBACKS: [u32; 4] = [7, 30, 60, 90];

/// What the row of outcomes without a touch is called.
const UNTOUCHED: &str = "(unattributed)";

/// Answers it.
pub(crate) async fn attribution(
    store: &impl Store,
    known: &Known,
    query: &Query,
    now: i64,
) -> Result<Made, Failure> {
    let mut asked = Asked::read(query, ATTRIBUTION, known, now)?;
    let models = Chosen::read(query)?;
    let lookback = lookback(query, known)?;
    let definitions = definitions(query, known)?;
    let names = By::ALL.map(By::id);
    let by = query.choice("by", &names)?;
    let by = By::ALL
        .into_iter()
        .find(|own| own.id() == by)
        .unwrap_or(By::Channel);
    asked.say("model", models.name());
    asked.say("lookback", &format!("{lookback}d"));
    if let Some(definitions) = &definitions {
        asked.say("definition", &definitions.join(","));
    }

    let of = Question {
        known,
        by,
        lookback,
        data_driven: models.data_driven(),
    };
    let now = of.gather(store, &asked.period).await?;
    let before = match &asked.previous {
        Some(previous) => Some(of.gather(store, previous).await?),
        None => None,
    };
    let mut definitions: BTreeSet<String> = definitions.unwrap_or_default().into_iter().collect();
    if definitions.is_empty() {
        let tallies = [Some(&now), before.as_ref()];
        definitions = tallies
            .into_iter()
            .flatten()
            .flat_map(Found::with_amounts)
            .collect();
    }
    let sheets = |found: &Found| found.sheet(&models, by, &definitions);
    let now = sheets(&now);
    let before = before.as_ref().map(sheets);

    let with_costs = by != By::Source;
    let face = asked.face(
        "attribution",
        vec![(by.id(), by.name())],
        columns(&models, with_costs),
    );
    let table = table(&models, with_costs, asked.limit, &now, before.as_ref());
    Ok(asked.made(face, table))
}

/// The days back that paths go.
pub(super) fn lookback(query: &Query, known: &Known) -> Result<u32, Problem> {
    let own = known.reporting.lookback_days;
    let days: BTreeSet<u32> = LOOKBACKS.into_iter().chain([own]).collect();
    let names: Vec<String> = days.iter().map(|days| format!("{days}d")).collect();
    let Some(text) = query.get("lookback") else {
        return Ok(own);
    };
    choice(
        "lookback",
        text,
        &names.iter().map(String::as_str).collect::<Vec<_>>(),
    )?;
    let found = days.iter().find(|days| format!("{days}d") == text);
    Ok(found.copied().unwrap_or(own))
}

/// The outcomes that are asked for; `None`: all that brought an amount.
fn definitions(query: &Query, known: &Known) -> Result<Option<Vec<String>>, Problem> {
    let Some(text) = query.get("definition") else {
        return Ok(None);
    };
    let known: Vec<&str> = known
        .plan
        .live_outcomes()
        .map(|own| own.id.as_str())
        .collect();
    let own: Vec<&str> = text.split(',').collect();
    for definition in &own {
        choice("definition", definition, &known)?;
    }
    Ok(Some(own.into_iter().map(String::from).collect()))
}

/// What is asked of the database.
struct Question<'a> {
    known: &'a Known,
    by: By,
    lookback: u32,
    data_driven: bool,
}

/// What it knows of some days.
struct Found {
    tally: Tally,
    steps: Steps,
    costs: Vec<(String, String, i64)>,
}

impl Question<'_> {
    async fn gather(&self, store: &impl Store, period: &Period) -> Result<Found, Failure> {
        let site = &self.known.plan.site;
        let clean = clean(self.known, period, self.lookback);
        let days = [site, &period.from, &period.to];
        let mut asks = vec![
            Ask::new(kept::live_days(), clean.clone()),
            Ask::new(kept::credits(self.by), clean),
            Ask::new(costs(self.by), days),
        ];
        if self.data_driven {
            asks.push(Ask::new(
                steps(),
                [site, &period.from, &period.to, self.by.id()],
            ));
        }
        let answers = store.batch(&asks).await?;
        let rows = |at: usize| answers.get(at).map_or(&[][..], Vec::as_slice);
        let mut tally = Tally::default();
        kept::add_credits(&mut tally, rows(1))?;
        let live = few_enough(kept::read_days(rows(0))?, self.known, self.lookback)?;
        paths::outcomes(store, site, live, self.lookback, |own| tally.add(own)).await?;
        let steps = Steps::read(rows(3))?;
        if steps.states() > MOST_STATES {
            let detail = format!(
                "there are {} values of '{}' in these days, and 'data_driven' takes at most \
                 {MOST_STATES}; leave 'by' out, or ask for fewer days",
                steps.states(),
                self.by.id()
            );
            return Err(bad_parameter("model", &detail).into());
        }
        let costs = rows(2)
            .iter()
            .map(|row| serde_json::from_str(row))
            .collect::<Result<_, _>>()?;
        Ok(Found {
            tally,
            steps,
            costs,
        })
    }
}

/// The values that ask for the clean days of a period.
pub(super) fn clean(known: &Known, period: &Period, lookback: u32) -> [String; 5] {
    [
        known.plan.site.clone(),
        period.from.clone(),
        period.to.clone(),
        String::from(kept::PART),
        lookback.to_string(),
    ]
}

/// Refuses more outcomes than can be traced for one answer.
pub(super) fn few_enough(
    days: Vec<(String, u64)>,
    known: &Known,
    lookback: u32,
) -> Result<Vec<(String, u64)>, Problem> {
    let outcomes = days
        .iter()
        .fold(0u64, |sum, (_, own)| sum.saturating_add(*own));
    if outcomes <= MOST_LIVE {
        return Ok(days);
    }
    let own = known.reporting.lookback_days;
    let many = format!(
        "{outcomes} outcomes of these days must be traced one by one, at most {MOST_LIVE} at once"
    );
    Err(if lookback == own {
        bad_parameter(
            "from",
            &format!(
                "{many}; ask for fewer days, or again in some minutes, when more days are kept"
            ),
        )
    } else {
        bad_parameter(
            "lookback",
            &format!(
                "{many}, because only the plan's {own}d is kept; leave it out, or ask for fewer days"
            ),
        )
    })
}

/// What was paid from `?2` to `?3`. `?1` site.
fn costs(by: By) -> String {
    let column = match by {
        By::Channel => "channel",
        By::Campaign => "campaign",
        By::Source => "''",
    };
    format!(
        "SELECT json_array(value, currency, sum(minor))
FROM (
  SELECT {column} AS value, currency, minor FROM costs
  WHERE site = ?1 AND day BETWEEN ?2 AND ?3)
GROUP BY value, currency"
    )
}

/// What a row has: of each model what it gives, and what the row cost.
#[derive(Clone, Debug, Default)]
struct Line {
    models: Vec<Sums>,
    cost: BTreeMap<String, i128>,
}

/// Lines by value; `None` is the row of outcomes without a touch.
type Sheet = BTreeMap<Option<String>, Line>;

impl Found {
    /// The definitions that brought an amount.
    fn with_amounts(&self) -> BTreeSet<String> {
        let credits = self.tally.credits.keys();
        credits
            .filter(|key| !key.currency.is_empty())
            .map(|key| key.definition.clone())
            .collect()
    }

    fn sheet(&self, models: &Chosen, by: By, definitions: &BTreeSet<String>) -> Sheet {
        let mut sheet = Sheet::new();
        let count = models.list().len();
        let line = |sheet: &mut Sheet, value: Option<String>| {
            sheet.entry(value).or_insert_with(|| Line {
                models: vec![Sums::default(); count],
                cost: BTreeMap::new(),
            });
        };
        for (at, model) in models.list().iter().enumerate() {
            for (value, sums) in shares(&self.tally, &self.steps, *model, by, definitions) {
                line(&mut sheet, value.clone());
                if let Some(own) = sheet.get_mut(&value).and_then(|own| own.models.get_mut(at)) {
                    own.add(&sums);
                }
            }
        }
        for (value, currency, minor) in &self.costs {
            if by == By::Source {
                continue;
            }
            let value = Some(value.clone());
            line(&mut sheet, value.clone());
            if let Some(own) = sheet.get_mut(&value) {
                let sum = own.cost.entry(currency.clone()).or_default();
                *sum = sum.saturating_add(i128::from(*minor));
            }
        }
        sheet
    }
}

const CREDITED: Option<(&str, &str)> = Some(("credited_millionths", "millionths_of_a_conversion"));

fn columns(models: &Chosen, with_costs: bool) -> Vec<Column> {
    let mut columns = Vec::new();
    for model in models.list() {
        let (before, by) = if models.list().len() > 1 {
            (format!("{}_", model.name()), format!(", {}", model.name()))
        } else {
            (String::new(), String::new())
        };
        let id = |own: &str| format!("{before}{own}");
        let name = |own: &str| format!("{own}{by}");
        columns.push(Column::new(
            id("conversions"),
            name("Credited conversions"),
            "rate",
            CREDITED,
        ));
        columns.push(Column::new(
            id("net"),
            name("Verified less refunded"),
            "money",
            None,
        ));
        columns.push(Column::new(
            id("claimed_net"),
            name("Claimed less refunded"),
            "money",
            None,
        ));
        if with_costs {
            columns.push(Column::new(
                id("return_on_spend"),
                name("Verified return on spend"),
                "money_rate",
                Some(("net", "cost")),
            ));
            columns.push(Column::new(
                id("return_on_spend_with_claimed"),
                name("Return on spend, claimed included"),
                "money_rate",
                Some(("net+claimed_net", "cost")),
            ));
        }
    }
    if with_costs {
        columns.push(Column::new("cost", "Cost", "money", None));
    }
    columns
}

fn cells(line: &Line, with_costs: bool) -> Vec<Cell> {
    let mut cells = Vec::new();
    for own in &line.models {
        cells.push(Cell::Rate(Ratio::new(
            i128::from(own.parts),
            i128::from(super::tally::WHOLE),
            6,
            0,
        )));
        cells.push(Cell::Money(own.verified.clone()));
        cells.push(Cell::Money(own.claimed.clone()));
        if with_costs {
            cells.push(returns(&own.verified, &line.cost));
            cells.push(returns(&own.both(), &line.cost));
        }
    }
    if with_costs {
        cells.push(Cell::Money(line.cost.clone()));
    }
    cells
}

/// What came back of what was spent; in a currency that nothing was spent in, it is no data.
fn returns(brought: &BTreeMap<String, i128>, cost: &BTreeMap<String, i128>) -> Cell {
    let of = |sums: &BTreeMap<String, i128>, currency: &str| {
        sums.get(currency).copied().unwrap_or_default()
    };
    let currencies: BTreeSet<&String> = brought.keys().chain(cost.keys()).collect();
    Cell::Rates(
        currencies
            .into_iter()
            .map(|own| (own.clone(), Ratio::rate(of(brought, own), of(cost, own))))
            .collect(),
    )
}

fn sum<'a>(count: usize, lines: impl Iterator<Item = &'a Line>) -> Line {
    let mut all = Line {
        models: vec![Sums::default(); count],
        cost: BTreeMap::new(),
    };
    for line in lines {
        for (sums, more) in all.models.iter_mut().zip(&line.models) {
            sums.add(more);
        }
        for (currency, minor) in &line.cost {
            let own = all.cost.entry(currency.clone()).or_default();
            *own = own.saturating_add(*minor);
        }
    }
    all
}

fn table(
    models: &Chosen,
    with_costs: bool,
    limit: usize,
    now: &Sheet,
    before: Option<&Sheet>,
) -> Table {
    let count = models.list().len();
    let mut keys: Vec<&Option<String>> = now
        .keys()
        .chain(before.into_iter().flat_map(Sheet::keys))
        .collect();
    keys.sort();
    keys.dedup();
    let weight = |key: &Option<String>| {
        let first = now.get(key).and_then(|line| line.models.first());
        first.map_or(0, |own| own.parts)
    };
    // What nobody can be thanked for comes last.
    keys.sort_by_key(|key| (key.is_none(), std::cmp::Reverse(weight(key))));
    let none = sum(count, std::iter::empty());
    let figures = |of: &dyn Fn(&Sheet) -> Line| -> Vec<Figure> {
        let values = cells(&of(now), with_costs);
        let previous = before.map(|before| cells(&of(before), with_costs));
        values
            .into_iter()
            .enumerate()
            .map(|(at, value)| Figure {
                value,
                previous: previous.as_ref().and_then(|own| own.get(at).cloned()),
            })
            .collect()
    };
    let rows = keys
        .iter()
        .take(limit)
        .map(|key| Row {
            labels: vec![label(key.as_deref())],
            figures: figures(&|sheet| sheet.get(*key).unwrap_or(&none).clone()),
        })
        .collect();
    let hidden: BTreeSet<&Option<String>> = keys.iter().skip(limit).copied().collect();
    let of_hidden = |sheet: &Sheet| {
        sum(
            count,
            sheet
                .iter()
                .filter(|(key, _)| hidden.contains(key))
                .map(|(_, line)| line),
        )
    };
    Table {
        rows,
        of: keys.len(),
        rest: (!hidden.is_empty()).then(|| figures(&of_hidden)),
        totals: figures(&|sheet| sum(count, sheet.values())),
    }
}

fn label(value: Option<&str>) -> Label {
    let (id, name) = match value {
        None => (UNTOUCHED, UNTOUCHED),
        Some("") => ("", NONE),
        Some(value) => (value, value),
    };
    Label {
        id: String::from(id),
        name: String::from(name),
        in_plan: None,
    }
}
