//! Order tokens: a shop's signature under an amount, carried by the page.
//!
//! The shop's server writes the token into the page that thanks for an order, and the page passes it
//! as the property `token` of the purchase. What the page claims is then as good as what the server
//! says, and nobody without the key can claim another amount.
//!
//! A token is two parts in base64url, joined by a full stop: the JSON of an [`OrderToken`], and the
//! HMAC-SHA256 of the first part's text.

use crate::{
    money::{Currency, Money},
    signature,
};
use alloc::{borrow::Cow, string::String};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

/// What an order token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderToken<'a> {
    /// Whose order it is.
    #[serde(borrow)]
    pub site: Cow<'a, str>,
    /// The order's number.
    #[serde(borrow)]
    pub order: Cow<'a, str>,
    /// What it is worth, as decimal text.
    #[serde(borrow)]
    pub amount: Cow<'a, str>,
    /// The ISO 4217 currency of the amount.
    #[serde(borrow)]
    pub currency: Cow<'a, str>,
    /// Until when it may be shown: Unix milliseconds.
    pub expires: i64,
}

/// Why a token proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(clippy::exhaustive_enums, reason = "each has its row and its text")]
pub enum OrderTokenProblem {
    /// Not two parts in base64url, or its first part is not what a token says.
    #[error("token: is not an order token")]
    Malformed,
    /// None of the site's keys has signed it.
    #[error("token: no key of the site has signed it")]
    Signature,
    /// It was made for another site.
    #[error("token: is of another site")]
    Site,
    /// It was made for another order.
    #[error("token: is of another order")]
    Order,
    /// It was made for another amount, or for the amount in another currency.
    #[error("token: is of another amount or currency")]
    Money,
    /// It arrived too late.
    #[error("token: has expired")]
    Expired,
}

impl OrderTokenProblem {
    /// The stable name, used in storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Signature => "signature",
            Self::Site => "site",
            Self::Order => "order",
            Self::Money => "money",
            Self::Expired => "expired",
        }
    }
}

/// The token's text.
///
/// ```
/// use goalpost_core::{Currency, Money, order_token::{OrderToken, OrderTokenProblem, sign, verify}};
/// let keys = [String::from("a key of 32 random bytes or more")];
/// let token = sign(
///     &OrderToken {
///         site: "shop".into(),
///         order: "A1".into(),
///         amount: "129.00".into(),
///         currency: "USD".into(),
///         expires: 1_795_000_000_000,
///     },
///     &keys[0],
/// );
/// let dollars = |minor| Money { minor, currency: Currency::parse("USD").unwrap() };
/// let of = |money| verify(&token, "shop", "A1", money, &keys, 1_794_999_999_999);
/// assert_eq!(of(dollars(12_900)), Ok(()));
/// assert_eq!(of(dollars(1)), Err(OrderTokenProblem::Money));
/// ```
pub fn sign(token: &OrderToken<'_>, key: &str) -> String {
    // Only maps with keys that are no texts fail, and a token has none.
    let payload = serde_json::to_string(token).unwrap_or_default();
    let mut text = URL_SAFE_NO_PAD.encode(payload);
    let code = signature::code(key, &[text.as_bytes()]);
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(code, &mut text);
    text
}

/// Whether the token proves that this order of this site is worth `money`, at `now` (Unix
/// milliseconds).
///
/// # Errors
/// [`OrderTokenProblem`]
pub fn verify(
    token: &str,
    site: &str,
    order: &str,
    money: Money,
    keys: &[String],
    now: i64,
) -> Result<(), OrderTokenProblem> {
    use OrderTokenProblem as Problem;
    let (payload, code) = token.split_once('.').ok_or(Problem::Malformed)?;
    let code = URL_SAFE_NO_PAD
        .decode(code)
        .map_err(|_| Problem::Malformed)?;
    if !signature::is_of_any(keys, &[payload.as_bytes()], &code) {
        return Err(Problem::Signature);
    }
    let payload = URL_SAFE_NO_PAD
        .decode(payload)
        .map_err(|_| Problem::Malformed)?;
    let said: OrderToken<'_> = serde_json::from_slice(&payload).map_err(|_| Problem::Malformed)?;
    let worth = Currency::parse(&said.currency)
        .and_then(|currency| Money::parse(&said.amount, currency))
        .map_err(|_| Problem::Malformed)?;
    if said.site != site {
        Err(Problem::Site)
    } else if said.order != order || order.is_empty() {
        Err(Problem::Order)
    } else if worth != money {
        Err(Problem::Money)
    } else if now > said.expires {
        Err(Problem::Expired)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    const NOW: i64 = 1_795_000_000_000;
    const KEY: &str = "0123456789abcdef";

    fn token() -> OrderToken<'static> {
        OrderToken {
            site: "shop".into(),
            order: "A1".into(),
            amount: "129".into(),
            currency: "USD".into(),
            expires: NOW,
        }
    }

    fn money(minor: i64, currency: &str) -> Money {
        Money {
            minor,
            currency: Currency::parse(currency).unwrap(),
        }
    }

    fn keys() -> Vec<String> {
        [KEY.to_string()].into()
    }

    fn checked(token: &str) -> Result<(), OrderTokenProblem> {
        verify(token, "shop", "A1", money(12_900, "USD"), &keys(), NOW)
    }

    #[test]
    fn a_token_is_for_one_order_of_one_site_and_one_amount_until_it_ends() {
        use OrderTokenProblem as Problem;
        let text = sign(&token(), KEY);
        assert_eq!(checked(&text), Ok(()));
        let with = |site, order, minor, currency, now| {
            verify(&text, site, order, money(minor, currency), &keys(), now).unwrap_err()
        };
        assert_eq!(with("other", "A1", 12_900, "USD", NOW), Problem::Site);
        assert_eq!(with("shop", "A2", 12_900, "USD", NOW), Problem::Order);
        assert_eq!(with("shop", "", 12_900, "USD", NOW), Problem::Order);
        assert_eq!(with("shop", "A1", 12_901, "USD", NOW), Problem::Money);
        assert_eq!(with("shop", "A1", 12_900, "EUR", NOW), Problem::Money);
        assert_eq!(with("shop", "A1", 12_900, "USD", NOW + 1), Problem::Expired);
    }

    #[test]
    fn only_a_key_of_the_site_makes_a_token() {
        let text = sign(&token(), "another key than it");
        assert_eq!(checked(&text), Err(OrderTokenProblem::Signature));
        let both = [KEY.to_string(), "another key than it".to_string()];
        let found = verify(&text, "shop", "A1", money(12_900, "USD"), &both, NOW);
        assert_eq!(found, Ok(()));
        let none = verify(&text, "shop", "A1", money(12_900, "USD"), &[], NOW);
        assert_eq!(none, Err(OrderTokenProblem::Signature));
    }

    #[test]
    fn what_is_signed_but_says_nothing_is_malformed() {
        for payload in ["{}", "[]", r#"{"site":"shop"}"#] {
            let mut text = URL_SAFE_NO_PAD.encode(payload);
            let code = signature::code(KEY, &[text.as_bytes()]);
            text.push('.');
            text.push_str(&URL_SAFE_NO_PAD.encode(code));
            assert_eq!(checked(&text), Err(OrderTokenProblem::Malformed));
        }
        let yen = OrderToken {
            currency: "JPY".into(),
            amount: "1.5".into(),
            ..token()
        };
        let found = checked(&sign(&yen, KEY));
        assert_eq!(found, Err(OrderTokenProblem::Malformed));
    }

    #[test]
    fn the_signature_of_a_request_is_no_token() {
        // Both are made with one key: a request's always has a full stop in what is signed.
        let header = signature::sign(b"x", NOW / 1_000, KEY);
        let code: Vec<u8> = header.split_once("v1=").unwrap().1.as_bytes().to_vec();
        let text = alloc::format!("{}.{}", NOW / 1_000, URL_SAFE_NO_PAD.encode(code));
        assert_eq!(checked(&text), Err(OrderTokenProblem::Signature));
    }

    proptest! {
        #[test]
        fn each_letter_is_under_the_signature(at: prop::sample::Index, letter in "[A-Za-z0-9_.-]") {
            let text = sign(&token(), KEY);
            let at = at.index(text.len());
            let mut other = text.clone();
            other.replace_range(at..=at, &letter);
            prop_assert_eq!(checked(&other).is_ok(), other == text);
        }

        #[test]
        fn any_text_is_read_without_panic(text: String) {
            prop_assert!(checked(&text).is_err());
        }
    }
}
