//! What makes a definition happen.

use super::{
    conditions, figures,
    reader::{At, Fields, Reader},
};
use crate::{
    commerce::CommerceStep,
    limits,
    link::LinkKind,
    observation::MediaStep,
    page_pattern::PagePattern,
    plan::{
        checks,
        triggers::{
            AnyTrigger, ClickTarget, ClickTrigger, CommerceTrigger, DwellTrigger, EventTrigger,
            LinkTarget, MediaTrigger, PageTrigger, ScrollTrigger, ServerWord, SubmitTrigger,
            TriggerSource, When,
        },
    },
    selector::Selector,
};
use alloc::{borrow::ToOwned as _, collections::BTreeMap, format, string::String, vec::Vec};
use serde_json::Value;

const KINDS: [&str; 8] = [
    "page", "click", "submit", "media", "scroll", "dwell", "event", "commerce",
];
const KINDS_TEXT: &str = "page, click, submit, media, scroll, dwell, event, commerce";

/// The shortest and the longest time with a page, in milliseconds.
const DWELL_MS: (i64, i64) = (
    limits::DWELL_SECONDS.0 as i64 * 1_000,
    limits::DWELL_SECONDS.1 as i64 * 1_000,
);

pub(super) fn when(reader: &mut Reader, at: &At<'_>) -> Option<When> {
    match at.value {
        Value::String(text) if text == "server" => return Some(When::Server(ServerWord::Server)),
        Value::String(text) => {
            reader.problem(
                &at.path,
                format!("'{text}' is not a trigger; write \"server\", or an object such as {{ \"page\": \"/thanks/\" }}"),
            );
            return None;
        }
        Value::Array(_) => {
            reader.problem(
                &at.path,
                "is a list; write { \"any\": [ … ] } for several triggers",
            );
            return None;
        }
        _ => {}
    }
    let fields = reader.any_object(at, "a trigger such as { \"page\": \"/thanks/\" }")?;
    match fields.get("any") {
        Some(any) if KINDS.iter().all(|kind| !fields.has(kind)) => {
            reader.no_others(&fields, "a list of triggers", &["any"]);
            alternatives(reader, &any).map(|any| When::Any(AnyTrigger { any }))
        }
        _ => trigger(reader, &fields).map(When::One),
    }
}

fn alternatives(reader: &mut Reader, at: &At<'_>) -> Option<Vec<TriggerSource>> {
    let mut all = Vec::new();
    let list = reader.filled_list(at, "triggers", limits::ALTERNATIVES);
    let expected = list.len();
    for at in list {
        if at.is_text() {
            reader.problem(
                &at.path,
                "is text; write a trigger as an object. \"server\" stands alone: \"when\": \"server\"",
            );
            continue;
        }
        let Some(fields) = reader.any_object(&at, "a trigger") else {
            continue;
        };
        let Some(trigger) = trigger(reader, &fields) else {
            continue;
        };
        all.push((trigger, at.path));
        if let Some(problem) = checks::unreachable(&all) {
            let path = all.last().map(|(_, path)| path.clone()).unwrap_or_default();
            reader.problem(&path, problem);
        }
    }
    (all.len() == expected).then(|| all.into_iter().map(|(trigger, _)| trigger).collect())
}

fn trigger(reader: &mut Reader, fields: &Fields<'_>) -> Option<TriggerSource> {
    let found: Vec<_> = KINDS.into_iter().filter(|kind| fields.has(kind)).collect();
    let kind = match found.as_slice() {
        [kind] => *kind,
        [] => {
            let mut known = KINDS.to_vec();
            known.extend(["and", "any", "query"]);
            if reader.no_others(fields, "a trigger", &known) {
                reader.problem(
                    &fields.path,
                    format!("says of no kind what must be seen; write one of {KINDS_TEXT}"),
                );
            }
            return None;
        }
        several => {
            reader.problem(
                &fields.path,
                format!(
                    "has several triggers in one object, {}; write {{ \"any\": [ … ] }} with one object for each",
                    several.join(" and ")
                ),
            );
            return None;
        }
    };
    let known: &[&str] = if kind == "page" {
        &["page", "query", "and", "any"]
    } else {
        &["and", "any"]
    };
    let mut known = known.to_vec();
    known.push(kind);
    known.dedup();
    reader.no_others(fields, &format!("a trigger of '{kind}'"), &known);
    let and = conditions::list(reader, fields, "and", limits::CONDITION_DEPTH);
    let any = conditions::list(reader, fields, "any", limits::CONDITION_DEPTH);
    let at = fields.get(kind)?;
    Some(match kind {
        "page" => TriggerSource::Page(PageTrigger {
            page: page(reader, &at)?,
            query: query(reader, fields),
            and,
            any,
        }),
        "click" => TriggerSource::Click(ClickTrigger {
            click: click(reader, &at)?,
            and,
            any,
        }),
        "submit" => TriggerSource::Submit(SubmitTrigger {
            submit: selector(reader, &at, "a form's selector such as \"form#newsletter\"")?,
            and,
            any,
        }),
        "media" => TriggerSource::Media(MediaTrigger {
            media: media(reader, &at)?,
            and,
            any,
        }),
        "scroll" => TriggerSource::Scroll(ScrollTrigger {
            scroll: percent(reader, &at)?,
            and,
            any,
        }),
        "dwell" => TriggerSource::Dwell(DwellTrigger {
            dwell: figures::span(reader, &at, DWELL_MS)?,
            and,
            any,
        }),
        "event" => TriggerSource::Event(EventTrigger {
            event: event(reader, &at)?,
            and,
            any,
        }),
        _ => TriggerSource::Commerce(CommerceTrigger {
            commerce: commerce(reader, &at)?,
            and,
            any,
        }),
    })
}

pub(super) fn page(reader: &mut Reader, at: &At<'_>) -> Option<String> {
    let text = reader.text(at, "a path such as \"/guides/:topic\"", limits::TEXT_BYTES)?;
    match PagePattern::parse(text) {
        Ok(_) => Some(text.to_owned()),
        Err(problem) => {
            reader.problem(&at.path, format!("'{text}' {}", problem.text()));
            None
        }
    }
}

fn query(reader: &mut Reader, fields: &Fields<'_>) -> BTreeMap<String, String> {
    let mut query = BTreeMap::new();
    let Some(pairs) = fields
        .get("query")
        .and_then(|at| reader.any_object(&at, "values such as { \"utm_medium\": \"email\" }"))
    else {
        return query;
    };
    for key in pairs.names() {
        let Some(at) = pairs.get(key) else { continue };
        if key.len() > limits::NAME_BYTES || key.is_empty() {
            reader.problem(
                &at.path,
                format!(
                    "the key of a query has from 1 to {} bytes",
                    limits::NAME_BYTES
                ),
            );
        }
        if let Some(text) = reader.text(
            &at,
            "the value that the query must have",
            limits::TEXT_BYTES,
        ) {
            query.insert(key.to_owned(), text.to_owned());
        }
    }
    if pairs.names().count() > limits::ALTERNATIVES {
        reader.problem(
            &pairs.path,
            format!("has at most {} keys; remove some", limits::ALTERNATIVES),
        );
    }
    query
}

fn selector(reader: &mut Reader, at: &At<'_>, wanted: &str) -> Option<String> {
    let text = reader.text(at, wanted, limits::TEXT_BYTES)?;
    match Selector::parse_list(text) {
        Ok(_) => Some(text.to_owned()),
        Err(problem) => {
            reader.problem(&at.path, format!("'{text}' {}", problem.text()));
            None
        }
    }
}

fn click(reader: &mut Reader, at: &At<'_>) -> Option<ClickTarget> {
    let wanted = "a selector such as \"a.cta\", or { \"link\": \"tel\" }";
    if !at.value.is_object() {
        return selector(reader, at, wanted).map(ClickTarget::Selector);
    }
    let fields = reader.object(at, "a kind of link", &["link"])?;
    let at = reader.required(&fields, "link", "write a kind of link such as \"tel\"")?;
    let names = LinkKind::ALL.iter().map(|kind| kind.name());
    let name = reader.choice(&at, "a kind of link", names)?;
    let link = LinkKind::ALL.into_iter().find(|kind| kind.name() == name)?;
    Some(ClickTarget::Link(LinkTarget { link }))
}

fn percent(reader: &mut Reader, at: &At<'_>) -> Option<u8> {
    u8::try_from(reader.whole_number(at, 1, 100)?).ok()
}

fn media(reader: &mut Reader, at: &At<'_>) -> Option<MediaStep> {
    if at.value.is_object() {
        let fields = reader.object(at, "a media step", &["progress"])?;
        let at = reader.required(
            &fields,
            "progress",
            "write the share in per cent, such as 50",
        )?;
        return percent(reader, &at).map(MediaStep::Progress);
    }
    let what = "a media step (or { \"progress\": 50 })";
    match reader.choice(at, what, ["play", "complete"].into_iter())? {
        "play" => Some(MediaStep::Play),
        _ => Some(MediaStep::Complete),
    }
}

pub(super) fn event(reader: &mut Reader, at: &At<'_>) -> Option<String> {
    let name = reader.text(
        at,
        "the name that the page passes to track",
        limits::NAME_BYTES,
    )?;
    if let Some(step) = CommerceStep::named(name) {
        reader.problem(
            &at.path,
            format!(
                "'{name}' is a step of a purchase, which is no custom event; write {{ \"commerce\": \"{}\" }}",
                step.name()
            ),
        );
        return None;
    }
    Some(name.to_owned())
}

pub(super) fn commerce(reader: &mut Reader, at: &At<'_>) -> Option<CommerceStep> {
    if let Some(step) = at.value.as_str().and_then(CommerceStep::named)
        && at.value.as_str() != Some(step.name())
    {
        reader.problem(&at.path, format!("is called '{}' in a plan", step.name()));
        return None;
    }
    let names = CommerceStep::ALL.iter().map(|step| step.name());
    let name = reader.choice(at, "a step of a purchase", names)?;
    CommerceStep::named(name)
}
