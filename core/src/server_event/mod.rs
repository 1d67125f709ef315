//! What a shop's own systems report: outcomes, purchases, refunds and whatever else happened where
//! no page could see it.
//!
//! [`read_events`] cuts a request into events, and [`read_event`] makes of each the item that is
//! stored: its id follows from what the server says, so a retry meets its own row, and of a person's
//! e-mail address or phone number only the hash goes on. [`read_stored`] reads that item again.

mod fields;
mod happened;
mod moment;
mod person;
mod stored;

pub(crate) use person::is_address;
pub use stored::{Refund, StoredItem, read_stored};

use crate::{
    beacon::values::is_too_deep,
    id::Id,
    json, limits,
    observation::{Observation, Properties, Seen},
    rules::Rules,
    scrub_json,
    zone::Date,
};
use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};
use fields::Fields;
use person::Person;
use serde_json::value::RawValue;

/// What a server's events are read by.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// The plan that the site goes by.
    pub rules: &'a Rules,
    /// When they arrived, by the edge's clock: Unix milliseconds.
    pub now: i64,
    /// The first day of the site of which anything may be reported; `None`: any.
    pub since: Option<Date>,
}

/// An event that can be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerEvent {
    /// Its id here, the same whenever the server sends it.
    pub id: Id,
    /// What [`read_stored`] reads.
    pub json: String,
    /// The digest of what happened: another one under the same id is a conflict.
    pub digest: u64,
}

/// Why an event cannot be stored: the field, and the fix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EventError(String);

/// Why a body has no events.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BodyError {
    /// Not UTF-8, or not JSON.
    #[error("the body is not JSON in UTF-8: {0}")]
    Json(String),
    /// Not an object with a list of events.
    #[error("{0}; the body is {{\"events\": [ … ]}}")]
    Shape(String),
    /// More than [`limits::SERVER_EVENTS`].
    #[error("events: at most {max} in one request, this one has {0}; send them in parts", max = limits::SERVER_EVENTS)]
    TooMany(usize),
}

impl EventError {
    fn new(field: &str, text: &str) -> Self {
        Self(format!("{field}: {text}"))
    }

    fn other_site(named: &str, site: &str) -> Self {
        Self::new(
            "site",
            &format!(
                "'{}' is not '{site}', the site of the address; send each site's events to its own",
                crate::clip(named, limits::NAME_BYTES)
            ),
        )
    }
}

/// Cuts the body of a request to a site into its events, each still text, so that a bad one costs
/// only itself.
///
/// # Errors
/// [`BodyError`]; then nothing of the body was read.
pub fn read_events<'a>(body: &'a [u8], site: &str) -> Result<Vec<&'a RawValue>, BodyError> {
    let not_json = |problem: &dyn core::fmt::Display| BodyError::Json(problem.to_string());
    let text = core::str::from_utf8(body).map_err(|problem| not_json(&problem))?;
    let raw: &RawValue = serde_json::from_str(text).map_err(|problem| not_json(&problem))?;
    let shape = |problem: EventError| BodyError::Shape(problem.to_string());
    let fields = Fields::read(raw.get(), "a request", &["events", "site"]).map_err(shape)?;
    if let Some(named) = fields.text("site").map_err(shape)?
        && named != site
    {
        return Err(shape(EventError::other_site(&named, site)));
    }
    let events = fields
        .raw("events")
        .ok_or_else(|| BodyError::Shape("events: is missing".to_string()))?;
    let events: Vec<&RawValue> = serde_json::from_str(events)
        .map_err(|_| BodyError::Shape("events: is not a list".to_string()))?;
    if events.len() > limits::SERVER_EVENTS {
        return Err(BodyError::TooMany(events.len()));
    }
    Ok(events)
}

/// The id that a server gives to an event, even where the rest of it cannot be read.
pub fn peek_id(event: &str) -> Option<String> {
    Fields::any(event)
        .ok()?
        .text("id")
        .ok()?
        .filter(|id| id.len() <= limits::EVENT_ID_BYTES)
}

/// Reads an event as a server sends it.
///
/// ```
/// use goalpost_core::server_event::{Terms, read_event, read_stored};
/// # let rules = goalpost_core::testing::rules();
/// let terms = Terms { rules: &rules, now: 1_795_000_000_000, since: None };
/// let event = read_event(
///     r#"{ "id": "A1-paid", "time": "2026-11-18T12:00:00+09:00", "commerce": "purchase",
///          "order": "A1", "revenue": "14800", "currency": "JPY", "contact": { "customer": "7" } }"#,
///     &terms,
/// )?;
/// assert_eq!(read_stored(&event.json).unwrap().contact.as_deref(), Some("customer:7"));
/// # Ok::<(), goalpost_core::server_event::EventError>(())
/// ```
///
/// # Errors
/// [`EventError`]; nothing of the event may be kept then, since it may hold personal data.
pub fn read_event(text: &str, terms: &Terms<'_>) -> Result<ServerEvent, EventError> {
    if text.len() > limits::ITEM_BYTES {
        return Err(EventError(format!(
            "an event has at most {} bytes, this one has {}",
            limits::ITEM_BYTES,
            text.len()
        )));
    }
    if is_too_deep(text) {
        return Err(EventError(format!(
            "an event has lists and objects within each other at most {} times",
            limits::ITEM_DEPTH
        )));
    }
    let fields = Fields::read(text, "an event", happened::FIELDS)?;
    if let Some(named) = fields.text("site")?
        && named != terms.rules.site
    {
        return Err(EventError::other_site(&named, &terms.rules.site));
    }
    let mut properties = properties(&fields)?;
    let person = match fields.raw("contact") {
        Some(contact) => person::read(contact)?,
        None => Person::default(),
    };
    let seen = happened::read(&fields, &person, &mut properties, terms.rules)?;
    let name = fields.text("id")?;
    let time = moment::time(&fields, name.as_deref(), &seen, terms)?;
    let visitor = fields.id("visitor")?;
    let whose = Whose {
        session: fields.id("session")?,
        visitor,
        // A session is a visitor's: without one, it would be a part of nobody's.
        interactive: fields.flag("interactive")?.unwrap_or_default() && visitor.is_some(),
        person,
    };
    let mut observation = Observation {
        id: Id::new(time, [0; 10]),
        seq: 0,
        path: String::new(),
        seen,
        properties,
    };
    observation.id = match &name {
        Some(name) => moment::id_of_name(time, &terms.rules.site, name)?,
        None => moment::id_of_content(time, &terms.rules.site, &whose.json(&observation)),
    };
    // Only now: the id follows from what the server said.
    observation.scrub();
    let json = whose.json(&observation);
    // The sink does so with what it is handed; the digest is of what is stored.
    let json = scrub_json(&json).unwrap_or(json);
    let stored = read_stored(&json).map_err(|problem| EventError(problem.detail))?;
    Ok(ServerEvent {
        id: observation.id,
        digest: stored.item.observation.digest(),
        json,
    })
}

fn properties(fields: &Fields<'_>) -> Result<Properties, EventError> {
    let Some(raw) = fields.raw("properties") else {
        return Ok(Properties::default());
    };
    if !raw.starts_with('{') {
        return Err(EventError::new("properties", "is not an object"));
    }
    // Two of one name would be one of them by chance.
    Fields::any(raw).map_err(|problem| EventError(format!("properties.{problem}")))?;
    serde_json::from_str(raw).map_err(|problem| EventError::new("properties", &problem.to_string()))
}

/// Whose an event is.
struct Whose {
    session: Option<Id>,
    visitor: Option<Id>,
    interactive: bool,
    person: Person,
}

impl Whose {
    /// The item as it is stored.
    fn json(&self, observation: &Observation) -> String {
        let mut text = String::with_capacity(256);
        text.push('{');
        observation.write_fields(&mut text);
        for (key, id) in [("session", self.session), ("visitor", self.visitor)] {
            json::push_field(&mut text, key, &id.map(Id::text).unwrap_or_default());
        }
        // Of an identification the contact is what was seen, and written already.
        if !matches!(observation.seen, Seen::Identify { .. }) {
            let contact = self.person.contact.as_deref().unwrap_or_default();
            json::push_field(&mut text, "contact", contact);
        }
        if !self.person.identities.is_empty() {
            json::push_key(&mut text, "identities");
            for (at, identity) in self.person.identities.iter().enumerate() {
                text.push(if at == 0 { '[' } else { ',' });
                json::push_text(&mut text, identity);
            }
            text.push(']');
        }
        if self.interactive {
            json::push_key(&mut text, "interactive");
            text.push_str("true");
        }
        text.push('}');
        text
    }
}
