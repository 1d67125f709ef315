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
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = BrowserPlan::decode(&bytes);
        let versioned: Vec<u8> = [BrowserPlan::VERSION].into_iter().chain(bytes).collect();
        let _ = BrowserPlan::decode(&versioned);
    }

    #[test]
    fn a_damaged_plan_is_refused_or_harmless(
        rules in generated::rules(),
        observation in generated::observation(),
        at in any::<prop::sample::Index>(),
        byte: u8,
        end in any::<prop::sample::Index>(),
    ) {
        let mut bytes = BrowserPlan::encode(&rules);
        let place = at.index(bytes.len());
        bytes[place] = byte;
        for damaged in [&bytes[..], &bytes[..end.index(bytes.len())]] {
            if let Ok(read) = BrowserPlan::decode(damaged) {
                let _ = evaluate(&read, &observation, &Context::default());
                let _ = read.keeps_query("ref");
            }
        }
    }
}

#[test]
fn what_is_not_for_a_page_is_not_in_its_bytes() {
    let rules = rules(
        r#"{ "id": "close-won", "when": "server", "value": { "fixed": "120000" } },
           { "id": "marketing-lead", "when": { "submit": "form#trade" }, "value": { "fixed": "87654321" } }"#,
        "",
    );
    let bytes = BrowserPlan::encode(&rules);
    let holds = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    assert!(holds(b"marketing-lead") && holds(b"trade"));
    assert!(!holds(b"close-won"));
    assert!(!holds(&written(87_654_321)));
    let read = BrowserPlan::decode(&bytes).unwrap();
    let lead = read.definition("marketing-lead").unwrap();
    assert_eq!(lead.worth, Worth::Value(Amount::None));
}

/// A signed whole number as the bytes hold it: zigzag, then seven bits a byte.
fn written(number: i64) -> Vec<u8> {
    let mut rest = u64::try_from((number << 1) ^ (number >> 63)).unwrap();
    let mut bytes = Vec::new();
    while rest >= 0x80 {
        bytes.push(u8::try_from(rest & 0x7f).unwrap() | 0x80);
        rest >>= 7;
    }
    bytes.push(u8::try_from(rest).unwrap());
    bytes
}

#[test]
fn only_a_plan_of_this_version_and_size_is_read() {
    let bytes = BrowserPlan::encode(&rules("", r#"{ "id": "g" }"#));
    assert!(BrowserPlan::decode(&bytes).is_ok());
    let mut newer = bytes.clone();
    newer[0] = BrowserPlan::VERSION + 1;
    assert_eq!(BrowserPlan::decode(&newer), Err(DecodeError::Version));
    assert_eq!(BrowserPlan::decode(&[]), Err(DecodeError::Malformed));
    assert_eq!(
        BrowserPlan::decode(&bytes[..bytes.len() - 1]),
        Err(DecodeError::Malformed)
    );
    let mut longer = bytes;
    longer.push(0);
    assert_eq!(BrowserPlan::decode(&longer), Err(DecodeError::Malformed));
    assert_eq!(
        BrowserPlan::decode(&vec![BrowserPlan::VERSION; 100_000]),
        Err(DecodeError::Malformed)
    );
}

#[test]
fn nested_lists_in_hostile_bytes_end_in_an_error() {
    let rules = rules(
        "",
        r#"{ "id": "g", "when": { "event": "e", "and": [{ "property": "p", "is": "needle" }] } }"#,
    );
    let bytes = BrowserPlan::encode(&rules);
    // A list of one condition: a property (0), with a name of one letter.
    let list = [1u8, 0, 1, b'p'];
    let at = bytes.windows(4).position(|window| window == list).unwrap();
    let nested = |depth: usize| {
        let mut nested = bytes[..=at].to_vec();
        // All (1) of one (1) condition, again and again.
        nested.extend([1, 1].repeat(depth));
        nested.extend(&bytes[at + 1..]);
        BrowserPlan::decode(&nested)
    };
    assert!(nested(limits::CONDITION_DEPTH).is_ok());
    assert_eq!(nested(20_000), Err(DecodeError::Malformed));
}
