//! Sessions as a pure function of the set of a visitor's observations, in whatever order they came.

/// When one session ends and the next begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionRules {
    /// Milliseconds without activity after which a session has ended.
    pub timeout_ms: i64,
    /// A new day of the site begins a new session.
    pub split_at_midnight: bool,
    /// Another campaign begins a new session.
    pub split_by_campaign: bool,
}
