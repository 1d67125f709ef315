//! Tokens of a site: made, listed, rotated and revoked.
//!
//! A token is `gp_`, the name that it is listed under, and 256 random bits. It is shown once; what is
//! kept is its SHA-256. Nobody can give away more than they have: neither scopes nor time.

use crate::{
    audit::{Act, Note},
    auth::{self, ADMIN, Caller},
    bindings::Bindings,
    body, clock, database,
    http::{self, Failure, Outcome},
    openapi::shape,
    problem::{Kind, Problem},
    routes::Scope,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use goalpost_core::{clip, limits};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use worker::Request;

/// A name, scopes and a time.
pub(crate) const BODY_BYTES: usize = 1_024;

/// Tokens of one site: more are a sign that nobody revokes any.
const MOST: &str = "100";

/// How long a token that was rotated still holds: a day, in which servers take the next one.
const GRACE_MS: i64 = 86_400_000;

const INSERT: &str = "\
INSERT INTO tokens (id, site, hash, scopes, created_at, expires_at, name)
SELECT ?1, ?2, unhex(?3), ?4, ?5, nullif(?6, ''), ?7
WHERE (
  SELECT count(*) FROM tokens
  WHERE site = ?2 AND (expires_at IS NULL OR expires_at > CAST(?5 AS INTEGER))) < CAST(?8 AS INTEGER)
RETURNING json_quote(id)";

const LIST: &str = "\
SELECT json_object(
  'id', id, 'name', name, 'scopes', scopes, 'created_at', created_at,
  'expires_at', expires_at, 'last_used_at', last_used_at)
FROM tokens WHERE site = ?1 ORDER BY created_at DESC, id";

const ONE: &str = "\
SELECT json_object(
  'id', id, 'name', name, 'scopes', scopes, 'created_at', created_at,
  'expires_at', expires_at, 'last_used_at', last_used_at)
FROM tokens WHERE site = ?1 AND id = ?2";

/// An end that is nearer stays.
const END: &str = "\
UPDATE tokens SET expires_at = min(coalesce(expires_at, CAST(?3 AS INTEGER)), CAST(?3 AS INTEGER))
WHERE site = ?1 AND id = ?2";

const DELETE: &str = "DELETE FROM tokens WHERE site = ?1 AND id = ?2 RETURNING json_quote(id)";

/// What a token is to be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    name: String,
    scopes: Vec<String>,
    #[serde(default)]
    expires_at: Option<i64>,
}

/// A token as it is stored.
#[derive(Deserialize)]
struct Stored {
    id: String,
    name: String,
    scopes: String,
    created_at: i64,
    expires_at: Option<i64>,
    last_used_at: Option<i64>,
}

#[derive(Serialize)]
struct Shown<'a> {
    id: &'a str,
    name: &'a str,
    scopes: Vec<&'a str>,
    created_at: i64,
    expires_at: Option<i64>,
    last_used_at: Option<i64>,
}

impl Stored {
    /// What another one like it would be.
    fn wanted(&self) -> Wanted {
        Wanted {
            name: self.name.clone(),
            scopes: self.scopes.split(' ').map(String::from).collect(),
            expires_at: self.expires_at,
        }
    }

    fn shown(&self) -> Shown<'_> {
        Shown {
            id: &self.id,
            name: &self.name,
            scopes: self.scopes.split(' ').collect(),
            created_at: self.created_at,
            expires_at: self.expires_at,
            last_used_at: self.last_used_at,
        }
    }
}

/// Makes a token.
pub(crate) async fn create(
    mut request: Request,
    edge: &Bindings,
    site: &str,
    caller: &Caller,
) -> Outcome {
    let body = body::read(&mut request, BODY_BYTES).await?;
    let wanted = read(&body, caller, clock::now())?;
    make(edge, site, &wanted, caller, Act::MakeToken).await
}

/// Makes the next token in place of one, which ends a day later. One that ends that soon by itself has been
/// rotated, or is over before servers have taken the next.
pub(crate) async fn rotate(edge: &Bindings, site: &str, id: &str, caller: &Caller) -> Outcome {
    let found: Option<Stored> = database::row(edge, ONE, &[site, id]).await?;
    let now = clock::now();
    let Some(found) = found.filter(|own| own.expires_at.is_none_or(|end| now < end)) else {
        return Err(no_token(id));
    };
    let wanted = found.wanted();
    may_give(caller, &wanted)?;
    if found
        .expires_at
        .is_some_and(|end| end.saturating_sub(now) <= GRACE_MS)
    {
        return Err(bad(format!(
            "the token '{}' ends within a day, as one does that was rotated, and so would the next: rotate the \
             one that was made in its place, which GET …/tokens lists, or make a new one",
            found.id
        )));
    }
    let made = make(edge, site, &wanted, caller, Act::RotateToken).await?;
    let end = now.saturating_add(GRACE_MS).to_string();
    database::batch(edge, &[(END, vec![site, id, &end])]).await?;
    Ok(made)
}

/// Lists the site's tokens.
pub(crate) async fn list(edge: &Bindings, site: &str) -> Outcome {
    let tokens: Vec<Stored> = database::rows(edge, LIST, &[site]).await?;
    let tokens: Vec<_> = tokens.iter().map(Stored::shown).collect();
    http::json(&json!({"site": site, "tokens": tokens}))
}

/// Revokes a token, one's own or one that does no more: from now on it lets nobody in.
pub(crate) async fn revoke(edge: &Bindings, site: &str, id: &str, caller: &Caller) -> Outcome {
    let found: Option<Stored> = database::row(edge, ONE, &[site, id]).await?;
    let Some(found) = found else {
        return Err(no_token(id));
    };
    if found.id != caller.token() {
        may_give(caller, &found.wanted())?;
    }
    let note = Note::new(site, caller, Act::RevokeToken, id)?;
    let delete = (DELETE, vec![site, id]);
    let answers = database::batch(edge, &[delete, note.question()]).await?;
    if answers.first().is_none_or(Vec::is_empty) {
        return Err(no_token(id));
    }
    http::json(&json!({"id": id, "revoked": true}))
}

async fn make(edge: &Bindings, site: &str, wanted: &Wanted, caller: &Caller, act: Act) -> Outcome {
    let id = auth::hexadecimal(&clock::random::<6>()?);
    let token = format!("gp_{id}_{}", URL_SAFE_NO_PAD.encode(clock::random::<32>()?));
    let now = clock::now();
    let (created, expires) = (now.to_string(), wanted.expires_at);
    let expires = expires.map(|end| end.to_string()).unwrap_or_default();
    let (hash, scopes) = (auth::hash(&token), wanted.scopes.join(" "));
    let values = [
        id.as_str(),
        site,
        hash.as_str(),
        &scopes,
        &created,
        &expires,
        &wanted.name,
        MOST,
    ];
    let note = Note::new(site, caller, act, &id)?;
    let insert = (INSERT, values.to_vec());
    let answers = database::batch(edge, &[insert, note.question()]).await?;
    if answers.first().is_none_or(Vec::is_empty) {
        let detail = format!("a site has at most {MOST} tokens that hold; revoke one first");
        return Err(Problem::new(Kind::Busy, detail).into());
    }
    http::json(&json!({
        "id": id,
        "token": token,
        "name": wanted.name,
        "scopes": wanted.scopes,
        "created_at": now,
        "expires_at": wanted.expires_at,
    }))
}

fn read(body: &[u8], caller: &Caller, now: i64) -> Result<Wanted, Failure> {
    let wanted: Wanted = serde_json::from_slice(body).map_err(|problem| {
        bad(format!(
            "the body is not {{\"name\", \"scopes\", \"expires_at\"?}}: {problem}"
        ))
    })?;
    if wanted.name.trim().is_empty() || wanted.name.len() > limits::NAME_BYTES {
        let most = limits::NAME_BYTES;
        return Err(bad(format!(
            "name: say in 1 to {most} bytes what the token is for"
        )));
    }
    if wanted.scopes.is_empty() {
        return Err(bad(format!("scopes: is empty; name some of {}", scopes())));
    }
    if let Some(strange) = wanted.scopes.iter().find(|own| !auth::is_scope(own)) {
        let strange = clip(strange, limits::NAME_BYTES);
        return Err(bad(format!("scopes: '{strange}' is none of {}", scopes())));
    }
    if wanted.expires_at.is_some_and(|end| end <= now) {
        return Err(bad(String::from(
            "expires_at: is over already; give a later time, in Unix milliseconds",
        )));
    }
    may_give(caller, &wanted)?;
    Ok(wanted)
}

/// Nobody gives away, or takes away, what they do not have.
fn may_give(caller: &Caller, wanted: &Wanted) -> Result<(), Failure> {
    if let Some(lacking) = wanted.scopes.iter().find(|own| !caller.allows(own)) {
        let detail = format!(
            "scopes: your own token lacks '{lacking}', so it cannot give it, nor take it away"
        );
        return Err(Problem::new(Kind::MissingScope, detail).into());
    }
    let outlives = |end| wanted.expires_at.is_none_or(|own| own > end);
    if caller.expires_at.is_some_and(outlives) {
        let detail = "expires_at: is later than the end of your own token; name an earlier time, or have somebody \
                      do it whose token lasts longer";
        return Err(Problem::new(Kind::MissingScope, detail).into());
    }
    Ok(())
}

fn scopes() -> String {
    let mut names = Scope::ALL.map(Scope::name).to_vec();
    names.push(ADMIN);
    names.join(", ")
}

fn bad(detail: String) -> Failure {
    Problem::new(Kind::BadToken, detail).into()
}

fn no_token(id: &str) -> Failure {
    let id = clip(id, limits::NAME_BYTES);
    let detail = format!("the site has no token '{id}'; GET …/tokens lists those that it has");
    Problem::new(Kind::NotFound, detail).into()
}

fn fields() -> Vec<(&'static str, Value)> {
    vec![
        ("id", shape::text("What it is listed under.")),
        ("name", shape::text("What it is for.")),
        (
            "scopes",
            shape::list(shape::text("What it allows; `admin` is everything.")),
        ),
        ("created_at", shape::time("When it was made.")),
        (
            "expires_at",
            shape::perhaps(shape::time("When it ends, if it does.")),
        ),
    ]
}

/// The shape of a token that was just made.
pub(crate) fn made_schema() -> Value {
    let mut fields = fields();
    fields.push((
        "token",
        shape::text("The token, shown here and never again."),
    ));
    shape::object(&fields)
}

/// The shape of the list.
pub(crate) fn list_schema() -> Value {
    let mut fields = fields();
    fields.push((
        "last_used_at",
        shape::perhaps(shape::time("When it was last used, to the hour.")),
    ));
    shape::object(&[
        ("site", shape::text("The site.")),
        ("tokens", shape::list(shape::object(&fields))),
    ])
}

/// The shape of a token's end.
pub(crate) fn revoked_schema() -> Value {
    shape::object(&[
        ("id", shape::text("What it was listed under.")),
        ("revoked", shape::boolean("Always.")),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(scopes: &str, expires_at: Option<i64>) -> Caller {
        serde_json::from_value(json!({"scopes": scopes, "expires_at": expires_at})).unwrap()
    }

    fn answer(body: &str, caller: &Caller) -> Result<Vec<String>, String> {
        match read(body.as_bytes(), caller, 1_000) {
            Ok(wanted) => Ok(wanted.scopes),
            Err(failure) => Err(failure.problem().detail.into_owned()),
        }
    }

    #[test]
    fn a_token_says_what_it_is_for_and_what_it_may_do() {
        let admin = caller("admin", None);
        let good = r#"{"name": "CRM", "scopes": ["events", "read"], "expires_at": 1001}"#;
        assert_eq!(answer(good, &admin).unwrap(), ["events", "read"]);
        for (body, problem) in [
            ("[]", "the body is not"),
            (r#"{"name": " ", "scopes": ["read"]}"#, "name: say in"),
            (
                r#"{"name": "a", "scopes": []}"#,
                "scopes: is empty; name some of read,",
            ),
            (
                r#"{"name": "a", "scopes": ["all"]}"#,
                "scopes: 'all' is none of read, publish",
            ),
            (
                r#"{"name": "a", "scopes": ["read"], "expires_at": 1000}"#,
                "expires_at: is over already",
            ),
            (
                r#"{"name": "a", "scopes": ["read"], "scope": "x"}"#,
                "the body is not",
            ),
        ] {
            let found = answer(body, &admin).unwrap_err();
            assert!(found.starts_with(problem), "{found}");
        }
    }

    #[test]
    fn nobody_gives_more_than_they_have() {
        let clerk = caller("tokens read", Some(5_000));
        let body = |scope: &str, end: &str| {
            format!(r#"{{"name": "a", "scopes": ["{scope}"], "expires_at": {end}}}"#)
        };
        assert!(answer(&body("read", "5000"), &clerk).is_ok());
        for (scope, end, problem) in [
            ("publish", "5000", "scopes: your own token lacks 'publish'"),
            ("admin", "5000", "scopes: your own token lacks 'admin'"),
            ("read", "5001", "expires_at: is later than"),
            ("read", "null", "expires_at: is later than"),
        ] {
            let found = answer(&body(scope, end), &clerk).unwrap_err();
            assert!(found.starts_with(problem), "{found}");
        }
    }
}
