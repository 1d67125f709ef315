//! What arrivals brought: paths, credits by model, and how long it took.

pub(crate) mod kept;
mod lines;
pub(super) mod models;
mod paths;
pub(super) mod report;
pub(super) mod steps;
mod tally;
pub(super) mod velocity;
