//! Lengths of time as an author writes them: `90s`, `30m`, `1h`, `7d`.

use alloc::{format, string::String};

const UNITS: [(char, i64); 4] = [
    ('s', 1_000),
    ('m', 60_000),
    ('h', 3_600_000),
    ('d', 86_400_000),
];

/// The milliseconds that a text names, else what is wrong with it. The bounds are part of the range.
pub(super) fn milliseconds(text: &str, shortest: i64, longest: i64) -> Result<i64, String> {
    match read(text) {
        None => Err(format!(
            "'{text}' is not a length of time; write seconds, minutes, hours or days, such as \"90s\", \"30m\", \"1h\" or \"7d\""
        )),
        Some(length) if length < shortest || length > longest => Err(format!(
            "'{text}' is not from {} to {}, the shortest and the longest that is taken",
            written(shortest),
            written(longest)
        )),
        Some(length) => Ok(length),
    }
}

fn read(text: &str) -> Option<i64> {
    UNITS.into_iter().find_map(|(unit, length)| {
        let digits = text.strip_suffix(unit)?;
        let whole = digits.bytes().all(|digit| digit.is_ascii_digit());
        // Digits that do not fit stand for more than the longest.
        (whole && !digits.is_empty()).then(|| {
            digits
                .parse::<i64>()
                .unwrap_or(i64::MAX)
                .saturating_mul(length)
        })
    })
}

/// A length as its author would write it.
fn written(length: i64) -> String {
    UNITS
        .into_iter()
        .rev()
        .find_map(|(unit, of)| {
            let count = length.checked_div(of)?;
            (count > 0 && length.checked_rem(of) == Some(0)).then(|| format!("{count}{unit}"))
        })
        .unwrap_or_else(|| format!("{length} ms"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    #[test]
    fn only_whole_units_in_bounds_are_read() {
        for (text, length) in [
            ("30m", 1_800_000),
            ("90s", 90_000),
            ("24h", DAY),
            ("1d", DAY),
        ] {
            assert_eq!(milliseconds(text, 1_000, DAY), Ok(length));
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
            "99999999999999999999h",
            "30M",
        ] {
            assert!(milliseconds(text, 1_000, DAY).is_err(), "{text}");
        }
        let problem = milliseconds("100d", 60_000, 90 * DAY).unwrap_err();
        assert!(problem.contains("from 1m to 90d"), "{problem}");
    }
}
