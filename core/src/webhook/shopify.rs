//! Shopify's webhooks: `orders/paid` is a purchase, `refunds/create` a refund.
//!
//! Amounts are the shop's own texts in the shop's own currency, digit by digit. An order is known by
//! its `id`, which a page of the shop has too; so a page's copy and the webhook are one purchase.
//!
//! Source: <https://shopify.dev/docs/apps/build/webhooks/subscribe/https>

use super::{Said, WebhookError};
use crate::{
    json::{push_field, push_key},
    money::{Currency, Money},
    signature,
};
use alloc::{borrow::Cow, format, string::String, vec::Vec};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::value::RawValue;

/// The header with the signature: HMAC-SHA256 of the body, in base64.
pub const SIGNATURE: &str = "x-shopify-hmac-sha256";

/// The header that says what the body is about.
pub const TOPIC: &str = "x-shopify-topic";

#[derive(Deserialize)]
struct Order<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    #[serde(borrow, default)]
    total_price: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    currency: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    processed_at: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    created_at: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    email: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    phone: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    customer: Option<Customer<'a>>,
    #[serde(default)]
    test: Option<bool>,
}

#[derive(Deserialize)]
struct Customer<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
}

#[derive(Deserialize)]
struct Refund<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    #[serde(borrow)]
    order_id: &'a RawValue,
    #[serde(borrow, default)]
    processed_at: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    created_at: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    transactions: Vec<Transaction<'a>>,
}

#[derive(Deserialize)]
struct Transaction<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow)]
    amount: Cow<'a, str>,
    #[serde(borrow)]
    currency: Cow<'a, str>,
    #[serde(default)]
    test: Option<bool>,
}

pub(super) fn check(code: &str, body: &[u8], keys: &[String]) -> Result<(), WebhookError> {
    if keys.iter().all(|key| key.len() < signature::KEY_BYTES) {
        return Err(WebhookError::NoKey);
    }
    let code = STANDARD.decode(code.trim()).unwrap_or_default();
    if signature::is_of_any(keys, &[body], &code) {
        Ok(())
    } else {
        Err(WebhookError::Signature)
    }
}

pub(super) fn read(topic: &str, body: &[u8]) -> Result<Said, WebhookError> {
    match topic {
        "orders/paid" => order(&parsed(topic, body)?),
        "refunds/create" => refund(&parsed(topic, body)?),
        _ => Ok(Said::Nothing(
            "X-Shopify-Topic: only orders/paid and refunds/create are counted",
        )),
    }
}

fn parsed<'a, T: Deserialize<'a>>(topic: &str, body: &'a [u8]) -> Result<T, WebhookError> {
    // The reader's own words name fields, and could show a part of a value.
    serde_json::from_slice(body).map_err(|problem| {
        let (line, column) = (problem.line(), problem.column());
        WebhookError::Body(format!(
            "the body is not that of {topic}: line {line}, column {column}"
        ))
    })
}

fn order(order: &Order<'_>) -> Result<Said, WebhookError> {
    if order.test == Some(true) {
        return Ok(Said::Nothing("test: an order of a test is not counted"));
    }
    let number = number("id", order.id)?;
    let mut event = String::from("{");
    push_field(&mut event, "id", &format!("shopify-order-{number}"));
    push_field(
        &mut event,
        "time",
        needed(
            "created_at",
            order.processed_at.as_ref().or(order.created_at.as_ref()),
        )?,
    );
    push_field(&mut event, "commerce", "purchase");
    push_field(&mut event, "order", number);
    push_field(
        &mut event,
        "revenue",
        needed("total_price", order.total_price.as_ref())?,
    );
    push_field(
        &mut event,
        "currency",
        needed("currency", order.currency.as_ref())?,
    );
    contact(&mut event, order)?;
    event.push('}');
    Ok(Said::Event(event))
}

/// Who bought. A detail that cannot be one is left out: it must not cost the purchase.
fn contact(event: &mut String, order: &Order<'_>) -> Result<(), WebhookError> {
    let given = |detail: &Option<Cow<'_, str>>, is_one: fn(&str) -> bool| {
        let detail = detail.as_deref().map(str::trim);
        detail.filter(|it| is_one(it)).map(String::from)
    };
    let customer = order.customer.as_ref();
    let details = [
        (
            "customer",
            customer
                .map(|own| number("customer.id", own.id).map(String::from))
                .transpose()?,
        ),
        ("email", given(&order.email, is_address)),
        ("phone", given(&order.phone, is_phone)),
    ];
    if details.iter().all(|(_, detail)| detail.is_none()) {
        return Ok(());
    }
    push_key(event, "contact");
    event.push('{');
    for (name, detail) in details {
        if let Some(detail) = detail {
            push_field(event, name, &detail);
        }
    }
    event.push('}');
    Ok(())
}

fn is_address(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && host.contains('.') && !text.contains(char::is_whitespace)
    })
}

/// With its country's code: without it, nobody knows whose it is.
fn is_phone(text: &str) -> bool {
    text.strip_prefix('+')
        .is_some_and(|rest| (5..=15).contains(&rest.chars().filter(char::is_ascii_digit).count()))
}

fn refund(refund: &Refund<'_>) -> Result<Said, WebhookError> {
    let (own, order) = (
        number("id", refund.id)?,
        number("order_id", refund.order_id)?,
    );
    let Some(amount) = given_back(&refund.transactions)? else {
        return Ok(Said::Nothing("transactions: no money was given back"));
    };
    let mut event = String::from("{");
    push_field(&mut event, "id", &format!("shopify-refund-{own}"));
    push_field(
        &mut event,
        "time",
        needed(
            "created_at",
            refund.processed_at.as_ref().or(refund.created_at.as_ref()),
        )?,
    );
    push_field(&mut event, "commerce", "refund");
    push_field(&mut event, "order", order);
    push_field(&mut event, "amount", &amount.decimal_text());
    push_field(&mut event, "currency", amount.currency.code());
    event.push('}');
    Ok(Said::Event(event))
}

/// All that was really given back; `None` if that is nothing.
fn given_back(transactions: &[Transaction<'_>]) -> Result<Option<Money>, WebhookError> {
    let mut sum: Option<Money> = None;
    let done = |it: &&Transaction<'_>| {
        it.kind == "refund" && it.status == "success" && it.test != Some(true)
    };
    for transaction in transactions.iter().filter(done) {
        let bad = |text: &str| WebhookError::Body(format!("transactions.amount: {text}"));
        let currency = Currency::parse(&transaction.currency).map_err(|error| bad(error.text()))?;
        let money =
            Money::parse(&transaction.amount, currency).map_err(|error| bad(error.text()))?;
        let before = sum.unwrap_or(Money { minor: 0, currency });
        if before.currency != currency {
            return Err(bad(
                "is in more than one currency; report it as events, each in its own",
            ));
        }
        let minor = before.minor.checked_add(money.minor);
        let minor = minor.ok_or_else(|| bad("is too large"))?;
        sum = Some(Money { minor, currency });
    }
    Ok(sum.filter(|sum| sum.minor > 0))
}

/// A number's own digits: they may be more than a float holds.
fn number<'a>(name: &str, raw: &'a RawValue) -> Result<&'a str, WebhookError> {
    let text = raw.get().trim_matches('"');
    if (1..=20).contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_digit()) {
        return Ok(text);
    }
    Err(WebhookError::Body(format!("{name}: is not a whole number")))
}

fn needed<'a>(name: &str, text: Option<&'a Cow<'_, str>>) -> Result<&'a str, WebhookError> {
    text.map(AsRef::as_ref)
        .ok_or_else(|| WebhookError::Body(format!("{name}: is missing")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{string::ToString as _, vec};
    use proptest::prelude::*;

    const KEY: &str = "shpss_0123456789abcdef";

    fn event(topic: &str, body: &str) -> String {
        match read(topic, body.as_bytes()).unwrap() {
            Said::Event(event) => event,
            Said::Nothing(why) => why.to_string(),
        }
    }

    fn problem(topic: &str, body: &str) -> String {
        read(topic, body.as_bytes()).unwrap_err().to_string()
    }

    /// The vector is what `openssl dgst -sha256 -hmac … -binary | base64` prints.
    #[test]
    fn a_signature_is_the_one_that_other_tools_make() {
        let keys = vec!["another key of this shop".to_string(), KEY.to_string()];
        let code = "mVaTwgHeRFG9h7nunXf4I2RRT/RAupBuaK+zJ+BUAaA=";
        assert_eq!(check(code, b"{\"id\":1}", &keys), Ok(()));
        assert_eq!(
            check(code, b"{\"id\": 1}", &keys),
            Err(WebhookError::Signature)
        );
        assert_eq!(
            check(code, b"{\"id\":1}", &keys[..1]),
            Err(WebhookError::Signature)
        );
        for none in [&[][..], &["short".to_string()]] {
            assert_eq!(check(code, b"{\"id\":1}", none), Err(WebhookError::NoKey));
        }
        for wrong in ["", "?", "AAAA", code.trim_end_matches('=')] {
            assert_eq!(
                check(wrong, b"{\"id\":1}", &keys),
                Err(WebhookError::Signature),
                "{wrong}"
            );
        }
    }

    #[test]
    fn an_order_that_was_paid_is_a_purchase() {
        let body = r#"{
            "id": 820982911946154508, "name": "\#9999", "test": false, "line_items": [{"price": "1"}],
            "total_price": "409.94", "currency": "USD", "email": "jon@shop.example", "phone": null,
            "created_at": "2026-11-21T12:00:00-05:00", "processed_at": "2026-11-21T12:00:01-05:00",
            "customer": {"id": 115310627314723954, "email": "john@shop.example"}}"#;
        let body = body.replace(r"\#", "#");
        insta::assert_snapshot!(event("orders/paid", &body), @r#"{"id":"shopify-order-820982911946154508","time":"2026-11-21T12:00:01-05:00","commerce":"purchase","order":"820982911946154508","revenue":"409.94","currency":"USD","contact":{"customer":"115310627314723954","email":"jon@shop.example"}}"#);
    }

    #[test]
    fn a_detail_that_is_none_costs_no_purchase() {
        let body = r#"{"id": 1, "total_price": "5", "currency": "JPY", "created_at": "T",
            "email": "", "phone": "03-1234-5678", "customer": null}"#;
        insta::assert_snapshot!(event("orders/paid", body), @r#"{"id":"shopify-order-1","time":"T","commerce":"purchase","order":"1","revenue":"5","currency":"JPY"}"#);
        let body = body.replace("03-1234", "+81 3-1234");
        assert!(event("orders/paid", &body).contains(r#""contact":{"phone":"+81 3-1234-5678"}"#));
    }

    #[test]
    fn a_refund_is_what_its_transactions_gave_back() {
        let body = r#"{"id": 7, "order_id": 1, "created_at": "T", "transactions": [
            {"kind": "refund", "status": "success", "amount": "41.94", "currency": "USD"},
            {"kind": "refund", "status": "success", "amount": "0.1", "currency": "USD"},
            {"kind": "refund", "status": "failure", "amount": "100.00", "currency": "USD"},
            {"kind": "void", "status": "success", "amount": "9.00", "currency": "USD"}]}"#;
        insta::assert_snapshot!(event("refunds/create", body), @r#"{"id":"shopify-refund-7","time":"T","commerce":"refund","order":"1","amount":"42.04","currency":"USD"}"#);
        let nothing = r#"{"id": 7, "order_id": 1, "created_at": "T", "transactions": []}"#;
        assert_eq!(
            event("refunds/create", nothing),
            "transactions: no money was given back"
        );
        let mixed = body.replacen("\"USD\"", "\"EUR\"", 1);
        assert!(problem("refunds/create", &mixed).starts_with("transactions.amount: is in more"));
        let wild = body.replacen("41.94", "4e1", 1);
        assert!(problem("refunds/create", &wild).starts_with("transactions.amount: "));
    }

    #[test]
    fn what_is_not_counted_says_why() {
        assert_eq!(
            event("orders/create", "{}"),
            "X-Shopify-Topic: only orders/paid and refunds/create are counted"
        );
        let test = r#"{"id": 1, "test": true}"#;
        assert_eq!(
            event("orders/paid", test),
            "test: an order of a test is not counted"
        );
        for (body, found) in [
            ("[", "the body is not that of orders/paid: line 1, column 1"),
            (r#"{"id": "x"}"#, "id: is not a whole number"),
            (r#"{"id": 1}"#, "created_at: is missing"),
            (r#"{"id": 1, "created_at": "T"}"#, "total_price: is missing"),
        ] {
            assert_eq!(problem("orders/paid", body), found);
        }
    }

    proptest! {
        #[test]
        fn any_body_is_read_without_panic(topic in "orders/paid|refunds/create", body: Vec<u8>) {
            let _ = read(&topic, &body);
        }

        #[test]
        fn an_amount_keeps_every_digit(amount in "[0-9]{1,12}\\.[0-9]{2}") {
            let body = format!(
                r#"{{"id": 1, "total_price": "{amount}", "currency": "USD", "created_at": "T"}}"#
            );
            let revenue = format!(r#""revenue":"{amount}""#);
            prop_assert!(event("orders/paid", &body).contains(&revenue));
        }
    }
}
