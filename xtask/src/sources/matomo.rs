//! Matomo's lists of AI assistants, search engines and social networks.

use super::{Row, Table, found};

struct Entry {
    name: String,
    hosts: Vec<String>,
}

/// The assistants, and those search engines and social networks of which GA4's list says nothing.
pub(super) fn table(assistants: &str, engines: &str, socials: &str, ga4: &Table) -> Table {
    let mut table = Table::new();
    for entry in named_lists(assistants) {
        let Some(name) = entry.hosts.first() else {
            continue;
        };
        for host in &entry.hosts {
            let (kind, name) = ("assistant", name.clone());
            table.insert(host.clone(), Row { kind, name });
        }
    }
    let engines = search_engines(engines).map(|entry| ("search", entry));
    let socials = named_lists(socials).map(|entry| ("social", entry));
    for (kind, entry) in engines.chain(socials) {
        let row = source(kind, &entry, ga4);
        for host in &entry.hosts {
            let known = found(ga4, host);
            let other_kind = known.is_some_and(|known| known.kind != row.kind);
            if !other_kind && known != Some(&row) && found(&table, host) != Some(&row) {
                table.entry(host.clone()).or_insert_with(|| row.clone());
            }
        }
    }
    // A name stands for its source where a link's tag says it.
    for row in table.values().cloned().collect::<Vec<_>>() {
        if !ga4.contains_key(&row.name) {
            table.entry(row.name.clone()).or_insert(row);
        }
    }
    table
}

/// What an entry's hosts are: what GA4's list calls them, else the entry's name where that is a word.
fn source(kind: &'static str, entry: &Entry, ga4: &Table) -> Row {
    let word = entry.name.to_ascii_lowercase();
    let word = word.trim_end_matches('!');
    let by_name = ga4.get(word);
    let by_host = || {
        let rows = entry.hosts.iter().filter_map(|host| found(ga4, host));
        rows.into_iter().find(|row| row.kind == kind)
    };
    if let Some(row) = by_name.or_else(by_host) {
        return row.clone();
    }
    let is_word = word
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
    let first = entry.hosts.first().map_or(word, String::as_str);
    let name = if is_word { word } else { first }.to_owned();
    Row { kind, name }
}

/// Files of a name and its hosts.
fn named_lists(yaml: &str) -> impl Iterator<Item = Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for line in yaml.lines() {
        if let Some(name) = name(line) {
            let hosts = Vec::new();
            entries.push(Entry { name, hosts });
        } else if let (Some(entry), Some(value)) = (entries.last_mut(), value(line)) {
            entry.hosts.extend(host(value));
        }
    }
    entries.into_iter().map(shortest_first)
}

/// The search engines that are told by their host alone: those of which the list says that they
/// hide what was searched for. Of all others it wants to see the search words too, which no referrer
/// carries any more; their hosts are portals as well.
fn search_engines(yaml: &str) -> impl Iterator<Item = Entry> {
    let mut entries: Vec<(Entry, bool)> = Vec::new();
    let (mut engine, mut field) = (String::new(), "");
    for line in yaml.lines() {
        if let Some(name) = name(line) {
            engine = name;
            continue;
        }
        let mut text = line.trim();
        if line.starts_with("  -") {
            let (name, hosts) = (engine.clone(), Vec::new());
            entries.push((Entry { name, hosts }, false));
            text = text.trim_start_matches('-').trim();
        }
        if let Some(name) = text.strip_suffix(':') {
            field = name;
        } else if let (Some((entry, hides)), Some(value)) = (entries.last_mut(), value(line)) {
            match field {
                "urls" => entry.hosts.extend(host(value)),
                "hiddenkeyword" => *hides |= matches!(value, "/" | "/.*/"),
                _ => {}
            }
        }
    }
    let hiding = entries.into_iter().filter(|(_, hides)| *hides);
    hiding.map(|(entry, _)| shortest_first(entry))
}

/// So that a domain comes before its subdomains, which then say nothing more.
fn shortest_first(mut entry: Entry) -> Entry {
    let first = entry.hosts.first().cloned();
    entry
        .hosts
        .sort_by_key(|host| (Some(host) != first.as_ref(), host.len()));
    entry
}

fn name(line: &str) -> Option<String> {
    let name = line.strip_suffix(':')?;
    (!name.starts_with(' ')).then(|| unquoted(name).to_owned())
}

fn value(line: &str) -> Option<&str> {
    Some(unquoted(line.trim().strip_prefix("- ")?))
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches(['\'', '"'])
}

/// A host as core's lists write it; none for a page of a host.
fn host(text: &str) -> Option<String> {
    let text = text.strip_prefix("android-app://").unwrap_or(text);
    let text = text.strip_prefix("www.").unwrap_or(text);
    let text = text.strip_prefix("{}.").unwrap_or(text);
    let text = text
        .strip_suffix(".{}")
        .map_or_else(|| text.to_owned(), |stem| format!("{stem}.*"));
    (!text.contains(['/', '{', ' '])).then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASSISTANTS: &str =
        "ChatGPT:\n  - chatgpt.com\n  - chat.openai.com\n\nGrok:\n  - grok.com\n  - x.com/i/grok\n";
    const ENGINES: &str = "Bing:\n  -\n    urls:\n      - bing.com\n      - '{}.bing.com'\n    params:\n      - q\n    hiddenkeyword:\n      - '/^$/'\n      - '/'\n  -\n    urls:\n      - msnbc.msn.com\n    params:\n      - q\nGoogle:\n  - urls:\n      - google.com\n      - 'google.{}'\n      - google.com/cse\n      - 'images.google.{}'\n    hiddenkeyword:\n      - '/.*/'\n";
    const SOCIALS: &str = "GitHub:\n  - github.com\n\n\"Hacker News\":\n  - news.example\n\nYouTube:\n  - youtube.com\n  - youtu.be\n";

    fn ga4() -> Table {
        super::super::ga4::written(
            "bing\tsearch\ngoogle\tsearch\ngoogle.com\tsearch\tgoogle\nyoutube\tvideo\nyoutube.com\tvideo\tyoutube\n",
        )
    }

    #[test]
    fn only_what_is_not_known_is_taken() {
        let table = table(ASSISTANTS, ENGINES, SOCIALS, &ga4());
        let rows: Vec<_> = table
            .iter()
            .map(|(key, row)| format!("{key} {} {}", row.kind, row.name))
            .collect();
        assert_eq!(
            rows,
            [
                "bing.com search bing",
                "chat.openai.com assistant chatgpt.com",
                "chatgpt.com assistant chatgpt.com",
                "github social github",
                "github.com social github",
                "google.* search google",
                "grok.com assistant grok.com",
                "news.example social news.example",
                "youtu.be video youtube",
            ]
        );
    }
}
