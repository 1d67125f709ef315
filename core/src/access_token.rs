//! What Cloudflare Access says of a person that it let through: a JSON Web Token in a header.
//!
//! The header alone proves nothing, since anybody can send it. It is read here; whether the team's key
//! has signed it, only the platform's cryptography can say, in between [`Assertion::read`] and
//! [`Assertion::who`]. Keys come from the team's own address and are kept in a [`KeyRing`].
//!
//! One algorithm is taken, RS256, which is what Access signs with: a token that names another one, or
//! none, is refused before any key is looked for.
//!
//! Source: <https://developers.cloudflare.com/cloudflare-one/identity/authorization-cookie/validating-json/>

use alloc::{string::String, vec::Vec};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// The only algorithm: RSASSA-PKCS1-v1_5 with SHA-256.
const ALGORITHM: &str = "RS256";

/// Seconds that the clocks of Access and the edge may differ.
const LEEWAY_S: i64 = 30;

/// A longer token is none of Access.
const TOKEN_BYTES: usize = 16_384;

/// Keys of a team that are kept. Access has two at a time.
const KEYS: usize = 16;

/// How long keys are gone by before they are fetched again.
const FRESH_MS: i64 = 3_600_000;

/// How long they are gone by where they cannot be fetched.
const KEPT_MS: i64 = 86_400_000;

/// Within this time, keys are fetched so many times at most: anybody can name a key that is not there.
const FETCHES: (i64, usize) = (60_000, 10);

/// Why nobody is let in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each says what it is")]
#[allow(clippy::exhaustive_enums, reason = "each has its own test")]
pub enum AccessProblem {
    #[error("Cf-Access-Jwt-Assertion: is no JSON Web Token of Access")]
    Malformed,
    #[error("Cf-Access-Jwt-Assertion: alg is not RS256, the one algorithm of Access")]
    Algorithm,
    #[error("Cf-Access-Jwt-Assertion: kid names none of the team's keys; sign in anew")]
    Key,
    #[error("Cf-Access-Jwt-Assertion: the signature is not that of the team's key")]
    Signature,
    #[error("Cf-Access-Jwt-Assertion: iss is not the team of ACCESS_TEAM")]
    Issuer,
    #[error("Cf-Access-Jwt-Assertion: aud is none of ACCESS_AUD")]
    Audience,
    #[error("Cf-Access-Jwt-Assertion: exp is over; sign in anew")]
    Expired,
    #[error("Cf-Access-Jwt-Assertion: nbf is still to come; set the clock right")]
    NotYet,
}

#[derive(Deserialize)]
struct Head {
    alg: String,
    kid: String,
    /// What a reader would have to understand; nothing of the kind is.
    crit: Option<serde::de::IgnoredAny>,
}

#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    aud: OneOrMany,
    exp: i64,
    nbf: Option<i64>,
    /// The person; empty for a service.
    #[serde(default)]
    sub: String,
    /// The service.
    #[serde(default)]
    common_name: String,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// A token that was read, and is not proved yet.
#[derive(Debug)]
pub struct Assertion<'a> {
    /// What is signed.
    pub signed: &'a str,
    /// The name of the key that is said to have signed it.
    pub key: String,
    /// The signature.
    pub signature: Vec<u8>,
    claims: Claims,
}

/// What a deployment expects of its tokens.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs, reason = "whoever checks says all of it")]
pub struct Expected<'a> {
    /// The team's host, such as `acme.cloudflareaccess.com`.
    pub team: &'a str,
    /// Its applications, of which one must be meant.
    pub audiences: &'a [String],
    /// Now: Unix milliseconds.
    pub now: i64,
}

impl<'a> Assertion<'a> {
    /// Reads a token. Nothing that it says is proved by that.
    ///
    /// # Errors
    /// [`AccessProblem::Malformed`] and [`AccessProblem::Algorithm`].
    pub fn read(token: &'a str) -> Result<Self, AccessProblem> {
        let malformed = || AccessProblem::Malformed;
        if token.len() > TOKEN_BYTES {
            return Err(malformed());
        }
        let (signed, signature) = token.rsplit_once('.').ok_or_else(malformed)?;
        let (head, claims) = signed.split_once('.').ok_or_else(malformed)?;
        let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed());
        let head: Head = serde_json::from_slice(&bytes(head)?).map_err(|_| malformed())?;
        if head.alg != ALGORITHM {
            return Err(AccessProblem::Algorithm);
        }
        if head.crit.is_some() {
            return Err(malformed());
        }
        Ok(Self {
            signed,
            key: head.kid,
            signature: bytes(signature)?,
            claims: serde_json::from_slice(&bytes(claims)?).map_err(|_| malformed())?,
        })
    }

    /// Who it is about, if it is for this deployment and holds now. Its signature must have been found
    /// to be that of the key.
    ///
    /// A person is told by the id that Access has for them, never by an e-mail address.
    ///
    /// # Errors
    /// What does not hold.
    pub fn who(&self, expected: &Expected<'_>) -> Result<String, AccessProblem> {
        let claims = &self.claims;
        let now = expected.now.div_euclid(1_000);
        if claims.iss.strip_prefix("https://") != Some(expected.team) {
            return Err(AccessProblem::Issuer);
        }
        let audiences = match &claims.aud {
            OneOrMany::One(one) => core::slice::from_ref(one),
            OneOrMany::Many(many) => many,
        };
        if !audiences.iter().any(|own| expected.audiences.contains(own)) {
            return Err(AccessProblem::Audience);
        }
        if now >= claims.exp.saturating_add(LEEWAY_S) {
            return Err(AccessProblem::Expired);
        }
        if claims
            .nbf
            .is_some_and(|from| now.saturating_add(LEEWAY_S) < from)
        {
            return Err(AccessProblem::NotYet);
        }
        let name = if claims.sub.is_empty() {
            &claims.common_name
        } else {
            &claims.sub
        };
        if name.is_empty() {
            return Err(AccessProblem::Malformed);
        }
        Ok(written(name))
    }
}

/// A name for the log: an id as it is, anything else only as the beginning of its SHA-256.
fn written(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    if name.len() <= 64 && name.bytes().all(plain) {
        return name.to_owned();
    }
    let digest = Sha256::digest(name.as_bytes());
    let digits = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .take(32)
        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
        .collect()
}

/// A key of the team: an RSA key's modulus and exponent, as base64url.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "it is what it is")]
pub struct Key {
    /// Its name.
    pub kid: String,
    /// The modulus.
    pub n: String,
    /// The exponent.
    pub e: String,
}

/// The keys of a document of `/cdn-cgi/access/certs` that sign by the one algorithm; `None` if it is no
/// such document.
pub fn read_keys(document: &str) -> Option<Vec<Key>> {
    #[derive(Deserialize)]
    struct Document {
        keys: Vec<Listed>,
    }
    #[derive(Deserialize)]
    struct Listed {
        #[serde(default)]
        kid: String,
        #[serde(default)]
        kty: String,
        alg: Option<String>,
        r#use: Option<String>,
        #[serde(default)]
        n: String,
        #[serde(default)]
        e: String,
    }
    let Document { keys } = serde_json::from_str(document).ok()?;
    let signs = |key: &Listed| {
        key.kty == "RSA"
            && key.alg.as_deref().is_none_or(|alg| alg == ALGORITHM)
            && key.r#use.as_deref().is_none_or(|own| own == "sig")
            && !key.kid.is_empty()
            && !key.n.is_empty()
            && !key.e.is_empty()
    };
    let keys = keys.into_iter().filter(signs).take(KEYS);
    Some(
        keys.map(|Listed { kid, n, e, .. }| Key { kid, n, e })
            .collect(),
    )
}

/// The keys of a team, as far as they are known here.
#[derive(Debug, Default)]
pub struct KeyRing {
    keys: Vec<Key>,
    fetched_at: Option<i64>,
    /// When they were asked for, as far back as that counts.
    asked: Vec<i64>,
}

/// What is to be done about a key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "each is to be done")]
pub enum Lookup {
    /// It is this one.
    Known(Key),
    /// The team's keys are to be fetched first; if that fails, this one may still be gone by.
    Fetch(Option<Key>),
    /// It is none of the team's, or too many were asked for.
    Unknown,
}

impl KeyRing {
    /// No keys yet.
    pub const fn new() -> Self {
        Self {
            keys: Vec::new(),
            fetched_at: None,
            asked: Vec::new(),
        }
    }

    /// Looks for a key at `now`. Whoever is told to fetch does so: it is counted here.
    pub fn look_up(&mut self, kid: &str, now: i64) -> Lookup {
        let age = self.fetched_at.map(|at| now.saturating_sub(at));
        let known = self.keys.iter().find(|key| key.kid == kid);
        let known = known
            .filter(|_| age.is_some_and(|age| age < KEPT_MS))
            .cloned();
        if let (Some(key), true) = (&known, age.is_some_and(|age| age < FRESH_MS)) {
            return Lookup::Known(key.clone());
        }
        let (within, most) = FETCHES;
        self.asked.retain(|at| now.saturating_sub(*at) < within);
        if self.asked.len() < most {
            self.asked.push(now);
            return Lookup::Fetch(known);
        }
        known.map_or(Lookup::Unknown, Lookup::Known)
    }

    /// Keys that were fetched at `now`: what is no longer among them is no key any more.
    pub fn fetched(&mut self, keys: Vec<Key>, now: i64) {
        self.keys = keys;
        self.fetched_at = Some(now);
    }

    /// The key of that name.
    pub fn key(&self, kid: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.kid == kid)
    }
}

#[cfg(test)]
mod tests;
