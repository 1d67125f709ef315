//! Designs that lose, double or miscount: each is switched around the real parts, and the simulator
//! must catch each, or it would not notice the same mistake in the real ones.

macro_rules! designs {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// A design that is known to be wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum KnownBad { $($(#[$doc])* $name,)* }

        impl KnownBad {
            /// Every one.
            pub const ALL: &[KnownBad] = &[$(KnownBad::$name,)*];

            /// What is wrong with it.
            pub const fn name(self) -> &'static str {
                match self { $(KnownBad::$name => $text,)* }
            }
        }
    };
}

designs! {
    /// Each attempt gives its items new ids.
    NewIdPerRetry = "new id per retry";
    /// Collect marks ids as seen in a key-value store, then enqueues; no key at the sink.
    MarkThenEnqueue = "dedupe mark, then enqueue";
    /// Collect enqueues, then marks ids as seen; no key at the sink.
    EnqueueThenMark = "enqueue, then dedupe mark";
    /// The answer leaves before the queue has the message.
    AnswerBeforeQueue = "answer before the queue has it";
    /// Rows in one transaction, tallies in the next.
    TallyApart = "tally in a second transaction";
    /// The message is acknowledged before the commit.
    AckBeforeCommit = "ack before commit";
    /// Tallies count what was sent, not what was inserted.
    TallyOfSent = "derived row from what was sent";
    /// A session is added to by what was sent, not by what was inserted.
    SessionOfSent = "session from what was sent";
    /// What the browser took as a beacon leaves the outbox.
    BeaconIsDelivery = "beacon treated as delivered";
    /// Each tab has a session record of its own.
    RecordPerTab = "session without lock and shared record";
    /// The consumer reads what is there, then writes what is not; no key at the sink.
    ReadThenWrite = "counting by read-then-write";
    /// Any 200 clears the outbox.
    AnyTwoHundred = "outbox cleared on 200 of a proxy page";
    /// Urgent items are not waited for on the disk.
    UrgentNotKept = "urgent item not kept before send";
    /// What a page has not kept yet is written to its database alone as the page ends.
    NothingLeft = "last items left to a transaction";
    /// Items stay on the disk when consent is withdrawn.
    NoPurge = "nothing purged on withdrawal";
}
