//! The parts that scripts of their own build from dist/sdk: the npm package and the demo shop.

use crate::call::node;
use crate::project::Project;
use anyhow::Result;

/// Makes npm/dist and dist/assets.
pub(crate) fn npm_package(project: &Project) -> Result<()> {
    script(project, "npm/build.mjs", &[])
}

/// Makes dist/shop.
pub(crate) fn shop(project: &Project) -> Result<()> {
    script(project, "examples/storefront/build.mjs", &["dist/shop"])
}

/// Makes dist/edge-package: the Worker, compiled, for those who have no Rust.
pub(crate) fn edge_package(project: &Project) -> Result<()> {
    script(project, "edge-worker/npm/build.mjs", &[])
}

fn script(project: &Project, path: &str, args: &[&str]) -> Result<()> {
    if !project.at(path).exists() {
        println!("   skipped: there is no {path}");
        return Ok(());
    }
    node(project).arg(path).args(args).run()
}
