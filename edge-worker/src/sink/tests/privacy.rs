//! What could name a person, who is recognised, and what was granted.

use super::*;
use goalpost_core::{Element, Value};

fn bodies(db: &Db) -> String {
    db.table("SELECT body FROM observations ORDER BY id")
        .join("\n")
}

fn bought(n: i64) -> Observation {
    let text = |text: &str| Value::Text(text.into());
    let mut purchase = seen(
        n,
        Seen::Commerce {
            step: CommerceStep::Purchase,
        },
    );
    purchase.properties.0 = vec![
        ("order".into(), text("090-1234-5678")),
        ("revenue".into(), text("14800")),
        ("currency".into(), text("JPY")),
        (
            "note".into(),
            text("call 090-1234-5678 or aoi@shop.example"),
        ),
    ];
    purchase
}

#[test]
fn nothing_that_names_a_person_is_stored_and_an_order_keeps_its_number() {
    let mut db = Db::new();
    let mut call = seen(
        1,
        Seen::Click {
            elements: vec![Element {
                tag: "a".into(),
                id: "mail-aoi@shop.example".into(),
                attributes: vec![("href".into(), "tel:+81-3-5555-0100".into())],
                ..Element::default()
            }],
        },
    );
    call.path = "/account/aoi%40shop.example/".into();
    db.deliver(&[Letter::new([item(&call), item(&bought(2))])]);
    let stored = bodies(&db);
    for canary in ["aoi", "5555", "or 090", "call 090"] {
        assert!(!stored.contains(canary), "{canary} in {stored}");
    }
    assert!(stored.contains(r#""href":"tel:[phone]""#), "{stored}");
    assert_eq!(
        db.table("SELECT order_number FROM observations WHERE order_number IS NOT NULL"),
        ["090-1234-5678"]
    );
    // A selector that asks how a link begins still finds it.
    assert_eq!(db.converted("call-us"), 1);
    db.assert_sound();
}

#[test]
fn a_copy_that_a_page_had_cleaned_is_the_same_item() {
    let raw = bought(1);
    let mut clean = raw.clone();
    assert!(clean.scrub());
    let letters = [Letter::new([item(&raw)]), Letter::new([item(&clean)])];
    in_every_order(&letters, |db| {
        assert_eq!(db.number("SELECT count(*) FROM observations"), 1);
        assert_eq!(db.number("SELECT count(*) FROM quarantine"), 0);
        assert_eq!(
            db.table("SELECT body ->> '$.properties.note' FROM observations"),
            ["call [phone] or [email]"]
        );
    });
}

#[test]
fn what_was_granted_beside_measuring_is_kept_with_each_observation() {
    for (said, kept) in [
        ("", "-"),
        ("granted", "-"),
        ("analytics_storage", "-"),
        (
            "analytics_storage,ad_user_data,ad_storage",
            "ad_storage,ad_user_data",
        ),
        (
            "ad_personalization,ad_storage,ad_user_data,x",
            "ad_personalization,ad_storage,ad_user_data",
        ),
    ] {
        let mut db = Db::new();
        let mut letter = Letter::new([item(&subscribe(0))]);
        letter.consent = said.into();
        db.deliver(&[letter]);
        assert_eq!(
            db.table("SELECT consent FROM observations"),
            [kept],
            "{said}"
        );
    }
}

/// One item, with the visitor that the page names and the one of the edge's cookie.
fn of_two(page: Option<Id>, cookie: Option<Id>, cookieless: bool) -> Db {
    let mut db = Db::new();
    let mut letter = Letter::new([item(&subscribe(0))]);
    (letter.visitor, letter.cookieless) = (page, cookieless);
    let text = letter.text();
    let mut message = accepted(letter.received_at, Content::Beacon(raw(&text)));
    message.visitor = cookie;
    db.accept(&[message]);
    db.assert_sound();
    db
}

#[test]
fn of_the_pages_visitor_and_the_cookies_the_older_is_meant() {
    let (older, newer) = (id(70), id(80));
    for (page, cookie, meant) in [
        (Some(older), Some(newer), Some(older)),
        (Some(newer), Some(older), Some(older)),
        (Some(newer), None, Some(newer)),
        (None, Some(newer), Some(newer)),
        (None, None, None),
    ] {
        let found = of_two(page, cookie, false).table("SELECT hex(visitor) FROM observations");
        let expected = meant.map_or(String::new(), |id| {
            id.text().replace('-', "").to_uppercase()
        });
        assert_eq!(found, [expected]);
    }
}

#[test]
fn where_nobody_may_be_recognised_nobody_is_and_all_is_counted() {
    let db = of_two(Some(id(70)), Some(id(80)), true);
    assert_eq!(db.table("SELECT visitor FROM observations"), ["-"]);
    assert_eq!(db.converted("newsletter"), 1);
    assert_eq!(db.number("SELECT count(*) FROM sessions"), 1);
}
