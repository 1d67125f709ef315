//! A shop for tests: a real database with the very migrations, filled through the sink.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows fails, as it should"
)]

use crate::{
    plans::Known,
    sink::{self, Compiled, MIGRATIONS, Param, PlanBook},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use goalpost_core::{
    BrowserPlan, Id,
    accepted::{Accepted, Content, RefusedBody, ServerEvents},
    plan::Plan,
    server_event::{Terms, read_event},
};
use rusqlite::{Connection, params_from_iter, types::Value as Cell};
use serde::de::DeserializeOwned;
use serde_json::{Value, json, value::RawValue};
use std::sync::Arc;

pub(crate) const SITE: &str = "cloud-kicks";

/// 18 November 2026, 02:06 UTC.
pub(crate) const NOW: i64 = 1_795_000_000_000;
pub(crate) const MINUTE: i64 = 60_000;
pub(crate) const DAY: i64 = 86_400_000;

/// An id of its own for each number, of that time.
pub(crate) fn id(time: i64, n: u64) -> Id {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&n.to_be_bytes());
    Id::new(time, random)
}

/// A visitor of its own for each number.
pub(crate) fn visitor(n: u64) -> Id {
    id(NOW - 1_000 * DAY, n)
}

pub(crate) struct Shop {
    pub(crate) sqlite: Connection,
    pub(crate) known: Known,
    pub(crate) book: PlanBook,
    made: u64,
}

impl Shop {
    pub(crate) fn new() -> Self {
        Self::of(SITE)
    }

    pub(crate) fn of(site: &str) -> Self {
        let sqlite = Connection::open_in_memory().unwrap();
        for migration in MIGRATIONS {
            sqlite.execute_batch(migration).unwrap();
        }
        let known = known(site);
        let mut book = PlanBook::new();
        book.add_current(compiled(&known));
        Self {
            sqlite,
            known,
            book,
            made: 0,
        }
    }

    /// Another site in the same database.
    pub(crate) fn open_site(&mut self, site: &str) {
        self.book.add_current(compiled(&known(site)));
    }

    /// One beacon of a visitor's session, of what was seen at some times.
    pub(crate) fn sees(&mut self, visitor: Id, session: Id, seen: &[(i64, Value)]) {
        self.sees_at(SITE, visitor, session, seen);
    }

    pub(crate) fn sees_at(&mut self, site: &str, visitor: Id, session: Id, seen: &[(i64, Value)]) {
        let at = seen.iter().map(|(time, _)| *time).max().unwrap();
        let text = self.letter_of(site, visitor, session, seen, at);
        self.deliver(at, &text);
    }

    /// A beacon's text, to be delivered any number of times.
    pub(crate) fn letter(
        &mut self,
        visitor: Id,
        session: Id,
        seen: &[(i64, Value)],
        sent: i64,
    ) -> String {
        self.letter_of(SITE, visitor, session, seen, sent)
    }

    fn letter_of(
        &mut self,
        site: &str,
        visitor: Id,
        session: Id,
        seen: &[(i64, Value)],
        sent: i64,
    ) -> String {
        let page = self.id(session.time());
        let items: Vec<Value> = seen
            .iter()
            .map(|(time, seen)| {
                let mut item = seen.clone();
                let own = self.id(*time);
                let fields = item.as_object_mut().unwrap();
                fields.insert("id".into(), json!(own.text()));
                fields.insert("seq".into(), json!(self.made));
                fields.insert("path".into(), json!("/shoes/"));
                fields.insert("page".into(), json!(page.text()));
                fields.insert("session".into(), json!(session.text()));
                item
            })
            .collect();
        json!({
            "v": 1, "site": site, "sdk": "test", "form": "wasm", "plan": "", "sent": sent,
            "page": page.text(), "visitor": visitor.text(), "items": items,
        })
        .to_string()
    }

    /// A beacon arrives.
    pub(crate) fn deliver(&mut self, received_at: i64, letter: &str) {
        let beacon = serde_json::from_str(letter).unwrap();
        self.accept(received_at, Content::Beacon(beacon));
    }

    /// What is no beacon arrives.
    pub(crate) fn refused(&mut self, received_at: i64, body: &str) {
        self.accept(
            received_at,
            Content::Refused(RefusedBody {
                reason: "json".into(),
                detail: "it is no JSON".into(),
                site: "".into(),
                body: STANDARD.encode(body).into(),
            }),
        );
    }

    /// Events of a server, each as it would be sent.
    pub(crate) fn told(&mut self, now: i64, events: &[Value]) {
        let terms = Terms {
            rules: &self.known.rules,
            now,
            since: None,
        };
        let items: Vec<String> = events
            .iter()
            .map(|event| read_event(&event.to_string(), &terms).unwrap().json)
            .collect();
        self.store(now, &items);
    }

    /// Events of a server as they are stored.
    pub(crate) fn store(&mut self, now: i64, items: &[String]) {
        let items: Vec<&RawValue> = items
            .iter()
            .map(|item| serde_json::from_str(item).unwrap())
            .collect();
        let site = self.known.rules.site.clone();
        self.accept(
            now,
            Content::Server(ServerEvents {
                site: site.into(),
                items,
            }),
        );
    }

    fn accept(&mut self, received_at: i64, content: Content<'_>) {
        let batch = self.id(received_at);
        let message = Accepted {
            received_at,
            visitor: None,
            country: "JP".into(),
            device: "mobile".into(),
            doubts: "".into(),
            content,
        };
        for statement in sink::transaction(batch, &[message], &self.book) {
            let cells = statement.params.iter().map(|param| match param {
                Param::Text(text) => Cell::Text(text.clone()),
                Param::Integer(number) => Cell::Integer(*number),
                Param::Null => Cell::Null,
            });
            self.sqlite
                .execute(statement.sql, params_from_iter(cells))
                .unwrap_or_else(|problem| panic!("{problem}\n{}", statement.sql));
        }
    }

    fn id(&mut self, time: i64) -> Id {
        self.made += 1;
        id(time, self.made)
    }

    /// The rows of a statement, as the database gives them.
    pub(crate) fn rows(&self, sql: &str, values: &[&str]) -> Vec<String> {
        self.sqlite
            .prepare_cached(sql)
            .and_then(|mut prepared| {
                prepared
                    .query_map(params_from_iter(values), |row| row.get(0))?
                    .collect()
            })
            .unwrap_or_else(|problem| panic!("{problem}\n{sql}"))
    }

    /// The same, read as JSON.
    pub(crate) fn parsed<T: DeserializeOwned>(&self, sql: &str, values: &[&str]) -> Vec<T> {
        self.rows(sql, values)
            .iter()
            .map(|row| serde_json::from_str(row).unwrap())
            .collect()
    }

    pub(crate) fn run(&self, sql: &str, values: &[&str]) {
        self.sqlite
            .execute(sql, params_from_iter(values))
            .unwrap_or_else(|problem| panic!("{problem}\n{sql}"));
    }

    pub(crate) fn number(&self, sql: &str) -> i64 {
        self.sqlite.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// The steps of a statement that read all of a table, or all that a site has in it.
    pub(crate) fn scans(&self, sql: &str, values: &[&str]) -> Vec<String> {
        let explained = format!("EXPLAIN QUERY PLAN {sql}");
        let mut prepared = self.sqlite.prepare(&explained).unwrap();
        let steps: Vec<String> = prepared
            .query_map(params_from_iter(values), |row| row.get(3))
            .unwrap()
            .collect::<rusqlite::Result<_>>()
            .unwrap();
        let kept: Vec<String> =
            self.rows("SELECT name FROM sqlite_schema WHERE type = 'table'", &[]);
        steps
            .into_iter()
            .filter(|step| {
                let table = |name: &str| {
                    kept.iter().any(|table| table == name)
                        || ["s", "c", "o", "i", "k", "e", "r", "n"].contains(&name)
                };
                let scanned = step.strip_prefix("SCAN ").is_some_and(|rest| {
                    let name = rest.split(' ').next().unwrap_or_default();
                    table(name) && !rest.contains("VIRTUAL TABLE")
                });
                scanned || step.ends_with("(site=?)")
            })
            .collect()
    }
}

fn known(site: &str) -> Known {
    let plan = json!({
        "site": site, "timezone": "Asia/Tokyo", "currency": "JPY", "hosts": ["shop.example"],
        "outcomes": [
            { "id": "product-purchase", "name": "Purchase", "group": "purchase",
              "when": { "commerce": "purchase" }, "count": "once_per_order",
              "value": { "property": "revenue" } },
            { "id": "warranty", "name": "Warranty", "group": "purchase", "when": "server",
              "value": { "fixed": "30000" } },
        ],
        "goals": [
            { "id": "watch", "name": "Video", "when": { "media": "play" },
              "count": "once_per_session", "points": 5 },
            { "id": "cart-left", "name": "Cart left", "when": { "event": "cart_abandoned" },
              "points": 1 },
        ],
        "segments": [
            { "id": "buyers", "when": { "done": "product-purchase" } },
            { "id": "fans", "when": { "done": "watch", "at_least": 2, "within": "30d" } },
            { "id": "new", "when": { "not": { "any": [
                { "group": "purchase" }, { "stage": "customer" } ] } } },
        ],
    });
    let plan = Plan::parse(&plan.to_string()).unwrap();
    let rules = plan.compile();
    Known {
        page: BrowserPlan::encode(&rules),
        reporting: Arc::new(plan.reporting()),
        rules: Arc::new(rules),
        plan,
    }
}

fn compiled(known: &Known) -> Compiled {
    Compiled {
        rules: Arc::clone(&known.rules),
        reporting: Arc::clone(&known.reporting),
    }
}

pub(crate) fn view() -> Value {
    json!({ "kind": "page", "host": "shop.example", "title": "Shoes",
            "query": { "utm_source": "news", "utm_medium": "email", "utm_campaign": "spring" } })
}

pub(crate) fn play() -> Value {
    json!({ "kind": "media", "step": "play", "video": "walk" })
}

pub(crate) fn identify(contact: &str) -> Value {
    json!({ "kind": "identify", "contact": contact })
}

pub(crate) fn adds(product: &str) -> Value {
    json!({ "kind": "commerce", "name": "add_to_cart", "properties": { "product": product } })
}

pub(crate) fn buys(order: &str, revenue: &str) -> Value {
    json!({ "kind": "commerce", "name": "purchase",
            "properties": { "order": order, "revenue": revenue } })
}
