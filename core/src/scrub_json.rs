//! The same rules as [`crate::scrub()`] over what is kept as it came: an item's JSON with all of its
//! fields, whether or not they are known here, and bytes that nobody could read.

use crate::scrub::{holds_numbers, scrubbed};
use alloc::{string::String, vec::Vec};

/// Bytes that are looked at as one text: what names a person is shorter, and to look through longer
/// words costs more than their length.
const PART: usize = 512;

/// An item's JSON without what could name a person; `None` if nothing of the kind is in it.
///
/// Each text goes by its key, as a property does: an order's number and ids keep their digits.
///
/// ```
/// use goalpost_core::scrub_json;
/// let item = r#"{"note":"aoi@shop.example","order":"090-1234-5678","seq":1}"#;
/// let clean = r#"{"note":"[email]","order":"090-1234-5678","seq":1}"#;
/// assert_eq!(scrub_json(item).as_deref(), Some(clean));
/// assert_eq!(scrub_json(clean), None);
/// ```
pub fn scrub_json(json: &str) -> Option<String> {
    let mut out = String::new();
    let (mut kept, mut at) = (0usize, 0usize);
    let mut key = "";
    while let Some((start, end)) = literal(json, at) {
        let text = json.get(start..end).unwrap_or_default();
        at = end.saturating_add(1);
        let rest = json.get(at..).unwrap_or_default().trim_ascii_start();
        let numbers = if rest.starts_with(':') {
            key = text;
            true
        } else if matches!(key, "contact" | "identities") {
            !text.starts_with("customer:")
        } else if key == "token" {
            continue;
        } else {
            !holds_numbers(key)
        };
        if let Some(clean) = in_parts(text, numbers) {
            out.push_str(json.get(kept..start).unwrap_or_default());
            out.push_str(&clean);
            kept = end;
        }
    }
    if kept == 0 {
        return None;
    }
    out.push_str(json.get(kept..).unwrap_or_default());
    Some(out)
}

/// Bytes without what could name a person, as far as they are text; `None` if nothing of the kind is in
/// them.
pub fn scrub_bytes(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut changed = false;
    for chunk in bytes.utf8_chunks() {
        let clean = in_parts(chunk.valid(), true);
        changed |= clean.is_some();
        out.extend_from_slice(clean.as_deref().unwrap_or_else(|| chunk.valid()).as_bytes());
        out.extend_from_slice(chunk.invalid());
    }
    changed.then_some(out)
}

/// Where the next text of a JSON stands, without its quotes.
fn literal(json: &str, from: usize) -> Option<(usize, usize)> {
    let bytes = json.as_bytes();
    let open = bytes.get(from..)?.iter().position(|byte| *byte == b'"')?;
    let start = from.saturating_add(open).saturating_add(1);
    let mut at = start;
    loop {
        match bytes.get(at)? {
            b'"' => return Some((start, at)),
            b'\\' => at = at.saturating_add(2),
            _ => at = at.saturating_add(1),
        }
    }
}

/// Part by part, cut where nothing that names a person goes on.
fn in_parts(text: &str, numbers: bool) -> Option<String> {
    let mut out = String::new();
    let mut changed = false;
    let mut rest = text;
    while !rest.is_empty() {
        let (part, others) = rest.split_at(cut(rest));
        let clean = scrubbed(part, numbers, usize::MAX);
        changed |= clean.is_some();
        out.push_str(clean.as_deref().unwrap_or(part));
        rest = others;
    }
    changed.then_some(out)
}

fn cut(text: &str) -> usize {
    if text.len() <= PART {
        return text.len();
    }
    let end = text.floor_char_boundary(PART);
    let head = text.get(..end).unwrap_or_default();
    let apart = |byte: &u8| matches!(byte, b'"' | b'\n' | b'{' | b'}' | b',' | b'&' | b';');
    let last = head.bytes().rposition(|byte| apart(&byte));
    last.map_or(end, |last| last.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scrub;
    use alloc::format;
    use proptest::prelude::*;

    #[test]
    fn every_field_of_an_item_is_looked_at_whatever_it_is_called() {
        for (item, clean) in [
            (
                r#"{"kind":"page","new":{"who":["aoi@shop.example"]}}"#,
                r#"{"kind":"page","new":{"who":["[email]"]}}"#,
            ),
            (r#"{"aoi@shop.example":1}"#, r#"{"[email]":1}"#),
            (
                r#"{"a":"\"tel:0355550100\\","contact":"+81 3 5555 0100"}"#,
                r#"{"a":"\"tel:[phone]\\","contact":"[phone]"}"#,
            ),
            (
                r#"{"a":"4111 1111 1111 1111"#,
                r#"{"a":"4111 1111 1111 1111"#,
            ),
        ] {
            assert_eq!(scrub_json(item).as_deref().unwrap_or(item), clean);
        }
    }

    #[test]
    fn what_names_an_item_stays() {
        let item = r#"{"id":"01234567-0123-7123-8123-012345678901","contact":"customer:09012345678","order":"03-5555-0100","product_id":"03-5555-0100","token":"eyJhbGciOi.eyJzdWIi.c2ln","time":"1795000000000"}"#;
        assert_eq!(scrub_json(item), None);
    }

    #[test]
    fn bytes_that_are_no_text_stay_what_they_are() {
        let bytes = [b"\xff\xfe to aoi@shop.example \xc3".as_slice(), &[0; 3]].concat();
        assert_eq!(
            scrub_bytes(&bytes).unwrap(),
            [b"\xff\xfe to [email] \xc3".as_slice(), &[0; 3]].concat()
        );
        assert_eq!(scrub_bytes(b"\xff\xfe\x00"), None);
    }

    #[test]
    fn a_long_word_of_signs_is_no_long_work() {
        let hostile = "a@.".repeat(20_000);
        assert_eq!(scrub_bytes(hostile.as_bytes()), None);
        assert_eq!(scrub_json(&format!("[\"{hostile}\"]")), None);
    }

    proptest! {
        #[test]
        fn doing_it_twice_changes_nothing(
            parts in prop::collection::vec(prop::sample::select(alloc::vec![
                "\"", ":", ",", "aoi@shop.example", "03-5555-0100", "\\", "é", "order", " ", "contact",
            ]), 0..40)
        ) {
            let text = parts.concat();
            if let Some(clean) = scrub_json(&text) {
                prop_assert_eq!(scrub_json(&clean), None);
            }
            if let Some(clean) = scrub_bytes(text.as_bytes()) {
                prop_assert_eq!(scrub_bytes(&clean), None);
            }
        }

        #[test]
        fn a_single_text_is_cleaned_as_ever(text in "[a-z0-9@. +()-]{0,60}") {
            let json = format!("{{\"note\":\"{text}\"}}");
            let clean = scrub(&text).unwrap_or_else(|| text.clone());
            prop_assert_eq!(
                scrub_json(&json).unwrap_or(json),
                format!("{{\"note\":\"{clean}\"}}")
            );
        }
    }
}
