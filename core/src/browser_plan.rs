//! The part of the rules that a page reads, as bytes.

use crate::{
    codec::{Reader, Wire as _},
    limits,
    rules::{Amount, Definition, Rules, Worth},
    zone::Zone,
};
use alloc::vec::Vec;

/// What a page learns of a plan: the compiled definitions that a page can make happen, without what
/// they are worth in money.
pub struct BrowserPlan;

/// Why bytes are no compiled plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// The first byte names a version that this code does not read.
    Version,
    /// The bytes end early, go on too long, or are no plan.
    Malformed,
}

impl BrowserPlan {
    /// The version that this code writes and reads, in the first byte.
    pub const VERSION: u8 = 2;

    /// What a page needs of these rules, as bytes.
    pub fn encode(rules: &Rules) -> Vec<u8> {
        let page = Rules {
            definitions: rules
                .definitions
                .iter()
                .filter(|definition| !definition.server_only)
                .cloned()
                .map(Definition::without_price)
                .collect(),
            // A page asks for the day only to end a session with it.
            zone: if rules.split_at_midnight {
                rules.zone.clone()
            } else {
                Zone::default()
            },
            ..rules.clone()
        };
        let mut bytes = alloc::vec![Self::VERSION];
        page.put(&mut bytes);
        bytes
    }

    /// Reads what [`Self::encode`] wrote. The bytes are not trusted: every length is bounded by them.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(bytes: &[u8]) -> Result<Rules, DecodeError> {
        match bytes.split_first() {
            Some((&Self::VERSION, rest)) if rest.len() <= limits::BROWSER_PLAN_BYTES => {
                let mut reader = Reader::new(rest);
                Rules::take(&mut reader)
                    .filter(|_| reader.is_empty())
                    .ok_or(DecodeError::Malformed)
            }
            Some((&Self::VERSION, _)) | None => Err(DecodeError::Malformed),
            Some(_) => Err(DecodeError::Version),
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
