//! Real purchases for a test: 69,659 of them by 23,570 customers of a record shop, 1997 and 1998.
//!
//! The list is known to the field as CDNOW (Fader and Hardie, <https://brucehardie.com/datasets/>).
//! It is read from a package of the Python index that carries it, and is no part of this project.

use super::debian;
use crate::call::Call;
use crate::project::Project;
use anyhow::{Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

const PACKAGE: &str = "lifetimes==0.11.3";
const WHEEL: &str = "Lifetimes-0.11.3-py3-none-any.whl";
const FILE: &str = "lifetimes/datasets/CDNOW_master.txt";
/// Its length in bytes; what it says is what the test checks.
const BYTES: u64 = 1_950_500;

/// The list's path, fetched if need be.
pub(crate) fn ready(project: &Project) -> Result<PathBuf> {
    let folder = project.cached("cdnow");
    let path = folder.join(FILE);
    if is_right(&path) {
        println!("   the CDNOW purchases are here");
        return Ok(path);
    }
    if !pip().arg("--version").works() && debian::may_install() {
        debian::install(&["python3-pip"])?;
    }
    fs::create_dir_all(&folder)?;
    pip()
        .args(["download", "--no-deps", "--quiet", "--dest"])
        .arg(&folder)
        .arg(PACKAGE)
        .run()?;
    Call::new("python3")
        .args(["-m", "zipfile", "-e", WHEEL, "."])
        .within(&folder)
        .run()?;
    if !is_right(&path) {
        bail!("{PACKAGE} does not carry the list that this test was written for");
    }
    Ok(path)
}

fn pip() -> Call {
    Call::new("python3").args(["-m", "pip"])
}

fn is_right(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.len() == BYTES)
}
