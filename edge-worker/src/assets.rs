//! What a page downloads: the loader, and the SDK's files under names of their content.

use crate::{
    bindings::Bindings,
    http::{Outcome, header},
    problem::{Kind, Problem},
    routes::Parts,
};
use worker::{Fetcher, Headers, Method, Request, RequestInit, Response};

/// The loader is fetched anew soon after it was replaced: five minutes is as long as a bad one lives.
const LOADER_CACHE: &str = "public, max-age=300, stale-while-revalidate=3600";

/// A name that is made from the content never gets another content.
const FOREVER: &str = "public, max-age=31536000, immutable";

/// Serves the loader.
pub(crate) async fn loader(request: &Request, edge: &Bindings) -> Outcome {
    let found = fetch(&edge.assets()?, request, "/gp.js").await?;
    page_file(
        request,
        found,
        "text/javascript; charset=utf-8",
        LOADER_CACHE,
    )
}

/// Serves a file of the SDK.
pub(crate) async fn asset(request: &Request, edge: &Bindings, parts: &Parts) -> Outcome {
    let file = parts.get("file");
    let path = format!("/a/{}/{file}", parts.get("hash"));
    let found = fetch(&edge.assets()?, request, &path).await?;
    page_file(request, found, content_type(file), FOREVER)
}

/// Serves what else the deployment's assets hold: the demo's shop.
pub(crate) async fn other(request: Request, edge: &Bindings) -> Outcome {
    let path = request.path();
    if let Ok(assets) = edge.assets() {
        let found: Response = assets.fetch_request(request).await?;
        // A shop that has a page for what is missing shows it.
        if found.status_code() != 404 || found.headers().has("content-type")? {
            // Its headers are the deployment's; a copy is needed to add ours.
            return Ok(with_headers(found, |_| Ok(()))?);
        }
    }
    Err(nothing_at(&path).into())
}

fn nothing_at(path: &str) -> Problem {
    Problem::new(
        Kind::NotFound,
        format!("'{path}' is no route; /api/v1/openapi.json lists them"),
    )
}

/// Streaming compilation refuses wasm of any other type.
fn content_type(file: &str) -> &'static str {
    match file.rsplit_once('.') {
        Some((_, "wasm")) => "application/wasm",
        Some((_, "js")) => "text/javascript; charset=utf-8",
        _ => "application/octet-stream",
    }
}

async fn fetch(assets: &Fetcher, request: &Request, path: &str) -> worker::Result<Response> {
    let mut url = request.url()?;
    url.set_path(path);
    url.set_query(None);
    let headers = Headers::new();
    let validator = header(request, "if-none-match");
    if !validator.is_empty() {
        headers.set("If-None-Match", &validator)?;
    }
    let mut init = RequestInit::new();
    init.with_method(Method::Get).with_headers(headers);
    assets.fetch(url, Some(init)).await
}

fn page_file(request: &Request, found: Response, content_type: &str, cache: &str) -> Outcome {
    if !matches!(found.status_code(), 200 | 304) {
        return Err(nothing_at(&request.path()).into());
    }
    Ok(with_headers(found, |headers| {
        headers.set("Content-Type", content_type)?;
        headers.set("Cache-Control", cache)?;
        headers.set("X-Content-Type-Options", "nosniff")?;
        // Public bytes: a page of another origin may read them, under isolation too.
        headers.set("Access-Control-Allow-Origin", "*")?;
        headers.set("Cross-Origin-Resource-Policy", "cross-origin")
    })?)
}

fn with_headers(
    found: Response,
    change: impl FnOnce(&Headers) -> worker::Result<()>,
) -> worker::Result<Response> {
    let headers = found.headers().clone();
    change(&headers)?;
    Ok(found.with_headers(headers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wasm_has_the_type_that_streams() {
        assert_eq!(content_type("sdk.wasm"), "application/wasm");
        assert_eq!(content_type("sdk.js"), "text/javascript; charset=utf-8");
        assert_eq!(content_type("sdk"), "application/octet-stream");
    }
}
