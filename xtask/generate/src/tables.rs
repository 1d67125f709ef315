//! The tables of the plan's documentation, each from the types or the code it is about.

use crate::{examples, page::on_a_line};
use goalpost_core::{
    Context, Id, Observation, Properties, Seen, evaluate, limits,
    plan::{Plan, predefined},
};
use serde_json::Value;

/// The order in which a reader wants the fields; what is not here comes last.
const ORDER: [&str; 60] = [
    "site",
    "id",
    "name",
    "group",
    "timezone",
    "fixed",
    "property",
    "currency",
    "hosts",
    "sandboxed",
    "session",
    "groups",
    "outcomes",
    "goals",
    "since",
    "channels",
    "not_referrers",
    "funnels",
    "carts",
    "attribution",
    "rates",
    "segments",
    "done",
    "stage",
    "not",
    "all",
    "at_least",
    "at_most",
    "exactly",
    "within",
    "how_often",
    "channel",
    "source",
    "medium",
    "campaign",
    "order",
    "unit",
    "window",
    "steps",
    "exclude",
    "rate",
    "from",
    "timeout",
    "page",
    "click",
    "submit",
    "media",
    "scroll",
    "dwell",
    "event",
    "commerce",
    "query",
    "and",
    "any",
    "when",
    "count",
    "dedup",
    "value",
    "points",
    "off",
];

/// A field's place in that order.
pub(crate) fn rank(name: &str) -> usize {
    ORDER
        .iter()
        .position(|known| *known == name)
        .unwrap_or(ORDER.len())
}

/// A table's row; a `|` in a cell would end it.
fn row(cells: &[&str]) -> String {
    let cells: Vec<_> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    format!("| {} |\n", cells.join(" | "))
}

fn table(head: &[&str], rows: impl Iterator<Item = String>) -> String {
    let line = vec!["---"; head.len()];
    let body: String = rows.collect();
    format!("{}{}{body}", row(head), row(&line))
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

fn about(schema: &Value) -> &str {
    schema["description"].as_str().unwrap_or_default()
}

/// The fields of an object of the schema.
pub(crate) fn fields(object: &Value) -> String {
    let Some(properties) = object["properties"].as_object() else {
        return String::new();
    };
    let required = |name: &str| {
        object["required"]
            .as_array()
            .is_some_and(|names| names.iter().any(|required| required == name))
    };
    let mut names: Vec<_> = properties.keys().collect();
    names.sort_by_key(|name| rank(name));
    table(
        &["field", "type", "default", "what it is"],
        names.into_iter().map(|name| {
            let field = &properties[name];
            let default = match &field["default"] {
                _ if required(name) => "required".to_owned(),
                Value::Null => String::new(),
                default => code(&default.to_string()),
            };
            row(&[&code(name), &kind(field), &default, about(field)])
        }),
    )
}

/// What a field holds, in words.
fn kind(field: &Value) -> String {
    if let Some(name) = field["$ref"].as_str() {
        return named(name.rsplit('/').next().unwrap_or_default());
    }
    match field["type"].as_str() {
        Some("string") => "text".to_owned(),
        Some("boolean") => "true or false".to_owned(),
        Some("integer") => match (field["minimum"].as_u64(), field["maximum"].as_u64()) {
            (Some(from), Some(to)) => format!("whole number, {from} to {to}"),
            _ => "whole number".to_owned(),
        },
        Some("array") => format!("list of {}", kind(&field["items"])),
        _ => "object of texts".to_owned(),
    }
}

fn named(name: &str) -> String {
    let (text, anchor) = match name {
        "Session" => ("session", "session"),
        "Group" => ("group", "groups"),
        "Outcome" => ("outcome", "outcomes"),
        "Goal" => ("goal", "goals"),
        "Channel" => ("channel", "channels"),
        "Funnel" => ("funnel", "funnels"),
        "FunnelStep" => ("step", "steps-of-a-funnel"),
        "FunnelOrder" => ("order", "order-of-a-funnel"),
        "FunnelUnit" => ("unit", "unit-of-a-funnel"),
        "Carts" => ("carts", "carts"),
        "Attribution" => ("attribution", "attribution"),
        "Retention" => ("retention", "retention"),
        "Rate" => ("rate", "rates"),
        "Segment" => ("segment", "segments"),
        "PersonCondition" => ("condition", "conditions-of-a-segment"),
        "When" => ("trigger", "what-makes-it-happen"),
        "Counting" => ("policy", "how-often-it-counts"),
        "ValueSource" => ("value", "what-an-outcome-is-worth"),
        "ConditionSource" => ("condition", "conditions"),
        "ClickTarget" => ("selector or kind of link", "clicks"),
        "MediaStep" => ("step", "media"),
        "CommerceStep" => ("step", "purchases"),
        other => return code(other),
    };
    format!("[{text}](#{anchor})")
}

/// The words of a closed list, with what they mean.
pub(crate) fn words(schema: &Value, of: &str) -> String {
    let choices = schema["oneOf"].as_array().cloned().unwrap_or_default();
    table(
        &[of, "what it is"],
        choices.iter().map(|choice| {
            let word = if let Some(word) = choice["const"].as_str() {
                code(word)
            } else {
                let fields = choice["properties"].as_object();
                let name = fields.and_then(|fields| fields.keys().next());
                let name = name.map_or("", String::as_str);
                let field = fields.and_then(|fields| fields.get(name));
                let number = field.is_some_and(|field| field["type"] == "integer");
                let example = if number { "50" } else { "…" };
                code(&format!("{{ \"{name}\": {example} }}"))
            };
            row(&[&word, about(choice)])
        }),
    )
}

/// Kinds of triggers with their examples.
pub(crate) fn triggers(schema: &Value) -> String {
    let kinds = schema["$defs"]["TriggerSource"]["anyOf"]
        .as_array()
        .cloned();
    table(
        &["trigger", "what must be seen", "examples"],
        kinds.unwrap_or_default().iter().map(|choice| {
            let name = choice["$ref"]
                .as_str()
                .and_then(|name| name.rsplit('/').next());
            let trigger = &schema["$defs"][name.unwrap_or_default()];
            let word = trigger["required"][0].as_str().unwrap_or_default();
            let examples: Vec<_> = trigger["examples"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|example| code(&on_a_line(example)))
                .collect();
            row(&[&code(word), about(trigger), &examples.join("<br>")])
        }),
    )
}

/// Kinds of conditions about people, with their examples.
pub(crate) fn about_people(schema: &Value) -> String {
    let choices = schema["$defs"]["PersonCondition"]["anyOf"]
        .as_array()
        .cloned();
    table(
        &["condition", "what must be true", "example"],
        choices.unwrap_or_default().iter().map(|choice| {
            let name = choice["$ref"]
                .as_str()
                .and_then(|name| name.rsplit('/').next());
            let kind = &schema["$defs"][name.unwrap_or_default()];
            let word = kind["required"][0].as_str().unwrap_or_default();
            let example = code(&on_a_line(&kind["examples"][0]));
            row(&[&code(word), about(kind), &example])
        }),
    )
}

/// How often something of a person's past must have happened.
pub(crate) fn how_often(schema: &Value) -> String {
    let mut past = schema["$defs"]["PastCondition"].clone();
    if let Some(fields) = past["properties"].as_object_mut() {
        fields.remove("done");
    }
    fields(&past)
}

/// Operators of conditions, with what they say of a property that is missing.
pub(crate) fn operators(schema: &Value) -> String {
    let choices = schema["$defs"]["PropertyCondition"]["oneOf"]
        .as_array()
        .cloned();
    let choices = choices.unwrap_or_default();
    table(
        &["operator", "passes if", "a missing property", "example"],
        examples::tests().into_iter().map(|(name, example)| {
            let choice = choices.iter().find(|choice| choice["required"][0] == name);
            let meaning = choice.map_or("", about);
            let missing = if passes_when_missing(&example) {
                "passes"
            } else {
                "fails"
            };
            row(&[&code(name), meaning, missing, &code(&on_a_line(&example))])
        }),
    )
}

/// What the one evaluator says, so that this table cannot be wrong.
fn passes_when_missing(condition: &Value) -> bool {
    let plan = examples::within_a_plan("ConditionSource", condition.clone());
    let Ok(plan) = Plan::parse(&plan.to_string()) else {
        return false;
    };
    let observation = Observation {
        id: Id::new(0, [0; 10]),
        seq: 0,
        path: "/".to_owned(),
        seen: Seen::Event {
            name: "e".to_owned(),
        },
        properties: Properties::default(),
    };
    !evaluate(&plan.compile(), &observation, &Context::default())
        .conversions
        .is_empty()
}

/// Predefined groups and outcomes.
pub(crate) fn predefined() -> String {
    let group = |id: &str| {
        predefined::GROUPS
            .iter()
            .find(|(known, _)| *known == id)
            .map_or("", |(_, name)| name)
    };
    table(
        &[
            "outcome",
            "group",
            "name",
            "counts",
            "value",
            "what it says",
        ],
        predefined::OUTCOMES.iter().map(|outcome| {
            let value = outcome
                .value
                .map_or_else(String::new, |name| format!("the property `{name}`"));
            row(&[
                &code(outcome.id),
                &format!("`{}` ({})", outcome.group, group(outcome.group)),
                outcome.name,
                &code(outcome.count.name()),
                &value,
                outcome.about,
            ])
        }),
    )
}

/// Bounds of a plan.
pub(crate) fn limits() -> String {
    let (shortest, usual, longest) = limits::SESSION_TIMEOUT_MS;
    let seconds = |length: u32| format!("{} s", length / 1_000);
    let days = |length: i64| format!("{} d", length / 86_400_000);
    let rows = [
        ("bytes of a plan's JSON", limits::PLAN_BYTES.to_string()),
        (
            "bytes of its part for a page",
            limits::BROWSER_PLAN_BYTES.to_string(),
        ),
        (
            "goals and outcomes together",
            limits::DEFINITIONS.to_string(),
        ),
        ("groups", limits::GROUPS.to_string()),
        ("hosts", limits::HOSTS.to_string()),
        ("channels", limits::CHANNEL_RULES.to_string()),
        (
            "values in one list of a channel",
            limits::TEST_VALUES.to_string(),
        ),
        (
            "hosts that are no referrers",
            limits::NOT_REFERRERS.to_string(),
        ),
        ("funnels", limits::FUNNELS.to_string()),
        ("steps of one funnel", limits::FUNNEL_STEPS.1.to_string()),
        ("window of a funnel", days(limits::FUNNEL_WINDOW_MS.2)),
        (
            "time after which a cart is abandoned",
            days(limits::CART_ABANDONED_MS.2),
        ),
        (
            "lookback of attribution",
            format!("{} d", limits::LOOKBACK_DAYS.2),
        ),
        ("rates", limits::RATES.to_string()),
        ("segments", limits::SEGMENTS.to_string()),
        (
            "conditions of one segment",
            limits::SEGMENT_CONDITIONS.to_string(),
        ),
        (
            "number of times that a segment asks for",
            limits::SEGMENT_TIMES.to_string(),
        ),
        ("`within` of a segment", days(limits::SEGMENT_WINDOW_MS.1)),
        (
            "triggers of one definition",
            limits::ALTERNATIVES.to_string(),
        ),
        ("conditions in one list", limits::ALTERNATIVES.to_string()),
        ("keys of one `query`", limits::ALTERNATIVES.to_string()),
        (
            "values in one `one_of` or `none_of`",
            limits::TEST_VALUES.to_string(),
        ),
        (
            "levels of `and` and `any`, and of a segment's `not`, `all` and `any`",
            limits::CONDITION_DEPTH.to_string(),
        ),
        (
            "variable parts of one page pattern",
            limits::PATTERN_VARIABLES.to_string(),
        ),
        (
            "bytes of an id, an event's or a property's name",
            limits::NAME_BYTES.to_string(),
        ),
        (
            "bytes of a name, a selector, a pattern or a value",
            limits::TEXT_BYTES.to_string(),
        ),
        ("points of one goal", limits::POINTS.to_string()),
        (
            "properties of an observation",
            limits::PROPERTIES.to_string(),
        ),
        (
            "lines of an observation's list",
            limits::ORDER_LINES.to_string(),
        ),
        (
            "bytes of an observation's JSON, with all its lines",
            limits::ITEM_BYTES.to_string(),
        ),
        ("session timeout, shortest", seconds(shortest)),
        ("session timeout, default", seconds(usual)),
        ("session timeout, longest", seconds(longest)),
    ];
    table(
        &["what", "at most"],
        rows.iter().map(|(what, limit)| row(&[what, limit])),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use goalpost_core::{Counting, Test};

    #[test]
    fn every_operator_has_an_example() {
        let names: Vec<_> = examples::tests().iter().map(|(name, _)| *name).collect();
        assert_eq!(names, Test::NAMES);
    }

    #[test]
    fn every_policy_is_explained() {
        let schema = crate::plan_schema::document();
        let text = words(&schema["$defs"]["Counting"], "policy");
        for policy in Counting::ALL {
            assert!(text.contains(&code(policy.name())), "{text}");
        }
    }
}
