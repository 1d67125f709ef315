//! Several databases: who lives in which, how people come together, and how all of it spreads.
//!
//! All that counts together stands in one database ([`goalpost_core::home`]), so what follows from
//! observations is made there by the same triggers as with one database, and reports are sums. Plans,
//! tokens, page loads, and who is whom ([`directory`]) are in the first one alone.
//!
//! There is one way to move something ([`moves`]): rows are taken out of their tables into `leaving`, in
//! one transaction, and are written where they belong in another, which notes that they have arrived. It
//! may break off anywhere and begin again. [`comers`] moves whoever turns out to belong to somebody
//! else, and [`spread`] everybody, when there is a database more or less.

mod comers;
mod directory;
mod moves;
mod spread;
mod statements;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use directory::homes;
pub(crate) use spread::how_far;

use crate::{bindings::Bindings, clock, http::Failure};

/// Steps of a run of the clock.
const STEPS: usize = 20;

/// Brings together whoever turned out to be one person.
///
/// # Errors
/// [`Failure::Platform`]; the clock goes on with what is left.
pub(crate) async fn settle(edge: &Bindings) -> Result<(), Failure> {
    comers::settle(edge, edge.shards(), clock::now(), id).await
}

/// Goes on with all that is on its way.
///
/// # Errors
/// [`Failure::Platform`]; the next run goes on.
pub(crate) async fn run(edge: &Bindings, now: i64) -> Result<(), Failure> {
    if edge.databases().len() < 2 {
        return Ok(());
    }
    moves::go_on(edge, now).await?;
    comers::settle(edge, edge.shards(), now, id).await?;
    for _ in 0..STEPS {
        if !spread::step(edge, edge.shards(), now, id).await? {
            break;
        }
    }
    Ok(())
}

fn id() -> Result<String, Failure> {
    Ok(clock::new_id()?.text().replace('-', ""))
}
