//! Segments: conditions over what a plan knows, in bounds.

use super::{
    figures,
    reader::{At, Fields, Reader},
};
use crate::{
    contact::Stage,
    limits,
    plan::{
        segments::{
            AllOfPerson, AnyOfPerson, HowOften, NoCondition, PastCondition, PastOfGroup,
            PersonCondition, Segment, StageCondition,
        },
        source::Group,
        suggest,
    },
};
use alloc::{borrow::ToOwned as _, boxed::Box, format, string::String, vec::Vec};

const KINDS: [&str; 6] = ["done", "group", "stage", "not", "all", "any"];
const HOW_OFTEN: [&str; 4] = ["at_least", "at_most", "exactly", "within"];

/// What conditions can name.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    /// The ids of the plan's goals and outcomes.
    pub(super) definitions: &'a [&'a str],
    pub(super) groups: &'a [Group],
}

/// The segments of a plan that knows these names.
pub(super) fn read(reader: &mut Reader, fields: &Fields<'_>, known: Known<'_>) -> Vec<Segment> {
    let list = fields
        .get("segments")
        .map(|at| reader.list(&at, "segments", limits::SEGMENTS));
    let mut segments: Vec<Segment> = Vec::new();
    for at in list.unwrap_or_default() {
        let Some(segment) = segment(reader, &at, known) else {
            continue;
        };
        let id = segment.id.as_str();
        let path = format!("{}.id", at.path);
        if segments.iter().any(|earlier| earlier.id == id) {
            reader.problem(
                &path,
                format!("'{id}' is the id of an earlier segment; give each its own"),
            );
        } else if known.definitions.contains(&id) {
            reader.problem(
                &path,
                format!(
                    "'{id}' is the id of a goal or outcome too, and content could not tell them apart; give it its own"
                ),
            );
        }
        segments.push(segment);
    }
    segments
}

fn segment(reader: &mut Reader, at: &At<'_>, known: Known<'_>) -> Option<Segment> {
    let fields = reader.object(at, "a segment", &["id", "name", "when"])?;
    let id = reader
        .required(&fields, "id", "write an id such as \"regulars\"")
        .and_then(|at| reader.id(&at));
    let name = fields.get("name").and_then(|at| reader.title(&at));
    let when = reader.required(
        &fields,
        "when",
        "write who belongs to it, such as { \"done\": \"product-purchase\", \"within\": \"90d\" }",
    );
    let mut conditions = Conditions { known, count: 0 };
    let when = when.and_then(|at| {
        let condition = conditions.read(reader, &at, limits::CONDITION_DEPTH);
        if conditions.count > limits::SEGMENT_CONDITIONS {
            reader.problem(
                &at.path,
                format!(
                    "has at most {} conditions, this has {}; split the segment",
                    limits::SEGMENT_CONDITIONS,
                    conditions.count
                ),
            );
        }
        condition
    });
    Some(Segment {
        id: id?,
        name,
        when: when?,
    })
}

/// The conditions of one segment.
struct Conditions<'a> {
    known: Known<'a>,
    /// How many were read.
    count: usize,
}

impl Conditions<'_> {
    /// A condition; in it, `depth` more may be nested.
    fn read(&mut self, reader: &mut Reader, at: &At<'_>, depth: usize) -> Option<PersonCondition> {
        self.count = self.count.saturating_add(1);
        let wanted = "a condition such as { \"done\": \"product-purchase\" }";
        let fields = reader.any_object(at, wanted)?;
        let mut kinds = KINDS.into_iter().filter(|kind| fields.has(kind));
        let (kind, None) = (kinds.next(), kinds.next()) else {
            let all = KINDS.join(", ");
            reader.problem(
                &at.path,
                format!("is not one condition; write one of {all}"),
            );
            return None;
        };
        let is_past = matches!(kind, None | Some("done" | "group"));
        let mut fields_known: Vec<&str> =
            kind.map_or_else(|| KINDS.to_vec(), |kind| [kind].to_vec());
        if is_past {
            fields_known.extend(HOW_OFTEN);
        }
        let clean = reader.no_others(&fields, "a condition", &fields_known);
        let Some(kind) = kind else {
            if clean {
                let all = KINDS.join(", ");
                reader.problem(&at.path, format!("has no condition; write one of {all}"));
            }
            return None;
        };
        let at = fields.get(kind)?;
        match kind {
            "done" => {
                let done = self.definition(reader, &at);
                let how_often = how_often(reader, &fields);
                Some(PersonCondition::Done(PastCondition {
                    done: done?,
                    how_often: how_often?,
                }))
            }
            "group" => {
                let group = self.group(reader, &at);
                let how_often = how_often(reader, &fields);
                Some(PersonCondition::Group(PastOfGroup {
                    group: group?,
                    how_often: how_often?,
                }))
            }
            "stage" => {
                let names = Stage::ALL.into_iter().map(Stage::name);
                let stage = reader.choice(&at, "a stage", names)?.to_owned();
                Some(PersonCondition::Stage(StageCondition { stage }))
            }
            "not" => {
                let depth = deeper(reader, &at, depth)?;
                let not = Box::new(self.read(reader, &at, depth)?);
                Some(PersonCondition::Not(NoCondition { not }))
            }
            "all" => {
                let all = self.list(reader, &at, depth)?;
                Some(PersonCondition::All(AllOfPerson { all }))
            }
            _ => {
                let any = self.list(reader, &at, depth)?;
                Some(PersonCondition::Any(AnyOfPerson { any }))
            }
        }
    }

    fn list(
        &mut self,
        reader: &mut Reader,
        at: &At<'_>,
        depth: usize,
    ) -> Option<Vec<PersonCondition>> {
        let depth = deeper(reader, at, depth)?;
        let mut list: Vec<PersonCondition> = Vec::new();
        for at in reader.filled_list(at, "conditions", limits::ALTERNATIVES) {
            let Some(condition) = self.read(reader, &at, depth) else {
                continue;
            };
            if list.contains(&condition) {
                reader.problem(
                    &at.path,
                    "repeats an earlier condition of this list; remove it",
                );
            }
            list.push(condition);
        }
        Some(list)
    }

    fn definition(&self, reader: &mut Reader, at: &At<'_>) -> Option<String> {
        let id = reader.text(at, "the id of a goal or outcome", limits::NAME_BYTES)?;
        let known = self.known.definitions;
        if known.contains(&id) {
            return Some(id.to_owned());
        }
        let fix = match suggest::nearest(id, known.iter().copied()) {
            Some(meant) => format!("did you mean '{meant}'?"),
            None if self.known.groups.iter().any(|group| group.id == id) => {
                format!("for any outcome of that group write {{ \"group\": \"{id}\" }}")
            }
            None => "add it to 'goals' or 'outcomes'".to_owned(),
        };
        reader.problem(
            &at.path,
            format!("'{id}' is not a goal or outcome of this plan; {fix}"),
        );
        None
    }

    fn group(&self, reader: &mut Reader, at: &At<'_>) -> Option<String> {
        let groups = self.known.groups.iter().map(|group| group.id.as_str());
        reader
            .choice(at, "a group of this plan", groups)
            .map(str::to_owned)
    }
}

/// One level less.
fn deeper(reader: &mut Reader, at: &At<'_>, depth: usize) -> Option<usize> {
    let less = depth.checked_sub(1);
    if less.is_none() {
        reader.problem(
            &at.path,
            format!(
                "'not', 'all' and 'any' nest at most {} deep; flatten them",
                limits::CONDITION_DEPTH
            ),
        );
    }
    less
}

fn how_often(reader: &mut Reader, fields: &Fields<'_>) -> Option<HowOften> {
    let before = reader.problems.len();
    let mut number = |name: &str, from| {
        fields
            .get(name)
            .and_then(|at| reader.whole_number(&at, from, limits::SEGMENT_TIMES))
    };
    let (at_least, at_most, exactly) = (
        number("at_least", 1),
        number("at_most", 0),
        number("exactly", 0),
    );
    if exactly.is_some() && (at_least.is_some() || at_most.is_some()) {
        reader.problem(
            &fields.place("exactly"),
            "says it all; remove 'at_least' and 'at_most'",
        );
    }
    if let (Some(least), Some(most)) = (at_least, at_most)
        && most < least
    {
        reader.problem(
            &fields.place("at_most"),
            format!("is {most}, which is fewer than 'at_least', {least}: nobody can be meant"),
        );
    }
    let (shortest, longest) = limits::SEGMENT_WINDOW_MS;
    let within = fields
        .get("within")
        .and_then(|at| figures::span(reader, &at, (shortest, longest)));
    (reader.problems.len() == before).then_some(HowOften {
        at_least,
        at_most,
        exactly,
        within,
    })
}
