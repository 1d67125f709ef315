//! Order tokens: a page's amount that a server has signed.

use super::*;
use goalpost_core::order_token::{OrderToken, sign};

const KEY: &str = "a key of the shop, 32 bytes or more";

fn token(order: &str, amount: &str, expires: i64) -> String {
    let token = OrderToken {
        site: SITE.into(),
        order: order.into(),
        amount: amount.into(),
        currency: "JPY".into(),
        expires,
    };
    sign(&token, KEY)
}

fn bought(n: i64, order: &str, revenue: &str, token: &str) -> Letter {
    let mut observation = purchase(n, order, revenue);
    let token = Value::Text(token.into());
    observation.properties.0.push(("token".into(), token));
    Letter::new([item(&observation)])
}

fn with_key() -> Db {
    let mut db = Db::new();
    db.book.set_keys(SITE, vec!["another".into(), KEY.into()]);
    db
}

#[test]
fn a_signed_amount_is_verified() {
    let mut db = with_key();
    let letter = bought(0, "A1", "14800", &token("A1", "14800", NOW + DAY));
    db.deliver(&[letter]);
    assert_eq!(
        db.table("SELECT minor, money, source FROM conversions"),
        ["14800 | verified | page"]
    );
    assert_eq!(db.table("SELECT token FROM evidence"), ["-"]);
    db.assert_sound();
}

#[test]
fn a_token_that_proves_nothing_leaves_the_amount_claimed_and_says_why() {
    let table = [
        ("A1", "99000", token("A1", "14800", NOW + DAY), "money"),
        ("A2", "14800", token("A1", "14800", NOW + DAY), "order"),
        ("A3", "14800", token("A3", "14800", NOW), "expired"),
        ("A4", "14800", "made up".into(), "malformed"),
    ];
    for (order, revenue, token, why) in table {
        let mut db = with_key();
        db.deliver(&[bought(0, order, revenue, &token)]);
        assert_eq!(
            db.table("SELECT money, token FROM evidence"),
            [format!("claimed | {why}")]
        );
        db.assert_sound();
    }
    let mut db = Db::new();
    db.deliver(&[bought(0, "A1", "14800", &token("A1", "14800", NOW + DAY))]);
    assert_eq!(
        db.table("SELECT money, token FROM evidence"),
        ["claimed | signature"]
    );
}

#[test]
fn without_an_order_number_a_token_is_not_asked() {
    let mut db = with_key();
    db.deliver(&[bought(0, "", "14800", &token("", "14800", NOW + DAY))]);
    assert_eq!(
        db.table("SELECT money, token FROM evidence"),
        ["claimed | -"]
    );
    db.assert_sound();
}
