//! What is given back of an order.

use super::*;
use goalpost_core::{Counting, Definition, Rule, Trigger, Worth};

const NET: &str = "SELECT minor, refunded, voided FROM conversions";

fn back(n: i64, amount: Option<(&str, &str)>) -> Letter {
    Letter::new([given_back(n, "A1", amount)]).by_server()
}

fn sale() -> Letter {
    Letter::new([sold(10, "A1", "1000", "customer:7")]).by_server()
}

#[test]
fn a_refund_without_an_amount_voids_the_order_and_its_value_stays() {
    for n in [5, 15] {
        in_every_order(&[sale(), back(n, None)], |db| {
            assert_eq!(db.table(NET), ["1000 | 1000 | 1"]);
        });
    }
}

#[test]
fn parts_add_up_and_a_copy_is_no_part() {
    let letters = [
        sale(),
        back(20, Some(("300", "JPY"))),
        back(21, Some(("200", "JPY"))),
    ];
    in_every_order(&letters, |db| assert_eq!(db.table(NET), ["1000 | 500 | 0"]));
}

#[test]
fn no_more_is_given_back_than_there_was() {
    let letters = [
        sale(),
        back(20, Some(("800", "JPY"))),
        back(21, Some(("800", "JPY"))),
    ];
    in_every_order(&letters, |db| {
        assert_eq!(db.table(NET), ["1000 | 1000 | 1"]);
    });
}

#[test]
fn another_currency_gives_nothing_back() {
    let letters = [
        sale(),
        back(20, Some(("5.00", "USD"))),
        back(21, Some(("1", "JPY"))),
    ];
    in_every_order(&letters, |db| assert_eq!(db.table(NET), ["1000 | 1 | 0"]));
}

#[test]
fn a_refund_waits_for_its_order_and_follows_the_verified_amount() {
    let letters = [
        back(5, Some(("900", "JPY"))),
        Letter::new([item(&purchase(8, "A1", "700"))]),
        sale(),
    ];
    let mut db = Db::new();
    db.deliver(&letters[..1]);
    assert_eq!(db.number("SELECT count(*) FROM conversions"), 0);
    db.deliver(&letters[1..2]);
    assert_eq!(db.table(NET), ["700 | 700 | 1"]);
    db.deliver(&letters[2..]);
    assert_eq!(db.table(NET), ["1000 | 900 | 0"]);
    in_every_order(&letters, |db| assert_eq!(db.table(NET), ["1000 | 900 | 0"]));
}

#[test]
fn a_page_cannot_give_anything_back() {
    let mut page = seen(
        20,
        Seen::Commerce {
            step: CommerceStep::Refund,
        },
    );
    page.properties = Properties(vec![("order".into(), Value::Text("A1".into()))]);
    in_every_order(&[sale(), Letter::new([item(&page)])], |db| {
        assert_eq!(db.table(NET), ["1000 | 0 | 0"]);
        assert_eq!(db.number("SELECT count(*) FROM refunds"), 0);
    });
}

#[test]
fn a_refund_says_when_and_why() {
    let why = server_item(
        DAY,
        r#""kind":"commerce","name":"refund","properties":{"order":"A1","amount":"5","currency":"JPY","reason":"torn"}"#,
    );
    let mut db = Db::new();
    db.deliver(&[sale(), Letter::new([why]).by_server()]);
    assert_eq!(
        db.table("SELECT order_number, minor, currency, day, reason FROM refunds"),
        ["A1 | 5 | JPY | 2026-11-19 | torn"]
    );
    db.assert_sound();
}

/// The rules of the tests, with a goal for orders that are given back.
fn cancelled() -> PlanBook {
    let mut rules = testing::rules();
    rules.definitions.push(Definition {
        id: "order-cancelled".into(),
        worth: Worth::Points(1),
        count: Counting::OncePerOrder,
        dedup: String::new(),
        when: vec![Rule {
            trigger: Trigger::Commerce(CommerceStep::Refund),
            conditions: Vec::new(),
        }],
        server_only: false,
    });
    let mut book = PlanBook::new();
    book.add_current(Compiled {
        rules: Arc::new(rules),
        reporting: Arc::new(testing::reporting()),
    });
    book
}

#[test]
fn what_a_refund_counts_as_is_nothing_that_it_takes_back() {
    let letters = [sale(), back(15, None), back(20, Some(("10", "JPY")))];
    for order in [[0, 1, 2], [1, 2, 0], [2, 1, 0], [1, 0, 2]] {
        let mut db = Db::new();
        db.book = cancelled();
        for at in order {
            db.deliver(&letters[at..=at]);
        }
        db.assert_sound();
        assert_eq!(
            db.table("SELECT definition, scope, refunded, voided FROM conversions"),
            [
                "order-cancelled | order:A1 | 0 | 0",
                "product-purchase | order:A1 | 1000 | 1"
            ],
            "{order:?}"
        );
    }
}
