//! Funnels: steps that a plan knows, in bounds.

use super::{
    figures,
    reader::{At, Fields, Reader},
    triggers,
};
use crate::{
    funnel::{Order, Unit},
    limits,
    plan::{
        figures::{Funnel, FunnelStep, a_month},
        suggest,
    },
};
use alloc::{borrow::ToOwned as _, format, string::String, vec::Vec};

const FUNNEL: &[&str] = &["id", "name", "order", "unit", "window", "steps", "exclude"];
const KINDS: [&str; 5] = ["page", "commerce", "definition", "event", "arrival"];

/// The funnels of a plan that has these definitions.
pub(super) fn read(reader: &mut Reader, fields: &Fields<'_>, definitions: &[&str]) -> Vec<Funnel> {
    let list = fields
        .get("funnels")
        .map(|at| reader.list(&at, "funnels", limits::FUNNELS));
    let mut funnels: Vec<Funnel> = Vec::new();
    for at in list.unwrap_or_default() {
        let Some(funnel) = funnel(reader, &at, definitions) else {
            continue;
        };
        if funnels.iter().any(|earlier| earlier.id == funnel.id) {
            reader.problem(
                &format!("{}.id", at.path),
                format!(
                    "'{}' is the id of an earlier funnel; give each its own",
                    funnel.id
                ),
            );
        }
        funnels.push(funnel);
    }
    funnels
}

fn funnel(reader: &mut Reader, at: &At<'_>, definitions: &[&str]) -> Option<Funnel> {
    let fields = reader.object(at, "a funnel", FUNNEL)?;
    let id = reader
        .required(&fields, "id", "write an id such as \"checkout\"")
        .and_then(|at| reader.id(&at));
    let name = fields.get("name").and_then(|at| reader.title(&at));
    let order = match fields.get("order") {
        Some(at) => {
            let names = Order::ALL.iter().map(|order| order.name());
            let name = reader.choice(&at, "an order of a funnel", names);
            Order::ALL
                .into_iter()
                .find(|order| Some(order.name()) == name)
        }
        None => Some(Order::default()),
    };
    let unit = match fields.get("unit") {
        Some(at) => {
            let names = Unit::ALL.iter().map(|unit| unit.name());
            let name = reader.choice(&at, "a unit of a funnel", names);
            Unit::ALL.into_iter().find(|unit| Some(unit.name()) == name)
        }
        None => Some(Unit::default()),
    };
    let (shortest, _, longest) = limits::FUNNEL_WINDOW_MS;
    let window = match fields.get("window") {
        Some(at) => figures::span(reader, &at, (shortest, longest)),
        None => Some(a_month()),
    };
    let (fewest, most) = limits::FUNNEL_STEPS;
    let listed = reader.required(
        &fields,
        "steps",
        "write its steps, such as [{ \"page\": \"/shoes/:id/\" }, { \"commerce\": \"purchase\" }]",
    );
    let found = listed
        .as_ref()
        .map(|at| reader.list(at, "steps", most))
        .unwrap_or_default();
    if listed.is_some_and(|at| at.value.is_array()) && found.len() < fewest {
        reader.problem(
            &fields.place("steps"),
            format!("has at least {fewest} steps, this has {}", found.len()),
        );
    }
    let steps = steps(reader, found, definitions);
    let exclude = fields
        .get("exclude")
        .map(|at| reader.list(&at, "steps", most))
        .unwrap_or_default();
    let exclude = excluded(reader, exclude, definitions, &steps);
    Some(Funnel {
        id: id?,
        name,
        order: order?,
        unit: unit?,
        window: window?,
        steps,
        exclude,
    })
}

fn steps(reader: &mut Reader, list: Vec<At<'_>>, definitions: &[&str]) -> Vec<FunnelStep> {
    list.into_iter()
        .filter_map(|at| step(reader, &at, definitions))
        .collect()
}

fn excluded(
    reader: &mut Reader,
    list: Vec<At<'_>>,
    definitions: &[&str],
    steps: &[FunnelStep],
) -> Vec<FunnelStep> {
    let mut all = Vec::new();
    for at in list {
        let Some(step) = step(reader, &at, definitions) else {
            continue;
        };
        if steps.contains(&step) {
            reader.problem(
                &at.path,
                "is a step of this funnel too, and nobody could finish it; remove one of them",
            );
        }
        all.push(step);
    }
    all
}

fn step(reader: &mut Reader, at: &At<'_>, definitions: &[&str]) -> Option<FunnelStep> {
    let fields = reader.any_object(at, "a step such as { \"page\": \"/shoes/:id/\" }")?;
    if !reader.no_others(&fields, "a step", &KINDS) {
        return None;
    }
    let mut kinds = KINDS.into_iter().filter(|kind| fields.has(kind));
    let (Some(kind), None) = (kinds.next(), kinds.next()) else {
        reader.problem(
            &at.path,
            format!("is not one step; write one of {}", KINDS.join(", ")),
        );
        return None;
    };
    let at = fields.get(kind)?;
    match kind {
        "page" => triggers::page(reader, &at).map(FunnelStep::Page),
        "commerce" => triggers::commerce(reader, &at).map(FunnelStep::Commerce),
        "event" => triggers::event(reader, &at).map(FunnelStep::Event),
        "arrival" => reader
            .text(
                &at,
                "a channel's name such as \"Email\"",
                limits::NAME_BYTES,
            )
            .map(|name| FunnelStep::Arrival(name.to_owned())),
        _ => definition(reader, &at, definitions).map(FunnelStep::Definition),
    }
}

fn definition(reader: &mut Reader, at: &At<'_>, definitions: &[&str]) -> Option<String> {
    let id = reader.text(at, "the id of a goal or outcome", limits::NAME_BYTES)?;
    if definitions.contains(&id) {
        return Some(id.to_owned());
    }
    let fix = match suggest::nearest(id, definitions.iter().copied()) {
        Some(meant) => format!("did you mean '{meant}'?"),
        None => "add it to 'goals' or 'outcomes'".to_owned(),
    };
    reader.problem(
        &at.path,
        format!("'{id}' is not a goal or outcome of this plan; {fix}"),
    );
    None
}
