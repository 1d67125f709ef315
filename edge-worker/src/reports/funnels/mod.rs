//! Funnels: how far sessions or people came.

pub(crate) mod kept;
pub(super) mod report;
mod rows;
mod tally;
