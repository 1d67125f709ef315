//! What a server is told of an event that cannot be stored.

use crate::{
    NOON,
    server_events::{SINCE, read},
};

fn problem(text: &str) -> String {
    read(text).expect_err(text)
}

/// Of what happened, and when.
const EVENTS: &[(&str, &str)] = &[
    (
        "{}",
        "what happened is missing; write one of commerce, outcome, goal, event, identify",
    ),
    ("[]", "an event is an object"),
    (
        r#"{"outcome":"x","event":"y"}"#,
        "event: stands beside 'outcome'; an event is one of them, so send two",
    ),
    (
        r#"{"outcom":"x"}"#,
        "outcom: is not a field of an event; did you mean 'outcome'?",
    ),
    (
        r#"{"event":"x","event":"y"}"#,
        "event: is written twice; write it once",
    ),
    (r#"{"event":""}"#, "event: is empty; write its name"),
    (r#"{"event":7}"#, "event: is not a text; write it in quotes"),
    (
        r#"{"event":"\ud800"}"#,
        "event: is not well-formed text: half a surrogate pair",
    ),
    (
        r#"{"outcome":"call-us"}"#,
        "outcome: 'call-us' is the id of one of the plan's goals; write it as 'goal'",
    ),
    (
        r#"{"goal":"close-won"}"#,
        "goal: 'close-won' is the id of one of the plan's outcomes; write it as 'outcome'",
    ),
    (
        r#"{"event":"x","id":"e1"}"#,
        "time: is missing; write when it happened, so that a retry is known as the same event",
    ),
    (
        r#"{"event":"x","id":"","time":1795000000000}"#,
        "id: is empty; write one, or leave it out",
    ),
    (
        r#"{"event":"x","time":"2026-11-18T12:00:00"}"#,
        "time: is not a time with its offset, such as 2026-11-21T12:00:00+09:00, or Unix milliseconds",
    ),
    (
        r#"{"event":"x","time":1795000000}"#,
        "time: 1795000000 is a number of seconds; write Unix milliseconds",
    ),
    (
        r#"{"event":"x","time":1.5}"#,
        "time: is not a whole number of Unix milliseconds",
    ),
    (
        r#"{"event":"x","time":"2019-12-31T23:59:59+09:00"}"#,
        "time: 2019-12-31 is before 2020-01-01, the plan's 'since'; change it there if it is so old",
    ),
    (
        r#"{"event":"x","interactive":1}"#,
        "interactive: is neither true nor false",
    ),
    (
        r#"{"event":"x","properties":[]}"#,
        "properties: is not an object",
    ),
    (
        r#"{"event":"x","properties":{"a":1,"a":2}}"#,
        "properties.a: is written twice; write it once",
    ),
    (
        r#"{"event":"x","site":"other"}"#,
        "site: 'other' is not 'cloud-kicks', the site of the address; send each site's events to its own",
    ),
];

/// Of money and orders.
const COMMERCE: &[(&str, &str)] = &[
    (
        r#"{"outcome":"x","revenue":"5"}"#,
        "revenue: is a field of a commerce event; write it into properties beside 'outcome'",
    ),
    (
        r#"{"commerce":"purchased"}"#,
        "commerce: 'purchased' is not a step of a purchase; did you mean 'purchase'?",
    ),
    (
        r#"{"commerce":"purchase","properties":{"order":"A1"}}"#,
        "properties.order: stands beside 'commerce' in the event, not in properties",
    ),
    (
        r#"{"commerce":"purchase","amount":"5"}"#,
        "amount: is not a field of 'purchase'; did you mean 'revenue'?",
    ),
    (
        r#"{"commerce":"refund","order":"A1","revenue":"5"}"#,
        "revenue: is not a field of 'refund'; did you mean 'amount'?",
    ),
    (
        r#"{"commerce":"purchase","revenue":"5","currency":"USDT"}"#,
        "currency: 'USDT' is not a currency code of ISO 4217, such as JPY or USD",
    ),
    (
        r#"{"commerce":"purchase","revenue":"1.005","currency":"USD"}"#,
        "revenue: '1.005' has more decimals than its currency, USD",
    ),
    (
        r#"{"commerce":"purchase","revenue":"NaN"}"#,
        "revenue: 'NaN' is not a plain decimal number, such as 129.00",
    ),
    (
        r#"{"commerce":"purchase","revenue":1e3}"#,
        "revenue: '1e3' is not a plain decimal number, such as 129.00",
    ),
    (
        r#"{"commerce":"purchase","revenue":"-5"}"#,
        "revenue: -5 is below zero; what is given back is an event of its own, 'commerce': 'refund'",
    ),
    (
        r#"{"commerce":"refund","time":1795000000000}"#,
        "order: is missing; a refund names the order that it gives back",
    ),
    (
        r#"{"commerce":"refund","time":1795000000000,"order":" "}"#,
        "order: is missing; a refund names the order that it gives back",
    ),
    (
        r#"{"commerce":"refund","time":1795000000000,"order":"A1","amount":"0"}"#,
        "amount: is not above zero; leave it out to give back all of the order",
    ),
    (
        r#"{"commerce":"refund","time":1795000000000,"order":"A1","amount":"1.5"}"#,
        "amount: '1.5' has more decimals than its currency, JPY",
    ),
    (
        r#"{"commerce":"refund","time":1795000000000,"order":"A1","reason":"regret"}"#,
        "reason: 'regret' is not one of refund, cancellation, return",
    ),
    (
        r#"{"commerce":"refund","order":"A1"}"#,
        "time: is missing; write when it happened, so that a retry is known as the same event",
    ),
];

/// Of whose it is.
const PEOPLE: &[(&str, &str)] = &[
    (
        r#"{"event":"x","visitor":"7"}"#,
        "visitor: is not an id that a page's SDK made, which is a UUID of version 7; leave it out if the page did not send one",
    ),
    (
        r#"{"event":"x","contact":{}}"#,
        "contact: names nobody; write one of customer, email, email_sha256, phone, phone_sha256, or leave it out",
    ),
    (
        r#"{"event":"x","contact":{"email":" "}}"#,
        "contact: names nobody; write one of customer, email, email_sha256, phone, phone_sha256, or leave it out",
    ),
    (
        r#"{"event":"x","contact":{"mail":"a@b.example"}}"#,
        "contact.mail: is not a field of a contact; did you mean 'email'?",
    ),
    (
        r#"{"event":"x","contact":{"email":"ann"}}"#,
        "contact.email: is not an e-mail address",
    ),
    (
        r#"{"event":"x","contact":{"phone":"n/a"}}"#,
        "contact.phone: is not a phone number with its country's code, such as +81 3 1234 5678",
    ),
    (
        r#"{"event":"x","contact":{"phone_sha256":"00"}}"#,
        "contact.phone_sha256: is not a SHA-256 in 64 hexadecimal digits",
    ),
    (
        r#"{"event":"x","contact":{"customer":"a@b.example"}}"#,
        "contact.customer: is an e-mail address, which is never stored; write it as 'email'",
    ),
    (
        r#"{"event":"x","contact":"a@b.example"}"#,
        "contact: is not email:, phone: or customer: with a name after it; or write an object",
    ),
    (
        r#"{"event":"x","contact":"email:a@b.example"}"#,
        "contact: has no SHA-256 after the colon; write it as an object, such as { \"email\": … }",
    ),
    (
        r#"{"identify":true}"#,
        "contact: is missing; identify says who somebody is",
    ),
    (
        r#"{"identify":false,"contact":"customer:7"}"#,
        "identify: is not true; leave it out",
    ),
];

#[test]
fn every_problem_names_the_field_and_the_fix() {
    for (text, expected) in [EVENTS, COMMERCE, PEOPLE].concat() {
        assert_eq!(problem(text), expected, "{text}");
    }
}

#[test]
fn what_is_too_long_or_too_much_names_its_limit() {
    let long = "x".repeat(129);
    assert_eq!(
        problem(&format!(r#"{{"event":"x","id":"{long}","time":{NOON}}}"#)),
        "id: has at most 128 bytes, this one has 129"
    );
    assert_eq!(
        problem(&format!(r#"{{"event":"{long}"}}"#)),
        "event: has at most 64 bytes, this one has 129"
    );
    let pair = |at| format!("\"p{at}\":{at}");
    let many: Vec<String> = (0..33).map(pair).collect();
    assert_eq!(
        problem(&format!(
            r#"{{"event":"x","properties":{{{}}}}}"#,
            many.join(",")
        )),
        "properties: at most 32, this item has 33"
    );
}

#[test]
fn an_event_is_neither_of_the_future_nor_older_than_the_plan_allows() {
    let future = NOON + 300_001;
    assert_eq!(
        problem(&format!(r#"{{"event":"x","time":{future}}}"#)),
        "time: 2026-11-18T11:11:40.001Z is in the future; write when it happened"
    );
    for time in [NOON + 300_000, SINCE] {
        assert!(read(&format!(r#"{{"event":"x","time":{time}}}"#)).is_ok());
    }
}
