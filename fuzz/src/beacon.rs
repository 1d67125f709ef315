//! A body that claims to be a beacon of a page: read, evaluated, scrubbed.
#![no_main]

mod corpus;

use goalpost_core::{
    Context, Rules,
    beacon::{Envelope, ReadItem, peek, read_item, read_kept},
    claims, evaluate,
};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static RULES: LazyLock<Rules> = LazyLock::new(corpus::rules);

fuzz_target!(|body: &[u8]| {
    let Ok(envelope) = Envelope::read(body) else {
        return;
    };
    envelope.visitor(None);
    for item in &envelope.items {
        let whole = envelope.whole(item.get());
        assert_eq!(envelope.whole(&whole), whole, "whole, and made whole again");
        match read_item(&whole) {
            Ok(read) => check(read),
            Err(problem) => {
                assert_eq!((problem.id, problem.seq), peek(&whole));
                assert!(!problem.detail.is_empty());
            }
        }
    }
});

fn check(mut read: ReadItem<'_>) {
    let verdict = evaluate(&RULES, &read.observation, &Context::default());
    // The page claims by the same rules as the edge judges.
    match claims(&RULES, &read.observation) {
        Ok(claimed) => {
            let judged: Vec<&str> = verdict
                .conversions
                .iter()
                .map(|conversion| conversion.definition.as_str())
                .collect();
            assert_eq!(claimed, judged);
        }
        Err(problem) => assert_eq!(verdict.problem, Some(problem)),
    }
    // What is stored can be read again, is what was judged, and names nobody any more.
    if let Some(stored) = read.scrub() {
        let mut again = read_kept(&stored).expect("what was scrubbed is an item still");
        assert_eq!(again.observation, read.observation);
        assert_eq!(again.scrub(), None, "scrubbed once is scrubbed");
    }
}
