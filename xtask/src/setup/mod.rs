//! What a machine needs beyond Rust and Node, each part installed only where it is missing.

pub(crate) mod browser;
pub(crate) mod cpp;
pub(crate) mod dataset;
pub(crate) mod debian;
pub(crate) mod duckdb;
pub(crate) mod node;
pub(crate) mod openmetrics;
mod python;
pub(crate) mod rust_parts;
pub(crate) mod schemathesis;
pub(crate) mod tools;
pub(crate) mod wasm_target;

use crate::project::Project;
use crate::report::step;
use anyhow::Result;

/// Everything that any command needs.
pub(crate) fn all(project: &Project) -> Result<()> {
    let node = step("setup: npm packages", || node::ready(project));
    let lints = step("setup: rustfmt and clippy", rust_parts::lints);
    let target = step("setup: wasm target", || wasm_target::ready().map(drop));
    let tools = step("setup: wasm tools", || tools::ready(project).map(drop));
    let browser = step("setup: browser", || {
        browser::ready(project, browser::Kind::Chromium).map(drop)
    });
    let dataset = step("setup: purchases to test with", || {
        dataset::ready(project).map(drop)
    });
    let duckdb = step("setup: a database to read the archive", || {
        duckdb::ready(project).map(drop)
    });
    let openmetrics = step("setup: a reader of metrics", || {
        openmetrics::ready(project).map(drop)
    });
    for part in [
        node,
        lints,
        target,
        tools,
        browser,
        dataset,
        duckdb,
        openmetrics,
    ] {
        part?;
    }
    println!("\nReady. Next: `cargo xtask demo`, or `cargo xtask test`.");
    Ok(())
}
