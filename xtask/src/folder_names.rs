//! The names under which folders of this machine may appear in what is shipped.

use crate::call::Call;
use crate::setup::rust_parts::sysroot;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// Gives a call of cargo the flags that rename folders, with other compiler flags.
pub(crate) fn rename_folders(call: Call, root: &Path, others: &[&str]) -> Call {
    let renames = renamed_folders(root)
        .into_iter()
        .map(|(folder, name)| format!("--remap-path-prefix={}={name}", folder.display()));
    let flags: Vec<String> = others
        .iter()
        .map(ToString::to_string)
        .chain(renames)
        .collect();
    // The encoded form lets a folder's name hold spaces.
    call.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
        .without_env("RUSTFLAGS")
}

/// Folders and the names they get. The compiler takes the last that fits, so inner folders come
/// last; `root` is the folder of the workspace that is compiled.
pub(crate) fn renamed_folders(root: &Path) -> Vec<(PathBuf, &'static str)> {
    let mut folders = Vec::new();
    if let Some(home) = env::home_dir() {
        folders.push((home, "home"));
    }
    if let Some(sysroot) = sysroot() {
        folders.push((sysroot, "rust"));
    }
    if let Some(cargo_home) = cargo_home() {
        let sources = fs::read_dir(cargo_home.join("registry/src"));
        folders.push((cargo_home, "cargo"));
        // One folder for each registry or mirror, named for it.
        let registries = sources.into_iter().flatten().flatten();
        folders.extend(registries.map(|registry| (registry.path(), "crates")));
    }
    folders.push((root.to_path_buf(), "goalpost"));
    folders
}

fn cargo_home() -> Option<PathBuf> {
    let default = || env::home_dir().map(|home| home.join(".cargo"));
    env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(default)
}
