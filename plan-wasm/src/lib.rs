//! The core for tools on a developer's machine: the package's `goalpost/wasm`.
//!
//! JSON in, JSON out. It is the code that the edge runs, so what it says of a plan is what the edge
//! would say when that plan is published.

use goalpost_core::{
    Context,
    beacon::read_item,
    plan::{Plan, PlanProblem},
    reasons,
};
use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;

/// What a plan says, or what is wrong with it.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Read {
    Problems(Vec<PlanProblem>),
    Plan(Box<Plan>),
}

/// What a plan makes of an observation.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Explained<'a> {
    Problems(Vec<PlanProblem>),
    Definitions(Vec<Reason<'a>>),
}

/// Why a definition did or did not happen.
#[derive(Serialize)]
struct Reason<'a> {
    definition: &'a str,
    happened: bool,
    why: String,
}

/// Reads a plan's JSON: `{"problems": [{"path", "text"}]}`, or `{"plan": …}` with the predefined
/// groups and outcomes, without what is switched off.
#[wasm_bindgen]
pub fn read(plan: &str) -> String {
    json(&match Plan::parse(plan) {
        Ok(mut plan) => {
            plan.outcomes.retain(|outcome| !outcome.off);
            Read::Plan(Box::new(plan))
        }
        Err(problems) => Read::Problems(problems),
    })
}

/// What a plan makes of an observation, written as an item of a beacon:
/// `{"definitions": [{"definition", "happened", "why"}]}`, one for each definition, or
/// `{"problems": [{"path", "text"}]}`.
#[wasm_bindgen]
pub fn explain(plan: &str, observation: &str) -> String {
    let wrong = |text: String| {
        json(&Explained::Problems(vec![PlanProblem {
            path: String::from("observation"),
            text,
        }]))
    };
    let rules = match Plan::parse(plan) {
        Ok(plan) => plan.compile(),
        Err(problems) => return json(&Explained::Problems(problems)),
    };
    let read = match read_item(observation) {
        Ok(read) => read,
        Err(error) => return wrong(error.detail),
    };
    let context = Context {
        time: read.observation.id.time(),
        session: read.session,
        ..Context::default()
    };
    let reasons = reasons::of(&rules, &read.observation, &context);
    if let Some((_, text)) = reasons.problem {
        return wrong(text);
    }
    let whys = reasons.definitions.iter().map(|reason| Reason {
        definition: &reason.definition,
        happened: reason.conversion.is_some(),
        why: reason.text(),
    });
    json(&Explained::Definitions(whys.collect()))
}

fn json(value: &impl Serialize) -> String {
    // Only maps with keys that are no texts fail, and there are none.
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const PLAN: &str = r#"{
        "site": "shop", "currency": "JPY", "hosts": ["shop.example"],
        "outcomes": [
            { "id": "close-lost", "off": true },
            { "id": "product-purchase", "when": { "commerce": "purchase" } }
        ],
        "goals": [{ "id": "demo", "when": { "event": "demo_requested" }, "points": 5 }]
    }"#;

    fn value(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    fn item(fields: &Value) -> String {
        let mut item =
            json!({ "id": "019aa0e0-0000-7000-8000-000000000000", "seq": 0, "path": "/" });
        for (name, value) in fields.as_object().unwrap() {
            item[name] = value.clone();
        }
        item.to_string()
    }

    #[test]
    fn a_plan_is_read_with_what_is_predefined_and_without_what_is_off() {
        let read = value(&read(PLAN));
        let ids: Vec<_> = read["plan"]["outcomes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|outcome| outcome["id"].as_str().unwrap())
            .collect();
        assert!(ids.contains(&"product-purchase"));
        assert!(!ids.contains(&"close-lost"));
    }

    #[test]
    fn a_wrong_plan_is_told_with_place_and_fix() {
        for text in [read("{}"), explain("{}", "{}")] {
            let problems = value(&text)["problems"].clone();
            assert_eq!(problems[0]["path"], "site");
            assert!(problems[0]["text"].is_string());
        }
    }

    #[test]
    fn each_definition_says_why() {
        let seen = item(&json!({ "kind": "event", "name": "demo_requested" }));
        let found = value(&explain(PLAN, &seen));
        let demo = found["definitions"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["definition"] == "demo")
            .unwrap();
        assert_eq!(
            *demo,
            json!({ "definition": "demo", "happened": true, "why": "matched, counts every" })
        );
    }

    #[test]
    fn an_observation_that_cannot_be_read_or_accepted_is_a_problem() {
        for seen in [
            String::from("{"),
            item(&json!({ "kind": "trigger", "name": "no-such-goal" })),
            item(&json!({
                "kind": "commerce", "name": "purchase", "properties": { "order": "A1", "revenue": "1.5" }
            })),
        ] {
            let problems = value(&explain(PLAN, &seen))["problems"].clone();
            assert_eq!(problems[0]["path"], "observation", "{seen}");
        }
    }
}
