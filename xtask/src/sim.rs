//! The simulator of faulty visits.

use crate::call::cargo;
use crate::project::Project;
use crate::report::step;
use anyhow::Result;

/// How many seeds a full test runs.
pub(crate) const SEEDS: u64 = 20_000;

/// Runs that many seeds, or the one that is named.
pub(crate) fn run(project: &Project, seeds: u64, seed: Option<u64>) -> Result<()> {
    step("sim", || {
        let call = cargo(project).args(["run", "--profile", "fast", "-p", "goalpost-sim", "--"]);
        match seed {
            Some(seed) => call.arg("--seed").arg(seed.to_string()).run(),
            None => call.arg("--seeds").arg(seeds.to_string()).run(),
        }
    })
}
