//! The plan's settings and groups.

use super::{
    definitions, figures, funnels,
    reader::{At, Fields, Reader},
    segments,
};
use crate::{
    limits,
    money::{Currency, MoneyError},
    plan::{
        figures::{Attribution, Carts, Retention},
        predefined,
        source::{self, Group, Plan, Session},
        zone_table,
    },
};
use alloc::{borrow::ToOwned as _, format, string::String, vec::Vec};

const PLAN: &[&str] = &[
    "site",
    "timezone",
    "currency",
    "hosts",
    "sandboxed",
    "session",
    "groups",
    "outcomes",
    "goals",
    "since",
    "channels",
    "not_referrers",
    "funnels",
    "carts",
    "attribution",
    "rates",
    "segments",
    "retention",
];

pub(super) fn plan(reader: &mut Reader, at: &At<'_>) -> Option<Plan> {
    let fields = reader.object(at, "a plan", PLAN)?;
    let site = reader
        .required(
            &fields,
            "site",
            "write the id that the snippet's data-site names",
        )
        .and_then(|at| reader.id(&at));
    let timezone = fields
        .get("timezone")
        .map_or_else(|| Some(source::utc()), |at| timezone(reader, &at));
    let currency = reader
        .required(
            &fields,
            "currency",
            "write the ISO 4217 code of amounts that name none, such as \"JPY\"",
        )
        .and_then(|at| currency(reader, &at));
    let hosts = reader
        .required(
            &fields,
            "hosts",
            "write the site's own host names, such as [\"shop.example\"]",
        )
        .map(|at| hosts(reader, &at));
    let sandboxed = fields
        .get("sandboxed")
        .is_some_and(|at| reader.flag(&at) == Some(true));
    let session = fields
        .get("session")
        .map_or_else(|| Some(Session::default()), |at| session(reader, &at));
    let groups = groups(reader, &fields);
    let definitions = definitions::read(reader, &fields, &groups, currency);
    let live = definitions.outcomes.iter().filter(|outcome| !outcome.off);
    let goals = definitions.goals.iter().map(|goal| goal.id.as_str());
    let ids: Vec<_> = live
        .map(|outcome| outcome.id.as_str())
        .chain(goals)
        .collect();
    let since = figures::since(reader, &fields);
    let channels = figures::channels(reader, &fields);
    let not_referrers = figures::not_referrers(reader, &fields);
    let known = funnels::Known {
        definitions: &ids,
        channels: &channels,
    };
    let funnels = funnels::read(reader, &fields, known);
    let carts = fields
        .get("carts")
        .map_or_else(|| Some(Carts::default()), |at| figures::carts(reader, &at));
    let attribution = fields.get("attribution").map_or_else(
        || Some(Attribution::default()),
        |at| figures::attribution(reader, &at),
    );
    let rates = figures::rates(reader, &fields, currency);
    let known = segments::Known {
        definitions: &ids,
        groups: &groups,
    };
    let segments = segments::read(reader, &fields, known);
    let retention = fields.get("retention").map_or_else(
        || Some(Retention::default()),
        |at| figures::retention(reader, &at),
    );
    Some(Plan {
        site: site?,
        timezone: timezone?,
        currency: currency?,
        hosts: hosts?,
        sandboxed,
        session: session?,
        groups,
        outcomes: definitions.outcomes,
        goals: definitions.goals,
        since,
        channels,
        not_referrers,
        funnels,
        carts: carts?,
        attribution: attribution?,
        rates,
        segments,
        retention: retention?,
    })
}

pub(super) fn currency(reader: &mut Reader, at: &At<'_>) -> Option<Currency> {
    let text = reader.text(at, "an ISO 4217 code such as \"JPY\"", limits::NAME_BYTES)?;
    let found = Currency::parse(text);
    if found.is_err() {
        reader.problem(
            &at.path,
            format!("'{text}' {}", MoneyError::UnknownCurrency.text()),
        );
    }
    found.ok()
}

fn timezone(reader: &mut Reader, at: &At<'_>) -> Option<String> {
    let name = reader.text(at, "a time zone such as \"Asia/Tokyo\"", limits::NAME_BYTES)?;
    if let Some(problem) = zone_table::problem(name) {
        reader.problem(&at.path, problem);
        return None;
    }
    Some(name.to_owned())
}

fn hosts(reader: &mut Reader, at: &At<'_>) -> Vec<String> {
    let list = reader.filled_list(at, "host names", limits::HOSTS);
    host_names(reader, list)
}

pub(super) fn host_names(reader: &mut Reader, list: Vec<At<'_>>) -> Vec<String> {
    let mut hosts = Vec::new();
    for at in list {
        let Some(host) = reader.text(&at, "a host name such as \"shop.example\"", 255) else {
            continue;
        };
        let host = host.to_ascii_lowercase();
        if is_host(&host) {
            hosts.push(host);
            continue;
        }
        let bare = host
            .split_once("//")
            .map_or(host.as_str(), |(_, rest)| rest)
            .split(['/', ':', '?', '#'])
            .next()
            .unwrap_or_default();
        let fix = if is_host(bare) {
            format!("; write '{bare}'")
        } else {
            "; write it without scheme, port, path or '*'".to_owned()
        };
        reader.problem(&at.path, format!("'{host}' is not a host name{fix}"));
    }
    hosts
}

/// A name or an IPv4 address, or an IPv6 address in brackets: what a browser's `location.hostname` is.
fn is_host(text: &str) -> bool {
    let address = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    if let Some(address) = address {
        !address.is_empty()
            && address
                .bytes()
                .all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'))
    } else {
        let label = |label: &str| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        text.split('.').all(label)
    }
}

fn session(reader: &mut Reader, at: &At<'_>) -> Option<Session> {
    let fields = reader.object(
        at,
        "a session",
        &["timeout", "split_at_midnight", "split_by_campaign"],
    )?;
    let (shortest, _, longest) = limits::SESSION_TIMEOUT_MS;
    let bounds = (i64::from(shortest), i64::from(longest));
    let timeout = match fields.get("timeout") {
        Some(at) => figures::span(reader, &at, bounds),
        None => Some(source::half_an_hour()),
    };
    let mut flag = |name: &str| {
        fields
            .get(name)
            .is_some_and(|at| reader.flag(&at) == Some(true))
    };
    let (split_at_midnight, split_by_campaign) =
        (flag("split_at_midnight"), flag("split_by_campaign"));
    Some(Session {
        timeout: timeout?,
        split_at_midnight,
        split_by_campaign,
    })
}

/// The plan's own groups, then the predefined ones that it does not rename.
fn groups(reader: &mut Reader, fields: &Fields<'_>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let list = fields
        .get("groups")
        .map(|at| reader.list(&at, "groups", limits::GROUPS))
        .unwrap_or_default();
    for at in list {
        let Some(fields) = reader.object(&at, "a group", &["id", "name"]) else {
            continue;
        };
        let id = reader
            .required(&fields, "id", "write an id such as \"purchase\"")
            .and_then(|at| reader.id(&at));
        let name = fields.get("name").and_then(|at| reader.title(&at));
        let Some(id) = id else { continue };
        if groups.iter().any(|other| other.id == id) {
            reader.problem(
                &fields.place("id"),
                format!("'{id}' is the id of an earlier group; give each its own"),
            );
            continue;
        }
        groups.push(Group { id, name });
    }
    for predefined in predefined::groups() {
        match groups.iter_mut().find(|group| group.id == predefined.id) {
            Some(own) => own.name = own.name.take().or(predefined.name),
            None => groups.push(predefined),
        }
    }
    groups
}
