//! Outcomes and goals.

use super::{
    reader::{At, Fields, Reader},
    settings, triggers,
};
use crate::{
    counting::Counting,
    decimal::Decimal,
    limits,
    money::{Currency, Money, MoneyError},
    plan::{
        checks, predefined,
        source::{FixedValue, Goal, Group, Outcome, PropertyValue, ValueSource},
        suggest,
        triggers::When,
    },
};
use alloc::{borrow::ToOwned as _, format, string::String, vec::Vec};

const OUTCOME: &[&str] = &[
    "id", "name", "group", "when", "count", "dedup", "value", "off",
];
const GOAL: &[&str] = &["id", "name", "when", "count", "dedup", "points"];

/// All definitions of a plan.
#[derive(Default)]
pub(super) struct Definitions {
    pub(super) outcomes: Vec<Outcome>,
    pub(super) goals: Vec<Goal>,
}

/// What goals and outcomes have in common.
struct Common {
    id: String,
    name: Option<String>,
    when: Option<When>,
    count: Option<Counting>,
    dedup: Option<String>,
}

pub(super) fn read(
    reader: &mut Reader,
    fields: &Fields<'_>,
    groups: &[Group],
    currency: Option<Currency>,
) -> Definitions {
    let mut all = Definitions::default();
    for at in list(reader, fields, "outcomes") {
        if let Some(outcome) = outcome(reader, &at, groups, currency, &all) {
            all.outcomes.push(outcome);
        }
    }
    for predefined in predefined::outcomes() {
        if all.outcomes.iter().all(|own| own.id != predefined.id) {
            all.outcomes.push(predefined);
        }
    }
    for at in list(reader, fields, "goals") {
        if let Some(goal) = goal(reader, &at, &all) {
            all.goals.push(goal);
        }
    }
    let written = all
        .outcomes
        .get(..predefined::outcomes_written(&all.outcomes))
        .unwrap_or_default();
    let live = written.iter().filter(|outcome| !outcome.off).count();
    let count = live.saturating_add(all.goals.len());
    if count > limits::DEFINITIONS {
        reader.problem(
            "goals",
            format!(
                "with the outcomes there are {count} definitions, and a plan has at most {}; remove some, or switch predefined outcomes off",
                limits::DEFINITIONS
            ),
        );
    }
    all
}

fn list<'v>(reader: &mut Reader, fields: &Fields<'v>, name: &str) -> Vec<At<'v>> {
    fields
        .get(name)
        .map(|at| reader.list(&at, name, limits::DEFINITIONS))
        .unwrap_or_default()
}

fn goal(reader: &mut Reader, at: &At<'_>, all: &Definitions) -> Option<Goal> {
    let fields = reader.object(at, "a goal", GOAL)?;
    let common = common(reader, &fields, "goal", all);
    let points = match fields.get("points") {
        Some(at) => reader.whole_number(&at, 0, limits::POINTS),
        None => Some(0),
    };
    let common = common?;
    let count = common.count.unwrap_or_default();
    check_counting(reader, &fields, "goal", count, &common);
    Some(Goal {
        id: common.id,
        name: common.name,
        when: common.when,
        count,
        dedup: common.dedup,
        points: points?,
    })
}

fn outcome(
    reader: &mut Reader,
    at: &At<'_>,
    groups: &[Group],
    currency: Option<Currency>,
    all: &Definitions,
) -> Option<Outcome> {
    let fields = reader.object(at, "an outcome", OUTCOME)?;
    let common = common(reader, &fields, "outcome", all);
    let value = fields.get("value").map(|at| value(reader, &at, currency));
    let off = fields.get("off").and_then(|at| reader.flag(&at));
    let base = common
        .as_ref()
        .and_then(|common| predefined::outcome(&common.id));
    if off == Some(true) && base.is_none() && common.is_some() {
        reader.problem(
            &fields.place("off"),
            "switches only predefined outcomes off; delete this one instead",
        );
    }
    let group = match fields.get("group") {
        Some(at) => group(reader, &at, groups),
        // An id that could not be read may be a predefined one.
        None if common.is_some() && base.is_none() => {
            let names: Vec<_> = groups.iter().map(|group| group.id.as_str()).collect();
            let fix = format!("write one of {}", names.join(", "));
            reader.required(&fields, "group", &fix);
            None
        }
        None => None,
    };
    let common = common?;
    let (mut outcome, count) = match base {
        Some(base) => {
            let count = common.count.unwrap_or(base.count);
            (base, count)
        }
        None => (
            Outcome {
                id: common.id.clone(),
                name: None,
                group: None,
                when: None,
                count: Counting::Every,
                dedup: None,
                value: None,
                off: false,
            },
            common.count.unwrap_or_default(),
        ),
    };
    check_counting(reader, &fields, "outcome", count, &common);
    outcome.count = count;
    outcome.name = common.name.or(outcome.name);
    outcome.group = group.or(outcome.group);
    outcome.when = common.when.or(outcome.when);
    outcome.dedup = common.dedup;
    if let Some(value) = value {
        outcome.value = value;
    }
    outcome.off = off.unwrap_or(false);
    Some(outcome)
}

fn common(
    reader: &mut Reader,
    fields: &Fields<'_>,
    what: &str,
    all: &Definitions,
) -> Option<Common> {
    let id = reader
        .required(fields, "id", "write an id such as \"newsletter\"")
        .and_then(|at| reader.id(&at));
    if let Some(id) = &id {
        check_unique(reader, &fields.place("id"), id, what, all);
    }
    let name = fields.get("name").and_then(|at| reader.title(&at));
    let when = fields
        .get("when")
        .and_then(|at| triggers::when(reader, &at));
    let count = fields.get("count").and_then(|at| {
        let names = Counting::ALL.iter().map(|policy| policy.name());
        let name = reader.choice(&at, "a counting policy", names)?;
        Counting::ALL
            .into_iter()
            .find(|policy| policy.name() == name)
    });
    let dedup = fields.get("dedup").and_then(|at| reader.property(&at));
    Some(Common {
        id: id?,
        name,
        when,
        count,
        dedup,
    })
}

fn check_unique(reader: &mut Reader, path: &str, id: &str, what: &str, all: &Definitions) {
    let goal = all.goals.iter().any(|goal| goal.id == id);
    let outcome = all.outcomes.iter().any(|outcome| outcome.id == id);
    let owner = match (goal, outcome, what == "goal") {
        (true, _, _) => "an earlier goal",
        (_, true, true) if predefined::outcome(id).is_some() => {
            "a predefined outcome, even where it is switched off"
        }
        (_, true, _) => "an earlier outcome",
        _ => return,
    };
    reader.problem(
        path,
        format!("'{id}' is the id of {owner}; give each definition its own"),
    );
}

fn check_counting(
    reader: &mut Reader,
    fields: &Fields<'_>,
    what: &str,
    count: Counting,
    common: &Common,
) {
    if count == Counting::OncePerOrder && !checks::may_carry_order(common.when.as_ref()) {
        reader.problem(
            &fields.place("count"),
            format!(
                "'once_per_order' needs an order number, and no trigger of this {what} carries one; use 'commerce', 'event' or \"server\", or another counting policy"
            ),
        );
    }
    let written = fields.get("count").is_none() || common.count.is_some();
    if count == Counting::Every && common.dedup.is_some() && written {
        reader.problem(
            &fields.place("dedup"),
            format!(
                "changes nothing where every time counts; give the {what} a 'count' such as \"once_per_session\""
            ),
        );
    }
}

fn group(reader: &mut Reader, at: &At<'_>, groups: &[Group]) -> Option<String> {
    let id = reader.text(at, "a group's id", limits::NAME_BYTES)?;
    let ids = || groups.iter().map(|group| group.id.as_str());
    if ids().any(|known| known == id) {
        return Some(id.to_owned());
    }
    let fix = match suggest::nearest(id, ids()) {
        Some(meant) => format!("did you mean '{meant}'?"),
        None => format!(
            "add it to 'groups', or write one of {}",
            ids().collect::<Vec<_>>().join(", ")
        ),
    };
    reader.problem(
        &at.path,
        format!("'{id}' is not a group of this plan; {fix}"),
    );
    None
}

fn value(reader: &mut Reader, at: &At<'_>, plan: Option<Currency>) -> Option<ValueSource> {
    let fields = reader.any_object(at, "a value such as { \"property\": \"revenue\" }")?;
    match (fields.get("fixed"), fields.get("property")) {
        (Some(fixed), None) => {
            reader.no_others(&fields, "a fixed value", &["fixed", "currency"]);
            let currency = own_currency(reader, &fields);
            let plan = plan.filter(|_| !fields.has("currency"));
            fixed_amount(reader, &fixed, currency.or(plan))
                .map(|fixed| ValueSource::Fixed(FixedValue { fixed, currency }))
        }
        (None, Some(property)) => {
            reader.no_others(&fields, "a property's value", &["property", "currency"]);
            let currency = own_currency(reader, &fields);
            reader
                .property(&property)
                .map(|property| ValueSource::Property(PropertyValue { property, currency }))
        }
        (Some(_), Some(_)) => {
            reader.problem(
                &at.path,
                "has both 'fixed' and 'property'; leave one of them out",
            );
            None
        }
        (None, None) => {
            if reader.no_others(&fields, "a value", &["fixed", "property", "currency"]) {
                reader.problem(
                    &at.path,
                    "has no amount; write { \"fixed\": \"19.90\" } or { \"property\": \"revenue\" }",
                );
            }
            None
        }
    }
}

fn own_currency(reader: &mut Reader, fields: &Fields<'_>) -> Option<Currency> {
    fields
        .get("currency")
        .and_then(|at| settings::currency(reader, &at))
}

fn fixed_amount(reader: &mut Reader, at: &At<'_>, currency: Option<Currency>) -> Option<String> {
    let text = reader.decimal_text(at, "an amount such as \"19.90\"")?;
    // Where the currency itself is a problem, only the form of the amount can be checked.
    let read = match currency {
        Some(currency) => Money::parse(text, currency).map(|_| ()),
        None => Decimal::parse(text)
            .map(|_| ())
            .ok_or(MoneyError::NotDecimal),
    };
    match (read, currency) {
        (Ok(()), _) => return Some(text.to_owned()),
        (Err(MoneyError::TooPrecise), Some(currency)) => reader.problem(
            &at.path,
            format!(
                "'{text}' {}; {} has {}",
                MoneyError::TooPrecise.text(),
                currency.code(),
                currency.decimals()
            ),
        ),
        (Err(problem), _) => reader.problem(&at.path, format!("'{text}' {}", problem.text())),
    }
    None
}
