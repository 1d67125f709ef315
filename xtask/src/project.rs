//! Where things lie in the project, and in the cache outside it.

use anyhow::{Context, Result, bail};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// The project's folder and the folder of tools built for it.
pub(crate) struct Project {
    root: PathBuf,
    cache: PathBuf,
}

impl Project {
    pub(crate) fn find() -> Result<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest
            .parent()
            .context("xtask has no folder above it")?
            .to_path_buf();
        Ok(Self {
            root,
            cache: cache_folder()?,
        })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A path below the project's folder.
    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// Where cargo puts what it compiles.
    pub(crate) fn target(&self) -> PathBuf {
        env::var_os("CARGO_TARGET_DIR").map_or_else(|| self.at("target"), |dir| self.root.join(dir))
    }

    /// A folder of what was fetched once for all checkouts.
    pub(crate) fn cached(&self, name: &str) -> PathBuf {
        self.cache.join(name)
    }

    /// Where tools that `cargo install` made are kept between checkouts.
    pub(crate) fn tools(&self) -> PathBuf {
        self.cache.join("tools")
    }

    /// A program that an npm package brought.
    pub(crate) fn npm_bin(&self, name: &str) -> PathBuf {
        self.at("node_modules/.bin").join(name)
    }

    /// The version of wasm-bindgen that the workspace pins. Its command-line tool reads only what
    /// the same version of the crate wrote, so the one pin rules both.
    pub(crate) fn wasm_bindgen_version(&self) -> Result<String> {
        let manifest = fs::read_to_string(self.at("Cargo.toml")).context("read Cargo.toml")?;
        match pinned_wasm_bindgen(&manifest) {
            Some(version) => Ok(version.to_owned()),
            None => bail!(
                "Cargo.toml pins no wasm-bindgen: add `wasm-bindgen = \"=<version>\"` to \
                 [workspace.dependencies]"
            ),
        }
    }
}

fn pinned_wasm_bindgen(manifest: &str) -> Option<&str> {
    manifest.lines().find_map(|line| {
        let (_, pin) = line.strip_prefix("wasm-bindgen ")?.split_once("\"=")?;
        pin.split('"').next()
    })
}

fn cache_folder() -> Result<PathBuf> {
    if let Some(folder) = env::var_os("GOALPOST_CACHE") {
        return Ok(folder.into());
    }
    if let Some(folder) = env::var_os("XDG_CACHE_HOME") {
        return Ok(Path::new(&folder).join("goalpost"));
    }
    let home = env::home_dir().context("no home folder: set GOALPOST_CACHE to a folder")?;
    Ok(home.join(".cache/goalpost"))
}

#[cfg(test)]
mod tests {
    use super::pinned_wasm_bindgen;

    #[test]
    fn the_pin_is_read_in_both_of_its_forms() {
        let short = "js-sys = \"=0.3.1\"\nwasm-bindgen = \"=0.2.130\"\n";
        let long = "wasm-bindgen = { version = \"=0.2.130\", default-features = false }\n";
        assert_eq!(pinned_wasm_bindgen(short), Some("0.2.130"));
        assert_eq!(pinned_wasm_bindgen(long), Some("0.2.130"));
    }

    #[test]
    fn a_range_is_no_pin() {
        assert_eq!(pinned_wasm_bindgen("wasm-bindgen = \"0.2\"\n"), None);
    }
}
