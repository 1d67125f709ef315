//! Days as an author writes them: `2026-11-21`.

use crate::zone::Date;
use alloc::string::ToString as _;
use jiff::civil;

/// The day that a text names; `None` for what is no day from 1970 on, or is written otherwise.
pub(super) fn day(text: &str) -> Option<Date> {
    let day: civil::Date = text.parse().ok()?;
    // The parser takes other spellings too, which would not compare as texts.
    if day.to_string() != text {
        return None;
    }
    let hours = day.duration_since(civil::date(1970, 1, 1)).as_hours();
    let days = i32::try_from(hours.checked_div(24)?).ok()?;
    (days >= 0).then_some(Date(days))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_one_of_the_calendar() {
        for text in ["1970-01-01", "2024-02-29", "2026-11-21", "2100-12-31"] {
            assert_eq!(day(text).map(Date::text).as_deref(), Some(text));
        }
        for text in [
            "",
            "2026-02-29",
            "2026-13-01",
            "20261121",
            "2026-11-21T00:00:00",
            "2026-1-1",
            "1969-12-31",
            "today",
        ] {
            assert_eq!(day(text), None, "{text}");
        }
    }
}
