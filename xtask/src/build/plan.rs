//! The core for tools on a developer's machine: what the package's `goalpost/wasm` is made of.

use super::wasm::{FEATURES, check_engine, check_paths, compiled, for_wasm};
use crate::call::Call;
use crate::project::Project;
use crate::setup::wasm_target::Toolchain;
use crate::stamp::Stamp;
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

/// Makes `dist/plan/plan_bg.wasm` and `dist/plan/plan.js`.
pub(crate) fn build(project: &Project, toolchain: Toolchain, wasm_bindgen: &Path) -> Result<()> {
    for_wasm(project, toolchain, "build")
        .args(["--release", "-p", "goalpost-plan"])
        .run()?;
    let module = compiled(project, "release", "goalpost_plan.wasm");
    let folder = project.at("dist/plan");
    let (wasm, glue) = (folder.join("plan_bg.wasm"), folder.join("plan.js"));
    let settings = format!("{} {FEATURES:?} {BIND:?}", wasm_bindgen.display());
    let stamp = Stamp::new(project.target().join("xtask/plan"), &[&module], &settings)?;
    stamp.unless_fresh(&[&wasm, &glue], || {
        let bound = project.target().join("xtask/plan-bound");
        fs::create_dir_all(&folder).context("make dist/plan")?;
        Call::new(wasm_bindgen)
            .arg(&module)
            .args(BIND)
            .arg("--out-dir")
            .arg(&bound)
            .run()?;
        Call::new(project.npm_bin("wasm-opt"))
            .arg(bound.join("plan_bg.wasm"))
            .args(["-Oz", "--strip-debug", "--strip-producers"])
            .args(FEATURES)
            .arg("-o")
            .arg(&wasm)
            .run()?;
        fs::copy(bound.join("plan.js"), &glue).context("copy plan.js")?;
        check_engine(project, &wasm)?;
        check_paths(project, &wasm)
    })
}

const BIND: [&str; 6] = [
    "--target",
    "web",
    "--no-typescript",
    "--omit-default-module-path",
    "--out-name",
    "plan",
];
