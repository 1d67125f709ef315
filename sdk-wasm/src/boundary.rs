//! The engine as JavaScript calls it: text in (as UTF-8 bytes), text out.
//!
//! A list is written as fields between unit separators (U+001F), lists of lists with record
//! separators (U+001E) between them. That costs the page a few hundred bytes on either side, where
//! bindings to every object of the browser would cost it ten thousand.

use crate::engine::{Answer, Captured, Consent, Effect, Engine, Input, Settings};
use goalpost_core::{
    CommerceStep, Element, Id, MediaStep, Properties, Seen, Value,
    beacon::{Form, Item},
    json,
};
use wasm_bindgen::prelude::*;

const FIELD: u8 = 0x1f;
const RECORD: u8 = 0x1e;

/// The SDK of one page load.
#[wasm_bindgen]
pub struct Sdk(Engine);

#[wasm_bindgen]
impl Sdk {
    /// Begins at `now` with `site, version, form, page, consent, debug` as fields.
    #[wasm_bindgen(constructor)]
    pub fn new(now: f64, settings: &[u8]) -> Self {
        let mut fields = Fields(Some(text(settings)));
        let settings = Settings {
            site: fields.text(),
            sdk: fields.text(),
            form: if fields.next() == "js" {
                Form::Js
            } else {
                Form::Wasm
            },
            page: Id::parse(fields.next()).unwrap_or_else(|| Id::new(whole(now), [0; 10])),
            consent: consent(fields.next()),
            debug: !fields.next().is_empty(),
        };
        Self(Engine::new(settings, whole(now)))
    }

    /// Tells what happened: the first field says what, the others depend on it.
    pub fn handle(&mut self, now: f64, told: &[u8]) {
        let mut fields = Fields(Some(text(told)));
        let input = match fields.next() {
            "seen" => match seen(&mut fields) {
                Some(input) => input,
                None => return,
            },
            "record" => Input::Record(fields.0),
            "stored" => Input::Stored(fields.items()),
            "answered" => {
                let visitor = Id::parse(fields.next());
                let mut answers = Vec::new();
                while fields.0.is_some() {
                    let answer = if fields.next() == "again" {
                        Answer::Retry
                    } else {
                        Answer::Settled
                    };
                    answers.extend(Id::parse(fields.next()).map(|id| (id, answer)));
                }
                Input::Answered(answers, visitor)
            }
            "refused" => Input::Refused,
            "failed" => Input::Failed(fields.number()),
            "unbeaconed" => Input::BeaconRefused,
            "hidden" => Input::Hidden(fields.0),
            "back" => Input::Back,
            "consent" => Input::Consent(consent(fields.next())),
            "flush" => Input::Flush,
            "overflow" => Input::Overflow(fields.small()),
            "played" => return self.played(now, &mut fields),
            "debug" => Input::Debug(!fields.next().is_empty()),
            _ => Input::Wakeup,
        };
        self.0.handle(whole(now), input);
    }

    /// A video's played share grew: each mark of the plan between is an observation, in rising
    /// order, however many definitions wait for it.
    fn played(&mut self, now: f64, fields: &mut Fields<'_>) {
        let (path, video) = (fields.text(), fields.text());
        let (from, to) = (fields.small::<u8>(), fields.small::<u8>());
        for mark in from.saturating_add(1)..=to {
            let wanted = self
                .0
                .rules()
                .is_some_and(|rules| rules.waits_for_progress(mark));
            if wanted {
                let seen = Seen::Media {
                    step: MediaStep::Progress(mark),
                    video: video.clone(),
                };
                let properties = Properties::default();
                self.0.handle(
                    whole(now),
                    Input::Seen {
                        captured: None,
                        path: path.clone(),
                        seen,
                        properties,
                    },
                );
            }
        }
    }

    /// Hands over the compiled plan; no bytes: it will not come.
    pub fn plan(&mut self, now: f64, bytes: &[u8]) {
        self.0.handle(
            whole(now),
            Input::Plan((!bytes.is_empty()).then_some(bytes)),
        );
    }

    /// The next thing to do, its kind as the first character.
    pub fn poll(&mut self) -> Option<String> {
        Some(match self.0.poll_effect()? {
            Effect::OpenSession => "o".into(),
            Effect::StoreRecord(text) => tagged("r", &text),
            Effect::StoreActivity(last) => {
                let mut text = String::from("a");
                json::push_integer(&mut text, last);
                text
            }
            Effect::LoadStored => "l".into(),
            Effect::Keep { items, urgent } => {
                let mut text = String::from(if urgent { "K" } else { "k" });
                for item in items {
                    push_field(&mut text, &item.id.text());
                    push_field(&mut text, &item.json);
                }
                text
            }
            Effect::Forget(ids) => {
                let mut text = String::from("d");
                for id in ids {
                    push_field(&mut text, &id.text());
                }
                text
            }
            Effect::Purge => "p".into(),
            Effect::Fetch(body) => tagged("f", &body),
            Effect::Beacon(body) => tagged("b", &body),
            Effect::Say(line) => tagged("s", &line),
        })
    }

    /// When to tell `wakeup`: Unix milliseconds; 0: not before something else happens; -1: not before
    /// what is under way has been answered: a request, the plan, or the session.
    pub fn wakeup(&self) -> f64 {
        if self.0.is_busy() {
            return -1.0;
        }
        #[allow(
            clippy::cast_precision_loss,
            reason = "milliseconds since 1970 are far below 2^53"
        )]
        self.0.next_wakeup().map_or(0.0, |at| at as f64)
    }
}

/// JavaScript's encoder writes nothing but UTF-8.
fn text(bytes: &[u8]) -> &str {
    core::str::from_utf8(bytes).unwrap_or("")
}

fn tagged(kind: &str, text: &str) -> String {
    let mut tagged = String::from(kind);
    tagged.push_str(text);
    tagged
}

fn push_field(text: &mut String, field: &str) {
    if text.len() > 1 {
        text.push(char::from(FIELD));
    }
    text.push_str(field);
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "milliseconds since 1970 are far below 2^53"
)]
fn whole(number: f64) -> i64 {
    number as i64
}

fn consent(text: &str) -> Consent {
    match text {
        "granted" => Consent::Granted,
        "denied" => Consent::Denied,
        _ => Consent::Unknown,
    }
}

/// The rest of a list of fields; `None` behind the last.
struct Fields<'a>(Option<&'a str>);

impl<'a> Fields<'a> {
    fn until(&mut self, separator: u8) -> &'a str {
        let Some(rest) = self.0 else { return "" };
        let end = rest.bytes().position(|byte| byte == separator);
        self.0 = end.and_then(|end| rest.get(end.saturating_add(1)..));
        rest.get(..end.unwrap_or(rest.len())).unwrap_or("")
    }

    fn next(&mut self) -> &'a str {
        self.until(FIELD)
    }

    fn number(&mut self) -> Option<i64> {
        json::read_integer(self.next())
    }

    /// A number in its type's range; 0 for anything else.
    fn small<T: TryFrom<i64> + Default>(&mut self) -> T {
        self.number()
            .and_then(|number| number.try_into().ok())
            .unwrap_or_default()
    }

    fn text(&mut self) -> String {
        self.next().to_owned()
    }

    /// The next record, as fields of its own.
    fn record(&mut self) -> Option<Self> {
        self.0.filter(|rest| !rest.is_empty())?;
        Some(Self(Some(self.until(RECORD))))
    }

    fn items(&mut self) -> Vec<Item> {
        let mut items = Vec::new();
        while self.0.is_some() {
            let id = Id::parse(self.next());
            let json = self.text();
            items.extend(id.map(|id| Item { id, json }));
        }
        items
    }

    fn pairs(&mut self) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        while self.0.is_some_and(|rest| !rest.is_empty()) {
            pairs.push((self.text(), self.text()));
        }
        pairs
    }

    /// Properties as records of `name, type, value`; `[` begins a line of the list `name`, `]` ends it.
    fn properties(&mut self) -> Properties {
        let mut properties = Properties::default();
        while let Some(mut fields) = self.record() {
            let name = fields.text();
            let value = match (fields.next(), fields.next()) {
                ("]", _) => break,
                ("[", _) => {
                    let line = self.properties();
                    if let Some((last, Value::List(lines))) = properties.0.last_mut()
                        && *last == name
                    {
                        lines.push(line);
                        continue;
                    }
                    Value::List(vec![line])
                }
                ("n", number) => Value::Number(number.into()),
                ("b", truth) => Value::Bool(!truth.is_empty()),
                (_, text) => Value::Text(text.into()),
            };
            properties.0.push((name, value));
        }
        properties
    }

    fn elements(&mut self) -> Vec<Element> {
        let mut elements = Vec::new();
        while let Some(mut fields) = self.record() {
            elements.push(Element {
                tag: fields.text(),
                id: fields.text(),
                class: fields.text(),
                attributes: fields.pairs(),
            });
        }
        elements
    }
}

/// `kind, id, index, path`, then what the kind needs. An empty id: it is seen just now.
fn seen<'a>(fields: &mut Fields<'_>) -> Option<Input<'a>> {
    let kind = fields.next();
    let id = Id::parse(fields.next());
    let index = fields.small();
    let path = fields.text();
    let seen = match kind {
        "page" => Seen::Page {
            host: fields.text(),
            title: fields.text(),
            referrer: fields.text(),
            query: fields.pairs(),
        },
        "click" => Seen::Click {
            elements: fields.elements(),
        },
        "submit" => Seen::Submit {
            elements: fields.elements(),
        },
        "media" => Seen::Media {
            video: fields.text(),
            step: match fields.next() {
                "play" => MediaStep::Play,
                "complete" => MediaStep::Complete,
                _ => return None,
            },
        },
        "track" => {
            let name = fields.text();
            match CommerceStep::named(&name) {
                Some(step) => Seen::Commerce { step },
                None => Seen::Event { name },
            }
        }
        "trigger" => Seen::Trigger {
            definition: fields.text(),
        },
        "identify" => Seen::Identify {
            contact: fields.text(),
        },
        _ => return None,
    };
    let captured = id.map(|id| Captured { id, index });
    Some(Input::Seen {
        captured,
        path,
        seen,
        properties: fields.properties(),
    })
}
