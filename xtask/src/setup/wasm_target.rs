//! A Rust toolchain that can build for `wasm32-unknown-unknown`.
//!
//! Three ways, the first that works: the active toolchain has the target; rustup adds it; on
//! Debian, the packages `rustc-web` and `rust-web-src` give a second toolchain in `/usr`, for
//! which the standard library is compiled once from its own source.

use super::debian;
use crate::call::Call;
use crate::folder_names::rename_folders;
use anyhow::{Context, Result, bail};
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// The target of the page's module and of the Worker.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// The name under which rustup knows Debian's toolchain.
const LINKED: &str = "distro";
const USR: &str = "/usr";

/// Which toolchain builds for the target.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Toolchain {
    /// The one that built this program.
    Active,
    /// Debian's, linked into rustup as `distro`.
    Linked,
    /// Debian's, found in `/usr/bin`, where there is no rustup.
    Plain,
}

impl Toolchain {
    /// Makes a call use this toolchain.
    pub(crate) fn on(self, call: Call) -> Call {
        // Set by `cargo run` for this program; another toolchain's libraries must not be found by it.
        let clean = |call: Call| call.without_env("LD_LIBRARY_PATH").without_env("RUSTC");
        match self {
            Self::Active => call,
            Self::Linked => clean(call).env("RUSTUP_TOOLCHAIN", LINKED),
            Self::Plain => clean(call).env("PATH", usr_first()),
        }
    }

    /// Debian's packages bring no clippy for their newer compiler.
    pub(crate) fn has_clippy(self) -> bool {
        self == Self::Active
    }

    /// Whether the standard library can be compiled anew.
    pub(crate) fn has_std_source(self) -> bool {
        self.on(Call::new("rustc").args(["--print", "sysroot"]))
            .read()
            .is_some_and(|sysroot| {
                Path::new(&sysroot)
                    .join("lib/rustlib/src/rust/library/Cargo.lock")
                    .exists()
            })
    }

    fn has_target(self) -> bool {
        let asked = Call::new("rustc").args(["--print", "target-libdir", "--target", TARGET]);
        self.on(asked)
            .read()
            .is_some_and(|folder| has_std(Path::new(&folder)))
    }
}

fn usr_first() -> OsString {
    let rest = env::var_os("PATH").unwrap_or_default();
    let folders = [PathBuf::from("/usr/bin")]
        .into_iter()
        .chain(env::split_paths(&rest));
    env::join_paths(folders).unwrap_or(rest)
}

fn has_std(folder: &Path) -> bool {
    let Ok(files) = fs::read_dir(folder) else {
        return false;
    };
    files.flatten().any(|file| {
        let name = file.file_name();
        let name = name.to_string_lossy();
        name.starts_with("libstd-") && name.ends_with(".rlib")
    })
}

/// The toolchain to build with, installed if need be.
pub(crate) fn ready() -> Result<Toolchain> {
    let toolchain = choose()?;
    if toolchain == Toolchain::Active && !toolchain.has_std_source() {
        // A wish, not a need: without it the page's module is larger.
        let _ = Call::new("rustup")
            .args(["component", "add", "rust-src"])
            .run();
    }
    println!(
        "   {TARGET}: {}",
        match toolchain {
            Toolchain::Active => "the active toolchain has it",
            Toolchain::Linked => "by Debian's toolchain, rustup name `distro`",
            Toolchain::Plain => "by Debian's toolchain in /usr/bin",
        }
    );
    Ok(toolchain)
}

fn choose() -> Result<Toolchain> {
    if Toolchain::Active.has_target() {
        return Ok(Toolchain::Active);
    }
    let rustup = Call::new("rustup").arg("--version").works();
    let debians = if rustup {
        Toolchain::Linked
    } else {
        Toolchain::Plain
    };
    if debians.has_target() {
        return Ok(debians);
    }
    if rustup {
        // Whether it worked is read from the toolchain itself.
        let _ = Call::new("rustup").args(["target", "add", TARGET]).run();
        if Toolchain::Active.has_target() {
            return Ok(Toolchain::Active);
        }
    }
    if !debian::here() {
        bail!("Rust's target {TARGET} is missing: run `rustup target add {TARGET}`");
    }
    let toolchain = if rustup {
        Toolchain::Linked
    } else {
        Toolchain::Plain
    };
    if !toolchain.has_target() {
        debian_toolchain(rustup)?;
    }
    if !toolchain.has_target() {
        bail!(
            "Debian's Rust packages gave no {TARGET}: run `rustup target add {TARGET}` where \
             rustup can reach its server"
        );
    }
    Ok(debians)
}

fn debian_toolchain(rustup: bool) -> Result<()> {
    if !debian::may_install() {
        bail!(
            "Rust's target {TARGET} is missing and rustup cannot fetch it: run `cargo xtask setup` \
             as root, which takes it from Debian's packages"
        );
    }
    if !has_std(&std_folder()) {
        let Some(version) = debian::candidate("rustc-web")? else {
            bail!(
                "neither rustup nor Debian's package lists offer {TARGET}: run `rustup target add \
                 {TARGET}` where rustup can reach its server"
            );
        };
        // One version for the three: a compiler reads only the standard library of its own build.
        let of = |name: &str| format!("{name}={version}");
        let (compiler, cargo, source) = (of("rustc-web"), of("cargo-web"), of("rust-web-src"));
        debian::install(&[&compiler, &cargo, &source, LINKER_PACKAGE])?;
        compile_std()?;
    }
    if rustup
        && Call::new("rustup")
            .args(["run", LINKED, "rustc", "-V"])
            .read()
            .is_none()
    {
        Call::new("rustup")
            .args(["toolchain", "link", LINKED, USR])
            .run()?;
    }
    Ok(())
}

const LINKER_PACKAGE: &str = "lld-22";
const LINKER: &str = "/usr/bin/lld-22";

fn std_folder() -> PathBuf {
    Path::new(USR).join("lib/rustlib").join(TARGET).join("lib")
}

/// A crate that needs nothing but the standard library, which cargo therefore compiles.
const EMPTY_CRATE: &str = "[package]\nname = \"nothing\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
    [lib]\npath = \"nothing.rs\"\n\
    [profile.release]\nopt-level = \"s\"\ncodegen-units = 1\n";

fn compile_std() -> Result<()> {
    let work = env::temp_dir().join(format!("goalpost-std-{}", std::process::id()));
    fs::create_dir_all(&work)?;
    let result = compile_std_in(&work);
    fs::remove_dir_all(&work).context("remove the folder in which std was compiled")?;
    result
}

fn compile_std_in(work: &Path) -> Result<()> {
    fs::write(work.join("Cargo.toml"), EMPTY_CRATE)?;
    fs::write(work.join("nothing.rs"), "")?;
    let call = Call::new("/usr/bin/cargo")
        .args(["build", "--release", "--target", TARGET])
        .arg("-Zbuild-std=std,panic_abort,panic_unwind")
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", work.join("target"))
        .within(work);
    // Without bitcode in it, fat LTO refuses the standard library.
    rename_folders(Toolchain::Plain.on(call), work, &["-Cembed-bitcode=yes"]).run()?;

    let made = work.join("target").join(TARGET).join("release/deps");
    let libraries: Vec<PathBuf> = fs::read_dir(&made)
        .with_context(|| format!("read {}", made.display()))?
        .flatten()
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|end| end == "rlib"))
        .filter(|path| !path.to_string_lossy().contains("libnothing-"))
        .collect();
    let folder = std_folder();
    debian::as_root("mkdir")?.args(["-p"]).arg(&folder).run()?;
    let copy = libraries
        .iter()
        .fold(debian::as_root("cp")?, Call::quiet_arg);
    copy.arg(&folder).run()?;

    let host = Toolchain::Plain
        .on(Call::new("rustc").args(["--print", "target-libdir"]))
        .read()
        .context("Debian's rustc does not say where its libraries are")?;
    let bin = Path::new(&host)
        .parent()
        .context("no folder above rustc's libraries")?
        .join("bin");
    debian::as_root("mkdir")?.arg("-p").arg(&bin).run()?;
    debian::as_root("ln")?
        .args(["-sf", LINKER])
        .arg(bin.join("rust-lld"))
        .run()
}
