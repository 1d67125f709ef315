//! The page's module: compiled, bound to JavaScript, made small.

use super::js_form;
use super::wasm::{FEATURES, check_engine, check_paths, compiled, for_wasm, with_flags};
use crate::call::Call;
use crate::project::Project;
use crate::setup::wasm_target::Toolchain;
use crate::stamp::Stamp;
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

const PACKAGE: &str = "goalpost-sdk";
const MODULE: &str = "goalpost_sdk.wasm";
/// In the place of what wasm-bindgen writes.
const GLUE: &str = "sdk-wasm/src/glue.js";

/// Compile the standard library anew, tuned for size, where its source is installed. It needs
/// unstable flags of the compiler, and takes some 4 KB off what a page downloads.
const TUNE_STD: bool = true;

/// A panic traps at once, and no text about it is carried: in a page nobody would read it. Inlining
/// before monomorphisation, which is off at this level, makes less code of many small functions. No
/// JavaScript value crosses the boundary, so none needs a table. The stack is an eighth of what it would
/// be, for all of it is the page's memory; one that is too small traps.
const TUNED: [&str; 7] = [
    "-Zunstable-options",
    "-Cpanic=immediate-abort",
    "-Zlocation-detail=none",
    "-Zfmt-debug=none",
    "-Zinline-mir=yes",
    "-Ctarget-feature=-reference-types",
    "-Clink-arg=-zstack-size=131072",
];

/// Makes `dist/sdk/sdk_bg.wasm`, the same module as `dist/sdk/sdk_bg.js`, and for both of them
/// `dist/sdk/sdk.js`.
pub(crate) fn build(project: &Project, toolchain: Toolchain, wasm_bindgen: &Path) -> Result<()> {
    compile(project, toolchain)?;

    let module = compiled(project, "release", MODULE);
    let folder = project.at("dist/sdk");
    let (wasm, glue) = (folder.join("sdk_bg.wasm"), folder.join("sdk.js"));
    let source = project.at(GLUE);
    let lock = project.at("package-lock.json");
    let settings = format!(
        "{} {FEATURES:?} {SHRINK:?} {BIND:?}",
        wasm_bindgen.display()
    );
    let stamp = Stamp::new(
        project.target().join("xtask/sdk"),
        &[&module, &source, &lock],
        &settings,
    )?;
    stamp.unless_fresh(&[&wasm, &glue], || {
        let bound = project.target().join("xtask/sdk-bound");
        if is_tuned(toolchain) {
            bind(wasm_bindgen, &module, &bound)?;
        } else {
            // The compiler then used references, for which the js form has no table.
            let plain = project.target().join("xtask/sdk-plain.wasm");
            js_form::without_features(project, &module, &plain)?;
            bind(wasm_bindgen, &plain, &bound)?;
        }
        fs::create_dir_all(&folder).context("make dist/sdk")?;
        shrink(project, &bound.join("sdk_bg.wasm"), &wasm)?;
        minify(project, &source, &glue)?;
        check_engine(project, &wasm)?;
        check_paths(project, &wasm)
    })?;
    js_form::build(project, wasm_bindgen, &module, &folder.join("sdk_bg.js"))
}

fn is_tuned(toolchain: Toolchain) -> bool {
    TUNE_STD && toolchain.has_std_source()
}

fn compile(project: &Project, toolchain: Toolchain) -> Result<()> {
    let call = for_wasm(project, toolchain, "build").args(["--release", "-p", PACKAGE]);
    if !is_tuned(toolchain) {
        println!("   without the source of std, some 4 KB larger: `rustup component add rust-src`");
        return call.run();
    }
    let call = call
        .args([
            "-Zbuild-std=std,panic_abort",
            "-Zbuild-std-features=optimize_for_size",
        ])
        .env("RUSTC_BOOTSTRAP", "1");
    with_flags(project, toolchain, call, &TUNED).run()
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

pub(super) fn bind(wasm_bindgen: &Path, module: &Path, folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).context("remove the bindings of the last build")?;
    }
    Call::new(wasm_bindgen)
        .arg(module)
        .args(BIND)
        .arg("--out-dir")
        .arg(folder)
        .run()
}

/// Inlining a function into its only caller makes the raw file smaller and the compressed one larger.
/// Control flow that is taken apart and built anew comes out more alike, which compresses better.
const SHRINK: [&str; 10] = [
    "--one-caller-inline-max-function-size=0",
    "--low-memory-unused",
    "--flatten",
    "--rereloop",
    "-O4",
    "-Oz",
    "--converge",
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

pub(super) fn minify(project: &Project, from: &Path, to: &Path) -> Result<()> {
    Call::new(project.npm_bin("esbuild"))
        .arg(from)
        .args([
            "--bundle",
            "--minify",
            "--format=esm",
            "--target=es2020",
            "--log-level=warning",
        ])
        .arg(format!("--outfile={}", to.display()))
        .run()
}
