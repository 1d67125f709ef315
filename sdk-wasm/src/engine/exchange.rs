//! What a shell and the engine tell each other.

use goalpost_core::{
    Id, Properties, Seen,
    beacon::{Form, Item},
};

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
    /// The purposes that it covers, where they are told apart; see [`Input::Purposes`].
    pub purposes: String,
    /// Whether nobody may be recognised: nothing is kept in the browser, and nobody is named.
    pub cookieless: bool,
    /// Whether the shell wants to hear of each item: [`Effect::Sealed`].
    pub retells: bool,
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
    Plan(Option<&'a str>),
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
    /// The visitor decided, or changed a decision; what is not known any more changes nothing.
    Consent(Consent),
    /// The purposes that are granted, as the beacon's header says them.
    Purposes(String),
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
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// Remove everything of ours from the browser, and have the edge forget the visitor.
    Purge,
    /// Send a beacon and report its answer.
    Fetch(String),
    /// Send a beacon that has no answer.
    Beacon(String),
    /// Look out for what the plan asks about beyond pages, clicks and calls: `Rules::watch_list`.
    Watch(String),
    /// This item is sealed: its JSON, for content that follows from what happens.
    Sealed(String),
    /// Tell the developer. After each U+001F stands the code of a sentence: a place in
    /// `Explanation::sentences`, `n` where no plan arrived, or `r` where the edge refused items for good.
    Say(String),
}

impl Effect {
    /// Whether it is about what is kept in the browser.
    pub(super) const fn keeps(&self) -> bool {
        matches!(
            self,
            Self::StoreRecord(_)
                | Self::StoreActivity(_)
                | Self::LoadStored
                | Self::Keep { .. }
                | Self::Forget(_)
        )
    }
}
