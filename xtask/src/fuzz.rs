//! What arrives from outside, made up by a fuzzer that watches which code each input reaches.

use crate::call::{Call, cargo};
use crate::project::Project;
use crate::report::step;
use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use std::fs;
use std::path::PathBuf;

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

/// Fuzzes one target, or one after the other; with `inputs`, runs only these.
pub(crate) fn run(
    project: &Project,
    target: Option<Target>,
    seconds: u32,
    inputs: &[PathBuf],
) -> Result<()> {
    let targets = target
        .as_ref()
        .map_or_else(Target::value_variants, std::slice::from_ref);
    let built = step("fuzz: build", || build(project))?;
    for target in targets {
        let name = target.name();
        step(name, || {
            let program = Call::new(built.join(name));
            if inputs.is_empty() {
                search(project, *target, program, seconds)
            } else {
                program.args(inputs).run()
            }
        })?;
    }
    Ok(())
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

fn search(project: &Project, target: Target, program: Call, seconds: u32) -> Result<()> {
    let name = target.name();
    let work = project.target().join("fuzz/found");
    let (kept, crashes) = (work.join(name), work.join(format!("{name}-crashes")));
    for folder in [&kept, &crashes] {
        fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    }
    program
        .arg(&kept)
        .arg(project.at(&format!("fuzz/seeds/{name}")))
        .arg(format!("-dict={}", project.at("fuzz/words.dict").display()))
        .arg(format!("-artifact_prefix={}/", crashes.display()))
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-max_len={}", target.longest()))
        .args(["-timeout=10", "-rss_limit_mb=1500", "-print_final_stats=1"])
        .run()
        .with_context(|| {
            format!(
                "{name} found an input that breaks it: `cargo xtask fuzz {name} <file>` runs it \
                 again, and it becomes a test of core"
            )
        })
}
