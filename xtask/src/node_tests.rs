//! Tests that are written for Node's own test runner.

use crate::call::{Call, node};
use crate::project::Project;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// A call that runs every `*.test.mjs` in these folders, one file after the other: they share
/// ports, a browser and two cores. A file that fails keeps no other from running, nor does one that
/// leaves something open.
pub(crate) fn in_folders(project: &Project, folders: &[&str]) -> Result<Call> {
    let mut files = Vec::new();
    for folder in folders {
        let before = files.len();
        collect(&project.at(folder), &mut files)?;
        let Some(found) = files.get_mut(before..).filter(|found| !found.is_empty()) else {
            bail!("{folder} holds no *.test.mjs: a run that tests nothing must not pass");
        };
        found.sort();
    }
    Ok(node(project)
        .args(["--test", "--test-concurrency=1", "--test-force-exit"])
        .arg("--test-reporter=spec")
        .args(files))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))?;
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.to_string_lossy().ends_with(".test.mjs") {
            files.push(path);
        }
    }
    Ok(())
}
