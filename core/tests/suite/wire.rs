//! What released versions wrote is read for ever: see `tests/corpus/wire`.

use goalpost_core::{
    BrowserPlan,
    accepted::{Accepted, Content},
    beacon::{Envelope, read_item},
    plan::Plan,
};
use serde::Deserialize;
use std::{fs, path::PathBuf};

#[derive(Deserialize)]
struct Request {
    name: String,
    path: String,
    #[serde(default)]
    body: String,
}

/// The folders of all versions.
fn versions() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/corpus/wire");
    let entries = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    let versions: Vec<PathBuf> = entries.filter(|it| it.is_dir()).collect();
    assert!(!versions.is_empty());
    versions
}

fn items_of(body: &str) -> usize {
    let envelope = Envelope::read(body.as_bytes()).unwrap();
    for item in &envelope.items {
        read_item(&envelope.whole(item.get())).unwrap();
    }
    envelope.items.len()
}

#[test]
fn beacons_of_every_released_version_are_read() {
    for version in versions() {
        let text = fs::read_to_string(version.join("requests.json")).unwrap();
        let requests: Vec<Request> = serde_json::from_str(&text).unwrap();
        for form in ["wasm", "js", "raw", "cookieless"] {
            let sent = requests
                .iter()
                .filter(|it| it.name == form && it.path == "/_g/c");
            let items: usize = sent.map(|it| items_of(&it.body)).sum();
            assert!(items > 2, "{form} of {}", version.display());
        }
    }
}

#[test]
fn messages_of_every_released_version_are_read() {
    for version in versions() {
        let text = fs::read_to_string(version.join("messages.json")).unwrap();
        let messages: Vec<String> = serde_json::from_str(&text).unwrap();
        let mut beacons = 0;
        for message in &messages {
            let accepted: Accepted<'_> = serde_json::from_str(message).unwrap();
            if let Content::Beacon(beacon) = accepted.content {
                items_of(beacon.get());
                beacons += 1;
            }
        }
        assert!(beacons > 10, "{}", version.display());
    }
}

#[test]
fn a_field_of_a_message_that_is_not_known_is_passed_over() {
    for version in versions() {
        let text = fs::read_to_string(version.join("messages.json")).unwrap();
        let messages: Vec<String> = serde_json::from_str(&text).unwrap();
        for message in messages {
            let newer = message.replacen('{', r#"{"later":{"who":["x"]},"#, 1);
            let read: Accepted<'_> = serde_json::from_str(&newer).unwrap();
            let known: Accepted<'_> = serde_json::from_str(&message).unwrap();
            assert_eq!(
                serde_json::to_string(&read).unwrap(),
                serde_json::to_string(&known).unwrap()
            );
        }
    }
}

#[test]
fn pages_of_every_released_version_get_a_plan_that_they_read() {
    for version in versions() {
        let source = fs::read_to_string(version.join("plan.json")).unwrap();
        let rules = Plan::parse(&source).unwrap().compile();
        let sent = fs::read_to_string(version.join("plan.txt")).unwrap();
        assert_eq!(BrowserPlan::encode(&rules), sent);
        BrowserPlan::decode(&sent).unwrap();
    }
}
