//! What is written on a page is what the edge reads, and a bad item costs only itself.

use crate::{NOON, event, generated, play, seen, text, with};
use goalpost_core::{
    Id, MediaStep, Seen, Value,
    beacon::{self, Envelope, EnvelopeError, Form, Header, Item, ItemError, peek, read_item},
    fate::{Drop, Quarantine},
    limits,
};
use proptest::prelude::*;

fn page_load() -> Id {
    Id::new(NOON, [3; 10])
}

/// An item's text around these fields, with an id and a sequence number.
fn item(fields: &str) -> String {
    format!(
        r#"{{"id":"{}","seq":7,{fields}}}"#,
        Id::new(NOON, [1; 10]).text()
    )
}

fn refused(text: &str) -> ItemError {
    read_item(text).expect_err("an error")
}

fn header() -> Header<'static> {
    Header {
        site: "cloud-kicks",
        sdk: "0.1.0",
        form: Form::Wasm,
        plan: "abc",
        sent: NOON,
        page: page_load(),
        session: None,
        visitor: Some(Id::new(NOON, [4; 10])),
        consent: "",
        cookieless: false,
        captured: 9,
        dropped: &[(Drop::Overflow, 2), (Drop::Consent, 0)],
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn what_is_written_is_what_is_read(observation in generated::observation()) {
        let session = Id::new(NOON, [5; 10]);
        let item = Item::new(&observation, page_load(), Some(session), Some(&["a-goal"]));
        let read = read_item(&item.json).unwrap();
        prop_assert_eq!(&read.observation, &observation);
        prop_assert_eq!(read.observation.digest(), observation.digest());
        prop_assert_eq!(read.page, Some(page_load()));
        prop_assert_eq!(read.session, Some(session));
        prop_assert_eq!(read.claims.unwrap(), ["a-goal"]);
        prop_assert_eq!(peek(&item.json), (Some(observation.id), Some(observation.seq)));
    }

    /// A beacon says once whose all its items are, and the edge reads each as it was written: the same
    /// text from whichever beacon.
    #[test]
    fn what_is_said_once_for_all_items_is_put_back(
        observations in proptest::collection::vec((generated::observation(), 0u8..2, 0u8..2), 1..6),
    ) {
        let session = |at: u8| Id::new(NOON, [5 + at; 10]);
        let items: Vec<String> = observations
            .iter()
            .map(|(observation, load, of)| {
                let page = Id::new(NOON, [3 + load; 10]);
                Item::new(observation, page, Some(session(*of)), Some(&["a-goal"])).json
            })
            .collect();
        let alone = beacon::write(&header(), items.iter().map(String::as_str));
        let mut all = header();
        all.session = Some(session(0));
        let body = beacon::write(&all, items.iter().map(String::as_str));
        for body in [alone, body] {
            let envelope = Envelope::read(body.as_bytes()).unwrap();
            let read: Vec<_> = envelope.items.iter().map(|raw| envelope.whole(raw.get())).collect();
            prop_assert_eq!(&read, &items);
        }
    }

    #[test]
    fn any_text_is_read_without_panic(text: String) {
        let _ = read_item(&text);
        let body = beacon::write(&header(), [].into_iter());
        let mut envelope = Envelope::read(body.as_bytes()).unwrap();
        envelope.session = envelope.page;
        let _ = envelope.whole(&text);
        let _ = Envelope::read(text.as_bytes());
        let _ = read_item(&item(&text));
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
        let _ = Envelope::read(&bytes);
    }
}

#[test]
fn a_beacon_carries_its_items_untouched() {
    let items = [
        Item::new(&seen(event("a")), page_load(), None, None),
        Item::new(&seen(play("v1")), page_load(), None, Some(&[])),
    ];
    let body = beacon::write(&header(), items.iter().map(|item| item.json.as_str()));
    let read = Envelope::read(body.as_bytes()).unwrap();
    assert_eq!(
        (&*read.site, &*read.form, &*read.plan),
        ("cloud-kicks", "wasm", "abc")
    );
    assert_eq!((read.sent, read.page), (NOON, Some(page_load())));
    assert_eq!((read.dropped.overflow, read.dropped.consent), (2, 0));
    let texts: Vec<_> = read.items.iter().map(|item| item.get()).collect();
    assert_eq!(texts, [&items[0].json, &items[1].json]);
    assert_eq!(read_item(texts[0]).unwrap().claims, None);
    assert_eq!(read_item(texts[1]).unwrap().claims, Some(Vec::new()));
}

#[test]
fn an_item_that_names_its_session_or_its_page_keeps_it() {
    let body = beacon::write(
        &Header {
            session: Some(Id::new(NOON, [5; 10])),
            ..header()
        },
        [].into_iter(),
    );
    let mut envelope = Envelope::read(body.as_bytes()).unwrap();
    let page = page_load().text();
    // As pages of before wrote them, and what is no item at all.
    for own in [
        item(&format!(r#""kind":"event","name":"a","page":"{page}""#)),
        item(&format!(r#""kind":"event","name":"a","session":"{page}""#)),
        // Which cannot be told of these: one says it twice, one has half a character in a name.
        item(&format!(
            r#""page":"{page}","kind":"event","page":"{page}""#
        )),
        item(r#""kind":"event","name":"a","vi\ud83deo":1"#),
        String::from("{ }"),
        String::from("7"),
        String::new(),
    ] {
        assert_eq!(envelope.whole(&own), own);
    }
    let named = r#"{"id":1,"properties":{"page":"a","session":"b"}}"#;
    assert!(envelope.whole(named).starts_with(r#"{"page":""#));
    envelope.session = None;
    assert_eq!(envelope.whole(named), named);
}

#[test]
fn a_body_that_is_no_beacon_says_why() {
    let reason = |body: &[u8]| Envelope::read(body).expect_err("an error").quarantine();
    assert_eq!(reason(b"\xff\xfe"), Quarantine::Encoding);
    assert_eq!(reason(b"<html>"), Quarantine::Json);
    assert_eq!(reason(br#"{"v":1,"site":"a"}"#), Quarantine::Json);
    assert_eq!(reason(br#"{"v":1,"site":"a","items":[}"#), Quarantine::Json);
    for newer in [
        br#"{"v":2,"site":"a","items":[]}"#.as_slice(),
        br#"{"v":2,"parcels":[]}"#,
    ] {
        assert_eq!(
            Envelope::read(newer).expect_err("an error"),
            EnvelopeError::Version(2)
        );
    }
    let many = format!(
        r#"{{"v":1,"site":"a","items":[{}]}}"#,
        vec!["0"; limits::BEACON_ITEMS + 1].join(",")
    );
    assert_eq!(reason(many.as_bytes()), Quarantine::Limit);
}

#[test]
fn a_field_that_is_not_known_yet_is_no_error() {
    let body = br#"{"v":1,"site":"a","mood":"good","items":[{"later":1}]}"#;
    assert_eq!(Envelope::read(body).unwrap().items.len(), 1);
    assert!(read_item(&item(r#""kind":"event","name":"a","mood":{"deep":[1]}"#)).is_ok());
}

#[test]
fn half_a_surrogate_pair_costs_only_its_item() {
    let good = item(r#""kind":"event","name":"\ud83d\udc5f""#);
    let bad = item(r#""kind":"event","name":"\ud83d""#);
    let body = format!(r#"{{"v":1,"site":"a","items":[{bad},{good}]}}"#);
    let read = Envelope::read(body.as_bytes()).unwrap();
    let error = refused(read.items[0].get());
    assert_eq!((error.reason, error.seq), (Quarantine::Encoding, Some(7)));
    let shoe = Seen::Event {
        name: "👟".into()
    };
    assert_eq!(
        read_item(read.items[1].get()).unwrap().observation.seen,
        shoe
    );
}

#[test]
fn a_deep_item_is_refused_and_its_siblings_are_not() {
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let good = item(r#""kind":"event","name":"a""#);
    let body = format!(r#"{{"v":1,"site":"a","items":[{},{good}]}}"#, deep(200_000));
    let read = Envelope::read(body.as_bytes()).unwrap();
    assert_eq!(refused(read.items[0].get()).reason, Quarantine::Limit);
    assert!(read_item(read.items[1].get()).is_ok());
    // Short enough to be read, too deep to be understood.
    let nested = item(&format!(
        r#""kind":"event","name":"a","properties":{{"a":{}}}"#,
        deep(3_000)
    ));
    let error = refused(&nested);
    assert_eq!(error.reason, Quarantine::Limit);
    assert_eq!(error.id, Some(Id::new(NOON, [1; 10])));
    // SQL reads what is stored, fields that nobody here knows as well.
    let unknown = |levels| {
        item(&format!(
            r#""kind":"event","name":"a","x":{}"#,
            deep(levels)
        ))
    };
    assert!(read_item(&unknown(limits::ITEM_DEPTH - 1)).is_ok());
    assert_eq!(
        refused(&unknown(limits::ITEM_DEPTH)).reason,
        Quarantine::Limit
    );
    assert_eq!(refused(&unknown(3_000)).reason, Quarantine::Limit);
    // Signs in a text are no levels.
    let text = "[{\\\"".repeat(50);
    assert!(read_item(&item(&format!(r#""kind":"event","name":"a","x":"{text}""#))).is_ok());
}

#[test]
fn an_order_line_has_no_lists_of_its_own() {
    let read = item(
        r#""kind":"event","name":"a","properties":{"items":[{"sku":"1","of":{"a":1},"in":[{}],"n":2}]}"#,
    );
    let properties = read_item(&read).unwrap().observation.properties;
    let Some(Value::List(lines)) = properties.get("items") else {
        panic!("{properties:?}");
    };
    let names: Vec<&str> = lines[0].0.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["sku", "n"]);
}

#[test]
fn a_limit_names_its_field() {
    let long = "x".repeat(limits::TEXT_BYTES + 1);
    let name = "x".repeat(limits::NAME_BYTES + 1);
    let many: Vec<_> = (0..=limits::PROPERTIES)
        .map(|n| format!(r#""p{n}":1"#))
        .collect();
    let element = ["{}"; limits::PATH_ELEMENTS + 2].join(",");
    let lines = vec!["{}"; limits::ORDER_LINES + 1].join(",");
    for (fields, field) in [
        (format!(r#""kind":"event","name":"{name}""#), "name"),
        (format!(r#""kind":"trigger","name":"{name}""#), "name"),
        (
            format!(r#""kind":"event","name":"a","path":"/{long}""#),
            "path",
        ),
        (format!(r#""kind":"page","title":"{long}""#), "title"),
        (format!(r#""kind":"page","referrer":"{long}""#), "referrer"),
        (
            format!(
                r#""kind":"page","query":{{{}}}"#,
                many.join(",").replace(":1", r#":"1""#)
            ),
            "query",
        ),
        (
            format!(r#""kind":"click","elements":[{element}]"#),
            "elements",
        ),
        (
            format!(r#""kind":"media","step":"play","video":"{long}""#),
            "video",
        ),
        (
            format!(
                r#""kind":"event","name":"a","properties":{{{}}}"#,
                many.join(",")
            ),
            "properties",
        ),
        (
            format!(r#""kind":"event","name":"a","properties":{{"{name}":1}}"#),
            "properties",
        ),
        (
            format!(r#""kind":"event","name":"a","properties":{{"size":"{long}"}}"#),
            "size",
        ),
        (
            format!(r#""kind":"event","name":"a","properties":{{"lines":[{lines}]}}"#),
            "lines",
        ),
        (
            format!(r#""kind":"identify","contact":"email:{long}""#),
            "contact",
        ),
    ] {
        let error = refused(&item(&fields));
        assert_eq!(error.reason, Quarantine::Limit, "{fields}: {error}");
        assert!(error.detail.starts_with(field), "{error}");
    }
    let whole = item(&format!(
        r#""kind":"event","name":"a","x":"{}""#,
        "x".repeat(limits::ITEM_BYTES)
    ));
    assert_eq!(refused(&whole).reason, Quarantine::Limit);
}

/// The loader knows no words of a shop: what a page tracked is told apart here.
#[test]
fn what_the_raw_form_tracked_is_a_step_of_a_purchase_or_an_event() {
    let step = item(r#""kind":"track","name":"Order Completed","properties":{"order_id":"A1"}"#);
    let read = read_item(&step).unwrap().observation;
    assert_eq!(
        read.seen,
        Seen::Commerce {
            step: goalpost_core::CommerceStep::Purchase
        }
    );
    assert_eq!(read.properties.text("order"), Some("A1"));
    let own = item(r#""kind":"track","name":"size_found""#);
    assert_eq!(
        read_item(&own).unwrap().observation.seen,
        Seen::Event {
            name: "size_found".into()
        }
    );
    let nameless = item(r#""kind":"track""#);
    assert!(read_item(&nameless).unwrap_err().detail.contains("name"));
}

#[test]
fn a_field_that_is_wrong_is_named() {
    for (text, reason, field) in [
        (item(r#""kind":"event""#), Quarantine::Field, "name"),
        (item(r#""name":"x""#), Quarantine::Field, "kind"),
        (
            item(r#""kind":"telepathy""#),
            Quarantine::UnknownKind,
            "kind",
        ),
        (
            item(r#""kind":"media","step":"rewind""#),
            Quarantine::Field,
            "step",
        ),
        (item(r#""kind":"scroll""#), Quarantine::Field, "percent"),
        (
            item(r#""kind":"scroll","percent":101"#),
            Quarantine::Field,
            "percent",
        ),
        (
            item(r#""kind":"dwell","seconds":3601"#),
            Quarantine::Field,
            "seconds",
        ),
        (
            item(r#""kind":"commerce","name":"steal""#),
            Quarantine::Field,
            "name",
        ),
        (
            item(r#""kind":"identify","contact":"a@b.example""#),
            Quarantine::Field,
            "contact",
        ),
        (
            r#"{"kind":"event","name":"a","seq":1}"#.to_owned(),
            Quarantine::Field,
            "id",
        ),
        (
            r#"{"kind":"event","name":"a","id":"0","seq":1}"#.to_owned(),
            Quarantine::Field,
            "id",
        ),
        (
            item(r#""kind":"event","name":"a""#).replace(r#""seq":7,"#, ""),
            Quarantine::Field,
            "seq",
        ),
    ] {
        let error = refused(&text);
        assert_eq!(error.reason, reason, "{text}: {error}");
        assert!(error.detail.starts_with(field), "{error}");
    }
}

#[test]
fn a_number_keeps_its_own_text() {
    let read = item(
        r#""kind":"event","name":"a","properties":{"n":129.00,"b":true,"z":null,"o":{"q":1}}"#,
    );
    let properties = read_item(&read).unwrap().observation.properties;
    assert_eq!(properties.get("n"), Some(&Value::Number("129.00".into())));
    assert_eq!(properties.get("z"), None);
    assert!(matches!(properties.get("o"), Some(Value::List(list)) if list.len() == 1));
}

#[test]
fn what_a_loader_sends_raw_speaks_the_plans_words() {
    let raw = item(
        r#""kind":"commerce","name":"Order Completed","properties":{"transaction_id":"A1","value":"100"}"#,
    );
    let observation = read_item(&raw).unwrap().observation;
    assert_eq!(observation.properties.text("order"), Some("A1"));
    assert_eq!(observation.properties.text("revenue"), Some("100"));
}

#[test]
fn a_call_that_a_page_did_not_tell_apart_is_a_step_of_a_purchase_or_an_event() {
    let read = |kind: &str, name: &str| {
        let fields = format!(r#""kind":"{kind}","name":"{name}","properties":{{"order_id":"A1"}}"#);
        read_item(&item(&fields)).unwrap().observation
    };
    assert_eq!(
        read("track", "Order Completed"),
        read("commerce", "purchase")
    );
    assert_eq!(read("track", "size_chosen"), read("event", "size_chosen"));
    assert_eq!(
        refused(&item(r#""kind":"track""#)).reason,
        Quarantine::Field
    );
}

#[test]
fn a_digest_is_of_what_was_seen() {
    let one = seen(Seen::Media {
        step: MediaStep::Progress(50),
        video: "v1".into(),
    });
    let mut same = one.clone();
    same.seq = 99;
    assert_eq!(one.digest(), same.digest());
    assert_ne!(
        one.digest(),
        with(one.clone(), &[("v", text("12"))]).digest()
    );
}
