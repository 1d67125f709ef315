//! The files of a site's archive, for whoever fetches them.

use super::{file, folder, manifest::File};
use crate::{
    bindings::Bindings,
    clock,
    http::{self, Outcome},
    openapi::shape,
    plans,
    reports::{PERIOD, Query, period::Period},
    routes::Parameter,
};
use goalpost_core::beacon;
use serde_json::{Value, json};
use worker::Request;

/// The days; without them the last thirty.
pub(crate) const PARAMETERS: &[Parameter] = PERIOD;

/// Lists the files of some days.
pub(crate) async fn files(request: &Request, edge: &Bindings, site: &str) -> Outcome {
    let known = plans::in_effect(edge, site).await?;
    let query = Query::of(request)?;
    query.only(&["from", "to"])?;
    let days = Period::of(&query, &known.rules.zone, clock::now())?;
    let found = File::all(edge, &known.plan.site, (&days.from, &days.to)).await?;
    let files: Vec<Value> = found
        .into_iter()
        .map(|file| {
            json!({
                "day": file.day,
                "file": format!("{}/{}", folder(site, &file.day), file.name),
                "rows": file.rows, "bytes": file.bytes, "sha256": file.sha256,
            })
        })
        .collect();
    http::json(&json!({
        "site": known.plan.site, "from": days.from, "to": days.to,
        "bucket": edge.archive().is_some(), "schema": file::SCHEMA, "wire": beacon::VERSION,
        "files": files,
    }))
}

/// The document's shape.
pub(crate) fn schema() -> Value {
    let file = shape::object(&[
        ("day", shape::text("The day, in the site's time zone.")),
        ("file", shape::text("Its name in the bucket.")),
        ("rows", shape::integer("Observations in it.")),
        ("bytes", shape::integer("Its length.")),
        ("sha256", shape::text("Its SHA-256, in hexadecimal.")),
    ]);
    shape::object(&[
        ("site", shape::text("The site.")),
        ("from", shape::text("The first day.")),
        ("to", shape::text("The last day.")),
        (
            "bucket",
            shape::boolean("Whether a bucket is bound; without one nothing is archived."),
        ),
        (
            "schema",
            shape::integer("The version of the files' columns."),
        ),
        ("wire", shape::integer("The version of what pages send.")),
        ("files", shape::list(file)),
    ])
}
