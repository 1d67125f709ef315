//! The page's module: compiled, bound to JavaScript, made small.

use super::wasm::{FEATURES, check_engine, check_paths, compiled, for_wasm};
use crate::call::Call;
use crate::project::Project;
use crate::setup::rust_parts::sysroot;
use crate::setup::wasm_target::Toolchain;
use crate::stamp::Stamp;
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

const PACKAGE: &str = "goalpost-sdk";
const MODULE: &str = "goalpost_sdk.wasm";

/// Compile the standard library anew, tuned for size, where its source is installed.
const TUNE_STD: bool = false;

/// Makes `dist/sdk/sdk_bg.wasm` and `dist/sdk/sdk.js`.
pub(crate) fn build(project: &Project, toolchain: Toolchain, wasm_bindgen: &Path) -> Result<()> {
    compile(project, toolchain)?;

    let module = compiled(project, "release", MODULE);
    let folder = project.at("dist/sdk");
    let (wasm, glue) = (folder.join("sdk_bg.wasm"), folder.join("sdk.js"));
    let lock = project.at("package-lock.json");
    let settings = format!(
        "{} {FEATURES:?} {SHRINK:?} {BIND:?}",
        wasm_bindgen.display()
    );
    let stamp = Stamp::new(
        project.target().join("xtask/sdk"),
        &[&module, &lock],
        &settings,
    )?;
    stamp.unless_fresh(&[&wasm, &glue], || {
        let bound = project.target().join("xtask/sdk-bound");
        bind(wasm_bindgen, &module, &bound)?;
        fs::create_dir_all(&folder).context("make dist/sdk")?;
        shrink(project, &bound.join("sdk_bg.wasm"), &wasm)?;
        minify(project, &bound.join("sdk.js"), &glue)?;
        check_engine(project, &wasm)?;
        check_paths(project, &wasm)
    })
}

fn compile(project: &Project, toolchain: Toolchain) -> Result<()> {
    let call = for_wasm(project, toolchain, "build").args(["--release", "-p", PACKAGE]);
    if TUNE_STD && toolchain == Toolchain::Active && has_std_source() {
        return call
            .args([
                "-Zbuild-std=std,panic_abort",
                "-Zbuild-std-features=optimize_for_size",
            ])
            .env("RUSTC_BOOTSTRAP", "1")
            .run();
    }
    call.run()
}

fn has_std_source() -> bool {
    sysroot().is_some_and(|root| {
        root.join("lib/rustlib/src/rust/library/Cargo.lock")
            .exists()
    })
}

/// The loader always names the module's address, so the glue carries no default one.
const BIND: [&str; 6] = [
    "--target",
    "web",
    "--no-typescript",
    "--omit-default-module-path",
    "--out-name",
    "sdk",
];

fn bind(wasm_bindgen: &Path, module: &Path, folder: &Path) -> Result<()> {
    Call::new(wasm_bindgen)
        .arg(module)
        .args(BIND)
        .arg("--out-dir")
        .arg(folder)
        .run()
}

const SHRINK: [&str; 4] = [
    "-Oz",
    "--strip-debug",
    "--strip-producers",
    "--strip-target-features",
];

fn shrink(project: &Project, from: &Path, to: &Path) -> Result<()> {
    Call::new(project.npm_bin("wasm-opt"))
        .arg(from)
        .args(SHRINK)
        .args(FEATURES)
        .arg("-o")
        .arg(to)
        .run()
}

fn minify(project: &Project, from: &Path, to: &Path) -> Result<()> {
    Call::new(project.npm_bin("esbuild"))
        .arg(from)
        .args([
            "--minify",
            "--format=esm",
            "--target=es2020",
            "--log-level=warning",
        ])
        .arg(format!("--outfile={}", to.display()))
        .run()
}
