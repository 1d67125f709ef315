//! Browsers for the end-to-end tests, and the programs that drive them.

use super::{debian, tools};
use crate::call::Call;
use crate::project::Project;
use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// A browser that the tests can run in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Chromium,
    Firefox,
    Webkit,
}

impl Kind {
    /// The name by which the tests know it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::Webkit => "webkit",
        }
    }

    fn programs(self) -> &'static [Program] {
        match self {
            Self::Chromium => &CHROMIUM,
            Self::Firefox => &FIREFOX,
            Self::Webkit => &WEBKIT,
        }
    }
}

/// Which browsers a call asks for.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Choice {
    Chromium,
    /// Firefox ESR with geckodriver
    Firefox,
    /// The GTK port with its driver, on a screen of Xvfb
    Webkit,
    All,
}

impl Choice {
    pub(crate) fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Chromium => &[Kind::Chromium],
            Self::Firefox => &[Kind::Firefox],
            Self::Webkit => &[Kind::Webkit],
            Self::All => &[Kind::Chromium, Kind::Firefox, Kind::Webkit],
        }
    }
}

/// Something that must be there for a browser's tests.
struct Program {
    /// Where a person may say which one to use, and where the tests read it.
    variable: &'static str,
    /// Its names, or its paths where it is on no `PATH`.
    names: &'static [&'static str],
    /// What brings it on Debian.
    package: &'static str,
    /// What to do elsewhere.
    advice: &'static str,
}

const CHROMIUM: [Program; 2] = [
    Program {
        variable: "CHROME",
        names: &[
            "google-chrome",
            "google-chrome-stable",
            "chromium",
            "chromium-browser",
            "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        ],
        package: "chromium",
        advice: "no browser: install Chrome or Chromium",
    },
    Program {
        variable: "CHROMEDRIVER",
        names: &[
            "chromedriver",
            "/usr/lib/chromium/chromedriver",
            "/usr/lib/chromium-browser/chromedriver",
        ],
        package: "chromium-driver",
        advice: "no chromedriver: install the one of your browser's version (Debian \
                 `chromium-driver`, Homebrew `chromedriver`)",
    },
];

const FIREFOX: [Program; 1] = [Program {
    variable: "FIREFOX",
    names: &[
        "firefox-esr",
        "firefox",
        "/Applications/Firefox.app/Contents/MacOS/firefox",
    ],
    package: "firefox-esr",
    advice: "no Firefox: install it (Debian `firefox-esr`)",
}];

const GECKODRIVER: &str = "GECKODRIVER";

const WEBKIT: [Program; 3] = [
    Program {
        variable: "WEBKITDRIVER",
        names: &["WebKitWebDriver"],
        package: "webkit2gtk-driver",
        advice: "no WebKitWebDriver: install WebKitGTK's driver (Debian `webkit2gtk-driver`), \
                 which is for Linux only",
    },
    Program {
        variable: "MINIBROWSER",
        names: &[
            "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
            "/usr/lib/aarch64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
            "/usr/libexec/webkit2gtk-4.1/MiniBrowser",
            "/usr/lib/webkit2gtk-4.1/MiniBrowser",
        ],
        package: "libwebkit2gtk-4.1-0",
        advice: "no MiniBrowser: install WebKitGTK (Debian `libwebkit2gtk-4.1-0`)",
    },
    Program {
        variable: "XVFB",
        names: &["Xvfb"],
        package: "xvfb",
        advice: "no Xvfb, on which WebKitGTK shows its windows: install it (Debian `xvfb`)",
    },
];

/// A browser that is ready for its tests.
pub(crate) struct Browser {
    kind: Kind,
    programs: Vec<(&'static str, PathBuf)>,
}

impl Browser {
    /// Tells a call's tests which browser to use.
    pub(crate) fn on(&self, call: Call) -> Call {
        let call = call.env("BROWSER", self.kind.name());
        self.programs
            .iter()
            .fold(call, |call, (variable, path)| call.env(variable, path))
    }
}

/// The browser with all that drives it, installed if need be.
pub(crate) fn ready(project: &Project, kind: Kind) -> Result<Browser> {
    for program in kind.programs() {
        check_choice(program.variable)?;
    }
    install_what_lacks(kind.programs())?;
    let mut programs = Vec::new();
    for program in kind.programs() {
        let Some(path) = found(program) else {
            bail!(
                "{}, or set {} to its path",
                program.advice,
                program.variable
            );
        };
        programs.push((program.variable, path));
    }
    if kind == Kind::Firefox {
        check_choice(GECKODRIVER)?;
        let driver = match find(GECKODRIVER, &["geckodriver"]) {
            Some(path) => path,
            None => tools::geckodriver(project)?,
        };
        programs.push((GECKODRIVER, driver));
    }
    for (_, path) in &programs {
        println!("   {}: {}", kind.name(), path.display());
    }
    Ok(Browser { kind, programs })
}

/// A program that somebody has chosen and that is not there is a slip: nothing is installed for it.
fn check_choice(variable: &str) -> Result<()> {
    match chosen(variable) {
        Some(path) if on_path(&path).is_none() => bail!(
            "{variable} is {}, where there is no program: set another path, or none",
            path.display()
        ),
        _ => Ok(()),
    }
}

fn install_what_lacks(programs: &[Program]) -> Result<()> {
    let lacking: Vec<&str> = programs
        .iter()
        .filter_map(|program| found(program).is_none().then_some(program.package))
        .collect();
    let Some(first) = lacking.first() else {
        return Ok(());
    };
    if debian::may_install() && debian::candidate(first)?.is_some() {
        debian::install(&lacking)
            .with_context(|| format!("install {} by hand", lacking.join(" ")))?;
    }
    Ok(())
}

fn found(program: &Program) -> Option<PathBuf> {
    find(program.variable, program.names)
}

fn chosen(variable: &str) -> Option<OsString> {
    env::var_os(variable).filter(|path| !path.is_empty())
}

fn find(variable: &str, names: &[&str]) -> Option<PathBuf> {
    chosen(variable).map_or_else(
        || names.iter().find_map(|name| on_path(name.as_ref())),
        |path| on_path(&path),
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
