//! What must be known of messages before they become a transaction.

use goalpost_core::accepted::{Accepted, Content};
use serde::{Deserialize, de::IgnoredAny};
use std::{borrow::Cow, collections::BTreeSet};

/// Items of one transaction: where the cost per row has stopped to fall.
const ITEMS: usize = 1_000;

/// Bytes of the messages of one transaction.
const BYTES: usize = 1_000_000;

/// Cuts messages into parts that are each one transaction, in their order.
pub fn chunks<'m, 'a>(messages: &'m [Accepted<'a>]) -> Vec<&'m [Accepted<'a>]> {
    let mut parts = Vec::new();
    let mut rest = messages;
    let mut taken = 0usize;
    let mut room = (ITEMS, BYTES);
    for message in messages {
        let (items, bytes) = size(message);
        if taken > 0 && (items > room.0 || bytes > room.1) {
            let (part, others) = rest.split_at(taken);
            parts.push(part);
            rest = others;
            taken = 0;
            room = (ITEMS, BYTES);
        }
        taken = taken.saturating_add(1);
        room.0 = room.0.saturating_sub(items);
        room.1 = room.1.saturating_sub(bytes);
    }
    if !rest.is_empty() {
        parts.push(rest);
    }
    parts
}

fn size(message: &Accepted<'_>) -> (usize, usize) {
    #[derive(Deserialize)]
    struct Counted {
        items: Vec<IgnoredAny>,
    }
    let beacon = match &message.content {
        Content::Beacon(beacon) => beacon.get(),
        Content::Server(server) => {
            let bytes = server.items.iter().map(|item| item.get().len()).sum();
            return (server.items.len(), bytes);
        }
        Content::Dropped(dropped) => dropped.beacon.map_or("", |beacon| beacon.get()),
        Content::Refused(refused) => return (1, refused.body.len()),
    };
    let items = serde_json::from_str::<Counted>(beacon).map_or(1, |counted| counted.items.len());
    (items, beacon.len())
}

/// The plans that the beacons of these messages name, as (site, hash), each once; the hash is empty
/// where a page had no plan. The current plan of each site is needed in any case.
pub fn plans_needed(messages: &[Accepted<'_>]) -> Vec<(String, String)> {
    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(borrow)]
        site: Cow<'a, str>,
        #[serde(borrow, default)]
        plan: Cow<'a, str>,
    }
    let mut needed = BTreeSet::new();
    for message in messages {
        let named = match &message.content {
            Content::Beacon(beacon) => serde_json::from_str(beacon.get()).ok(),
            Content::Server(server) => Some(Named {
                site: Cow::Borrowed(&server.site),
                plan: Cow::Borrowed(""),
            }),
            Content::Dropped(_) | Content::Refused(_) => None,
        };
        if let Some(named) = named {
            needed.insert((named.site.into_owned(), named.plan.into_owned()));
        }
    }
    needed.into_iter().collect()
}
