//! What an observation means, and why it means nothing.

use crate::{NOON, click, event, number, page, play, rules, seen, text, with};
use goalpost_core::{
    CommerceStep, Context, Counting, Explanation, Observation, Rules, Seen, evaluate, explain,
    fate::Quarantine,
};

const CONTEXT: Context<'_> = Context {
    time: NOON,
    session: None,
    person: goalpost_core::Person {
        visitor: None,
        contact: None,
    },
    server: false,
};

fn happened(rules: &Rules, observation: &Observation) -> Vec<String> {
    evaluate(rules, observation, &CONTEXT)
        .conversions
        .into_iter()
        .map(|conversion| conversion.definition)
        .collect()
}

fn why(goal: &str, observation: &Observation) -> Explanation {
    let rules = rules("", goal);
    explain(&rules, rules.definition("g").unwrap(), observation)
}

fn trigger(id: &str) -> Observation {
    seen(Seen::Trigger {
        definition: id.into(),
    })
}

#[test]
fn the_nearest_miss_explains() {
    let any = r#"{ "id": "g", "when": { "any": [
        { "event": "e", "and": [{ "property": "p", "is": "x" }] },
        { "event": "other" }, { "page": "/a" } ] } }"#;
    assert_eq!(why(any, &seen(event("e"))), Explanation::Condition);
    assert_eq!(why(any, &seen(event("z"))), Explanation::OtherSubject);
    assert_eq!(why(any, &seen(play("v"))), Explanation::OtherKind);
    assert_eq!(why(any, &seen(event("other"))), Explanation::Matched);
    assert_eq!(
        why(r#"{ "id": "g" }"#, &seen(event("e"))),
        Explanation::Inert
    );
    assert_eq!(why(r#"{ "id": "g" }"#, &trigger("g")), Explanation::Matched);
    let server = r#"{ "id": "g", "when": "server" }"#;
    assert_eq!(why(server, &seen(event("e"))), Explanation::ServerOnly);
    assert_eq!(why(server, &trigger("g")), Explanation::ServerOnly);
}

#[test]
fn an_inert_definition_happens_only_by_its_id() {
    let rules = rules("", r#"{ "id": "size-found" }"#);
    assert_eq!(happened(&rules, &page("/", &[])), [""; 0]);
    assert_eq!(happened(&rules, &trigger("size-found")), ["size-found"]);
    assert_eq!(happened(&rules, &trigger("close-lost")), ["close-lost"]);
}

#[test]
fn a_server_triggers_what_a_page_may_not() {
    let rules = rules(
        r#"{ "id": "close-won", "when": "server" }"#,
        r#"{ "id": "g" }"#,
    );
    let server = Context {
        server: true,
        ..CONTEXT
    };
    for id in ["close-won", "g"] {
        let verdict = evaluate(&rules, &trigger(id), &server);
        assert_eq!(verdict.problem, None);
        assert_eq!(verdict.conversions[0].definition, id);
    }
    let verdict = evaluate(&rules, &trigger("no-such"), &server);
    assert_eq!(verdict.problem.unwrap().0, Quarantine::Unregistered);
}

#[test]
fn an_unknown_or_a_servers_definition_is_a_problem() {
    let rules = rules(
        r#"{ "id": "close-won", "when": "server" }, { "id": "close-lost", "off": true }"#,
        "",
    );
    for id in ["no-such", "close-won", "close-lost"] {
        let verdict = evaluate(&rules, &trigger(id), &CONTEXT);
        assert_eq!(verdict.conversions, []);
        let (reason, detail) = verdict.problem.unwrap();
        assert_eq!(reason, Quarantine::Unregistered);
        assert!(detail.contains(&format!("'{id}'")), "{detail}");
    }
}

#[test]
fn a_named_segment_can_be_asked_about_and_deduplicate() {
    let rules = rules(
        "",
        r#"{ "id": "guides", "when": { "any": [
              { "page": "/ja/guides/:topic" }, { "page": "/guides/:topic" } ] },
            "count": "once_per_session", "dedup": "topic" },
          { "id": "sizes", "when": { "page": "/guides/:topic",
            "and": [{ "property": "topic", "is": "sizes" }] } }"#,
    );
    let verdict = evaluate(&rules, &page("/guides/sizes", &[]), &CONTEXT);
    let keys: Vec<_> = verdict
        .conversions
        .iter()
        .map(|conversion| {
            (
                conversion.definition.as_str(),
                conversion.key.dedup.as_str(),
            )
        })
        .collect();
    assert_eq!(keys, [("guides", "sizes"), ("sizes", "")]);
    let other = evaluate(&rules, &page("/ja/guides/care", &[]), &CONTEXT);
    assert_eq!(other.conversions[0].key.dedup, "care");
    assert_eq!(other.conversions.len(), 1);
}

#[test]
fn a_page_is_known_by_its_path_and_query() {
    let rules = rules(
        "",
        r#"{ "id": "mail", "when": { "page": "/*", "query": { "utm_medium": "email" } } }"#,
    );
    assert_eq!(
        happened(&rules, &page("/a/b", &[("utm_medium", "email")])),
        ["mail"]
    );
    assert_eq!(
        happened(&rules, &page("/a/b", &[("utm_medium", "Email")])),
        [""; 0]
    );
    assert_eq!(happened(&rules, &page("/a/b", &[])), [""; 0]);
}

#[test]
fn a_link_is_known_by_what_it_says_of_itself() {
    let goals: Vec<_> = ["tel", "mailto", "sms", "download", "outbound"]
        .iter()
        .map(|kind| {
            format!(r#"{{ "id": "{kind}", "when": {{ "click": {{ "link": "{kind}" }} }} }}"#)
        })
        .collect();
    let rules = rules("", &goals.join(","));
    for (href, kind) in [
        ("tel:+81312345678", Some("tel")),
        ("TEL:110", Some("tel")),
        ("mailto:a@b.example", Some("mailto")),
        ("sms:+81", Some("sms")),
        ("/files/fit.PDF?v=2", Some("download")),
        ("/fit.pdf.html", None),
        ("https://other.example/x", Some("outbound")),
        ("//other.example:8443/x", Some("outbound")),
        ("https://SHOP.example/x", None),
        ("/x", None),
        ("#top", None),
    ] {
        let found = happened(&rules, &seen(click("a", &[("href", href)])));
        assert_eq!(found, kind.into_iter().collect::<Vec<_>>(), "{href}");
    }
}

fn purchase(properties: &[(&str, goalpost_core::Value)]) -> Observation {
    let seen_purchase = seen(Seen::Commerce {
        step: CommerceStep::Purchase,
    });
    with(seen_purchase, properties)
}

#[test]
fn money_is_minor_units_of_its_own_currency() {
    let rules = rules(
        r#"{ "id": "product-purchase", "when": { "commerce": "purchase" } },
           { "id": "close-won", "when": { "commerce": "purchase" }, "value": { "fixed": "19.90", "currency": "USD" } }"#,
        "",
    );
    let minor = |properties: &[(&str, goalpost_core::Value)]| {
        let verdict = evaluate(&rules, &purchase(properties), &CONTEXT);
        verdict.conversions[0]
            .money
            .map(|money| (money.minor, money.currency.code().to_owned()))
    };
    let yen = |minor: i64| Some((minor, "JPY".to_owned()));
    assert_eq!(minor(&[("revenue", number("10000"))]), yen(10_000));
    assert_eq!(minor(&[("revenue", text("10000.00"))]), yen(10_000));
    assert_eq!(
        minor(&[("revenue", text("1.005")), ("currency", text("KWD"))]),
        Some((1_005, "KWD".to_owned()))
    );
    assert_eq!(minor(&[]), None);
    let all = evaluate(&rules, &purchase(&[]), &CONTEXT);
    assert_eq!(all.conversions[1].money.unwrap().minor, 1_990);
}

#[test]
fn an_amount_that_is_none_names_the_field() {
    let rules = rules(
        r#"{ "id": "product-purchase", "when": { "commerce": "purchase" } }"#,
        r#"{ "id": "bought", "when": { "commerce": "purchase" } }"#,
    );
    for (properties, field) in [
        (vec![("revenue", text("1.005"))], "'revenue'"),
        (vec![("revenue", number("1e3"))], "'revenue'"),
        (vec![("revenue", text("NaN"))], "'revenue'"),
        (
            vec![("revenue", text("1")), ("currency", text("YEN"))],
            "'currency'",
        ),
    ] {
        let verdict = evaluate(&rules, &purchase(&properties), &CONTEXT);
        let (reason, detail) = verdict.problem.unwrap();
        assert_eq!(reason, Quarantine::Value);
        assert!(
            detail.starts_with("product-purchase: property ") && detail.contains(field),
            "{detail}"
        );
        assert_eq!(verdict.conversions, [], "the whole item waits");
    }
}

#[test]
fn a_page_keeps_only_the_query_that_somebody_asks_about() {
    let rules = rules(
        "",
        r#"{ "id": "g", "when": { "page": "/guides/:topic", "query": { "ref": "card" },
             "and": [{ "property": "topic", "is": "sizes" }, { "property": "host", "is": "shop.example" },
                     { "any": [{ "property": "size", "exists": true }, { "property": "path", "contains": "x" }] }] } },
           { "id": "s", "when": { "page": "/search" }, "count": "once_per_session", "dedup": "q" },
           { "id": "e", "when": { "event": "x", "and": [{ "property": "secret", "is": "1" }] } }"#,
    );
    for kept in ["utm_source", "gclid", "size", "ref", "q"] {
        assert!(rules.keeps_query(kept), "{kept}");
    }
    for private in ["email", "token", "secret", "path", "host", ""] {
        assert!(!rules.keeps_query(private), "{private}");
    }
}

/// Marks are reached one by one: a page tells of each that the plan has, so each is its own fact.
#[test]
fn a_mark_means_what_waits_for_exactly_it() {
    let rules = rules(
        "",
        r#"{ "id": "half", "when": { "scroll": 50 } }, { "id": "end", "when": { "scroll": 100 } },
           { "id": "guide", "when": { "scroll": 50, "and": [{ "property": "path", "starts_with": "/guides/" }] } },
           { "id": "stayed", "when": { "dwell": "1m" } }, { "id": "stayed-too", "when": { "dwell": "60s" } }"#,
    );
    let scrolled = |percent| seen(Seen::Scroll { percent });
    let stayed = |seconds| seen(Seen::Dwell { seconds });
    assert_eq!(happened(&rules, &scrolled(50)), ["half"]);
    assert_eq!(happened(&rules, &scrolled(100)), ["end"]);
    assert_eq!(happened(&rules, &scrolled(75)), [""; 0]);
    assert_eq!(happened(&rules, &stayed(60)), ["stayed", "stayed-too"]);
    assert_eq!(happened(&rules, &stayed(50)), [""; 0]);
    let guide = Observation {
        path: "/guides/sizes/".into(),
        ..scrolled(50)
    };
    assert_eq!(happened(&rules, &guide), ["half", "guide"]);
    let half = rules.definition("half").unwrap();
    let why = |observation: &Observation| explain(&rules, half, observation);
    assert_eq!(why(&scrolled(100)), Explanation::OtherSubject);
    assert_eq!(why(&stayed(50)), Explanation::OtherKind);
}

#[test]
fn a_video_that_plays_by_itself_counts_unless_a_condition_says_no() {
    let rules = rules(
        "",
        r#"{ "id": "any", "when": { "media": "play" } },
           { "id": "wanted", "when": { "media": "play", "and": [
             { "property": "autoplay", "exists": false }, { "property": "loop", "exists": false }] } }"#,
    );
    let by_itself = |name: &str| {
        with(
            seen(play("hero")),
            &[(name, goalpost_core::Value::Bool(true))],
        )
    };
    assert_eq!(happened(&rules, &seen(play("hero"))), ["any", "wanted"]);
    assert_eq!(happened(&rules, &by_itself("autoplay")), ["any"]);
    assert_eq!(happened(&rules, &by_itself("loop")), ["any"]);
}

#[test]
fn a_page_watches_only_for_what_some_definition_asks() {
    let list = |goals: &str| rules("", goals).watch_list();
    assert_eq!(list(r#"{ "id": "g", "when": { "page": "/" } }"#), "");
    assert_eq!(
        list(
            r#"{ "id": "g", "when": { "any": [{ "scroll": 75 }, { "dwell": "2m" }, { "media": { "progress": 50 } },
                 { "media": "complete" }, { "submit": "form" }, { "event": "e" }] } }, { "id": "h", "when": { "scroll": 75 } }"#
        ),
        "s75 d120 m50 m0 f0 s75 "
    );
}

#[test]
fn a_page_looks_after_links_only_where_the_site_has_hosts_to_link() {
    let list = |hosts: &[&str]| {
        let hosts = hosts.iter().map(ToString::to_string).collect();
        let rules = rules("", r#"{ "id": "g", "when": { "scroll": 75 } }"#);
        Rules { hosts, ..rules }.watch_list()
    };
    assert_eq!(list(&["shop.example"]), "s75 ");
    assert_eq!(
        list(&["shop.example", "pay.example"]),
        "s75 /shop.example/pay.example"
    );
}

#[test]
fn a_code_is_the_place_of_its_sentence() {
    let all = [
        Explanation::Matched,
        Explanation::Inert,
        Explanation::ServerOnly,
        Explanation::OtherKind,
        Explanation::OtherSubject,
        Explanation::Condition,
    ];
    let sentences = Explanation::sentences();
    let mut met = vec![false; sentences.len()];
    for explanation in all {
        for count in Counting::ALL {
            if let Some(code) = explanation.code(count) {
                let place = usize::from(code);
                assert_eq!(sentences[place], explanation.sentence(count));
                met[place] = true;
            }
        }
    }
    assert!(met.into_iter().all(|met| met), "{sentences:?}");
}
