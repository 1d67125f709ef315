//! What the documents say is tested, is tested: every test that a table names is there.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests: what goes wrong should stop them"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Documents whose tables name tests in their last column.
const DOCUMENTS: [&str; 1] = ["docs/reliability.md"];

/// Where tests are.
const FOLDERS: [&str; 7] = [
    "core/tests",
    "edge-worker/src",
    "npm/test",
    "sdk-wasm/tests",
    "tests/e2e",
    "tests/edge",
    "tests/sim/tests",
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

/// The last cell of each row of a document's tables, without their heads.
fn last_cells(text: &str) -> Vec<&str> {
    text.lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| ---"))
        .filter_map(|line| line.trim_end_matches(" |").rsplit(" | ").next())
        .filter(|cell| *cell != "tests")
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
    for document in DOCUMENTS {
        let text = fs::read_to_string(root.join(document)).unwrap();
        let cells = last_cells(&text);
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
