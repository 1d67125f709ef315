//! The SDK without a browser: a state machine that is told what happened and says what to do.
//!
//! Call [`Engine::handle`] for everything that happens; after it, call [`Engine::poll_effect`]
//! until it is empty, then ask [`Engine::next_wakeup`] when to come back. The engine has no clock,
//! no storage and no network: the shell that drives it is a page, a test or the fault simulator.

mod click;
mod outbox;
mod random;

use goalpost_core::{
    BrowserPlan, CommerceStep, Context, Explanation, Id, Observation, Person, Properties, Rules,
    Seen, SessionRecord,
    beacon::{self, Form, Header, Item},
    commerce, evaluate, explain,
    fate::Drop,
    is_campaign_key, limits,
};
use outbox::{Outbox, Progress};
use random::Random;

/// How long a captured item waits for company before it is sent: Unix milliseconds apart.
const BATCH_MS: i64 = 2_000;
/// The first pause after a failure; each further one is twice as long.
const RETRY_FIRST_MS: i64 = 1_000;
/// The longest pause between two attempts.
const RETRY_LONGEST_MS: i64 = 300_000;
/// Activity is written for other tabs at most this often.
const ACTIVITY_MS: i64 = 1_000;
/// Bytes of an envelope without its items, at most.
const ENVELOPE_BYTES: usize = 1_024;

/// Whether anything may be kept or sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// Not asked yet: in memory only.
    Unknown,
    /// Given.
    Granted,
    /// Refused or withdrawn: nothing is captured, kept or sent.
    Denied,
}

/// What a page load knows from its start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whose plan.
    pub site: String,
    /// The SDK's version.
    pub sdk: String,
    /// The form it runs in.
    pub form: Form,
    /// This page load.
    pub page: Id,
    /// The consent so far.
    pub consent: Consent,
    /// Whether to explain each observation.
    pub debug: bool,
}

/// When and as what an observation was captured, where something else than the engine did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Captured {
    /// The id that it was given.
    pub id: Id,
    /// Its place on the page load.
    pub index: u32,
}

/// What an answer says of one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is taken care of: stored, recognised as a copy, quarantined or let go.
    Settled,
    /// It should be sent again.
    Retry,
}

/// What happened.
#[derive(Debug)]
pub enum Input<'a> {
    /// Something was seen.
    Seen {
        /// Given by the loader for what it held; `None` for what is seen now.
        captured: Option<Captured>,
        /// The path of the page.
        path: String,
        /// What.
        seen: Seen,
        /// What the page says about it.
        properties: Properties,
    },
    /// The compiled plan arrived; `None`: it will not.
    Plan(Option<&'a [u8]>),
    /// The tabs' shared record was read under the lock, as [`Effect::OpenSession`] asked.
    Record(Option<&'a str>),
    /// Items that earlier page loads left in the browser's storage.
    Stored(Vec<Item>),
    /// A request was answered: what it says of each item, and the visitor as the edge knows it.
    Answered(Vec<(Id, Answer)>, Option<Id>),
    /// The edge refused a request for good; it has counted what the request carried.
    Refused,
    /// A request failed; the pause that the edge asked for, if it did.
    Failed(Option<i64>),
    /// The last beacon was not taken by the browser.
    BeaconRefused,
    /// The page is hidden and may never be seen again. The shared record as it can be read at once.
    Hidden(Option<&'a str>),
    /// The page is seen again, or the network is back.
    Back,
    /// The visitor decided, or changed a decision.
    Consent(Consent),
    /// Send what waits, now.
    Flush,
    /// The time of [`Engine::next_wakeup`] has come.
    Wakeup,
    /// Something could not be held before the engine came, as many times.
    Overflow(u32),
    /// Explain each observation from now on.
    Debug(bool),
}

/// What the shell must do.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect {
    /// Take the tabs' lock, read their record, and answer with [`Input::Record`] under the lock.
    OpenSession,
    /// Write the tabs' record.
    StoreRecord(String),
    /// Note the visitor's activity in the tabs' record.
    StoreActivity(i64),
    /// Read the items that earlier page loads left.
    LoadStored,
    /// Write items to the browser's storage; urgent ones must be on the disk before the next effect
    /// is carried out, as far as the browser can promise it.
    Keep {
        /// The items.
        items: Vec<Item>,
        /// Whether to wait for the disk.
        urgent: bool,
    },
    /// Remove items from the browser's storage.
    Forget(Vec<Id>),
    /// Remove everything of ours from the browser.
    Purge,
    /// Send a beacon and report its answer.
    Fetch(String),
    /// Send a beacon that has no answer.
    Beacon(String),
    /// Tell the developer.
    Say(String),
}

#[derive(Debug)]
enum Presence {
    Closed,
    Asking,
    Open {
        record: SessionRecord,
        page_load: u16,
        stored: i64,
    },
}

#[derive(Debug)]
enum Plan {
    Awaited,
    Settled(Option<Box<Rules>>),
}

/// The SDK of one page load.
#[derive(Debug)]
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
            effects: Vec::new(),
        }
    }

    /// The plan, once it has arrived.
    pub fn rules(&self) -> Option<&Rules> {
        match &self.plan {
            Plan::Settled(rules) => rules.as_deref(),
            Plan::Awaited => None,
        }
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

    /// When [`Input::Wakeup`] is due; `None`: not before something else happens.
    pub fn next_wakeup(&self) -> Option<i64> {
        let may = self.settings.consent == Consent::Granted && !self.is_sending();
        self.flush_at
            .filter(|_| may && matches!(self.presence, Presence::Open { .. }))
    }

    /// The next thing to do; `None`: nothing for now.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        if self.effects.is_empty() {
            None
        } else {
            Some(self.effects.remove(0))
        }
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
            Input::Plan(bytes) => self.settle_plan(bytes),
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

    fn see(
        &mut self,
        captured: Option<Captured>,
        path: String,
        seen: Seen,
        mut properties: Properties,
    ) {
        if self.settings.consent == Consent::Denied {
            return;
        }
        // What the loader held is already what was meant.
        let seen = match (captured, seen) {
            (None, Seen::Click { elements }) => match click::meant(elements, self.rules()) {
                Some(elements) => Seen::Click { elements },
                None => return,
            },
            (None, Seen::Submit { elements }) => Seen::Submit {
                elements: click::meant(elements, self.rules()).unwrap_or_default(),
            },
            (_, seen) => seen,
        };
        let captured = captured.unwrap_or_else(|| Captured {
            id: Id::new(self.now, self.random.id_bytes()),
            index: self.next_index,
        });
        self.next_index = self.next_index.max(captured.index.saturating_add(1));
        if self.waiting() >= limits::OUTBOX_ITEMS || captured.index > 0xffff {
            self.drop(Drop::Overflow, 1);
            return;
        }
        if matches!(seen, Seen::Commerce { .. }) {
            commerce::rename(&mut properties);
        }
        let timeout = self.session_timeout_ms();
        let time = captured.id.time();
        if let Presence::Open { record, .. } = &mut self.presence {
            if record.continues(time, timeout) {
                record.last = record.last.max(time);
            } else {
                // What was seen before the gap belongs to the session that ends with it.
                self.seal();
                self.presence = Presence::Closed;
            }
        }
        self.captured.push(Observation {
            id: captured.id,
            seq: captured.index,
            path,
            seen,
            properties,
        });
    }

    fn session_timeout_ms(&self) -> u32 {
        self.rules().map_or(limits::SESSION_TIMEOUT_MS.1, |rules| {
            rules.session_timeout_ms
        })
    }

    fn settle_plan(&mut self, bytes: Option<&[u8]>) {
        let rules = bytes.and_then(|bytes| BrowserPlan::decode(bytes).ok());
        if self.settings.debug && rules.is_none() {
            self.say("no plan arrived; the edge will evaluate what is seen");
        }
        self.plan = Plan::Settled(rules.map(Box::new));
    }

    /// Finds or begins the session, given the record that the tabs share.
    fn open(&mut self, text: Option<&str>) {
        if self.settings.consent != Consent::Granted
            || matches!(self.presence, Presence::Open { .. })
        {
            return;
        }
        let first = self.captured.first();
        let time = first.map_or(self.now, |observation| observation.id.time());
        let found = text.and_then(SessionRecord::parse);
        let mut record = found.unwrap_or_else(|| SessionRecord {
            visitor: Id::new(time, self.random.id_bytes()),
            session: Id::new(time, self.random.id_bytes()),
            last: time,
            page_loads: 0,
        });
        record.visitor = self.visitor.unwrap_or(record.visitor);
        let page_load = *self.page_load.get_or_insert_with(|| {
            record.page_loads = record.page_loads.wrapping_add(1);
            record.page_loads
        });
        let timeout = self.session_timeout_ms();
        // What waited for consent or for the lock may span more than one session.
        for observation in core::mem::take(&mut self.captured) {
            let time = observation.id.time();
            let before = self.captured.last().map(|before| before.id.time());
            if let Some(before) = before
                && time.saturating_sub(before) >= i64::from(timeout)
            {
                let mut past = record;
                if record.last > before {
                    // Other tabs were active after it: theirs is not its session.
                    past.session = Id::new(before, self.random.id_bytes());
                }
                self.presence = Presence::Open {
                    record: past,
                    page_load,
                    stored: record.last,
                };
                self.seal();
            }
            if !record.continues(time, timeout) {
                record.session = Id::new(time, self.random.id_bytes());
            }
            record.last = record.last.max(time);
            self.captured.push(observation);
        }
        self.effects.push(Effect::StoreRecord(record.text()));
        self.presence = Presence::Open {
            record,
            page_load,
            stored: record.last,
        };
    }

    fn restore(&mut self, items: Vec<Item>) {
        // Read before consent was withdrawn, it is not ours any more.
        if self.settings.consent != Consent::Granted {
            return;
        }
        for item in items {
            // What does not fit stays in the browser's storage for a later page.
            if self.waiting() < limits::OUTBOX_ITEMS {
                self.outbox.push(item, false, true);
            }
        }
        if self.outbox.has_unsent() {
            self.flush_soon();
        }
    }

    /// Turns what was captured into items whose text never changes again.
    fn seal(&mut self) {
        let Presence::Open {
            record, page_load, ..
        } = &self.presence
        else {
            return;
        };
        let (record, page_load) = (*record, *page_load);
        for mut observation in core::mem::take(&mut self.captured) {
            observation.seq |= u32::from(page_load) << 16;
            if let Seen::Page { query, .. } = &mut observation.seen {
                let rules = self.rules();
                query.retain(|(key, _)| {
                    rules.map_or_else(|| is_campaign_key(key), |rules| rules.keeps_query(key))
                });
            }
            let context = Context {
                time: observation.id.time(),
                session: Some(record.session),
                person: Person {
                    visitor: Some(record.visitor),
                    contact: None,
                },
            };
            let verdict = self
                .rules()
                .map(|rules| evaluate(rules, &observation, &context));
            let claims: Option<Vec<&str>> = verdict.as_ref().map(|verdict| {
                verdict
                    .conversions
                    .iter()
                    .map(|conversion| conversion.definition.as_str())
                    .collect()
            });
            let item = Item::new(
                &observation,
                self.page,
                Some(record.session),
                claims.as_deref(),
            );
            if self.settings.debug {
                self.explain(
                    &observation,
                    verdict
                        .and_then(|verdict| verdict.problem)
                        .map(|(_, text)| text),
                );
            }
            let urgent = is_urgent(&observation.seen);
            self.outbox.push(item, urgent, false);
            if urgent {
                self.flush_at = Some(self.now);
            } else {
                self.flush_soon();
            }
        }
    }

    /// The first request leaves at once, so that a short visit is seen; later ones wait for company.
    fn flush_soon(&mut self) {
        let pause = if self.sent_before { BATCH_MS } else { 0 };
        let at = self.now.saturating_add(pause);
        // A pause after a failure is not cut short.
        if self
            .flush_at
            .is_none_or(|due| due > at && self.failures == 0)
        {
            self.flush_at = Some(at);
        }
    }

    fn settle(&mut self, answers: &[(Id, Answer)], visitor: Option<Id>) {
        let settled = answers
            .iter()
            .filter(|(_, answer)| *answer == Answer::Settled);
        let settled: Vec<Id> = settled.map(|(id, _)| *id).collect();
        self.in_flight.clear();
        self.outbox.reset(Progress::Sent);
        self.forget(&settled);
        self.failures = 0;
        self.flush_at = None;
        // The edge knows the visitor better; the tabs learn it under their lock. An answer to a
        // request from before a withdrawal must not bring the old visitor back.
        if visitor.is_some() && visitor != self.sent_as && !self.left_behind {
            self.visitor = visitor;
            self.presence = Presence::Closed;
        }
        if self.outbox.has_unsent() {
            let pause = if self.outbox.is_full() { 0 } else { BATCH_MS };
            self.flush_at = Some(self.now.saturating_add(pause));
        }
    }

    fn refuse(&mut self) {
        let sent = core::mem::take(&mut self.in_flight);
        self.forget(&sent);
        self.failures = 0;
        self.flush_at = None;
        if self.outbox.has_unsent() {
            self.flush_soon();
        }
        if self.settings.debug {
            self.say("the edge refused these items for good; see the request's answer");
        }
    }

    fn forget(&mut self, ids: &[Id]) {
        let kept = self.outbox.remove(ids);
        if !kept.is_empty() {
            self.effects.push(Effect::Forget(kept));
        }
    }

    fn fail(&mut self, pause: Option<i64>) {
        self.in_flight.clear();
        self.outbox.reset(Progress::Sent);
        let doubled = RETRY_FIRST_MS
            .checked_shl(self.failures)
            .unwrap_or(RETRY_LONGEST_MS);
        let longest = doubled.clamp(RETRY_FIRST_MS, RETRY_LONGEST_MS);
        // Half fixed, half random: pages that failed together do not come back together.
        let half = longest / 2;
        let own = half.saturating_add(self.random.below(half.max(1)));
        self.failures = self.failures.saturating_add(1).min(16);
        let pause = own.max(pause.unwrap_or(0).clamp(0, RETRY_LONGEST_MS));
        self.flush_at = Some(self.now.saturating_add(pause));
        self.keep(false);
    }

    /// Keeps what the browser's storage does not have yet.
    fn keep(&mut self, urgent_only: bool) {
        let (items, urgent) = self.outbox.keep(urgent_only);
        if !items.is_empty() {
            self.effects.push(Effect::Keep { items, urgent });
        }
    }

    /// The page may never be seen again: everything leaves by a beacon, and stays until confirmed.
    /// The beacon goes first, since nothing can be waited for any more.
    fn leave(&mut self, record: Option<&str>) {
        if self.settings.consent != Consent::Granted {
            return;
        }
        if !self.captured.is_empty() {
            self.open(record);
        }
        self.seal();
        let Presence::Open { record, stored, .. } = &mut self.presence else {
            return;
        };
        if record.last > *stored {
            *stored = record.last;
            let last = record.last;
            self.effects.push(Effect::StoreActivity(last));
        }
        if !self.outbox.is_empty() {
            let room = limits::BEACON_BYTES.saturating_sub(ENVELOPE_BYTES);
            let (_, texts) = self.outbox.take(room, Progress::Beaconed);
            let body = self.write_beacon(&texts);
            self.effects.push(Effect::Beacon(body));
            self.leave_behind();
            self.flush_at = None;
            self.keep(false);
        }
    }

    /// The page no longer knows what the request under way carries.
    fn leave_behind(&mut self) {
        self.left_behind |= self.is_sending();
        self.in_flight.clear();
    }

    fn decide(&mut self, consent: Consent) {
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
        if matches!(self.presence, Presence::Closed) && self.waiting() > 0 {
            self.presence = Presence::Asking;
            self.effects.push(Effect::OpenSession);
        }
        // Claims need the plan; what is seen before it arrives is sealed when it does, or on leaving.
        if matches!(self.plan, Plan::Settled(_)) {
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
        self.keep(true);
        let due = self.flush_at.is_some_and(|at| at <= self.now)
            || (self.failures == 0 && self.outbox.is_full());
        if due && !self.outbox.has_unsent() {
            // Nothing to wake up for.
            self.flush_at = None;
        } else if due && self.in_flight.is_empty() {
            let room = limits::BEACON_BYTES.saturating_sub(ENVELOPE_BYTES);
            let (ids, texts) = self.outbox.take(room, Progress::Sent);
            let body = self.write_beacon(&texts);
            self.in_flight = ids;
            self.sent_as = Some(visitor);
            self.flush_at = None;
            self.sent_before = true;
            self.effects.push(Effect::Fetch(body));
        }
    }

    fn write_beacon(&self, texts: &[String]) -> String {
        let visitor = match &self.presence {
            Presence::Open { record, .. } => Some(record.visitor),
            _ => None,
        };
        let header = Header {
            site: &self.settings.site,
            sdk: &self.settings.sdk,
            form: self.settings.form,
            plan: self.rules().map_or("", |rules| &rules.plan),
            sent: self.now,
            page: self.page,
            visitor,
            captured: self.next_index,
            dropped: &self.dropped,
        };
        beacon::write(&header, texts.iter().map(String::as_str))
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

    /// One line of what was seen, and one for each definition that it concerned.
    fn explain(&mut self, observation: &Observation, problem: Option<String>) {
        let mut text = String::from(observation.seen.kind());
        text.push(' ');
        text.push_str(&observation.path);
        if let Plan::Settled(Some(rules)) = &self.plan {
            for definition in &rules.definitions {
                let explanation = explain(rules, definition, observation);
                if !matches!(
                    explanation,
                    Explanation::OtherKind | Explanation::Inert | Explanation::ServerOnly
                ) {
                    text.push_str("\n  ");
                    text.push_str(&definition.id);
                    text.push_str(": ");
                    text.push_str(explanation.text());
                    if explanation == Explanation::Matched {
                        text.push_str(", counts ");
                        text.push_str(definition.count.name());
                    }
                }
            }
        }
        if let Some(problem) = problem {
            text.push_str("\n  ! ");
            text.push_str(&problem);
        }
        self.effects.push(Effect::Say(text));
    }
}

/// Money and identity go first, and to the disk before the network.
fn is_urgent(seen: &Seen) -> bool {
    matches!(
        seen,
        Seen::Commerce {
            step: CommerceStep::Purchase | CommerceStep::Refund | CommerceStep::BeginCheckout
        } | Seen::Identify { .. }
    )
}
