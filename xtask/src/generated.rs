//! The files that are written from the Rust types and committed.

use crate::call::cargo;
use crate::project::Project;
use crate::report::step;
use anyhow::Result;

/// Writes them, or with `check` fails where one differs from what would be written.
pub(crate) fn run(project: &Project, check: bool) -> Result<()> {
    step("gen", || {
        let call = cargo(project).args(["run", "--quiet", "-p", "goalpost-generate", "--"]);
        if check {
            call.arg("--check").run()
        } else {
            call.run()
        }
    })
}
