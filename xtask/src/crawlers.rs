//! Writes the list of crawlers anew, from a list that others maintain and from agents of people.
//!
//! Both files are of npm packages, which a person fetches (`npm pack`): this command makes ours of
//! them, the same bytes from the same files. A name that stands in an agent of a person is left out:
//! some apps are the browsers of people and fetch previews under the same name.

use crate::project::Project;
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, de::DeserializeOwned};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const LIST: &str = "core/src/crawler/lists/crawlers.txt";

/// Words by which core knows most crawlers, whatever their names, and browsers that a program drives:
/// `core/src/crawler/mod.rs`.
const WORDS: [&str; 6] = ["bot", "crawl", "spider", "http://", "https://", "headless"];

/// Names on the list that are those of browsers, apps and phones of people as well, or too common a word.
const PEOPLE: [&str; 34] = [
    "008",
    "adventurer",
    "ap3a.",
    "asana/",
    "blackboard",
    "bluesky/",
    "buck/",
    "butterfly",
    "coccoc",
    "code/",
    "daum/",
    "feedly",
    "fever",
    "fluid",
    "hatena",
    "hubspot",
    "instapaper/",
    "magellan",
    "mail.ru",
    "make/",
    "metaiab",
    "notion/",
    "overcast/",
    "red/",
    "silk/",
    "sogou",
    "sonic",
    "speedy",
    "trae/",
    "tumblr/",
    "valve/",
    "viber",
    "whatsapp",
    "yak/",
];

/// Shorter ones say too little.
const SHORTEST: usize = 4;

/// Of the list's own examples, this part at least must be known.
const KNOWN_PERCENT: usize = 97;

#[derive(Deserialize)]
struct Listed {
    pattern: String,
    #[serde(default)]
    instances: Vec<String>,
}

#[derive(Deserialize)]
struct Person {
    #[serde(rename = "userAgent")]
    agent: String,
}

/// Writes the list from `crawler-user-agents.json` and `user-agents.json` in a folder.
pub(crate) fn run(project: &Project, from: &Path, version: &str) -> Result<()> {
    let listed: Vec<Listed> = read(&from.join("crawler-user-agents.json"))?;
    let people: Vec<Person> = read(&from.join("user-agents.json"))?;
    let people: BTreeSet<String> = people
        .into_iter()
        .map(|person| person.agent.to_ascii_lowercase())
        .collect();
    let names = names(&listed, &people);
    let agents: Vec<&String> = listed.iter().flat_map(|one| &one.instances).collect();
    let known = |agent: &&&String| is_known(&names, &agent.to_ascii_lowercase());
    let found = agents.iter().filter(known).count();
    let taken = people
        .iter()
        .filter(|agent| is_known(&names, agent))
        .count();
    println!(
        "{LIST}: {} names; {found} of {} examples of crawlers are known, and {taken} of {} people \
         are taken for one",
        names.len(),
        agents.len(),
        people.len()
    );
    ensure!(taken == 0, "people are taken for crawlers");
    ensure!(
        found.saturating_mul(100) >= agents.len().saturating_mul(KNOWN_PERCENT),
        "less than {KNOWN_PERCENT} % of the examples are known"
    );
    let mut text = format!(
        "# Crawlers that their agents name, in small letters, and that no general word tells.\n\
         #\n\
         # Origin: crawler-user-agents on npm. Licence: MIT, see NOTICE.md.\n\
         # Version: {version}.\n\
         # Written by `cargo xtask crawlers`. One name a line, sorted; none begins with another.\n"
    );
    for name in &names {
        text.push_str(name);
        text.push('\n');
    }
    fs::write(project.at(LIST), text).with_context(|| format!("write {LIST}"))
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("read {}", path.display()))
}

/// The names that core needs: none is told by a word, none is of people, none begins with another.
fn names(listed: &[Listed], people: &BTreeSet<String>) -> Vec<String> {
    let literals: BTreeSet<String> = listed
        .iter()
        .filter_map(|one| literal(&one.pattern))
        .filter(|name| name.len() >= SHORTEST && !has_word(name))
        .filter(|name| !PEOPLE.iter().any(|own| name.starts_with(own)))
        .filter(|name| !people.iter().any(|agent| agent.contains(name.as_str())))
        .collect();
    let mut names: Vec<String> = Vec::new();
    for name in literals {
        if names
            .last()
            .is_none_or(|last| !name.starts_with(last.as_str()))
        {
            names.push(name);
        }
    }
    names
}

/// The text that a pattern is, in small letters; `None` if it is more than a text.
fn literal(pattern: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = pattern.trim_start_matches('^').chars();
    while let Some(next) = rest.next() {
        match next {
            '\\' => out.push(rest.next().filter(|sign| !sign.is_alphanumeric())?),
            // Both cases of one letter.
            '[' => {
                let (one, other) = (rest.next()?, rest.next()?);
                if !one.eq_ignore_ascii_case(&other) || rest.next() != Some(']') {
                    return None;
                }
                out.push(one);
            }
            '(' | ')' | '|' | '*' | '+' | '?' | '{' | '}' | '$' | '.' | ']' => return None,
            _ => out.push(next),
        }
    }
    let text = out.trim().to_ascii_lowercase();
    let begins = text.starts_with(|sign: char| sign.is_ascii_alphanumeric());
    (begins && text.is_ascii()).then_some(text)
}

fn has_word(agent: &str) -> bool {
    WORDS.iter().any(|word| agent.contains(word))
}

/// Whether core knows it: by a word, or by a name where a word begins.
fn is_known(names: &[String], agent: &str) -> bool {
    let mut before = ' ';
    has_word(agent)
        || agent.char_indices().any(|(at, sign)| {
            let begins = !before.is_ascii_alphanumeric();
            before = sign;
            let rest = agent.get(at..).unwrap_or_default();
            begins && names.iter().any(|name| rest.starts_with(name.as_str()))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_that_is_a_text_is_read_as_one() {
        for (pattern, text) in [
            ("Uptime-Kuma", Some("uptime-kuma")),
            ("Snipcart\\/", Some("snipcart/")),
            ("^Apache-HttpClient", Some("apache-httpclient")),
            ("[wW]get", Some("wget")),
            ("[0-9]x", None),
            ("a.b", None),
            ("a|b", None),
            ("\\bx", None),
            ("(x)", None),
        ] {
            assert_eq!(literal(pattern).as_deref(), text, "{pattern}");
        }
    }

    #[test]
    fn what_people_send_too_is_left_out() {
        let one = |pattern: &str| Listed {
            pattern: pattern.to_owned(),
            instances: Vec::new(),
        };
        let listed = ["Pinterest", "Googlebot", "Silk\\/", "wget", "wget/1", "abc"].map(one);
        let people = BTreeSet::from(["mozilla/5.0 (iphone) [pinterest/ios]".to_owned()]);
        assert_eq!(names(&listed, &people), ["wget"]);
    }
}
