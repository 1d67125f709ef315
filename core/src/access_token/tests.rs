use super::*;
use alloc::{format, vec};
use proptest::prelude::*;
use serde_json::{Value, json};

const TEAM: &str = "acme.cloudflareaccess.com";
const NOW: i64 = 1_795_000_000_000;

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn token(head: &Value, claims: &Value) -> String {
    format!("{}.{}.c2ln", part(head), part(claims))
}

fn head() -> Value {
    json!({"alg": "RS256", "kid": "k1", "typ": "JWT"})
}

fn claims() -> Value {
    let now = NOW / 1_000;
    json!({
        "iss": format!("https://{TEAM}"), "aud": ["shop"], "exp": now + 60, "nbf": now - 60,
        "sub": "7335d417-61da-459d-899c-0a01c76a2f94", "email": "aoi@shop.example",
    })
}

fn who(claims: &Value) -> Result<String, AccessProblem> {
    let token = token(&head(), claims);
    let audiences = ["shop".to_owned(), "other".to_owned()];
    Assertion::read(&token)?.who(&Expected {
        team: TEAM,
        audiences: &audiences,
        now: NOW,
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

#[test]
fn a_person_is_told_by_an_id_and_never_by_an_address() {
    let id = "7335d417-61da-459d-899c-0a01c76a2f94";
    assert_eq!(who(&claims()).as_deref(), Ok(id));
    let service = json!({"sub": "", "common_name": "e367826f93b8d71185e03fe518aff3b4.access"});
    let mut of_service = claims();
    of_service["sub"] = service["sub"].clone();
    of_service["common_name"] = service["common_name"].clone();
    assert_eq!(
        who(&of_service).as_deref(),
        Ok("e367826f93b8d71185e03fe518aff3b4.access")
    );
    let hashed = who(&with("sub", json!("aoi@shop.example"))).unwrap();
    assert_eq!(hashed.len(), 32);
    assert!(hashed.bytes().all(|digit| digit.is_ascii_hexdigit()));
    assert_eq!(who(&with("sub", json!(""))), Err(AccessProblem::Malformed));
}

#[test]
fn only_a_token_for_this_deployment_and_this_time_holds() {
    let now = NOW / 1_000;
    assert!(who(&with("aud", json!("other"))).is_ok());
    for (name, value, problem) in [
        (
            "iss",
            json!("https://evil.cloudflareaccess.com"),
            AccessProblem::Issuer,
        ),
        ("iss", json!(TEAM), AccessProblem::Issuer),
        (
            "iss",
            json!(format!("https://{TEAM}/")),
            AccessProblem::Issuer,
        ),
        ("aud", json!([]), AccessProblem::Audience),
        ("aud", json!(["another"]), AccessProblem::Audience),
        ("aud", json!("sho"), AccessProblem::Audience),
        ("exp", json!(now - LEEWAY_S), AccessProblem::Expired),
        ("nbf", json!(now + LEEWAY_S + 1), AccessProblem::NotYet),
        ("exp", json!("tomorrow"), AccessProblem::Malformed),
    ] {
        assert_eq!(
            who(&with(name, value.clone())),
            Err(problem),
            "{name} {value}"
        );
    }
    assert!(who(&with("exp", json!(now - LEEWAY_S + 1))).is_ok());
    assert!(who(&with("nbf", json!(now + LEEWAY_S))).is_ok());
}

#[test]
fn one_algorithm_is_taken() {
    for alg in ["none", "None", "HS256", "RS512", "ES256", "rs256", ""] {
        let token = token(&json!({"alg": alg, "kid": "k1"}), &claims());
        assert_eq!(
            Assertion::read(&token).unwrap_err(),
            AccessProblem::Algorithm,
            "{alg}"
        );
    }
    let critical = json!({"alg": "RS256", "kid": "k1", "crit": ["b64"]});
    for bad in [
        String::new(),
        "a".to_owned(),
        "a.b".to_owned(),
        "a.b.c".to_owned(),
        token(&json!({"alg": "RS256"}), &claims()),
        token(&critical, &claims()),
        token(&head(), &json!({"iss": "x"})),
        format!("{}=", token(&head(), &claims())),
        "x".repeat(TOKEN_BYTES + 1),
    ] {
        assert_eq!(
            Assertion::read(&bad).unwrap_err(),
            AccessProblem::Malformed,
            "{bad}"
        );
    }
}

#[test]
fn only_keys_that_sign_by_it_are_kept() {
    let key = |kid: &str| json!({"kid": kid, "kty": "RSA", "alg": "RS256", "use": "sig", "n": "n", "e": "AQAB"});
    let mut listed = vec![key("a")];
    for (name, value) in [
        ("kty", "oct"),
        ("alg", "HS256"),
        ("use", "enc"),
        ("n", ""),
        ("kid", ""),
    ] {
        let mut bad = key("b");
        bad[name] = json!(value);
        listed.push(bad);
    }
    listed.extend((0..50).map(|n| key(&format!("c{n}"))));
    let keys = read_keys(&json!({"keys": listed, "public_cert": {}}).to_string()).unwrap();
    assert_eq!(keys.len(), KEYS);
    assert_eq!((keys[0].kid.as_str(), keys[1].kid.as_str()), ("a", "c0"));
    for bad in ["", "[]", "{}", "<html>", "{\"keys\":{}}"] {
        assert_eq!(read_keys(bad), None, "{bad}");
    }
}

fn key(kid: &str) -> Key {
    Key {
        kid: kid.to_owned(),
        n: "n".to_owned(),
        e: "AQAB".to_owned(),
    }
}

#[test]
fn keys_are_fetched_when_they_are_old_or_one_is_not_known() {
    let mut ring = KeyRing::new();
    assert_eq!(ring.look_up("a", NOW), Lookup::Fetch(None));
    ring.fetched(vec![key("a")], NOW);
    assert_eq!(
        ring.look_up("a", NOW + FRESH_MS - 1),
        Lookup::Known(key("a"))
    );
    assert_eq!(ring.look_up("b", NOW), Lookup::Fetch(None));
    let old = NOW + FRESH_MS;
    assert_eq!(ring.look_up("a", old), Lookup::Fetch(Some(key("a"))));
    assert_eq!(
        ring.look_up("a", NOW + KEPT_MS),
        Lookup::Fetch(None),
        "too old to go by"
    );
    ring.fetched(vec![key("b")], old);
    assert_eq!(
        (ring.key("a"), ring.key("b")),
        (None, Some(&key("b"))),
        "a rotation ends the old one"
    );
}

proptest! {
    /// Whatever is asked for, and whenever.
    #[test]
    fn keys_are_not_fetched_more_often_than_the_limit_says(
        asked in prop::collection::vec((0i64..5_000, "[a-c]"), 0..200),
    ) {
        let mut ring = KeyRing::new();
        let mut fetches: Vec<i64> = Vec::new();
        let mut now = NOW;
        for (later, kid) in asked {
            now = now.saturating_add(later);
            if let Lookup::Fetch(_) = ring.look_up(&kid, now) {
                fetches.push(now);
                ring.fetched(vec![key("a")], now);
            }
        }
        let (within, most) = FETCHES;
        for (at, first) in fetches.iter().enumerate() {
            let near = fetches[at..].iter().filter(|own| own.saturating_sub(*first) < within).count();
            prop_assert!(near <= most);
        }
    }

    #[test]
    fn any_text_is_read_without_panic(text in "[ -~]{0,200}") {
        let _ = Assertion::read(&text).map(|read| read.key);
        let _ = read_keys(&text);
    }
}
