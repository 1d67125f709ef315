//! Writes the files that other languages and people read of the Rust types, or with `--check`
//! fails where one of them differs from what it would write.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a tool for this project: it speaks to who started it, and may stop where it is wrong"
)]

mod beacon_shape;
mod examples;
mod layout;
mod page;
mod plan_schema;
mod tables;
mod typescript;

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// The first line of every file whose format has comments.
const NOTE: &str = "Generated from the Rust types; run `cargo xtask gen`.";

fn main() -> ExitCode {
    let check = match env::args().skip(1).collect::<Vec<_>>().as_slice() {
        [] => false,
        [flag] if flag == "--check" => true,
        _ => return fail("the only argument is --check"),
    };
    let Some(root) = root() else {
        return fail("no Cargo.lock in this folder or above it: run it within the project");
    };
    let mut different = Vec::new();
    for (name, text) in files() {
        let path = root.join(name);
        if fs::read_to_string(&path).is_ok_and(|found| found == text) {
            continue;
        }
        if check {
            different.push(name);
        } else if let Err(problem) = write(&path, &text) {
            return fail(&format!("{name}: {problem}"));
        } else {
            println!("wrote {name}");
        }
    }
    if different.is_empty() {
        ExitCode::SUCCESS
    } else {
        fail(&format!(
            "{} differ from what the Rust types say; run `cargo xtask gen` and commit them",
            different.join(", ")
        ))
    }
}

fn fail(text: &str) -> ExitCode {
    eprintln!("{text}");
    ExitCode::FAILURE
}

/// The project's folder.
fn root() -> Option<PathBuf> {
    let here = env::current_dir().ok()?;
    here.ancestors()
        .find(|folder| folder.join("Cargo.lock").is_file())
        .map(Path::to_path_buf)
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}

/// Every generated file: its place in the project and its text.
fn files() -> Vec<(&'static str, String)> {
    let schema = plan_schema::document();
    vec![
        ("npm/src/generated/plan.ts", typescript::plan()),
        ("npm/src/generated/beacon.ts", typescript::beacon()),
        ("npm/src/generated/sentences.ts", typescript::sentences()),
        ("npm/schema/plan.schema.json", json(&schema)),
        ("docs/plan.md", page::text(&schema)),
        ("docs/openapi.json", json(&goalpost_edge::openapi())),
    ]
}

fn json(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}
