//! What is answered of the quarantine.

use super::row::{Found, Key, Row, is_body};
use crate::openapi::shape;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use goalpost_core::{Id, fate::Quarantine};
use serde::Deserialize;
use serde_json::{Value, json};

/// A row of the list.
#[derive(Debug, Deserialize)]
pub(super) struct Listed {
    id: String,
    digest: i64,
    received_at: i64,
    reason: String,
    detail: String,
    page: String,
    sdk: String,
    form: String,
    request: Value,
    /// Of the body as it is kept, and the end of that.
    bytes: i64,
    end: String,
}

impl Listed {
    fn key(&self) -> Option<Key> {
        Key::of_row(&self.id, self.digest)
    }

    /// How many bytes came.
    fn bytes(&self) -> i64 {
        if !is_body(&self.reason, &self.request) {
            return self.bytes;
        }
        let padding = self.end.bytes().filter(|byte| *byte == b'=').count();
        let whole = self.bytes.div_euclid(4).saturating_mul(3);
        whole.saturating_sub(i64::try_from(padding).unwrap_or(0))
    }

    pub(super) fn shown(&self) -> Value {
        let holds = if is_body(&self.reason, &self.request) {
            "body"
        } else {
            "item"
        };
        json!({
            "id": self.key().map(Key::text),
            "holds": holds,
            "received_at": self.received_at,
            "reason": self.reason,
            "detail": self.detail,
            "bytes": self.bytes(),
            "page": Id::parse(&self.page).map(Id::text),
            "sdk": self.sdk,
            "form": self.form,
        })
    }
}

/// What one database has of a page, and the last row that it has looked at, where there may be more.
#[derive(Debug)]
pub(super) struct Page {
    rows: Vec<Listed>,
    end: Option<Key>,
}

/// The rows that a database gave, and the last that it has looked at.
pub(super) fn page(found: &[Vec<String>], limit: u32) -> Result<Page, serde_json::Error> {
    let texts = |at: usize| found.get(at).into_iter().flatten();
    let rows = texts(0)
        .map(|text| serde_json::from_str(text))
        .collect::<Result<Vec<Listed>, _>>()?;
    let is_full = usize::try_from(limit).is_ok_and(|limit| rows.len() >= limit);
    let end = if is_full {
        rows.last().and_then(Listed::key)
    } else {
        let looked = texts(1).next().map(|text| serde_json::from_str(text));
        let looked: Option<(String, i64)> = looked.transpose()?;
        looked.and_then(|(id, digest)| Key::of_row(&id, digest))
    };
    Ok(Page { rows, end })
}

/// The pages of all databases as one, the newest first, and where the next one begins: no further than
/// each of them has looked.
pub(super) fn one_page(pages: Vec<Page>, limit: u32) -> (Vec<Listed>, Option<Key>) {
    let end = pages.iter().filter_map(|page| page.end).max();
    let mut rows: Vec<Listed> = pages.into_iter().flat_map(|page| page.rows).collect();
    rows.retain(|row| end.is_none() || row.key() >= end);
    rows.sort_by_key(|row| std::cmp::Reverse(row.key()));
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if rows.len() <= limit {
        return (rows, end);
    }
    rows.truncate(limit);
    let next = rows.last().and_then(Listed::key);
    (rows, next)
}

/// A row with what it holds.
pub(super) fn shown(site: &str, found: &Found<Row>) -> Value {
    let row = &found.row;
    let bytes = row.bytes();
    let text = std::str::from_utf8(&bytes).ok();
    let base64 = text.is_none().then(|| STANDARD.encode(&bytes));
    json!({
        "site": site,
        "id": found.key.text(),
        "holds": if row.is_body() { "body" } else { "item" },
        "received_at": row.received_at,
        "reason": row.reason,
        "detail": row.detail,
        "bytes": bytes.len(),
        "page": Id::parse(&row.page).map(Id::text),
        "sdk": row.sdk,
        "form": row.form,
        "plan": Some(&row.plan).filter(|plan| !plan.is_empty()),
        "text": text,
        "base64": base64,
    })
}

fn about_a_row() -> Vec<(&'static str, Value)> {
    vec![
        ("id", shape::text("What names it, for the other routes.")),
        (
            "holds",
            json!({"enum": ["item", "body"], "description": "One item, or a whole body."}),
        ),
        ("received_at", shape::time("When it arrived.")),
        (
            "reason",
            json!({"enum": Quarantine::ALL.map(Quarantine::name)}),
        ),
        ("detail", shape::text("What is wrong with it.")),
        ("bytes", shape::integer("Its bytes.")),
        (
            "page",
            shape::perhaps(shape::id("The page load that saw it.")),
        ),
        ("sdk", shape::text("The SDK's version.")),
        (
            "form",
            shape::text("The form that the SDK ran in, or what spoke in its place."),
        ),
    ]
}

const NO_SITE: &str = "The site; empty for what is of none.";

/// The list's shape.
pub(crate) fn list_schema() -> Value {
    shape::object(&[
        ("site", shape::text(NO_SITE)),
        ("waiting", shape::list(shape::object(&about_a_row()))),
        (
            "next",
            shape::perhaps(shape::text(
                "What `cursor` takes for the next page; null at the end.",
            )),
        ),
    ])
}

/// The shape of what is shown.
pub(crate) fn shown_schema() -> Value {
    let mut fields = about_a_row();
    fields.extend([
        ("site", shape::text(NO_SITE)),
        (
            "plan",
            shape::perhaps(shape::text(
                "The hash of the plan that was asked, or that the page named.",
            )),
        ),
        (
            "text",
            shape::perhaps(shape::text(
                "What came, but for what could name a person; null where it is no text.",
            )),
        ),
        (
            "base64",
            shape::perhaps(shape::text("The same in base64, where it is no text.")),
        ),
    ]);
    shape::object(&fields)
}

/// The shape of what became of it.
pub(crate) fn replayed_schema() -> Value {
    shape::object(&[
        ("site", shape::text("Where its items are stored.")),
        ("id", shape::text("What waits no more.")),
        ("stored", shape::integer("Items that are stored now.")),
        (
            "duplicate",
            shape::integer("Items that were stored before."),
        ),
        (
            "quarantined",
            shape::integer(
                "Items of a body that wait on their own now: `refused`, or another content of their id was here before.",
            ),
        ),
        (
            "dropped",
            shape::integer(
                "Items that are let go: somebody of whom they are was erased, or they are too old.",
            ),
        ),
        (
            "refused",
            shape::list(shape::object(&[
                ("id", shape::id("The item.")),
                (
                    "reason",
                    json!({"enum": Quarantine::ALL.map(Quarantine::name)}),
                ),
                ("detail", shape::text("What is wrong with it.")),
            ])),
        ),
    ])
}

/// The shape of the end of what is discarded.
pub(crate) fn discarded_schema() -> Value {
    shape::object(&[
        ("site", shape::text(NO_SITE)),
        ("id", shape::text("What waits no more.")),
        ("discarded", shape::boolean("Always.")),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(time: i64, digest: i64) -> Listed {
        Listed {
            id: Id::new(time, [1; 10]).text(),
            digest,
            received_at: 0,
            reason: String::from("version"),
            detail: String::new(),
            page: String::new(),
            sdk: String::new(),
            form: String::new(),
            request: json!({}),
            bytes: 8,
            end: String::from("=="),
        }
    }

    fn keys((rows, next): (Vec<Listed>, Option<Key>)) -> (Vec<i64>, Option<i64>) {
        let times = rows.into_iter().filter_map(|row| row.key());
        let times = times.map(|key| key.id.time());
        (times.collect(), next.map(|key| key.id.time()))
    }

    fn of(times: &[i64], end: Option<i64>) -> Page {
        Page {
            rows: times.iter().map(|time| listed(*time, 1)).collect(),
            end: end.and_then(|time| listed(time, 1).key()),
        }
    }

    #[test]
    fn a_page_goes_no_further_than_each_database_has_looked() {
        let two = |first, second| keys(one_page(vec![first, second], 3));
        assert_eq!(
            two(of(&[9, 5], None), of(&[7], None)),
            (vec![9, 7, 5], None)
        );
        assert_eq!(
            two(of(&[9, 5], None), of(&[7], Some(6))),
            (vec![9, 7], Some(6))
        );
        assert_eq!(
            two(of(&[9, 8, 4], Some(4)), of(&[7, 5, 3], Some(3))),
            (vec![9, 8, 7], Some(7))
        );
        assert_eq!(two(of(&[], Some(2)), of(&[], None)), (vec![], Some(2)));
        assert_eq!(two(of(&[], None), of(&[], None)), (vec![], None));
    }

    #[test]
    fn a_body_is_as_large_as_it_came() {
        assert_eq!(listed(1, 1).bytes(), 4);
    }
}
