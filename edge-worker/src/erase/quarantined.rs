//! What waits in quarantine and bears a name: nobody has read it, so its bytes are searched.

use super::{Names, statements as sql};
use crate::{bindings::Bindings, database, http::Failure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

/// Ids that are looked at at once; a body may have 80 KB.
pub(super) const LOOKED_AT: u32 = 100;

/// Rows that bear a name, among some.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) rows: Vec<Value>,
    /// The last that was looked at; `None`: there was none.
    pub(crate) end: Option<String>,
}

/// Looks for rows after a cursor.
pub(crate) async fn waiting(
    edge: &Bindings,
    site: &str,
    cursor: &str,
    names: &Names,
) -> Result<Found, Failure> {
    let values = vec![site, cursor, "100"];
    let mut answers = database::batch(edge, &[(sql::QUARANTINE, values)]).await?;
    Ok(found(&answers.pop().unwrap_or_default(), names)?)
}

/// Those of the rows that bear a name.
pub(super) fn found(rows: &[String], names: &Names) -> Result<Found, serde_json::Error> {
    let texts = names.texts_of_bodies();
    let mut found = Found::default();
    for row in rows {
        let row: Value = serde_json::from_str(row)?;
        found.end = row.get("id").and_then(Value::as_str).map(String::from);
        if texts.iter().any(|text| bears(&row, text)) {
            found.rows.push(row);
        }
    }
    Ok(found)
}

impl Found {
    /// Ids and digests.
    pub(super) fn keys(&self) -> Vec<(&Value, &Value)> {
        let rows = self.rows.iter();
        rows.map(|row| (&row["id"], &row["digest"])).collect()
    }
}

/// What is no item waits as base64.
fn bears(row: &Value, text: &str) -> bool {
    let inside = |bytes: &[u8]| bytes.windows(text.len()).any(|own| own == text.as_bytes());
    let field = |name: &str| row[name].as_str().unwrap_or_default();
    let body = field("body");
    inside(field("request").as_bytes())
        || inside(body.as_bytes())
        || STANDARD.decode(body).is_ok_and(|bytes| inside(&bytes))
}
