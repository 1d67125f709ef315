//! What the Worker reads of its deployment is what `wrangler.jsonc` and `.dev.vars.example` name, and
//! nothing else.

#![allow(
    clippy::unwrap_used,
    reason = "these are tests: what goes wrong should stop them"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../edge-worker");
    fs::read_to_string(root.join(path)).unwrap()
}

fn is_name(text: &str) -> bool {
    text.len() > 1
        && text.starts_with(|first: char| first.is_ascii_uppercase())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// The names that stand in quotation marks.
fn quoted(text: &str) -> BTreeSet<String> {
    text.split('"')
        .filter(|part| is_name(part))
        .map(str::to_owned)
        .collect()
}

/// What the Worker asks its deployment for: Rust in one file, JavaScript in another.
fn asked_for() -> BTreeSet<String> {
    let source = read("src/bindings.rs");
    let mut names = quoted(source.split("#[cfg(test)]").next().unwrap());
    let after_env = |own: &str| {
        own.split(|letter: char| letter != '_' && !letter.is_ascii_alphanumeric())
            .next()
            .map(str::to_owned)
    };
    let runtime = read("src/runtime.js");
    let asked = runtime.split("env.").skip(1).filter_map(after_env);
    names.extend(asked.filter(|own| is_name(own)));
    names
}

/// Bindings, and settings under `vars`: those that are switched off too, behind `//`.
fn in_wrangler() -> BTreeSet<String> {
    quoted(&read("wrangler.jsonc"))
}

/// Secrets and vars, each with the word that says which of both it is.
fn in_dev_vars() -> Vec<(String, String)> {
    read(".dev.vars.example")
        .lines()
        .filter_map(|line| {
            let (name, rest) = line.trim_start_matches("# ").split_once('=')?;
            let (_, told) = rest.rsplit_once(" # ")?;
            let (kind, _) = told.split_once("; ")?;
            is_name(name).then(|| (name.to_owned(), kind.to_owned()))
        })
        .collect()
}

#[test]
fn every_binding_and_setting_is_named_for_the_operator_and_read_by_the_worker() {
    let settings = in_dev_vars();
    let mut named = in_wrangler();
    named.extend(settings.iter().map(|(name, _)| name.clone()));
    // The Worker counts further ones by itself.
    assert!(named.remove("DB_2"));
    assert_eq!(named, asked_for());
}

#[test]
fn secrets_are_never_in_wrangler_jsonc_and_vars_always_are() {
    let wrangler = in_wrangler();
    let settings = in_dev_vars();
    assert!(settings.len() > 5, "{settings:?}");
    for (name, kind) in settings {
        match kind.as_str() {
            "secret" => assert!(!wrangler.contains(&name), "{name} is a secret"),
            "var" => assert!(wrangler.contains(&name), "{name}: name it under vars"),
            other => assert_eq!(other, "var", "{name} is a secret or a var"),
        }
    }
}
