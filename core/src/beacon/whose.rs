//! Whose a beacon is, and what its visitor allows.

use super::Envelope;
use crate::id::Id;
use alloc::{borrow::Cow, string::String, vec::Vec};
use serde::{Deserialize, Deserializer};

/// What a page writes where a visitor would be if it has forgotten one, and the edge is to as well.
const FORGOTTEN: &str = "-";

/// The visitor that a page names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "the edge must decide about each")]
pub enum Claimed {
    /// It knows none.
    #[default]
    Unknown,
    /// This one.
    Known(Id),
    /// None any more: whoever it was has withdrawn their consent.
    Forgotten,
}

impl<'de> Deserialize<'de> for Claimed {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text: Option<Cow<'de, str>> = Option::deserialize(input)?;
        Ok(match text.as_deref() {
            Some(FORGOTTEN) => Self::Forgotten,
            text => text.and_then(Id::parse).map_or(Self::Unknown, Self::Known),
        })
    }
}

/// A purpose beside measuring that a visitor may grant. The names are those of Consent Mode.
///
/// Source: <https://support.google.com/analytics/answer/13802165>
const PURPOSES: [&str; 3] = ["ad_personalization", "ad_storage", "ad_user_data"];

impl Envelope<'_> {
    /// The visitor, given the one that the edge's cookie names: the older of the two, so that whichever
    /// of storage and cookie was lost comes back as it was. Ids begin with their time.
    pub fn visitor(&self, cookie: Option<Id>) -> Option<Id> {
        if self.is_cookieless() {
            return None;
        }
        match self.visitor {
            Claimed::Forgotten => None,
            Claimed::Unknown => cookie,
            Claimed::Known(id) => Some(cookie.map_or(id, |cookie| cookie.min(id))),
        }
    }

    /// Whether nobody may be recognised.
    pub fn is_cookieless(&self) -> bool {
        self.cookieless
            .is_some_and(|raw| !matches!(raw.get(), "false" | "\"false\"" | "null"))
    }

    /// Whether the page says itself that the visitor has refused.
    pub fn is_refused(&self) -> bool {
        self.words().any(|word| word == "denied")
    }

    /// The purposes beside measuring that the visitor has granted, in order of their names and
    /// separated by commas; `None` if there is none.
    pub fn purposes(&self) -> Option<String> {
        let granted = |name: &&str| self.words().any(|word| word == *name);
        let names: Vec<&str> = PURPOSES.into_iter().filter(granted).collect();
        (!names.is_empty()).then(|| names.join(","))
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        let text = self.consent.map_or("", |raw| raw.get());
        text.split(|letter: char| !letter.is_ascii_lowercase() && letter != '_')
    }
}
