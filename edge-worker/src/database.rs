//! D1: statements with bound values, and rows that come back as one JSON text each.

use crate::{bindings::Bindings, clock, http::Failure, runtime, timing::Spent};
use serde::de::DeserializeOwned;
use worker::{D1PreparedStatement, wasm_bindgen::JsValue};

/// What a statement did.
pub(crate) struct Answer {
    pub(crate) rows_read: usize,
    pub(crate) rows_written: usize,
    /// How long the database took, in milliseconds.
    pub(crate) sql_ms: f64,
    /// How large it was afterwards.
    pub(crate) database_bytes: f64,
    /// The one text of each row.
    pub(crate) texts: Vec<String>,
}

/// The statement with its texts bound.
pub(crate) fn prepare(
    edge: &Bindings,
    sql: &str,
    values: &[&str],
) -> Result<D1PreparedStatement, Failure> {
    let values: Vec<JsValue> = values
        .iter()
        .map(|value| JsValue::from_str(value))
        .collect();
    Ok(edge.database()?.prepare(sql).bind(&values)?)
}

/// Every row; each has one column, the text of a JSON value.
pub(crate) async fn rows<T: DeserializeOwned>(
    edge: &Bindings,
    sql: &str,
    values: &[&str],
) -> Result<Vec<T>, Failure> {
    let answers = batch(edge, &[(sql, values.to_vec())]).await?;
    answers
        .iter()
        .flatten()
        .map(|text| serde_json::from_str(text).map_err(Failure::from))
        .collect()
}

/// The same of every database, one after the other.
pub(crate) async fn rows_of_all<T: DeserializeOwned>(
    edge: &Bindings,
    sql: &str,
    values: &[&str],
) -> Result<Vec<T>, Failure> {
    let mut all = Vec::new();
    for part in edge.databases() {
        all.extend(rows(part, sql, values).await?);
    }
    Ok(all)
}

/// The first row, if there is one.
pub(crate) async fn row<T: DeserializeOwned>(
    edge: &Bindings,
    sql: &str,
    values: &[&str],
) -> Result<Option<T>, Failure> {
    Ok(rows(edge, sql, values).await?.into_iter().next())
}

/// Every row of each statement, all of one moment.
pub(crate) async fn batch(
    edge: &Bindings,
    statements: &[(&str, Vec<&str>)],
) -> Result<Vec<Vec<String>>, Failure> {
    let prepared = statements
        .iter()
        .map(|(sql, values)| prepare(edge, sql, values))
        .collect::<Result<_, _>>()?;
    let answers = run(edge, prepared).await?;
    Ok(answers.into_iter().map(|answer| answer.texts).collect())
}

/// Runs statements as one transaction.
///
/// # Errors
/// [`Failure::Platform`]; then nothing of them has happened.
pub(crate) async fn run(
    edge: &Bindings,
    statements: Vec<D1PreparedStatement>,
) -> Result<Vec<Answer>, Failure> {
    if statements.is_empty() {
        return Ok(Vec::new());
    }
    let began = clock::now();
    let answers = runtime::batch(edge.database()?.as_ref(), &statements).await?;
    for answer in &answers {
        edge.spend(Spent {
            statements: 1,
            rows_read: answer.rows_read,
            rows_written: answer.rows_written,
            waited_ms: 0,
            sql_ms: answer.sql_ms,
        });
    }
    edge.spend(Spent {
        waited_ms: clock::now().saturating_sub(began),
        ..Spent::NOTHING
    });
    Ok(answers)
}
