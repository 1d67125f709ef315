//! Work that is done again only when what it reads has changed.

use anyhow::{Context, Result};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// A mark left beside work that is done: the hash of everything the work depends on.
pub(crate) struct Stamp {
    file: PathBuf,
    hash: String,
}

impl Stamp {
    /// `inputs` are files the work reads; `settings` is all else that decides its result.
    pub(crate) fn new(file: PathBuf, inputs: &[&Path], settings: &str) -> Result<Self> {
        let mut hasher = DefaultHasher::new();
        settings.hash(&mut hasher);
        for input in inputs {
            let bytes = fs::read(input).with_context(|| format!("read {}", input.display()))?;
            bytes.hash(&mut hasher);
        }
        Ok(Self {
            file,
            hash: format!("{:016x}", hasher.finish()),
        })
    }

    fn fresh(&self, outputs: &[&Path]) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|text| text == self.hash)
            && outputs.iter().all(|output| output.exists())
    }

    /// Does the work unless its result is there and nothing that it reads has changed.
    pub(crate) fn unless_fresh(
        &self,
        outputs: &[&Path],
        work: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        if self.fresh(outputs) {
            println!("   nothing changed");
            return Ok(());
        }
        work()?;
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&self.file, &self.hash).with_context(|| format!("write {}", self.file.display()))
    }
}
