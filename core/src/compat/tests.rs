use super::*;
use crate::{
    server_event::{Terms, read_event, read_stored},
    testing,
};
use proptest::prelude::*;

const NOW: i64 = 1_795_000_000_000;

fn said(client: Client, body: &str) -> Vec<String> {
    let batch = client.read(body.as_bytes()).unwrap();
    batch
        .said
        .into_iter()
        .map(|said| match said {
            Said::Event(event) => event,
            Said::Nothing(why) => String::from(why),
        })
        .collect()
}

#[test]
fn segments_messages_are_events() {
    let body = r#"{"batch": [
      {"type": "track", "event": "Order Completed", "messageId": "m1", "timestamp": "2026-11-17T03:00:00.000Z",
       "userId": "7", "properties": {"order_id": "A1", "total": 14800.50, "currency": "USD", "coupon": "X",
       "products": [{"sku": "1"}], "gift": true, "note": null}},
      {"type": "track", "event": "Order Cancelled", "messageId": "m2", "timestamp": "2026-11-17T04:00:00.000Z",
       "userId": "7", "properties": {"order_id": "A1"}},
      {"type": "track", "event": "Plan Chosen", "messageId": "m3", "timestamp": "2026-11-17T04:00:00.000Z",
       "anonymousId": "01931f2e-8a00-7000-8000-000000000001"},
      {"type": "identify", "messageId": "m4", "timestamp": "2026-11-17T04:00:00.000Z", "userId": "7",
       "traits": {"email": "ann@shop.example", "age": 31}},
      {"type": "page", "name": "Home", "messageId": "m5", "timestamp": "2026-11-17T04:00:00.000Z", "userId": "7"},
      {"type": "group", "groupId": "g", "messageId": "m6"}]}"#;
    insta::assert_snapshot!(said(Client::Segment, body).join("\n"), @r#"
    {"id":"m1","time":"2026-11-17T03:00:00.000Z","commerce":"purchase","order":"A1","revenue":14800.50,"currency":"USD","contact":{"customer":"7"},"properties":{"coupon":"X","gift":true}}
    {"id":"m2","time":"2026-11-17T04:00:00.000Z","commerce":"refund","order":"A1","reason":"cancellation","contact":{"customer":"7"}}
    {"id":"m3","time":"2026-11-17T04:00:00.000Z","event":"Plan Chosen","visitor":"01931f2e-8a00-7000-8000-000000000001"}
    {"id":"m4","time":"2026-11-17T04:00:00.000Z","identify":true,"contact":{"customer":"7","email":"ann@shop.example"}}
    {"id":"m5","time":"2026-11-17T04:00:00.000Z","event":"Viewed Home Page","contact":{"customer":"7"}}
    type: only track, identify, page and screen are counted
"#);
}

#[test]
fn posthogs_messages_are_events() {
    let body = r#"{"api_key": "gp_key", "batch": [
      {"event": "Order Completed", "uuid": "u1", "timestamp": "2026-11-17T03:00:00.000Z", "distinct_id": "7",
       "properties": {"order_id": "A1", "revenue": "14800", "currency": "JPY", "$lib": "posthog-node"}},
      {"event": "left", "uuid": "u2", "timestamp": "2026-11-17T03:00:00.000Z", "distinct_id": "made-up",
       "properties": {"$process_person_profile": false}},
      {"event": "$identify", "uuid": "u3", "timestamp": "2026-11-17T03:00:00.000Z", "distinct_id": "7",
       "properties": {"$set": {"email": "ann@shop.example"}}},
      {"event": "$create_alias", "uuid": "u4"}]}"#;
    let batch = Client::Posthog.read(body.as_bytes()).unwrap();
    assert_eq!(batch.key.as_deref(), Some("gp_key"));
    insta::assert_snapshot!(said(Client::Posthog, body).join("\n"), @r#"
    {"id":"u1","time":"2026-11-17T03:00:00.000Z","commerce":"purchase","order":"A1","revenue":"14800","currency":"JPY","contact":{"customer":"7"}}
    {"id":"u2","time":"2026-11-17T03:00:00.000Z","event":"left"}
    {"id":"u3","time":"2026-11-17T03:00:00.000Z","identify":true,"contact":{"customer":"7","email":"ann@shop.example"}}
    event: aliases and groups are not counted
"#);
}

#[test]
fn snowplows_payloads_are_events() {
    let body = r#"{"schema": "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4", "data": [
      {"e": "ue", "eid": "e1", "dtm": "1794960000000", "uid": "7",
       "ue_px": "eyJzY2hlbWEiOiAiaWdsdTpjb20uc25vd3Bsb3dhbmFseXRpY3Muc25vd3Bsb3cvdW5zdHJ1Y3RfZXZlbnQvanNvbnNjaGVtYS8xLTAtMCIsICJkYXRhIjogeyJzY2hlbWEiOiAiaWdsdTpjb20uc2hvcC9jYWxsX2Jvb2tlZC9qc29uc2NoZW1hLzEtMC0wIiwgImRhdGEiOiB7InJvb20iOiAzfX19"},
      {"e": "tr", "eid": "e2", "dtm": "1794960000000", "tr_id": "A1", "tr_tt": "14800", "tr_cu": "JPY"},
      {"e": "se", "eid": "e3", "dtm": "1794960000000", "se_ca": "video", "se_ac": "play", "se_la": "walk"},
      {"e": "pp", "eid": "e4", "dtm": "1794960000000"}]}"#;
    insta::assert_snapshot!(said(Client::Snowplow, body).join("\n"), @r#"
    {"id":"e1","time":1794960000000,"event":"call_booked","contact":{"customer":"7"},"properties":{"room":3}}
    {"id":"e2","time":1794960000000,"commerce":"purchase","order":"A1","revenue":"14800","currency":"JPY"}
    {"id":"e3","time":1794960000000,"event":"play","properties":{"category":"video","label":"walk"}}
    e: only ue, se, tr and pv are counted
"#);
}

/// What becomes of an event's person, as the edge reads it.
fn identities(event: &str) -> (Option<String>, usize) {
    let rules = testing::rules();
    let terms = Terms {
        rules: &rules,
        now: NOW,
        since: None,
    };
    let json = read_event(event, &terms).unwrap().json;
    let stored = read_stored(&json).unwrap();
    (stored.contact, stored.identities.len())
}

#[test]
fn a_message_that_is_wrong_costs_no_other_and_a_number_is_an_id() {
    let at = r#""timestamp": 1794884400000"#;
    let posthog = format!(
        r#"{{"api_key": "gp_key", "batch": [
          {{"event": "one", "uuid": "u1", {at}, "distinct_id": 7}},
          {{"event": null, "uuid": "u2", {at}, "distinct_id": "7"}},
          {{"event": "three", "uuid": "u3", {at}, "distinct_id": {{"of": 7}}, "properties": []}},
          "four", {{"event": "five", "uuid": 5, {at}, "distinct_id": true}}]}}"#
    );
    let wrong = "a message that is no object, or whose properties are none";
    let found = said(Client::Posthog, &posthog);
    assert_eq!(
        found,
        [
            r#"{"id":"u1","time":1794884400000,"event":"one","contact":{"customer":"7"}}"#,
            r#"{"id":"u2","time":1794884400000,"contact":{"customer":"7"}}"#,
            wrong,
            wrong,
            r#"{"id":"5","time":1794884400000,"event":"five"}"#,
        ]
    );
    let segment = r#"{"batch": [{"type": "track", "event": "one", "messageId": "m1", "userId": 7},
      {"type": null, "messageId": "m2"}, {"type": "identify", "userId": 7, "traits": "none"}, 4]}"#;
    assert_eq!(
        said(Client::Segment, segment),
        [
            r#"{"id":"m1","event":"one","contact":{"customer":"7"}}"#,
            "type: only track, identify, page and screen are counted",
            wrong,
            wrong,
        ]
    );
    let snowplow = r#"{"data": [{"e": "se", "eid": "e1", "dtm": 1794960000000, "uid": 7, "se_ac": "play"},
      {"e": "pv", "eid": "e2", "dtm": null, "uid": ["7"]}, []]}"#;
    assert_eq!(
        said(Client::Snowplow, snowplow),
        [
            r#"{"id":"e1","time":1794960000000,"event":"play","contact":{"customer":"7"}}"#,
            r#"{"id":"e2","event":"page_view"}"#,
            wrong,
        ]
    );
    assert_eq!(identities(&found[0]).0.as_deref(), Some("customer:7"));
}

#[test]
fn a_user_who_is_known_by_an_address_is_known_by_its_hash() {
    let told = |more: &str| {
        let body = format!(
            r#"{{"batch": [{{"type": "identify", "messageId": "m", "timestamp": "2026-11-17T03:00:00.000Z",
                "userId": " Ann@shop.example "{more}}}]}}"#
        );
        identities(&said(Client::Segment, &body).concat())
    };
    let (contact, others) = told("");
    let hash = crate::contact::Identity::email("ann@shop.example").unwrap();
    assert_eq!((contact.as_deref(), others), (Some(hash.text()), 0));
    let same = r#", "traits": {"email": "ann@shop.example"}"#;
    assert_eq!(told(same), (contact.clone(), 0));
    let other = r#", "traits": {"email": "ann@home.example"}"#;
    assert_eq!(told(other).1, 1);
}

#[test]
fn what_is_no_batch_is_refused_by_its_place_and_never_by_its_words() {
    let problem = Client::Segment
        .read(b"{\"batch\": \"ann@shop.example\"}")
        .unwrap_err();
    assert_eq!(
        problem.to_string(),
        "the body is not a batch of Segment: line 1, column 28"
    );
}

#[test]
fn an_amount_that_floating_point_made_is_the_one_that_was_meant() {
    let body = |total: &str| {
        format!(
            r#"{{"batch": [{{"type": "track", "event": "Order Completed", "properties": {{"total": {total}}}}}]}}"#
        )
    };
    for (told, meant) in [
        ("19.990000000000002", "19.99"),
        ("0.30000000000000004", "0.3"),
        ("20.000000000000004", "20"),
        ("19.999", "19.999"),
        ("\"19.990000000000002\"", "\"19.990000000000002\""),
    ] {
        let event = said(Client::Segment, &body(told)).concat();
        assert!(event.contains(&format!("\"revenue\":{meant}}}")), "{event}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        for client in Client::ALL {
            let _ = client.read(&body);
        }
    }

    /// Whatever properties somebody tells, they cost no event: it is taken as a server's.
    #[test]
    fn no_property_costs_the_event(
        names in proptest::collection::vec("[a-z_$. ]{1,80}", 0..60),
        text in ".{0,600}", number in any::<i32>(), name in "[A-Za-z ]{0,10}[a-z]") {
        let properties: serde_json::Map<String, serde_json::Value> = names
            .into_iter()
            .enumerate()
            .map(|(at, name)| {
                let value = match at % 4 {
                    0 => serde_json::json!(text),
                    1 => serde_json::json!(number),
                    2 => serde_json::json!([text]),
                    _ => serde_json::json!({ "of": text }),
                };
                (name, value)
            })
            .collect();
        let body = serde_json::json!({"batch": [{
            "type": "track", "event": name, "messageId": "m", "timestamp": "2026-11-17T03:00:00.000Z",
            "userId": "7", "properties": properties,
        }]});
        let rules = testing::rules();
        let terms = Terms { rules: &rules, now: NOW, since: None };
        for event in said(Client::Segment, &body.to_string()) {
            let read = read_event(&event, &terms);
            prop_assert!(read.is_ok(), "{:?} {}", read, event);
            let json = read.unwrap().json;
            let stored = read_stored(&json).unwrap();
            prop_assert_eq!(stored.contact.as_deref(), Some("customer:7"));
        }
    }
}
