//! `goalpost-sim --seeds N [--first S]`, `--seed S`, `--known-bad`.
#![allow(
    clippy::print_stdout,
    reason = "a command-line tool speaks on its standard output"
)]

use goalpost_sim::{
    broken::Broken, database::Database, known_bad::KnownBad, plans::Plans, report, world,
};
use std::{process::ExitCode, time::Instant};

const USAGE: &str = "\
usage: goalpost-sim --seeds N [--first S]   run N seeds, then every known-bad design
       goalpost-sim --seed S [--bad NAME]   run one seed and print what happened
       goalpost-sim --known-bad             only check that known-bad designs are caught";

const THREADS: usize = 2;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at.checked_add(1)?)
    };
    let number = |name: &str| value(name).and_then(|text| text.parse::<u64>().ok());
    if let Some(seed) = number("--seed") {
        let wanted = value("--bad").map(String::as_str);
        let bad = KnownBad::ALL
            .iter()
            .copied()
            .find(|bad| Some(bad.name()) == wanted);
        return one(seed, bad);
    }
    if let Some(seeds) = number("--seeds") {
        let first = number("--first").unwrap_or(1);
        if !many(first, seeds) {
            return ExitCode::FAILURE;
        }
        return known_bad();
    }
    if arguments.iter().any(|argument| argument == "--known-bad") {
        return known_bad();
    }
    println!("{USAGE}");
    ExitCode::FAILURE
}

fn one(seed: u64, bad: Option<KnownBad>) -> ExitCode {
    let run = world::run(seed, bad, &Plans::new(), &mut Database::new(), true);
    for line in run.trace.lines() {
        println!("{line}");
    }
    println!("seed {seed}, trace hash {:016x}", run.trace.hash());
    match run.result {
        Ok(()) => {
            println!("every invariant held");
            ExitCode::SUCCESS
        }
        Err(broken) => {
            println!("{broken}");
            ExitCode::FAILURE
        }
    }
}

fn many(first: u64, seeds: u64) -> bool {
    let begun = Instant::now();
    let every = (seeds / 10).max(1);
    let progress = |seed: u64| {
        let done = seed.saturating_sub(first).saturating_add(1);
        if done.is_multiple_of(every) {
            println!("seed {seed}: {:.1} s", begun.elapsed().as_secs_f64());
        }
    };
    match report::many(first..first.saturating_add(seeds), THREADS, progress) {
        Ok(totals) => {
            println!("every invariant held for {seeds} seeds");
            println!("{}", totals.table());
            true
        }
        Err((seed, broken)) => {
            failed(seed, &broken);
            false
        }
    }
}

fn failed(seed: u64, broken: &Broken) {
    println!("seed {seed} {broken}");
    println!("see it with: cargo run --profile fast -p goalpost-sim -- --seed {seed}");
}

fn known_bad() -> ExitCode {
    let (plans, mut db) = (Plans::new(), Database::new());
    let mut missed = false;
    println!("known-bad designs, and the first seed that catches each:");
    for bad in KnownBad::ALL {
        let name = bad.name();
        if let Some((seed, broken)) = report::catch(*bad, &plans, &mut db) {
            println!("  {name:<42} seed {seed:>3}: {}", broken.invariant);
        } else {
            missed = true;
            println!(
                "  {name:<42} not caught in {} seeds",
                report::SEEDS_TO_CATCH
            );
        }
    }
    if missed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}
