//! A body that claims to come of a shop's servers, or of another system that speaks for them.
#![no_main]

mod corpus;

use goalpost_core::{
    Context, Rules,
    compat::Client,
    evaluate,
    server_event::{Terms, peek_id, read_event, read_events, read_stored},
    webhook::{Said, read_shopify},
};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static RULES: LazyLock<Rules> = LazyLock::new(corpus::rules);

/// Shopify's topics are no part of a body.
const TOPICS: [&str; 2] = ["orders/paid", "refunds/create"];

fuzz_target!(|body: &[u8]| {
    if let Ok(events) = read_events(body, &RULES.site) {
        for event in events {
            check(event.get());
        }
    }
    let mut said = Vec::new();
    for client in Client::ALL {
        said.extend(
            client
                .read(body)
                .map(|batch| batch.said)
                .unwrap_or_default(),
        );
    }
    said.extend(
        TOPICS
            .into_iter()
            .filter_map(|topic| read_shopify(topic, body).ok()),
    );
    for one in said {
        if let Said::Event(event) = one {
            check(&event);
        }
    }
});

fn check(event: &str) {
    peek_id(event);
    let terms = Terms {
        rules: &RULES,
        now: 1_795_000_000_000,
        since: None,
    };
    let read = match read_event(event, &terms) {
        Ok(read) => read,
        Err(problem) => {
            assert!(!problem.to_string().is_empty());
            return;
        }
    };
    assert_eq!(read_event(event, &terms).as_ref(), Ok(&read), "sent again");
    let mut stored = read_stored(&read.json).expect("what is stored can be read");
    let observation = &stored.item.observation;
    assert_eq!(observation.id, read.id);
    let context = Context {
        server: true,
        ..Context::default()
    };
    evaluate(&RULES, observation, &context);
    assert_eq!(stored.item.scrub(), None, "what is stored names nobody");
}
