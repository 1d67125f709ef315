//! Reading a server's event as it is stored: an item like a page's, and whose it is.

use crate::{
    beacon::{ItemError, ReadItem, read_kept, values::lenient_id},
    commerce::CommerceStep,
    fate::Quarantine,
    id::Id,
    limits,
    money::{Currency, Money, MoneyError},
    observation::{Observation, Seen},
};
use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};
use serde::Deserialize;

/// A server's event as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredItem<'a> {
    /// The observation, with the session that the server named; it has no page and no claims.
    pub item: ReadItem<'a>,
    /// The visitor that the server named.
    pub visitor: Option<Id>,
    /// The identity of the person: `email:<sha-256>`, `phone:<sha-256>` or `customer:<number>`.
    pub contact: Option<String>,
    /// Further identities of the same person.
    pub identities: Vec<String>,
    /// What is given back, where it is a refund.
    pub refund: Option<Refund>,
    /// Whether the person did something: such an event belongs to its visitor's session like a page's.
    /// Without a visitor, never.
    pub interactive: bool,
}

/// An order, or a part of it, that is given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// The order's number, never empty.
    pub order: String,
    /// How much, above zero; `None`: all of it.
    pub money: Option<Money>,
}

#[derive(Deserialize)]
struct Fields {
    #[serde(default, deserialize_with = "lenient_id")]
    visitor: Option<Id>,
    #[serde(default)]
    contact: String,
    #[serde(default)]
    identities: Vec<String>,
    #[serde(default)]
    interactive: bool,
}

/// Reads a server's event as it is stored.
///
/// ```
/// use goalpost_core::server_event::read_stored;
/// let stored = read_stored(
///     r#"{"id":"01a1ee56-5e00-7303-8303-030303030303","seq":0,"kind":"commerce","name":"refund",
///         "properties":{"order":"A1","amount":"20.00","currency":"USD"},"contact":"customer:7"}"#,
/// )?;
/// let refund = stored.refund.unwrap();
/// assert_eq!((refund.order.as_str(), refund.money.unwrap().minor), ("A1", 2_000));
/// # Ok::<(), goalpost_core::beacon::ItemError>(())
/// ```
///
/// # Errors
/// [`ItemError`]; only this event goes to quarantine.
pub fn read_stored(text: &str) -> Result<StoredItem<'_>, ItemError> {
    let item = read_kept(text)?;
    let fail = |reason, detail| ItemError {
        reason,
        detail,
        id: Some(item.observation.id),
        seq: Some(item.observation.seq),
    };
    let fields: Fields = serde_json::from_str(text)
        .map_err(|problem| fail(Quarantine::Field, problem.to_string()))?;
    let contact = (!fields.contact.is_empty()).then_some(fields.contact);
    for identity in contact.iter().chain(&fields.identities) {
        if !is_identity(identity) {
            return Err(fail(
                Quarantine::Field,
                "contact: is not email:, phone: or customer: and at most 128 bytes in all"
                    .to_string(),
            ));
        }
    }
    if fields.identities.len() > limits::IDENTITIES {
        return Err(fail(
            Quarantine::Limit,
            format!(
                "identities: at most {}, this event has {}",
                limits::IDENTITIES,
                fields.identities.len()
            ),
        ));
    }
    let refund =
        refund(&item.observation).map_err(|detail| fail(Quarantine::Value, detail.to_string()))?;
    Ok(StoredItem {
        item,
        visitor: fields.visitor,
        contact,
        identities: fields.identities,
        refund,
        interactive: fields.interactive && fields.visitor.is_some(),
    })
}

/// Whether the text names a person in one of the three ways.
pub(super) fn is_identity(text: &str) -> bool {
    let named = ["email:", "phone:", "customer:"].iter().any(|kind| {
        text.strip_prefix(kind)
            .is_some_and(|name| !name.trim().is_empty())
    });
    named && text.len() <= limits::CONTACT_BYTES
}

fn refund(observation: &Observation) -> Result<Option<Refund>, &'static str> {
    let Seen::Commerce {
        step: CommerceStep::Refund,
    } = observation.seen
    else {
        return Ok(None);
    };
    let properties = &observation.properties;
    let order = properties
        .text("order")
        .filter(|order| !order.trim().is_empty())
        .ok_or("order: is missing; a refund names the order that it gives back")?;
    let Some(amount) = properties.text("amount") else {
        return Ok(Some(Refund {
            order: order.to_string(),
            money: None,
        }));
    };
    let code = properties
        .text("currency")
        .ok_or("currency: is missing beside amount")?;
    let currency =
        Currency::parse(code).map_err(|_| "currency: is not a currency code of ISO 4217")?;
    let money = Money::parse(amount, currency).map_err(|problem| match problem {
        MoneyError::TooPrecise => "amount: has more decimals than its currency",
        MoneyError::TooLarge => "amount: is too large for an amount",
        _ => "amount: is not a plain decimal number, such as 20.00",
    })?;
    if money.minor <= 0 {
        return Err("amount: is not above zero; leave it out to give back all of the order");
    }
    Ok(Some(Refund {
        order: order.to_string(),
        money: Some(money),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(rest: &str) -> Result<StoredItem<'static>, String> {
        let text = format!("{{\"id\":\"01a1ee56-5e00-7303-8303-030303030303\",\"seq\":0,{rest}}}");
        let text: &'static str = String::leak(text);
        read_stored(text).map_err(|problem| format!("{} {problem}", problem.reason.name()))
    }

    #[test]
    fn whose_it_is_stands_beside_the_observation() {
        let stored = event(
            "\"kind\":\"trigger\",\"name\":\"close-won\",\
             \"session\":\"01a1ee56-5e00-7303-8303-030303030304\",\
             \"visitor\":\"01a1ee56-5e00-7303-8303-030303030305\",\
             \"contact\":\"customer:7\",\"identities\":[\"email:aa\"],\"interactive\":true",
        )
        .unwrap();
        assert!(stored.visitor.is_some() && stored.item.session.is_some());
        assert_eq!(stored.contact.as_deref(), Some("customer:7"));
        assert_eq!(stored.identities, ["email:aa"]);
        assert!(stored.interactive);
        assert_eq!(stored.refund, None);
    }

    #[test]
    fn a_refund_without_an_amount_gives_all_back() {
        let stored =
            event("\"kind\":\"commerce\",\"name\":\"refund\",\"properties\":{\"order\":\"A1\"}");
        let refund = stored.unwrap().refund.unwrap();
        assert_eq!((refund.order.as_str(), refund.money), ("A1", None));
    }

    #[test]
    fn what_cannot_be_given_back_is_named() {
        let table = [
            (
                "",
                "value order: is missing; a refund names the order that it gives back",
            ),
            (
                "\"order\":\"A1\",\"amount\":\"0\",\"currency\":\"JPY\"",
                "value amount: is not above zero; leave it out to give back all of the order",
            ),
            (
                "\"order\":\"A1\",\"amount\":\"1.005\",\"currency\":\"USD\"",
                "value amount: has more decimals than its currency",
            ),
            (
                "\"order\":\"A1\",\"amount\":\"1\"",
                "value currency: is missing beside amount",
            ),
        ];
        for (properties, expected) in table {
            let problem = event(&format!(
                "\"kind\":\"commerce\",\"name\":\"refund\",\"properties\":{{{properties}}}"
            ));
            assert_eq!(problem.unwrap_err(), expected);
        }
    }

    #[test]
    fn a_contact_of_another_kind_is_refused() {
        let problem = event("\"kind\":\"event\",\"name\":\"x\",\"contact\":\"a@b.example\"");
        assert!(problem.unwrap_err().starts_with("field contact: "));
    }
}
