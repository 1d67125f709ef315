//! Sets up, builds, tests and measures Goalpost.
#![allow(
    clippy::print_stdout,
    reason = "a command-line tool speaks on its standard output"
)]

mod audit;
mod bench;
mod build;
mod call;
mod crawlers;
mod demo;
mod deploy;
mod folder_names;
mod fuzz;
mod generated;
mod licences;
mod lint;
mod node_tests;
mod project;
mod report;
mod setup;
mod sim;
mod size;
mod sources;
mod stamp;
mod test;

use anyhow::Result;
use clap::{Parser, Subcommand};
use fuzz::Work;
use project::Project;
use setup::browser::Choice;
use std::path::PathBuf;
use std::process::ExitCode;

/// Sets up, builds, tests and measures Goalpost.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install what this machine lacks: wasm target, tools, npm packages, browser
    Setup,
    /// Build the page SDK, the npm package, the Worker and the demo shop into dist/
    Build,
    /// Build everything and start the demo shop on this machine
    Demo,
    /// Run every check, in the order that finds faults soonest
    Test {
        /// Where the browser tests run; what lacks is installed first
        #[arg(long, value_enum, default_value = "chromium")]
        browsers: Choice,
        /// Only the npm package, in a project of each stack; takes some minutes and the registry
        #[arg(long)]
        packages: bool,
        /// Only the Worker's API, asked at random by its own description; takes some minutes
        #[arg(long, conflicts_with = "packages")]
        api: bool,
    },
    /// Run browser tests again and again, and print how often each passed in which browser
    Rounds {
        /// Where they run; what lacks is installed first
        #[arg(long, value_enum, default_value = "chromium")]
        browsers: Choice,
        /// How often
        #[arg(long, default_value_t = 20)]
        rounds: u32,
        /// Files of tests/e2e without their ending, such as `delivery`; none: all of them
        files: Vec<String>,
    },
    /// Check format and lints, natively and for wasm32
    Lint,
    /// Write the types, schema and API document that come from the Rust types
    Gen {
        /// Change nothing; fail where a committed file differs
        #[arg(long)]
        check: bool,
    },
    /// Ask what is known of the dependencies: advisories, licences, origins, signatures
    Audit,
    /// Write THIRD-PARTY.md: what others have written of what is shipped, and its licences
    Licences {
        /// Change nothing; fail where the committed file differs
        #[arg(long)]
        check: bool,
    },
    /// Build everything and deploy edge-worker/wrangler.jsonc
    Deploy {
        /// Bundle, measure, try the migrations, say what is to be done first: without an account
        #[arg(long)]
        dry_run: bool,
    },
    /// Measure what a page downloads, and fail over budget
    Size,
    /// Write a list of traffic sources anew from its maintainer's files; without a list, show them
    Sources {
        /// Which list
        list: Option<sources::List>,
        /// The folder with the maintainer's files
        #[arg(long)]
        from: Option<PathBuf>,
        /// Their commit or release, for the list's head
        #[arg(long)]
        version: Option<String>,
    },
    /// Write the list of crawlers anew from `crawler-user-agents.json` and `user-agents.json`
    Crawlers {
        /// The folder with both files, of the npm packages of these names
        #[arg(long)]
        from: PathBuf,
        /// The list's version, for its head
        #[arg(long)]
        version: String,
    },
    /// Simulate faulty visits and check that nothing is lost or doubled
    Sim {
        /// How many seeds to run
        #[arg(long, default_value_t = sim::SEEDS)]
        seeds: u64,
        /// Run this one seed, with its whole trace
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Make up beacons, plans and server events, guided by the code that each reaches
    Fuzz {
        /// What to fuzz; all of it where nothing is named
        target: Option<fuzz::Target>,
        /// Run these inputs once instead of making up others
        inputs: Vec<PathBuf>,
        /// How long each target is fuzzed
        #[arg(long, default_value_t = 60)]
        seconds: u32,
        /// Put what was found on this machine into the corpus of the repository, as few inputs as will do
        #[arg(long)]
        keep: bool,
        /// Run the corpus of the repository once
        #[arg(long, conflicts_with = "keep")]
        replay: bool,
    },
    /// Measure the Worker and the page SDK beside their peers
    Bench {
        /// Which measurement; all of them where none is named
        which: Option<bench::Bench>,
        /// How many observations a database holds: of sink (or else a million) and of reports (five million)
        #[arg(long)]
        rows: Option<u64>,
        /// Of edge: --minutes <n>, --rate <beacons a second>. Of sdk: --rounds <n>, --only <peer,…>, --passes <size,cpu,delivery,often>, --out <folder>. Of
        /// vitals: --rounds <n>, --slower <times>, --out <folder>
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        flags: Vec<String>,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: &Task) -> Result<()> {
    let project = Project::find()?;
    match task {
        Task::Sources {
            list,
            from,
            version,
        } => sources::run(&project, *list, from.as_deref(), version.as_deref()),
        Task::Crawlers { from, version } => crawlers::run(&project, from, version),
        Task::Setup => setup::all(&project),
        Task::Build => build::all(&project),
        Task::Demo => demo::run(&project),
        Task::Test { packages: true, .. } => test::packages(&project),
        Task::Test { api: true, .. } => test::api(&project),
        Task::Test { browsers, .. } => test::run(&project, *browsers),
        Task::Rounds {
            browsers,
            rounds,
            files,
        } => test::rounds(&project, *browsers, *rounds, files),
        Task::Lint => lint::run(&project),
        Task::Gen { check } => generated::run(&project, *check),
        Task::Audit => audit::run(&project),
        Task::Licences { check } => licences::run(&project, *check),
        Task::Deploy { dry_run } => deploy::run(&project, *dry_run),
        Task::Size => size::run(&project),
        Task::Sim { seeds, seed } => sim::run(&project, *seeds, *seed),
        Task::Fuzz {
            target,
            inputs,
            seconds,
            keep,
            replay,
        } => {
            let work = match (inputs.as_slice(), keep, replay) {
                (_, true, _) => Work::Keep,
                (_, _, true) => Work::Replay,
                ([], ..) => Work::Search(*seconds),
                (inputs, ..) => Work::Inputs(inputs),
            };
            fuzz::run(&project, *target, work)
        }
        Task::Bench { which, rows, flags } => bench::run(&project, *which, *rows, flags),
    }
}
