//! When an event happened, and the id that follows from it.

use super::{EventError, Terms, fields::Fields, fields::is_number};
use crate::{commerce::CommerceStep, id::Id, limits, observation::Seen};
use alloc::{format, string::String};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

/// What reads as seconds cannot be meant as milliseconds: it would be a day of 1970.
const SECONDS: i64 = 100_000_000_000;

/// When it happened: Unix milliseconds.
///
/// A time that is missing is now. But now is another moment when the server tries again, so an event
/// that must meet its first copy has to say when.
pub(super) fn time(
    fields: &Fields<'_>,
    name: Option<&str>,
    seen: &Seen,
    terms: &Terms<'_>,
) -> Result<i64, EventError> {
    let Some(raw) = fields.raw("time") else {
        let refund = Seen::Commerce {
            step: CommerceStep::Refund,
        };
        if name.is_some() || *seen == refund {
            return Err(EventError::new(
                "time",
                "is missing; write when it happened, so that a retry is known as the same event",
            ));
        }
        return Ok(terms.now);
    };
    let time = if is_number(raw) {
        milliseconds(raw)?
    } else {
        let text = super::fields::text("time", raw)?;
        text.parse::<Timestamp>()
            .map_err(|_| {
                EventError::new(
                    "time",
                    "is not a time with its offset, such as 2026-11-21T12:00:00+09:00, or Unix milliseconds",
                )
            })?
            .as_millisecond()
    };
    if time > terms.now.saturating_add(limits::CLOCK_DRIFT_MS) {
        return Err(EventError::new(
            "time",
            &format!("{} is in the future; write when it happened", shown(time)),
        ));
    }
    if time < 0 {
        return Err(EventError::new("time", "is before 1970; nothing is so old"));
    }
    let date = terms.rules.zone.date(time);
    if let Some(since) = terms.since.filter(|since| date < *since) {
        return Err(EventError::new(
            "time",
            &format!(
                "{} is before {}, the plan's 'since'; change it there if it is so old",
                date.text(),
                since.text()
            ),
        ));
    }
    Ok(time)
}

fn milliseconds(raw: &str) -> Result<i64, EventError> {
    let time = crate::json::read_integer(raw)
        .ok_or_else(|| EventError::new("time", "is not a whole number of Unix milliseconds"))?;
    if (0..SECONDS).contains(&time) {
        return Err(EventError::new(
            "time",
            &format!("{time} is a number of seconds; write Unix milliseconds"),
        ));
    }
    Ok(time)
}

fn shown(time: i64) -> String {
    Timestamp::from_millisecond(time).map_or_else(|_| format!("{time}"), |time| format!("{time}"))
}

/// The id of an event that the server has named: the same for the same name and time.
pub(super) fn id_of_name(time: i64, site: &str, name: &str) -> Result<Id, EventError> {
    if name.trim().is_empty() {
        return Err(EventError::new(
            "id",
            "is empty; write one, or leave it out",
        ));
    }
    if name.len() > limits::EVENT_ID_BYTES {
        return Err(EventError::new(
            "id",
            &format!(
                "has at most {} bytes, this one has {}",
                limits::EVENT_ID_BYTES,
                name.len()
            ),
        ));
    }
    Ok(id(time, &["name", site, name]))
}

/// The id of an event without a name: the same for the same content and time.
pub(super) fn id_of_content(time: i64, site: &str, content: &str) -> Id {
    id(time, &["content", site, content])
}

fn id(time: i64, parts: &[&str]) -> Id {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let mut random = [0; 10];
    for (byte, digit) in random.iter_mut().zip(hash.finalize()) {
        *byte = digit;
    }
    Id::new(time, random)
}
