//! One thing seen: a page view, a click, a play, a purchase.

use crate::codec::wire_enum;
use crate::{commerce::CommerceStep, id::Id, json, limits};
use alloc::{string::String, vec::Vec};

/// One thing seen on a page, with all the facts that a definition may ask about.
///
/// Its id, its time (inside the id) and its sequence number are given at capture and never change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// Who it is, and when: the id carries the capture time.
    pub id: Id,
    /// Its place in the visitor's order: page loads count in steps of 65,536, observations of one
    /// page load in steps of 1, from 0. It orders a session; the clock never does.
    pub seq: u32,
    /// The path of the page, such as `/shoes/`.
    pub path: String,
    /// What was seen.
    pub seen: Seen,
    /// What the page said about it.
    pub properties: Properties,
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    clippy::exhaustive_enums,
    reason = "evaluation must decide about every kind"
)]
pub enum Seen {
    /// A page came into view: loaded, navigated to, or restored from the back/forward cache.
    Page {
        /// The page's host name.
        host: String,
        /// The allow-listed part of the query.
        query: Vec<(String, String)>,
        /// The page's title.
        title: String,
        /// Where the visitor came from, without query and fragment.
        referrer: String,
    },
    /// An element was activated by mouse, pen, touch or keyboard.
    Click {
        /// The element, then its ancestors outwards.
        elements: Vec<Element>,
    },
    /// A form was submitted. Its values are never read.
    Submit {
        /// The form, then its ancestors outwards.
        elements: Vec<Element>,
    },
    /// A video or audio element played, progressed or ended.
    Media {
        /// What it did.
        step: MediaStep,
        /// Which one: its id, else its file's name, or its poster's where a script streams it.
        video: String,
    },
    /// The visitor scrolled down to a mark of the plan's: once for each mark and page view.
    Scroll {
        /// The mark: the share of the way down, in per cent. What a page does not scroll has no way.
        percent: u8,
    },
    /// The visitor stayed with the page up to a mark of the plan's: once for each mark and page view.
    Dwell {
        /// The mark: seconds in which the page was visible and used.
        seconds: u32,
    },
    /// The page said that something of its own happened.
    Event {
        /// The event's name, as passed to `track`.
        name: String,
    },
    /// The page said that something of a shop's vocabulary happened.
    Commerce {
        /// Which of the known steps.
        step: CommerceStep,
    },
    /// The page asked for a definition by its id.
    Trigger {
        /// The definition's id.
        definition: String,
    },
    /// The page knows who the visitor is.
    Identify {
        /// `email:<sha-256>`, `phone:<sha-256>` or `customer:<number>`.
        contact: String,
    },
}

/// What a media element did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(rename_all = "snake_case")]
#[allow(
    clippy::exhaustive_enums,
    reason = "evaluation must decide about every step"
)]
pub enum MediaStep {
    /// It started to play, from any position.
    Play,
    /// This share of it, in per cent, has been played; parts played twice count once.
    Progress(#[cfg_attr(feature = "schema", schemars(range(min = 1, max = 100)))] u8),
    /// It ended.
    Complete,
}

/// What is kept of an element: enough for a selector, never its text or value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// The tag's name in small letters.
    pub tag: String,
    /// Its `id`.
    pub id: String,
    /// Its classes, separated by spaces.
    pub class: String,
    /// The other attributes kept.
    pub attributes: Vec<(String, String)>,
}

/// A property's value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    clippy::exhaustive_enums,
    reason = "a condition must decide about every type"
)]
pub enum Value {
    /// Yes or no.
    Bool(bool),
    /// A number as decimal text.
    Number(String),
    /// Text.
    Text(String),
    /// Order lines and the like: a list of objects, one level deep.
    List(Vec<Properties>),
}

/// Named values, in the order given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Properties(pub Vec<(String, Value)>);

impl Properties {
    /// The value of that name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    }

    /// The text of a text or number of that name.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Value::Text(text) | Value::Number(text) => Some(text),
            Value::Bool(_) | Value::List(_) => None,
        }
    }

    fn write(&self, out: &mut String) {
        out.push('{');
        for (key, value) in &self.0 {
            json::push_key(out, key);
            value.write(out);
        }
        out.push('}');
    }
}

impl Value {
    fn write(&self, out: &mut String) {
        match self {
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Number(text) => out.push_str(text),
            Self::Text(text) => json::push_text(out, text),
            Self::List(list) => {
                out.push('[');
                for (at, properties) in list.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    properties.write(out);
                }
                out.push(']');
            }
        }
    }
}

impl Element {
    /// An attribute's value; `id` and `class` are attributes too.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let value = match name {
            "id" => self.id.as_str(),
            "class" => self.class.as_str(),
            _ => {
                return self
                    .attributes
                    .iter()
                    .find(|(key, _)| key == name)
                    .map(|(_, value)| value.as_str());
            }
        };
        (!value.is_empty()).then_some(value)
    }

    fn write(&self, out: &mut String) {
        out.push('{');
        json::push_field(out, "tag", &self.tag);
        json::push_field(out, "id", &self.id);
        json::push_field(out, "class", &self.class);
        if !self.attributes.is_empty() {
            json::push_key(out, "attr");
            out.push('{');
            for (name, value) in &self.attributes {
                json::push_key(out, name);
                json::push_text(out, value);
            }
            out.push('}');
        }
        out.push('}');
    }
}

impl Seen {
    /// The stable name of the kind, as on the wire.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Page { .. } => "page",
            Self::Click { .. } => "click",
            Self::Submit { .. } => "submit",
            Self::Media { .. } => "media",
            Self::Scroll { .. } => "scroll",
            Self::Dwell { .. } => "dwell",
            Self::Event { .. } => "event",
            Self::Commerce { .. } => "commerce",
            Self::Trigger { .. } => "trigger",
            Self::Identify { .. } => "identify",
        }
    }

    /// The elements of a click or a submit; none for other kinds.
    pub fn elements(&self) -> &[Element] {
        match self {
            Self::Click { elements } | Self::Submit { elements } => elements,
            _ => &[],
        }
    }
}

impl Observation {
    /// Writes the observation's fields into an object that is open, for the wire to add its own.
    pub(crate) fn write_fields(&self, out: &mut String) {
        json::push_field(out, "id", &self.id.text());
        json::push_number_field(out, "seq", i64::from(self.seq));
        self.write_facts(out);
    }

    /// Writes what was seen, without whose and when: two copies of one item agree on exactly this.
    fn write_facts(&self, out: &mut String) {
        json::push_field(out, "kind", self.seen.kind());
        json::push_field(out, "path", &self.path);
        match &self.seen {
            Seen::Page {
                host,
                query,
                title,
                referrer,
            } => {
                json::push_field(out, "host", host);
                if !query.is_empty() {
                    json::push_key(out, "query");
                    out.push('{');
                    for (key, value) in query {
                        json::push_key(out, key);
                        json::push_text(out, value);
                    }
                    out.push('}');
                }
                json::push_field(out, "title", title);
                json::push_field(out, "referrer", referrer);
            }
            Seen::Click { elements } | Seen::Submit { elements } => {
                json::push_key(out, "elements");
                out.push('[');
                for (at, element) in elements.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    element.write(out);
                }
                out.push(']');
            }
            Seen::Media { step, video } => {
                json::push_field(out, "video", video);
                match step {
                    MediaStep::Play => json::push_field(out, "step", "play"),
                    MediaStep::Complete => json::push_field(out, "step", "complete"),
                    MediaStep::Progress(percent) => {
                        json::push_field(out, "step", "progress");
                        json::push_number_field(out, "percent", i64::from(*percent));
                    }
                }
            }
            Seen::Scroll { percent } => {
                json::push_number_field(out, "percent", i64::from(*percent));
            }
            Seen::Dwell { seconds } => {
                json::push_number_field(out, "seconds", i64::from(*seconds));
            }
            Seen::Event { name } => json::push_field(out, "name", name),
            Seen::Commerce { step } => json::push_field(out, "name", step.name()),
            Seen::Trigger { definition } => json::push_field(out, "name", definition),
            Seen::Identify { contact } => json::push_field(out, "contact", contact),
        }
        if !self.properties.0.is_empty() {
            json::push_key(out, "properties");
            self.properties.write(out);
        }
    }

    /// A digest of what was seen: a second item with this id but another digest is a conflict.
    ///
    /// FNV-1a over 64 bits: it tells copies from forgeries that gain nothing, so speed is enough.
    pub fn digest(&self) -> u64 {
        let mut facts = String::from("{");
        self.write_facts(&mut facts);
        facts.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        })
    }

    /// Makes its JSON shorter by a part of what may go; gives whether there was any.
    ///
    /// An eighth of the lines of each list goes first, from its end, then the longest text: which order
    /// it was and what it is worth is said in short ones. Of what was clicked goes the element furthest out.
    pub fn shorten(&mut self) -> bool {
        if let Seen::Click { elements } | Seen::Submit { elements } = &mut self.seen
            && elements.len() > 1
        {
            elements.truncate(elements.len().saturating_sub(1));
            return true;
        }
        let mut has_lines = false;
        let mut longest = (limits::NAME_BYTES, None);
        for (at, (_, value)) in self.properties.0.iter_mut().enumerate() {
            match value {
                Value::List(lines) if !lines.is_empty() => {
                    lines.truncate(lines.len().saturating_mul(7) / 8);
                    has_lines = true;
                }
                Value::Text(text) if text.len() > longest.0 => longest = (text.len(), Some(at)),
                _ => {}
            }
        }
        if has_lines {
            return true;
        }
        let longest = longest.1.map(|at| self.properties.0.remove(at));
        longest.is_some()
    }

    /// The place of the observation on its page load, from 0.
    pub const fn index(&self) -> u32 {
        self.seq & 0xffff
    }
}

/// Cuts a text to `bytes` at a character's edge.
pub fn clip(text: &str, bytes: usize) -> &str {
    if text.len() <= bytes {
        return text;
    }
    let mut end = bytes;
    while end > 0 && !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.get(..end).unwrap_or("")
}

/// Cuts a person's text to [`limits::TEXT_BYTES`].
pub fn clip_text(text: &str) -> &str {
    clip(text, limits::TEXT_BYTES)
}

wire_enum!(MediaStep { 0 = Play, 1 = Progress(percent), 2 = Complete });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clipped_text_stays_text() {
        assert_eq!(clip("スニーカー", 7), "スニ");
        assert_eq!(clip("abc", 3), "abc");
        assert_eq!(clip("é", 1), "");
    }
}
