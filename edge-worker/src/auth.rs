//! Who may call what: bearer tokens, known here only by their hash.

use crate::{
    bindings::Bindings,
    clock, database,
    http::{Failure, header},
    problem::{Kind, Problem},
    routes::Scope,
};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use worker::Request;

/// Lets a request through if its token allows `scope` for `site`.
///
/// # Errors
/// [`Kind::Unauthorized`] without a valid token, [`Kind::MissingScope`] with one that allows less.
pub(crate) async fn check(
    request: &Request,
    edge: &Bindings,
    site: &str,
    scope: Scope,
) -> Result<(), Failure> {
    let Some(token) = bearer(&header(request, "authorization")).map(hash) else {
        return Err(Problem::new(
            Kind::Unauthorized,
            "Authorization: is missing; send 'Authorization: Bearer <token>'",
        )
        .into());
    };
    let admin = edge.admin_token_hash().unwrap_or_default();
    if same(token.as_bytes(), admin.to_ascii_lowercase().as_bytes()) {
        return Ok(());
    }
    let row: Option<TokenRow> = database::row(edge, TOKEN, &[&token, site]).await?;
    let Some(row) = row.filter(|row| row.expires_at.is_none_or(|end| clock::now() < end)) else {
        return Err(Problem::new(
            Kind::Unauthorized,
            "Authorization: the token is unknown, expired, or of another site",
        )
        .into());
    };
    if row.allows(scope) {
        return Ok(());
    }
    Err(Problem::new(
        Kind::MissingScope,
        format!("the token lacks the scope '{}'", scope.name()),
    )
    .into())
}

const TOKEN: &str = "SELECT json_object('scopes', scopes, 'expires_at', expires_at) \
                     FROM tokens WHERE site = ?2 AND hash = unhex(?1)";

#[derive(Deserialize)]
struct TokenRow {
    scopes: String,
    expires_at: Option<i64>,
}

impl TokenRow {
    fn allows(&self, scope: Scope) -> bool {
        self.scopes
            .split([' ', ','])
            .any(|own| own == scope.name() || own == "admin")
    }
}

/// The token of an `Authorization` header.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// The SHA-256 of a token, in hexadecimal. A token has 256 random bits, so it needs no salt.
fn hash(token: &str) -> String {
    Sha256::digest(token.as_bytes())
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
        .collect()
}

/// Compares in a time that depends on the length alone.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len()
        && std::hint::black_box(a.iter().zip(b).fold(0, |found, (a, b)| found | (a ^ b))) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_its_sha_256() {
        assert_eq!(
            hash("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn only_a_bearer_is_a_token() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bearer  abc "), Some("abc"));
        for header in ["", "Bearer", "Bearer ", "Basic abc", "abc"] {
            assert_eq!(bearer(header), None, "{header}");
        }
    }

    #[test]
    fn equal_means_all_of_it() {
        assert!(same(b"abc", b"abc"));
        assert!(!same(b"abc", b"abd"));
        assert!(!same(b"abc", b"ab"));
        assert!(!same(b"", b"a"));
    }

    #[test]
    fn a_scope_is_a_word_of_its_own() {
        let row = |scopes: &str| TokenRow {
            scopes: scopes.into(),
            expires_at: None,
        };
        assert!(row("read").allows(Scope::Read));
        assert!(row("publish read").allows(Scope::Read));
        assert!(row("admin").allows(Scope::Publish));
        assert!(!row("read").allows(Scope::Publish));
        assert!(!row("readable").allows(Scope::Read));
    }
}
