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
pub(crate) use moves::arrived;
pub(crate) use spread::how_far;

use crate::{
    bindings::Bindings,
    clock,
    http::Failure,
    problem::{Kind, Problem},
    reports::{Ask, Store, everywhere},
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
    comers::settle(edge, clock::now(), id).await
}

/// Whether somebody is being erased: then everybody stays where they are, so that nobody is missed.
///
/// Each database walks its own rows, and one may be at the end long before another.
pub(crate) async fn erases(store: &impl Store) -> Result<bool, Failure> {
    let running = everywhere(store, &[Ask::new(ERASES, [""; 0])]).await?;
    Ok(running.iter().any(|rows| !rows.is_empty()))
}

/// Whether something is being replayed: that must see all rows in one database to its end.
async fn replays(store: &impl Store) -> Result<bool, Failure> {
    let running = store.rows(Ask::new(REPLAYS, [""; 0])).await?;
    Ok(!running.is_empty())
}

const REPLAYS: &str = "SELECT '1' FROM replays WHERE state = 'running' LIMIT 1";

const ERASES: &str = "SELECT '1' FROM erasures WHERE state = 'running' LIMIT 1";

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

/// Refuses what works only while everybody is in the first database.
pub(crate) async fn only_one(edge: &Bindings, what: &str) -> Result<(), Failure> {
    let bound = edge.databases().len();
    if bound < 2
        || how_far(edge)
            .await?
            .is_some_and(|own| own.is_done(1, bound))
    {
        return Ok(());
    }
    Err(Failure::from(Problem::new(
        Kind::Busy,
        format!(
            "{what}: this works while everybody is in one database; set SHARDS to 1, and wait until \
             /health says nothing under SPREAD"
        ),
    )))
}

/// Goes on with all that is on its way.
///
/// # Errors
/// [`Failure::Platform`]; the next run goes on.
pub(crate) async fn run(edge: &Bindings, now: i64) -> Result<(), Failure> {
    if edge.databases().len() < 2 {
        return Ok(());
    }
    run_over(edge, edge.shards(), now, id).await
}

/// The same over any databases, towards so many.
pub(crate) async fn run_over(
    store: &impl Store,
    shards: u32,
    now: i64,
    mut id: impl FnMut() -> Result<String, Failure>,
) -> Result<(), Failure> {
    moves::go_on(store, now).await?;
    if erases(store).await? || replays(store).await? {
        return Ok(());
    }
    comers::settle(store, now, &mut id).await?;
    let mut moved = 0usize;
    for _ in 0..STEPS {
        let Some(rows) = spread::step(store, shards, now, &mut id).await? else {
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
    pub(crate) use super::{comers::settle, moves::go_on, run_over as run, spread::step};
}
