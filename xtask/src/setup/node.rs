//! Node and the npm packages that the lock file names.

use crate::call::Call;
use crate::project::Project;
use crate::stamp::Stamp;
use anyhow::{Context, Result, bail};

const OLDEST_NODE: u32 = 20;

/// The npm packages, installed anew only when the lock file has changed.
pub(crate) fn ready(project: &Project) -> Result<()> {
    check_node()?;
    let lock = project.at("package-lock.json");
    let stamp = Stamp::new(
        project.at("node_modules/.goalpost-lock"),
        &[&lock],
        "npm ci",
    )?;
    stamp.unless_fresh(&[&project.npm_bin("wrangler")], || {
        // Without install scripts: every package used here runs without its own.
        Call::new("npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .within(project.root())
            .run()
            .context(
                "npm ci: if package.json changed, run `npm install --package-lock-only` and \
                 commit package-lock.json",
            )
    })
}

fn check_node() -> Result<()> {
    let Some(version) = Call::new("node").arg("--version").read() else {
        bail!("Node is missing: install Node {OLDEST_NODE} or newer, with npm");
    };
    let major = version
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|it| it.parse().ok());
    if major.is_none_or(|major: u32| major < OLDEST_NODE) {
        bail!("Node {version} is too old: install Node {OLDEST_NODE} or newer");
    }
    println!("   node {version}");
    Ok(())
}
