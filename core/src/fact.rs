//! Facts: what a condition may ask about, and whether it is so.

use crate::{
    condition::{Condition, Test},
    decimal::Decimal,
    observation::{Observation, Seen, Value},
    selector::contains,
};

/// What a condition may ask about.
pub(crate) struct Subject<'a> {
    pub(crate) observation: &'a Observation,
    /// The named parts of the page's path.
    pub(crate) captures: &'a [(&'a str, &'a str)],
}

/// A property's value, as a condition sees it.
#[derive(Clone, Copy)]
pub(crate) enum Fact<'a> {
    Bool(bool),
    Number(&'a str),
    Text(&'a str),
}

impl<'a> Subject<'a> {
    /// The page's own property of that name, else a named part of the path, else what was seen.
    pub(crate) fn fact(&self, name: &str) -> Option<Fact<'a>> {
        if name.is_empty() {
            return None;
        }
        match self.observation.properties.get(name) {
            Some(Value::Bool(value)) => return Some(Fact::Bool(*value)),
            Some(Value::Number(value)) => return Some(Fact::Number(value)),
            Some(Value::Text(value)) => return Some(Fact::Text(value)),
            Some(Value::List(_)) | None => {}
        }
        if let Some((_, value)) = self.captures.iter().find(|(key, _)| *key == name) {
            return Some(Fact::Text(value));
        }
        if name == "path" {
            return Some(Fact::Text(&self.observation.path));
        }
        match &self.observation.seen {
            Seen::Page {
                host,
                query,
                title,
                referrer,
            } => match name {
                "host" => Some(Fact::Text(host)),
                "title" => Some(Fact::Text(title)),
                "referrer" => Some(Fact::Text(referrer)),
                _ => query
                    .iter()
                    .find(|(key, _)| key == name)
                    .map(|(_, value)| Fact::Text(value)),
            },
            Seen::Click { elements } | Seen::Submit { elements } => elements
                .iter()
                .find_map(|element| element.attribute(name))
                .map(Fact::Text),
            Seen::Media { video, .. } if name == "video" => Some(Fact::Text(video)),
            _ => None,
        }
    }
}

impl<'a> Fact<'a> {
    pub(crate) const fn text(self) -> &'a str {
        match self {
            Self::Bool(true) => "true",
            Self::Bool(false) => "false",
            Self::Number(text) | Self::Text(text) => text,
        }
    }

    fn equals(self, wanted: &str) -> bool {
        match self {
            Self::Number(text) => match (Decimal::parse(text), Decimal::parse(wanted)) {
                (Some(number), Some(wanted)) => number == wanted,
                _ => text == wanted,
            },
            _ => self.text() == wanted,
        }
    }

    fn compare(self, wanted: &str) -> Option<core::cmp::Ordering> {
        Some(Decimal::parse(self.text())?.cmp(&Decimal::parse(wanted)?))
    }
}

impl Condition {
    pub(crate) fn holds(&self, subject: &Subject<'_>) -> bool {
        match self {
            Self::Property(name, test) => test.holds(subject.fact(name)),
            Self::All(list) => list.iter().all(|condition| condition.holds(subject)),
            Self::Any(list) => list.iter().any(|condition| condition.holds(subject)),
        }
    }
}

impl Test {
    pub(crate) fn holds(&self, fact: Option<Fact<'_>>) -> bool {
        let Some(fact) = fact else {
            return matches!(
                self,
                Self::IsNot(_) | Self::NotContains(_) | Self::NoneOf(_) | Self::Exists(false)
            );
        };
        let bytes = fact.text().as_bytes();
        match self {
            Self::Is(wanted) => fact.equals(wanted),
            Self::IsNot(wanted) => !fact.equals(wanted),
            Self::Contains(wanted) => contains(bytes, wanted.as_bytes()),
            Self::NotContains(wanted) => !contains(bytes, wanted.as_bytes()),
            Self::StartsWith(wanted) => bytes.starts_with(wanted.as_bytes()),
            Self::EndsWith(wanted) => bytes.ends_with(wanted.as_bytes()),
            Self::OneOf(wanted) => wanted.iter().any(|wanted| fact.equals(wanted)),
            Self::NoneOf(wanted) => !wanted.iter().any(|wanted| fact.equals(wanted)),
            Self::Less(wanted) => fact.compare(wanted).is_some_and(core::cmp::Ordering::is_lt),
            Self::AtMost(wanted) => fact.compare(wanted).is_some_and(core::cmp::Ordering::is_le),
            Self::Greater(wanted) => fact.compare(wanted).is_some_and(core::cmp::Ordering::is_gt),
            Self::AtLeast(wanted) => fact.compare(wanted).is_some_and(core::cmp::Ordering::is_ge),
            Self::Between(low, high) => {
                fact.compare(low).is_some_and(core::cmp::Ordering::is_ge)
                    && fact.compare(high).is_some_and(core::cmp::Ordering::is_le)
            }
            Self::Exists(wanted) => *wanted,
        }
    }
}
