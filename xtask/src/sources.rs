//! Writes the lists of sources that others maintain, from their files.
//!
//! No package of a registry carries these lists under a licence that this repository can take them
//! by: those on npm and `PyPI` come from a list that is under the GPL. So a person fetches the files,
//! and this command makes ours of them, the same bytes from the same files.

mod ga4;
mod matomo;

use crate::project::Project;
use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const FOLDER: &str = "core/src/channel/lists";

/// A list that others maintain.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum List {
    /// GA4's sources by category: `ga4_source_categories.csv` of Velir/dbt-ga4
    Ga4,
    /// Assistants, search engines and social networks: the three `.yml` files of
    /// matomo-org/searchengine-and-social-list
    Matomo,
}

impl List {
    fn file(self) -> &'static str {
        match self {
            Self::Ga4 => "ga4.txt",
            Self::Matomo => "matomo.txt",
        }
    }

    /// What the list is, where it comes from and by which right it is here.
    fn head(self, version: &str) -> Vec<String> {
        let (what, origin, licence, name) = match self {
            Self::Ga4 => (
                "Sources by category, as GA4 has them for its default channel group.",
                "Velir/dbt-ga4 on GitHub, seeds/ga4_source_categories.csv",
                "MIT, see NOTICE.md",
                "ga4",
            ),
            Self::Matomo => (
                "AI assistants, and what the other lists lack of search engines and social networks.",
                "matomo-org/searchengine-and-social-list on GitHub",
                "CC0-1.0",
                "matomo",
            ),
        };
        vec![
            what.to_owned(),
            String::new(),
            format!("Origin: {origin}. Licence: {licence}."),
            format!("Version: {version}."),
            format!("Written by `cargo xtask sources {name}`; what Goalpost adds is in own.txt."),
            "One row a line, sorted by key: key, kind, and the source's name where it is another"
                .to_owned(),
            "text; tabs between.".to_owned(),
        ]
    }
}

/// What a key stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    kind: &'static str,
    name: String,
}

/// Rows by key, in the order in which they are written.
type Table = BTreeMap<String, Row>;

/// Writes one list anew from the files in `from`; without a list, says what is there.
pub(crate) fn run(
    project: &Project,
    list: Option<List>,
    from: Option<&Path>,
    version: Option<&str>,
) -> Result<()> {
    let folder = project.at(FOLDER);
    let Some(list) = list else {
        return show(&folder);
    };
    let (Some(from), Some(version)) = (from, version) else {
        bail!(
            "say where the files are and which version they are: \
             `cargo xtask sources <list> --from <folder> --version <commit>`"
        );
    };
    let read = |name: &str| -> Result<String> {
        let path = from.join(name);
        fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))
    };
    let table = match list {
        List::Ga4 => ga4::table(&read("ga4_source_categories.csv")?)?,
        List::Matomo => matomo::table(
            &read("AIAssistants.yml")?,
            &read("SearchEngines.yml")?,
            &read("Socials.yml")?,
            &ga4::written(&fs::read_to_string(folder.join(List::Ga4.file()))?),
        ),
    };
    let path = folder.join(list.file());
    fs::write(&path, text(&list.head(version), &table))
        .with_context(|| format!("write {}", path.display()))?;
    println!("{FOLDER}/{}: {} rows", list.file(), table.len());
    Ok(())
}

/// The head of each list, and how the lists of others are had.
fn show(folder: &Path) -> Result<()> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<_>>()?;
    files.sort();
    for file in files.iter().filter(|file| file.extension().is_some()) {
        let list = fs::read_to_string(file)?;
        let (head, rows): (Vec<_>, Vec<_>) = list.lines().partition(|line| line.starts_with('#'));
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        println!("\n{name}: {} rows", rows.len());
        for line in head {
            println!("   {}", line.trim_start_matches('#').trim());
        }
    }
    println!(
        "\nown.txt and detours.txt are edited by hand. No package of npm or PyPI carries the others \
         under a licence that allows it: fetch the named repository's files, then run\n\
         cargo xtask sources ga4 --from <folder> --version <commit>\n\
         cargo xtask sources matomo --from <folder> --version <commit>"
    );
    Ok(())
}

fn text(head: &[String], table: &Table) -> String {
    let mut text = String::new();
    for line in head {
        text.push_str(format!("# {line}").trim_end());
        text.push('\n');
    }
    for (key, row) in table {
        text.push_str(key);
        text.push('\t');
        text.push_str(row.kind);
        if row.name != *key {
            text.push('\t');
            text.push_str(&row.name);
        }
        text.push('\n');
    }
    text
}

/// What a table says of a key or of its parent domains, as core reads it.
fn found<'a>(table: &'a Table, key: &str) -> Option<&'a Row> {
    let mut key = key;
    loop {
        if let Some(row) = table.get(key) {
            return Some(row);
        }
        key = key.split_once('.')?.1;
        if !key.contains('.') {
            return None;
        }
    }
}
