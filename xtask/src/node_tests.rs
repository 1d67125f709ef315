//! Tests that are written for Node's own test runner.

use crate::call::{Call, node};
use crate::project::Project;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// A call that runs every `*.test.mjs` in a folder, one file after the other: they share ports,
/// a browser and two cores.
pub(crate) fn in_folder(project: &Project, folder: &str) -> Result<Call> {
    let mut files = Vec::new();
    collect(&project.at(folder), &mut files)?;
    if files.is_empty() {
        bail!("{folder} holds no *.test.mjs: a run that tests nothing must not pass");
    }
    files.sort();
    Ok(node(project)
        .args(["--test", "--test-concurrency=1", "--test-reporter=spec"])
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
