//! The envelope that carries observations from a page to the edge: JSON text, version 1.
//!
//! A field that a reader does not know is kept, a version that it does not know is quarantined:
//! pages outlive edges, and edges outlive pages.

use crate::{fate, id::Id, json, observation::Observation};
use alloc::string::String;

#[cfg(feature = "edge")]
mod item;
#[cfg(feature = "edge")]
mod read;
#[cfg(feature = "edge")]
pub(crate) mod values;
#[cfg(feature = "edge")]
mod whose;
#[cfg(feature = "edge")]
pub use item::{ItemError, ReadItem, peek, read_item, read_kept};
#[cfg(feature = "edge")]
pub use read::{Envelope, EnvelopeError, Refusals};
#[cfg(feature = "edge")]
pub use whose::Claimed;

/// The version that this code writes.
pub const VERSION: u32 = 1;

/// The form that the SDK ran in, or what spoke in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(
    clippy::exhaustive_enums,
    reason = "every report must decide about each"
)]
pub enum Form {
    /// The WebAssembly module.
    Wasm,
    /// The same module as JavaScript.
    Js,
    /// The loader alone: neither form arrived in time, and the edge evaluates.
    Raw,
    /// An image that a page without scripts, or a message, asked for.
    #[cfg(feature = "edge")]
    Pixel,
    /// One of the site's own servers, and so no beacon at all.
    #[cfg(feature = "edge")]
    Server,
}

impl Form {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wasm => "wasm",
            Self::Js => "js",
            Self::Raw => "raw",
            #[cfg(feature = "edge")]
            Self::Pixel => "pixel",
            #[cfg(feature = "edge")]
            Self::Server => "server",
        }
    }
}

/// One page load: an unbroken stay of one document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageLoad {
    /// Its id; its time is when it began.
    pub id: Id,
    /// The visitor.
    pub visitor: Option<Id>,
}

/// How an item begins that says whose it is: its page load, and the session.
///
/// It is the beginning so that a beacon can leave it out and a reader put it back by its length alone.
fn push_whose(text: &mut String, page: Option<Id>, session: Option<Id>) {
    text.push('{');
    if let Some(page) = page {
        json::push_field(text, "page", &page.text());
    }
    if let Some(session) = session {
        json::push_field(text, "session", &session.text());
    }
}

/// An observation as it waits to be delivered: its text never changes again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The observation's id.
    pub id: Id,
    /// The observation's JSON, complete.
    pub json: String,
}

impl Item {
    /// Writes an observation with whose it is and what the page claims it means.
    ///
    /// An item names its page load and session itself, because it may be delivered by a later page; a
    /// beacon of the same page load and session leaves them out.
    /// `claims` is `None` where no plan had arrived: nothing is claimed then, not even that nothing
    /// happened.
    pub fn new(
        observation: &Observation,
        page: Id,
        session: Option<Id>,
        claims: Option<&[&str]>,
    ) -> Self {
        Self {
            id: observation.id,
            json: Self::write(observation, Some(page), session, claims),
        }
    }

    fn write(
        observation: &Observation,
        page: Option<Id>,
        session: Option<Id>,
        claims: Option<&[&str]>,
    ) -> String {
        let mut text = String::with_capacity(256);
        push_whose(&mut text, page, session);
        observation.write_fields(&mut text);
        if let Some(claims) = claims {
            json::push_key(&mut text, "claims");
            text.push('[');
            for (at, claim) in claims.iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                json::push_text(&mut text, claim);
            }
            text.push(']');
        }
        text.push('}');
        text
    }
}

/// What a beacon says beside its items.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    /// Whose plan.
    pub site: &'a str,
    /// The SDK's version.
    pub sdk: &'a str,
    /// The form it ran in.
    pub form: Form,
    /// The plan it evaluated with; empty if none had arrived.
    pub plan: &'a str,
    /// When the beacon was made, by the device's clock: Unix milliseconds.
    pub sent: i64,
    /// The page load that sends.
    pub page: Id,
    /// The session that the page load is in: of it are all items that name neither page nor session.
    pub session: Option<Id>,
    /// The visitor, where one may be known.
    pub visitor: Option<Id>,
    /// The purposes that the visitor has granted, where the page tells them apart: Consent Mode's
    /// names, separated by commas.
    pub consent: &'a str,
    /// Whether nobody may be recognised: there is no visitor, and the edge must not make one.
    pub cookieless: bool,
    /// Places that this page load has given out so far. It is written only beside `dropped`: the
    /// place of an item that was let go never arrives by itself.
    pub captured: u32,
    /// Items that this page load has let go so far, by reason.
    pub dropped: &'a [(fate::Drop, u32)],
}

/// Writes a beacon around items that are already written.
pub fn write<'a>(header: &Header<'_>, items: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::with_capacity(4_096);
    text.push('{');
    json::push_number_field(&mut text, "v", i64::from(VERSION));
    json::push_field(&mut text, "site", header.site);
    json::push_field(&mut text, "sdk", header.sdk);
    json::push_field(&mut text, "form", header.form.name());
    json::push_field(&mut text, "plan", header.plan);
    json::push_number_field(&mut text, "sent", header.sent);
    json::push_field(&mut text, "page", &header.page.text());
    let mut own = String::new();
    if let Some(session) = header.session {
        json::push_field(&mut text, "session", &session.text());
        push_whose(&mut own, Some(header.page), header.session);
        own.push(',');
    }
    if let Some(visitor) = header.visitor {
        json::push_field(&mut text, "visitor", &visitor.text());
    }
    if !header.consent.is_empty() {
        json::push_field(&mut text, "consent", header.consent);
    }
    if header.cookieless {
        json::push_field(&mut text, "cookieless", "1");
    }
    if header.dropped.iter().any(|(_, count)| *count > 0) {
        json::push_number_field(&mut text, "captured", i64::from(header.captured));
        json::push_key(&mut text, "dropped");
        text.push('{');
        for (reason, count) in header.dropped {
            if *count > 0 {
                json::push_number_field(&mut text, reason.name(), i64::from(*count));
            }
        }
        text.push('}');
    }
    json::push_key(&mut text, "items");
    text.push('[');
    for (at, item) in items.enumerate() {
        if at > 0 {
            text.push(',');
        }
        match item.strip_prefix(own.as_str()) {
            Some(rest) if !own.is_empty() => {
                text.push('{');
                text.push_str(rest);
            }
            _ => text.push_str(item),
        }
    }
    text.push_str("]}");
    text
}
