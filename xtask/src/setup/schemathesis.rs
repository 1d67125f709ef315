//! The program that asks an API what its `OpenAPI` document allows, and much that it does not.

use super::python;
use crate::project::Project;
use anyhow::Result;
use std::path::PathBuf;

/// The program's path, installed into a folder of its own if need be.
pub(crate) fn ready(project: &Project) -> Result<PathBuf> {
    python::ready(
        project,
        "schemathesis==4.32.5",
        "schemathesis",
        &["--version"],
    )
}
