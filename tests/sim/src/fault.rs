//! The faults that the world injects, and how often each seed does.

use crate::random::Random;

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $worst:literal;)*) => {
        /// Something that goes wrong, or at least not smoothly.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Fault { $($(#[$doc])* $name,)* }

        impl Fault {
            /// Every fault, in the order of the report.
            pub const ALL: &[Fault] = &[$(Fault::$name,)*];

            /// The fault's name in reports.
            pub const fn name(self) -> &'static str {
                match self { $(Fault::$name => $text,)* }
            }

            /// How likely it is at its worst, in thousandths per occasion.
            const fn worst(self) -> u32 {
                match self { $(Fault::$name => $worst,)* }
            }
        }
    };
}

faults! {
    /// A request never arrives.
    RequestLost = "request lost", 400;
    /// A request takes up to two minutes.
    RequestDelayed = "request delayed", 300;
    /// A request arrives twice.
    RequestDoubled = "request doubled", 200;
    /// The edge did its work, but the answer is lost.
    AnswerLost = "answer lost", 400;
    /// The edge answers 503 with `Retry-After`.
    Unavailable = "503 answered", 300;
    /// The edge answers 429 with `Retry-After`.
    Limited = "429 answered", 200;
    /// A proxy answers 200 with a page of its own.
    ProxyPage = "200 of a proxy", 200;
    /// The request is refused for good.
    Refused = "refused for good", 60;
    /// Some items are to be sent again although they were taken.
    AskedAgain = "asked to send again", 100;
    /// A beacon that the browser took never arrives.
    BeaconLost = "beacon lost", 600;
    /// The browser does not take a beacon.
    BeaconRefused = "beacon refused", 400;
    /// A tab ends without a word.
    TabKilled = "tab killed", 40;
    /// The whole browser ends without a word.
    BrowserKilled = "browser killed", 60;
    /// The browser's storage takes no writes for a while.
    StorageRefused = "storage refuses", 60;
    /// The disk is slower than an urgent item's patience.
    DiskSlow = "disk slow", 300;
    /// A write that was not strict did not survive a kill.
    WriteLost = "relaxed write lost", 0;
    /// A tab that ended took a transaction with it.
    WriteCut = "write ended with its tab", 500;
    /// The lock is granted late.
    LockLate = "lock late", 500;
    /// There is no lock; tabs read the record at the same time.
    LockAbsent = "no lock", 300;
    /// The device's clock jumps hours ahead.
    ClockAhead = "clock jumps ahead", 12;
    /// The device's clock jumps minutes or hours back.
    ClockBack = "clock jumps back", 12;
    /// The device's clock is off by days from the beginning.
    ClockOff = "clock off by days", 300;
    /// The plan arrives after patience has ended.
    PlanLate = "plan late", 300;
    /// The plan never arrives.
    PlanNever = "plan never", 200;
    /// Another plan is published during the visit.
    PlanChanged = "plan changed", 15;
    /// The edge's cache still has the plan before.
    PlanStale = "plan stale at edge", 500;
    /// Consent is given after the first observations.
    ConsentLate = "consent late", 400;
    /// Consent is withdrawn.
    ConsentWithdrawn = "consent withdrawn", 12;
    /// The loader could not hold everything.
    LoaderOverflow = "loader overflow", 100;
    /// The page reports more than the outbox holds.
    Burst = "burst over the limit", 2;
    /// The Worker ends before the queue has the message.
    CollectCutBefore = "collect cut before queue", 200;
    /// The Worker ends after the queue has the message.
    CollectCutAfter = "collect cut after queue", 200;
    /// The queue takes no message.
    QueueRefused = "queue refuses", 300;
    /// The queue delivers a message again although it was acknowledged.
    QueueDoubled = "acknowledged yet redelivered", 200;
    /// The database fails before the commit.
    FailedBefore = "database fails before commit", 300;
    /// The database has committed, but the sink does not learn of it.
    FailedAfter = "sink cut after commit", 300;
}

/// How often each fault happens in one seed's world.
#[derive(Clone, Debug)]
pub struct Weather(Vec<u32>);

impl Weather {
    /// Draws a world in which some faults never happen and others often.
    pub fn draw(random: &mut Random) -> Self {
        let rates = Fault::ALL.iter().map(|fault| {
            let happens = random.chance(450);
            let rate = random.below(fault.worst() as usize + 1) as u32;
            if happens {
                rate.max(1).min(fault.worst())
            } else {
                0
            }
        });
        Self(rates.collect())
    }

    /// The likelihood of a fault, in thousandths.
    pub fn rate(&self, fault: Fault) -> u32 {
        self.0[fault as usize]
    }
}

/// How often each fault has happened.
#[derive(Clone, Debug)]
pub struct FaultCounts(Vec<u64>);

impl Default for FaultCounts {
    fn default() -> Self {
        Self(vec![0; Fault::ALL.len()])
    }
}

impl FaultCounts {
    /// Counts one.
    pub fn add(&mut self, fault: Fault) {
        self.0[fault as usize] += 1;
    }

    /// Adds another world's counts.
    pub fn merge(&mut self, other: &Self) {
        for (sum, more) in self.0.iter_mut().zip(&other.0) {
            *sum += more;
        }
    }

    /// How often it happened.
    pub fn of(&self, fault: Fault) -> u64 {
        self.0[fault as usize]
    }
}
