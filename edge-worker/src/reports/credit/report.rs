//! The report of what each channel, source or campaign brought, by a model.

use super::{
    kept::{self, By},
    lines::{Line, Sheet, columns, table},
    models::{Chosen, shares},
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
        period::Period,
        query::choice,
        store::{Ask, Store},
    },
};
use std::collections::BTreeSet;

/// Outcomes that are traced anew for one answer, at most.
pub(super) const MOST_LIVE: u64 = 20_000;

/// Days back that any report takes, beside the plan's own.
pub(super) const LOOKBACKS: [u32; 4] = [7, 30, 60, 90];

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
        let mut tally = Tally::default();
        let (mut steps, mut costs) = (Vec::new(), Vec::new());
        for part in store.parts() {
            let answers = part.batch(&asks).await?;
            let rows = |at: usize| answers.get(at).map_or(&[][..], Vec::as_slice);
            kept::add_credits(&mut tally, rows(1))?;
            let live = few_enough(kept::read_days(rows(0))?, self.known, self.lookback)?;
            paths::outcomes(part, site, live, self.lookback, |own| tally.add(own)).await?;
            costs.extend_from_slice(rows(2));
            steps.extend_from_slice(rows(3));
        }
        let steps = Steps::read(&steps)?;
        if steps.states() > MOST_STATES {
            let detail = format!(
                "there are {} values of '{}' in these days, and 'data_driven' takes at most \
                 {MOST_STATES}; leave 'by' out, or ask for fewer days",
                steps.states(),
                self.by.id()
            );
            return Err(bad_parameter("model", &detail).into());
        }
        let costs = costs
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

/// What was paid from `?2` to `?3`; nobody knows it of a source. `?1` site.
fn costs(by: By) -> String {
    let (column, known) = match by {
        By::Channel => ("channel", "true"),
        By::Campaign => ("campaign", "true"),
        By::Source => ("''", "false"),
    };
    format!(
        "SELECT json_array(value, currency, sum(minor))
FROM (
  SELECT {column} AS value, currency, minor FROM costs
  WHERE site = ?1 AND day BETWEEN ?2 AND ?3 AND {known})
GROUP BY value, currency"
    )
}

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
        let none = Line::nothing(models);
        for (at, model) in models.list().iter().enumerate() {
            for (value, sums) in shares(&self.tally, &self.steps, *model, by, definitions) {
                let line = sheet.entry(value).or_insert_with(|| none.clone());
                if let Some(own) = line.models.get_mut(at) {
                    own.add(&sums);
                }
            }
        }
        for (value, currency, minor) in &self.costs {
            let line = sheet
                .entry(Some(value.clone()))
                .or_insert_with(|| none.clone());
            let sum = line.cost.entry(currency.clone()).or_default();
            *sum = sum.saturating_add(i128::from(*minor));
        }
        sheet
    }
}
