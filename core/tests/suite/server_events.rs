//! What a shop's servers may say, and what is made of it.

use crate::{NOON, rules};
use goalpost_core::{
    Rules, Seen, scrub_json,
    server_event::{ServerEvent, StoredItem, Terms, peek_id, read_event, read_events, read_stored},
};
use proptest::prelude::*;

/// The first moment of 2020 in Tokyo.
pub(crate) const SINCE: i64 = 1_577_804_400_000;

fn shop() -> Rules {
    rules(
        r#"{ "id": "close-won", "when": "server" }"#,
        r#"{ "id": "call-us", "when": { "event": "call" } }"#,
    )
}

pub(crate) fn read(text: &str) -> Result<ServerEvent, String> {
    let rules = shop();
    let terms = Terms {
        rules: &rules,
        now: NOON,
        since: Some(rules.zone.date(SINCE)),
    };
    read_event(text, &terms).map_err(|problem| problem.to_string())
}

fn stored(text: &str) -> StoredItem<'static> {
    let event = read(text).unwrap_or_else(|problem| panic!("{problem}: {text}"));
    read_stored(event.json.leak()).unwrap()
}

#[test]
fn each_kind_of_event_is_an_item() {
    let item = |text| stored(text).item.observation.seen;
    let trigger = |id: &str| Seen::Trigger {
        definition: id.into(),
    };
    assert_eq!(item(r#"{"outcome":"close-won"}"#), trigger("close-won"));
    assert_eq!(item(r#"{"goal":"call-us"}"#), trigger("call-us"));
    assert_eq!(
        item(r#"{"outcome":"not-yet-there"}"#),
        trigger("not-yet-there")
    );
    assert_eq!(
        item(r#"{"event":"call"}"#),
        Seen::Event {
            name: "call".into()
        }
    );
    assert_eq!(
        item(r#"{"identify":true,"contact":{"customer":7,"email":"a@b.example"}}"#),
        Seen::Identify {
            contact: "customer:7".into()
        }
    );
}

#[test]
fn a_purchase_keeps_its_digits() {
    for (revenue, digits) in [(r#""129.00""#, "129.00"), ("129.00", "129.00"), ("0", "0")] {
        let purchase = stored(&format!(
            r#"{{"commerce":"purchase","order":1007,"revenue":{revenue},"currency":"usd"}}"#
        ));
        let properties = &purchase.item.observation.properties;
        assert_eq!(properties.text("order"), Some("1007"));
        assert_eq!(properties.text("revenue"), Some(digits));
        assert_eq!(properties.text("currency"), Some("USD"));
        assert_eq!(purchase.refund, None);
    }
    // Without an order number it counts every time.
    stored(r#"{"commerce":"purchase","order":"","revenue":"5"}"#);
    stored(r#"{"commerce":"Order Completed","revenue":"5"}"#);
}

#[test]
fn a_refund_names_the_order_and_what_of_it() {
    let refund = |rest: &str| {
        let text = format!(r#"{{"commerce":"refund","order":"A1","time":{NOON}{rest}}}"#);
        stored(&text).refund.unwrap()
    };
    assert_eq!(refund(r#","reason":"return""#).money, None);
    assert_eq!(refund(r#","currency":"USD""#).money, None);
    // The plan's currency is the yen.
    let money = refund(r#","amount":"20""#).money.unwrap();
    assert_eq!((money.minor, money.currency.code()), (20, "JPY"));
    let money = refund(r#","amount":20.50,"currency":"USD""#).money.unwrap();
    assert_eq!((money.minor, money.currency.code()), (2_050, "USD"));
}

#[test]
fn only_hashes_of_a_person_go_on() {
    // `printf %s a@b.example | sha256sum`, and of +81312345678.
    let email = "email:ebb18a030bf15174f5714e24d63af1a81355c951ea7389bd2a9bd18e3d0c2477";
    let phone = "phone:7d7350df0a907cf9cf79b40e32af0a5cc71886126b86babd1f2ccedd25d336c6";
    let text = r#"{"event":"call","contact":{"email":" A@B.example","phone":"+81 3-1234-5678"}}"#;
    let event = read(text).unwrap();
    for raw in ["b.example", "1234", "B.example"] {
        assert!(!event.json.contains(raw), "{}", event.json);
    }
    let both = stored(text);
    assert_eq!(both.contact.as_deref(), Some(email));
    assert_eq!(both.identities, [phone]);
    let hashed = format!(
        r#"{{"event":"call","contact":{{"email_sha256":"{}","email":"a@b.example"}}}}"#,
        email.trim_start_matches("email:").to_uppercase()
    );
    let one = stored(&hashed);
    assert_eq!(
        (one.contact.as_deref(), one.identities.len()),
        (Some(email), 0)
    );
    let known = stored(&format!(r#"{{"event":"call","contact":"{email}"}}"#));
    assert_eq!(known.contact.as_deref(), Some(email));
}

#[test]
fn whose_it_is_goes_with_it() {
    let id = "01a1ee56-5e00-7303-8303-030303030303";
    let text = format!(
        r#"{{"event":"call","visitor":"{id}","session":"{id}","interactive":true,"site":"{}"}}"#,
        shop().site
    );
    let event = stored(&text);
    assert_eq!(event.visitor.unwrap().text(), id);
    assert_eq!(event.item.session.unwrap().text(), id);
    assert!(event.interactive);
}

#[test]
fn without_a_visitor_an_event_is_part_of_no_session() {
    let id = "01a1ee56-5e00-7303-8303-030303030303";
    let event = stored(&format!(
        r#"{{"event":"call","session":"{id}","interactive":true,"contact":"customer:7"}}"#
    ));
    assert!(event.item.session.is_some() && !event.interactive);
}

#[test]
fn the_digest_is_of_what_is_stored() {
    for text in [
        r#"{"event":"x","properties":{"ann@shop.example":true}}"#,
        r#"{"goal":"ann@shop.example"}"#,
        r#"{"event":"x","properties":{"note":"Tel:\n03-5555-0100"}}"#,
    ] {
        let event = read(text).unwrap();
        // As the sink reads it.
        assert_eq!(scrub_json(&event.json), None, "{text}");
        let stored = read_stored(&event.json).unwrap();
        assert_eq!(stored.item.observation.digest(), event.digest);
        assert!(!event.json.contains("ann@"), "{}", event.json);
    }
}

#[test]
fn an_event_has_as_many_levels_as_a_purchase_needs_and_some_more() {
    let nested = |levels: usize| {
        let (open, close) = ("{\"\":".repeat(levels), "}".repeat(levels));
        format!(r#"{{"event":"x","properties":{open}1{close}}}"#)
    };
    assert!(read(&nested(31)).is_ok());
    assert!(read(&nested(32)).unwrap_err().contains("at most 32 times"));
    assert!(
        read(&nested(2_500))
            .unwrap_err()
            .contains("at most 32 times")
    );
}

#[test]
fn what_a_server_sends_again_is_the_same_event() {
    let id = |text: &str| read(text).unwrap().id;
    let named = id(r#"{"event":"x","id":"e1","time":"2026-11-18T12:00:00+09:00"}"#);
    let again = id(r#"{ "id": "e1", "time": "2026-11-18T03:00:00Z", "event": "x" }"#);
    assert_eq!(named, again);
    assert_eq!(named.time(), 1_794_970_800_000);
    // Another content under the same name is a conflict, not another event.
    let other = read(r#"{"event":"y","id":"e1","time":1794970800000}"#).unwrap();
    let first = read(r#"{"event":"x","id":"e1","time":1794970800000}"#).unwrap();
    assert_eq!((other.id, other.digest == first.digest), (named, false));
    assert_ne!(id(r#"{"event":"x","id":"e2","time":1794970800000}"#), named);
    // Without a name its content is its name.
    let content = r#"{"event":"x","time":1794970800000,"contact":"customer:7"}"#;
    assert_eq!(id(content), id(content));
    assert_ne!(id(content), id(&content.replace(":7", ":8")));
}

#[test]
fn a_name_is_another_event_on_another_site() {
    let text = format!(r#"{{"event":"x","id":"e1","time":{NOON}}}"#);
    let mut other = shop();
    other.site = "other".into();
    let terms = Terms {
        rules: &other,
        now: NOON,
        since: None,
    };
    assert_ne!(
        read_event(&text, &terms).unwrap().id,
        read(&text).unwrap().id
    );
}

#[test]
fn a_body_is_a_list_of_events() {
    let body = |text: &str| {
        read_events(text.as_bytes(), "cloud-kicks")
            .map(|events| events.len())
            .map_err(|problem| problem.to_string())
    };
    assert_eq!(body(r#"{"events":[{},7,"x"]}"#), Ok(3));
    assert_eq!(body(r#"{"events":[],"site":"cloud-kicks"}"#), Ok(0));
    let table = [
        (
            "[]",
            "a request is an object; the body is {\"events\": [ … ]}",
        ),
        ("{}", "events: is missing; the body is {\"events\": [ … ]}"),
        (
            r#"{"events":{}}"#,
            "events: is not a list; the body is {\"events\": [ … ]}",
        ),
        (
            r#"{"event":[]}"#,
            "event: is not a field of a request; did you mean 'events'?; the body is {\"events\": [ … ]}",
        ),
    ];
    for (text, expected) in table {
        assert_eq!(body(text).unwrap_err(), expected);
    }
    assert!(
        body(r#"{"events":[NaN]}"#)
            .unwrap_err()
            .starts_with("the body is not JSON")
    );
    assert!(read_events(&[0xff], "cloud-kicks").is_err());
    let other = body(r#"{"events":[],"site":"other"}"#).unwrap_err();
    assert!(
        other.starts_with("site: 'other' is not 'cloud-kicks'"),
        "{other}"
    );
    let many = |count| format!("{{\"events\":[{}]}}", vec!["{}"; count].join(","));
    assert_eq!(body(&many(1_000)), Ok(1_000));
    assert_eq!(
        body(&many(1_001)).unwrap_err(),
        "events: at most 1000 in one request, this one has 1001; send them in parts"
    );
}

#[test]
fn the_name_is_known_where_the_rest_cannot_be_read() {
    assert_eq!(
        peek_id(r#"{"id":"e1","nonsense":[]}"#).as_deref(),
        Some("e1")
    );
    for text in [
        "",
        "7",
        "{}",
        r#"{"id":7}"#,
        &format!("{{\"id\":\"{}\"}}", "x".repeat(200)),
    ] {
        assert_eq!(peek_id(text), None, "{text}");
    }
}

/// JSON of any kind, with the names of fields more often than by chance.
fn json() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value;
    let text = prop_oneof![
        any::<String>(),
        "commerce|purchase|refund|close-won|customer:7|USD|12.50|2026-11-18T12:00:00Z"
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    let name = prop_oneof![
        any::<String>(),
        "commerce|outcome|event|identify|id|time|contact|order|amount|properties|email|customer"
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..8)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_is_read_without_panic(value in json()) {
        let text = value.to_string();
        let _ = peek_id(&text);
        if let Ok(event) = read(&text) {
            let stored = read_stored(&event.json).unwrap();
            prop_assert_eq!(stored.item.observation.id, event.id);
            prop_assert_eq!(stored.item.observation.digest(), event.digest);
        }
    }

    #[test]
    fn any_text_is_read_without_panic(text: String, bytes: Vec<u8>) {
        let _ = (read(&text), peek_id(&text), read_events(&bytes, "cloud-kicks").is_ok());
    }

    #[test]
    fn a_batch_that_is_sent_again_has_the_same_ids(
        names in prop::collection::vec("[a-z0-9-]{1,12}", 1..20),
        time in SINCE..NOON,
    ) {
        let batch: Vec<String> = names
            .iter()
            .map(|name| format!(r#"{{"event":"x","id":"{name}","time":{time}}}"#))
            .collect();
        let ids = || batch.iter().map(|text| read(text).unwrap().id).collect::<Vec<_>>();
        prop_assert_eq!(ids(), ids());
        for (one, name) in ids().iter().zip(&names) {
            for (other, others_name) in ids().iter().zip(&names) {
                prop_assert_eq!(one == other, name == others_name);
            }
        }
    }

    #[test]
    fn no_address_is_ever_kept(name in "[a-z]{6,12}", host in "[a-z]{6,12}") {
        for contact in [
            format!(r#"{{"email":"{name}@{host}.example"}}"#),
            format!(r#"{{"customer":"{name}@{host}.example"}}"#),
            format!(r#""email:{name}@{host}.example""#),
            format!(r#""{name}@{host}.example""#),
        ] {
            let said = match read(&format!(r#"{{"event":"x","contact":{contact}}}"#)) {
                Ok(event) => event.json,
                Err(problem) => problem,
            };
            prop_assert!(!said.contains(&name) && !said.contains(&host), "{}", said);
        }
    }
}
