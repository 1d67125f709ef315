//! The program that asks an API what its `OpenAPI` document allows, and much that it does not.

use super::debian;
use crate::call::Call;
use crate::project::Project;
use anyhow::Result;
use std::path::PathBuf;

const PACKAGE: &str = "schemathesis==4.32.5";

/// The program's path, installed into a folder of its own if need be.
pub(crate) fn ready(project: &Project) -> Result<PathBuf> {
    let folder = project.cached(&PACKAGE.replace("==", "-"));
    let program = folder.join("bin/schemathesis");
    if Call::new(&program).arg("--version").works() {
        println!("   schemathesis is here");
        return Ok(program);
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
    Ok(program)
}
