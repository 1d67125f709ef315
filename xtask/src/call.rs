//! Calls of other programs: each is shown before it runs, and a failure names it.

use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

/// One call of a program.
pub(crate) struct Call {
    command: Command,
    shown: String,
}

impl Call {
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        let program = program.as_ref();
        let name = Path::new(program).file_name().unwrap_or(program);
        Self {
            command: Command::new(program),
            shown: name.to_string_lossy().into_owned(),
        }
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.shown.push(' ');
        self.shown.push_str(&arg.as_ref().to_string_lossy());
        self.command.arg(arg);
        self
    }

    pub(crate) fn args<A: AsRef<OsStr>>(self, args: impl IntoIterator<Item = A>) -> Self {
        args.into_iter().fold(self, Self::arg)
    }

    /// An argument too long to read, such as a script: it is left out of what is shown.
    pub(crate) fn quiet_arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        if !self.shown.ends_with('…') {
            self.shown.push_str(" …");
        }
        self.command.arg(arg);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn without_env(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    pub(crate) fn within(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Shows the call, runs it, and fails where it fails.
    pub(crate) fn run(mut self) -> Result<()> {
        println!("$ {}", self.shown);
        let status = self
            .command
            .status()
            .with_context(|| missing(&self.shown))?;
        if !status.success() {
            bail!("`{}` failed ({status})", self.shown);
        }
        Ok(())
    }

    /// What the program writes, or nothing where it is missing or fails: a question, not a step.
    pub(crate) fn read(mut self) -> Option<String> {
        let output = self
            .command
            .stderr(Stdio::null())
            .stdin(Stdio::null())
            .output()
            .ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    }

    /// Whether the program is there and succeeds.
    pub(crate) fn works(self) -> bool {
        self.read().is_some()
    }
}

fn missing(shown: &str) -> String {
    format!("`{shown}` could not start: is the program installed and on PATH?")
}

/// A call of `cargo`, as the shell would find it.
pub(crate) fn cargo(project: &crate::project::Project) -> Call {
    Call::new("cargo").within(project.root())
}

/// A call of `node`, with everything that asks or phones home switched off.
pub(crate) fn node(project: &crate::project::Project) -> Call {
    Call::new("node")
        .within(project.root())
        .env("CI", "1")
        .env("NO_UPDATE_NOTIFIER", "1")
        .env("WRANGLER_SEND_METRICS", "false")
}
