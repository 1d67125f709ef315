//! What is known of sources: what people do at each of them.
//!
//! The lists are texts beside this file, each with its origin and licence at its head, sorted so
//! that a row is found by bisection in the text itself: nothing is parsed beforehand, copied or
//! kept. `cargo xtask sources` writes those that others maintain.

/// A host's longest name: a longer text is no host and no listed source.
pub(super) const HOST_BYTES: usize = 253;

/// Labels of the longest key.
const LABELS: usize = 6;

const OWN: &str = include_str!("lists/own.txt");
const MATOMO: &str = include_str!("lists/matomo.txt");
const GA4: &str = include_str!("lists/ga4.txt");
const DETOURS: &str = include_str!("lists/detours.txt");

/// What people do at a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Search,
    Social,
    Shopping,
    Video,
    Assistant,
    Mail,
}

impl Kind {
    fn read(text: &str) -> Option<Self> {
        Some(match text {
            "search" => Self::Search,
            "social" => Self::Social,
            "shopping" => Self::Shopping,
            "video" => Self::Video,
            "assistant" => Self::Assistant,
            "mail" => Self::Mail,
            _ => return None,
        })
    }

    /// The medium of an arrival from there that no tag describes.
    ///
    /// GA4 says `referral` of shops, videos and social networks alike. Goalpost says `social` of
    /// the last, as marketers tag it, so that a network's arrivals with and without its click id
    /// are one row.
    pub(super) fn medium(self) -> &'static str {
        match self {
            Self::Search => "organic",
            Self::Social => "social",
            Self::Shopping | Self::Video => "referral",
            Self::Assistant => super::ASSISTANT_MEDIUM,
            Self::Mail => "email",
        }
    }
}

/// A source that is on a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Listed<'a> {
    pub(super) kind: Kind,
    /// One name for all the hosts and apps of a source.
    pub(super) name: &'a str,
}

/// Looks a host, an app or a bare source up, in lower case: itself first, then its parent domains.
pub(super) fn listed(text: &str) -> Option<Listed<'_>> {
    if text.len() > HOST_BYTES {
        return None;
    }
    with_parents(text).find_map(|key| {
        row(key).or_else(|| {
            let (label, ending) = key.split_once('.')?;
            let stem = key.get(..=label.len())?;
            is_country_ending(ending).then(|| row(stem)).flatten()
        })
    })
}

/// Whether visitors only pay or sign in at a host, in lower case, and come back.
pub(super) fn is_detour(host: &str) -> bool {
    host.len() <= HOST_BYTES && with_parents(host).any(|key| find(DETOURS, key).is_some())
}

/// A text and its parent domains; the last label alone names nothing. No list has a key of more
/// labels than are looked at, so a host of a hundred labels costs no more than another.
fn with_parents(text: &str) -> impl Iterator<Item = &str> {
    core::iter::successors(Some(text), |text| {
        let (_, parent) = text.split_once('.')?;
        parent.contains('.').then_some(parent)
    })
    .filter(|text| text.bytes().filter(|byte| *byte == b'.').count() < LABELS)
}

fn row(key: &str) -> Option<Listed<'_>> {
    [OWN, MATOMO, GA4].iter().find_map(|list| {
        let row = find(list, key)?;
        let (kind, name) = row.split_once('\t').unwrap_or((row, key));
        Some(Listed {
            kind: Kind::read(kind)?,
            name,
        })
    })
}

/// The row with this key, without the key. A row's closing `*` is not looked at, so that `amazon.*`
/// is found as `amazon.`; it sorts before everything that may follow it in a key.
fn find<'a>(list: &'a str, key: &str) -> Option<&'a str> {
    let mut left = list;
    while !left.is_empty() {
        let middle = left.as_bytes().get(..left.len().div_euclid(2))?;
        let start = middle
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at.saturating_add(1));
        let (before, from) = left.split_at_checked(start)?;
        let (line, after) = from.split_once('\n').unwrap_or((from, ""));
        let (found, row) = line.split_once('\t').unwrap_or((line, ""));
        match found.strip_suffix('*').unwrap_or(found).cmp(key) {
            core::cmp::Ordering::Equal => return Some(row),
            core::cmp::Ordering::Less => left = after,
            core::cmp::Ordering::Greater => left = before,
        }
    }
    None
}

/// `com`, a country, or a country's own `co.jp`.
fn is_country_ending(ending: &str) -> bool {
    let is_country =
        |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_lowercase());
    match ending.split_once('.') {
        None => ending == "com" || is_country(ending),
        Some((second, country)) => {
            matches!(second, "co" | "com" | "net" | "org" | "ne") && is_country(country)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LISTS: [&str; 4] = [OWN, MATOMO, GA4, DETOURS];

    fn keys(list: &str) -> impl Iterator<Item = &str> {
        let rows = list.lines().filter(|line| !line.starts_with('#'));
        rows.map(|line| line.split_once('\t').map_or(line, |(key, _)| key))
    }

    #[test]
    fn every_list_says_its_origin_and_licence_and_is_sorted() {
        for list in LISTS {
            let head: Vec<&str> = list
                .lines()
                .take_while(|line| line.starts_with('#'))
                .collect();
            let head = head.join(" ");
            assert!(
                head.contains("Origin: ") && head.contains("Licence: "),
                "{head}"
            );
            let mut before = "";
            for key in keys(list) {
                assert!(before < key, "'{key}' must stand before '{before}'");
                assert!(
                    !key.starts_with("www."),
                    "'{key}' is looked up without www."
                );
                assert_eq!(key, key.to_ascii_lowercase());
                before = key;
            }
        }
    }

    #[test]
    fn every_row_is_found() {
        for list in LISTS {
            for key in keys(list) {
                let stem = key.strip_suffix('*').unwrap_or(key);
                assert!(find(list, stem).is_some(), "{key}");
                assert_eq!(find(list, &std::format!("{stem}\u{1}")), None);
            }
        }
        for list in [OWN, MATOMO, GA4] {
            for key in keys(list) {
                let host = key.replace('*', "co.jp");
                assert!(listed(&host).is_some(), "{key}");
            }
        }
        for host in keys(DETOURS) {
            assert!(is_detour(host), "{host}");
        }
    }

    /// So a link that is tagged with a name and a referrer of that name fall into one channel.
    #[test]
    fn every_name_is_a_source_of_the_same_kind() {
        for list in [OWN, MATOMO, GA4] {
            for key in keys(list) {
                let host = key.replace('*', "co.jp");
                let row = listed(&host).unwrap();
                let named = listed(row.name).map(|named| named.kind);
                assert_eq!(named, Some(row.kind), "{key} is called {}", row.name);
            }
        }
    }

    #[test]
    fn a_source_has_one_name() {
        for (host, kind, name) in [
            ("google.com", Kind::Search, "google"),
            ("www.google.co.jp", Kind::Search, "google"),
            ("search.yahoo.co.jp", Kind::Search, "yahoo"),
            ("cn.bing.com", Kind::Search, "bing"),
            ("yandex.ru", Kind::Search, "yandex"),
            ("l.facebook.com", Kind::Social, "facebook"),
            ("fb.me", Kind::Social, "facebook"),
            ("t.co", Kind::Social, "twitter"),
            ("x.com", Kind::Social, "twitter"),
            ("jp.pinterest.com", Kind::Social, "pinterest"),
            ("jp.naver.line.android", Kind::Social, "line"),
            ("youtu.be", Kind::Video, "youtube"),
            ("www.amazon.co.jp", Kind::Shopping, "amazon"),
            ("chat.openai.com", Kind::Assistant, "chatgpt.com"),
            ("gemini.google.com", Kind::Assistant, "gemini.google.com"),
            ("mail.google.com", Kind::Mail, "gmail"),
        ] {
            assert_eq!(listed(host), Some(Listed { kind, name }), "{host}");
        }
        for host in [
            "",
            "example",
            "shop.example",
            "com",
            "co.jp",
            "notgoogle.com",
            "google.evil",
            "john.line",
            "google.com.evil.example",
        ] {
            assert_eq!(listed(host), None, "{host}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_looked_up_without_panic(text in "[a-z0-9.*\t\n#é-]{0,300}") {
            if let Some(found) = listed(&text) {
                prop_assert!(text.len() <= HOST_BYTES && !found.name.is_empty());
            }
            let _ = is_detour(&text);
        }
    }
}
