//! Segments: who belongs to them now. Nothing is kept for it: the rows of `conversions` are read, and
//! the core decides.

mod answer;
mod list;
mod page;
#[cfg(test)]
mod tests;

pub(crate) use answer::schema;
pub(crate) use list::{MEMBER_PARAMETERS, PARAMETERS, list, list_schema, members, members_schema};
pub(crate) use page::{for_page, wanted};

use crate::{plans::Known, problem::Problem, reports::bad_parameter};
use goalpost_core::{CountingKey, clip, limits, segment::Done};

/// A row of `conversions`, whose place among the others stands for its counting key: each has its own.
pub(crate) fn row(place: usize, definition: &str, time: i64, voided: bool) -> Done {
    Done {
        definition: String::from(definition),
        key: CountingKey {
            scope: place.to_string(),
            ..CountingKey::default()
        },
        time,
        voided,
    }
}

/// The segment of that id, as the plan has it.
pub(crate) fn find<'a>(known: &'a Known, parameter: &str, id: &str) -> Result<&'a str, Problem> {
    let segments = &known.reporting.segments;
    let found = segments.iter().find(|own| own.id == id);
    found.map(|own| own.id.as_str()).ok_or_else(|| {
        let all: Vec<&str> = segments.iter().map(|own| own.id.as_str()).collect();
        let fix = if all.is_empty() {
            String::from("which has none; add it to 'segments'")
        } else {
            format!("which has {}", all.join(", "))
        };
        let id = clip(id, limits::NAME_BYTES);
        bad_parameter(
            parameter,
            &format!("'{id}' is not a segment of the plan, {fix}"),
        )
    })
}
