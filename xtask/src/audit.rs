//! What is known of the dependencies: advisories, licences, where they come from, and who signed them.
//!
//! It asks databases on the network, so it is a command of its own and no part of the tests.

use crate::call::Call;
use crate::licences;
use crate::project::Project;
use crate::report::Run;
use crate::setup::{node, tools};
use anyhow::Result;

/// Runs every check, those that need no network first.
pub(crate) fn run(project: &Project) -> Result<()> {
    let mut run = Run::default();
    run.step("licences", &[], || licences::run(project, true));
    run.step("crates", &[], || {
        deny(project, &["licenses", "bans", "sources"])
    });
    run.step("crate advisories", &[], || deny(project, &["advisories"]));
    run.step("npm packages", &[], || node::ready(project));
    let npm = |args: &[&str]| Call::new("npm").args(args).within(project.root()).run();
    run.step("npm advisories", &["npm packages"], || npm(&["audit"]));
    run.step("npm signatures", &["npm packages"], || {
        npm(&["audit", "signatures"])
    });
    run.finish()
}

fn deny(project: &Project, checks: &[&str]) -> Result<()> {
    Call::new(tools::cargo_deny(project)?)
        .args(["check", "--hide-inclusion-graph"])
        .args(checks)
        .within(project.root())
        .run()
}
