//! The sink: from accepted messages to rows, each item once, whatever the number of copies.
//!
//! [`transaction`] is pure. It reads and evaluates the items and answers with statements that run
//! as one `D1.batch()`, which is one transaction: first the observations, then tallies of what was
//! really inserted (`changes()`). Conversions, totals and disagreements follow by the triggers of
//! `migrations/`, so they too come only from rows that are really there.
//!
//! # What a copy is
//!
//! An id has one fate: the first that the database learns of. A later item with that id and the
//! same digest is a duplicate; with another digest it is a conflict and is quarantined beside the
//! first. Nothing is read to find that out before it is written: the primary key decides.
//! Of two observations with one counting key, too, the one that is stored first stands.
//!
//! # Whom nothing is kept of
//!
//! An item that bears the name of somebody who was erased ([`goalpost_core::erasure`]), from before
//! that, is let go: its id goes to `dropped` before anything is stored, in the same transaction, and
//! whatever has its id there is neither stored nor quarantined.
//!
//! # What is counted as captured
//!
//! An item of origin `page` has an id, a page load and a place on it. For these, per site,
//! captured = stored + quarantined + dropped + waiting, see [`CONSERVATION`]. All else that arrives
//! (bodies that are no beacon, items without a place, conflicts) has origin `other`: it is counted
//! and kept, but no page load has it on its list.

mod chunk;
mod clock;
mod delivery;
mod emit;
mod homes;
mod observed;
mod outlook;
mod page_load;
mod plan_book;
mod recompute;
mod retold;
mod row;
mod sort;
mod statements;
mod unread;
mod waiting;

#[cfg(test)]
pub(crate) mod tests;

pub use chunk::{chunks, plans_needed};
pub(crate) use clock::DeviceClock;
pub(crate) use delivery::site_name;
pub use homes::{Homes, Link, Wanted};
pub(crate) use observed::vouch;
pub(crate) use outlook::{Outlook, Refused, outlook};
pub use plan_book::{Compiled, PlanBook};
pub use recompute::{RECOMPUTE, Recompute};
pub(crate) use retold::{Told, retold};
pub(crate) use row::{Voucher, verdict as verdict_json};
pub use statements::CONSERVATION;
pub(crate) use waiting::Waiting;

use goalpost_core::{Id, accepted::Accepted};
use std::collections::BTreeMap;

/// The migrations, in order, for databases that a test or a tool keeps itself.
pub const MIGRATIONS: [&str; 21] = [
    include_str!("../../migrations/0001_goalpost.sql"),
    include_str!("../../migrations/0002_conversions.sql"),
    include_str!("../../migrations/0003_figures.sql"),
    include_str!("../../migrations/0004_credits.sql"),
    include_str!("../../migrations/0005_replay.sql"),
    include_str!("../../migrations/0006_people.sql"),
    include_str!("../../migrations/0007_consent.sql"),
    include_str!("../../migrations/0008_links.sql"),
    include_str!("../../migrations/0009_safety.sql"),
    include_str!("../../migrations/0010_kept_carts.sql"),
    include_str!("../../migrations/0011_privacy.sql"),
    include_str!("../../migrations/0012_archive.sql"),
    include_str!("../../migrations/0013_joined_later.sql"),
    include_str!("../../migrations/0014_watch.sql"),
    include_str!("../../migrations/0015_doors.sql"),
    include_str!("../../migrations/0016_shards.sql"),
    include_str!("../../migrations/0017_sessions.sql"),
    include_str!("../../migrations/0018_moved.sql"),
    include_str!("../../migrations/0019_quarantine.sql"),
    include_str!("../../migrations/0020_again.sql"),
    include_str!("../../migrations/0021_funnels.sql"),
];

/// The number of the order that a conversion `c` is of; none where what says how much it is worth is a refund,
/// by which nothing was bought.
pub(crate) const BOUGHT: &str = "\
iif(
  c.order_number IS NULL OR EXISTS (
    SELECT 1 FROM refunds AS given WHERE given.site = c.site AND given.observation = c.money_from),
  NULL, c.order_number)";

/// One statement of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its text; one of a few constants, so that a database may keep it prepared.
    pub sql: &'static str,
    /// Its parameters, `?1` first.
    pub params: Vec<Param>,
}

/// A parameter of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    clippy::exhaustive_enums,
    reason = "whoever binds parameters must bind each kind"
)]
pub enum Param {
    /// Text.
    Text(String),
    /// A whole number, within 53 bits.
    Integer(i64),
    /// Nothing.
    Null,
}

/// The statements that give every item of `messages` its fate, to be run as one transaction.
///
/// `batch` names the transaction in the rows that it stores. Running the same messages again, in
/// any order and beside any others, changes nothing but the count of duplicates.
pub fn transaction(batch: Id, messages: &[Accepted<'_>], plans: &PlanBook) -> Vec<Statement> {
    let sorted = sort::sort(batch.time(), messages, plans, None);
    emit::statements(batch, sorted)
        .into_values()
        .next()
        .unwrap_or_default()
}

/// The same over several databases: the statements of each that has some, by its number. A message is
/// stored once all of them have run, and may run again if one of them has failed.
pub fn transactions(
    batch: Id,
    messages: &[Accepted<'_>],
    plans: &PlanBook,
    homes: &Homes,
) -> BTreeMap<u32, Vec<Statement>> {
    let sorted = sort::sort(batch.time(), messages, plans, Some(homes));
    emit::statements(batch, sorted)
}

/// What must be known for [`transactions`] before each item has its database.
pub fn wanted(batch: Id, messages: &[Accepted<'_>], plans: &PlanBook) -> Wanted {
    sort::wanted(batch.time(), messages, plans)
}
