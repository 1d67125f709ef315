//! One execution: visitors, their browsers, the network and the edge, under one seed.

use crate::{
    broken::Broken,
    browser::Browser,
    check,
    database::Database,
    edge::Edge,
    fault::{Fault, FaultCounts, Weather},
    known_bad::KnownBad,
    ledger::Ledger,
    network::{Flight, Return},
    plans::Plans,
    random::Random,
    trace::Trace,
};
use goalpost_core::Id;
use goalpost_sdk::engine::{Consent, Input};

/// When every world begins: 18 November 2026.
pub const START: i64 = 1_795_000_000_000;
/// What one step may set off at most; the rest happens later.
const EVENTS_PER_STEP: usize = 60;
/// Within so many events everything must have arrived once the faults have stopped.
const EVENTS_TO_DRAIN: usize = 4_000;
/// With so many pages what earlier ones have left must have arrived.
const PAGES_TO_DRAIN: usize = 4;

/// One execution.
#[derive(Debug)]
pub struct World<'a> {
    pub(crate) random: Random,
    pub(crate) weather: Weather,
    pub(crate) bad: Option<KnownBad>,
    pub(crate) plans: &'a Plans,
    pub(crate) db: &'a mut Database,
    pub(crate) now: i64,
    calm: bool,
    pub(crate) browsers: Vec<Browser>,
    pub(crate) flights: Vec<Flight>,
    pub(crate) returns: Vec<Return>,
    pub(crate) requests: u64,
    pub(crate) tabs: u32,
    pub(crate) edge: Edge,
    pub(crate) ledger: Ledger,
    pub(crate) faults: FaultCounts,
    /// How many requests and beacons have left a page.
    pub copies_sent: u64,
    trace: Trace,
}

/// What one seed was.
#[derive(Debug)]
pub struct Run {
    /// Whether every invariant held.
    pub result: Result<(), Broken>,
    /// The faults it went through.
    pub faults: FaultCounts,
    /// What it did.
    pub trace: Trace,
    /// What was captured, and what became of it.
    pub ledger: Ledger,
    /// How many requests and beacons have left a page.
    pub copies_sent: u64,
}

enum Event {
    Flight(usize),
    Return(usize),
    Lock(usize, usize),
    Load(usize, usize),
    DiskDone(usize, usize),
    DiskWait(usize, usize),
    Plan(usize, usize),
    Wake(usize, usize),
    Consume,
}

/// Runs one seed.
pub fn run(
    seed: u64,
    bad: Option<KnownBad>,
    plans: &Plans,
    db: &mut Database,
    readable: bool,
) -> Run {
    db.empty();
    let mut random = Random::new(seed);
    let weather = Weather::draw(&mut random);
    let mut world = World {
        random,
        weather,
        bad,
        plans,
        db,
        now: START,
        calm: false,
        browsers: Vec::new(),
        flights: Vec::new(),
        returns: Vec::new(),
        requests: 0,
        tabs: 0,
        edge: Edge::default(),
        ledger: Ledger::default(),
        faults: FaultCounts::default(),
        copies_sent: 0,
        trace: Trace::new(readable),
    };
    let result = world.live();
    for row in world.db.rows("SELECT * FROM fates") {
        world.trace.mix(row.concat().as_bytes());
    }
    let World {
        faults,
        trace,
        ledger,
        copies_sent,
        ..
    } = world;
    Run {
        result,
        faults,
        trace,
        ledger,
        copies_sent,
    }
}

impl World<'_> {
    /// Whether a fault happens on this occasion; it is counted if it does.
    pub(crate) fn happens(&mut self, fault: Fault) -> bool {
        let happens = !self.calm && self.random.chance(self.weather.rate(fault));
        if happens {
            self.faults.add(fault);
        }
        happens
    }

    pub(crate) fn note(&mut self, what: &str, numbers: [u64; 2], detail: impl FnOnce() -> String) {
        self.trace.note(self.now, what, numbers, detail);
    }

    fn live(&mut self) -> Result<(), Broken> {
        let visitors = if self.random.chance(450) { 2 } else { 1 };
        for _ in 0..visitors {
            self.begin_browser();
        }
        let steps = 50 + self.random.below(70);
        for _ in 0..steps {
            let pause = match self.random.below(100) {
                0..55 => self.random.between(0, 900),
                55..84 => self.random.between(900, 6_000),
                84..94 => self.random.between(6_000, 120_000),
                94..98 => self.random.between(120_000, 2_700_000),
                98 => self.random.between(1_790_000, 1_810_000),
                _ => self.random.between(2_700_000, 100_000_000),
            };
            self.pass(pause)?;
            self.act()?;
        }
        check::recomputed(self.db)?;
        self.drain()?;
        check::all(self.db, &self.ledger, &self.browsers, self.edge.current)
    }

    /// Time passes, and with it what was due.
    pub(crate) fn pass(&mut self, pause: i64) -> Result<(), Broken> {
        let until = self.now + pause;
        for _ in 0..EVENTS_PER_STEP {
            match self.next_event() {
                Some((due, event)) if due <= until => {
                    self.now = self.now.max(due);
                    self.fire(&event)?;
                }
                _ => break,
            }
        }
        self.now = until;
        Ok(())
    }

    fn next_event(&self) -> Option<(i64, Event)> {
        let mut next: Option<(i64, Event)> = None;
        let mut offer = |due: Option<i64>, event: Event| {
            if let Some(due) = due
                && next.as_ref().is_none_or(|(first, _)| due < *first)
            {
                next = Some((due, event));
            }
        };
        for (at, flight) in self.flights.iter().enumerate() {
            offer(Some(flight.due), Event::Flight(at));
        }
        for (at, answer) in self.returns.iter().enumerate() {
            offer(Some(answer.due), Event::Return(at));
        }
        for (b, browser) in self.browsers.iter().enumerate() {
            for (t, tab) in browser.tabs.iter().enumerate() {
                offer(
                    tab.lock_wait.as_ref().map(|(due, _)| *due),
                    Event::Lock(b, t),
                );
                offer(tab.load_wait, Event::Load(b, t));
                offer(
                    tab.writes.front().map(|write| write.due),
                    Event::DiskDone(b, t),
                );
                offer(tab.disk_wait, Event::DiskWait(b, t));
                offer(
                    tab.plan_wait.front().map(|(due, _)| *due),
                    Event::Plan(b, t),
                );
                offer(tab.wake, Event::Wake(b, t));
            }
        }
        offer(self.edge.consume_at, Event::Consume);
        next
    }

    fn fire(&mut self, event: &Event) -> Result<(), Broken> {
        match *event {
            Event::Flight(at) => self.arrive(at),
            Event::Return(at) => self.answer(at),
            Event::Consume => self.consume(),
            Event::Load(b, t) => self.load(b, t),
            Event::DiskDone(b, t) => {
                self.disk_is_done(b, t);
                Ok(())
            }
            Event::DiskWait(b, t) => {
                self.browsers[b].tabs[t].disk_wait = None;
                self.settle(b, t)
            }
            Event::Lock(b, t) => {
                let wait = self.browsers[b].tabs[t].lock_wait.take();
                let read = wait.and_then(|(_, read)| read);
                let record = read.unwrap_or_else(|| self.browsers[b].record.clone());
                self.note("lock", [b as u64, t as u64], String::new);
                self.tell(b, t, Input::Record(record.as_deref()))?;
                self.settle(b, t)
            }
            Event::Plan(b, t) => {
                let plan = self.browsers[b].tabs[t].plan_wait.pop_front();
                let plans = self.plans;
                let bytes = plan.and_then(|(_, plan)| plan).map(|plan| plans.text(plan));
                self.note("plan", [b as u64, u64::from(bytes.is_some())], String::new);
                self.browsers[b].tabs[t].has_plan = true;
                self.tell(b, t, Input::Plan(bytes))?;
                self.settle(b, t)
            }
            Event::Wake(b, t) => {
                self.tell(b, t, Input::Wakeup)?;
                self.settle(b, t)
            }
        }
    }

    /// Faults stop. Everything that can arrive must arrive.
    fn drain(&mut self) -> Result<(), Broken> {
        self.calm = true;
        self.note("faults stop", [0, 0], String::new);
        for b in 0..self.browsers.len() {
            self.browsers[b].disk_refuses = self.browsers[b].record_refuses;
            if self.browsers[b].consent == Consent::Unknown {
                let granted = self.random.chance(700);
                self.decide(
                    b,
                    if granted {
                        Consent::Granted
                    } else {
                        Consent::Denied
                    },
                )?;
            }
            for t in 0..self.browsers[b].tabs.len() {
                self.show(b, t)?;
            }
        }
        // A page that stays open does not look for what others have left since, and takes no more
        // than its outbox holds.
        for _ in 0..PAGES_TO_DRAIN {
            for b in 0..self.browsers.len() {
                self.open(b)?;
            }
            self.come_to_rest()?;
            let nothing = |browser: &Browser| browser.disk.is_empty() && browser.left.is_empty();
            if self.browsers.iter().all(nothing) {
                break;
            }
        }
        for browser in &self.browsers {
            for tab in &browser.tabs {
                Broken::unless(
                    tab.holds.is_empty(),
                    "everything leaves when faults stop",
                    || format!("tab {}: {:?}", tab.number, tab.holds),
                )?;
            }
            let left: Vec<Id> = browser.disk.items().map(|(id, _)| id).collect();
            let is_empty = left.is_empty() && browser.left.is_empty();
            Broken::unless(
                is_empty || browser.disk_refuses,
                "what arrived is forgotten",
                || format!("{left:?}"),
            )?;
        }
        Ok(())
    }

    fn come_to_rest(&mut self) -> Result<(), Broken> {
        for _ in 0..EVENTS_TO_DRAIN {
            let Some((due, event)) = self.next_event() else {
                return Ok(());
            };
            self.now = self.now.max(due);
            self.fire(&event)?;
        }
        Err(Broken::new(
            "everything comes to rest when faults stop",
            || format!("{EVENTS_TO_DRAIN} events were not enough"),
        ))
    }
}
