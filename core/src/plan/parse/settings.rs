//! The plan's settings and groups.

use super::{
    definitions,
    reader::{At, Fields, Reader},
};
use crate::{
    limits,
    money::{Currency, MoneyError},
    plan::{
        predefined,
        source::{self, Group, Plan, Session},
        timeout, zone_table,
    },
};
use alloc::{borrow::ToOwned as _, format, string::String, vec::Vec};

const PLAN: &[&str] = &[
    "site", "timezone", "currency", "hosts", "session", "groups", "outcomes", "goals",
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
    let session = fields
        .get("session")
        .map_or_else(|| Some(Session::default()), |at| session(reader, &at));
    let groups = groups(reader, &fields);
    let definitions = definitions::read(reader, &fields, &groups, currency);
    Some(Plan {
        site: site?,
        timezone: timezone?,
        currency: currency?,
        hosts: hosts?,
        session: session?,
        groups,
        outcomes: definitions.outcomes,
        goals: definitions.goals,
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
    let mut hosts = Vec::new();
    for at in reader.filled_list(at, "host names", limits::HOSTS) {
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
    let fields = reader.object(at, "a session", &["timeout"])?;
    let Some(at) = fields.get("timeout") else {
        return Some(Session::default());
    };
    let text = reader.text(&at, "a length of time such as \"30m\"", limits::NAME_BYTES)?;
    match timeout::milliseconds(text) {
        Ok(_) => Some(Session {
            timeout: text.to_owned(),
        }),
        Err(problem) => {
            reader.problem(&at.path, problem);
            None
        }
    }
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
