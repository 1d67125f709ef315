//! Every check, in the order that finds faults soonest.

use crate::call::{self, Call, cargo};
use crate::fuzz::{self, Work};
use crate::project::Project;
use crate::report::Run;
use crate::setup::browser::{self, Choice, Kind};
use crate::setup::{dataset, duckdb, node, openmetrics, schemathesis};
use crate::{build, generated, licences, lint, node_tests, sim, size};
use anyhow::Result;

/// Runs them all, and fails at the end if any did not pass.
pub(crate) fn run(project: &Project, browsers: Choice) -> Result<()> {
    let mut run = Run::default();
    run.step("format", &[], || lint::format(project));
    run.step("lint native", &[], || lint::native(project));
    run.step("lint wasm", &[], || lint::wasm(project));
    run.step("generated files", &[], || generated::run(project, true));
    run.step("licences", &[], || licences::run(project, true));
    run.step("cargo tests", &[], || {
        cargo(project)
            .args(["test", "--workspace", "--no-fail-fast"])
            .run()
    });
    run.step("corpora of the fuzzer", &[], || {
        fuzz::run(project, None, Work::Replay)
    });
    run.step("simulation", &[], || sim::run(project, sim::SEEDS, None));
    run.step("build", &[], || build::all(project));
    run.step("size", &["build"], || size::measure(project));
    run.step("npm package", &["build"], || npm_package(project));
    run.step("edge tests", &["build"], || {
        let purchases = dataset::ready(project)?;
        let duckdb = duckdb::ready(project)?;
        let openmetrics = openmetrics::ready(project)?;
        node_tests::in_folders(project, &["tests/edge"])?
            .env("CDNOW", purchases)
            .env("DUCKDB", duckdb)
            .env("OPENMETRICS", openmetrics)
            .run()
    });
    for kind in browsers.kinds() {
        run.step(step_of(*kind), &["build"], || in_browser(project, *kind));
    }
    run.finish()
}

fn step_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Chromium => "in Chromium",
        Kind::Firefox => "in Firefox",
        Kind::Webkit => "in WebKitGTK",
    }
}

fn in_browser(project: &Project, kind: Kind) -> Result<()> {
    let browser = browser::ready(project, kind)?;
    // How the package's own files fit together is no question of the browser.
    let folders: &[&str] = match kind {
        Kind::Chromium => &["npm/test/browser", "tests/e2e", "tests/packages/fast"],
        Kind::Firefox | Kind::Webkit => &["tests/e2e"],
    };
    browser.on(node_tests::in_folders(project, folders)?).run()
}

/// The browser tests again and again, to see how often each of them fails.
pub(crate) fn rounds(
    project: &Project,
    browsers: Choice,
    count: u32,
    files: &[String],
) -> Result<()> {
    build::all(project)?;
    let mut call = call::node(project).arg("tests/e2e/rounds.mjs").args(files);
    let mut names = Vec::new();
    for kind in browsers.kinds() {
        call = browser::ready(project, *kind)?.on(call);
        names.push(kind.name());
    }
    call.env("BROWSERS", names.join(","))
        .env("ROUNDS", count.to_string())
        .run()
}

/// The packed package, installed into a project of each stack, and what came out in a browser.
pub(crate) fn packages(project: &Project) -> Result<()> {
    let mut run = Run::default();
    run.step("build", &[], || build::all(project));
    run.step("npm package", &["build"], || npm_package(project));
    run.step("projects", &["build"], || {
        let browser = browser::ready(project, Kind::Chromium)?;
        browser
            .on(node_tests::in_folders(project, &["tests/packages"])?)
            .run()
    });
    run.finish()
}

/// What the Worker answers to all that its `OpenAPI` document allows, and to much that it does not.
pub(crate) fn api(project: &Project) -> Result<()> {
    let mut run = Run::default();
    run.step("build", &[], || build::all(project));
    run.step("requests", &["build"], || {
        let program = schemathesis::ready(project)?;
        call::node(project)
            .arg("tests/api/fuzz.mjs")
            .env("SCHEMATHESIS", program)
            .run()
    });
    run.finish()
}

/// Whether the package's files, entry points and types suit those who install it.
fn npm_package(project: &Project) -> Result<()> {
    node::ready(project)?;
    Call::new("npm")
        .args(["run", "check", "-w", "npm"])
        .within(project.root())
        .run()
}
