//! The JSON Schema of a plan, with examples.

use crate::examples;
use goalpost_core::plan::Plan;
use serde_json::{Map, Value, json};

/// The schema.
pub(crate) fn document() -> Value {
    let mut schema = schemars::schema_for!(Plan).to_value();
    simplify(&mut schema);
    schema["$comment"] = json!(crate::NOTE);
    schema["title"] = json!("Goalpost plan");
    schema["examples"] = json!([examples::plan()]);
    for (name, examples) in examples::definitions() {
        schema["$defs"][name]["examples"] = json!(examples);
    }
    // `property` stands beside the one test, which the schema's `oneOf` describes.
    schema["$defs"]["PropertyCondition"]["unevaluatedProperties"] = json!(false);
    // How often stands beside what, so that the types cannot say that nothing else may.
    for name in ["PastCondition", "PastOfGroup"] {
        schema["$defs"][name]["additionalProperties"] = json!(false);
    }
    schema
}

fn simplify(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(simplify),
        Value::Object(fields) => {
            without_null(fields);
            // The width of a number in Rust is nobody's business.
            fields.remove("format");
            if let Some(Value::String(text)) = fields.get_mut("description") {
                *text = unwrapped(text);
            }
            fields.values_mut().for_each(simplify);
        }
        _ => {}
    }
}

/// A field that may be missing may not be null.
fn without_null(fields: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = fields.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            fields["type"] = only.clone();
        }
    }
    if let Some(Value::Array(choices)) = fields.get_mut("anyOf") {
        choices.retain(|choice| choice["type"] != "null");
        if let [Value::Object(only)] = choices.as_slice() {
            let only = only.clone();
            fields.remove("anyOf");
            fields.extend(only);
        }
    }
}

/// A doc comment's lines joined; an empty line stays a paragraph's end.
fn unwrapped(text: &str) -> String {
    text.split("\n\n")
        .map(|paragraph| paragraph.replace('\n', " "))
        .collect::<Vec<_>>()
        .join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const STOREFRONT: &str = include_str!("../../../examples/storefront/plan.json");

    fn validator() -> jsonschema::Validator {
        jsonschema::validator_for(&document()).expect("a schema")
    }

    fn problems(validator: &jsonschema::Validator, plan: &Value) -> Vec<String> {
        validator
            .iter_errors(plan)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect()
    }

    #[test]
    fn the_storefronts_plan_is_valid() {
        let plan = serde_json::from_str(STOREFRONT).expect("JSON");
        assert_eq!(problems(&validator(), &plan), [""; 0]);
    }

    #[test]
    fn every_example_is_valid_and_parses() {
        let schema = document();
        let validator = validator();
        let mut plans = vec![schema["examples"][0].clone()];
        for (name, examples) in examples::definitions() {
            for example in examples {
                plans.push(examples::within_a_plan(name, example));
            }
        }
        for plan in plans {
            assert_eq!(problems(&validator, &plan), [""; 0], "{plan:#}");
            if let Err(problems) = Plan::parse(&plan.to_string()) {
                panic!("{plan:#}\n{problems:#?}");
            }
            let canonical = Plan::parse(&plan.to_string()).expect("a plan").json();
            let canonical = serde_json::from_str(&canonical).expect("JSON");
            assert_eq!(problems(&validator, &canonical), [""; 0], "{canonical:#}");
        }
    }

    #[test]
    fn what_the_schema_refuses_the_parser_refuses_too() {
        let validator = validator();
        for goal in [
            json!({ "id": "g", "pionts": 1 }),
            json!({ "id": "G" }),
            json!({ "id": "g", "count": "once" }),
            json!({ "id": "g", "points": -1 }),
            json!({ "id": "g", "points": null }),
            json!({ "id": "g", "when": "client" }),
            json!({ "id": "g", "when": { "page": "/", "click": "a" } }),
            json!({ "id": "g", "when": { "event": "e", "query": {} } }),
            json!({ "id": "g", "when": { "media": { "progress": 0 } } }),
            json!({ "id": "g", "when": { "scroll": 101 } }),
            json!({ "id": "g", "when": { "scroll": "75%" } }),
            json!({ "id": "g", "when": { "dwell": 30 } }),
            json!({ "id": "g", "when": { "dwell": "1d" } }),
            json!({ "id": "g", "when": { "event": "e", "and": [{ "property": "p" }] } }),
            json!({ "id": "g", "when": { "event": "e", "and": [{ "property": "p", "is": 1, "less": 2 }] } }),
            json!({ "id": "g", "when": { "event": "e", "and": [{ "property": "p", "is": 1, "or": 2 }] } }),
        ] {
            let plan = examples::within_a_plan("Goal", goal);
            assert_ne!(problems(&validator, &plan), [""; 0], "{plan:#}");
            assert!(Plan::parse(&plan.to_string()).is_err(), "{plan:#}");
        }
        let step = json!({ "event": "e" });
        for (name, example) in [
            ("Session", json!({ "split_at_midnight": "yes" })),
            ("Channel", json!({ "source": ["a"] })),
            ("Channel", json!({ "channel": "c", "sources": ["a"] })),
            ("Funnel", json!({ "id": "f", "steps": [step] })),
            (
                "Funnel",
                json!({ "id": "f", "steps": [step, { "click": "a" }] }),
            ),
            (
                "Funnel",
                json!({ "id": "f", "steps": [step, { "event": "e", "page": "/" }] }),
            ),
            (
                "Funnel",
                json!({ "id": "f", "order": "free", "steps": [step, step] }),
            ),
            (
                "Funnel",
                json!({ "id": "f", "window": "1 day", "steps": [step, step] }),
            ),
            ("Segment", json!({ "id": "s" })),
            ("Segment", json!({ "id": "s", "when": {} })),
            (
                "Segment",
                json!({ "id": "s", "when": { "done": "close-won", "times": 2 } }),
            ),
            (
                "Segment",
                json!({ "id": "s", "when": { "done": "close-won", "at_least": 0 } }),
            ),
            (
                "Segment",
                json!({ "id": "s", "when": { "done": "close-won", "within": "a month" } }),
            ),
            (
                "Segment",
                json!({ "id": "s", "when": { "stage": "client" } }),
            ),
            (
                "Segment",
                json!({ "id": "s", "when": { "done": "close-won", "group": "purchase" } }),
            ),
            ("Carts", json!({ "abandoned_after": 60 })),
            ("Attribution", json!({ "lookback": "a month" })),
            ("Retention", json!({ "observations": "for ever" })),
            (
                "Rate",
                json!({ "currency": "USD", "rate": 149.5, "from": "2026-11-01" }),
            ),
            (
                "Rate",
                json!({ "currency": "USD", "rate": "149.50", "from": "1.11.2026" }),
            ),
        ] {
            let plan = examples::within_a_plan(name, example);
            assert_ne!(problems(&validator, &plan), [""; 0], "{plan:#}");
            assert!(Plan::parse(&plan.to_string()).is_err(), "{plan:#}");
        }
    }
}
