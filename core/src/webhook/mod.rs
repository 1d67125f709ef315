//! Webhooks: what other systems report in words of their own, signed in ways of their own.
//!
//! A [`Kind`] says how its requests are signed and read. The signature is of the bytes as they came,
//! and is looked at before anything reads them. What is read becomes events as a server of the shop
//! would send them ([`server_event`](crate::server_event)), whose ids follow from what they are about:
//! however often a webhook is delivered, and by however many subscriptions, it counts once.

mod shopify;

pub use shopify::{SIGNATURE as SHOPIFY_SIGNATURE, TOPIC as SHOPIFY_TOPIC};

use alloc::string::String;

/// Who sends the webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "each has its way of signing")]
pub enum Kind {
    /// Events as a server sends them, signed with `Goalpost-Signature`.
    Goalpost,
    /// A Shopify shop: orders that were paid, and refunds.
    Shopify,
}

impl Kind {
    /// Every kind, in order.
    pub const ALL: [Self; 2] = [Self::Goalpost, Self::Shopify];

    /// The name in the address.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Goalpost => "goalpost",
            Self::Shopify => "shopify",
        }
    }

    /// The kind of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What a webhook says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "each has its answer")]
pub enum Said {
    /// An event, as a server would send it.
    Event(String),
    /// Nothing that is counted, and why.
    Nothing(&'static str),
}

/// Why a webhook is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// The site has no key of this kind of at least [`KEY_BYTES`](crate::signature::KEY_BYTES).
    #[error(
        "the site has no key of this kind; put what signs its webhooks into the secret WEBHOOK_KEYS"
    )]
    NoKey,
    /// None of the keys makes this signature.
    #[error("X-Shopify-Hmac-SHA256: no key of the site makes this signature of the body")]
    Signature,
    /// The body does not say what the topic promises.
    #[error("{0}")]
    Body(String),
}

/// Whether one of `keys` has signed this body, as Shopify signs.
///
/// # Errors
/// [`WebhookError::NoKey`] and [`WebhookError::Signature`]
pub fn check_shopify(code: &str, body: &[u8], keys: &[String]) -> Result<(), WebhookError> {
    shopify::check(code, body, keys)
}

/// What a body of this topic says, as Shopify words it.
///
/// ```
/// use goalpost_core::webhook::{Said, read_shopify};
/// let paid = r#"{"id": 820982911946154508, "created_at": "2026-11-21T12:00:00+09:00",
///     "total_price": "14800", "currency": "JPY", "customer": {"id": 7}}"#;
/// let Said::Event(event) = read_shopify("orders/paid", paid.as_bytes())? else {
///     unreachable!("an order is an event");
/// };
/// assert!(event.contains(r#""order":"820982911946154508","revenue":"14800","currency":"JPY""#));
/// # Ok::<(), goalpost_core::webhook::WebhookError>(())
/// ```
///
/// # Errors
/// [`WebhookError::Body`]
pub fn read_shopify(topic: &str, body: &[u8]) -> Result<Said, WebhookError> {
    shopify::read(topic, body)
}
