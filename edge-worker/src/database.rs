//! D1: statements with bound values, and rows that come back as one JSON text each.

use crate::{bindings::Bindings, http::Failure};
use serde::{Deserialize, de::DeserializeOwned};
use std::collections::BTreeMap;
use worker::{D1PreparedStatement, D1Result, wasm_bindgen::JsValue};

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
    let answer = prepare(edge, sql, values)?.all().await?;
    texts(edge, &answer)?
        .iter()
        .map(|text| serde_json::from_str(text).map_err(Failure::from))
        .collect()
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
    if statements.is_empty() {
        return Ok(Vec::new());
    }
    let prepared = statements
        .iter()
        .map(|(sql, values)| prepare(edge, sql, values))
        .collect::<Result<_, _>>()?;
    let answers = edge.database()?.batch(prepared).await?;
    answers.iter().map(|answer| texts(edge, answer)).collect()
}

/// The one text of each row; what was read for them is counted.
fn texts(edge: &Bindings, answer: &D1Result) -> Result<Vec<String>, Failure> {
    #[derive(Deserialize)]
    struct Row(BTreeMap<String, String>);
    let rows_read = answer.meta()?.and_then(|meta| meta.rows_read);
    edge.add_rows_read(rows_read.unwrap_or_default());
    let rows = answer.results::<Row>()?;
    Ok(rows
        .into_iter()
        .flat_map(|row| row.0.into_values())
        .collect())
}
