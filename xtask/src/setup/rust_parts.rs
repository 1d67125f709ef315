//! Parts of the Rust toolchain that rustup installs on request.

use crate::call::Call;
use anyhow::{Result, bail};
use std::path::PathBuf;

/// rustfmt and clippy, without which nothing can be linted.
pub(crate) fn lints() -> Result<()> {
    for (part, subcommand) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        let there = || Call::new("cargo").args([subcommand, "--version"]).works();
        if there() {
            continue;
        }
        // Its success is judged by what follows: rustup may be missing, or refuse.
        let _ = Call::new("rustup").args(["component", "add", part]).run();
        if !there() {
            bail!("{part} is missing: run `rustup component add {part}`");
        }
    }
    println!("   rustfmt and clippy are here");
    Ok(())
}

/// The folder of the active toolchain.
pub(crate) fn sysroot() -> Option<PathBuf> {
    Call::new("rustc")
        .args(["--print", "sysroot"])
        .read()
        .map(PathBuf::from)
}
