//! Segments over a real database, filled through the sink.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows fails, as it should"
)]

use super::{
    list::IDENTITIES,
    page::{PAST, Past, history, wanted},
};
use crate::{
    contacts::membership::{Contact, HISTORIES, belonging},
    testing::*,
};
use goalpost_core::{Id, beacon::Envelope, segment::members};
use serde_json::{Value, json};

/// What a page asks that brings these items along.
fn question(items: &[Value]) -> String {
    json!({ "v": 1, "site": SITE, "sent": NOW + DAY, "items": items }).to_string()
}

/// An item of a page that saw this at that time.
fn item(time: i64, n: u64, session: Id, seen: Value) -> Value {
    let mut item = seen;
    let fields = item.as_object_mut().unwrap();
    fields.insert("id".into(), json!(id(time, n).text()));
    fields.insert("seq".into(), json!(n));
    fields.insert("path".into(), json!("/shoes/"));
    fields.insert("session".into(), json!(session.text()));
    item
}

impl Shop {
    fn wanted(&self) -> String {
        wanted(&self.known.rules, &self.known.reporting.segments)
            .map_err(|failure| failure.to_string())
            .unwrap()
    }

    fn told_a_page(&self, visitor: Id, items: &[Value]) -> Vec<&str> {
        let hex = visitor.text().replace('-', "");
        let mut rows: Vec<Past> = self.parsed(PAST, &[SITE, &hex, &self.wanted(), "5000"]);
        let text = question(items);
        let envelope = Envelope::read(text.as_bytes()).unwrap();
        let past = rows.pop().unwrap();
        let rules = &self.known.rules;
        let history = history(past, rules, Some(visitor), &envelope, NOW + DAY);
        members(&self.known.reporting.segments, &history, NOW + DAY)
    }

    fn of_contact(&self, contact: &str) -> Vec<String> {
        let names = json!([contact]).to_string();
        let rows: Vec<Contact> = self.parsed(HISTORIES, &[SITE, &names, &self.wanted()]);
        let mut found = belonging(&self.known, rows, NOW + DAY);
        let segments = found.pop().unwrap().segments;
        segments.into_iter().map(String::from).collect()
    }
}

#[test]
fn a_page_is_told_of_its_own_visitor_and_of_nobody_else() {
    let mut shop = Shop::new();
    shop.open_site("other");
    let (first, second) = (id(NOW, 1), id(NOW + 2 * MINUTE, 2));
    assert_eq!(shop.told_a_page(visitor(1), &[]), ["new"]);
    shop.sees(visitor(1), first, &[(NOW, play()), (NOW + 1, play())]);
    assert_eq!(shop.told_a_page(visitor(1), &[]), ["new"], "once a session");
    shop.sees(visitor(1), second, &[(NOW + 2 * MINUTE, play())]);
    shop.sees_at("other", visitor(1), second, &[(NOW, buys("A1", "5"))]);
    assert_eq!(shop.told_a_page(visitor(1), &[]), ["fans", "new"]);
    assert_eq!(shop.told_a_page(visitor(2), &[]), ["new"]);
}

#[test]
fn two_browsers_of_one_contact_are_told_the_same() {
    let mut shop = Shop::new();
    let (phone, laptop) = (id(NOW, 1), id(NOW, 2));
    shop.sees(
        visitor(1),
        phone,
        &[(NOW, play()), (NOW + 1, identify("customer:7"))],
    );
    shop.sees(
        visitor(2),
        laptop,
        &[(NOW, play()), (NOW + 2, identify("customer:7"))],
    );
    shop.sees(visitor(2), laptop, &[(NOW + 3, buys("A1", "500"))]);
    for visitor in [visitor(1), visitor(2)] {
        assert_eq!(shop.told_a_page(visitor, &[]), ["buyers", "fans"]);
    }
    assert_eq!(shop.of_contact("customer:7"), ["buyers", "fans"]);
}

#[test]
fn what_a_server_gives_back_was_never_bought() {
    let mut shop = Shop::new();
    let session = id(NOW, 1);
    shop.sees(
        visitor(1),
        session,
        &[(NOW, buys("A1", "500")), (NOW + 1, identify("customer:7"))],
    );
    assert_eq!(shop.of_contact("customer:7"), ["buyers"]);
    shop.told(
        NOW + 2,
        &[json!({ "id": "back", "time": NOW + 2, "commerce": "refund", "order": "A1" })],
    );
    assert_eq!(shop.of_contact("customer:7"), ["new"]);
    assert_eq!(shop.told_a_page(visitor(1), &[]), ["new"]);
}

#[test]
fn an_item_counts_once_whether_or_not_it_is_stored_already() {
    let mut shop = Shop::new();
    let (before, session) = (id(NOW, 1), id(NOW + DAY, 2));
    shop.sees(visitor(1), before, &[(NOW, play())]);
    let plays = item(NOW + DAY, 70, session, play());
    let again = item(NOW + DAY, 71, session, play());
    let in_session_before = item(NOW + 5, 72, before, play());
    assert_eq!(shop.told_a_page(visitor(1), &[]), ["new"]);
    assert_eq!(shop.told_a_page(visitor(1), &[in_session_before]), ["new"]);
    assert_eq!(
        shop.told_a_page(visitor(1), std::slice::from_ref(&plays)),
        ["fans", "new"]
    );
    shop.sees(visitor(1), session, &[(NOW + DAY, play())]);
    let copies = [plays, again.clone(), again];
    assert_eq!(shop.told_a_page(visitor(1), &copies), ["fans", "new"]);
    let order = item(NOW + DAY, 73, session, buys("A1", "500"));
    assert_eq!(shop.told_a_page(visitor(1), &[order]), ["buyers", "fans"]);
    let nonsense = [json!({}), json!({ "kind": "media" }), json!(7)];
    assert_eq!(shop.told_a_page(visitor(1), &nonsense), ["fans", "new"]);
}

#[test]
fn no_question_reads_more_than_the_rows_of_those_asked_about() {
    let shop = Shop::new();
    let hex = visitor(1).text().replace('-', "");
    for (sql, values) in [
        (PAST, vec![SITE, &hex, "[]", "5000"]),
        (HISTORIES, vec![SITE, "[]", "[]"]),
        (IDENTITIES, vec![SITE, "[]"]),
    ] {
        assert_eq!(shop.scans(sql, &values), Vec::<String>::new(), "{sql}");
    }
}
