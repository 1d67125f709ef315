//! What a shop's server signs: HMAC-SHA256 with a key that the shop and the edge share.
//!
//! A signature of a request stands in its header as `t=<unix seconds>,v1=<hexadecimal>` and is of
//! `t`, a full stop and the body's bytes. So it holds for one body and one moment.

use alloc::{string::String, vec::Vec};
use core::fmt::Write as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The header that carries the signature of a request.
pub const HEADER: &str = "goalpost-signature";

/// Seconds that the clocks of signer and edge may be apart; a captured request is worth no more.
pub const TOLERANCE_S: i64 = 300;

/// Bytes of the shortest key that signs anything: one that is guessed protects nothing.
pub const KEY_BYTES: usize = 16;

/// Why a signature does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(clippy::exhaustive_enums, reason = "each has its answer")]
pub enum SignatureProblem {
    /// The site has no key of at least [`KEY_BYTES`].
    #[error("the site has no signing key; put one into the secret SIGNING_KEYS")]
    NoKey,
    /// The header is not a time and a signature.
    #[error("Goalpost-Signature: is not 't=<unix seconds>,v1=<hexadecimal HMAC-SHA256>'")]
    Malformed,
    /// Signed too long ago, or in the future.
    #[error("Goalpost-Signature: t is more than {TOLERANCE_S} seconds away; sign each try anew")]
    Stale,
    /// None of the site's keys makes this signature.
    #[error(
        "Goalpost-Signature: no key of the site makes this signature; sign t, a full stop and the body as it is sent"
    )]
    Wrong,
}

/// The header's value for a body that is sent at `time_s` (Unix seconds).
///
/// ```
/// use goalpost_core::signature::{sign, verify};
/// let keys = [String::from("a key of 32 random bytes or more")];
/// let header = sign(b"{}", 1_795_000_000, &keys[0]);
/// assert_eq!(verify(&header, b"{}", &keys, 1_795_000_299_000), Ok(()));
/// assert!(verify(&header, b"{ }", &keys, 1_795_000_000_000).is_err());
/// ```
pub fn sign(body: &[u8], time_s: i64, key: &str) -> String {
    let mut header = alloc::format!("t={time_s},v1=");
    let mac = started(key, &[alloc::format!("{time_s}.").as_bytes(), body]);
    for byte in mac.finalize().into_bytes() {
        // Writing to a text cannot fail.
        let _ = write!(header, "{byte:02x}");
    }
    header
}

/// Whether one of `keys` has signed this body within [`TOLERANCE_S`] of `now` (Unix milliseconds).
///
/// # Errors
/// [`SignatureProblem`]
pub fn verify(
    header: &str,
    body: &[u8],
    keys: &[String],
    now: i64,
) -> Result<(), SignatureProblem> {
    let (time, signatures) = parts(header).ok_or(SignatureProblem::Malformed)?;
    let time_s: i64 = time.parse().map_err(|_| SignatureProblem::Malformed)?;
    if keys.iter().all(|key| key.len() < KEY_BYTES) {
        return Err(SignatureProblem::NoKey);
    }
    let away = now.div_euclid(1_000).saturating_sub(time_s);
    if away.saturating_abs() > TOLERANCE_S {
        return Err(SignatureProblem::Stale);
    }
    let message = [time.as_bytes(), b".", body];
    if signatures
        .iter()
        .any(|signature| is_of_any(keys, &message, signature))
    {
        Ok(())
    } else {
        Err(SignatureProblem::Wrong)
    }
}

/// Whether one of `keys` makes this code of the message. The comparison takes the same time
/// wherever the codes differ.
pub(crate) fn is_of_any(keys: &[String], message: &[&[u8]], code: &[u8]) -> bool {
    keys.iter()
        .filter(|key| key.len() >= KEY_BYTES)
        .any(|key| started(key, message).verify_slice(code).is_ok())
}

/// The code of a message.
pub(crate) fn code(key: &str, message: &[&[u8]]) -> [u8; 32] {
    started(key, message).finalize().into_bytes().into()
}

fn started(key: &str, message: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes())
        .unwrap_or_else(|_| unreachable!("a key may have any length"));
    for part in message {
        mac.update(part);
    }
    mac
}

/// The time as it stands there, and every signature of version 1: a signer that changes its key may
/// send two.
fn parts(header: &str) -> Option<(&str, Vec<[u8; 32]>)> {
    let mut time = None;
    let mut signatures = Vec::new();
    for part in header.split(',').take(8) {
        match part.trim().split_once('=')? {
            ("t", text) => time = Some(text),
            ("v1", text) => signatures.push(bytes(text)?),
            _ => {}
        }
    }
    (!signatures.is_empty()).then_some((time?, signatures))
}

fn bytes(hex: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let mut digits = hex.chars();
    for byte in &mut bytes {
        let high = digits.next()?.to_digit(16)?;
        let low = digits.next()?.to_digit(16)?;
        *byte = u8::try_from((high << 4) | low).ok()?;
    }
    digits.next().is_none().then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use proptest::prelude::*;

    const KEY: &str = "0123456789abcdef";
    const NOW: i64 = 1_795_000_000_000;
    const NOW_S: i64 = NOW / 1_000;

    fn keys(keys: &[&str]) -> Vec<String> {
        keys.iter().map(ToString::to_string).collect()
    }

    /// The vector is what `openssl dgst -sha256 -hmac` prints.
    #[test]
    fn a_signature_is_the_one_that_other_tools_make() {
        assert_eq!(
            sign(b"{\"events\":[]}", NOW_S, KEY),
            "t=1795000000,v1=709a5ed2b0f000d0a1b7eb5facec92aa4241f1e1bfeadc8f3a5683f43e415b84"
        );
    }

    #[test]
    fn any_key_of_the_site_signs_and_no_other() {
        let header = sign(b"body", NOW_S, KEY);
        let other = "another key of the site";
        assert_eq!(verify(&header, b"body", &keys(&[other, KEY]), NOW), Ok(()));
        assert_eq!(
            verify(&header, b"body", &keys(&[other]), NOW),
            Err(SignatureProblem::Wrong)
        );
        let two = format!(
            "{header},{}",
            sign(b"body", NOW_S, other).split_once(',').unwrap().1
        );
        assert_eq!(verify(&two, b"body", &keys(&[other]), NOW), Ok(()));
    }

    #[test]
    fn five_minutes_are_enough_and_one_second_more_is_too_much() {
        let keys = keys(&[KEY]);
        for (time_s, expected) in [
            (NOW_S - 300, Ok(())),
            (NOW_S + 300, Ok(())),
            (NOW_S - 301, Err(SignatureProblem::Stale)),
            (NOW_S + 301, Err(SignatureProblem::Stale)),
            (i64::MIN, Err(SignatureProblem::Stale)),
        ] {
            assert_eq!(verify(&sign(b"", time_s, KEY), b"", &keys, NOW), expected);
        }
    }

    #[test]
    fn a_key_that_can_be_guessed_signs_nothing() {
        for key in ["", "secret"] {
            let header = sign(b"", NOW_S, key);
            assert_eq!(
                verify(&header, b"", &keys(&[key]), NOW),
                Err(SignatureProblem::NoKey)
            );
        }
        let mixed = keys(&["", KEY]);
        assert_eq!(
            verify(&sign(b"", NOW_S, ""), b"", &mixed, NOW),
            Err(SignatureProblem::Wrong)
        );
    }

    #[test]
    fn what_is_no_signature_is_named() {
        let keys = keys(&[KEY]);
        let good = sign(b"", NOW_S, KEY);
        let code = good.split_once("v1=").unwrap().1;
        for header in [
            "",
            "t=1795000000",
            "t=1795000000,v1=",
            "t=1795000000,v1=zz",
            &format!("v1={code}"),
            &format!("t=soon,v1={code}"),
            &format!("t=1795000000,v1={code}0"),
            &format!("t=1795000000,v0={code}"),
        ] {
            assert_eq!(
                verify(header, b"", &keys, NOW),
                Err(SignatureProblem::Malformed),
                "{header}"
            );
        }
    }

    proptest! {
        #[test]
        fn each_byte_is_under_the_signature(body: Vec<u8>, at: prop::sample::Index, bit in 0u8..8) {
            let keys = keys(&[KEY]);
            let header = sign(&body, NOW_S, KEY);
            prop_assert_eq!(verify(&header, &body, &keys, NOW), Ok(()));
            if !body.is_empty() {
                let mut other = body.clone();
                other[at.index(body.len())] ^= 1 << bit;
                prop_assert_eq!(verify(&header, &other, &keys, NOW), Err(SignatureProblem::Wrong));
            }
        }

        #[test]
        fn any_header_is_read_without_panic(header: String) {
            prop_assert!(verify(&header, b"", &keys(&[KEY]), NOW).is_err());
        }
    }
}
