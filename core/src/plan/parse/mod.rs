//! Reading a plan: every problem, each with its place.

mod conditions;
mod definitions;
mod figures;
mod funnels;
mod reader;
mod segments;
mod settings;
mod triggers;
mod twice;

use super::{PlanProblem, checks, source::Plan};
use crate::limits;
use alloc::{
    format,
    string::{String, ToString as _},
    vec,
    vec::Vec,
};
use reader::{At, Reader};

/// Reads a plan's JSON.
pub(super) fn plan(json: &str) -> Result<Plan, Vec<PlanProblem>> {
    if json.len() > limits::PLAN_BYTES {
        return Err(alone(
            "plan",
            format!(
                "has at most {} bytes, this has {}; shorten it",
                limits::PLAN_BYTES,
                json.len()
            ),
        ));
    }
    let value = serde_json::from_str(json).map_err(|problem| {
        let place = format!(" at line {} column {}", problem.line(), problem.column());
        alone(
            &format!("line {}, column {}", problem.line(), problem.column()),
            format!("is not JSON: {}", problem.to_string().replace(&place, "")),
        )
    })?;
    let mut reader = Reader::default();
    for path in twice::places(json) {
        reader.problem(
            &path,
            "is written twice, and only the later one would count; keep one",
        );
    }
    let root = At {
        path: String::new(),
        value: &value,
    };
    let read = settings::plan(&mut reader, &root);
    match read {
        Some(plan) if reader.problems.is_empty() => match checks::page_part(&plan) {
            None => Ok(plan),
            Some(problem) => Err(alone("plan", problem)),
        },
        _ => Err(reader.problems),
    }
}

fn alone(path: &str, text: String) -> Vec<PlanProblem> {
    vec![PlanProblem {
        path: path.to_string(),
        text,
    }]
}
