//! What arrivals brought: paths, credits by model, and how long it took.

pub(crate) mod kept;
mod paths;
mod steps;
mod tally;
