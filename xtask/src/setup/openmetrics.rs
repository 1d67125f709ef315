//! The reader of metrics that a monitoring system would use.

use super::python;
use crate::project::Project;
use anyhow::Result;
use std::path::PathBuf;

/// The path of a Python that has it, in a folder of its own, installed if need be.
pub(crate) fn ready(project: &Project) -> Result<PathBuf> {
    python::ready(
        project,
        "prometheus-client==0.26.0",
        "python",
        &["-c", "import prometheus_client.openmetrics.parser"],
    )
}
