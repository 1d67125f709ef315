//! Packages of Debian and its kin, for machines where `apt-get` may be used.

use crate::call::Call;
use anyhow::{Result, bail};
use std::path::Path;

/// Whether this machine takes its packages with `apt-get`.
pub(crate) fn here() -> bool {
    Path::new("/usr/bin/apt-get").exists()
}

/// How to become root: not at all, with a `sudo` that asks nothing, or there is no way.
enum Root {
    Already,
    Sudo,
}

fn root() -> Option<Root> {
    if Call::new("id").arg("-u").read().is_some_and(|id| id == "0") {
        return Some(Root::Already);
    }
    Call::new("sudo")
        .args(["-n", "true"])
        .works()
        .then_some(Root::Sudo)
}

/// Whether `install` and `as_root` can work here.
pub(crate) fn may_install() -> bool {
    here() && root().is_some()
}

/// A call that runs as root.
pub(crate) fn as_root(program: &str) -> Result<Call> {
    match root() {
        Some(Root::Already) => Ok(Call::new(program)),
        Some(Root::Sudo) => Ok(Call::new("sudo").args(["-n", program])),
        None => bail!("`{program}` needs root: run it as root, or allow sudo without a password"),
    }
}

/// The version that `apt-get install` would take, after one refresh of the lists if need be.
pub(crate) fn candidate(package: &str) -> Result<Option<String>> {
    if let Some(version) = known_candidate(package) {
        return Ok(Some(version));
    }
    update()?;
    Ok(known_candidate(package))
}

fn known_candidate(package: &str) -> Option<String> {
    let policy = Call::new("apt-cache")
        .args(["policy", package])
        .env("LC_ALL", "C")
        .read()?;
    let version = policy
        .lines()
        .find_map(|line| line.trim().strip_prefix("Candidate: "))?;
    (version != "(none)").then(|| version.to_owned())
}

fn update() -> Result<()> {
    as_root("apt-get")?.args(["update", "-qq"]).run()
}

/// Installs packages, each as `name` or `name=version`.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    if get(packages).is_ok() {
        return Ok(());
    }
    // Lists that are old name versions that their server no longer has.
    update()?;
    get(packages)
}

fn get(packages: &[&str]) -> Result<()> {
    as_root("env")?
        .args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "install"])
        .args(["-y", "-qq", "--no-install-recommends"])
        .args(packages)
        .run()
}
