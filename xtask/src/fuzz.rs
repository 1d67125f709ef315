//! What arrives from outside, made up by a fuzzer that watches which code each input reaches.

use crate::call::{Call, cargo};
use crate::project::Project;
use crate::report::step;
use crate::setup::cpp;
use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use std::fs;
use std::path::{Path, PathBuf};

/// What is fuzzed.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Target {
    /// A body that claims to be a beacon: read, evaluated, scrubbed
    Beacon,
    /// A text that claims to be a plan: parsed, stored, compiled, read by a page
    Plan,
    /// A body that claims to come of a server, a webhook or another system's client
    Server,
}

impl Target {
    fn name(self) -> &'static str {
        match self {
            Self::Beacon => "beacon",
            Self::Plan => "plan",
            Self::Server => "server",
        }
    }

    /// How long an input may become. What is longer finds no other code, and is slower.
    fn longest(self) -> u32 {
        match self {
            Self::Beacon | Self::Server => 12_000,
            Self::Plan => 24_000,
        }
    }
}

/// Counts how often each edge of the program is taken, and tells the fuzzer what is compared. The
/// compiler carries the pass itself, so neither another toolchain nor cargo-fuzz is needed; nor is
/// a sanitizer, since no code of ours may be unsafe.
const WATCHED: [&str; 8] = [
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cllvm-args=-simplifycfg-branch-fold-threshold=0",
    "-Ccodegen-units=1",
];

/// What is done with a target.
#[derive(Clone, Copy)]
pub(crate) enum Work<'a> {
    /// Inputs are made up for so many seconds.
    Search(u32),
    /// What searches have found becomes the corpus, as few inputs as reach all that they reach.
    Keep,
    /// Each input of the corpus once.
    Replay,
    /// These inputs once.
    Inputs(&'a [PathBuf]),
}

/// Does it with one target, or with one after the other.
pub(crate) fn run(project: &Project, target: Option<Target>, work: Work<'_>) -> Result<()> {
    let targets = target
        .as_ref()
        .map_or_else(Target::value_variants, std::slice::from_ref);
    cpp::ready()?;
    let built = step("fuzz: build", || build(project))?;
    for target in targets {
        let name = target.name();
        step(name, || {
            let folders = Folders::of(project, name);
            let program = Call::new(built.join(name));
            match work {
                Work::Search(seconds) => search(project, *target, program, &folders, seconds),
                Work::Keep => keep(program, &folders),
                Work::Replay => {
                    folders.unpack()?;
                    let inputs = [&folders.seeds, &folders.corpus];
                    program.arg("-runs=0").args(LIMITS).args(inputs).run()
                }
                Work::Inputs(inputs) => program.args(LIMITS).args(inputs).run(),
            }
        })?;
    }
    Ok(())
}

/// No input may take longer, or more memory, than this.
const LIMITS: [&str; 2] = ["-timeout=10", "-rss_limit_mb=1500"];

/// Where a target's inputs are.
struct Folders {
    /// Written by `fuzz/seeds.mjs`.
    seeds: PathBuf,
    /// What earlier searches found, in the repository.
    packed: PathBuf,
    /// The same, unpacked.
    corpus: PathBuf,
    /// What searches on this machine found.
    found: PathBuf,
    /// Inputs that broke something.
    crashes: PathBuf,
}

impl Folders {
    fn of(project: &Project, name: &str) -> Self {
        let work = project.target().join("fuzz");
        Self {
            seeds: project.at(&format!("fuzz/seeds/{name}")),
            packed: project.at(&format!("fuzz/corpus/{name}.tar.gz")),
            corpus: work.join("corpus").join(name),
            found: work.join("found").join(name),
            crashes: work.join("found").join(format!("{name}-crashes")),
        }
    }

    fn unpack(&self) -> Result<()> {
        anew(&self.corpus)?;
        if !self.packed.exists() {
            return Ok(());
        }
        Call::new("tar")
            .arg("-xzf")
            .arg(&self.packed)
            .arg("-C")
            .arg(&self.corpus)
            .run()
    }
}

fn anew(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("clear {}", folder.display()))?;
    }
    make(folder)
}

fn make(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))
}

/// How often each edge is taken tells the fuzzer where to go on; for what is kept, that it is taken
/// is enough: a tenth of the inputs.
const EDGES_ALONE: [&str; 2] = ["-use_counters=0", "-use_value_profile=0"];

fn keep(program: Call, folders: &Folders) -> Result<()> {
    folders.unpack()?;
    make(&folders.found)?;
    if let Some(folder) = folders.packed.parent() {
        make(folder)?;
    }
    let merged = folders.corpus.with_extension("merged");
    anew(&merged)?;
    program
        .arg("-set_cover_merge=1")
        .args(EDGES_ALONE)
        .args(LIMITS)
        .args([&merged, &folders.seeds, &folders.corpus, &folders.found])
        .run()?;
    Call::new("tar")
        .args(["--sort=name", "--mtime=@0", "--owner=0", "--group=0"])
        .args(["--numeric-owner", "-czf"])
        .arg(&folders.packed)
        .arg("-C")
        .arg(&merged)
        .arg(".")
        .run()
}

/// The folder with the programs.
fn build(project: &Project) -> Result<PathBuf> {
    let Some(host) = host() else {
        bail!("`rustc -vV` names no host: is Rust installed?");
    };
    let folder = project.target().join("fuzz");
    // With a target named, the flags hold for the programs alone, not for what builds them.
    cargo(project)
        .args(["build", "--release", "--manifest-path", "fuzz/Cargo.toml"])
        .args(["--locked", "--target", &host, "--target-dir"])
        .arg(&folder)
        .env("CARGO_ENCODED_RUSTFLAGS", WATCHED.join("\u{1f}"))
        .run()?;
    Ok(folder.join(host).join("release"))
}

fn host() -> Option<String> {
    let told = Call::new("rustc").arg("-vV").read()?;
    told.lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
}

fn search(
    project: &Project,
    target: Target,
    program: Call,
    folders: &Folders,
    seconds: u32,
) -> Result<()> {
    let name = target.name();
    folders.unpack()?;
    make(&folders.found)?;
    make(&folders.crashes)?;
    program
        // What is found goes into the first.
        .args([&folders.found, &folders.seeds, &folders.corpus])
        .arg(format!("-dict={}", project.at("fuzz/words.dict").display()))
        .arg(format!("-artifact_prefix={}/", folders.crashes.display()))
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-max_len={}", target.longest()))
        .args(LIMITS)
        .arg("-print_final_stats=1")
        .run()
        .with_context(|| {
            format!(
                "{name} found an input that breaks it: `cargo xtask fuzz {name} <file>` runs it \
                 again, and it becomes a test of core"
            )
        })
}
