//! Who may call what: bearer tokens, known here only by their hash.

use crate::{
    access,
    bindings::Bindings,
    clock, database,
    http::{Failure, header},
    log,
    problem::{Kind, Problem},
    routes::Scope,
    sink::site_name,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use worker::Request;

/// What a caller may do, and until when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Caller {
    /// The token's id; of the deployment's own, empty; of a person, `access:` and who Access says it is.
    #[serde(default)]
    id: String,
    /// Separated by spaces; `admin` is all of them.
    scopes: String,
    pub(crate) expires_at: Option<i64>,
}

impl Caller {
    /// Somebody whom Access let through. Its session ends soon, and that a person may do this does not:
    /// what they make may last longer.
    pub(crate) fn through_access(who: &str, scopes: String) -> Self {
        Self {
            id: format!("access:{who}"),
            scopes,
            expires_at: None,
        }
    }

    /// What the token is listed under; `owner`: the deployment's own.
    pub(crate) fn token(&self) -> &str {
        if self.id.is_empty() {
            "owner"
        } else {
            &self.id
        }
    }

    /// Whether it may do what this word allows.
    pub(crate) fn allows(&self, scope: &str) -> bool {
        let mut own = self.scopes.split(' ');
        own.any(|own| own == scope || own == ADMIN)
    }
}

/// The scope that is all of them.
pub(crate) const ADMIN: &str = "admin";

/// Whether it is a word for what somebody may do.
pub(crate) fn is_scope(word: &str) -> bool {
    word == ADMIN || Scope::ALL.iter().any(|own| own.name() == word)
}

/// Lets a request through if its token allows `scope` for `site`, or without one if Access has let
/// somebody through who may.
///
/// # Errors
/// [`Kind::Unauthorized`] without a valid token, [`Kind::MissingScope`] with one that allows less.
pub(crate) async fn check(
    request: &Request,
    edge: &Bindings,
    site: &str,
    scope: Scope,
) -> Result<Caller, Failure> {
    let shown = header(request, "authorization");
    if bearer(&shown).is_none()
        && let Some(caller) = access::caller(request, edge).await?
    {
        return able(caller, site, scope);
    }
    check_token(bearer(&shown), edge, site, scope).await
}

/// The same for a token that was shown elsewhere.
///
/// # Errors
/// As [`check`].
pub(crate) async fn check_token(
    token: Option<&str>,
    edge: &Bindings,
    site: &str,
    scope: Scope,
) -> Result<Caller, Failure> {
    let Some(token) = token.map(hash) else {
        return Err(Problem::new(
            Kind::Unauthorized,
            "Authorization: is missing; send 'Authorization: Bearer <token>'",
        )
        .into());
    };
    let admin = edge.admin_token_hash().unwrap_or_default();
    if same(token.as_bytes(), admin.to_ascii_lowercase().as_bytes()) {
        return Ok(Caller {
            id: String::new(),
            scopes: String::from(ADMIN),
            expires_at: None,
        });
    }
    let now = clock::now();
    let row: Option<TokenRow> = database::row(edge, TOKEN, &[&token, site]).await?;
    let Some(row) = row.filter(|row| row.caller.expires_at.is_none_or(|end| now < end)) else {
        let about = [("site", site_name(site)), ("scope", scope.name())];
        log::warn(
            "token_refused",
            &about,
            &"unknown, expired, or of another site",
        );
        return Err(Problem::new(
            Kind::Unauthorized,
            "Authorization: the token is unknown, expired, or of another site",
        )
        .into());
    };
    row.note_use(edge, site, &token, now).await;
    able(row.caller, site, scope)
}

fn able(caller: Caller, site: &str, scope: Scope) -> Result<Caller, Failure> {
    if caller.allows(scope.name()) {
        return Ok(caller);
    }
    let about = [
        ("site", site_name(site)),
        ("scope", scope.name()),
        ("token", caller.token()),
    ];
    log::warn("token_refused", &about, &"it lacks the scope");
    Err(Problem::new(
        Kind::MissingScope,
        format!("the token lacks the scope '{}'", scope.name()),
    )
    .into())
}

/// The database compares hashes. How long it takes says something of the hash alone, and nobody can
/// choose a token by its hash.
const TOKEN: &str = "SELECT json_object(
  'caller', json_object('id', id, 'scopes', scopes, 'expires_at', expires_at), 'last_used_at', last_used_at)
FROM tokens WHERE site = ?2 AND hash = unhex(?1)";

const USED: &str = "UPDATE tokens SET last_used_at = ?3 WHERE site = ?2 AND hash = unhex(?1)";

/// How exactly it is known when a token was used: to write each use would cost a row for each answer.
const USE_MS: i64 = 3_600_000;

#[derive(Deserialize)]
struct TokenRow {
    caller: Caller,
    last_used_at: Option<i64>,
}

impl TokenRow {
    fn is_to_be_noted(&self, now: i64) -> bool {
        self.last_used_at
            .is_none_or(|last| now.saturating_sub(last) >= USE_MS)
    }

    /// Whoever may read is answered, even if it cannot be written down.
    async fn note_use(&self, edge: &Bindings, site: &str, token: &str, now: i64) {
        if !self.is_to_be_noted(now) {
            return;
        }
        let now = now.to_string();
        let noted = database::batch(edge, &[(USED, vec![token, site, &now])]).await;
        if let Err(problem) = noted {
            log::warn("token_use_not_noted", &[("site", site)], &problem);
        }
    }
}

/// The token of an `Authorization` header.
pub(crate) fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// The name in a header of the scheme `Basic`, where some clients write a token. Only routes that no
/// browser asks may take it: a browser would send it along by itself.
pub(crate) fn basic_name(header: &str) -> Option<String> {
    let (scheme, coded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = STANDARD.decode(coded.trim()).ok()?;
    let (name, _) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    (!name.is_empty()).then(|| name.to_owned())
}

/// The SHA-256 of a token, in hexadecimal. A token has 256 random bits, so it needs no salt.
pub(crate) fn hash(token: &str) -> String {
    hexadecimal(&Sha256::digest(token.as_bytes()))
}

/// Bytes as hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes
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
    fn a_name_is_read_of_basic_alone() {
        assert_eq!(basic_name("Basic Z3Bfa2V5Og==").as_deref(), Some("gp_key"));
        assert_eq!(basic_name("basic Z3Bfa2V5OnB3").as_deref(), Some("gp_key"));
        for header in ["", "Basic", "Basic !", "Basic Og==", "Bearer Z3Bfa2V5Og=="] {
            assert_eq!(basic_name(header), None, "{header}");
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
        let caller = |scopes: &str| Caller {
            id: String::from("3f9a1c2b77d0"),
            scopes: scopes.into(),
            expires_at: None,
        };
        assert!(caller("read").allows("read"));
        assert!(caller("publish read").allows("read"));
        assert!(caller("admin").allows("publish"));
        assert!(!caller("read").allows("publish"));
        assert!(!caller("readable").allows("read"));
        assert!(!Caller::default().allows("read"));
        assert!(!caller("read publish").allows("admin"));
    }

    #[test]
    fn a_use_is_noted_once_an_hour() {
        let row = |last_used_at| TokenRow {
            caller: Caller::default(),
            last_used_at,
        };
        assert!(row(None).is_to_be_noted(0));
        assert!(!row(Some(0)).is_to_be_noted(USE_MS - 1));
        assert!(row(Some(0)).is_to_be_noted(USE_MS));
        // Another edge's clock may be ahead.
        assert!(!row(Some(10)).is_to_be_noted(0));
    }
}
