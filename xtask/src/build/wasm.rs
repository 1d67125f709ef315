//! How Rust is compiled to wasm here, and what holds for every wasm file that is shipped.

use crate::call::{Call, cargo, node};
use crate::folder_names::{rename_folders, renamed_folders};
use crate::project::Project;
use crate::setup::wasm_target::{TARGET, Toolchain};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// worker-build sets this, so every other compilation of the Worker must: the macros of
/// wasm-bindgen read it, and cargo does not know that they do.
pub(crate) const WORKER_ENV: (&str, &str) = ("WASM_BINDGEN_USE_JS_SYS", "1");

/// The features that rustc enables for the target, by name: `--all-features` would make wasm-opt
/// write an import section that Node 20 and older browsers refuse.
pub(crate) const FEATURES: [&str; 7] = [
    "--enable-mutable-globals",
    "--enable-sign-ext",
    "--enable-nontrapping-float-to-int",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// `cargo <subcommand>` for the wasm target, so that no path of this machine gets into the file.
pub(crate) fn for_wasm(project: &Project, toolchain: Toolchain, subcommand: &str) -> Call {
    let call = cargo(project).args([subcommand, "--target", TARGET]);
    with_flags(project, toolchain, call, &[])
}

/// Gives a call the compiler flags of every wasm build, and others.
pub(crate) fn with_flags(
    project: &Project,
    toolchain: Toolchain,
    call: Call,
    others: &[&str],
) -> Call {
    rename_folders(toolchain.on(call), project.root(), others)
}

/// Where cargo leaves a package's module.
pub(crate) fn compiled(project: &Project, profile: &str, file: &str) -> PathBuf {
    project.target().join(TARGET).join(profile).join(file)
}

/// Fails unless Node takes the file, as an engine of its age in a browser would, and the file
/// imports nothing from `env`, which code that cannot run in a browser would.
pub(crate) fn check_engine(project: &Project, file: &Path) -> Result<()> {
    node(project)
        .args(["--input-type=module", "--eval"])
        .quiet_arg(VALIDATE)
        .arg(file)
        .run()
        .with_context(|| format!("{} is not fit to ship", file.display()))
}

const VALIDATE: &str = "\
import { readFileSync } from 'node:fs';
const bytes = readFileSync(process.argv[1]);
if (!WebAssembly.validate(bytes)) throw new Error('no engine takes this module');
const imports = WebAssembly.Module.imports(new WebAssembly.Module(bytes));
const stray = imports.filter((it) => it.module === 'env').map((it) => it.name);
if (stray.length) throw new Error('imports from env: ' + stray.join(', '));
";

/// Fails where the file names a folder of this machine.
pub(crate) fn check_paths(project: &Project, file: &Path) -> Result<()> {
    let bytes = fs::read(file).with_context(|| format!("read {}", file.display()))?;
    for (folder, _) in renamed_folders(project.root()) {
        // With its slash, so that a short folder such as `/root` is not met by chance.
        let folder = format!("{}/", folder.display());
        if bytes
            .windows(folder.len())
            .any(|part| part == folder.as_bytes())
        {
            bail!(
                "{} holds the path {folder}: add it to the renamed folders",
                file.display()
            );
        }
    }
    Ok(())
}
