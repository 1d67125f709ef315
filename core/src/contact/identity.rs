//! What a person is known as. The page and the edge write one text for one person.

use crate::limits;
use alloc::{collections::BTreeMap, format, string::String, vec::Vec};
use core::fmt;
use sha2::{Digest as _, Sha256};

/// Bytes of an identity on the wire.
const IDENTITY_BYTES: usize = 128;

/// One thing that a person is known as: `email:<SHA-256>`, `phone:<SHA-256>` or `customer:<number>`.
///
/// Addresses and numbers are hashed where they are given and never kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity(String);

/// Why a text is no identity, in words that follow the field's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// It is of no kind.
    #[error("does not begin with email:, phone: or customer:")]
    Kind,
    /// What follows `email:` or `phone:` is no hash.
    #[error(
        "is not email: or phone: with the 64 hexadecimal digits of a SHA-256; to have it hashed here, send the address as 'email' or the number as 'phone'"
    )]
    Hash,
    /// Nothing follows `customer:`.
    #[error("names no customer: write customer: and the shop's own number for them")]
    Customer,
    /// It is longer than the wire takes.
    #[error("is longer than 128 bytes")]
    Long,
    /// It has no `@` with something on both sides.
    #[error("is not an e-mail address, such as name@shop.example")]
    Email,
    /// It has no digit.
    #[error("is not a phone number, such as +81 3 1234 5678")]
    Phone,
}

impl Identity {
    /// Reads an identity. Spaces around it and capitals in a hash do not matter.
    ///
    /// # Errors
    /// [`IdentityError`], with what to write instead.
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        let (kind, name) = trimmed(text).split_once(':').ok_or(IdentityError::Kind)?;
        match kind {
            "customer" => Self::customer(name),
            "email" | "phone" => {
                let hash = trimmed(name).to_ascii_lowercase();
                let digits = hash.bytes().all(|byte| byte.is_ascii_hexdigit());
                if digits && hash.len() == 64 {
                    Ok(Self(format!("{kind}:{hash}")))
                } else {
                    Err(IdentityError::Hash)
                }
            }
            _ => Err(IdentityError::Kind),
        }
    }

    /// The identity of an e-mail address: without the spaces around it, in small letters, hashed.
    ///
    /// ```
    /// use goalpost_core::contact::Identity;
    /// assert_eq!(Identity::email(" A@Shop.Example "), Identity::email("a@shop.example"));
    /// assert!(Identity::email("a").is_err());
    /// ```
    ///
    /// # Errors
    /// [`IdentityError::Email`] for what is clearly no address.
    pub fn email(address: &str) -> Result<Self, IdentityError> {
        let address = trimmed(address).to_lowercase();
        match address.rsplit_once('@') {
            Some((name, host)) if !name.is_empty() && !host.is_empty() => {
                Ok(Self(format!("email:{}", sha256(&address))))
            }
            _ => Err(IdentityError::Email),
        }
    }

    /// The identity of a phone number in international form: `+` and its digits, hashed.
    ///
    /// ```
    /// use goalpost_core::contact::Identity;
    /// assert_eq!(Identity::phone("+81 (3) 1234-5678"), Identity::phone("+81312345678"));
    /// ```
    ///
    /// # Errors
    /// [`IdentityError::Phone`] if it has no digit: what nobody can be told apart by.
    pub fn phone(number: &str) -> Result<Self, IdentityError> {
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        if digits.is_empty() {
            return Err(IdentityError::Phone);
        }
        Ok(Self(format!("phone:{}", sha256(&format!("+{digits}")))))
    }

    /// The identity of a shop's own number for a customer, without the spaces around it.
    ///
    /// # Errors
    /// [`IdentityError::Customer`] if it is empty, [`IdentityError::Long`] if the wire would not
    /// take it.
    pub fn customer(number: &str) -> Result<Self, IdentityError> {
        let number = trimmed(number);
        if number.is_empty() {
            return Err(IdentityError::Customer);
        }
        let identity = format!("customer:{}", clipped(number));
        if identity.len() > IDENTITY_BYTES {
            return Err(IdentityError::Long);
        }
        Ok(Self(identity))
    }

    /// The text, as stored and sent.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// The name of each person by each of their identities: the smallest identity of all that are linked
/// to it, directly or over others.
///
/// Each list names identities of one person; a list of one is a person of its own. Lists may come in
/// any order and any number of times, and the answer can itself be given again as pairs, together
/// with more lists.
///
/// ```
/// use goalpost_core::contact::canonical;
/// let lists = [vec!["email:2", "phone:9"], vec!["phone:9", "customer:1"], vec!["email:3"]];
/// let names = canonical(lists);
/// assert_eq!(names["phone:9"], "customer:1");
/// assert_eq!(names["email:2"], "customer:1");
/// assert_eq!(names["email:3"], "email:3");
/// ```
pub fn canonical<'a, L>(lists: impl IntoIterator<Item = L>) -> BTreeMap<&'a str, &'a str>
where
    L: IntoIterator<Item = &'a str>,
{
    // Each identity points to a smaller one of the same person, the smallest to itself.
    let mut smaller: BTreeMap<&'a str, &'a str> = BTreeMap::new();
    for list in lists {
        let mut name: Option<&'a str> = None;
        for identity in list {
            let own = smallest(&mut smaller, identity);
            let (least, other) = name.map_or((own, own), |name| (name.min(own), name.max(own)));
            smaller.insert(other, least);
            name = Some(least);
        }
    }
    let identities: Vec<&'a str> = smaller.keys().copied().collect();
    identities
        .into_iter()
        .map(|identity| (identity, smallest(&mut smaller, identity)))
        .collect()
}

/// The end of an identity's chain; the chain is made shorter on the way, so that long ones stay cheap.
fn smallest<'a>(smaller: &mut BTreeMap<&'a str, &'a str>, identity: &'a str) -> &'a str {
    let mut at = identity;
    loop {
        let next = *smaller.entry(at).or_insert(at);
        if next == at {
            return at;
        }
        let after = smaller.get(next).copied().unwrap_or(next);
        smaller.insert(at, after);
        at = after;
    }
}

/// Without what JavaScript's `trim` takes away, which is not quite Rust's idea of white space.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|character: char| {
        (character.is_whitespace() && character != '\u{85}') || character == '\u{feff}'
    })
}

/// As many characters as JavaScript counts up to the bound; of one that lies across it, what is left
/// of it on the wire.
fn clipped(text: &str) -> String {
    let mut units = 0usize;
    let mut out = String::new();
    for character in text.chars() {
        units = units.saturating_add(character.len_utf16());
        if units > limits::NAME_BYTES {
            let across = units.saturating_sub(character.len_utf16()) < limits::NAME_BYTES;
            out.extend(across.then_some(char::REPLACEMENT_CHARACTER));
            break;
        }
        out.push(character);
    }
    out
}

fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
        .collect()
}
