//! The Worker: compiled and bundled by worker-build, with none of its downloads.

use super::wasm::{WORKER_ENV, check_paths, compiled, for_wasm, with_flags};
use crate::call::Call;
use crate::project::Project;
use crate::setup::tools::Tools;
use crate::setup::wasm_target::Toolchain;
use crate::stamp::Stamp;
use anyhow::Result;

const PACKAGE: &str = "goalpost-edge";
const MODULE: &str = "goalpost_edge.wasm";

/// Speed counts at the edge as size does in the page: see the profile in Cargo.toml.
const PROFILE: &str = "edge";

/// Makes `dist/worker/index.js` and `dist/worker/index_bg.wasm`.
pub(crate) fn build(project: &Project, toolchain: Toolchain, tools: &Tools) -> Result<()> {
    let (name, value) = WORKER_ENV;
    for_wasm(project, toolchain, "build")
        .args(["--profile", PROFILE, "-p", PACKAGE, "--lib"])
        .env(name, value)
        .run()?;

    let module = compiled(project, PROFILE, MODULE);
    let lock = project.at("package-lock.json");
    let manifest = project.at("edge-worker/Cargo.toml");
    let settings = format!(
        "{} {}",
        tools.worker_build.display(),
        tools.wasm_bindgen.display()
    );
    let stamp = Stamp::new(
        project.target().join("xtask/worker"),
        &[&module, &lock, &manifest],
        &settings,
    )?;
    let wasm = project.at("dist/worker/index_bg.wasm");
    stamp.unless_fresh(&[&wasm, &project.at("dist/worker/index.js")], || {
        let call = Call::new(&tools.worker_build)
            .args(["--profile", PROFILE, "--out-dir", "../dist/worker"])
            .within(&project.at("edge-worker"))
            .env("WASM_BINDGEN_BIN", &tools.wasm_bindgen)
            .env("WASM_OPT_BIN", project.npm_bin("wasm-opt"))
            .env("ESBUILD_BIN", project.npm_bin("esbuild"));
        with_flags(project, toolchain, call, &[]).run()?;
        // Only workerd can judge the rest: the module uses exceptions, which Node 20 does not take.
        check_paths(project, &wasm)
    })
}
