//! The part of the rules that a page reads, as one text.

use crate::{
    codec::{Reader, Wire as _},
    limits,
    rules::{Amount, Definition, Rules, Worth},
    zone::Zone,
};
use alloc::string::String;

/// What a page learns of a plan: the compiled definitions that a page can make happen, without what
/// they are worth in money.
pub struct BrowserPlan;

/// 2020-01-01: every change of offset that a page is told of costs it bytes.
const SINCE_SECOND: i64 = 1_577_836_800;

/// Why a text is no compiled plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// The first character names a version that this code does not read.
    Version,
    /// The text ends early, goes on too long, or is no plan.
    Malformed,
}

impl BrowserPlan {
    /// The version that this code writes and reads, in the first character.
    pub const VERSION: char = '3';

    /// What a page needs of these rules, as text.
    pub fn encode(rules: &Rules) -> String {
        let page = Rules {
            definitions: rules
                .definitions
                .iter()
                .filter(|definition| !definition.server_only)
                .cloned()
                .map(Definition::without_price)
                .collect(),
            // A page asks for the day only to end a session with it, and for no day of long ago.
            zone: if rules.split_at_midnight {
                rules.zone.since(SINCE_SECOND)
            } else {
                Zone::default()
            },
            ..rules.clone()
        };
        let mut text = String::from(Self::VERSION);
        page.put(&mut text);
        text
    }

    /// Reads what [`Self::encode`] wrote. The text is not trusted: every length is bounded by it.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(text: &str) -> Result<Rules, DecodeError> {
        if text.is_empty() {
            return Err(DecodeError::Malformed);
        }
        let rest = text
            .strip_prefix(Self::VERSION)
            .ok_or(DecodeError::Version)?;
        let mut reader = Reader::new(rest);
        let rules = Rules::take(&mut reader);
        if rest.len() <= limits::BROWSER_PLAN_BYTES && reader.is_done() {
            Ok(rules)
        } else {
            // A page reads one plan. It would pay 300 bytes for code that lets go of a bad one.
            if cfg!(target_family = "wasm") {
                core::mem::forget(rules);
            }
            Err(DecodeError::Malformed)
        }
    }
}

impl Definition {
    fn without_price(self) -> Self {
        let worth = match self.worth {
            Worth::Value(Amount::Fixed(..)) => Worth::Value(Amount::None),
            worth => worth,
        };
        Self { worth, ..self }
    }
}
