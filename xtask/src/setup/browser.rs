//! A browser for the end-to-end tests, and the program that drives it.

use super::debian;
use crate::call::Call;
use anyhow::{Result, bail};
use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Where the browser and its driver are.
pub(crate) struct Browser {
    pub(crate) chrome: PathBuf,
    pub(crate) driver: PathBuf,
}

impl Browser {
    /// Tells a call's tests which browser to use.
    pub(crate) fn on(&self, call: Call) -> Call {
        call.env("CHROME", &self.chrome)
            .env("CHROMEDRIVER", &self.driver)
    }
}

const CHROMES: [&str; 5] = [
    "google-chrome",
    "google-chrome-stable",
    "chromium",
    "chromium-browser",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

const DRIVERS: [&str; 3] = [
    "chromedriver",
    "/usr/lib/chromium/chromedriver",
    "/usr/lib/chromium-browser/chromedriver",
];

/// The browser and its driver, installed if need be.
pub(crate) fn ready() -> Result<Browser> {
    let chrome = || find("CHROME", &CHROMES);
    let driver = || find("CHROMEDRIVER", &DRIVERS);
    let lacking: Vec<&str> = [(chrome(), "chromium"), (driver(), "chromium-driver")]
        .into_iter()
        .filter_map(|(found, package)| found.is_none().then_some(package))
        .collect();
    if !lacking.is_empty() && debian::may_install() && debian::candidate("chromium")?.is_some() {
        debian::install(&lacking)?;
    }
    let Some(chrome) = chrome() else {
        bail!("no browser: install Chrome or Chromium, or set CHROME to its path");
    };
    let Some(driver) = driver() else {
        bail!(
            "no chromedriver: install the one of your browser's version (Debian `chromium-driver`, \
             Homebrew `chromedriver`), or set CHROMEDRIVER to its path"
        );
    };
    println!(
        "   browser {}, driver {}",
        chrome.display(),
        driver.display()
    );
    Ok(Browser { chrome, driver })
}

fn find(variable: &str, names: &[&str]) -> Option<PathBuf> {
    let chosen = env::var_os(variable).filter(|path| !path.is_empty());
    chosen.map_or_else(
        || names.iter().find_map(|name| on_path(name.as_ref())),
        |path| on_path(path.as_ref()),
    )
}

fn on_path(name: &OsStr) -> Option<PathBuf> {
    let name = Path::new(name);
    if name.is_absolute() {
        return name.is_file().then(|| name.to_path_buf());
    }
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}
