//! What happened, by the one field that says so.

use super::{EventError, fields::Fields, person::Person};
use crate::{
    clip,
    commerce::CommerceStep,
    decimal::Decimal,
    limits,
    money::{Currency, Money, MoneyError},
    observation::{Properties, Seen, Value},
    plan::suggest,
    rules::{Rules, Worth},
};
use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};

/// The fields that say what happened: an event has one of them.
const HAPPENED: [&str; 5] = ["commerce", "outcome", "goal", "event", "identify"];

/// Fields that only a commerce event has.
const OF_COMMERCE: [&str; 5] = ["order", "revenue", "currency", "amount", "reason"];

/// Every field of an event.
pub(super) const FIELDS: &[&str] = &[
    "commerce",
    "outcome",
    "goal",
    "event",
    "identify",
    "id",
    "time",
    "contact",
    "visitor",
    "session",
    "properties",
    "interactive",
    "order",
    "revenue",
    "currency",
    "amount",
    "reason",
    "site",
];

/// Why an order, or a part of it, is given back.
const REASONS: [&str; 3] = ["refund", "cancellation", "return"];

/// What was seen; the properties gain what only a commerce event names beside them.
pub(super) fn read(
    fields: &Fields<'_>,
    person: &Person,
    properties: &mut Properties,
    rules: &Rules,
) -> Result<Seen, EventError> {
    let said: Vec<&str> = HAPPENED
        .into_iter()
        .filter(|name| fields.has(name))
        .collect();
    let what = match said.as_slice() {
        [what] => *what,
        [] => {
            return Err(EventError(format!(
                "what happened is missing; write one of {}",
                HAPPENED.join(", ")
            )));
        }
        [one, other, ..] => {
            return Err(EventError::new(
                other,
                &format!("stands beside '{one}'; an event is one of them, so send two"),
            ));
        }
    };
    if what == "commerce" {
        return commerce(fields, properties, rules.currency);
    }
    if let Some(name) = OF_COMMERCE.into_iter().find(|name| fields.has(name)) {
        return Err(EventError::new(
            name,
            &format!("is a field of a commerce event; write it into properties beside '{what}'"),
        ));
    }
    match what {
        "identify" => identify(fields, person),
        "event" => Ok(Seen::Event {
            name: name(fields, "event")?,
        }),
        _ => definition(fields, what, rules),
    }
}

fn name(fields: &Fields<'_>, what: &str) -> Result<String, EventError> {
    let name = fields.text(what)?.unwrap_or_default();
    if name.trim().is_empty() {
        return Err(EventError::new(what, "is empty; write its name"));
    }
    if name.len() > limits::NAME_BYTES {
        return Err(EventError::new(
            what,
            &format!(
                "has at most {} bytes, this one has {}",
                limits::NAME_BYTES,
                name.len()
            ),
        ));
    }
    Ok(name)
}

fn identify(fields: &Fields<'_>, person: &Person) -> Result<Seen, EventError> {
    if fields.flag("identify")? != Some(true) {
        return Err(EventError::new("identify", "is not true; leave it out"));
    }
    let contact = person
        .contact
        .clone()
        .ok_or_else(|| EventError::new("contact", "is missing; identify says who somebody is"))?;
    Ok(Seen::Identify { contact })
}

/// A definition by its id. One that the plan does not have goes on: it waits until the plan has it.
fn definition(fields: &Fields<'_>, what: &str, rules: &Rules) -> Result<Seen, EventError> {
    let id = name(fields, what)?;
    let kind = rules.definition(&id).map(|found| match found.worth {
        Worth::Points(_) => "goal",
        Worth::Value(_) => "outcome",
    });
    match kind {
        Some(kind) if kind != what => Err(EventError::new(
            what,
            &format!("'{id}' is the id of one of the plan's {kind}s; write it as '{kind}'"),
        )),
        _ => Ok(Seen::Trigger { definition: id }),
    }
}

fn commerce(
    fields: &Fields<'_>,
    properties: &mut Properties,
    plans: Currency,
) -> Result<Seen, EventError> {
    let name = fields.text("commerce")?.unwrap_or_default();
    let Some(step) = CommerceStep::named(&name) else {
        let names = CommerceStep::ALL.map(CommerceStep::name);
        let fix = suggest::nearest(&name, names.into_iter()).map_or_else(
            || format!("one of {}", names.join(", ")),
            |meant| format!("did you mean '{meant}'?"),
        );
        let name = clip(&name, limits::NAME_BYTES);
        return Err(EventError::new(
            "commerce",
            &format!("'{name}' is not a step of a purchase; {fix}"),
        ));
    };
    if let Some(name) = OF_COMMERCE
        .into_iter()
        .find(|name| properties.get(name).is_some())
    {
        return Err(EventError(format!(
            "properties.{name}: stands beside 'commerce' in the event, not in properties"
        )));
    }
    let is_refund = step == CommerceStep::Refund;
    let (amount, others) = if is_refund {
        ("amount", ["revenue"].as_slice())
    } else {
        ("revenue", ["amount", "reason"].as_slice())
    };
    if let Some(name) = others.iter().find(|name| fields.has(name)) {
        return Err(EventError::new(
            name,
            &format!(
                "is not a field of '{}'; did you mean '{amount}'?",
                step.name()
            ),
        ));
    }
    let code = fields.text("currency")?;
    let currency = code.as_deref().map(Currency::parse).transpose();
    let currency = currency.map_err(|problem| {
        let code = clip(code.as_deref().unwrap_or_default(), limits::NAME_BYTES);
        EventError::new("currency", &format!("'{code}' {}", problem.text()))
    })?;
    let mut add = |name: &str, text: String| {
        properties.0.push((name.to_string(), Value::Text(text)));
    };
    if let Some(order) = fields.text_or_number("order")? {
        add("order", order);
    }
    if let Some(text) = fields.text_or_number(amount)? {
        check(
            amount,
            &text,
            currency.or_else(|| is_refund.then_some(plans)),
        )?;
        add(amount, text);
    }
    // A purchase without one is read in the currency of its definition, which may be another.
    let code = currency.or_else(|| (is_refund && fields.has(amount)).then_some(plans));
    if let Some(currency) = code {
        add("currency", currency.code().to_string());
    }
    if let Some(reason) = fields.text("reason")? {
        if !REASONS.contains(&reason.as_str()) {
            let reason = clip(&reason, limits::NAME_BYTES);
            return Err(EventError::new(
                "reason",
                &format!("'{reason}' is not one of {}", REASONS.join(", ")),
            ));
        }
        add("reason", reason);
    }
    Ok(Seen::Commerce { step })
}

/// Whether the text is an amount, as far as its currency is known.
fn check(field: &str, text: &str, currency: Option<Currency>) -> Result<(), EventError> {
    let shown = clip(text, limits::NAME_BYTES);
    let money = match currency {
        Some(currency) => Money::parse(text, currency).map(|money| money.minor),
        None => Decimal::parse(text)
            .map(|decimal| decimal.mantissa)
            .ok_or(MoneyError::NotDecimal),
    };
    match money {
        Ok(minor) if minor < 0 => Err(EventError::new(
            field,
            &format!(
                "{shown} is below zero; what is given back is an event of its own, 'commerce': 'refund'"
            ),
        )),
        Ok(_) => Ok(()),
        Err(problem) => {
            let code = currency.map(|currency| format!(", {}", currency.code()));
            let code = match problem {
                MoneyError::TooPrecise => code.unwrap_or_default(),
                _ => String::new(),
            };
            Err(EventError::new(
                field,
                &format!("'{shown}' {}{code}", problem.text()),
            ))
        }
    }
}
