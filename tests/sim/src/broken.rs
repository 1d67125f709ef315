//! An invariant that did not hold.

use std::fmt;

/// Which one, and what was found instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The invariant, as a sentence that should be true.
    pub invariant: &'static str,
    /// What was found.
    pub detail: String,
}

impl Broken {
    /// That `invariant` does not hold.
    pub fn new(invariant: &'static str, detail: impl FnOnce() -> String) -> Self {
        Self {
            invariant,
            detail: detail(),
        }
    }

    /// Fine if it holds.
    ///
    /// # Errors
    /// It does not.
    pub fn unless(
        holds: bool,
        invariant: &'static str,
        detail: impl FnOnce() -> String,
    ) -> Result<(), Self> {
        if holds {
            Ok(())
        } else {
            Err(Self::new(invariant, detail))
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "broken: {}\n  {}", self.invariant, self.detail)
    }
}

impl std::error::Error for Broken {}
