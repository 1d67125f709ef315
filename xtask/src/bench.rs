//! Measurements of the Worker beside its peers.

use crate::build;
use crate::call::node;
use crate::project::Project;
use crate::report::step;
use anyhow::Result;
use clap::ValueEnum;

/// One measurement.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Bench {
    /// Server CPU per beacon, beside a hand-written JavaScript Worker
    Collect,
    /// Rows per CPU-second beside a plain database
    Sink,
    /// Reports over a month of a large site
    Reports,
    /// What servers report, per CPU-second beside a plain database
    Ingest,
    /// Observations per second of a replay beside the same evaluation natively
    Replay,
}

impl Bench {
    fn script(self) -> &'static str {
        match self {
            Self::Collect => "tests/bench/collect.mjs",
            Self::Sink => "tests/bench/sink.mjs",
            Self::Reports => "tests/bench/reports.mjs",
            Self::Ingest => "tests/bench/ingest.mjs",
            Self::Replay => "tests/bench/replay.mjs",
        }
    }
}

/// Runs the one that is named, or all; `rows` is how full the databases of sink and reports get.
pub(crate) fn run(project: &Project, which: Option<Bench>, rows: Option<u64>) -> Result<()> {
    build::all(project)?;
    let chosen = which.map_or_else(|| Bench::value_variants().to_vec(), |one| vec![one]);
    for bench in chosen {
        let script = bench.script();
        let mut call = node(project).arg(script);
        if let (Bench::Sink | Bench::Reports, Some(rows)) = (bench, rows) {
            call = call.args(["--rows", &rows.to_string()]);
        }
        step(script, || call.run())?;
    }
    Ok(())
}
