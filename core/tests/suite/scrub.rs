//! What could name a person leaves every text, and what a shop needs stays.

use goalpost_core::{Id, Observation, Properties, Seen, Value, beacon::Item, limits, scrub};
use proptest::prelude::*;

fn of(text: &str) -> String {
    scrub(text).unwrap_or_else(|| text.to_string())
}

#[test]
fn addresses_go() {
    for (text, left) in [
        ("aoi.sato+shop@mail.shop.example", "[email]"),
        (
            "mailto:aoi@shop.example?subject=x",
            "mailto:[email]?subject=x",
        ),
        ("/u/aoi%40shop.example/orders/", "/u/[email]/orders/"),
        ("?to=aoi%40shop.example%2Forders", "?to=[email]%2Forders"),
        ("aoi%40shop.example%20-%3Eben%40b.co.jp%3F", "[email]%3F"),
        ("aoi%40shop.example.%20Thanks", "[email].%20Thanks"),
        ("aoi@shop.example%26x.y", "[email]%26x.y"),
        ("Hello aoi@shop.example.", "Hello [email]."),
        ("<Aoi@Shop.Example>, ben@b.co.jp", "<[email]>, [email]"),
        ("連絡先aoi@shop.example まで", "連絡先[email] まで"),
        ("https://aoi:pw@shop.example/", "https://aoi:[email]/"),
        ("81312345678@shop.example", "[email]"),
        ("0@0x.aa", "[email]"),
        ("shoe@2x.png by aoi@2x.pngs", "shoe@2x.png by [email]"),
    ] {
        assert_eq!(of(text), left);
    }
}

#[test]
fn phone_numbers_go() {
    for (text, left) in [
        ("tel:+81-3-5555-0100", "tel:[phone]"),
        ("TEL:0355550100", "TEL:[phone]"),
        ("sms:110", "sms:[phone]"),
        ("call +1 (415) 555-0132 now", "call [phone] now"),
        ("+44 20 7946 0958", "[phone]"),
        ("03-5555-0100", "[phone]"),
        ("(03) 5555-0100", "[phone]"),
        ("090-1234-5678", "[phone]"),
        ("09012345678", "[phone]"),
        ("0120-123-456", "[phone]"),
        ("01632 960123", "[phone]"),
        ("01 23 45 67 89", "[phone]"),
        ("415-555-0132", "[phone]"),
        ("(415) 555-0132", "[phone]"),
        ("size 26.0 03-5555-0100", "size 26.0 [phone]"),
    ] {
        assert_eq!(of(text), left);
    }
}

#[test]
fn card_numbers_go() {
    for text in [
        "4111111111111111",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "5500005555555559",
        "378282246310005",
        "3782 822463 10005",
        "30569309025904",
        "3530111333300000",
    ] {
        assert_eq!(of(text), "[card]");
    }
    assert_eq!(of("4111111111111112"), "4111111111111112");
}

#[test]
fn tokens_go() {
    let token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhb2kifQ.c2ln_-A";
    assert_eq!(of(token), "[token]");
    assert_eq!(of(&format!("/reset/{token}?x")), "/reset/[token]?x");
    assert_eq!(of("eyJhbGciOiJub25lIn0"), "eyJhbGciOiJub25lIn0");
}

#[test]
fn what_is_nobodys_stays() {
    for text in [
        "",
        "14,800",
        "¥14,800 (税込)",
        "26.0",
        "2026-11-22",
        "2026-11-22T05:00:00+09:00",
        "01.02.2026 10:30",
        "20261122050000",
        "1795000000000",
        "4901234567894",
        "250-1234567-1234567",
        "ORD-20261122-000123",
        "0000012345",
        "0-306-40615-2",
        "01a1ee56-5e00-7303-8303-030303030303",
        "192.168.100.101",
        "@goalpost",
        "shoe@2x.png",
        "a@b",
        "goalpost@0.1.0",
        "/shoes/nimbus-26.0/",
        "12345678",
        "+9",
        "日本語のタイトル",
    ] {
        assert_eq!(scrub(text), None, "{text}");
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_string())
}

fn observation(seen: Seen, properties: Vec<(String, Value)>) -> Observation {
    Observation {
        id: Id::new(1, [1; 10]),
        seq: 0,
        path: "/".to_string(),
        seen,
        properties: Properties(properties),
    }
}

#[test]
fn an_orders_number_and_its_token_and_codes_stay() {
    let event = Seen::Event {
        name: "x".to_string(),
    };
    let kept: Vec<_> = [
        ("order", "4111111111111111"),
        ("order_id", "090-1234-5678"),
        ("transactionId", "09012345678"),
        ("sku", "4111111111111111"),
        ("token", "eyJh.eyJi.c"),
    ]
    .map(|(key, value)| (key.to_string(), text(value)))
    .into();
    let mut seen = observation(event, kept.clone());
    assert!(!seen.scrub());
    assert_eq!(seen.properties.0, kept);
}

#[test]
fn lines_of_an_order_are_cleaned_too() {
    let line = Properties(vec![
        ("sku".to_string(), text("4111111111111111")),
        ("engraving".to_string(), text("for aoi@shop.example")),
    ]);
    let list = vec![("items".to_string(), Value::List(vec![line]))];
    let mut seen = observation(
        Seen::Event {
            name: "x".to_string(),
        },
        list,
    );
    assert!(seen.scrub());
    let out = Item::new(&seen, Id::new(1, [1; 10]), None, None).json;
    assert!(
        out.contains(r#"[{"sku":"4111111111111111","engraving":"for [email]"}]"#),
        "{out}"
    );
}

#[test]
fn a_click_id_stays_and_a_campaigns_name_is_a_text() {
    let query = [
        ("yclid", "4111111111111111"),
        ("utm_content", "aoi@shop.example"),
    ]
    .map(|(key, value)| (key.to_string(), value.to_string()));
    let mut seen = observation(
        Seen::Page {
            host: String::new(),
            query: query.into(),
            title: "Order of 090-1234-5678".to_string(),
            referrer: "https://mail.example/aoi@shop.example".to_string(),
        },
        vec![],
    );
    assert!(seen.scrub());
    let Seen::Page {
        query,
        title,
        referrer,
        ..
    } = &seen.seen
    else {
        panic!("another kind");
    };
    assert_eq!(query[0].1, "4111111111111111");
    assert_eq!(query[1].1, "[email]");
    assert_eq!(title, "Order of [phone]");
    assert_eq!(referrer, "https://mail.example/[email]");
}

fn words() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "a@b.co",
        "%40",
        "@",
        ".",
        "-",
        "+",
        " ",
        "(",
        ")",
        "03",
        "5555",
        "0100",
        "4111",
        "eyJ",
        "x",
        "é",
        "tel:",
        "81",
        "[phone]",
        "1",
        "09012345678",
    ]);
    prop::collection::vec(word, 0..14).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn doing_it_again_changes_nothing(text in prop_oneof![words(), any::<String>()]) {
        prop_assert_eq!(scrub(&of(&text)), None);
    }

    #[test]
    fn an_address_never_stays(before in "[ -~]{0,20}", name in "[a-z0-9._]{1,20}", host in "[a-z0-9]{1,9}\\.[a-z]{2,9}", after in "([ /?&]{0,2}|[.]?%2[0-9A-F][ -~]{0,9})") {
        let address = format!("{name}@{host}");
        let left = of(&format!("{before} {address}{after}"));
        prop_assert!(!left.contains(&address));
    }

    #[test]
    fn a_number_to_call_never_stays(before in "[ a-z/:]{0,9}", country in "[0-9]{1,3}", area in "[0-9]{3,4}", own in "[0-9]{4,8}", sign in "[ .-]") {
        let number = format!("+{}", [country, area, own].join(&sign));
        let left = of(&format!("{before} {number}"));
        prop_assert!(!left.contains(&number));
    }

    #[test]
    fn texts_stay_within_their_bound(text in words(), more in 0usize..600) {
        let long = format!("{}{text}", " ".repeat(more));
        prop_assert!(of(&long).len() <= limits::TEXT_BYTES.max(long.len()));
    }
}
