//! Credit for an outcome, given to the touches that led to it.
