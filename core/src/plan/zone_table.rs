//! Time zones from the IANA database that is compiled in, never from a machine's own files.

use super::suggest;
use crate::zone::Zone;
use alloc::{format, string::String, vec::Vec};
use jiff::{Timestamp, tz::TimeZoneDatabase};

/// 1970-01-01 and 2040-01-01: the days that a compiled zone knows; past its end the last offset goes on.
const SECONDS: (i64, i64) = (0, 2_208_988_800);

/// What is wrong with a zone's name.
pub(super) fn problem(name: &str) -> Option<String> {
    let database = TimeZoneDatabase::bundled();
    if database.get(name).is_ok() {
        return None;
    }
    let names: Vec<_> = database.available().collect();
    let meant = suggest::nearest(name, names.iter().map(jiff::tz::TimeZoneName::as_str));
    Some(match meant {
        Some(meant) => {
            format!("'{name}' is not a time zone of the IANA database; did you mean '{meant}'?")
        }
        None => format!(
            "'{name}' is not a time zone of the IANA database; write one such as \"Asia/Tokyo\" or \"UTC\""
        ),
    })
}

/// The zone's offsets; UTC for a name that is no zone.
pub(super) fn compile(name: &str) -> Zone {
    let (Ok(zone), Ok(start)) = (
        TimeZoneDatabase::bundled().get(name),
        Timestamp::from_second(SECONDS.0),
    ) else {
        return Zone::default();
    };
    let first = zone.to_offset(start).seconds();
    let mut last = first;
    let mut changes = Vec::new();
    for change in zone.following(start) {
        let second = change.timestamp().as_second();
        if second >= SECONDS.1 {
            break;
        }
        let offset = change.offset().seconds();
        if offset != last {
            changes.push((second, offset));
            last = offset;
        }
    }
    Zone::from_changes(first, changes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_without_summer_time_is_one_offset() {
        assert_eq!(compile("Asia/Tokyo"), Zone::fixed(32_400));
        assert_eq!(compile("UTC"), Zone::fixed(0));
    }

    #[test]
    fn a_misspelt_zone_is_understood() {
        assert!(
            problem("Asia/Tokio")
                .unwrap()
                .contains("did you mean 'Asia/Tokyo'?")
        );
        assert_eq!(problem("Europe/Berlin"), None);
    }
}
