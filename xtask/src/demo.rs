//! The demo shop, with the Worker and its database, on this machine.

use crate::build;
use crate::call::node;
use crate::project::Project;
use crate::setup::node as npm;
use anyhow::Result;

/// Builds everything and serves it until it is stopped.
pub(crate) fn run(project: &Project) -> Result<()> {
    npm::ready(project)?;
    build::all(project)?;
    println!();
    node(project).arg("tests/harness/demo.mjs").run()
}
