//! The SDK without a browser: a state machine that is told what happened and says what to do.
//!
//! Call [`Engine::handle`] for everything that happens; after it, call [`Engine::poll_effect`]
//! until it is empty, then ask [`Engine::next_wakeup`] when to come back. The engine has no clock,
//! no storage and no network: the shell that drives it is a page, a test or the fault simulator.

mod capture;
mod click;
mod delivery;
mod exchange;
mod outbox;
mod random;
mod session;

pub use exchange::{Answer, Captured, Consent, Effect, Input, Settings};

use delivery::{ITEMS_BYTES, RETRY_LONGEST_MS};
use goalpost_core::{BrowserPlan, Id, Observation, Rules, SessionRecord, fate::Drop};
use outbox::{Outbox, Progress};
use random::Random;

/// Activity is written for other tabs at most this often.
const ACTIVITY_MS: i64 = 1_000;

#[derive(Clone, Debug)]
enum Presence {
    Closed,
    Asking,
    Open {
        record: SessionRecord,
        page_load: u16,
        stored: i64,
    },
}

#[derive(Clone, Debug)]
enum Plan {
    Awaited,
    Settled(Option<Box<Rules>>),
}

impl Plan {
    fn rules(&self) -> Option<&Rules> {
        match self {
            Self::Settled(rules) => rules.as_deref(),
            Self::Awaited => None,
        }
    }
}

/// The SDK of one page load.
#[derive(Clone, Debug)]
pub struct Engine {
    settings: Settings,
    page: Id,
    random: Random,
    now: i64,
    plan: Plan,
    presence: Presence,
    /// The place of this page load in the visitor's order, once known.
    page_load: Option<u16>,
    next_index: u32,
    captured: Vec<Observation>,
    outbox: Outbox,
    loaded: bool,
    in_flight: Vec<Id>,
    /// The visitor that the request under way names.
    sent_as: Option<Id>,
    /// The visitor as the edge knows it, where that is another.
    visitor: Option<Id>,
    /// A request was left behind, so an answer may be to another than the last one.
    left_behind: bool,
    failures: u32,
    flush_at: Option<i64>,
    sent_before: bool,
    dropped: [(Drop, u32); 2],
    effects: Vec<Effect>,
}

impl Engine {
    /// An engine for one page load that began at `now`. The randomness of its ids comes from the
    /// page load's own id.
    pub fn new(settings: Settings, now: i64) -> Self {
        let page = settings.page;
        let seed = page
            .bytes()
            .iter()
            .fold(0u64, |seed, byte| seed.rotate_left(5) ^ u64::from(*byte));
        let random = Random::new(seed);
        let effects = if settings.cookieless {
            // Of a time before nobody was to be recognised.
            vec![Effect::Purge]
        } else {
            Vec::new()
        };
        Self {
            settings,
            page,
            random,
            now,
            plan: Plan::Awaited,
            presence: Presence::Closed,
            page_load: None,
            next_index: 0,
            captured: Vec::new(),
            outbox: Outbox::default(),
            loaded: false,
            in_flight: Vec::new(),
            sent_as: None,
            visitor: None,
            left_behind: false,
            failures: 0,
            flush_at: None,
            sent_before: false,
            dropped: [(Drop::Overflow, 0), (Drop::Consent, 0)],
            effects,
        }
    }

    /// The plan, once it has arrived.
    pub fn rules(&self) -> Option<&Rules> {
        self.plan.rules()
    }

    /// How many items were captured and are not confirmed.
    pub fn waiting(&self) -> usize {
        self.captured.len().saturating_add(self.outbox.len())
    }

    /// How many items this page load has captured.
    pub fn captured(&self) -> u32 {
        self.next_index
    }

    /// What this page load has let go, by reason.
    pub fn dropped(&self) -> &[(Drop, u32)] {
        &self.dropped
    }

    /// Whether a request is under way.
    pub fn is_sending(&self) -> bool {
        !self.in_flight.is_empty()
    }

    /// Whether what was captured is on its way by itself: a request is under way, or it waits for the
    /// plan or the session.
    pub fn is_busy(&self) -> bool {
        let is_held = !matches!(self.presence, Presence::Open { .. }) && self.waiting() > 0;
        self.is_sending() || (self.settings.consent == Consent::Granted && is_held)
    }

    /// When [`Input::Wakeup`] is due; `None`: not before something else happens.
    pub fn next_wakeup(&self) -> Option<i64> {
        let may = self.settings.consent == Consent::Granted && !self.is_sending();
        self.flush_at
            .filter(|_| may && matches!(self.presence, Presence::Open { .. }))
    }

    /// The next thing to do; `None`: nothing for now.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        while !self.effects.is_empty() {
            let effect = self.effects.remove(0);
            if !(self.settings.cookieless && effect.keeps()) {
                return Some(effect);
            }
        }
        None
    }

    /// Tells the engine what happened at `now`: Unix milliseconds. A time before the last one is
    /// taken for an observation's own time, but never turns a timer back.
    pub fn handle(&mut self, now: i64, input: Input<'_>) {
        self.now = now;
        // A clock that was put back must not turn a pause into hours.
        let latest = now.saturating_add(RETRY_LONGEST_MS);
        self.flush_at = self.flush_at.map(|at| at.min(latest));
        match input {
            Input::Seen {
                captured,
                path,
                seen,
                properties,
            } => self.see(captured, path, seen, properties),
            Input::Plan(text) => self.settle_plan(text),
            Input::Record(text) => self.open(text),
            Input::Stored(items) => self.restore(items),
            Input::Answered(answers, visitor) => self.settle(&answers, visitor),
            // Which request was refused cannot be told any more, so nothing is given up.
            Input::Refused if self.left_behind => self.fail(None),
            Input::Refused => self.refuse(),
            Input::Failed(pause) => self.fail(pause),
            Input::BeaconRefused => self.outbox.reset(Progress::Beaconed),
            Input::Hidden(record) => self.leave(record),
            Input::Back => {
                self.outbox.reset(Progress::Beaconed);
                self.failures = 0;
                if self.outbox.has_unsent() {
                    self.flush_at = Some(now);
                }
            }
            Input::Consent(consent) => self.decide(consent),
            Input::Purposes(purposes) => self.settings.purposes = purposes,
            Input::Flush => self.flush_at = Some(now),
            Input::Wakeup => {}
            // What would not have been captured was not lost.
            Input::Overflow(_) if self.settings.consent == Consent::Denied => {}
            Input::Overflow(count) => {
                self.next_index = self.next_index.saturating_add(count);
                self.drop(Drop::Overflow, usize::try_from(count).unwrap_or(usize::MAX));
            }
            Input::Debug(debug) => self.settings.debug = debug,
        }
        self.advance();
    }

    fn settle_plan(&mut self, text: Option<&str>) {
        let rules = text.and_then(|text| BrowserPlan::decode(text).ok());
        if self.settings.debug && rules.is_none() {
            self.say("\u{1f}n");
        }
        if let Some(rules) = &rules {
            self.effects.push(Effect::Watch(rules.watch_list()));
        }
        let settled = Plan::Settled(rules.map(Box::new));
        // It was awaited till now, or given up: there is nothing to let go of, and no code for it.
        core::mem::forget(core::mem::replace(&mut self.plan, settled));
    }

    fn decide(&mut self, consent: Consent) {
        if consent == Consent::Unknown {
            return;
        }
        self.settings.consent = consent;
        if consent == Consent::Denied {
            let count = self.captured.len().saturating_add(self.outbox.clear());
            self.captured.clear();
            self.drop(Drop::Consent, count);
            self.leave_behind();
            self.flush_at = None;
            self.presence = Presence::Closed;
            self.page_load = None;
            self.visitor = None;
            self.loaded = false;
            self.effects.clear();
            self.effects.push(Effect::Purge);
        }
    }

    /// Does whatever the present state allows.
    fn advance(&mut self) {
        if self.settings.consent != Consent::Granted {
            return;
        }
        if !self.loaded {
            self.loaded = true;
            self.effects.push(Effect::LoadStored);
        }
        // Only the plan says where a session ends and what happened; what is seen before it arrives
        // is held until it does, or the page is left.
        if matches!(self.plan, Plan::Settled(_)) {
            let is_needed = self.waiting() > 0 || self.visitor.is_some();
            if matches!(self.presence, Presence::Closed) && is_needed {
                self.presence = Presence::Asking;
                self.effects.push(Effect::OpenSession);
            }
            self.seal();
        }
        let Presence::Open { record, stored, .. } = &mut self.presence else {
            return;
        };
        if record.last.saturating_sub(*stored) >= ACTIVITY_MS {
            *stored = record.last;
            let last = record.last;
            self.effects.push(Effect::StoreActivity(last));
        }
        let visitor = record.visitor;
        // While no request gets through, nothing waits in memory alone.
        self.keep(self.failures == 0);
        if self.is_sending() {
            return;
        }
        let due = self.flush_at.is_some_and(|at| at <= self.now)
            || (self.failures == 0 && self.outbox.is_full());
        if due {
            self.flush_at = None;
            let (ids, texts) = self.outbox.take(ITEMS_BYTES, Progress::Sent);
            // A body without items would be answered, and that be taken for a success.
            if !ids.is_empty() {
                let body = self.write_beacon(&texts);
                self.in_flight = ids;
                self.sent_as = Some(visitor);
                self.sent_before = true;
                self.effects.push(Effect::Fetch(body));
            }
        }
    }

    fn drop(&mut self, reason: Drop, count: usize) {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        for (known, total) in &mut self.dropped {
            if *known == reason {
                *total = total.saturating_add(count);
            }
        }
    }

    fn say(&mut self, text: &str) {
        self.effects.push(Effect::Say(String::from(text)));
    }
}
