//! A C++ compiler, which libFuzzer is built with.

use super::debian;
use crate::call::Call;
use anyhow::{Result, bail};

pub(crate) fn ready() -> Result<()> {
    let there = || Call::new("c++").arg("--version").works();
    if !there() && debian::may_install() {
        debian::install(&["g++"])?;
    }
    if !there() {
        bail!("no C++ compiler: install one as `c++` (Debian `g++`, Xcode's command line tools)");
    }
    Ok(())
}
