//! The same rules as [`crate::scrub()`] over what is kept as it came: an item's JSON with all of its
//! fields, whether or not they are known here, and bytes that nobody could read.

use crate::{
    json::push_text,
    scrub::{holds_numbers, scrubbed},
};
use alloc::{borrow::Cow, format, string::String, vec::Vec};

/// Bytes that are looked at as one text: what names a person is shorter, and to look through longer
/// words costs more than their length.
const PART: usize = 512;

/// An item's JSON without what could name a person; `None` if nothing of the kind is in it.
///
/// Each text goes by its key, as a property does: an order's number and ids keep their digits. A text
/// with escapes is looked at as what it says.
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
    let mut key = Cow::Borrowed("");
    while let Some((start, end)) = literal(json, at) {
        let written = json.get(start..end).unwrap_or_default();
        at = end.saturating_add(1);
        let rest = json.get(at..).unwrap_or_default().trim_ascii_start();
        let said = said(written);
        let text = said.as_deref().unwrap_or(written);
        let numbers = if rest.starts_with(':') {
            key = said.clone().unwrap_or(Cow::Borrowed(written));
            true
        } else if matches!(&*key, "contact" | "identities") {
            !text.starts_with("customer:")
        } else if key == "token" {
            continue;
        } else {
            !holds_numbers(&key)
        };
        let is_identity = matches!(&*key, "contact" | "identities");
        let clean = if is_identity && is_number_as_it_is(text) {
            Some(String::from("phone:[phone]"))
        } else {
            scrub_literal(written, said, numbers)
        };
        if let Some(clean) = clean {
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

/// Whether an identity has a phone's number where the hash of one should be. No rule needs to know the
/// number: what it is stands before it.
fn is_number_as_it_is(identity: &str) -> bool {
    identity.strip_prefix("phone:").is_some_and(|number| {
        let digits = number.chars().filter(|sign| sign.is_numeric()).count();
        digits >= 5 && number.len() != 64 && !number.chars().any(char::is_alphabetic)
    })
}

/// Bytes without what could name a person, as far as they are text; `None` if nothing of the kind is in
/// them.
pub fn scrub_bytes(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut changed = false;
    for chunk in bytes.utf8_chunks() {
        let clean = scrub_text(chunk.valid());
        changed |= clean.is_some();
        out.extend_from_slice(clean.as_deref().unwrap_or_else(|| chunk.valid()).as_bytes());
        out.extend_from_slice(chunk.invalid());
    }
    changed.then_some(out)
}

/// A text that is JSON for the most part, or none at all: what looks like its texts as those, and what is
/// between them as it stands.
fn scrub_text(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut changed = false;
    let mut push = |written: &str, clean: Option<String>| {
        changed |= clean.is_some();
        out.push_str(clean.as_deref().unwrap_or(written));
    };
    let (mut kept, mut at) = (0usize, 0usize);
    while let Some((start, end)) = literal(text, at) {
        let between = text.get(kept..start).unwrap_or_default();
        push(between, between_escapes(between, true));
        let written = text.get(start..end).unwrap_or_default();
        push(written, scrub_literal(written, said(written), true));
        kept = end;
        at = end.saturating_add(1);
    }
    let rest = text.get(kept..).unwrap_or_default();
    push(rest, between_escapes(rest, true));
    changed.then_some(out)
}

/// A text as it is written in JSON, given what it says, if that is known.
fn scrub_literal(written: &str, said: Option<Cow<'_, str>>, numbers: bool) -> Option<String> {
    match said {
        None => between_escapes(written, numbers),
        Some(Cow::Borrowed(text)) => in_parts(text, numbers),
        Some(Cow::Owned(text)) => {
            let clean = in_parts(&text, numbers)?;
            let mut out = String::with_capacity(clean.len());
            push_text(&mut out, &clean);
            let inside = out.get(1..out.len().saturating_sub(1));
            Some(inside.unwrap_or_default().into())
        }
    }
}

/// What a text says that is written so in JSON; `None` where no reader knows.
fn said(written: &str) -> Option<Cow<'_, str>> {
    if !written.contains('\\') {
        return Some(Cow::Borrowed(written));
    }
    serde_json::from_str(&format!("\"{written}\""))
        .ok()
        .map(Cow::Owned)
}

/// Text with escapes that stand for nobody knows what: each is left as it is, and what is between them is
/// looked at by itself, since a letter of an escape is nobody's neighbour.
fn between_escapes(text: &str, numbers: bool) -> Option<String> {
    let mut out = String::new();
    let mut changed = false;
    let mut rest = text;
    loop {
        let (plain, from) = rest.split_at(rest.find('\\').unwrap_or(rest.len()));
        let clean = in_parts(plain, numbers);
        changed |= clean.is_some();
        out.push_str(clean.as_deref().unwrap_or(plain));
        if from.is_empty() {
            break;
        }
        let (escape, others) = from.split_at(escape(from));
        out.push_str(escape);
        rest = others;
    }
    changed.then_some(out)
}

/// The length of the escape that a text begins with; of a backslash that begins none, its own.
fn escape(text: &str) -> usize {
    match text.as_bytes() {
        [_, b'u', digits @ ..]
            if digits
                .first_chunk::<4>()
                .is_some_and(|own| own.iter().all(u8::is_ascii_hexdigit)) =>
        {
            6
        }
        [
            _,
            b'n' | b'r' | b't' | b'b' | b'f' | b'"' | b'\\' | b'/',
            ..,
        ] => 2,
        _ => 1,
    }
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
                r#"{"contact":"phone:2125550100","identities":["phone:(212) 555-0100","phone:1"]}"#,
                r#"{"contact":"phone:[phone]","identities":["phone:[phone]","phone:1"]}"#,
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
    fn what_stands_right_after_an_escape_is_looked_at_too() {
        for (item, clean) in [
            (
                r#"{"note":"Tel:\n03-5555-0100"}"#,
                r#"{"note":"Tel:\u000a[phone]"}"#,
            ),
            (
                r#"{"note":"Hi\nann@shop.example"}"#,
                r#"{"note":"Hi\u000a[email]"}"#,
            ),
            (
                r#"["Hi\u000aann@shop.example","\t4111 1111 1111 1111"]"#,
                r#"["Hi\u000a[email]","\u0009[card]"]"#,
            ),
            (
                r#"["\reyJhbGciOi.eyJzdWIi.c2ln","ann\u0040shop.example"]"#,
                r#"["\u000d[token]","[email]"]"#,
            ),
            (
                r#"{"\u006frder":"03-5555-0100","a\nann@shop.example":1}"#,
                r#"{"\u006frder":"03-5555-0100","a\u000a[email]":1}"#,
            ),
            // Half of a pair of surrogates says nothing.
            (
                r#"["\ud83d\nann@shop.example\n03-5555-0100"]"#,
                r#"["\ud83d\n[email]\n[phone]"]"#,
            ),
        ] {
            assert_eq!(scrub_json(item).as_deref(), Some(clean), "{item}");
            assert_eq!(scrub_json(clean), None, "{clean}");
            // Here no key says which digits are nobody's.
            let body = clean.replace("03-5555-0100", "[phone]");
            let found = scrub_bytes(item.as_bytes()).unwrap();
            assert_eq!(core::str::from_utf8(&found), Ok(&*body));
        }
        // No JSON, and a text that has no end.
        for (bytes, clean) in [
            (r"Hi\nann@shop.example", r"Hi\n[email]"),
            (
                r#"{"note":"Tel:\r\n03-5555-0100"#,
                r#"{"note":"Tel:\r\n[phone]"#,
            ),
            (r"C:\u12\03-5555-0100", r"C:\u12\[phone]"),
        ] {
            let found = scrub_bytes(bytes.as_bytes()).unwrap();
            assert_eq!(core::str::from_utf8(&found), Ok(clean));
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
        fn what_was_json_is_json_still_and_says_what_it_said(
            parts in prop::collection::vec(prop::sample::select(alloc::vec![
                r"\n", r"\u000a", r"\u0040", r#"\""#, r"\\", r"\/", "ann@shop.example", "ann", "shop.example",
                "03-5555-0100", "é", " ", "tel:", r"\ud83d\udc5f",
            ]), 0..20)
        ) {
            let json = format!(r#"{{"note":"{}"}}"#, parts.concat());
            let read = |json: &str| {
                let value: serde_json::Value = serde_json::from_str(json).unwrap();
                String::from(value["note"].as_str().unwrap())
            };
            let said = read(&json);
            let clean = scrubbed(&said, true, usize::MAX);
            let found = scrub_json(&json);
            prop_assert_eq!(found.as_deref().map(read), clean.clone());
            let bytes = scrub_bytes(json.as_bytes());
            prop_assert_eq!(bytes, found.map(String::into_bytes));
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
