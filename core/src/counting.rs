//! Counting is a key, not a memory: what counts once has one key, and a key has one row.

use crate::codec::wire_enum;
use crate::{id::Id, zone::Date};
use alloc::string::String;
use serde::Serialize;

/// How often a definition counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(rename_all = "snake_case")]
#[allow(clippy::exhaustive_enums, reason = "every policy must have a key")]
pub enum Counting {
    /// Every time it happens.
    #[default]
    Every,
    /// Once in a session.
    OncePerSession,
    /// Once a day of the site's time zone, per contact.
    OncePerDay,
    /// Once in the life of a contact.
    OncePerContact,
    /// Once per order number; without one it counts every time.
    OncePerOrder,
}

impl Counting {
    /// Every policy, the default first.
    pub const ALL: [Self; 5] = [
        Self::Every,
        Self::OncePerSession,
        Self::OncePerDay,
        Self::OncePerContact,
        Self::OncePerOrder,
    ];

    /// The name in a plan.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Every => "every",
            Self::OncePerSession => "once_per_session",
            Self::OncePerDay => "once_per_day",
            Self::OncePerContact => "once_per_contact",
            Self::OncePerOrder => "once_per_order",
        }
    }
}

/// What makes two conversions of one definition the same: beside site and definition, all of this.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CountingKey {
    /// `every:<observation>`, `session:<id>`, `day:<date>`, `contact` or `order:<number>`.
    pub scope: String,
    /// For a key per person: `contact <contact>` once known, `visitor <id>` until then. Else empty.
    pub who: String,
    /// The value of the definition's dedup property; empty without one.
    pub dedup: String,
}

/// Whose conversion it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Person<'a> {
    /// The anonymous browser; `None` where nothing may be kept.
    pub visitor: Option<Id>,
    /// The known contact.
    pub contact: Option<&'a str>,
}

impl Person<'_> {
    /// The person's part of a key; `None` where there is nobody to tell apart.
    pub fn who(&self) -> Option<String> {
        let (kind, name) = match (self.contact, self.visitor) {
            (Some(contact), _) => ("contact ", String::from(contact)),
            (None, Some(visitor)) => ("visitor ", visitor.text()),
            (None, None) => return None,
        };
        let mut who = String::from(kind);
        who.push_str(&name);
        Some(who)
    }
}

/// What a policy may need to know to make a key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Occasion<'a> {
    pub(crate) observation: Id,
    pub(crate) session: Option<Id>,
    pub(crate) person: Person<'a>,
    pub(crate) date: Date,
    pub(crate) order: Option<&'a str>,
}

const SESSION: &str = "session:";

impl CountingKey {
    /// The key under a policy. Where the policy's subject is missing (no session, nobody known, an
    /// empty order number), the observation itself is the subject: it counts every time.
    pub(crate) fn of(policy: Counting, occasion: &Occasion<'_>, dedup: &str) -> Self {
        let who = occasion.person.who();
        let order = occasion.order.filter(|order| !order.is_empty());
        let (scope, who) = match (policy, occasion.session, who, order) {
            (Counting::OncePerSession, Some(session), _, _) => {
                (scope(SESSION, &session.text()), None)
            }
            (Counting::OncePerDay, _, Some(who), _) => {
                (scope("day:", &occasion.date.text()), Some(who))
            }
            (Counting::OncePerContact, _, Some(who), _) => (scope("contact", ""), Some(who)),
            (Counting::OncePerOrder, _, _, Some(order)) => (scope("order:", order), None),
            _ => (scope("every:", &occasion.observation.text()), None),
        };
        Self {
            scope,
            who: who.unwrap_or_default(),
            dedup: String::from(dedup),
        }
    }

    /// The session in which it counts once, if that is how it counts.
    pub fn session(&self) -> Option<Id> {
        self.scope.strip_prefix(SESSION).and_then(Id::parse)
    }

    /// The key as people read it: its parts, joined.
    pub fn text(&self) -> String {
        let mut text = self.scope.clone();
        for part in [&self.who, &self.dedup] {
            if !part.is_empty() {
                text.push_str(" · ");
                text.push_str(part);
            }
        }
        text
    }
}

fn scope(kind: &str, subject: &str) -> String {
    let mut scope = String::from(kind);
    scope.push_str(subject);
    scope
}

wire_enum!(Counting {
    0 = Every,
    1 = OncePerSession,
    2 = OncePerDay,
    3 = OncePerContact,
    4 = OncePerOrder
});
