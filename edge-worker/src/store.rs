//! From messages to rows: what the queue's consumer and the direct path share.

use crate::{
    bindings::Bindings,
    clock, database,
    http::Failure,
    log, plans, shards,
    sink::{self, Param, PlanBook, Statement},
};
use goalpost_core::{Id, accepted::Accepted};
use std::collections::BTreeMap;
use worker::{D1PreparedStatement, wasm_bindgen::JsValue};

/// What a transaction has done.
pub(crate) struct Receipt {
    /// What names it in the rows that it stored.
    pub(crate) batch: Id,
    /// Rows written, indexes and derived rows counted: what D1 is paid for.
    pub(crate) rows_written: usize,
}

/// Stores messages that fit into one transaction; where there are several databases, one of each.
///
/// # Errors
/// [`Failure::Platform`]; then nothing of them is stored, or what is stored is met by a second try.
pub(crate) async fn store(edge: &Bindings, messages: &[Accepted<'_>]) -> Result<Receipt, Failure> {
    let book = plans::book(edge, &sink::plans_needed(messages)).await?;
    store_by(edge, messages, &book, First::default()).await
}

/// What is to happen right before messages are stored, in the same transaction of each database.
#[derive(Default)]
pub(crate) struct First {
    /// By the number of the database.
    pub(crate) statements: BTreeMap<usize, Vec<Statement>>,
    /// The database that comes after all others: what leaves there has arrived in them.
    pub(crate) last: Option<usize>,
}

/// The same by plans that are known already.
///
/// # Errors
/// As [`store`].
pub(crate) async fn store_by(
    edge: &Bindings,
    messages: &[Accepted<'_>],
    book: &PlanBook,
    mut first: First,
) -> Result<Receipt, Failure> {
    let batch = clock::new_id()?;
    let databases = edge.databases();
    let mut parts = if databases.len() > 1 {
        let wanted = sink::wanted(batch, messages, book);
        let homes = shards::homes(edge, &wanted).await?;
        sink::transactions(batch, messages, book, &homes)
    } else {
        BTreeMap::from([(0, sink::transaction(batch, messages, book))])
    };
    let mut rows_written = 0usize;
    let mut order: Vec<(usize, u32)> = (0..databases.len()).zip(0u32..).collect();
    order.sort_by_key(|(at, _)| first.last == Some(*at));
    for (at, number) in order {
        let mut statements = first.statements.remove(&at).unwrap_or_default();
        statements.extend(parts.remove(&number).unwrap_or_default());
        if let Some(part) = databases.get(at).filter(|_| !statements.is_empty()) {
            rows_written = rows_written.saturating_add(run(part, &statements).await?);
        }
    }
    if databases.len() > 1
        && let Err(problem) = shards::settle(edge).await
    {
        log::warn("not_at_home", &[], &problem);
    }
    Ok(Receipt {
        batch,
        rows_written,
    })
}

/// Runs the statements as one transaction, and says how many rows they have written.
///
/// # Errors
/// [`Failure::Platform`]; then nothing of them has happened.
pub(crate) async fn run(edge: &Bindings, statements: &[Statement]) -> Result<usize, Failure> {
    let statements: Vec<D1PreparedStatement> = statements
        .iter()
        .map(|statement| prepare(edge, statement))
        .collect::<Result<_, _>>()?;
    let answers = database::run(edge, statements).await?;
    Ok(answers
        .iter()
        .fold(0, |sum, own| sum.saturating_add(own.rows_written)))
}

fn prepare(edge: &Bindings, statement: &Statement) -> Result<D1PreparedStatement, Failure> {
    let values: Vec<JsValue> = statement
        .params
        .iter()
        .map(|param| match param {
            Param::Text(text) => JsValue::from_str(text),
            #[allow(
                clippy::cast_precision_loss,
                reason = "JavaScript's only number; a parameter has at most 53 bits"
            )]
            Param::Integer(number) => JsValue::from_f64(*number as f64),
            Param::Null => JsValue::NULL,
        })
        .collect();
    Ok(edge.database()?.prepare(statement.sql).bind(&values)?)
}

/// What D1 says when a second try may succeed: it was reset or out of reach, or has too much to do.
///
/// Source: <https://developers.cloudflare.com/d1/observability/debug-d1/>
const PASSING: [&str; 10] = [
    "Network connection lost",
    "Replica disconnected from primary",
    "Cannot resolve D1 DB due to transient issue",
    "because client disconnected",
    "caused object to be reset",
    "reset because its code was updated",
    "exceeded its memory limit and was reset",
    "exceeded its CPU time limit and was reset",
    "overloaded",
    "is locked",
];

/// What it says when it has no room.
const FULL: &str = "Exceeded maximum DB size";

/// Whether the failure says something of the moment, and nothing of the messages.
pub(crate) fn is_passing(problem: &Failure) -> bool {
    let text = problem.to_string();
    PASSING.iter().any(|known| text.contains(known))
}

/// Whether the failure is the database's own: it passes, or lasts until somebody makes room. No message is
/// at fault, but one of another database may be stored meanwhile.
pub(crate) fn is_of_the_database(problem: &Failure) -> bool {
    is_passing(problem) || problem.to_string().contains(FULL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_that_d1_documents_as_its_own_is_passing() {
        // As <https://developers.cloudflare.com/d1/observability/debug-d1/> lists them.
        for text in [
            "D1 DB reset because its code was updated.",
            "Internal error while starting up D1 DB storage caused object to be reset.",
            "Network connection lost.",
            "Internal error in D1 DB storage caused object to be reset.",
            "Replica disconnected from primary.",
            "Cannot resolve D1 DB due to transient issue on remote node.",
            "Can't read from request stream because client disconnected.",
            "D1 DB storage operation exceeded timeout which caused object to be reset.",
            "D1 DB is overloaded. Requests queued for too long.",
            "D1 DB is overloaded. Too many requests queued.",
            "D1 DB's isolate exceeded its memory limit and was reset.",
            "D1 DB exceeded its CPU time limit and was reset.",
            "database is locked",
        ] {
            let problem = Failure::Platform(format!("Error: D1_ERROR: {text}"));
            assert!(is_passing(&problem), "{text}");
            assert!(is_of_the_database(&problem), "{text}");
        }
        let full = Failure::Platform(format!("Error: D1_ERROR: {FULL}."));
        assert!(is_of_the_database(&full) && !is_passing(&full));
    }

    #[test]
    fn what_is_about_the_statement_is_not_the_databases_own() {
        for text in [
            "D1_ERROR: no such table: fates: SQLITE_ERROR",
            "D1_ERROR: UNIQUE constraint failed: plans.site, plans.version: SQLITE_CONSTRAINT",
            "D1_ERROR: string or blob too big: SQLITE_TOOBIG",
            "D1_ERROR: too many SQL variables: SQLITE_ERROR",
            "D1_TYPE_ERROR: Type 'undefined' not supported for value 'undefined'",
        ] {
            let problem = Failure::Platform(format!("Error: {text}"));
            assert!(!is_of_the_database(&problem), "{text}");
        }
    }
}
