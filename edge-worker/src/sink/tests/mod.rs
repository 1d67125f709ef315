//! The sink over a real database and the very migrations.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unchecked_time_subtraction,
    reason = "a test that overflows fails, as it should"
)]

mod any_order;
mod copies;
mod counting;
mod erasures;
mod fates;
mod identity;
mod items;
mod privacy;
mod reference;
mod refunds;
mod replays;
mod schema;
mod sessions;
mod several;
mod stale;
mod tokens;
mod walks;

use items::*;

use super::{
    CONSERVATION, Compiled, MIGRATIONS, Param, PlanBook, RECOMPUTE, Statement, transaction,
};
use goalpost_core::{
    CommerceStep, Id, Observation, Properties, Rules, Seen, Value,
    accepted::{Accepted, Content, DroppedBeacon, RefusedBody, ServerEvents},
    beacon::{self, Form, Header, Item},
    fate::{Drop, Quarantine},
    testing,
};
use rusqlite::{Connection, params_from_iter, types::Value as Cell};
use serde_json::value::RawValue;
use std::sync::Arc;

/// 18 November 2026, 11:06 in Tokyo.
pub(super) const NOW: i64 = 1_795_000_000_000;
pub(super) const DAY: i64 = 86_400_000;
pub(super) const SITE: &str = "cloud-kicks";

/// An id of its own for each number, `n` milliseconds after [`NOW`].
pub(super) fn id(n: i64) -> Id {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&n.to_be_bytes());
    Id::new(NOW + n, random)
}

/// One request of a page, in parts that a test can change.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    pub(super) site: String,
    pub(super) sdk: String,
    pub(super) form: Form,
    pub(super) plan: String,
    pub(super) sent: i64,
    pub(super) received_at: i64,
    pub(super) page: Id,
    pub(super) session: Option<Id>,
    pub(super) visitor: Option<Id>,
    pub(super) consent: String,
    pub(super) cookieless: bool,
    pub(super) dropped: Vec<(Drop, u32)>,
    pub(super) items: Vec<String>,
}

impl Letter {
    pub(super) fn new(items: impl IntoIterator<Item = String>) -> Self {
        Self {
            site: SITE.into(),
            sdk: "0.1.0".into(),
            form: Form::Raw,
            plan: "00".into(),
            sent: NOW + 60_000,
            received_at: NOW + 60_000,
            page: id(1),
            session: None,
            visitor: Some(id(2)),
            consent: String::new(),
            cookieless: false,
            dropped: Vec::new(),
            items: items.into_iter().collect(),
        }
    }

    pub(super) fn of(mut self, visitor: Id) -> Self {
        self.visitor = Some(visitor);
        self
    }

    pub(super) fn at(mut self, received_at: i64) -> Self {
        self.received_at = received_at;
        self.sent = received_at;
        self
    }

    /// As one of the site's servers sends it.
    pub(super) fn by_server(mut self) -> Self {
        self.form = Form::Server;
        self
    }

    fn content<'a>(&'a self, text: &'a str) -> Content<'a> {
        if self.form != Form::Server {
            return Content::Beacon(raw(text));
        }
        Content::Server(ServerEvents {
            site: self.site.as_str().into(),
            items: self.items.iter().map(|item| raw(item)).collect(),
        })
    }

    pub(super) fn text(&self) -> String {
        let header = Header {
            site: &self.site,
            sdk: &self.sdk,
            form: self.form,
            plan: &self.plan,
            sent: self.sent,
            page: self.page,
            session: self.session,
            visitor: self.visitor,
            consent: &self.consent,
            cookieless: self.cookieless,
            captured: 0,
            dropped: &self.dropped,
        };
        beacon::write(&header, self.items.iter().map(String::as_str))
    }
}

pub(super) fn raw(text: &str) -> &RawValue {
    serde_json::from_str(text).unwrap()
}

pub(super) fn accepted(received_at: i64, content: Content<'_>) -> Accepted<'_> {
    Accepted {
        received_at,
        visitor: None,
        country: "JP".into(),
        device: "mobile".into(),
        doubts: "".into(),
        content,
    }
}

/// Every order of the letters, each in a database of its own and in a transaction of its own, and
/// then all of them once more.
pub(super) fn in_every_order(letters: &[Letter], check: impl Fn(&Db)) {
    let mut orders = vec![Vec::new()];
    for _ in letters {
        let shorter = std::mem::take(&mut orders);
        for order in shorter {
            for at in (0..letters.len()).filter(|at| !order.contains(at)) {
                orders.push([order.as_slice(), &[at]].concat());
            }
        }
    }
    for order in orders {
        let mut db = Db::new();
        for at in &order {
            db.deliver(std::slice::from_ref(&letters[*at]));
        }
        db.assert_sound();
        check(&db);
        db.deliver(letters);
        db.assert_sound();
        check(&db);
    }
}

pub(super) fn book() -> PlanBook {
    let mut book = PlanBook::new();
    book.add_current(compiled(testing::rules()));
    book
}

pub(super) fn compiled(rules: Rules) -> Compiled {
    Compiled {
        rules: Arc::new(rules),
        reporting: Arc::new(testing::reporting()),
    }
}

/// The rules of the tests as another site's.
pub(super) fn plan_of(site: &str) -> Compiled {
    compiled(Rules {
        site: site.into(),
        ..testing::rules()
    })
}

/// Rows as one text per row, for people and for comparison.
pub(super) type Table = Vec<String>;

pub(crate) struct Db {
    pub(crate) sqlite: Connection,
    pub(super) book: PlanBook,
    batches: i64,
}

impl Db {
    pub(super) fn new() -> Self {
        let sqlite = Connection::open_in_memory().unwrap();
        for migration in MIGRATIONS {
            sqlite.execute_batch(migration).unwrap();
        }
        Self {
            sqlite,
            book: book(),
            batches: 0,
        }
    }

    pub(super) fn deliver(&mut self, letters: &[Letter]) {
        let texts: Vec<String> = letters.iter().map(Letter::text).collect();
        let messages: Vec<Accepted<'_>> = letters
            .iter()
            .zip(&texts)
            .map(|(letter, text)| accepted(letter.received_at, letter.content(text)))
            .collect();
        self.accept(&messages);
    }

    pub(super) fn accept(&mut self, messages: &[Accepted<'_>]) {
        self.batches += 1;
        let statements = transaction(id(1_000_000 + self.batches), messages, &self.book);
        self.run(&statements);
    }

    pub(super) fn drop_letter(&mut self, letter: &Letter, reason: Drop) {
        let text = letter.text();
        self.accept(&[accepted(
            letter.received_at,
            Content::Dropped(DroppedBeacon {
                reason: reason.name().into(),
                site: SITE.into(),
                beacon: Some(raw(&text)),
            }),
        )]);
    }

    pub(super) fn refuse(&mut self, received_at: i64, reason: Quarantine, body: &str) {
        self.accept(&[accepted(
            received_at,
            Content::Refused(RefusedBody {
                reason: reason.name().into(),
                detail: "the body is not a beacon".into(),
                site: SITE.into(),
                body: body.into(),
            }),
        )]);
    }

    pub(crate) fn run(&mut self, statements: &[Statement]) {
        self.try_run(statements)
            .unwrap_or_else(|problem| panic!("{problem}"));
    }

    /// Runs a transaction, which may fail as a whole.
    pub(crate) fn try_run(&mut self, statements: &[Statement]) -> rusqlite::Result<()> {
        let transaction = self.sqlite.transaction()?;
        for statement in statements {
            let cells = statement.params.iter().map(|param| match param {
                Param::Text(text) => Cell::Text(text.clone()),
                Param::Integer(number) => Cell::Integer(*number),
                Param::Null => Cell::Null,
            });
            transaction
                .prepare_cached(statement.sql)?
                .execute(params_from_iter(cells))?;
        }
        transaction.commit()
    }

    pub(super) fn table(&self, query: &str) -> Table {
        let mut prepared = self.sqlite.prepare(query).unwrap();
        let columns = prepared.column_count();
        let rows = prepared.query_map([], |row| {
            let cells = (0..columns).map(|at| {
                Ok(match row.get(at)? {
                    Cell::Null => "-".to_owned(),
                    Cell::Integer(number) => number.to_string(),
                    Cell::Real(number) => number.to_string(),
                    Cell::Text(text) => text,
                    Cell::Blob(bytes) => format!("{bytes:02x?}"),
                })
            });
            Ok(cells.collect::<rusqlite::Result<Vec<_>>>()?.join(" | "))
        });
        rows.unwrap().collect::<rusqlite::Result<_>>().unwrap()
    }

    pub(super) fn number(&self, query: &str) -> i64 {
        self.sqlite.query_row(query, [], |row| row.get(0)).unwrap()
    }

    pub(super) fn converted(&self, definition: &str) -> i64 {
        self.number(&format!(
            "SELECT count(*) FROM conversions WHERE definition = '{definition}'"
        ))
    }

    pub(super) fn fate(&self, fate: &str) -> i64 {
        self.number(&format!(
            "SELECT coalesce(sum(count), 0) FROM fates WHERE fate = '{fate}'"
        ))
    }

    /// What must hold whatever was delivered.
    pub(super) fn assert_sound(&self) {
        for recompute in RECOMPUTE {
            assert_eq!(
                self.table(recompute.kept),
                self.table(recompute.anew),
                "{}",
                recompute.what
            );
        }
        assert_eq!(
            self.table(reference::KEPT),
            reference::conversions(self),
            "conversions are what core makes of the observations"
        );
        assert_eq!(
            crate::check::tests::differences(&self.sqlite),
            [] as [String; 0],
            "the nightly check finds nothing"
        );
        let lost = format!("SELECT * FROM ({CONSERVATION}) WHERE waiting < 0");
        assert_eq!(self.table(&lost), Table::new(), "nothing is there twice");
    }

    pub(super) fn conservation(&self) -> Table {
        self.table(CONSERVATION)
    }
}
