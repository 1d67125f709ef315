//! Another door than tokens: people whom Cloudflare Access lets through, by a policy of the deployment.
//!
//! Access signs in whom its policy allows and adds a header to their requests. The header is proved
//! here, whatever stands before the Worker: [`goalpost_core::access_token`] reads it and decides, and
//! the runtime's cryptography says whether the team's key has signed it.
//!
//! A browser sends along by itself what lets a person through, also where another site's page has it
//! ask. So what changes something must come from our own page, or from no page at all.

use crate::{
    auth::Caller,
    bindings::Bindings,
    clock,
    http::{Failure, header},
    log,
    problem::{Kind, Problem},
};
use goalpost_core::access_token::{
    AccessProblem, Assertion, Expected, Key, KeyRing, Lookup, read_keys,
};
use std::cell::RefCell;
use worker::{
    Request,
    js_sys::{Promise, futures::JsFuture},
    wasm_bindgen::{self, prelude::wasm_bindgen},
};

/// A team has two keys at a time.
const DOCUMENT_BYTES: u32 = 65_536;

#[wasm_bindgen(module = "/src/access.js")]
extern "C" {
    fn certificates(address: &str, most_bytes: u32) -> Promise;
    #[wasm_bindgen(js_name = isSigned)]
    fn is_signed(n: &str, e: &str, text: &str, signature: &[u8]) -> Promise;
}

thread_local! {
    /// A deployment has one team.
    static RING: RefCell<KeyRing> = const { RefCell::new(KeyRing::new()) };
}

/// What a deployment has set for Access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    /// The team's host.
    pub(crate) team: String,
    pub(crate) audiences: Vec<String>,
    /// What people may do, at every site; separated by spaces.
    pub(crate) scopes: String,
}

/// Who comes through Access; `None` if nobody does, or the deployment has not opened this door.
///
/// # Errors
/// [`Kind::Unauthorized`] by a token that does not hold, [`Kind::CrossSite`] by a request that another
/// site's page may have made.
pub(crate) async fn caller(request: &Request, edge: &Bindings) -> Result<Option<Caller>, Failure> {
    let Some(access) = edge.access() else {
        return Ok(None);
    };
    let token = header(request, "cf-access-jwt-assertion");
    if token.is_empty() {
        return Ok(None);
    }
    let who = prove(&access, &token).await?;
    let method = request.inner().method();
    let of = |name| header(request, name);
    if !is_our_own(&method, &of("content-type"), &of("sec-fetch-site")) {
        return Err(Problem::new(
            Kind::CrossSite,
            "through Access, a request that changes something says Content-Type: application/json and \
             comes from a page of the same origin; or send a token",
        )
        .into());
    }
    Ok(Some(Caller::through_access(&who, access.scopes)))
}

async fn prove(access: &Access, token: &str) -> Result<String, Failure> {
    let assertion = Assertion::read(token).map_err(|problem| refused(&problem))?;
    let Some(key) = key(access, &assertion.key).await? else {
        return Err(refused(&AccessProblem::Key));
    };
    let proved = is_signed(&key.n, &key.e, assertion.signed, &assertion.signature);
    // A key that cannot be used has signed nothing.
    let proved = JsFuture::from(proved).await;
    if !proved.is_ok_and(|proved| proved.is_truthy()) {
        return Err(refused(&AccessProblem::Signature));
    }
    let expected = Expected {
        team: &access.team,
        audiences: &access.audiences,
        now: clock::now(),
    };
    assertion
        .who(&expected)
        .map_err(|problem| refused(&problem))
}

fn refused(problem: &AccessProblem) -> Failure {
    Problem::new(Kind::Unauthorized, problem.to_string()).into()
}

/// The team's key of that name, fetched where it must be.
async fn key(access: &Access, kid: &str) -> Result<Option<Key>, Failure> {
    let now = clock::now();
    let known = match RING.with_borrow_mut(|ring| ring.look_up(kid, now)) {
        Lookup::Known(key) => return Ok(Some(key)),
        Lookup::Unknown => return Ok(None),
        Lookup::Fetch(known) => known,
    };
    let address = format!("https://{}/cdn-cgi/access/certs", access.team);
    let document = JsFuture::from(certificates(&address, DOCUMENT_BYTES)).await;
    let keys = document.map_err(worker::Error::from).map(|document| {
        let document = document.as_string().unwrap_or_default();
        read_keys(&document)
    });
    match (keys, known) {
        (Ok(Some(keys)), _) => Ok(RING.with_borrow_mut(|ring| {
            ring.fetched(keys, clock::now());
            ring.key(kid).cloned()
        })),
        (_, Some(known)) => Ok(Some(known)),
        (keys, None) => {
            let problem = match keys {
                Err(problem) => problem.to_string(),
                Ok(_) => String::from("the document has none"),
            };
            log::error("access_keys_missing", &[("team", &access.team)], &problem);
            Err(Problem::new(
                Kind::Unavailable,
                "the keys of ACCESS_TEAM do not come; send the same request again in a few seconds",
            )
            .into())
        }
    }
}

/// Whether no other site's page can have made a browser send this. A form cannot say that it is JSON,
/// and a script that does so asks first, which is not answered; browsers that say where a request comes
/// from say so.
fn is_our_own(method: &str, content_type: &str, sec_fetch_site: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    let reads = matches!(method, "GET" | "HEAD");
    reads
        || kind.eq_ignore_ascii_case("application/json")
            && matches!(sec_fetch_site, "" | "same-origin")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_sites_page_can_send_changes_nothing() {
        for (method, content_type, site, own) in [
            ("GET", "", "cross-site", true),
            ("HEAD", "", "", true),
            ("POST", "application/json", "same-origin", true),
            ("PUT", "Application/JSON; charset=utf-8", "", true),
            ("DELETE", "application/json", "same-origin", true),
            ("POST", "application/json", "cross-site", false),
            ("POST", "application/json", "same-site", false),
            ("POST", "application/json", "none", false),
            ("POST", "text/plain", "same-origin", false),
            ("POST", "application/x-www-form-urlencoded", "", false),
            ("POST", "", "", false),
            ("DELETE", "", "same-origin", false),
            ("get", "", "", false),
        ] {
            let found = is_our_own(method, content_type, site);
            assert_eq!(found, own, "{method} {content_type} {site}");
        }
    }
}
