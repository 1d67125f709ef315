//! The deployment that `edge-worker/wrangler.jsonc` describes, by the same script that the npm package
//! `goalpost-edge` brings to those who have no Rust.

use crate::build;
use crate::call::node;
use crate::project::Project;
use anyhow::Result;

/// Builds and deploys; a dry run says what would be deployed, and what is to be done first.
pub(crate) fn run(project: &Project, dry_run: bool) -> Result<()> {
    build::all(project)?;
    println!();
    let verb = if dry_run { "check" } else { "deploy" };
    node(project)
        .args(["edge-worker/npm/cli.mjs", verb, "edge-worker"])
        .run()
}
