//! What the documents say is tested, is tested: every test that a table names is there.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests: what goes wrong should stop them"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Documents whose tables name tests in their last column, and the heads of these columns.
const DOCUMENTS: [(&str, &str); 2] = [
    ("docs/reliability.md", "tests"),
    ("docs/security.md", "shown by"),
];

/// Where tests are.
const FOLDERS: [&str; 9] = [
    "core/src",
    "core/tests",
    "edge-worker/src",
    "npm/test",
    "sdk-wasm/tests",
    "tests/e2e",
    "tests/edge",
    "tests/sim/tests",
    "xtask/src",
];

fn sources(folder: &Path, found: &mut String) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|it| it == "rs" || it == "mjs") {
            found.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

/// The last cell of each row of the table whose last column has that head.
fn last_cells<'a>(text: &'a str, head: &str) -> Vec<&'a str> {
    text.lines()
        .map(|line| line.trim_end_matches(" |").rsplit(" | ").next())
        .skip_while(|cell| *cell != Some(head))
        .skip(2)
        .map_while(|cell| cell.filter(|text| !text.is_empty()))
        .collect()
}

fn is_there(name: &str, sources: &str) -> bool {
    [
        format!("fn {name}("),
        format!("(\"{name}\""),
        format!("(`{name}`"),
    ]
    .iter()
    .any(|place| sources.contains(place))
}

#[test]
fn every_test_that_a_document_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut tests = String::new();
    for folder in FOLDERS {
        sources(&root.join(folder), &mut tests);
    }
    let mut missing = BTreeSet::new();
    for (document, head) in DOCUMENTS {
        let text = fs::read_to_string(root.join(document)).unwrap();
        let cells = last_cells(&text, head);
        assert!(cells.len() > 10, "{document} has no table of tests");
        for cell in cells {
            let mut names = cell.split('`').skip(1).step_by(2).peekable();
            assert!(
                names.peek().is_some() || cell == "not yet",
                "{document}: a row names no test, and does not say `not yet`: {cell}"
            );
            missing.extend(
                names
                    .filter(|name| !is_there(name, &tests))
                    .map(String::from),
            );
        }
    }
    assert!(missing.is_empty(), "no such tests: {missing:#?}");
}
