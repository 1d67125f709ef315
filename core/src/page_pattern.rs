//! Page patterns: a subset of `URLPattern`'s pathname syntax.
//!
//! Literal text, percent-encoded as paths are, `:name` (one or more characters of one segment) and `*` (anything, slashes too).
//! Groups, modifiers and regular expressions are refused when a plan is checked, so that every
//! pattern that validates is cheap.
//! Source: <https://urlpattern.spec.whatwg.org/>

use crate::codec::{Reader, Wire, wire_enum};
use crate::limits;
use alloc::{
    borrow::ToOwned,
    string::{String, ToString as _},
    vec,
    vec::Vec,
};

/// A compiled page pattern.
///
/// ```
/// use goalpost_core::PagePattern;
/// let guide = PagePattern::parse("/guides/:topic").unwrap();
/// assert_eq!(guide.captures("/guides/sizes"), Some(vec![("topic", "sizes")]));
/// assert_eq!(guide.captures("/guides/sizes/"), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PagePattern(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Segment(String),
    Anything,
}

/// Why a text is no page pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatternError {
    /// It does not begin with `/` or `*`.
    NotAPath,
    /// It uses a part of `URLPattern` that is not in the subset.
    Unsupported(char),
    /// `:` without a name after it.
    NamelessSegment,
    /// The same `:name` twice.
    RepeatedName,
    /// `*` right after `:name` or `*`, where the standard reads it as "as often as you like".
    RepeatedPart,
    /// More variable parts than [`limits::PATTERN_VARIABLES`].
    TooManyVariables,
}

impl PatternError {
    /// What is wrong and how to put it right, in words that follow the pattern.
    pub fn text(self) -> String {
        match self {
            Self::NotAPath => {
                "does not begin with '/'; write the path without host, such as '/guides/:topic'"
                    .to_owned()
            }
            Self::Unsupported(character) => {
                let mut text = String::from("uses '");
                text.push(character);
                text.push_str("', which page patterns do not have; use ':name' for one segment and '*' for anything");
                text
            }
            Self::NamelessSegment => {
                "has ':' without a name; write ':topic', or '%3A' for a colon".to_owned()
            }
            Self::RepeatedName => "names two segments alike; give each its own name".to_owned(),
            Self::RepeatedPart => {
                "has '*' right after a variable part; write text such as '/' between them"
                    .to_owned()
            }
            Self::TooManyVariables => {
                let mut text = String::from("has more than ");
                text.push_str(&limits::PATTERN_VARIABLES.to_string());
                text.push_str(" variable parts");
                text
            }
        }
    }
}

impl Wire for PagePattern {
    fn put(&self, out: &mut String) {
        self.0.put(out);
    }

    /// A pattern that was compiled elsewhere costs no more to match than one that was compiled here.
    fn take(from: &mut Reader<'_>) -> Self {
        let parts: Vec<Part> = Wire::take(from);
        if parts.len()
            > limits::PATTERN_VARIABLES
                .saturating_mul(2)
                .saturating_add(1)
        {
            from.fail();
        }
        Self(parts)
    }
}

impl PagePattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// [`PatternError`], for a pattern outside the subset.
    pub fn parse(pattern: &str) -> Result<Self, PatternError> {
        if !pattern.starts_with(['/', '*']) {
            return Err(PatternError::NotAPath);
        }
        let mut parts: Vec<Part> = Vec::new();
        let mut variables = 0usize;
        let mut rest = pattern.chars().peekable();
        while let Some(character) = rest.next() {
            match character {
                ':' => {
                    let mut name = String::new();
                    while let Some(letter) =
                        rest.next_if(|letter| letter.is_ascii_alphanumeric() || *letter == '_')
                    {
                        name.push(letter);
                    }
                    if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) {
                        return Err(PatternError::NamelessSegment);
                    }
                    if parts
                        .iter()
                        .any(|part| matches!(part, Part::Segment(other) if *other == name))
                    {
                        return Err(PatternError::RepeatedName);
                    }
                    parts.push(Part::Segment(name));
                    variables = variables.saturating_add(1);
                }
                '*' if matches!(parts.last(), Some(Part::Segment(_) | Part::Anything)) => {
                    return Err(PatternError::RepeatedPart);
                }
                '*' => {
                    parts.push(Part::Anything);
                    variables = variables.saturating_add(1);
                }
                '(' | ')' | '{' | '}' | '?' | '+' | '\\' | '#' => {
                    return Err(PatternError::Unsupported(character));
                }
                _ => {
                    if !matches!(parts.last(), Some(Part::Literal(_))) {
                        parts.push(Part::Literal(String::new()));
                    }
                    if let Some(Part::Literal(text)) = parts.last_mut() {
                        push_encoded(text, character);
                    }
                }
            }
        }
        if variables > limits::PATTERN_VARIABLES {
            return Err(PatternError::TooManyVariables);
        }
        Ok(Self(parts))
    }

    /// The pattern as people write it: with the letters of every script as themselves.
    #[cfg(feature = "edge")]
    pub fn text(&self) -> String {
        let parts = self.0.iter().map(|part| match part {
            Part::Literal(text) => with_letters(text),
            Part::Segment(name) => alloc::format!(":{name}"),
            Part::Anything => "*".to_string(),
        });
        parts.collect()
    }

    /// The named segments if the path matches.
    pub fn captures<'a>(&'a self, path: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
        let mut found = Vec::new();
        // Where a variable part has failed once it fails again: this keeps the work bounded by
        // parts × length, whatever the pattern.
        let mut failed = vec![false; self.0.len().saturating_mul(path.len().saturating_add(1))];
        self.matches(0, path, 0, &mut failed, &mut found)
            .then_some(found)
    }

    fn matches<'a>(
        &'a self,
        part: usize,
        path: &'a str,
        from: usize,
        failed: &mut [bool],
        found: &mut Vec<(&'a str, &'a str)>,
    ) -> bool {
        let Some(now) = self.0.get(part) else {
            return from == path.len();
        };
        let Some(rest) = path.get(from..) else {
            return false;
        };
        let next = part.saturating_add(1);
        if let Part::Literal(text) = now {
            return rest.as_bytes().starts_with(text.as_bytes())
                && self.matches(next, path, from.saturating_add(text.len()), failed, found);
        }
        let memo = part
            .saturating_mul(path.len().saturating_add(1))
            .saturating_add(from);
        if failed.get(memo).copied().unwrap_or(true) {
            return false;
        }
        let matched = match now {
            // The shortest run first, as the standard's `[^/]+?`.
            Part::Segment(name) => {
                let longest = rest
                    .bytes()
                    .position(|byte| byte == b'/')
                    .unwrap_or(rest.len());
                (1..=longest).any(|length| {
                    let end = from.saturating_add(length);
                    let Some(value) = path.get(from..end) else {
                        return false;
                    };
                    let before = found.len();
                    found.push((name, value));
                    let matched = self.matches(next, path, end, failed, found);
                    if !matched {
                        found.truncate(before);
                    }
                    matched
                })
            }
            // The longest run first, as the standard's `.*`.
            _ => (from..=path.len())
                .rev()
                .any(|end| self.matches(next, path, end, failed, found)),
        };
        if !matched && let Some(cell) = failed.get_mut(memo) {
            *cell = true;
        }
        matched
    }
}

/// Adds a character as a path has it: `location.pathname` is percent-encoded.
/// Source: <https://url.spec.whatwg.org/#path-percent-encode-set>
fn push_encoded(text: &mut String, character: char) {
    if matches!(character, '!'..='~') && !matches!(character, '"' | '<' | '>' | '`') {
        text.push(character);
        return;
    }
    for byte in character.encode_utf8(&mut [0; 4]).bytes() {
        text.push('%');
        for digit in [byte >> 4, byte & 15] {
            let digit = char::from_digit(u32::from(digit), 16).unwrap_or_default();
            text.push(digit.to_ascii_uppercase());
        }
    }
}

/// The same with letters beyond ASCII as themselves; all else stays, for it may have a meaning.
#[cfg(feature = "edge")]
fn with_letters(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = tail
            .get(..2)
            .and_then(|code| core::str::from_utf8(code).ok());
        let code = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        match code {
            Some(byte) if *first == b'%' && !byte.is_ascii() => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

wire_enum!(Part { 0 = Literal(text), 1 = Segment(name), 2 = Anything });

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use proptest::prelude::*;

    fn standard(pattern: &str, path: &str) -> Option<Vec<(String, String)>> {
        use urlpattern::{UrlPattern, UrlPatternInit, UrlPatternMatchInput};
        let init = UrlPatternInit {
            pathname: Some(pattern.to_owned()),
            ..Default::default()
        };
        let compiled = <UrlPattern>::parse(init, urlpattern::UrlPatternOptions::default()).ok()?;
        let input = UrlPatternInit {
            pathname: Some(path.to_owned()),
            ..Default::default()
        };
        let found = compiled.exec(UrlPatternMatchInput::Init(input)).ok()??;
        let mut groups: Vec<_> = found
            .pathname
            .groups
            .into_iter()
            .filter(|(name, _)| !name.starts_with(|first: char| first.is_ascii_digit()))
            .map(|(name, value)| (name, value.unwrap_or_default()))
            .collect();
        groups.sort();
        Some(groups)
    }

    fn ours(pattern: &str, path: &str) -> Option<Vec<(String, String)>> {
        let compiled = PagePattern::parse(pattern).unwrap();
        let found = compiled.captures(path)?;
        let mut groups: Vec<_> = found
            .into_iter()
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .collect();
        groups.sort();
        Some(groups)
    }

    #[test]
    fn the_subset_is_stated_in_its_errors() {
        for (pattern, error) in [
            ("guides", PatternError::NotAPath),
            ("https://shop.example/x", PatternError::NotAPath),
            ("/a/(b|c)", PatternError::Unsupported('(')),
            ("/a/{b}?", PatternError::Unsupported('{')),
            ("/a/:", PatternError::NamelessSegment),
            ("/:a/:a", PatternError::RepeatedName),
            ("/:a*", PatternError::RepeatedPart),
            ("/**", PatternError::RepeatedPart),
            ("/*/*/*/*/*/*/*/*/*", PatternError::TooManyVariables),
        ] {
            assert_eq!(PagePattern::parse(pattern), Err(error), "{pattern}");
        }
    }

    #[test]
    fn a_hostile_path_costs_no_more_than_parts_times_length() {
        let pattern = PagePattern::parse("/*a*a*a*a*a*a*a*b").unwrap();
        let path = format!("/{}", "a".repeat(limits::TEXT_BYTES));
        assert_eq!(pattern.captures(&path), None);
    }

    #[cfg(feature = "edge")]
    #[test]
    fn a_pattern_is_shown_as_it_was_written() {
        for text in [
            "/shoes/:id/*",
            "*",
            "/",
            "/a.b/:c-d",
            "/ガイド/:id/é%3A%20/%",
        ] {
            assert_eq!(PagePattern::parse(text).unwrap().text(), text);
        }
    }

    #[test]
    fn what_is_written_in_letters_is_what_a_page_sends() {
        for (pattern, path) in [
            ("/ガイド/*", "/%E3%82%AC%E3%82%A4%E3%83%89/sizes"),
            ("/a b/\"<>`", "/a%20b/%22%3C%3E%60"),
            ("/%E3%82%AC", "/%E3%82%AC"),
        ] {
            assert_eq!(ours(pattern, path), Some(vec![]), "{pattern}");
            assert_eq!(standard(pattern, path), Some(vec![]), "{pattern}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn it_agrees_with_the_standard(
            parts in prop::collection::vec(prop::sample::select(vec![
                "/", "a", "b/", ":x", "-", "*", "/:y", "/ガ", " ", "-é",
            ]), 1..6),
            path in prop::collection::vec(prop::sample::select(vec![
                "/", "a", "b", "-", "%E3%82%AC", "%20", "%C3%A9",
            ]), 0..10),
        ) {
            let path = format!("/{}", path.concat());
            let pattern = format!("/{}", parts.concat());
            if let Ok(compiled) = PagePattern::parse(&pattern) {
                // `:xa` would be one longer name in both; a repeated name is refused by both.
                let _ = compiled;
                prop_assert_eq!(ours(&pattern, &path), standard(&pattern, &path), "{} on {}", pattern, path);
            }
        }
    }
}
