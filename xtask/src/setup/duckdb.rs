//! The database that reads the archive as others would.

use super::python;
use crate::project::Project;
use anyhow::Result;
use std::path::PathBuf;

/// The path of a Python that has it, in a folder of its own, installed if need be.
pub(crate) fn ready(project: &Project) -> Result<PathBuf> {
    python::ready(project, "duckdb==2.0.0", "python", &["-c", "import duckdb"])
}
