//! The bytes that a page reads: what they hold, what they hide, and what they may not do.

use crate::{NOON, generated, rules};
use goalpost_core::{
    Amount, BrowserPlan, Context, DecodeError, Definition, Id, Person, Rules, Worth, claims,
    evaluate, limits,
};
use proptest::prelude::*;

fn hidden(definition: Definition) -> Definition {
    let worth = match definition.worth {
        Worth::Value(Amount::Fixed(..)) => Worth::Value(Amount::None),
        other => other,
    };
    Definition {
        worth,
        ..definition
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_page_reads_what_was_written_without_prices(rules in generated::rules()) {
        let read = BrowserPlan::decode(&BrowserPlan::encode(&rules)).unwrap();
        let definitions: Vec<_> = rules
            .definitions
            .iter()
            .filter(|definition| !definition.server_only)
            .cloned()
            .map(hidden)
            .collect();
        prop_assert_eq!(&read.definitions, &definitions);
        prop_assert_eq!(Rules { definitions: Vec::new(), zone: read.zone.clone(), ..rules.clone() },
                        Rules { definitions: Vec::new(), ..read });
    }

    #[test]
    fn a_page_claims_what_the_edge_decides(
        rules in generated::rules(),
        observation in generated::page_view(),
        time in -1i64..4_000_000_000_000,
    ) {
        let page = BrowserPlan::decode(&BrowserPlan::encode(&rules)).unwrap();
        let context = Context {
            time,
            session: Some(Id::new(NOON, [1; 10])),
            person: Person { visitor: Some(Id::new(NOON, [2; 10])), contact: None },
            server: false,
        };
        let verdict = evaluate(&rules, &observation, &context);
        let decided = match verdict.problem {
            None => Ok(verdict.conversions.iter().map(|conversion| conversion.definition.as_str()).collect()),
            Some(problem) => Err(problem),
        };
        prop_assert_eq!(claims(&page, &observation), decided);
    }

    #[test]
    fn any_text_is_read_without_panic(text: String, ascii in "[ -~\\x00-\\x1f]{0,400}") {
        for text in [text, ascii] {
            let _ = BrowserPlan::decode(&text);
            let _ = BrowserPlan::decode(&format!("{}{text}", BrowserPlan::VERSION));
        }
    }

    #[test]
    fn a_damaged_plan_is_refused_or_harmless(
        rules in generated::rules(),
        observation in generated::observation(),
        at in any::<prop::sample::Index>(),
        sign: char,
        end in any::<prop::sample::Index>(),
    ) {
        let mut signs: Vec<char> = BrowserPlan::encode(&rules).chars().collect();
        let place = at.index(signs.len());
        signs[place] = sign;
        for damaged in [&signs[..], &signs[..end.index(signs.len())]] {
            let damaged: String = damaged.iter().collect();
            if let Ok(read) = BrowserPlan::decode(&damaged) {
                let _ = evaluate(&read, &observation, &Context::default());
                let _ = read.keeps_query("ref");
            }
        }
    }
}

#[test]
fn what_is_not_for_a_page_is_not_in_its_text() {
    let rules = rules(
        r#"{ "id": "close-won", "when": "server", "value": { "fixed": "120000" } },
           { "id": "marketing-lead", "when": { "submit": "form#trade" }, "value": { "fixed": "87654321" } }"#,
        "",
    );
    let text = BrowserPlan::encode(&rules);
    assert!(text.contains("marketing-lead") && text.contains("trade"));
    assert!(!text.contains("close-won"));
    assert!(!text.contains(&written(87_654_321)));
    let read = BrowserPlan::decode(&text).unwrap();
    let lead = read.definition("marketing-lead").unwrap();
    assert_eq!(lead.worth, Worth::Value(Amount::None));
}

/// A signed whole number as the text holds it: zigzag, then six bits a character.
fn written(number: i64) -> String {
    let mut rest = u64::try_from((number << 1) ^ (number >> 63)).unwrap();
    let mut text = String::new();
    while rest >= 0x40 {
        text.push(char::from(u8::try_from(rest & 0x3f).unwrap() | 0x40));
        rest >>= 6;
    }
    text.push(char::from(u8::try_from(rest).unwrap()));
    text
}

#[test]
fn only_a_plan_of_this_version_and_size_is_read() {
    let text = BrowserPlan::encode(&rules("", r#"{ "id": "g" }"#));
    assert!(BrowserPlan::decode(&text).is_ok());
    let newer = text.replacen(BrowserPlan::VERSION, "4", 1);
    assert_eq!(BrowserPlan::decode(&newer), Err(DecodeError::Version));
    assert_eq!(BrowserPlan::decode(""), Err(DecodeError::Malformed));
    let mut shorter = text.clone();
    shorter.pop();
    assert_eq!(BrowserPlan::decode(&shorter), Err(DecodeError::Malformed));
    assert_eq!(
        BrowserPlan::decode(&(text + "\0")),
        Err(DecodeError::Malformed)
    );
    assert_eq!(
        BrowserPlan::decode(&String::from(BrowserPlan::VERSION).repeat(100_000)),
        Err(DecodeError::Malformed)
    );
}

#[test]
fn nested_lists_in_a_hostile_text_end_in_an_error() {
    let rules = rules(
        "",
        r#"{ "id": "g", "when": { "event": "e", "and": [{ "property": "p", "is": "needle" }] } }"#,
    );
    let text = BrowserPlan::encode(&rules);
    // A list of one condition: a property (0), with a name of one letter.
    let (before, after) = text.split_once("\u{1}\0\u{1}p").unwrap();
    let nested = |depth: usize| {
        // All (1) of one (1) condition, again and again.
        let all = "\u{1}\u{1}".repeat(depth);
        BrowserPlan::decode(&format!("{before}\u{1}{all}\0\u{1}p{after}"))
    };
    assert!(nested(limits::CONDITION_DEPTH).is_ok());
    assert_eq!(nested(20_000), Err(DecodeError::Malformed));
}
