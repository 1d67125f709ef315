//! Why each definition did or did not happen, in the words that people read.

use crate::{NOON, event, page, rules, seen, text, with};
use goalpost_core::{CommerceStep, Context, Id, Seen, Zone, reasons};

const CONTEXT: Context<'_> = Context {
    time: NOON,
    session: None,
    person: goalpost_core::Person {
        visitor: None,
        contact: None,
    },
    server: false,
};

#[test]
fn every_definition_has_its_reason() {
    let rules = rules(
        "",
        r#"{ "id": "guide", "when": { "page": "/guides/:topic" }, "count": "once_per_day" },
           { "id": "sizes", "when": { "page": "/guides/:topic",
             "and": [{ "property": "topic", "is": "sizes" }] } },
           { "id": "home", "when": { "page": "/" } },
           { "id": "buy", "when": { "commerce": "purchase" } },
           { "id": "code" }"#,
    );
    let reasons = reasons::of(&rules, &page("/guides/care", &[]), &CONTEXT);
    assert_eq!(reasons.problem, None);
    let told = |id: &str| {
        let reason = reasons
            .definitions
            .iter()
            .find(|reason| reason.definition == id)
            .unwrap();
        (reason.text(), reason.conversion.is_some())
    };
    assert_eq!(told("guide"), ("matched, counts once_per_day".into(), true));
    assert_eq!(told("sizes"), ("a condition does not hold".into(), false));
    assert_eq!(
        told("home"),
        ("path, selector, name, step or mark differs".into(), false)
    );
    assert_eq!(
        told("buy"),
        ("waits for another kind of observation".into(), false)
    );
    assert_eq!(
        told("code"),
        (
            "has no rule: only trigger() with its id makes it happen".into(),
            false
        )
    );
    assert_eq!(reasons.definitions.len(), rules.definitions.len());
}

#[test]
fn what_matched_without_a_value_is_refused_as_a_whole() {
    let rules = rules(
        r#"{ "id": "product-purchase", "when": { "commerce": "purchase" } }"#,
        r#"{ "id": "bought", "when": { "commerce": "purchase" } }"#,
    );
    let bought = with(
        seen(Seen::Commerce {
            step: CommerceStep::Purchase,
        }),
        &[("revenue", text("much"))],
    );
    let reasons = reasons::of(&rules, &bought, &CONTEXT);
    let (reason, problem) = reasons.problem.unwrap();
    assert_eq!(reason.name(), "value");
    assert!(problem.starts_with("product-purchase: property 'revenue'"));
    for reason in reasons.definitions {
        assert_eq!(reason.conversion, None, "{}", reason.definition);
    }
}

#[test]
fn a_server_may_report_what_a_page_may_not() {
    let rules = rules(r#"{ "id": "close-won", "when": "server" }"#, "");
    let won = seen(Seen::Trigger {
        definition: "close-won".into(),
    });
    let text = |server| {
        let reasons = reasons::of(&rules, &won, &Context { server, ..CONTEXT });
        reasons
            .definitions
            .into_iter()
            .find(|reason| reason.definition == "close-won")
            .map(|reason| reason.text())
    };
    assert_eq!(text(false).unwrap(), "only a server may report it");
    assert_eq!(text(true).unwrap(), "matched, counts once_per_contact");
    let reasons = reasons::of(&rules, &seen(event("x")), &CONTEXT);
    assert_eq!(reasons.definitions.len(), rules.definitions.len());
}

#[test]
fn a_copy_names_the_session_and_the_time_of_the_first() {
    let session = Id::new(NOON, [3; 10]);
    let tokyo = Zone::fixed(9 * 3_600);
    assert_eq!(
        reasons::already_counted(Some(session), NOON, &tokyo),
        format!("already counted in session {session} at 2026-11-18 20:06:40")
    );
    // Before midnight in UTC, and half past five in the morning in Kolkata.
    assert_eq!(
        reasons::already_counted(None, -1_000, &Zone::fixed(19_800)),
        "already counted at 1970-01-01 05:29:59"
    );
}
