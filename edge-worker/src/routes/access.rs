//! Routes of those who decide who may call the others.

use super::{Action, Body, Method, Operation, Route, Scope, Success};
use crate::tokens;

pub(super) static ROUTES: &[Route] = &[
    Route {
        path: "/api/v1/sites/{site}/tokens",
        operations: &[
            Operation {
                method: Method::Post,
                action: Action::CreateToken,
                scope: Some(Scope::Tokens),
                summary: "Makes a token of the site; this answer alone shows it",
                parameters: &[],
                body: Some(Body {
                    is_required: true,
                    content_type: "application/json",
                    bytes: tokens::BODY_BYTES,
                    about: "{name, scopes, expires_at?}: `scopes` is a list of `read`, `publish`, \
                            `events`, `costs`, `tokens`, `privacy`, `metrics` or `admin`, which is all of them; \
                            `expires_at` is in Unix milliseconds.",
                }),
                success: Success {
                    content_type: "application/json",
                    about: "The token. Of it, only its SHA-256 is kept.",
                    schema: tokens::made_schema,
                },
                problems: &[409, 422],
            },
            Operation {
                method: Method::Get,
                action: Action::Tokens,
                scope: Some(Scope::Tokens),
                summary: "The site's tokens, without what would let anybody in",
                parameters: &[],
                body: None,
                success: Success {
                    content_type: "application/json",
                    about: "The tokens, the newest first.",
                    schema: tokens::list_schema,
                },
                problems: &[],
            },
        ],
    },
    Route {
        path: "/api/v1/sites/{site}/tokens/{token}",
        operations: &[Operation {
            method: Method::Delete,
            action: Action::RevokeToken,
            scope: Some(Scope::Tokens),
            summary: "Revokes a token, at once and for ever",
            parameters: &[],
            body: None,
            success: Success {
                content_type: "application/json",
                about: "The token, which lets nobody in any more.",
                schema: tokens::revoked_schema,
            },
            problems: &[404],
        }],
    },
    Route {
        path: "/api/v1/sites/{site}/tokens/{token}/rotate",
        operations: &[Operation {
            method: Method::Post,
            action: Action::RotateToken,
            scope: Some(Scope::Tokens),
            summary: "Makes the next token with the same name and scopes; the old one ends a day later",
            parameters: &[],
            body: None,
            success: Success {
                content_type: "application/json",
                about: "The next token. Of it, only its SHA-256 is kept.",
                schema: tokens::made_schema,
            },
            problems: &[404, 409],
        }],
    },
];
