//! Lengths of time as an author writes them: `90s`, `30m`, `1h`.

use crate::limits;
use alloc::{format, string::String};

/// The milliseconds that a text names, else what is wrong with it.
pub(super) fn milliseconds(text: &str) -> Result<u32, String> {
    let (shortest, _, longest) = limits::SESSION_TIMEOUT_MS;
    let units = [('s', 1_000u32), ('m', 60_000), ('h', 3_600_000)];
    let read = units.into_iter().find_map(|(unit, length)| {
        let digits = text.strip_suffix(unit)?;
        let whole = digits.bytes().all(|digit| digit.is_ascii_digit());
        // Digits that do not fit stand for more than the longest.
        (whole && !digits.is_empty()).then(|| {
            digits
                .parse::<u32>()
                .unwrap_or(u32::MAX)
                .saturating_mul(length)
        })
    });
    match read {
        None => Err(format!(
            "'{text}' is not a length of time; write seconds, minutes or hours, such as \"90s\", \"30m\" or \"1h\""
        )),
        Some(length) if length < shortest || length > longest => Err(format!(
            "'{text}' is not from {}s to {}h, the shortest and the longest timeout",
            shortest / 1_000,
            longest / 3_600_000
        )),
        Some(length) => Ok(length),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_units_in_bounds_are_read() {
        for (text, length) in [("30m", 1_800_000), ("90s", 90_000), ("24h", 86_400_000)] {
            assert_eq!(milliseconds(text), Ok(length));
        }
        for text in [
            "",
            "m",
            "30",
            "30 m",
            "1.5h",
            "-1m",
            "0s",
            "25h",
            "99999999999999h",
            "30M",
        ] {
            assert!(milliseconds(text).is_err(), "{text}");
        }
    }
}
