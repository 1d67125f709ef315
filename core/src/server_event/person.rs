//! Who it was: a server's own words for a person, as the identities that the wire knows.
//!
//! An e-mail address or a phone number is hashed here, in the same way as in the page, and goes no
//! further. No error repeats one.

use super::{
    EventError,
    fields::{Fields, text},
    stored::is_identity,
};
use crate::limits;
use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};
use core::fmt::Write as _;
use sha2::{Digest as _, Sha256};

/// A person as a server names them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Person {
    /// The first of the identities: the shop's own number, else the e-mail address, else the phone.
    pub(super) contact: Option<String>,
    /// The others, each once.
    pub(super) identities: Vec<String>,
}

const FIELDS: [&str; 5] = ["customer", "email", "email_sha256", "phone", "phone_sha256"];

/// Letters of a customer's number, as many as a page keeps.
const CUSTOMER: usize = 64;

/// Digits of a phone number: E.164 has at most 15.
const PHONE: core::ops::RangeInclusive<usize> = 5..=15;

/// Reads a contact: an object of details, or an identity text.
pub(super) fn read(raw: &str) -> Result<Person, EventError> {
    if raw.starts_with('"') {
        return Ok(Person {
            contact: Some(identity(&text("contact", raw)?)?),
            identities: Vec::new(),
        });
    }
    let fields = Fields::read(raw, "a contact", &FIELDS)
        .map_err(|problem| EventError(format!("contact.{problem}")))?;
    let mut all: Vec<String> = Vec::new();
    for name in FIELDS {
        let given = fields
            .text_or_number(name)
            .map_err(|problem| EventError(format!("contact.{problem}")))?;
        let Some(given) = given.as_deref().map(str::trim).filter(|it| !it.is_empty()) else {
            continue;
        };
        let identity = of(name, given)?;
        if !all.contains(&identity) {
            all.push(identity);
        }
    }
    let mut all = all.into_iter();
    let contact = all.next().ok_or_else(|| {
        EventError::new(
            "contact",
            &format!(
                "names nobody; write one of {}, or leave it out",
                FIELDS.join(", ")
            ),
        )
    })?;
    Ok(Person {
        contact: Some(contact),
        identities: all.collect(),
    })
}

/// The identity that a detail names.
fn of(name: &str, given: &str) -> Result<String, EventError> {
    let fail = |text: &str| Err(EventError(format!("contact.{name}: {text}")));
    match name {
        "customer" => match customer(given) {
            Ok(()) => Ok(format!("customer:{given}")),
            Err(text) => fail(text),
        },
        "email" if !is_address(given) => fail("is not an e-mail address"),
        "email" => Ok(format!("email:{}", sha256(&given.to_lowercase()))),
        "phone" => {
            let digits: String = given.chars().filter(char::is_ascii_digit).collect();
            if PHONE.contains(&digits.len()) {
                Ok(format!("phone:{}", sha256(&format!("+{digits}"))))
            } else {
                fail("is not a phone number with its country's code, such as +81 3 1234 5678")
            }
        }
        _ if !is_sha256(given) => fail("is not a SHA-256 in 64 hexadecimal digits"),
        "email_sha256" => Ok(format!("email:{}", given.to_ascii_lowercase())),
        _ => Ok(format!("phone:{}", given.to_ascii_lowercase())),
    }
}

/// An identity as the wire writes it: of an e-mail address or a phone number only the hash.
fn identity(text: &str) -> Result<String, EventError> {
    let fail = |text: &str| Err(EventError::new("contact", text));
    match text.split_once(':') {
        Some(("email" | "phone", hash)) if is_sha256(hash) => Ok(text.to_ascii_lowercase()),
        Some(("email" | "phone", _)) => {
            fail("has no SHA-256 after the colon; write it as an object, such as { \"email\": … }")
        }
        Some(("customer", number)) if is_identity(text) => match customer(number) {
            Ok(()) => Ok(text.to_string()),
            Err(problem) => fail(problem),
        },
        _ => fail("is not email:, phone: or customer: with a name after it; or write an object"),
    }
}

fn customer(number: &str) -> Result<(), &'static str> {
    if is_address(number) {
        Err("is an e-mail address, which is never stored; write it as 'email'")
    } else if number.encode_utf16().count() > CUSTOMER
        || "customer:".len().saturating_add(number.len()) > limits::CONTACT_BYTES
    {
        Err("has more than 64 letters")
    } else {
        Ok(())
    }
}

/// Whether a text is an e-mail address, and so no number of a customer.
pub(crate) fn is_address(text: &str) -> bool {
    text.split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'))
        && !text.contains(char::is_whitespace)
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|digit| digit.is_ascii_hexdigit())
}

fn sha256(text: &str) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
        // Writing to a text cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}
