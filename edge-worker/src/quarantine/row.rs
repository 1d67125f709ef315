//! One row of the quarantine: by what it is named, and what it holds.

use super::statements as sql;
use crate::{
    bindings::Bindings,
    database,
    http::Failure,
    problem::{Kind, Problem},
    sink::Waiting,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use goalpost_core::{Id, clip, fate::Quarantine, limits};
use serde::Deserialize;
use serde_json::Value;
use std::borrow::Cow;

/// What names a row within its site: two contents may claim one id, so the id alone does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) id: Id,
    pub(super) digest: i64,
}

impl Key {
    /// As a path and a cursor name it.
    pub(super) fn text(self) -> String {
        format!("{}.{:016x}", self.id.text(), self.digest)
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let (id, digest) = text.split_once('.')?;
        let digest = Some(digest)
            .filter(|own| own.len() == 16 && own.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
        Some(Self {
            id: Id::parse(id)?,
            digest: u64::from_str_radix(digest, 16).ok()?.cast_signed(),
        })
    }

    /// As a row of the database names it.
    pub(super) fn of_row(id: &str, digest: i64) -> Option<Self> {
        Some(Self {
            id: Id::parse(id)?,
            digest,
        })
    }

    /// Id and digest as statements take them.
    pub(super) fn values(self) -> [String; 2] {
        [hex(self.id), self.digest.to_string()]
    }
}

pub(super) fn hex(id: Id) -> String {
    id.text().replace('-', "")
}

/// Whether a row holds a whole body, in base64: of nothing but a body there is no more than its bytes. A
/// second content of an id has none of its request either, and is an item.
pub(super) fn is_body(reason: &str, request: &Value) -> bool {
    let knows_nothing = request.as_object().is_some_and(serde_json::Map::is_empty);
    knows_nothing && reason != Quarantine::Conflict.name()
}

/// A row with all that it holds.
#[derive(Debug, Deserialize)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) digest: i64,
    pub(super) received_at: i64,
    pub(super) reason: String,
    pub(super) detail: String,
    pub(super) page: String,
    pub(super) sdk: String,
    pub(super) form: String,
    pub(super) plan: String,
    pub(super) request: Value,
    pub(super) body: String,
}

impl Row {
    pub(super) fn is_body(&self) -> bool {
        is_body(&self.reason, &self.request)
    }

    /// What came, byte for byte but for what could name a person.
    pub(super) fn bytes(&self) -> Cow<'_, [u8]> {
        if self.is_body()
            && let Ok(bytes) = STANDARD.decode(&self.body)
        {
            return Cow::Owned(bytes);
        }
        Cow::Borrowed(self.body.as_bytes())
    }
}

/// A row, the key that names it, and the number of its database.
pub(super) struct Found<T> {
    pub(super) key: Key,
    pub(super) database: usize,
    pub(super) row: T,
}

/// Looks for a row in every database.
///
/// # Errors
/// [`Kind::NotFound`].
pub(super) async fn find(edge: &Bindings, site: &str, id: &str) -> Result<Found<Row>, Failure> {
    if let Some(key) = Key::parse(id) {
        let [own, digest] = key.values();
        for (database, part) in edge.databases().iter().enumerate() {
            let row = database::row(part, sql::ONE, &[site, &own, &digest]).await?;
            if let Some(row) = row {
                return Ok(Found { key, database, row });
            }
        }
    }
    let id = clip(id, limits::NAME_BYTES);
    Err(Problem::new(
        Kind::NotFound,
        format!("id: nothing waits in quarantine as '{id}'; GET …/quarantine lists what does"),
    )
    .into())
}

impl Row {
    /// The item, as it comes once more.
    ///
    /// # Errors
    /// A row that is none of an item.
    pub(super) fn waiting(&self) -> Result<Waiting, serde_json::Error> {
        serde_json::from_value(serde_json::json!({
            "id": self.id, "digest": self.digest, "received_at": self.received_at,
            "page": self.page, "sdk": self.sdk, "form": self.form, "request": self.request,
            "body": self.body,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_key_is_read_as_it_is_written() {
        for digest in [0, 1, -1, i64::MIN, i64::MAX] {
            let key = Key {
                id: Id::new(1_795_000_000_000, [7; 10]),
                digest,
            };
            assert_eq!(Key::parse(&key.text()), Some(key), "{}", key.text());
        }
        let id = Id::new(1, [7; 10]).text();
        for text in [
            "",
            ".",
            "x.0000000000000000",
            &id,
            &format!("{id}."),
            &format!("{id}.+00000000000000f"),
        ] {
            assert_eq!(Key::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_body_came_with_nothing_and_a_conflict_is_an_item() {
        assert!(is_body("version", &json!({})));
        assert!(is_body("poison", &json!({})));
        assert!(!is_body("conflict", &json!({})));
        assert!(!is_body("field", &json!({"sent": 1})));
    }
}
