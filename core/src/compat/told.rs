//! What all clients tell alike: when, who, what it is called, and properties.

use crate::{
    commerce::CommerceStep,
    contact::Identity,
    id::Id,
    json::{push_field, push_key},
    limits,
    server_event::is_address,
    webhook::Said,
};
use alloc::{borrow::Cow, collections::BTreeMap, format, string::String};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Bytes of properties that go on, so that an event keeps to its own limit.
const PROPERTIES_BYTES: usize = limits::ITEM_BYTES / 2;

/// A message of a batch by itself: what is wrong with one costs no other.
pub(super) fn one<'a, T: Deserialize<'a>>(raw: &'a RawValue, said: impl FnOnce(T) -> Said) -> Said {
    serde_json::from_str(raw.get()).map_or(
        Said::Nothing("a message that is no object, or whose properties are none"),
        said,
    )
}

/// A text, or the digits of a number: a shop whose ids are numbers sends them so. Anything else is none.
fn word(raw: &str) -> Option<Cow<'_, str>> {
    if raw.starts_with('"') {
        serde_json::from_str(raw).ok()
    } else {
        is_scalar(raw).then_some(Cow::Borrowed(raw))
    }
}

/// The [`word`] of a field.
pub(super) fn field<'de: 'a, 'a, D: Deserializer<'de>>(
    input: D,
) -> Result<Option<Cow<'a, str>>, D::Error> {
    let raw: &'de RawValue = Deserialize::deserialize(input)?;
    Ok(word(raw.get()))
}

/// Properties by their names, each as it was written.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Properties<'a>(#[serde(borrow)] BTreeMap<Cow<'a, str>, &'a RawValue>);

impl<'a> Properties<'a> {
    /// What is written under that name.
    pub(super) fn raw(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).map(|raw| raw.get())
    }

    /// The text of that name; of anything else, none.
    pub(super) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.raw(name)
            .and_then(|raw| serde_json::from_str(raw).ok())
    }

    /// The text of that name, or the digits of a number.
    pub(super) fn word(&self, name: &str) -> Option<Cow<'a, str>> {
        self.raw(name).and_then(word)
    }

    /// The object of that name; of anything else, an empty one.
    pub(super) fn object(&self, name: &str) -> Self {
        self.raw(name)
            .and_then(|raw| serde_json::from_str(raw).ok())
            .unwrap_or_default()
    }

    /// Leaves out those whose names are of the product's own making.
    pub(super) fn without(&mut self, own: &str) {
        self.0.retain(|name, _| !name.starts_with(own));
    }

    /// Appends the first of these that is there as a field of the event, and takes all of them out.
    fn move_to(&mut self, event: &mut String, field: &str, names: &[&str]) {
        let found = names
            .iter()
            .find_map(|name| self.raw(name).filter(|raw| is_scalar(raw)));
        for name in names {
            self.0.remove(*name);
        }
        if let Some(raw) = found {
            push_key(event, field);
            event.push_str(&without_noise(raw));
        }
    }

    /// Appends those that an event can have: texts, numbers and what is true or false, in the order of
    /// their names, as many as fit. Lists and objects are left out.
    fn push(&self, event: &mut String) {
        let mut left = PROPERTIES_BYTES;
        let mut text = String::from("{");
        let fitting = self.0.iter().filter(|(name, raw)| {
            let raw = raw.get();
            let is_kept = is_scalar(raw) || raw == "true" || raw == "false";
            is_kept && name.len() <= limits::NAME_BYTES && raw.len() <= limits::TEXT_BYTES
        });
        for (name, raw) in fitting.take(limits::PROPERTIES) {
            let bytes = name.len().saturating_add(raw.get().len());
            let Some(rest) = left.checked_sub(bytes) else {
                continue;
            };
            left = rest;
            push_key(&mut text, name);
            text.push_str(raw.get());
        }
        if text.len() > 1 {
            text.push('}');
            push_key(event, "properties");
            event.push_str(&text);
        }
    }
}

/// Decimals beyond which a number is what a sum of floating point made of an amount.
const DECIMALS: usize = 8;

/// `19.990000000000002` is `19.99`: a client that adds prices sends such numbers.
fn without_noise(raw: &str) -> Cow<'_, str> {
    let decimals = raw.split_once('.').map_or(0, |(_, rest)| rest.len());
    match raw.parse::<f64>() {
        Ok(number) if decimals > DECIMALS => {
            let text = format!("{number:.6}");
            Cow::Owned(String::from(
                text.trim_end_matches('0').trim_end_matches('.'),
            ))
        }
        _ => Cow::Borrowed(raw),
    }
}

fn is_scalar(raw: &str) -> bool {
    raw.starts_with(|first: char| first == '"' || first == '-' || first.is_ascii_digit())
}

/// Who it was, as far as the client says.
#[derive(Debug, Default)]
pub(super) struct Person<'a> {
    pub(super) customer: Option<Cow<'a, str>>,
    pub(super) email: Option<Cow<'a, str>>,
    pub(super) phone: Option<Cow<'a, str>>,
    /// The browser; what is no visitor of a page of ours is left out.
    pub(super) visitor: Option<Cow<'a, str>>,
}

impl Person<'_> {
    fn details(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("customer", &self.customer),
            ("email", &self.email),
            ("phone", &self.phone),
        ]
        .into_iter()
        .filter_map(|(name, detail)| {
            let detail = detail.as_deref().map(str::trim)?;
            (!detail.is_empty()).then_some((name, detail))
        })
    }

    fn is_named(&self) -> bool {
        self.details().next().is_some()
    }

    fn push(&self, event: &mut String) {
        if let Some(visitor) = self.visitor.as_deref().and_then(Id::parse) {
            push_field(event, "visitor", &visitor.text());
        }
        if !self.is_named() {
            return;
        }
        push_key(event, "contact");
        event.push('{');
        for (name, detail) in self.details() {
            // Who is known by an address is so in the page as well, and may have another one beside it.
            let address = (name == "customer" && is_address(detail))
                .then(|| Identity::email(detail).ok())
                .flatten();
            match address.as_ref().and_then(|own| own.text().split_once(':')) {
                Some((_, hash)) => push_field(event, "email_sha256", hash),
                None => push_field(event, name, detail),
            }
        }
        event.push('}');
    }
}

/// One thing that was told.
#[derive(Debug)]
pub(super) struct Told<'a> {
    pub(super) id: Cow<'a, str>,
    pub(super) time: Cow<'a, str>,
    pub(super) person: Person<'a>,
    pub(super) properties: Properties<'a>,
}

/// What is given back of an order under a name of its own.
const CANCELLED: &str = "Order Cancelled";

impl Told<'_> {
    /// It happened under that name, which may be that of a step of a purchase.
    pub(super) fn event(mut self, name: &str) -> Said {
        let mut event = self.begun();
        let step = match name {
            CANCELLED => Some(CommerceStep::Refund),
            _ => CommerceStep::named(name),
        };
        match step {
            Some(step) => self.push_step(&mut event, step),
            None => push_field(&mut event, "event", name.trim()),
        }
        if name == CANCELLED {
            push_field(&mut event, "reason", "cancellation");
        }
        self.ended(event)
    }

    /// It says who somebody is.
    pub(super) fn identification(self) -> Said {
        if !self.person.is_named() {
            return Said::Nothing("it names nobody");
        }
        let mut event = self.begun();
        push_key(&mut event, "identify");
        event.push_str("true");
        self.ended(event)
    }

    fn push_step(&mut self, event: &mut String, step: CommerceStep) {
        push_field(event, "commerce", step.name());
        let properties = &mut self.properties;
        properties.move_to(event, "order", &["order_id", "transaction_id", "order"]);
        let worth = match step {
            CommerceStep::Refund => "amount",
            _ => "revenue",
        };
        let names = ["total", "revenue", "value", "amount"];
        properties.move_to(event, worth, &names);
        properties.move_to(event, "currency", &["currency"]);
        // It is a field of an event, with words of its own.
        properties.0.remove("reason");
    }

    fn begun(&self) -> String {
        let mut event = String::from("{");
        push_field(&mut event, "id", &self.id);
        // Milliseconds, where it is no date.
        if self.time.parse::<u64>().is_ok() {
            push_key(&mut event, "time");
            event.push_str(&self.time);
        } else {
            push_field(&mut event, "time", &self.time);
        }
        event
    }

    fn ended(&self, mut event: String) -> Said {
        self.person.push(&mut event);
        self.properties.push(&mut event);
        event.push('}');
        Said::Event(event)
    }
}
