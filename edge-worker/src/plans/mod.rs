//! Plans: published and listed by people, fetched by pages, looked up by the edge itself.

mod cache;
mod publish;

pub(crate) use cache::{Known, Site, at_hand, book, known, signing_keys, site};
pub(crate) use publish::{checked, publish, published_schema, put, roll_back, version};

use crate::{
    bindings::Bindings,
    database,
    http::{self, Failure, Outcome, header},
    openapi::shape,
    problem::{Kind, Problem},
};
use goalpost_core::{clip, limits};
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use std::rc::Rc;
use worker::Request;

/// A page asks again after a minute, and meanwhile goes by what it has.
const PAGE_CACHE: &str = "public, max-age=60, stale-while-revalidate=86400";

pub(crate) fn unknown_site(site: &str) -> Problem {
    let site = clip(site, limits::NAME_BYTES);
    Problem::new(
        Kind::UnknownSite,
        format!(
            "site: no site '{site}' has a plan here; publish one with PUT /api/v1/sites/{site}/plan"
        ),
    )
}

/// The plan that a site goes by now, with its rules.
pub(crate) async fn in_effect(edge: &Bindings, name: &str) -> Result<Rc<Known>, Failure> {
    let Some(site) = site(edge, name).await? else {
        return Err(unknown_site(name).into());
    };
    known(edge, name, &site.plan)
        .await?
        .ok_or_else(|| Failure::Internal(format!("the plan {} of '{name}' is missing", site.plan)))
}

/// Serves what a page needs of the plan.
pub(crate) async fn for_page(request: &Request, edge: &Bindings, name: &str) -> Outcome {
    let known = in_effect(edge, name).await?;
    let tag = format!("\"{}\"", known.rules.plan);
    let response = if has_tag(&header(request, "if-none-match"), &tag) {
        http::empty(304)?
    } else {
        http::with_body(
            200,
            "application/octet-stream",
            known.page.clone().into_bytes(),
        )?
    };
    let headers = response.headers();
    headers.set("ETag", &tag)?;
    headers.set("Cache-Control", PAGE_CACHE)?;
    headers.set("Access-Control-Allow-Origin", "*")?;
    headers.set("Cross-Origin-Resource-Policy", "cross-origin")?;
    Ok(response)
}

/// Whether the validator of `If-None-Match` names this tag; a proxy may have made it a weak one.
fn has_tag(validator: &str, tag: &str) -> bool {
    validator
        .split(',')
        .map(str::trim)
        .any(|own| own == "*" || own.strip_prefix("W/").unwrap_or(own) == tag)
}

/// Shows the plan in effect, as the database has it.
pub(crate) async fn current(edge: &Bindings, name: &str) -> Outcome {
    let sql = "SELECT p.source FROM sites AS s \
               JOIN plans AS p ON p.site = s.site AND p.hash = s.plan WHERE s.site = ?1";
    let found: Option<Box<RawValue>> = database::row(edge, sql, &[name]).await?;
    let source = found.ok_or_else(|| unknown_site(name))?;
    http::json(&source)
}

#[derive(Serialize, Deserialize)]
struct Listed {
    version: u32,
    hash: String,
    published_at: i64,
    #[serde(deserialize_with = "flag")]
    current: bool,
}

/// In SQL, yes and no are numbers.
fn flag<'de, D: serde::Deserializer<'de>>(input: D) -> Result<bool, D::Error> {
    Ok(u8::deserialize(input)? != 0)
}

/// Lists the versions, the newest first.
pub(crate) async fn versions(edge: &Bindings, name: &str) -> Outcome {
    #[derive(Serialize)]
    struct Versions<'a> {
        site: &'a str,
        versions: Vec<Listed>,
    }
    let sql = "SELECT json_object('version', p.version, 'hash', p.hash, \
               'published_at', p.published_at, 'current', p.hash IS s.plan) \
               FROM plans AS p LEFT JOIN sites AS s ON s.site = p.site \
               WHERE p.site = ?1 ORDER BY p.version DESC";
    let versions: Vec<Listed> = database::rows(edge, sql, &[name]).await?;
    if versions.is_empty() {
        return Err(unknown_site(name).into());
    }
    http::json(&Versions {
        site: name,
        versions,
    })
}

/// The shape of the list.
pub(crate) fn versions_schema() -> Value {
    shape::object(&[
        ("site", shape::text("The site.")),
        (
            "versions",
            shape::list(shape::object(&[
                ("version", shape::integer("Counts from 1.")),
                ("hash", shape::text("What the plan is known by.")),
                ("published_at", shape::time("When it was first published.")),
                (
                    "current",
                    shape::boolean("Whether the site goes by it now."),
                ),
            ])),
        ),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_validator_may_list_tags_and_weaken_them() {
        for yes in ["\"a\"", "W/\"a\"", "\"b\", \"a\"", "*"] {
            assert!(has_tag(yes, "\"a\""), "{yes}");
        }
        for no in ["", "a", "\"b\""] {
            assert!(!has_tag(no, "\"a\""), "{no}");
        }
    }
}
