//! Segments for people: how many contacts belong to each, and who, for a tool that writes to them. A
//! request looks at a bounded number of contacts and says where to go on, so nothing has to be kept.

use super::find;
use crate::{
    bindings::Bindings,
    contacts::membership,
    database,
    http::{self, Outcome},
    openapi::shape,
    plans,
    reports::Query,
    routes::Parameter,
};
use serde::Deserialize;
use serde_json::{Value, json};
use worker::{Request, js_sys};

const AFTER: Parameter = Parameter {
    name: "after",
    about: "The `next` of the answer before; without it, from the first contact on.",
    schema: || json!({"type": "string"}),
};

/// The parameters of the list.
pub(crate) const PARAMETERS: &[Parameter] = &[AFTER];

const FORMATS: [&str; 2] = ["json", "csv"];

/// The parameters of the members.
pub(crate) const MEMBER_PARAMETERS: &[Parameter] = &[
    AFTER,
    Parameter {
        name: "format",
        about: "`csv`: a line for each identity of each contact, and the header `Goalpost-Next` in \
                place of `next`, encoded as a part of an address is.",
        schema: || json!({"enum": FORMATS}),
    },
];

/// Lists the plan's segments, each with how many of the contacts that were looked at belong to it.
pub(crate) async fn list(request: &Request, edge: &Bindings, site: &str) -> Outcome {
    let known = plans::in_effect(edge, site).await?;
    let query = Query::of(request)?;
    query.only(&["after"])?;
    let after = query.get("after").unwrap_or_default();
    let (contacts, next) = membership::after(edge, &known, after).await?;
    let segments: Vec<Value> = known
        .reporting
        .segments
        .iter()
        .map(|segment| {
            let id = segment.id.as_str();
            let members = contacts.iter().filter(|own| own.segments.contains(&id));
            json!({ "id": id, "name": segment.name, "members": members.count() })
        })
        .collect();
    http::json(&json!({
        "site": site, "segments": segments, "contacts": contacts.len(), "next": next,
    }))
}

/// The identities of some contacts. `?1` site, `?2` the contacts as JSON.
pub(crate) const IDENTITIES: &str = "\
SELECT json_array(
  n.value,
  json((
    SELECT json_group_array(identity)
    FROM (
      SELECT i.identity FROM identities AS i WHERE i.site = ?1 AND i.contact = n.value
      UNION
      SELECT n.value
      ORDER BY 1))))
FROM json_each(?2) AS n
ORDER BY n.key";

/// A contact and its identities.
#[derive(Deserialize)]
struct Known(String, Vec<String>);

/// Lists who belongs to one segment.
pub(crate) async fn members(
    request: &Request,
    edge: &Bindings,
    site: &str,
    segment: &str,
) -> Outcome {
    let known = plans::in_effect(edge, site).await?;
    let query = Query::of(request)?;
    query.only(&["after", "format"])?;
    let segment = find(&known, "segment", segment)?;
    let after = query.get("after").unwrap_or_default();
    let format = query.choice("format", &FORMATS)?;
    let (contacts, next) = membership::after(edge, &known, after).await?;
    let names: Vec<String> = contacts
        .into_iter()
        .filter(|own| own.segments.contains(&segment))
        .map(|own| own.contact)
        .collect();
    let names = serde_json::to_string(&names)?;
    let mut found: Vec<Known> = Vec::new();
    for part in edge.databases() {
        let own: Vec<Known> = database::rows(part, IDENTITIES, &[site, &names]).await?;
        if found.is_empty() {
            found = own;
            continue;
        }
        for (all, more) in found.iter_mut().zip(own) {
            all.1.extend(more.1);
            all.1.sort();
            all.1.dedup();
        }
    }
    if format == "csv" {
        return csv(&found, next.as_deref());
    }
    let contacts: Vec<Value> = found
        .into_iter()
        .map(|own| json!({ "contact": own.0, "identities": own.1 }))
        .collect();
    http::json(&json!({
        "site": site, "segment": segment, "contacts": contacts, "next": next,
    }))
}

fn csv(found: &[Known], next: Option<&str>) -> Outcome {
    let mut text = String::from("contact,identity\r\n");
    for Known(contact, identities) in found {
        for identity in identities {
            text.push_str(&quoted(contact));
            text.push(',');
            text.push_str(&quoted(identity));
            text.push_str("\r\n");
        }
    }
    let response = http::with_body(200, "text/csv; charset=utf-8", text.into_bytes())?;
    let headers = response.headers();
    headers.set("Cache-Control", "no-store")?;
    if let Some(next) = next {
        // A customer may be known by letters that no header takes.
        let next = String::from(js_sys::encode_uri_component(next));
        headers.set("Goalpost-Next", &next)?;
    }
    Ok(response)
}

/// As RFC 4180 has it. An identity begins with its kind, so no spreadsheet takes it for a formula.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn next_schema() -> Value {
    json!({
        "type": ["string", "null"],
        "description": "`after` of the next request; null where there is no more.",
    })
}

/// The list's shape.
pub(crate) fn list_schema() -> Value {
    shape::object(&[
        ("site", shape::text("The site.")),
        (
            "segments",
            shape::list(shape::object(&[
                ("id", shape::text("Its id.")),
                ("name", shape::text("What people call it.")),
                (
                    "members",
                    shape::integer("How many of the contacts that were looked at belong to it."),
                ),
            ])),
        ),
        (
            "contacts",
            shape::integer("How many contacts were looked at: 1,000 at most."),
        ),
        ("next", next_schema()),
    ])
}

/// The members' shape.
pub(crate) fn members_schema() -> Value {
    shape::object(&[
        ("site", shape::text("The site.")),
        ("segment", shape::text("The segment.")),
        (
            "contacts",
            shape::list(shape::object(&[
                ("contact", shape::text("The smallest of its identities.")),
                (
                    "identities",
                    shape::list(shape::text("What the contact is known as.")),
                ),
            ])),
        ),
        ("next", next_schema()),
    ])
}
