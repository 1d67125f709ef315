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

pub(crate) use directory::{forget, homes};
pub(crate) use spread::how_far;

use crate::{
    bindings::Bindings,
    clock, database,
    http::Failure,
    problem::{Kind, Problem},
};

/// Steps of a run of the clock, and the rows that it moves until it stops: each takes some statements,
/// of which the platform allows so many in one run.
const STEPS: usize = 60;
const ROWS: usize = 4_000;

/// Brings together whoever turned out to be one person.
///
/// # Errors
/// [`Failure::Platform`]; the clock goes on with what is left.
pub(crate) async fn settle(edge: &Bindings) -> Result<(), Failure> {
    if erases(edge).await? {
        return Ok(());
    }
    comers::settle(edge, clock::now(), id).await
}

/// Whether somebody is being erased: then everybody stays where they are, so that nobody is missed.
async fn erases(edge: &Bindings) -> Result<bool, Failure> {
    let running: Option<u32> = database::row(edge, ERASES, &[]).await?;
    Ok(running.is_some_and(|running| running > 0))
}

const ERASES: &str = "SELECT json_quote(count(*)) FROM erasures WHERE state = 'running'";

/// Brings what is on its way to where it goes, before somebody is looked for everywhere.
///
/// # Errors
/// [`Failure::Platform`].
pub(crate) async fn arrive(edge: &Bindings) -> Result<(), Failure> {
    if edge.databases().len() < 2 {
        return Ok(());
    }
    moves::go_on(edge, clock::now()).await
}

/// How much has lately come from one database to another; `None` while something is on its way, or
/// somebody is being erased.
///
/// Whoever compares several databases may believe what they saw where this is the same before and after.
///
/// # Errors
/// [`Failure::Platform`].
pub(crate) async fn arrived(edge: &Bindings, now: i64) -> Result<Option<Vec<u64>>, Failure> {
    if edge.databases().len() < 2 {
        return Ok(Some(Vec::new()));
    }
    if erases(edge).await? {
        return Ok(None);
    }
    moves::arrived(edge, now).await
}

/// Why something is refused that is about one database.
pub(crate) fn only_one(edge: &Bindings, what: &str) -> Result<(), Problem> {
    match edge.databases().len() {
        0 | 1 => Ok(()),
        several => Err(Problem::new(
            Kind::Busy,
            format!(
                "{what}: {several} databases are bound, and this works with one; see docs/scale.md \
                 for how to go back to it"
            ),
        )),
    }
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
    if erases(edge).await? {
        return Ok(());
    }
    comers::settle(edge, now, id).await?;
    let mut moved = 0usize;
    for _ in 0..STEPS {
        let Some(rows) = spread::step(edge, edge.shards(), now, id).await? else {
            break;
        };
        moved = moved.saturating_add(rows);
        if moved >= ROWS {
            break;
        }
    }
    Ok(())
}

fn id() -> Result<String, Failure> {
    Ok(clock::new_id()?.text().replace('-', ""))
}

/// What goes on beside, for tests with databases of their own.
#[cfg(test)]
pub(crate) mod testing {
    pub(crate) use super::{
        comers::settle,
        moves::{arrived, go_on},
        spread::step,
    };
}
