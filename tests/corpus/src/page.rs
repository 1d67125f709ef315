//! The page's engine, driven through the same calls that JavaScript makes.

use crate::{Corpus, Problem, Step};
use goalpost_core::{BrowserPlan, Rules};
use goalpost_sdk::Sdk;
use serde::{Deserialize, Serialize};

const FIELD: char = '\u{1f}';
const RECORD: char = '\u{1e}';

/// Everything that the engine did.
#[derive(Serialize)]
pub(crate) struct Trace {
    /// The compiled plan.
    plan: String,
    steps: Vec<Done>,
}

/// What the engine did at one step.
#[derive(Default, Serialize)]
struct Done {
    effects: Vec<String>,
    wakeup: String,
}

impl Trace {
    /// Every beacon that was sent, in its order.
    pub(crate) fn bodies(&self) -> impl Iterator<Item = &str> {
        self.steps
            .iter()
            .flat_map(|step| &step.effects)
            .filter_map(|effect| effect.strip_prefix(['f', 'b']))
    }
}

/// Runs the steps of the corpus.
pub(crate) fn run(corpus: &Corpus, rules: &Rules) -> Result<Trace, Problem> {
    let plan = BrowserPlan::encode(rules);
    let mut page = Page {
        sdk: Sdk::new(milliseconds(corpus.began), &corpus.settings),
        record: String::new(),
        sent: None,
    };
    let mut steps = Vec::with_capacity(corpus.steps.len());
    for step in &corpus.steps {
        steps.push(page.take(step, &plan)?);
    }
    Ok(Trace { plan, steps })
}

struct Page {
    sdk: Sdk,
    /// What the browser's tabs share.
    record: String,
    /// The beacon that waits for its answer.
    sent: Option<String>,
}

impl Page {
    fn take(&mut self, step: &Step, plan: &str) -> Result<Done, Problem> {
        let text = if step.plan {
            format!("plan{FIELD}{plan}")
        } else if !step.answer {
            step.text.clone()
        } else if let Some(body) = self.sent.take() {
            answer(&body)?
        } else {
            String::from("wakeup")
        };
        let mut done = Done::default();
        let mut told = Some(text);
        while let Some(text) = told {
            let answer = self.sdk.tell(milliseconds(step.now), &text);
            told = self
                .carry_out(&answer, &mut done)
                .then(|| format!("record{FIELD}{}", self.record));
        }
        Ok(done)
    }

    /// Carries out what the engine asks for; true if it wants the tabs' record.
    fn carry_out(&mut self, answer: &str, done: &mut Done) -> bool {
        let mut wants_record = false;
        let mut records = answer.split(RECORD);
        records
            .next()
            .unwrap_or_default()
            .clone_into(&mut done.wakeup);
        for effect in records {
            let text = effect.get(1..).unwrap_or_default();
            match effect.chars().next() {
                Some('o') => wants_record = true,
                Some('r') => text.clone_into(&mut self.record),
                Some('a') => self.record = with_activity(&self.record, text),
                Some('f') => self.sent = Some(text.to_owned()),
                _ => {}
            }
            done.effects.push(effect.to_owned());
        }
        wants_record
    }
}

/// The record with a later activity: its third word.
fn with_activity(record: &str, last: &str) -> String {
    let words = record.split(' ').enumerate();
    let words: Vec<&str> = words
        .map(|(at, word)| if at == 2 { last } else { word })
        .collect();
    words.join(" ")
}

fn answer(body: &str) -> Result<String, serde_json::Error> {
    #[derive(Deserialize)]
    struct Beacon {
        items: Vec<Item>,
    }
    #[derive(Deserialize)]
    struct Item {
        id: String,
    }
    let beacon: Beacon = serde_json::from_str(body)?;
    let mut text = format!("answered{FIELD}");
    for item in beacon.items {
        text.push(FIELD);
        text.push_str("settled");
        text.push(FIELD);
        text.push_str(&item.id);
    }
    Ok(text)
}

#[allow(clippy::cast_precision_loss, reason = "a time far below 2^53")]
fn milliseconds(time: i64) -> f64 {
    time as f64
}
