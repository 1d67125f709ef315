//! What a page downloads, in bytes, beside what it may.

use crate::build;
use crate::project::Project;
use crate::report::step;
use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// All in bytes after brotli at its strongest, as an edge sends static files.
const LOADER_LIMIT: usize = 1_536;
const TOTAL_LIMIT: usize = 28_000;
const TOTAL_TARGET: usize = 24_000;
/// The same in the js form.
const JS_LIMIT: usize = 48_000;

struct Size {
    raw: usize,
    gzip: usize,
    brotli: usize,
}

/// Builds what a page downloads and measures it.
pub(crate) fn run(project: &Project) -> Result<()> {
    build::page(project)?;
    step("size", || measure(project))
}

/// Measures what is built; fails over budget.
pub(crate) fn measure(project: &Project) -> Result<()> {
    let assets = hashed_folder(&project.at("dist/assets/a"))?;
    let loader = of_file(&project.at("dist/assets/gp.js"))?;
    let wasm = of_file(&assets.join("sdk.wasm"))?;
    let glue = of_file(&assets.join("sdk.js"))?;
    let js = of_file(&assets.join("sdk-js.js"))?;
    let shared = sum(&loader, &glue);
    let total = sum(&shared, &wasm);
    let total_js = sum(&shared, &js);

    println!("{:<9} {:>8} {:>8} {:>8}", "", "raw", "gzip 9", "br 11");
    for (name, size) in [
        ("loader", &loader),
        ("glue", &glue),
        ("wasm", &wasm),
        ("total", &total),
        ("js form", &js),
        ("js total", &total_js),
    ] {
        println!(
            "{name:<9} {:>8} {:>8} {:>8}",
            size.raw, size.gzip, size.brotli
        );
    }
    println!(
        "\nloader: {} of at most {LOADER_LIMIT}; total: {} of at most {TOTAL_LIMIT}, target \
         {TOTAL_TARGET}{}; js form: {} of at most {JS_LIMIT}",
        loader.brotli,
        total.brotli,
        if total.brotli <= TOTAL_TARGET {
            " (met)"
        } else {
            " (not met)"
        },
        total_js.brotli,
    );
    if loader.brotli > LOADER_LIMIT {
        bail!(
            "the loader is {} bytes over its limit",
            loader.brotli.saturating_sub(LOADER_LIMIT)
        );
    }
    if total.brotli > TOTAL_LIMIT {
        bail!(
            "the page downloads {} bytes too many",
            total.brotli.saturating_sub(TOTAL_LIMIT)
        );
    }
    if total_js.brotli > JS_LIMIT {
        bail!(
            "the page downloads {} bytes too many in the js form",
            total_js.brotli.saturating_sub(JS_LIMIT)
        );
    }
    Ok(())
}

/// The one folder that is named for the hash of its files.
fn hashed_folder(parent: &Path) -> Result<PathBuf> {
    let read = fs::read_dir(parent);
    let mut folders: Vec<PathBuf> = read
        .with_context(|| format!("{} is missing: run `cargo xtask build`", parent.display()))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.join("sdk.wasm").exists())
        .collect();
    match (folders.pop(), folders.is_empty()) {
        (Some(folder), true) => Ok(folder),
        (None, _) => bail!(
            "no sdk.wasm in {}: run `cargo xtask build`",
            parent.display()
        ),
        (Some(_), false) => bail!("several builds in {}: remove that folder", parent.display()),
    }
}

fn of_file(path: &Path) -> Result<Size> {
    let bytes = fs::read(path)
        .with_context(|| format!("{} is missing: run `cargo xtask build`", path.display()))?;
    Ok(Size {
        raw: bytes.len(),
        gzip: gzip(&bytes)?,
        brotli: brotli(&bytes)?,
    })
}

fn gzip(bytes: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

fn brotli(bytes: &[u8]) -> Result<usize> {
    let params = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        size_hint: bytes.len(),
        ..Default::default()
    };
    let mut out = Vec::new();
    brotli::BrotliCompress(&mut &*bytes, &mut out, &params)?;
    Ok(out.len())
}

fn sum(a: &Size, b: &Size) -> Size {
    Size {
        raw: a.raw.saturating_add(b.raw),
        gzip: a.gzip.saturating_add(b.gzip),
        brotli: a.brotli.saturating_add(b.brotli),
    }
}
