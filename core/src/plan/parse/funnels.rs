//! Funnels: steps that a plan knows, in bounds.

use super::{
    figures,
    reader::{At, Fields, Reader},
    triggers,
};
use crate::{
    channel::CHANNELS,
    funnel::{Order, Unit},
    limits,
    plan::{
        figures::{Channel, Funnel, FunnelStep, a_month},
        suggest,
    },
};
use alloc::{borrow::ToOwned as _, format, string::String, vec::Vec};

const FUNNEL: &[&str] = &["id", "name", "order", "unit", "window", "steps", "exclude"];
const KINDS: [&str; 5] = ["page", "commerce", "definition", "event", "arrival"];

/// What steps can name.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    /// The ids of the plan's goals and outcomes.
    pub(super) definitions: &'a [&'a str],
    /// The plan's own channels.
    pub(super) channels: &'a [Channel],
}

/// The funnels of a plan that knows these names.
pub(super) fn read(reader: &mut Reader, fields: &Fields<'_>, known: Known<'_>) -> Vec<Funnel> {
    let list = fields
        .get("funnels")
        .map(|at| reader.list(&at, "funnels", limits::FUNNELS));
    let mut funnels: Vec<Funnel> = Vec::new();
    for at in list.unwrap_or_default() {
        let Some(funnel) = funnel(reader, &at, known) else {
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

fn funnel(reader: &mut Reader, at: &At<'_>, known: Known<'_>) -> Option<Funnel> {
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
    let steps = steps(reader, found, known);
    let exclude = fields
        .get("exclude")
        .map(|at| reader.list(&at, "steps", most))
        .unwrap_or_default();
    let exclude = excluded(reader, exclude, known, &steps);
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

fn steps(reader: &mut Reader, list: Vec<At<'_>>, known: Known<'_>) -> Vec<FunnelStep> {
    list.into_iter()
        .filter_map(|at| step(reader, &at, known))
        .collect()
}

fn excluded(
    reader: &mut Reader,
    list: Vec<At<'_>>,
    known: Known<'_>,
    steps: &[FunnelStep],
) -> Vec<FunnelStep> {
    let mut all = Vec::new();
    for at in list {
        let Some(step) = step(reader, &at, known) else {
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

fn step(reader: &mut Reader, at: &At<'_>, known: Known<'_>) -> Option<FunnelStep> {
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
        "arrival" => channel(reader, &at, known.channels).map(FunnelStep::Arrival),
        _ => definition(reader, &at, known.definitions).map(FunnelStep::Definition),
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

fn channel(reader: &mut Reader, at: &At<'_>, own: &[Channel]) -> Option<String> {
    let wanted = "a channel's name such as \"Email\"";
    let name = reader.text(at, wanted, limits::NAME_BYTES)?;
    let own = own.iter().map(|rule| rule.channel.as_str());
    let channels = own.chain(CHANNELS);
    if channels.clone().any(|channel| channel == name) {
        return Some(name.to_owned());
    }
    let fix = match suggest::nearest(name, channels) {
        Some(meant) => format!("did you mean '{meant}'?"),
        None => "add it to 'channels'".to_owned(),
    };
    reader.problem(
        &at.path,
        format!("'{name}' is not a channel of this plan; {fix}"),
    );
    None
}
