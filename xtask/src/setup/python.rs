//! Packages of Python's, each with the programs that it brings in a folder of its own.

use super::debian;
use crate::call::Call;
use crate::project::Project;
use anyhow::Result;
use std::path::PathBuf;

/// The path of a program of the package, such as `python`, installed if `check` does not work with it.
pub(super) fn ready(
    project: &Project,
    package: &str,
    program: &str,
    check: &[&str],
) -> Result<PathBuf> {
    let folder = project.cached(&package.replace("==", "-"));
    let path = folder.join("bin").join(program);
    if Call::new(&path).args(check).works() {
        println!("   {package} is here");
        return Ok(path);
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
        .args(["install", "--quiet", package])
        .run()?;
    Ok(path)
}
