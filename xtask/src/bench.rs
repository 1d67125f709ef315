//! Measurements beside peers: of the Worker, and of the page SDK.

use crate::build;
use crate::call::{Call, node};
use crate::project::Project;
use crate::report::step;
use crate::setup::browser::{self, Kind};
use crate::stamp::Stamp;
use anyhow::Result;
use clap::ValueEnum;

/// One measurement.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Bench {
    /// Server CPU per beacon, beside a hand-written JavaScript Worker
    Collect,
    /// Where the queue refuses, a cold start, and ten minutes of a steady load
    Edge,
    /// Rows per CPU-second beside a plain database
    Sink,
    /// Reports over a month of a large site
    Reports,
    /// From one database to four: how long it takes, and that every report stays what it is
    Shards,
    /// What servers report, per CPU-second beside a plain database
    Ingest,
    /// Observations per second of a replay beside the same evaluation natively
    Replay,
    /// What the page SDK costs and delivers beside eleven others
    Sdk,
    /// LCP, CLS and INP of the demo shop with and without Goalpost
    Vitals,
}

impl Bench {
    fn script(self) -> &'static str {
        match self {
            Self::Collect => "tests/bench/collect.mjs",
            Self::Edge => "tests/bench/edge.mjs",
            Self::Sink => "tests/bench/sink.mjs",
            Self::Reports => "tests/bench/reports.mjs",
            Self::Shards => "tests/bench/shards.mjs",
            Self::Ingest => "tests/bench/ingest.mjs",
            Self::Replay => "tests/bench/replay.mjs",
            Self::Sdk => "tests/bench/sdk/bench.mjs",
            Self::Vitals => "tests/bench/sdk/vitals.mjs",
        }
    }
}

/// Runs the one that is named, or all; `rows` is how full the databases of sink, reports and shards get,
/// `flags` are those of the page's benches.
pub(crate) fn run(
    project: &Project,
    which: Option<Bench>,
    rows: Option<u64>,
    flags: &[String],
) -> Result<()> {
    build::all(project)?;
    let chosen = which.map_or_else(|| Bench::value_variants().to_vec(), |one| vec![one]);
    for bench in chosen {
        let script = bench.script();
        let mut call = node(project).arg(script);
        if let (Bench::Sink | Bench::Reports | Bench::Shards, Some(rows)) = (bench, rows) {
            call = call.args(["--rows", &rows.to_string()]);
        }
        if let Bench::Edge = bench {
            call = call.args(flags);
        }
        if let Bench::Sdk | Bench::Vitals = bench {
            step("the packages of the page's benches", || {
                install_peers(project)
            })?;
            call = browser::ready(project, Kind::Chromium)?
                .on(call)
                .args(flags);
        }
        step(script, || call.run())?;
    }
    Ok(())
}

/// The peers and `web-vitals` are no part of set-up: only these benches need them.
fn install_peers(project: &Project) -> Result<()> {
    let folder = project.at("tests/bench/sdk");
    let lock = folder.join("package-lock.json");
    let done = folder.join("node_modules/.goalpost-lock");
    Stamp::new(done, &[&lock], "npm ci")?.unless_fresh(&[], || {
        // What it needs to know of npm is in its folder's .npmrc.
        Call::new("npm").arg("ci").within(&folder).run()
    })
}
