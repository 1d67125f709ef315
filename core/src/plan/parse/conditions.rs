//! Conditions and their tests.

use super::reader::{At, Fields, Reader};
use crate::{
    condition::Test,
    decimal::Decimal,
    limits,
    plan::{
        contradiction,
        triggers::{AllConditions, AnyCondition, ConditionSource, PropertyCondition},
    },
};
use alloc::{
    borrow::ToOwned as _,
    format,
    string::{String, ToString as _},
    vec::Vec,
};
use serde_json::Value;

/// A list of conditions under that name; `depth` more lists may be nested, this one included.
pub(super) fn list(
    reader: &mut Reader,
    fields: &Fields<'_>,
    name: &str,
    depth: usize,
) -> Vec<ConditionSource> {
    let Some(at) = fields.get(name) else {
        return Vec::new();
    };
    let Some(depth) = depth.checked_sub(1) else {
        reader.problem(
            &at.path,
            format!(
                "'and' and 'any' nest at most {} deep; flatten them",
                limits::CONDITION_DEPTH
            ),
        );
        return Vec::new();
    };
    let mut conditions: Vec<ConditionSource> = Vec::new();
    for at in reader.filled_list(&at, "conditions", limits::ALTERNATIVES) {
        let Some(condition) = condition(reader, &at, depth) else {
            continue;
        };
        if conditions.contains(&condition) {
            reader.problem(
                &at.path,
                "repeats an earlier condition of this list; remove it",
            );
        }
        conditions.push(condition);
    }
    if name == "and"
        && let Some(problem) = contradiction::find(&conditions)
    {
        reader.problem(&at.path, problem);
    }
    conditions
}

fn condition(reader: &mut Reader, at: &At<'_>, depth: usize) -> Option<ConditionSource> {
    let fields = reader.any_object(
        at,
        "a condition such as { \"property\": \"plan\", \"is\": \"pro\" }",
    )?;
    match (fields.has("property"), fields.has("and"), fields.has("any")) {
        (true, _, _) => property(reader, &fields).map(ConditionSource::Property),
        (false, true, false) => {
            reader.no_others(&fields, "a list of conditions", &["and"]);
            let and = list(reader, &fields, "and", depth);
            Some(ConditionSource::All(AllConditions { and }))
        }
        (false, false, true) => {
            reader.no_others(&fields, "a list of conditions", &["any"]);
            let any = list(reader, &fields, "any", depth);
            Some(ConditionSource::Any(AnyCondition { any }))
        }
        (false, true, true) => {
            reader.problem(
                &at.path,
                "has both 'and' and 'any'; write one condition for each",
            );
            None
        }
        (false, false, false) => {
            let mut known = Test::NAMES.to_vec();
            known.extend(["property", "and", "any"]);
            if reader.no_others(&fields, "a condition", &known) {
                reader.problem(
                    &at.path,
                    "names no property; write { \"property\": \"plan\", \"is\": \"pro\" }",
                );
            }
            None
        }
    }
}

fn property(reader: &mut Reader, fields: &Fields<'_>) -> Option<PropertyCondition> {
    let property = fields.get("property").and_then(|at| reader.property(&at));
    let mut known = Test::NAMES.to_vec();
    known.push("property");
    let clean = reader.no_others(fields, "a condition", &known);
    let tests: Vec<_> = Test::NAMES
        .into_iter()
        .filter(|name| fields.has(name))
        .collect();
    let test = match tests.as_slice() {
        [name] => fields.get(name).and_then(|at| test(reader, name, &at)),
        [] if clean => {
            reader.problem(
                &fields.path,
                format!("has no test; write one of {}", Test::NAMES.join(", ")),
            );
            None
        }
        [] => None,
        several => {
            reader.problem(
                &fields.path,
                format!(
                    "has several tests, {}; write one condition for each",
                    several.join(" and ")
                ),
            );
            None
        }
    };
    Some(PropertyCondition {
        property: property?,
        test: test?,
    })
}

fn test(reader: &mut Reader, name: &str, at: &At<'_>) -> Option<Test> {
    Some(match name {
        "is" => Test::Is(scalar(reader, at)?),
        "is_not" => Test::IsNot(scalar(reader, at)?),
        "contains" => Test::Contains(part(reader, at)?),
        "not_contains" => Test::NotContains(part(reader, at)?),
        "starts_with" => Test::StartsWith(part(reader, at)?),
        "ends_with" => Test::EndsWith(part(reader, at)?),
        "one_of" => Test::OneOf(scalars(reader, at)?),
        "none_of" => Test::NoneOf(scalars(reader, at)?),
        "less" => Test::Less(number(reader, at)?),
        "at_most" => Test::AtMost(number(reader, at)?),
        "greater" => Test::Greater(number(reader, at)?),
        "at_least" => Test::AtLeast(number(reader, at)?),
        "between" => between(reader, at)?,
        _ => Test::Exists(reader.flag(at)?),
    })
}

fn part(reader: &mut Reader, at: &At<'_>) -> Option<String> {
    reader
        .text(at, "the text to look for", limits::TEXT_BYTES)
        .map(str::to_owned)
}

fn scalar(reader: &mut Reader, at: &At<'_>) -> Option<String> {
    match at.value {
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(_) => number(reader, at),
        // A property may be there and empty, and a condition may ask for that.
        Value::String(text) if text.is_empty() => Some(String::new()),
        _ => reader
            .text(
                at,
                "what it must be, a number, true or false,",
                limits::TEXT_BYTES,
            )
            .map(str::to_owned),
    }
}

fn scalars(reader: &mut Reader, at: &At<'_>) -> Option<Vec<String>> {
    let list = reader.filled_list(at, "values", limits::TEST_VALUES);
    let expected = list.len();
    let values: Vec<_> = list.iter().filter_map(|at| scalar(reader, at)).collect();
    (expected > 0 && values.len() == expected).then_some(values)
}

fn number(reader: &mut Reader, at: &At<'_>) -> Option<String> {
    let text = match at.value {
        Value::Number(number) => number.to_string(),
        _ => reader.text(at, "a number", limits::NAME_BYTES)?.to_owned(),
    };
    if Decimal::parse(&text).is_some() {
        return Some(text);
    }
    reader.problem(
        &at.path,
        format!("'{text}' is not a plain decimal number, such as 129 or \"129.00\""),
    );
    None
}

fn between(reader: &mut Reader, at: &At<'_>) -> Option<Test> {
    let list = reader.list(at, "two numbers, such as [1, 5]", 2);
    let [low, high] = list.as_slice() else {
        if at.value.is_array() {
            reader.problem(
                &at.path,
                "is not two numbers; write the lowest and the highest, such as [1, 5]",
            );
        }
        return None;
    };
    let (low, high) = (number(reader, low), number(reader, high));
    let (low, high) = (low?, high?);
    if Decimal::parse(&low) > Decimal::parse(&high) {
        reader.problem(
            &at.path,
            format!(
                "is from {low} to {high}, and nothing is between them; write the lower number first"
            ),
        );
        return None;
    }
    Some(Test::Between(low, high))
}
