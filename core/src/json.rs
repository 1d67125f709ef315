//! Writing JSON, as little of it as the wire needs: the page carries no JSON library.

use crate::decimal::Decimal;
use alloc::string::String;

/// Appends a whole number.
pub fn push_integer(out: &mut String, number: i64) {
    if number < 0 {
        out.push('-');
    }
    let mut rest = number.unsigned_abs();
    let mut digits = [0u8; 20];
    let mut length = 0usize;
    for place in &mut digits {
        *place = b'0'.wrapping_add(u8::try_from(rest % 10).unwrap_or(0));
        rest /= 10;
        length = length.saturating_add(1);
        if rest == 0 {
            break;
        }
    }
    for digit in digits.iter().take(length).rev() {
        out.push(char::from(*digit));
    }
}

/// Reads a whole number of decimal digits, as [`push_integer`] writes it; `None` for anything else.
///
/// One reader for all: each `str::parse` of another type is another few hundred bytes in the page.
pub fn read_integer(text: &str) -> Option<i64> {
    let number = Decimal::parse(text)?;
    (number.scale == 0).then_some(number.mantissa)
}

/// Appends a text in quotes.
///
/// Everything below a space is written as its number: such signs are rare, and one way is enough.
pub fn push_text(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    let special = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    while let Some(at) = rest.bytes().position(special) {
        let (plain, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(plain);
        let byte = from.as_bytes().first().copied().unwrap_or_default();
        if byte < 0x20 {
            out.push_str(if byte < 16 { "\\u000" } else { "\\u001" });
            let digit = byte & 15;
            out.push(char::from(digit.wrapping_add(if digit < 10 {
                b'0'
            } else {
                b'a' - 10
            })));
        } else {
            out.push_str(if byte == b'"' { "\\\"" } else { "\\\\" });
        }
        rest = from.get(1..).unwrap_or("");
    }
    out.push_str(rest);
    out.push('"');
}

/// Appends `,"key":` (without the comma right after a `{`).
pub fn push_key(out: &mut String, key: &str) {
    if !out.ends_with('{') {
        out.push(',');
    }
    push_text(out, key);
    out.push(':');
}

/// Appends `"key":"text"` to an object, or nothing if the text is empty.
pub fn push_field(out: &mut String, key: &str, text: &str) {
    if !text.is_empty() {
        push_key(out, key);
        push_text(out, text);
    }
}

/// Appends `"key":number` to an object.
pub fn push_number_field(out: &mut String, key: &str, number: i64) {
    push_key(out, key);
    push_integer(out, number);
}

#[cfg(all(test, feature = "edge"))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_reads_back(text: String, number: i64) {
            let mut out = String::from("{");
            push_key(&mut out, "text");
            push_text(&mut out, &text);
            push_number_field(&mut out, "number", number);
            out.push('}');
            let read: serde_json::Value = serde_json::from_str(&out).unwrap();
            prop_assert_eq!(read["text"].as_str(), Some(text.as_str()));
            prop_assert_eq!(read["number"].as_i64(), Some(number));
            let mut digits = String::new();
            push_integer(&mut digits, number);
            prop_assert_eq!(read_integer(&digits), (number != i64::MIN).then_some(number));
        }
    }
}
