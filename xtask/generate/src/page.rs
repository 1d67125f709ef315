//! `docs/plan.md`.

use crate::{NOTE, examples, tables};
use goalpost_core::plan::Plan;
use serde_json::Value;

/// The page, from the schema with its examples.
pub(crate) fn text(schema: &Value) -> String {
    let defs = &schema["$defs"];
    let mut page = format!("<!-- {NOTE} -->\n");
    let mut add = |text: &str| {
        page.push('\n');
        page.push_str(text.trim_end());
        page.push('\n');
    };
    add(INTRODUCTION);
    add(&block(&examples::plan()));
    add(CHECKED);
    add(&problems());
    add("## The plan");
    add(&tables::fields(schema));
    for (title, name, words) in [
        ("## Session", "Session", SESSION),
        ("## Groups", "Group", ""),
        ("## Outcomes", "Outcome", OUTCOMES),
        (
            "## Goals",
            "Goal",
            "Goals and outcomes share one space of ids.",
        ),
    ] {
        add(title);
        add(&format!("{} {words}", about(&defs[name])));
        add(&tables::fields(&defs[name]));
        add(&shown(&defs[name]));
    }
    add("### Predefined outcomes");
    add(PREDEFINED);
    add(&tables::predefined());
    add("## What an outcome is worth");
    add(VALUES);
    for name in ["FixedValue", "PropertyValue"] {
        add(about(&defs[name]));
        add(&tables::fields(&defs[name]));
    }
    add(&shown(&defs["ValueSource"]));
    add("## How often it counts");
    add(COUNTING);
    add(&tables::words(&defs["Counting"], "policy"));
    add("## What makes it happen");
    add(WHEN);
    add(&tables::triggers(schema));
    add(ALTERNATIVES);
    add("### Pages");
    add(PAGES);
    add("### Clicks");
    add(CLICKS);
    add(&tables::words(&defs["LinkKind"], "kind of link"));
    add("### Media");
    add("`\"media\"` is one of these:");
    add(&tables::words(&defs["MediaStep"], "step"));
    add(MEDIA);
    add(&block(&examples::wanted_video()));
    add(EMBEDS);
    add("### Forms");
    add(FORMS);
    add("### Scrolling and time");
    add(SIGHT);
    add("### Purchases");
    add(PURCHASES);
    add(&tables::words(&defs["CommerceStep"], "step"));
    add("## Conditions");
    add(CONDITIONS);
    add(&tables::operators(schema));
    add("## Channels");
    add(&format!("{} {CHANNELS}", about(&defs["Channel"])));
    add(&tables::fields(&defs["Channel"]));
    add(&shown(&defs["Channel"]));
    add("## Funnels");
    add(&format!("{} {FUNNELS}", about(&defs["Funnel"])));
    add(&tables::fields(&defs["Funnel"]));
    add(&shown(&defs["Funnel"]));
    for (title, name, of) in [
        ("### Steps of a funnel", "FunnelStep", "step"),
        ("### Order of a funnel", "FunnelOrder", "order"),
        ("### Unit of a funnel", "FunnelUnit", "unit"),
    ] {
        add(title);
        add(&tables::words(&defs[name], of));
    }
    for (title, name) in [
        ("## Carts", "Carts"),
        ("## Attribution", "Attribution"),
        ("## Rates", "Rate"),
        ("## Retention", "Retention"),
    ] {
        add(title);
        add(about(&defs[name]));
        add(&tables::fields(&defs[name]));
        add(&shown(&defs[name]));
    }
    for part in segments(schema) {
        add(&part);
    }
    add("## Limits");
    add(&tables::limits());
    page
}

/// The part about segments, paragraph by paragraph.
fn segments(schema: &Value) -> Vec<String> {
    let segment = &schema["$defs"]["Segment"];
    vec![
        "## Segments".to_owned(),
        format!("{} {SEGMENTS}", about(segment)),
        tables::fields(segment),
        shown(segment),
        "### Conditions of a segment".to_owned(),
        SEGMENT_CONDITIONS.to_owned(),
        tables::about_people(schema),
        "With `done` and `group`:".to_owned(),
        tables::how_often(schema),
        PAST.to_owned(),
    ]
}

fn about(schema: &Value) -> &str {
    schema["description"].as_str().unwrap_or_default()
}

fn block(value: &Value) -> String {
    format!("```json\n{}\n```", spread(value, 0))
}

fn shown(schema: &Value) -> String {
    let examples = schema["examples"].as_array().cloned().unwrap_or_default();
    let blocks: Vec<_> = examples.iter().map(block).collect();
    blocks.join("\n\n")
}

/// JSON as a person writes it: what fits on a line stays on it, and an id comes first.
fn spread(value: &Value, depth: usize) -> String {
    const WIDTH: usize = 96;
    let line = on_a_line(value);
    let indent = "  ".repeat(depth);
    if line.len() + indent.len() <= WIDTH && depth > 0 || !(value.is_object() || value.is_array()) {
        return line;
    }
    let (open, close, parts) = match value {
        Value::Object(_) => (
            '{',
            '}',
            ordered(value)
                .into_iter()
                .map(|(name, field)| format!("\"{name}\": {}", spread(field, depth + 1)))
                .collect::<Vec<_>>(),
        ),
        _ => (
            '[',
            ']',
            value
                .as_array()
                .into_iter()
                .flatten()
                .map(|member| spread(member, depth + 1))
                .collect(),
        ),
    };
    if depth == 0 && line.len() <= WIDTH && !line.contains("[{") {
        return line;
    }
    let separator = format!(",\n{indent}  ");
    format!(
        "{open}\n{indent}  {}\n{indent}{close}",
        parts.join(&separator)
    )
}

pub(crate) fn on_a_line(value: &Value) -> String {
    match value {
        Value::Object(_) => {
            let fields: Vec<_> = ordered(value)
                .into_iter()
                .map(|(name, field)| format!("\"{name}\": {}", on_a_line(field)))
                .collect();
            format!("{{ {} }}", fields.join(", "))
        }
        Value::Array(list) => {
            let members: Vec<_> = list.iter().map(on_a_line).collect();
            format!("[{}]", members.join(", "))
        }
        other => other.to_string(),
    }
}

/// The fields in the order in which a plan is written.
fn ordered(value: &Value) -> Vec<(&String, &Value)> {
    let mut fields: Vec<_> = value.as_object().into_iter().flatten().collect();
    fields.sort_by_key(|(name, _)| tables::rank(name));
    fields
}

/// What an author reads of a plan with mistakes.
fn problems() -> String {
    let plan = r#"{ "site": "cloud-kicks", "currency": "JPY", "hosts": ["https://shop.example/"],
  "goals": [{ "id": "cta", "when": { "click": "a:hover" }, "count": "once", "pionts": 1 }] }"#;
    let problems = Plan::parse(plan).err().unwrap_or_default();
    let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
    format!("```json\n{plan}\n```\n\n```text\n{}\n```", lines.join("\n"))
}

const INTRODUCTION: &str = "\
# The plan

A plan is a site's list of **outcomes** (definitions with financial value) and **goals** (definitions
with engagement value), as JSON. It is data, never code: a plan that validates can neither slow nor
break a page. The page and the edge evaluate the same plan with the same code.

An editor that knows JSON Schema checks it while you write: `npm/schema/plan.schema.json`. For
TypeScript there is the type `Plan`.";

const CHECKED: &str = "\
Publishing checks the whole plan and lists every problem with its place and its fix. Such a plan is
not published, and the one before it stays in effect:";

const SESSION: &str = "\
A session is a visitor's activity with no gap of the timeout or more; a gap of exactly the timeout \
begins a new one. Midnight and campaigns end it only where the plan says so. Another campaign is \
another `utm_source`, `utm_medium` or `utm_campaign`, or without them another kind of click id; a \
page view that names none goes on in the session. The browser decides, so a page that is left before \
its plan has arrived goes on in the session of the page before.";

const OUTCOMES: &str = "\
An outcome has no points; a goal has no amount.";

const PREDEFINED: &str = "\
Every plan has these without writing them. They are inert: until the plan gives one a `when`, only
`goalpost(\"trigger\", id)` or a server makes it happen. An outcome with the same id changes the
fields that it writes and keeps the others; `\"off\": true` removes it. A group with the same id
renames the group.

Those of the group `post-purchase` have `\"when\": \"server\"`: the shop's own systems know when a
parcel leaves. So a page carries none of them, until a plan gives one another `when`. None has an
amount, because the purchase has it already.";

const VALUES: &str = "\
Amounts are decimal text and are kept in the smallest coin of their currency, so that no sum passes
through binary floats. An amount that a page reports is *claimed*; it becomes *verified* through a
server. An amount that is none, or has more decimals than its currency, puts the observation into
quarantine with the reason.";

const COUNTING: &str = "\
What counts once has one key, and a key has one row: retries, two tabs and copies from browser and
server meet the same row. Where the subject of a policy is missing (no session, nobody known, an
empty order number), it counts every time. `dedup` adds a property's value to the key.";

const WHEN: &str = "\
`\"when\": \"server\"` means that only a server reports it. Else `when` is a trigger:";

const ALTERNATIVES: &str = "\
A trigger may have `and`, a list of conditions that must all hold, and `any`, a list of conditions of
which at least one must hold. Several triggers are alternatives: `{ \"any\": [trigger, trigger] }`.
Without `when` a definition is inert. An id that the plan does not have is an error: the page's
console says so in debug mode, and the observation waits in quarantine.";

const PAGES: &str = "\
A pattern matches the whole path. `:name` is one or more characters without `/` and becomes a
property of that name; `*` is anything, `/` included. It is the pathname syntax of URLPattern without
groups, modifiers and regular expressions. Letters of every script are written as they are; what `:name`
finds is percent-encoded, as the page's address is. `query` asks for exact values. Of an address's query
only the usual campaign names, click ids and the keys that a plan asks about leave the page.";

const CLICKS: &str = "\
A selector is a type, `#id`, `.class` and `[attribute]` with `=`, `^=`, `$=`, `*=` or `~=`; a space
means a descendant and `,` an alternative. It matches the element that was clicked or one around it.
`>`, `+`, `~` and pseudo-classes are refused. `{ \"link\": kind }` is a click on a kind of link:";

const MEDIA: &str = "\
A share counts distinct seconds: what is skipped was not watched, and what is watched again was
watched already. Each share that some definition waits for is told once for each video in a player,
in rising order; another source in the same player is another video, played from nothing. The
property `video` is the element's id, else its file's name, or that of its poster where a script
streams it. A video that plays by itself
and muted has the property `autoplay`, and one that begins again by itself has `loop`; both are true
or missing. They count like any other, until a condition says no:";

const EMBEDS: &str = "\
Players of YouTube and Vimeo in an `iframe` count too, in any page whose plan has a `media` trigger.
They are asked by messages, and no script of theirs is loaded. `video` is the number or the letters
at the end of the frame's address; `autoplay` and `loop` are what that address says. A frame that gets
another address has another video; what a player changes without one is told under the address that
it has. YouTube's player answers only where its address has `enablejsapi=1`. Both players' messages
are those of the vendors' own scripts (<https://developers.google.com/youtube/iframe_api_reference>,
<https://github.com/vimeo/player.js>), and are tested here against pages that speak as they do, not
against the vendors' servers. A video within a shadow root or within another site's frame is not seen.";

const FORMS: &str = "\
A form that somebody submits is seen, whether or not the page then sends it, and also one in an open
shadow root whose button is pressed. A form that a script sends with `form.submit()` is seen in
browsers that have the Navigation API, where it takes this page to another one: sent into another
window or frame it is not. A form whose submit was seen is not counted again when a script carries it
out, and data that a script gathers and sends by itself count nothing: use `track`.";

const SIGHT: &str = "\
Of both, each mark that some definition waits for is told once for each page view, and begins anew
with the next. Such a mark is something that the visitor did: a session with one is no bounce.

`scroll` is the share of the way from the top of the page to its bottom, in per cent. A page that
fits the window has no way, and reaches no mark. What scrolls within a page is not the page. The
place is measured four times a second at most, and only while somebody scrolls.

`dwell` is time in which the page was visible and used. A page counts as used for 30 seconds after
each sign of use: its beginning, coming back to it, a key, a touch, the wheel, a movement of the
pointer, or a video that plays in it. Time in another tab counts nothing. Both need the SDK's
module: where WebAssembly is refused they are not seen.";

const PURCHASES: &str = "\
`track` with one of GA4's names, or Segment's for the same step, is a step of a purchase. Its
properties are `order` (also `order_id`, `transaction_id`), `revenue` (also `value`, `total`),
`currency` and `product` (also `product_id`, `item_id`, `sku`).

The lines of an order are a list of flat objects, such as GA4's `items`. With all its lines an
observation has a bound, see [limits](#limits): fifty lines of 300 bytes are within it. Of a page's
purchase that is larger, the last lines are left out, and after them its longest properties, so that
order, revenue and currency arrive and it counts; debug mode says so. In raw form, where the SDK's
module does not run, it waits in quarantine. What no request could carry even then is let go, and
counted as `overflow`.";

const CONDITIONS: &str = "\
A condition is `{ \"property\": name, <operator>: value }`, or a nested list `{ \"and\": [ … ] }` or
`{ \"any\": [ … ] }`. Text is compared exactly, capitals included; numbers as decimals, so that `1` is
`1.0`. The property's value is what the page passed under that name, else a named segment of the
path, else what was seen: `path`, `host`, `title`, `referrer`, a key of the query, an attribute of
the element, or `video`.";

const CHANNELS: &str = "\
A value fits as a whole.";

const FUNNELS: &str = "\
A step is an object with one field.";

const SEGMENTS: &str = "\
How pages and reports use them: [segments.md](segments.md).";

const SEGMENT_CONDITIONS: &str = "\
A condition is an object with one of these fields. `not`, `all` and `any` may be nested.";

const PAST: &str = "\
Without any of the three numbers, once is enough. What counts is conversions: a video that was played
three times in a session is one conversion of a goal that counts once a session. What was voided by a
refund never happened. `within` looks back from the moment of the question, that many milliseconds
and no more; not within it is `not`. Who has done nothing belongs where nothing is asked for, as by
`\"at_most\": 2`.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_of_json_is_json_and_no_type_is_left_unnamed() {
        let page = text(&crate::plan_schema::document());
        for block in page.split("```json\n").skip(1) {
            let json = block.split("```").next().unwrap_or_default();
            assert!(serde_json::from_str::<Value>(json).is_ok(), "{json}");
        }
        for name in ["Source`", "Trigger`", "Value`", "|  |  |  |"] {
            assert!(!page.contains(name), "{name}");
        }
    }
}
