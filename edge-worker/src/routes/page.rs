//! Routes of pages: what a visitor's browser asks for and sends.

use super::{Action, Body, FILE, Method, Operation, Route, Success, page_file};
use crate::{collect, openapi::shape, segments};
use goalpost_core::limits;
use serde_json::json;

/// Most requests are beacons, so their route is the first.
pub(super) static ROUTES: &[Route] = &[
    Route {
        path: "{prefix}/c",
        operations: &[Operation {
            method: Method::Post,
            action: Action::Collect,
            scope: None,
            summary: "Takes a beacon of a page",
            parameters: &[],
            body: Some(Body {
                is_required: true,
                content_type: "text/plain",
                bytes: limits::BEACON_BYTES,
                about: "The JSON of a beacon. `text/plain` keeps it a simple request: no preflight.",
            }),
            success: Success {
                content_type: "application/json",
                about: "What became of each item: `ok` (do not send it again), `drop` (let go on \
                        purpose), `retry` or `limited` (send it again later).",
                schema: || {
                    shape::object_with(
                        &[(
                            "results",
                            json!({
                                "type": "object",
                                "additionalProperties": {"enum": ["ok", "drop", "retry", "limited"]},
                            }),
                        )],
                        &[
                            ("visitor", shape::id("The visitor, to be kept by the page.")),
                            (
                                "quarantined",
                                shape::text("Why the whole body waits in quarantine."),
                            ),
                        ],
                    )
                },
            },
            problems: &[400, 403, 404, 503],
        }],
    },
    Route {
        path: "{prefix}/s",
        operations: &[Operation {
            method: Method::Post,
            action: Action::PageSegments,
            scope: None,
            summary: "Tells a page which segments its visitor belongs to",
            parameters: &[],
            body: Some(Body {
                is_required: true,
                content_type: "text/plain",
                bytes: limits::SEGMENT_BYTES,
                about: "The JSON of a beacon, with the items that are to count already. Nothing of it \
                        is stored. The visitor is whom the cookie names.",
            }),
            success: Success {
                content_type: "application/json",
                about: "Ids of segments; an empty object where nobody may be looked up.",
                schema: segments::schema,
            },
            problems: &[400, 403, 404, 503],
        }],
    },
    Route {
        path: "{prefix}/link",
        operations: &[Operation {
            method: Method::Post,
            action: Action::Link,
            scope: None,
            summary: "Gives a page a token for a link to another of the site's hosts, or takes it there",
            parameters: &[],
            body: Some(Body {
                is_required: true,
                content_type: "text/plain",
                bytes: limits::LINK_BYTES,
                about: "The JSON of site, record, host and token; docs/linking.md tells when.",
            }),
            success: Success {
                content_type: "application/json",
                about: "The token, or the record with which the visit goes on, or why there is none.",
                schema: collect::link_schema,
            },
            problems: &[400, 403, 404],
        }],
    },
    Route {
        path: "{prefix}/p.gif",
        operations: &[Operation {
            method: Method::Get,
            action: Action::Pixel,
            scope: None,
            summary: "Takes what a page without scripts, or a message, has seen",
            parameters: collect::PIXEL_PARAMETERS,
            body: None,
            success: Success {
                content_type: "image/gif",
                about: "A transparent image, whatever was asked: what cannot be stored waits in \
                        quarantine.",
                schema: FILE,
            },
            problems: &[],
        }],
    },
    Route {
        path: "{prefix}/gp.js",
        operations: &[page_file(
            Action::Loader,
            "The loader that a page's snippet names",
            "text/javascript",
            "JavaScript, kept for at most five minutes.",
        )],
    },
    Route {
        path: "{prefix}/a/{hash}/{file}",
        operations: &[page_file(
            Action::Asset,
            "A part of the SDK, named by its content",
            "*/*",
            "The file; it never changes, so it may be kept for ever.",
        )],
    },
    Route {
        path: "{prefix}/plan/{site}",
        operations: &[page_file(
            Action::BrowserPlan,
            "What a page learns of the site's plan",
            "application/octet-stream",
            "The compiled plan, without what its outcomes are worth; its ETag is the plan's hash.",
        )],
    },
];
