//! What a file of the archive says of each observation, and where it is read from.

use serde_json::Value;
use std::ops::Range;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A UUID.
    Id,
    /// Unix milliseconds.
    Time,
    /// A whole number.
    Number,
    /// Text; JSON too.
    Text,
}

/// A column.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// Of observation `o`, its session `s` and its plan `p`.
    sql: &'static str,
}

const fn column(name: &'static str, kind: Kind, sql: &'static str) -> Column {
    Column { name, kind, sql }
}

/// Which columns `id`, `visitor`, `contact`, `identities`, `order_number`, `plan` and `session` are.
pub(super) const ID: usize = 1;
const VISITOR: usize = 8;
const CONTACT: usize = 12;
const IDENTITIES: usize = 13;
const ORDER_NUMBER: usize = 26;
const PLAN: usize = 17;
const SESSION_ID: usize = 7;

/// Which columns are of the plan, and which of the session.
pub(super) const PLAN_VERSION: Range<usize> = 18..19;
pub(super) const SESSION: Range<usize> = 21..26;

/// Whether it is a part of its session: what a server reports need not be.
const IN_SESSION: &str = "\
o.session IS NOT NULL AND (o.source <> 'server' OR coalesce(o.body ->> 'interactive', 0))";

/// Every column, in the order of the files. A new one goes to the end.
pub(super) const COLUMNS: [Column; 35] = [
    column("site", Kind::Text, "o.site"),
    column("id", Kind::Id, "hex(o.id)"),
    column("time", Kind::Time, "o.time"),
    column("received_at", Kind::Time, "o.received_at"),
    column("clock", Kind::Text, "o.clock"),
    column("seq", Kind::Number, "o.seq"),
    column("page_load", Kind::Id, "hex(o.page)"),
    column("session", Kind::Id, "hex(o.session)"),
    column("visitor", Kind::Id, "hex(o.visitor)"),
    column("kind", Kind::Text, "o.kind"),
    column("name", Kind::Text, "o.body ->> 'name'"),
    column("path", Kind::Text, "o.body ->> 'path'"),
    column("contact", Kind::Text, "o.contact"),
    column("identities", Kind::Text, "o.identities"),
    column("source", Kind::Text, "o.source"),
    column("form", Kind::Text, "o.form"),
    column("sdk", Kind::Text, "o.sdk"),
    column("plan", Kind::Text, "o.plan"),
    column("plan_version", Kind::Number, "p.version"),
    column("country", Kind::Text, "o.country"),
    column("device", Kind::Text, "o.device"),
    column("channel", Kind::Text, "s.channel"),
    column("utm_source", Kind::Text, "s.source"),
    column("utm_medium", Kind::Text, "s.medium"),
    column("utm_campaign", Kind::Text, "s.campaign"),
    column("landing", Kind::Text, "s.landing"),
    column("order_number", Kind::Text, "o.order_number"),
    column("refund", Kind::Text, "o.refund"),
    column("verdict", Kind::Text, "o.verdict"),
    column("claims", Kind::Text, "o.claims"),
    column("consent", Kind::Text, "o.consent"),
    column("digest", Kind::Number, "o.digest"),
    column("batch", Kind::Id, "hex(o.batch)"),
    column("in_session", Kind::Number, IN_SESSION),
    column("body", Kind::Text, "o.body"),
];

/// The columns as one JSON list: what a row is read from.
pub(super) fn select() -> String {
    format!("json_array({})", sql_of(0..COLUMNS.len()))
}

/// What some columns are read from.
pub(super) fn sql_of(columns: Range<usize>) -> String {
    let columns = COLUMNS.get(columns).unwrap_or_default();
    let columns: Vec<&str> = columns.iter().map(|column| column.sql).collect();
    columns.join(", ")
}

/// What an observation says in one column.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cell {
    Nothing,
    Id([u8; 16]),
    Number(i64),
    Text(String),
}

/// How an order begins among people, where identities begin with their kind. Alone it says that orders
/// are among them: they are not where an older Worker wrote the file.
pub(super) const ORDER: &str = "order:";

/// An observation, cell by cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row(pub(super) Vec<Cell>);

impl Row {
    /// Reads what [`select`] answers.
    pub(super) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        let values: Vec<Value> = serde_json::from_str(text)?;
        let cells = COLUMNS.iter().zip(values);
        Ok(Self(
            cells.map(|(column, value)| cell(column, value)).collect(),
        ))
    }

    /// The id, as hexadecimal digits.
    pub(super) fn id(&self) -> String {
        match self.0.get(ID) {
            Some(Cell::Id(id)) => hex(id),
            _ => String::new(),
        }
    }

    /// The visitor and the session, in hexadecimal digits, if nothing is known of a session that it has.
    pub(super) fn unknown_session(&self) -> Option<(String, String)> {
        let id = |at| match self.0.get(at) {
            Some(Cell::Id(id)) => Some(hex(id)),
            _ => None,
        };
        let is_known = self
            .0
            .get(SESSION)?
            .iter()
            .any(|cell| *cell != Cell::Nothing);
        let session = id(SESSION_ID).filter(|_| !is_known)?;
        Some((id(VISITOR).unwrap_or_default(), session))
    }

    /// Says something else in some columns.
    pub(super) fn fill(&mut self, columns: Range<usize>, values: Vec<Value>) {
        let about = COLUMNS.get(columns.clone()).unwrap_or_default();
        let cells = self.0.get_mut(columns).unwrap_or_default();
        for ((own, column), value) in cells.iter_mut().zip(about).zip(values) {
            *own = cell(column, value);
        }
    }

    /// The plan that decided.
    pub(super) fn plan(&self) -> Option<&str> {
        match self.0.get(PLAN) {
            Some(Cell::Text(plan)) => Some(plan),
            _ => None,
        }
    }

    /// Whose it is: the visitor's id in hexadecimal digits, every identity that it names, and its order.
    pub(super) fn people(&self) -> Vec<String> {
        let mut people = Vec::new();
        if let Some(Cell::Id(visitor)) = self.0.get(VISITOR) {
            people.push(hex(visitor));
        }
        if let Some(Cell::Text(contact)) = self.0.get(CONTACT) {
            people.push(contact.clone());
        }
        if let Some(Cell::Text(identities)) = self.0.get(IDENTITIES) {
            people.extend(serde_json::from_str::<Vec<String>>(identities).unwrap_or_default());
        }
        if let Some(Cell::Text(number)) = self.0.get(ORDER_NUMBER) {
            people.push(format!("{ORDER}{number}"));
        }
        people
    }
}

fn cell(column: &Column, value: Value) -> Cell {
    match (column.kind, value) {
        (Kind::Id, Value::String(text)) => bytes(&text).map_or(Cell::Nothing, Cell::Id),
        (Kind::Number | Kind::Time, Value::Number(number)) => {
            number.as_i64().map_or(Cell::Nothing, Cell::Number)
        }
        (Kind::Text, Value::String(text)) => Cell::Text(text),
        // A name may be any JSON.
        (Kind::Text, other) if !other.is_null() => Cell::Text(other.to_string()),
        _ => Cell::Nothing,
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // To a String, writing never fails.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn bytes(hex: &str) -> Option<[u8; 16]> {
    (hex.len() == 32)
        .then(|| u128::from_str_radix(hex, 16).ok())
        .flatten()
        .map(u128::to_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_where_they_are_looked_for() {
        for (at, name) in [
            (ID, "id"),
            (VISITOR, "visitor"),
            (CONTACT, "contact"),
            (IDENTITIES, "identities"),
            (ORDER_NUMBER, "order_number"),
            (PLAN, "plan"),
            (SESSION_ID, "session"),
        ] {
            assert_eq!(COLUMNS[at].name, name);
        }
        let named = |columns: Range<usize>| {
            COLUMNS[columns]
                .iter()
                .map(|own| own.name)
                .collect::<Vec<_>>()
        };
        assert_eq!(named(PLAN_VERSION), ["plan_version"]);
        assert_eq!(
            named(SESSION),
            [
                "channel",
                "utm_source",
                "utm_medium",
                "utm_campaign",
                "landing"
            ]
        );
    }

    #[test]
    fn every_column_is_documented() {
        let text = include_str!("../../../docs/archive.md");
        for column in &COLUMNS {
            let name = format!("`{}`", column.name);
            assert!(text.contains(&name), "{name} is not in docs/archive.md");
        }
    }
}
