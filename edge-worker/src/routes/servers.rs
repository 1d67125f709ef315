//! Routes of machines: a site's own servers, and whoever watches over the deployment.

use super::{Action, Body, Method, Operation, Route, Scope, Success};
use crate::events;
use goalpost_core::limits;
use serde_json::json;

pub(super) static ROUTES: &[Route] = &[
    Route {
        path: "/api/v1/sites/{site}/events",
        operations: &[Operation {
            method: Method::Post,
            action: Action::Events,
            scope: Some(Scope::Events),
            summary: "Takes events of the site's own servers, and answers each",
            parameters: &[],
            body: Some(Body {
                content_type: "application/json",
                bytes: limits::SERVER_BYTES,
                about: "{\"events\": [ … ]}, at most 1,000 of them; docs/server-events.md says \
                        what an event is.",
            }),
            success: Success {
                content_type: "application/json",
                about: "What became of each event, in their order.",
                schema: events::schema,
            },
            problems: &[400, 404],
        }],
    },
    Route {
        path: "/api/v1/sites/{site}/webhooks/{kind}",
        operations: &[Operation {
            method: Method::Post,
            action: Action::Webhook,
            scope: None,
            summary: "Takes a webhook of another system, which its own signature proves",
            parameters: &[],
            body: Some(Body {
                content_type: "application/json",
                bytes: limits::SERVER_BYTES,
                about: "Of `goalpost`: {\"events\": [ … ]}, signed with Goalpost-Signature. Of \
                        `shopify`: the topics orders/paid and refunds/create, signed with \
                        X-Shopify-Hmac-SHA256.",
            }),
            success: Success {
                content_type: "application/json",
                about: "What became of each event; none, with `ignored`, if nothing in it is counted.",
                schema: events::webhook_schema,
            },
            problems: &[400, 401, 404],
        }],
    },
    Route {
        path: "/health",
        operations: &[Operation {
            method: Method::Get,
            action: Action::Health,
            scope: None,
            summary: "Whether the deployment is ready, and if not, why",
            parameters: &[],
            body: None,
            success: Success {
                content_type: "application/json",
                about: "Ready. With status 503 the same document says what is missing.",
                schema: crate::health::schema,
            },
            problems: &[],
        }],
    },
    Route {
        path: "/api/v1/openapi.json",
        operations: &[Operation {
            method: Method::Get,
            action: Action::OpenApi,
            scope: None,
            summary: "This document",
            parameters: &[],
            body: None,
            success: Success {
                content_type: "application/json",
                about: "OpenAPI 3.1.",
                schema: || json!({"type": "object"}),
            },
            problems: &[],
        }],
    },
];
