//! Identifiers that grow with time: UUID version 7.

use alloc::string::String;
use core::fmt;

/// A `UUIDv7`: 48 bits of Unix milliseconds, then randomness.
///
/// An observation's id carries its capture time, so that time and identity can never disagree, a
/// retry meets its own row, and rows are appended instead of scattered.
///
/// ```
/// use goalpost_core::Id;
/// let id = Id::new(1_795_000_000_000, [7; 10]);
/// assert_eq!(id.time(), 1_795_000_000_000);
/// assert_eq!(Id::parse(&id.text()), Some(id));
/// ```
///
/// Source: <https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7>
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id([u8; 16]);

const HEX: &[u8; 16] = b"0123456789abcdef";

impl Id {
    /// The id of something that happened at `time` (Unix milliseconds), told apart by `random`.
    pub fn new(time: i64, random: [u8; 10]) -> Self {
        let [_, _, time @ ..] = time.clamp(0, 0xffff_ffff_ffff).to_be_bytes();
        let mut bytes = [0; 16];
        if let Some((front, back)) = bytes.split_first_chunk_mut() {
            *front = time;
            back.copy_from_slice(&random);
        }
        bytes[6] = 0x70 | (bytes[6] & 0x0f);
        bytes[8] = 0x80 | (bytes[8] & 0x3f);
        Self(bytes)
    }

    /// Reads 32 hexadecimal digits, hyphens ignored; only version 7 is an id of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0u8; 16];
        let mut digits = text.bytes().filter(|byte| *byte != b'-');
        for byte in &mut bytes {
            *byte = (hex_value(digits.next()?)? << 4) | hex_value(digits.next()?)?;
        }
        let id = Self(bytes);
        (digits.next().is_none() && bytes[6] >> 4 == 7).then_some(id)
    }

    /// The id of these bytes; only version 7 is an id of ours.
    #[cfg(feature = "edge")]
    pub(crate) fn of_bytes(bytes: [u8; 16]) -> Option<Self> {
        (bytes[6] >> 4 == 7).then_some(Self(bytes))
    }

    /// The bytes, as stored.
    pub const fn bytes(self) -> [u8; 16] {
        self.0
    }

    /// The last 32 bits.
    pub(crate) const fn end(self) -> u32 {
        let [.., a, b, c, d] = self.0;
        u32::from_le_bytes([a, b, c, d])
    }

    /// The same with these as the last 32 bits.
    pub(crate) fn ending(mut self, end: u32) -> Self {
        if let Some(last) = self.0.last_chunk_mut() {
            *last = end.to_le_bytes();
        }
        self
    }

    /// When it was made: Unix milliseconds by the clock of whoever made it.
    pub fn time(self) -> i64 {
        self.0
            .iter()
            .take(6)
            .fold(0, |time, byte| (time << 8) | i64::from(*byte))
    }

    /// The usual text: 36 characters with hyphens.
    pub fn text(self) -> String {
        let mut text = String::with_capacity(36);
        for (at, byte) in self.0.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            for digit in [byte >> 4, byte & 15] {
                text.push(char::from(
                    HEX.get(usize::from(digit)).copied().unwrap_or(b'0'),
                ));
            }
        }
        text
    }
}

impl fmt::Display for Id {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text())
    }
}

fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit.wrapping_sub(b'0')),
        b'a'..=b'f' => Some(digit.wrapping_sub(b'a').wrapping_add(10)),
        b'A'..=b'F' => Some(digit.wrapping_sub(b'A').wrapping_add(10)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn text_and_id_are_the_same_thing(time in 0i64..0xffff_ffff_ffff, random: [u8; 10]) {
            let id = Id::new(time, random);
            prop_assert_eq!(Id::parse(&id.text()), Some(id));
            prop_assert_eq!(id.time(), time);
            prop_assert_eq!(id.text().len(), 36);
        }

        #[test]
        fn a_later_time_is_a_greater_id(time in 0i64..0xffff_ffff, a: [u8; 10], b: [u8; 10]) {
            prop_assert!(Id::new(time, a) < Id::new(time.saturating_add(1), b));
        }

        #[test]
        fn any_text_is_read_without_panic(text: String) {
            let _ = Id::parse(&text);
        }
    }

    #[test]
    fn another_version_is_not_an_id() {
        assert_eq!(Id::parse("f47ac10b-58cc-4372-a567-0e02b2c3d479"), None);
        assert_eq!(Id::parse(""), None);
        assert_eq!(Id::parse("0192"), None);
    }
}
