//! What could name a person is taken out of every text before it leaves the page, and again before
//! it is stored: e-mail addresses, phone numbers, card numbers and tokens.
//!
//! A shop's own numbers look much like these, so each rule asks for more than digits:
//!
//! | becomes | what |
//! | --- | --- |
//! | `[email]` | a name, `@` (or `%40`), and a host with a top-level domain of letters |
//! | `[token]` | three or more parts in base64url joined by full stops, of which the first begins with `eyJ` |
//! | `[card]` | 16 to 19 digits that begin with 2 to 6, or 14 or 15 that begin with 3, with a right check digit (Luhn), in one group or as on a card |
//! | `[phone]` | behind `tel:` or `sms:`, any; `+` and 8 to 15 digits; 11 digits from `01` to `09`; groups of digits as people write them |
//!
//! A number stands alone: a letter or digit beside it makes it part of something else. Cards of 13
//! digits are long gone, and what has 13 is a product's barcode or a time.

use crate::{
    limits,
    observation::{Element, Observation, Properties, Seen, Value, clip},
    rules::is_campaign_key,
};
use alloc::string::String;

/// The text without what could name a person; `None` if nothing of the kind is in it. Doing it again
/// changes nothing.
///
/// ```
/// use goalpost_core::scrub;
/// assert_eq!(scrub("mailto:aoi@shop.example").as_deref(), Some("mailto:[email]"));
/// assert_eq!(scrub("tel:+81-3-5555-0100").as_deref(), Some("tel:[phone]"));
/// assert_eq!(scrub("order 2026-11-22 of 14,800"), None);
/// ```
pub fn scrub(text: &str) -> Option<String> {
    scrubbed(text, true, limits::TEXT_BYTES)
}

/// What is written instead may be longer than what was there, and bounds are bounds.
pub(crate) fn scrubbed(text: &str, numbers: bool, most: usize) -> Option<String> {
    let mut found = once(text, numbers)?;
    // What is cut out leaves new neighbours; each time there are fewer digits and signs.
    while let Some(again) = once(clip(&found, most), numbers) {
        found = again;
    }
    found.truncate(clip(&found, most).len());
    Some(found)
}

fn once(text: &str, numbers: bool) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = String::new();
    let (mut kept, mut at) = (0, 0);
    let mut before = b' ';
    while let Some(&byte) = bytes.get(at) {
        let rest = bytes.get(at..).unwrap_or_default();
        let found = if is_name(before) { None } else { named(rest) };
        let found = found.or_else(|| {
            if !numbers || before.is_ascii_alphanumeric() {
                return None;
            }
            let front = bytes.get(..at).unwrap_or_default();
            let called = [b"tel:", b"sms:"].iter().any(|scheme| {
                front
                    .last_chunk::<4>()
                    .is_some_and(|end| end.eq_ignore_ascii_case(*scheme))
            });
            number(rest, called)
        });
        if let Some((length, name)) = found {
            out.push_str(text.get(kept..at).unwrap_or_default());
            out.push_str(name);
            at = at.saturating_add(length);
            kept = at;
            before = b']';
        } else {
            at = at.saturating_add(1);
            before = byte;
        }
    }
    if kept == 0 {
        return None;
    }
    out.push_str(text.get(kept..).unwrap_or_default());
    Some(out)
}

/// What the names of mailboxes and hosts are made of, and tokens as well.
const fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'+' | b'%' | b'@')
}

/// What stands behind the `@` of a picture for fine screens, as in `shoe@2x.png`.
fn is_fine_picture(host: &[u8]) -> bool {
    matches!(
        host,
        [
            b'1'..=b'9',
            b'x',
            b'.',
            kind @ ..
        ] if matches!(kind, b"png" | b"jpg" | b"jpeg" | b"webp" | b"gif" | b"avif")
    )
}

/// An address or a token that begins here: its length, and what is written instead.
fn named(rest: &[u8]) -> Option<(usize, &'static str)> {
    let end = rest.iter().position(|byte| !is_name(*byte));
    let mut word = rest.get(..end.unwrap_or(rest.len()))?;
    while let [start @ .., b'.' | b'-' | b'_' | b'+' | b'%' | b'@'] = word {
        word = start;
    }
    if word.starts_with(b"eyJ") && word.split(|byte| *byte == b'.').count() > 2 {
        return Some((word.len(), "[token]"));
    }
    let mut at = 1usize;
    let mut found = None;
    while let Some(from) = word.get(at..) {
        let host = match from {
            [b'@', host @ ..] | [b'%', b'4', b'0', host @ ..] => host,
            [] => break,
            _ => b"",
        };
        // What is encoded behind a host, as the next part of a path is, belongs to it no more.
        let mut parts = host.split(|byte| matches!(byte, b'%' | b'@'));
        let mut host = parts.next().unwrap_or_default();
        while let [start @ .., b'.' | b'-' | b'_' | b'+'] = host {
            host = start;
        }
        if !is_fine_picture(host) {
            let dot = host.iter().rposition(|byte| *byte == b'.');
            let top = dot.and_then(|dot| host.get(dot.saturating_add(1)..));
            if dot > Some(0)
                && top.is_some_and(|top| top.len() > 1 && top.iter().all(u8::is_ascii_alphabetic))
            {
                let sign = if from.starts_with(b"@") { 1 } else { 3 };
                let length = at.saturating_add(sign).saturating_add(host.len());
                found = Some((length, "[email]"));
            }
        }
        at = at.saturating_add(1);
    }
    found
}

/// A card's or a phone's number that begins here, the longest that is one.
fn number(rest: &[u8], called: bool) -> Option<(usize, &'static str)> {
    let plus = rest.first() == Some(&b'+');
    if !matches!(rest.first(), Some(b'0'..=b'9' | b'+' | b'(')) {
        return None;
    }
    let mut found = None;
    let (mut count, mut sum, mut doubled) = (0u32, 0u32, 0u32);
    // The sizes of the groups as hexadecimal digits, and whether more than spaces is between them.
    let (mut shape, mut marked) = (0u64, false);
    let mut first = [0u8; 2];
    let mut last = b' ';
    for (at, &byte) in rest.iter().enumerate().take(32) {
        if byte.is_ascii_digit() {
            if !last.is_ascii_digit() {
                shape <<= 4;
            }
            shape = shape.saturating_add(1);
            if let Some(place) = first.get_mut(count as usize) {
                *place = byte;
            }
            count = count.saturating_add(1);
            // Luhn's sum for a digit at this end, and for one that another will follow.
            let digit = u32::from(byte & 15);
            let twice = digit.saturating_mul(2);
            let next = doubled.saturating_add(digit);
            doubled = sum
                .saturating_add(twice)
                .saturating_sub(if twice > 9 { 9 } else { 0 });
            sum = next;
        } else if matches!(byte, b' ' | b'-' | b'.' | b'(' | b')') {
            // Two signs in a row only around brackets.
            if at > 0 && !last.is_ascii_digit() && !matches!((last, byte), (b')', _) | (_, b'(')) {
                break;
            }
            marked |= byte != b' ';
        } else if at > 0 || !plus {
            break;
        }
        last = byte;
        let after = rest.get(at.saturating_add(1)).copied().unwrap_or(b' ');
        if !byte.is_ascii_digit() || after.is_ascii_alphanumeric() {
            continue;
        }
        let card = matches!((count, first[0]), (14 | 15, b'3') | (16..=19, b'2'..=b'6'))
            && sum.is_multiple_of(10)
            && (shape < 32 || matches!(shape, 0x4444 | 0x465 | 0x464 | 0x4_4443));
        let end = shape & 15;
        let size = u64::BITS.saturating_sub(shape.leading_zeros()).div_ceil(4);
        let head = shape >> size.saturating_sub(1).saturating_mul(4);
        let phone = called && count > 2
            || plus && matches!(count, 8..=15)
            || !plus
                && (first[0] == b'0'
                    && (shape == 11 && first[1] > b'0'
                        || shape == 0x2_2222
                        || matches!(count, 9..=11)
                            && matches!(size, 2..=4)
                            && matches!(head, 2..=5)
                            && end > 2)
                    || first[0] > b'1' && shape == 0x334 && marked);
        if card || phone {
            found = Some((
                at.saturating_add(1),
                if card { "[card]" } else { "[phone]" },
            ));
        }
    }
    found
}

impl Observation {
    /// Takes out of every text what could name a person, and says whether there was anything.
    ///
    /// An order's number and its token, ids, product codes and ad networks' click ids are numbers and
    /// tokens by their nature, and stay what they are. A contact is hashed, or the shop's own number.
    pub fn scrub(&mut self) -> bool {
        let mut changed = clean(&mut self.path, true);
        match &mut self.seen {
            Seen::Page {
                query,
                title,
                referrer,
                ..
            } => {
                changed |= clean(title, true) | clean(referrer, true);
                for (key, value) in query {
                    if key.starts_with("utm_") || !is_campaign_key(key) {
                        changed |= clean(value, true);
                    }
                }
            }
            Seen::Click { elements } | Seen::Submit { elements } => {
                for Element {
                    id,
                    class,
                    attributes,
                    ..
                } in elements
                {
                    changed |= clean(id, true) | clean(class, true);
                    for (_, value) in attributes {
                        changed |= clean(value, true);
                    }
                }
            }
            Seen::Media { video, .. } => changed |= clean(video, true),
            Seen::Event { name } => changed |= clean_within(name, true, limits::NAME_BYTES),
            Seen::Commerce { .. }
            | Seen::Trigger { .. }
            | Seen::Identify { .. }
            | Seen::Scroll { .. }
            | Seen::Dwell { .. } => {}
        }
        changed | self.properties.scrub()
    }
}

/// Properties of these names, and of those that end in `id`, hold numbers that are nobody's.
const NUMBERS: [&str; 8] = [
    "order", "product", "sku", "gtin", "ean", "jan", "upc", "barcode",
];

pub(crate) fn holds_numbers(key: &str) -> bool {
    key.ends_with("id") || key.ends_with("Id") || NUMBERS.contains(&key)
}

impl Properties {
    fn scrub(&mut self) -> bool {
        let mut changed = false;
        for (key, value) in &mut self.0 {
            match value {
                Value::Text(text) if key != "token" => {
                    changed |= clean(text, !holds_numbers(key));
                }
                Value::List(list) => {
                    for properties in list {
                        changed |= properties.scrub();
                    }
                }
                _ => {}
            }
        }
        changed
    }
}

fn clean(text: &mut String, numbers: bool) -> bool {
    clean_within(text, numbers, limits::TEXT_BYTES)
}

fn clean_within(text: &mut String, numbers: bool, most: usize) -> bool {
    let found = scrubbed(text, numbers, most);
    let changed = found.is_some();
    if let Some(found) = found {
        *text = found;
    }
    changed
}
