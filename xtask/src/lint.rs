//! Format and lints, for the code that runs here and for the code that runs as wasm.

use crate::build::{WORKER_ENV, for_wasm};
use crate::call::cargo;
use crate::licences;
use crate::project::Project;
use crate::report::step;
use crate::setup::{rust_parts, wasm_target};
use anyhow::Result;

/// Every check of this kind.
pub(crate) fn run(project: &Project) -> Result<()> {
    step("lint: format", || format(project))?;
    step("lint: native", || native(project))?;
    step("lint: wasm", || wasm(project))?;
    licences::run(project, true)
}

pub(crate) fn format(project: &Project) -> Result<()> {
    rust_parts::lints()?;
    cargo(project)
        .args(["fmt", "--all", "--", "--check", "-l"])
        .run()?;
    // A workspace of its own, which `--all` does not know.
    cargo(project)
        .args(["fmt", "--manifest-path", "fuzz/Cargo.toml"])
        .args(["--", "--check", "-l"])
        .run()
}

/// Every package: what runs as wasm is tested and simulated natively as well.
pub(crate) fn native(project: &Project) -> Result<()> {
    rust_parts::lints()?;
    cargo(project)
        .args(["clippy", "--workspace", "--all-targets"])
        .args(["--", "-D", "warnings"])
        .run()
}

/// The page's module, the package's and the Worker, with the code that only wasm has.
pub(crate) fn wasm(project: &Project) -> Result<()> {
    let toolchain = wasm_target::ready()?;
    let (subcommand, strict): (_, &[&str]) = if toolchain.has_clippy() {
        ("clippy", &["--", "-D", "warnings"])
    } else {
        println!("   this toolchain has no clippy: its own warnings only");
        ("check", &[])
    };
    let lint =
        |package: &str| for_wasm(project, toolchain, subcommand).args(["-p", package, "--lib"]);
    let (name, value) = WORKER_ENV;
    for package in ["goalpost-sdk", "goalpost-plan"] {
        lint(package).args(strict).run()?;
    }
    lint("goalpost-edge").env(name, value).args(strict).run()
}
