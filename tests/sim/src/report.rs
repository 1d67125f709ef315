//! Many seeds, their sums, and what is said of them.

use crate::{
    broken::Broken,
    database::Database,
    fault::{Fault, FaultCounts},
    known_bad::KnownBad,
    ledger::{Excuse, Met},
    plans::Plans,
    world::{self, Run},
};
use std::{
    fmt::Write as _,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

/// Within so many seeds every known-bad design must be caught.
pub const SEEDS_TO_CATCH: u64 = 500;

/// The sums of many seeds.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// How many seeds.
    pub seeds: u64,
    /// Things that happened.
    pub steps: u64,
    /// Observations captured.
    pub captured: u64,
    /// Stored.
    pub stored: u64,
    /// Quarantined.
    pub quarantined: u64,
    /// Let go, by page or edge, and counted.
    pub dropped: u64,
    /// Requests and beacons that left a page.
    pub sent: u64,
    /// Copies of items that arrived in a committed transaction.
    pub copies: u64,
    /// Faults by kind.
    pub faults: FaultCounts,
    /// Items that may never arrive, by the excuse that the promise grants.
    pub excused: [u64; Excuse::ALL.len()],
    /// One number for all traces.
    pub hash: u64,
}

impl Totals {
    fn add(&mut self, run: &Run) {
        self.seeds += 1;
        self.steps += run.trace.steps();
        self.sent += run.copies_sent;
        self.copies += run.ledger.copies;
        self.faults.merge(&run.faults);
        self.hash ^= run.trace.hash();
        for entry in &run.ledger.entries {
            self.captured += 1;
            match entry.met {
                Some(Met::Stored(_)) => self.stored += 1,
                Some(Met::Quarantined(_)) => self.quarantined += 1,
                Some(Met::Dropped) => self.dropped += 1,
                None if entry.let_go => self.dropped += 1,
                None => {
                    if let Some(excuse) = entry.excuse {
                        self.excused[excuse as usize] += 1;
                    }
                }
            }
        }
    }

    fn merge(&mut self, other: &Self) {
        self.seeds += other.seeds;
        self.steps += other.steps;
        self.captured += other.captured;
        self.stored += other.stored;
        self.quarantined += other.quarantined;
        self.dropped += other.dropped;
        self.sent += other.sent;
        self.copies += other.copies;
        self.faults.merge(&other.faults);
        for (sum, more) in self.excused.iter_mut().zip(other.excused) {
            *sum += more;
        }
        self.hash ^= other.hash;
    }

    /// The table for people.
    pub fn table(&self) -> String {
        let mut out = String::new();
        let mut line = |name: &str, number: u64| {
            let _ = writeln!(out, "  {name:<32} {number:>12}");
        };
        line("seeds", self.seeds);
        line("steps", self.steps);
        line("observations captured", self.captured);
        line("stored once", self.stored);
        line("quarantined", self.quarantined);
        line("dropped, counted", self.dropped);
        for excuse in Excuse::ALL {
            line(
                &format!("excepted: {}", excuse.name()),
                self.excused[excuse as usize],
            );
        }
        line("requests and beacons sent", self.sent);
        let met = self.copies.saturating_sub(self.stored + self.quarantined);
        line("copies committed", self.copies);
        line("copies recognised or let go", met);
        for fault in Fault::ALL {
            line(&format!("fault: {}", fault.name()), self.faults.of(*fault));
        }
        let _ = writeln!(out, "  {:<32} {:>16x}", "trace hash of all", self.hash);
        out
    }
}

/// Runs seeds on `threads` threads.
///
/// # Errors
/// The lowest seed known to fail, with what it broke.
pub fn many(
    seeds: std::ops::Range<u64>,
    threads: usize,
    progress: impl Fn(u64) + Sync,
) -> Result<Totals, (u64, Broken)> {
    let next = AtomicU64::new(seeds.start);
    let totals = Mutex::new(Totals::default());
    let failed: Mutex<Option<(u64, Broken)>> = Mutex::new(None);
    let plans = Plans::new();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let (mut db, mut own) = (Database::new(), Totals::default());
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        break;
                    }
                    let run = world::run(seed, None, &plans, &mut db, false);
                    own.add(&run);
                    progress(seed);
                    if let Err(broken) = run.result {
                        let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                        if failed.as_ref().is_none_or(|(first, _)| seed < *first) {
                            *failed = Some((seed, broken));
                        }
                        next.store(seeds.end, Ordering::Relaxed);
                    }
                }
                totals
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .merge(&own);
            });
        }
    });
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(failed) => Err(failed),
        None => Ok(totals.into_inner().unwrap_or_else(PoisonError::into_inner)),
    }
}

/// The first seed that catches a design, and what it found; `None`: none does.
pub fn catch(bad: KnownBad, plans: &Plans, db: &mut Database) -> Option<(u64, Broken)> {
    (1..=SEEDS_TO_CATCH).find_map(|seed| {
        let run = world::run(seed, Some(bad), plans, db, false);
        run.result.err().map(|broken| (seed, broken))
    })
}
