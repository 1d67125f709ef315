//! Routes of machines: a site's own servers, and whoever watches over the deployment.

use super::{Action, Body, Method, Operation, Route, Scope, Success};
use crate::events;
use goalpost_core::{compat::Client, limits};
use serde_json::json;

/// What another product's client sends to a route of its own.
const fn told(client: Client, summary: &'static str) -> Operation {
    Operation {
        method: Method::Post,
        action: Action::Compat(client),
        scope: None,
        summary,
        parameters: &[],
        body: Some(Body {
            is_required: true,
            content_type: "application/json",
            bytes: limits::SERVER_BYTES,
            about: "A batch as that client sends it, at most 1,000 events; docs/server-events.md \
                    says what becomes of them.",
        }),
        success: Success {
            content_type: "application/json",
            about: "What became of each event, and with `ignored` of which nothing is counted.",
            schema: events::webhook_schema,
        },
        problems: &[400, 401, 403, 404],
    }
}

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
                is_required: true,
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
                is_required: true,
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
        path: "/api/v1/sites/{site}/compat/segment/v1/batch",
        operations: &[told(
            Client::Segment,
            "Takes what a client of Segment tells; its write key is a token",
        )],
    },
    Route {
        path: "/api/v1/sites/{site}/compat/posthog/batch/",
        operations: &[told(
            Client::Posthog,
            "Takes what a client of PostHog tells; its API key is a token",
        )],
    },
    Route {
        path: "/api/v1/sites/{site}/compat/snowplow/com.snowplowanalytics.snowplow/tp2",
        operations: &[told(
            Client::Snowplow,
            "Takes what a tracker of Snowplow tells, with a token in its own header",
        )],
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
