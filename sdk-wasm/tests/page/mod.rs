//! A browser as small as the engine allows, for every test of the engine.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file takes what it needs"
)]

use goalpost_core::{
    BrowserPlan, Id, Properties, Seen,
    beacon::{Envelope, Form, ReadItem, read_item},
};
use goalpost_sdk::engine::{Answer, Consent, Effect, Engine, Input, Settings};
use std::collections::BTreeMap;

pub const START: i64 = 1_795_000_000_000;
pub const MINUTE: i64 = 60_000;

/// A browser as small as the engine allows: it does what it is told and remembers it.
pub struct Page {
    pub engine: Engine,
    pub now: i64,
    pub record: Option<String>,
    pub disk: BTreeMap<Id, String>,
    pub fetched: Vec<String>,
    pub beaconed: Vec<String>,
    pub said: Vec<String>,
    pub sealed: Vec<String>,
    pub watched: String,
    pub lock_is_free: bool,
}

impl Page {
    pub fn with(consent: Consent) -> Self {
        Self::new(consent, false)
    }

    /// A page on which nobody may be recognised, in a browser where somebody was before.
    pub fn cookieless(record: &str) -> Self {
        let mut page = Self::new(Consent::Granted, true);
        page.record = Some(record.into());
        page.planned()
    }

    fn new(consent: Consent, cookieless: bool) -> Self {
        let settings = Settings {
            site: "cloud-kicks".into(),
            sdk: "0.1.0".into(),
            form: Form::Wasm,
            page: Id::new(START, [3; 10]),
            consent,
            purposes: String::new(),
            cookieless,
            retells: true,
            debug: false,
        };
        Self {
            engine: Engine::new(settings, START),
            now: START,
            record: None,
            disk: BTreeMap::new(),
            fetched: Vec::new(),
            beaconed: Vec::new(),
            said: Vec::new(),
            sealed: Vec::new(),
            watched: String::new(),
            lock_is_free: true,
        }
    }

    pub fn with_plan() -> Self {
        Self::with(Consent::Granted).planned()
    }

    fn planned(mut self) -> Self {
        self.tell(Input::Plan(Some(&BrowserPlan::encode(
            &goalpost_core::testing::rules(),
        ))));
        self
    }

    pub fn tell(&mut self, input: Input<'_>) {
        self.engine.handle(self.now, input);
        while let Some(effect) = self.engine.poll_effect() {
            match effect {
                Effect::OpenSession if self.lock_is_free => {
                    let record = self.record.clone();
                    self.engine
                        .handle(self.now, Input::Record(record.as_deref()));
                }
                Effect::OpenSession | Effect::LoadStored | Effect::StoreActivity(_) => {}
                Effect::StoreRecord(text) => self.record = Some(text),
                Effect::Keep { items, .. } => self
                    .disk
                    .extend(items.into_iter().map(|item| (item.id, item.json))),
                Effect::Forget(ids) => self.disk.retain(|id, _| !ids.contains(id)),
                Effect::Purge => {
                    self.disk.clear();
                    self.record = None;
                }
                Effect::Fetch(body) => self.fetched.push(body),
                Effect::Beacon(body) => self.beaconed.push(body),
                Effect::Watch(words) => self.watched = words,
                Effect::Sealed(item) => self.sealed.push(item),
                Effect::Say(text) => self.said.push(text),
            }
        }
    }

    pub fn wait(&mut self, ms: i64) {
        let until = self.now + ms;
        while let Some(due) = self.engine.next_wakeup().filter(|due| *due <= until) {
            self.now = due.max(self.now);
            self.tell(Input::Wakeup);
        }
        self.now = until;
    }

    pub fn see(&mut self, seen: Seen) {
        self.tell(Input::Seen {
            captured: None,
            path: "/shoes/".into(),
            seen,
            properties: Properties::default(),
        });
    }

    pub fn event(&mut self, name: &str) {
        self.see(Seen::Event { name: name.into() });
    }

    pub fn answer_last(&mut self, answer: Answer) {
        let body = self.fetched.last().expect("a request").clone();
        let answers = items(&body)
            .iter()
            .map(|item| (item.observation.id, answer))
            .collect();
        self.tell(Input::Answered(answers, None));
    }
}

pub fn items(body: &str) -> Vec<ReadItem<'_>> {
    let envelope = Envelope::read(body.as_bytes()).expect("a beacon");
    let read = |text| {
        let mut item = read_item(text).expect("an item");
        if item.page.is_none() {
            (item.page, item.session) = (envelope.page, envelope.session);
        }
        item
    };
    envelope.items.iter().map(|item| read(item.get())).collect()
}

pub fn names(body: &str) -> Vec<String> {
    let name = |item: ReadItem<'_>| match item.observation.seen {
        Seen::Event { name } => name,
        other => other.kind().to_owned(),
    };
    items(body).into_iter().map(name).collect()
}
