//! What a page is told: which segments its visitor belongs to, and what would follow from what may
//! happen next. Ids of the plan, and nothing of what anybody has done.

use crate::openapi::shape;
use goalpost_core::{
    Rules,
    segment::{History, Segment, foreseen, members},
};
use serde_json::{Map, Value, json};

/// The answer about a person with this history.
pub(super) fn answer(segments: &[Segment], rules: &Rules, history: &History, now: i64) -> Value {
    let next: Map<String, Value> = foreseen(segments, &rules.definitions, history, now)
        .into_iter()
        .map(|(definition, members)| (String::from(definition), json!(members)))
        .collect();
    json!({ "segments": members(segments, history, now), "next": next })
}

/// The answer's shape.
pub(crate) fn schema() -> Value {
    let ids = || shape::list(shape::text("A segment's id."));
    shape::object_with(
        &[],
        &[
            ("segments", ids()),
            (
                "next",
                json!({
                    "type": "object",
                    "description": "By goal or outcome that segments ask about: the segments once it \
                                    has happened again. Null: ask again with the item, since it may \
                                    not count again.",
                    "additionalProperties": shape::perhaps(ids()),
                }),
            ),
        ],
    )
}
