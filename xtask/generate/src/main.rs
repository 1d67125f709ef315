//! Goalpost.
fn main() {}
