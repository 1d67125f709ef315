//! What decides about figures: channels, carts, attribution, rates, and how far back servers may tell.

use super::{
    reader::{At, Fields, Reader},
    settings,
};
use crate::{
    decimal::Decimal,
    limits,
    money::Currency,
    plan::{
        calendar,
        figures::{self, Attribution, Carts, Channel, Rate, Retention},
        span,
    },
};
use alloc::{borrow::ToOwned as _, format, string::String, vec::Vec};

const CHANNEL: &[&str] = &["channel", "source", "medium", "campaign"];
const DAY_MS: i64 = 86_400_000;

/// A length of time within bounds, in the author's words.
pub(super) fn span(
    reader: &mut Reader,
    at: &At<'_>,
    (shortest, longest): (i64, i64),
) -> Option<String> {
    let text = reader.text(at, "a length of time such as \"30m\"", limits::NAME_BYTES)?;
    match span::milliseconds(text, shortest, longest) {
        Ok(_) => Some(text.to_owned()),
        Err(problem) => {
            reader.problem(&at.path, problem);
            None
        }
    }
}

fn day(reader: &mut Reader, at: &At<'_>) -> Option<String> {
    let text = reader.text(at, "a day such as \"2026-11-21\"", limits::NAME_BYTES)?;
    if calendar::day(text).is_some() {
        return Some(text.to_owned());
    }
    reader.problem(
        &at.path,
        format!(
            "'{text}' is not a day of the calendar from 1970 on; write one such as \"2026-11-21\""
        ),
    );
    None
}

pub(super) fn since(reader: &mut Reader, fields: &Fields<'_>) -> Option<String> {
    fields.get("since").and_then(|at| day(reader, &at))
}

pub(super) fn not_referrers(reader: &mut Reader, fields: &Fields<'_>) -> Vec<String> {
    let list = fields
        .get("not_referrers")
        .map(|at| reader.list(&at, "host names", limits::NOT_REFERRERS));
    settings::host_names(reader, list.unwrap_or_default())
}

pub(super) fn channels(reader: &mut Reader, fields: &Fields<'_>) -> Vec<Channel> {
    let list = fields
        .get("channels")
        .map(|at| reader.list(&at, "channels", limits::CHANNEL_RULES));
    let mut channels: Vec<(Channel, String)> = Vec::new();
    for at in list.unwrap_or_default() {
        let Some(channel) = channel(reader, &at) else {
            continue;
        };
        if let Some((_, path)) = channels.iter().find(|(earlier, _)| *earlier == channel) {
            reader.problem(&at.path, format!("repeats {path}; remove it"));
        }
        channels.push((channel, at.path));
    }
    channels.into_iter().map(|(channel, _)| channel).collect()
}

fn channel(reader: &mut Reader, at: &At<'_>) -> Option<Channel> {
    let fields = reader.object(at, "a channel", CHANNEL)?;
    let name = reader
        .required(&fields, "channel", "write its name, such as \"Partners\"")
        .and_then(|at| reader.text(&at, "a channel's name", limits::NAME_BYTES));
    let mut values = |field: &str| patterns(reader, &fields, field);
    let (source, medium, campaign) = (values("source"), values("medium"), values("campaign"));
    if CHANNEL.iter().skip(1).all(|field| !fields.has(field)) {
        reader.problem(
            &at.path,
            "says of no arrival that it belongs here; write 'source', 'medium' or 'campaign'",
        );
    }
    Some(Channel {
        channel: name?.to_owned(),
        source,
        medium,
        campaign,
    })
}

fn patterns(reader: &mut Reader, fields: &Fields<'_>, field: &str) -> Vec<String> {
    let Some(at) = fields.get(field) else {
        return Vec::new();
    };
    let mut patterns = Vec::new();
    for at in reader.filled_list(&at, "values", limits::TEST_VALUES) {
        let wanted = "a value such as \"partner.example\" or \"summer*\"";
        let Some(text) = reader.text(&at, wanted, limits::TEXT_BYTES) else {
            continue;
        };
        let start = text.strip_prefix('*').unwrap_or(text);
        let core = start.strip_suffix('*').unwrap_or(start);
        if core.is_empty() {
            reader.problem(&at.path, "fits anything; leave the list out");
        } else if core.contains('*') {
            reader.problem(
                &at.path,
                format!("'{text}' has '*' inside; it may stand only at the end or the beginning"),
            );
        } else {
            patterns.push(text.to_owned());
        }
    }
    patterns
}

pub(super) fn carts(reader: &mut Reader, at: &At<'_>) -> Option<Carts> {
    let fields = reader.object(at, "'carts'", &["abandoned_after"])?;
    let (shortest, _, longest) = limits::CART_ABANDONED_MS;
    let abandoned_after = match fields.get("abandoned_after") {
        Some(at) => span(reader, &at, (shortest, longest))?,
        None => figures::an_hour(),
    };
    Some(Carts { abandoned_after })
}

pub(super) fn retention(reader: &mut Reader, at: &At<'_>) -> Option<Retention> {
    let fields = reader.object(at, "'retention'", &["observations", "quarantine"])?;
    let mut kept = |name, bounds| match fields.get(name) {
        Some(at) => span(reader, &at, bounds).map(Some),
        None => Some(None),
    };
    let observations = kept("observations", limits::KEEP_OBSERVATIONS_MS);
    let quarantine = kept("quarantine", limits::KEEP_QUARANTINE_MS);
    Some(Retention {
        observations: observations?,
        quarantine: quarantine?,
    })
}

pub(super) fn attribution(reader: &mut Reader, at: &At<'_>) -> Option<Attribution> {
    let fields = reader.object(at, "'attribution'", &["lookback"])?;
    let Some(at) = fields.get("lookback") else {
        return Some(Attribution::default());
    };
    let (shortest, _, longest) = limits::LOOKBACK_DAYS;
    let bounds = (
        i64::from(shortest).saturating_mul(DAY_MS),
        i64::from(longest).saturating_mul(DAY_MS),
    );
    let lookback = span(reader, &at, bounds)?;
    if days(&lookback).is_none() {
        reader.problem(
            &at.path,
            format!("'{lookback}' is not a whole number of days; write one such as \"30d\""),
        );
        return None;
    }
    Some(Attribution { lookback })
}

/// The days that a checked length has, if it has no part of one.
fn days(text: &str) -> Option<i64> {
    let length = span::milliseconds(text, 0, i64::MAX).ok()?;
    (length.checked_rem(DAY_MS)? == 0).then(|| length.checked_div(DAY_MS))?
}

pub(super) fn rates(reader: &mut Reader, fields: &Fields<'_>, own: Option<Currency>) -> Vec<Rate> {
    let list = fields
        .get("rates")
        .map(|at| reader.list(&at, "rates", limits::RATES));
    let mut rates: Vec<(Rate, String)> = Vec::new();
    for at in list.unwrap_or_default() {
        let Some(rate) = rate(reader, &at, own) else {
            continue;
        };
        let same = |other: &Rate| other.currency == rate.currency && other.from == rate.from;
        if let Some((_, path)) = rates.iter().find(|(earlier, _)| same(earlier)) {
            reader.problem(
                &at.path,
                format!(
                    "is a second rate of {} from {}, beside {path}; keep one",
                    rate.currency.code(),
                    rate.from
                ),
            );
        }
        rates.push((rate, at.path));
    }
    rates.into_iter().map(|(rate, _)| rate).collect()
}

fn rate(reader: &mut Reader, at: &At<'_>, own: Option<Currency>) -> Option<Rate> {
    let fields = reader.object(at, "a rate", &["currency", "rate", "from"])?;
    let currency = reader
        .required(
            &fields,
            "currency",
            "write the other currency, such as \"USD\"",
        )
        .and_then(|at| settings::currency(reader, &at));
    if currency.is_some() && currency == own {
        reader.problem(
            &fields.place("currency"),
            "is the plan's own currency, which needs no rate; remove it",
        );
    }
    let worth = reader
        .required(
            &fields,
            "rate",
            "write what one unit of it is worth in the plan's currency, such as \"149.50\"",
        )
        .and_then(|at| worth(reader, &at));
    let from = reader
        .required(
            &fields,
            "from",
            "write the first day on which it holds, such as \"2026-11-01\"",
        )
        .and_then(|at| day(reader, &at));
    Some(Rate {
        currency: currency?,
        rate: worth?,
        from: from?,
    })
}

fn worth(reader: &mut Reader, at: &At<'_>) -> Option<String> {
    let text = reader.decimal_text(at, "a rate such as \"149.50\"")?;
    match Decimal::parse(text) {
        Some(rate) if rate.mantissa > 0 => return Some(text.to_owned()),
        Some(_) => reader.problem(&at.path, format!("'{text}' is not above 0")),
        None => reader.problem(
            &at.path,
            format!("'{text}' is not a plain decimal number of at most 18 digits, such as 149.50"),
        ),
    }
    None
}
