//! The sink, up to the parameters of its statements.

use crate::{Problem, page::Trace};
use goalpost_core::{
    Id, Rules,
    accepted::{Accepted, Content},
    testing,
};
use goalpost_edge::sink::{self, Compiled, Param, PlanBook};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{collections::BTreeMap, sync::Arc};

/// What the edge has of the corpus.
#[derive(Serialize)]
pub(crate) struct Stored {
    /// Each observation's id, with its verdict as it is stored.
    observations: Vec<(String, Option<String>)>,
    /// Each quarantined item's id, with the reason and what is wrong.
    quarantine: Vec<(String, String, String)>,
}

/// What the edge stores of these beacons, each received at the moment that it was sent.
pub(crate) fn store(trace: &Trace, rules: Rules) -> Result<Stored, Problem> {
    let mut plans = PlanBook::new();
    plans.add_current(Compiled {
        rules: Arc::new(rules),
        reporting: Arc::new(testing::reporting()),
    });
    let mut observations = BTreeMap::new();
    let mut quarantine = BTreeMap::new();
    for body in trace.bodies() {
        let message = Accepted {
            received_at: sent(body)?,
            visitor: None,
            country: "JP".into(),
            device: "desktop".into(),
            doubts: "".into(),
            content: Content::Beacon(serde_json::from_str(body)?),
        };
        for statement in sink::transaction(Id::new(0, [0; 10]), &[message], &plans) {
            let Some(Param::Text(rows)) = statement.params.first() else {
                continue;
            };
            if statement.sql.contains("INSERT INTO observations") {
                for row in rows_of(rows)? {
                    let verdict = row.get(15).map(|verdict| verdict.get());
                    let verdict = verdict.filter(|verdict| *verdict != "null");
                    observations
                        .entry(text(&row, 0)?)
                        .or_insert_with(|| verdict.map(str::to_owned));
                }
            } else if statement.sql.contains("INSERT INTO quarantine")
                && !statement.sql.contains("'conflict'")
            {
                for row in rows_of(rows)? {
                    quarantine
                        .entry(text(&row, 0)?)
                        .or_insert((text(&row, 3)?, text(&row, 4)?));
                }
            }
        }
    }
    Ok(Stored {
        observations: observations.into_iter().collect(),
        quarantine: quarantine
            .into_iter()
            .map(|(id, (reason, detail))| (id, reason, detail))
            .collect(),
    })
}

fn rows_of(json: &str) -> Result<Vec<Vec<&RawValue>>, serde_json::Error> {
    serde_json::from_str(json)
}

fn text(row: &[&RawValue], at: usize) -> Result<String, serde_json::Error> {
    serde_json::from_str(row.get(at).map_or("null", |value| value.get()))
}

fn sent(body: &str) -> Result<i64, serde_json::Error> {
    #[derive(Deserialize)]
    struct Beacon {
        sent: i64,
    }
    Ok(serde_json::from_str::<Beacon>(body)?.sent)
}
