//! The engine as JavaScript calls it: text in, text out.
//!
//! A list is written as fields between unit separators (U+001F), lists of lists with record
//! separators (U+001E) between them. That costs the page a few hundred bytes on either side, where
//! bindings to every object of the browser would cost it ten thousand.

use crate::engine::{Answer, Captured, Consent, Effect, Engine, Input, Settings};
use core::cell::RefCell;
use goalpost_core::{
    CommerceStep, Element, Id, MediaStep, Parts, Properties, Seen, Value,
    beacon::{Form, Item},
    clip_text, json,
};
use wasm_bindgen::prelude::*;

const FIELD: u8 = 0x1f;
const RECORD: u8 = 0x1e;

thread_local! {
    /// The page's engine, and its last answer, which stays where it is until the next.
    static PAGE: RefCell<(Option<Sdk>, String)> = const { RefCell::new((None, String::new())) };
}

/// Tells the page's engine what happened at `now`; the first call begins it. Gives where the answer
/// lies in the module's memory, until the next call. What is told and answered: see [`Sdk`].
#[wasm_bindgen]
pub fn tell(now: f64, told: &str) -> *const u8 {
    PAGE.with_borrow_mut(|(sdk, answer)| {
        match sdk {
            Some(sdk) => *answer = sdk.tell(now, told),
            None => *sdk = Some(Sdk::new(now, told)),
        }
        answer.as_ptr()
    })
}

/// How many bytes of UTF-8 the last answer has.
#[wasm_bindgen]
pub fn answered() -> usize {
    PAGE.with_borrow(|(_, answer)| answer.len())
}

/// The SDK of one page load.
pub struct Sdk(Engine);

impl Sdk {
    /// Begins at `now` with `site, version, form, page, consent, debug, cookieless, retells` as fields.
    pub fn new(now: f64, settings: &str) -> Self {
        let mut fields = Fields(Parts(Some(settings)));
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
            purposes: String::new(),
            debug: !fields.next().is_empty(),
            cookieless: !fields.next().is_empty(),
            retells: !fields.next().is_empty(),
        };
        Self(Engine::new(settings, whole(now)))
    }

    /// Tells what happened: the first field says what, the others depend on it.
    ///
    /// Gives records: first when to tell `wakeup` (Unix milliseconds; 0: not before something else
    /// happens; -1: not before what is under way has been answered: a request, the plan, or the session),
    /// then what to do, in this order, each with its kind as the first character.
    pub fn tell(&mut self, now: f64, told: &str) -> String {
        self.handle(now, told);
        let wakeup = if self.0.is_busy() {
            -1
        } else {
            self.0.next_wakeup().unwrap_or(0)
        };
        let mut answer = String::new();
        json::push_integer(&mut answer, wakeup);
        while let Some(effect) = self.0.poll_effect() {
            push_effect(&mut answer, effect);
        }
        answer
    }

    fn handle(&mut self, now: f64, told: &str) {
        let mut fields = Fields(Parts(Some(told)));
        let input = match fields.next() {
            "seen" => match seen(&mut fields) {
                Some(input) => input,
                None => return,
            },
            "plan" => Input::Plan(fields.0.0.filter(|text| !text.is_empty())),
            "record" => Input::Record(fields.0.0),
            "stored" => Input::Stored(fields.items()),
            "answered" => {
                let visitor = Id::parse(fields.next());
                let mut answers = Vec::new();
                while fields.0.0.is_some() {
                    let answer = if fields.next() == "again" {
                        Answer::Retry
                    } else {
                        Answer::Settled
                    };
                    if let Some(id) = Id::parse(fields.next()) {
                        answers.push((id, answer));
                    }
                }
                Input::Answered(answers, visitor)
            }
            "refused" => Input::Refused,
            "failed" => Input::Failed(fields.number()),
            "unbeaconed" => Input::BeaconRefused,
            "hidden" => Input::Hidden(fields.0.0),
            "back" => Input::Back,
            "consent" => {
                let consent = consent(fields.next());
                self.0.handle(whole(now), Input::Purposes(fields.text()));
                Input::Consent(consent)
            }
            "flush" => Input::Flush,
            "overflow" => Input::Overflow(fields.small()),
            "debug" => Input::Debug(!fields.next().is_empty()),
            _ => Input::Wakeup,
        };
        self.0.handle(whole(now), input);
    }
}

fn push_effect(text: &mut String, effect: Effect) {
    text.push(char::from(RECORD));
    match effect {
        Effect::OpenSession => text.push('o'),
        Effect::StoreRecord(record) => push_tagged(text, 'r', &record),
        Effect::StoreActivity(last) => {
            text.push('a');
            json::push_integer(text, last);
        }
        Effect::LoadStored => text.push('l'),
        Effect::Keep { items, urgent } => {
            text.push(if urgent { 'K' } else { 'k' });
            for item in items {
                push_field(text, &item.id.text());
                push_field(text, &item.json);
            }
        }
        Effect::Forget(ids) => {
            text.push('d');
            for id in ids {
                push_field(text, &id.text());
            }
        }
        Effect::Purge => text.push('p'),
        Effect::Fetch(body) => push_tagged(text, 'f', &body),
        Effect::Beacon(body) => push_tagged(text, 'b', &body),
        Effect::Watch(words) => push_tagged(text, 'w', &words),
        Effect::Sealed(item) => push_tagged(text, 'c', &item),
        Effect::Say(line) => push_tagged(text, 's', &line),
    }
}

fn push_tagged(text: &mut String, kind: char, told: &str) {
    text.push(kind);
    text.push_str(told);
}

/// Each field follows a separator, the first too, so that a list may be empty.
fn push_field(text: &mut String, field: &str) {
    text.push(char::from(FIELD));
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

/// The rest of a list of fields.
struct Fields<'a>(Parts<'a>);

impl<'a> Fields<'a> {
    fn next(&mut self) -> &'a str {
        self.0.until(FIELD)
    }

    fn is_empty(&self) -> bool {
        self.0.0.is_none_or(str::is_empty)
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
        (!self.is_empty()).then(|| Self(Parts(Some(self.0.until(RECORD)))))
    }

    fn items(&mut self) -> Vec<Item> {
        let mut items = Vec::new();
        while self.0.0.is_some() {
            let id = Id::parse(self.next());
            let json = self.text();
            if let Some(id) = id {
                items.push(Item { id, json });
            }
        }
        items
    }

    fn pairs(&mut self) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        while !self.is_empty() {
            pairs.push((self.text(), clip_text(self.next()).to_owned()));
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

/// A mark of the plan's that was reached: any number but 0.
fn mark<T: TryFrom<i64>>(text: &str) -> Option<T> {
    json::read_integer(text)
        .filter(|number| *number > 0)?
        .try_into()
        .ok()
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
                // Anything but a share is none of a video's steps.
                percent => MediaStep::Progress(mark(percent)?),
            },
        },
        "scroll" => Seen::Scroll {
            percent: mark(fields.next())?,
        },
        "dwell" => Seen::Dwell {
            seconds: mark(fields.next())?,
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
