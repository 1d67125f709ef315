//! Command-line tools that `cargo install` makes, kept in the cache by name and version.

use crate::call::Call;
use crate::project::Project;
use anyhow::{Result, bail};
use std::path::PathBuf;

const WORKER_BUILD_VERSION: &str = "0.8.7";
const GECKODRIVER_VERSION: &str = "0.37.1";
const CARGO_DENY_VERSION: &str = "0.20.2";

/// Where the tools are.
pub(crate) struct Tools {
    pub(crate) wasm_bindgen: PathBuf,
    pub(crate) worker_build: PathBuf,
}

/// Both tools, installed if need be.
pub(crate) fn ready(project: &Project) -> Result<Tools> {
    Ok(Tools {
        wasm_bindgen: wasm_bindgen(project)?,
        worker_build: installed(
            project,
            "worker-build",
            "worker-build",
            WORKER_BUILD_VERSION,
        )?,
    })
}

/// The tool that a page's module needs.
pub(crate) fn wasm_bindgen(project: &Project) -> Result<PathBuf> {
    let version = project.wasm_bindgen_version()?;
    installed(project, "wasm-bindgen-cli", "wasm-bindgen", &version)
}

/// The program that drives Firefox.
pub(crate) fn geckodriver(project: &Project) -> Result<PathBuf> {
    installed(project, "geckodriver", "geckodriver", GECKODRIVER_VERSION)
}

/// The program that knows what is said of crates.
pub(crate) fn cargo_deny(project: &Project) -> Result<PathBuf> {
    installed(project, "cargo-deny", "cargo-deny", CARGO_DENY_VERSION)
}

fn installed(project: &Project, package: &str, program: &str, version: &str) -> Result<PathBuf> {
    let root = project.tools().join(format!("{package}-{version}"));
    let path = root.join("bin").join(program);
    let works = || {
        Call::new(&path)
            .arg("--version")
            .read()
            .is_some_and(|it| it.contains(version))
    };
    if works() {
        println!("   {package} {version} is here");
        return Ok(path);
    }
    println!("   {package} {version} is compiled once, which takes some minutes");
    // Not `--locked`: an author's lock file may name versions that a mirror does not carry.
    Call::new("cargo")
        .args([
            "install",
            package,
            "--version",
            version,
            "--force",
            "--root",
        ])
        .arg(&root)
        .without_env("RUSTFLAGS")
        .without_env("CARGO_ENCODED_RUSTFLAGS")
        .without_env("CARGO_TARGET_DIR")
        .run()?;
    if !works() {
        bail!(
            "{package} {version} was installed but does not run: remove {}",
            root.display()
        );
    }
    Ok(path)
}
