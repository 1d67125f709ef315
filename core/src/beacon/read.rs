//! Reading a beacon's envelope: its items are still text, so that a bad one costs only itself.

use super::{values::lenient_id, whose::Claimed};
use crate::{fate::Quarantine, id::Id, limits};
use alloc::{
    borrow::Cow,
    string::{String, ToString as _},
    vec::Vec,
};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;

/// A beacon's own fields; its items are still text.
#[derive(Debug, Deserialize)]
pub struct Envelope<'a> {
    /// The version of the wire.
    pub v: u32,
    /// Whose plan.
    #[serde(borrow)]
    pub site: Cow<'a, str>,
    /// The SDK's version.
    #[serde(borrow, default)]
    pub sdk: Cow<'a, str>,
    /// The form it ran in: `wasm`, `js` or `raw`.
    #[serde(borrow, default)]
    pub form: Cow<'a, str>,
    /// The plan it evaluated with; empty if it had none.
    #[serde(borrow, default)]
    pub plan: Cow<'a, str>,
    /// When it was sent, by the device's clock: Unix milliseconds.
    #[serde(default)]
    pub sent: i64,
    /// The page load that sends.
    #[serde(default, deserialize_with = "lenient_id")]
    pub page: Option<Id>,
    /// The session of the items that name neither page nor session; older pages do not say it.
    #[serde(default, deserialize_with = "lenient_id")]
    pub session: Option<Id>,
    /// The visitor, as the page knows it.
    #[serde(default)]
    pub visitor: Claimed,
    /// What the visitor allows, in whatever form the page says it.
    #[serde(borrow, default)]
    pub(super) consent: Option<&'a RawValue>,
    /// Whether nobody may be recognised; a snippet's attribute without a value says yes too.
    #[serde(borrow, default)]
    pub(super) cookieless: Option<&'a RawValue>,
    /// Places that this page load has given out so far; 0 where it does not say.
    #[serde(default)]
    pub captured: u32,
    /// Items that this page load has let go so far.
    #[serde(default)]
    pub dropped: Refusals,
    /// The items, each as text.
    #[serde(borrow)]
    pub items: Vec<&'a RawValue>,
}

/// What a page load has let go, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Refusals {
    /// [`crate::fate::Drop::Overflow`]
    pub overflow: u32,
    /// [`crate::fate::Drop::Consent`]
    pub consent: u32,
}

/// Why a body is no beacon.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// Not UTF-8.
    #[error("the body is not UTF-8 text")]
    Encoding,
    /// Not the JSON of a beacon.
    #[error("the body is not a beacon: {0}")]
    Json(String),
    /// A version of the wire that this code does not read.
    #[error("version {0} of the wire is not known here; this edge reads version {version}", version = super::VERSION)]
    Version(u32),
    /// More items than [`limits::BEACON_ITEMS`].
    #[error("a beacon carries at most {max} items, this one has {0}", max = limits::BEACON_ITEMS)]
    TooManyItems(usize),
}

impl EnvelopeError {
    /// The reason under which the body waits in quarantine.
    pub const fn quarantine(&self) -> Quarantine {
        match self {
            Self::Encoding => Quarantine::Encoding,
            Self::Json(_) => Quarantine::Json,
            Self::Version(_) => Quarantine::Version,
            Self::TooManyItems(_) => Quarantine::Limit,
        }
    }
}

impl<'a> Envelope<'a> {
    /// Reads a body.
    ///
    /// # Errors
    /// [`EnvelopeError`]; the whole body is then one item for the quarantine.
    pub fn read(body: &'a [u8]) -> Result<Self, EnvelopeError> {
        #[derive(Deserialize)]
        struct Versioned {
            v: u32,
        }
        let text = core::str::from_utf8(body).map_err(|_| EnvelopeError::Encoding)?;
        let envelope: Self = match serde_json::from_str(text) {
            Ok(envelope) => envelope,
            // A newer version may have other fields; its number is worth more than their names.
            Err(problem) => match serde_json::from_str::<Versioned>(text) {
                Ok(Versioned { v }) if v != super::VERSION => {
                    return Err(EnvelopeError::Version(v));
                }
                _ => return Err(EnvelopeError::Json(problem.to_string())),
            },
        };
        if envelope.v != super::VERSION {
            return Err(EnvelopeError::Version(envelope.v));
        }
        if envelope.items.len() > limits::BEACON_ITEMS {
            return Err(EnvelopeError::TooManyItems(envelope.items.len()));
        }
        Ok(envelope)
    }

    /// An item as its page wrote it: with its page load and session, where the beacon says them once
    /// for all. Every copy of an item is the same text then, whichever beacon brought it.
    pub fn whole<'t>(&self, item: &'t str) -> Cow<'t, str> {
        let (Some(page), Some(session)) = (self.page, self.session) else {
            return Cow::Borrowed(item);
        };
        match item.strip_prefix('{') {
            Some(rest) if !rest.trim_start().starts_with('}') && !names_whose(item) => {
                let mut text = String::with_capacity(item.len().saturating_add(100));
                super::push_whose(&mut text, Some(page), Some(session));
                text.push(',');
                text.push_str(rest);
                Cow::Owned(text)
            }
            _ => Cow::Borrowed(item),
        }
    }
}

/// Whether an item says itself which page load or session it is of. One that cannot be read might: it
/// is left as it came, so that its copies stay the same.
fn names_whose(item: &str) -> bool {
    #[derive(Deserialize)]
    struct Whose {
        page: Option<IgnoredAny>,
        session: Option<IgnoredAny>,
    }
    serde_json::from_str::<Whose>(item).map_or(true, |whose| {
        whose.page.is_some() || whose.session.is_some()
    })
}
