//! The database that reads the archive as others would.

use super::debian;
use crate::call::Call;
use crate::project::Project;
use anyhow::Result;
use std::path::PathBuf;

const PACKAGE: &str = "duckdb==2.0.0";

/// The path of a Python that has it, in a folder of its own, installed if need be.
pub(crate) fn ready(project: &Project) -> Result<PathBuf> {
    let folder = project.cached(&PACKAGE.replace("==", "-"));
    let python = folder.join("bin/python");
    if Call::new(&python).args(["-c", "import duckdb"]).works() {
        println!("   duckdb is here");
        return Ok(python);
    }
    if !Call::new("python3")
        .args(["-c", "import ensurepip"])
        .works()
        && debian::may_install()
    {
        debian::install(&["python3-venv"])?;
    }
    Call::new("python3")
        .args(["-m", "venv"])
        .arg(&folder)
        .run()?;
    Call::new(folder.join("bin/pip"))
        .args(["install", "--quiet", PACKAGE])
        .run()?;
    Ok(python)
}
