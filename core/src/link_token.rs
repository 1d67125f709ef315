//! Link tokens: what a visitor takes along from one of a site's hosts to another.
//!
//! Browsers keep storage and cookies by host, so who goes from a shop to its checkout on another
//! host would arrive as somebody else. The page that is left asks the edge for a token and adds it to
//! the link's address; the page that is reached hands it back, and the edge says whose visit goes on.
//!
//! A token holds for one site, from one host to one other, and for [`LIFE_MS`]. Neither the site nor
//! the hosts stand in it: they are under its signature, and whoever reads it must know them. It is
//! base64url of a version, the time until which it holds, the record, and an HMAC-SHA256.

use crate::{id::Id, session::SessionRecord, signature};
use alloc::{string::String, vec::Vec};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// How long a token holds, in milliseconds: a click and a slow page. A link that was copied with its
/// token is worth nothing soon after.
pub const LIFE_MS: i64 = 120_000;

const VERSION: u8 = 1;

/// What no signature of another kind begins with, so that none can stand for another.
const PURPOSE: &[u8] = b"goalpost link\n";

/// Whose visitor goes which way: what a token holds for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "a token holds for exactly this")]
pub struct Way<'a> {
    /// The site.
    pub site: &'a str,
    /// The host of the page that is left.
    pub from: &'a str,
    /// The host of the page that is reached.
    pub to: &'a str,
}

impl<'a> Way<'a> {
    /// The way from one of the site's hosts to another of them.
    ///
    /// # Errors
    /// [`LinkProblem::Elsewhere`] where it begins or ends outside the site, or goes nowhere.
    pub fn between(
        site: &'a str,
        hosts: &'a [String],
        from: &str,
        to: &str,
    ) -> Result<Self, LinkProblem> {
        let own = |host: &str| hosts.iter().find(|own| own.eq_ignore_ascii_case(host));
        match (own(from), own(to)) {
            (Some(from), Some(to)) if from != to => Ok(Self { site, from, to }),
            _ => Err(LinkProblem::Elsewhere),
        }
    }
}

/// Why a token says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[allow(clippy::exhaustive_enums, reason = "each has its count and its text")]
pub enum LinkProblem {
    /// The visitor does not come from another of the site's hosts, as far as the page knows.
    #[error("host: is not another one of the plan's hosts")]
    Elsewhere,
    /// It is no token.
    #[error("token: is no link token")]
    Malformed,
    /// Another site's, for other hosts, changed, or made with a key that is not the site's.
    #[error("token: no key of the site makes it for this way")]
    Signature,
    /// Too old.
    #[error("token: is older than {seconds} seconds", seconds = LIFE_MS / 1_000)]
    Expired,
}

impl LinkProblem {
    /// The stable name, as it is counted.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Elsewhere => "elsewhere",
            Self::Malformed => "malformed",
            Self::Signature => "signature",
            Self::Expired => "expired",
        }
    }
}

/// A token for this way that holds from `now` (Unix milliseconds); `None` if the site has no key of
/// at least [`signature::KEY_BYTES`].
///
/// ```
/// use goalpost_core::{Id, SessionRecord, link_token::{LinkProblem, Way, sign, verify}};
/// let record = SessionRecord {
///     visitor: Id::new(1, [1; 10]),
///     session: Id::new(2, [2; 10]),
///     last: 3,
///     page_loads: 4,
/// };
/// let keys = [String::from("a key of 32 random bytes or more")];
/// let way = Way { site: "shop", from: "shop.example", to: "pay.example" };
/// let token = sign(&record, way, &keys, 1_795_000_000_000).unwrap();
/// assert_eq!(verify(&token, way, &keys, 1_795_000_120_000), Ok(record));
/// assert_eq!(verify(&token, way, &keys, 1_795_000_120_001), Err(LinkProblem::Expired));
/// let back = Way { from: way.to, to: way.from, ..way };
/// assert_eq!(verify(&token, back, &keys, 1_795_000_000_000), Err(LinkProblem::Signature));
/// ```
pub fn sign(record: &SessionRecord, way: Way<'_>, keys: &[String], now: i64) -> Option<String> {
    let key = keys.iter().find(|key| key.len() >= signature::KEY_BYTES)?;
    let mut token = Vec::with_capacity(83);
    token.push(VERSION);
    token.extend_from_slice(&now.saturating_add(LIFE_MS).to_be_bytes());
    token.extend_from_slice(&record.visitor.bytes());
    token.extend_from_slice(&record.session.bytes());
    token.extend_from_slice(&record.last.to_be_bytes());
    token.extend_from_slice(&record.page_loads.to_be_bytes());
    let code = signature::code(key, &signed(way, &token));
    token.extend_from_slice(&code);
    Some(URL_SAFE_NO_PAD.encode(token))
}

/// The record of the host that was left, if the token proves at `now` that it goes this way.
///
/// # Errors
/// [`LinkProblem`]
pub fn verify(
    token: &str,
    way: Way<'_>,
    keys: &[String],
    now: i64,
) -> Result<SessionRecord, LinkProblem> {
    let bytes = URL_SAFE_NO_PAD
        .decode(token)
        .map_err(|_| LinkProblem::Malformed)?;
    let (said, code) = bytes
        .split_last_chunk::<32>()
        .ok_or(LinkProblem::Malformed)?;
    let (expires, record) = read(said).ok_or(LinkProblem::Malformed)?;
    if !signature::is_of_any(keys, &signed(way, said), code) {
        return Err(LinkProblem::Signature);
    }
    if now > expires {
        return Err(LinkProblem::Expired);
    }
    Ok(record)
}

/// The record of a browser that both say something of: the older visitor, as of storage and cookie,
/// and the session that was active last, so that a visit goes on from host to host.
///
/// ```
/// use goalpost_core::{Id, SessionRecord, link_token::joined};
/// let of = |n: i64| SessionRecord {
///     visitor: Id::new(n, [1; 10]),
///     session: Id::new(n, [2; 10]),
///     last: n,
///     page_loads: 1,
/// };
/// let one = joined(of(1), of(2));
/// assert_eq!((one.visitor, one.session), (of(1).visitor, of(2).session));
/// ```
pub fn joined(one: SessionRecord, other: SessionRecord) -> SessionRecord {
    let later = if (one.last, one.session) >= (other.last, other.session) {
        one
    } else {
        other
    };
    SessionRecord {
        visitor: one.visitor.min(other.visitor),
        session: later.session,
        last: later.last,
        // The next page comes after all that either host has numbered.
        page_loads: one.page_loads.max(other.page_loads),
    }
}

/// What the signature is of. Neither a site's name nor a host can contain a line's end.
fn signed<'a>(way: Way<'a>, said: &'a [u8]) -> [&'a [u8]; 8] {
    let line = b"\n".as_slice();
    let Way { site, from, to } = way;
    [
        PURPOSE,
        site.as_bytes(),
        line,
        from.as_bytes(),
        line,
        to.as_bytes(),
        line,
        said,
    ]
}

fn read(said: &[u8]) -> Option<(i64, SessionRecord)> {
    let said = said.strip_prefix(&[VERSION])?;
    let (expires, said) = said.split_first_chunk()?;
    let (visitor, said) = said.split_first_chunk()?;
    let (session, said) = said.split_first_chunk()?;
    let (last, said) = said.split_first_chunk()?;
    let (page_loads, said) = said.split_first_chunk()?;
    let record = SessionRecord {
        visitor: Id::of_bytes(*visitor)?,
        session: Id::of_bytes(*session)?,
        last: i64::from_be_bytes(*last),
        page_loads: u16::from_be_bytes(*page_loads),
    };
    (said.is_empty() && record.last >= 0).then_some((i64::from_be_bytes(*expires), record))
}
