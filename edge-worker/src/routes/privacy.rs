//! Routes of those who answer what people may ask for.

use super::{Action, Filed, Method, Operation, Route, Scope, Success};
use crate::{audit, contacts, erase};

/// Beside what shows the contact.
pub(super) const ERASE: Operation = Operation {
    method: Method::Delete,
    action: Action::Erase,
    scope: Some(Scope::Privacy),
    summary: "Erases a person by any identity or visitor: all that is kept, and for good",
    parameters: &[],
    body: None,
    success: Success {
        content_type: "application/json",
        about: "The erasure; where it is still running, the clock goes on with it.",
        schema: erase::schema,
    },
    problems: &[400],
};

pub(super) static ROUTES: &[Route] = &[
    Route {
        path: "/api/v1/sites/{site}/contacts/{contact}/export",
        operations: &[Operation {
            method: Method::Get,
            action: Action::Export,
            scope: Some(Scope::Privacy),
            summary: "Everything that is stored of a person, row by row",
            parameters: contacts::EXPORT_PARAMETERS,
            body: None,
            success: Success {
                content_type: "application/json",
                about: "Rows, and where the next page begins; a page may have none.",
                schema: contacts::export_schema,
            },
            problems: &[400],
        }],
    },
    Route {
        path: "/api/v1/sites/{site}/erasures/{erasure}",
        operations: &[Operation {
            method: Method::Get,
            action: Action::Erasure,
            scope: Some(Scope::Privacy),
            summary: "How far an erasure is",
            parameters: &[],
            body: None,
            success: Success {
                content_type: "application/json",
                about: "The erasure; it names nobody.",
                schema: erase::schema,
            },
            problems: &[404],
        }],
    },
    Route {
        path: "/api/v1/sites/{site}/erasures/{erasure}/step",
        operations: &[Operation {
            method: Method::Post,
            action: Action::ErasureStep,
            scope: Some(Scope::Privacy),
            summary: "Takes steps of an erasure; after its end it changes nothing",
            parameters: &[],
            body: None,
            success: Success {
                content_type: "application/json",
                about: "The erasure after them.",
                schema: erase::schema,
            },
            problems: &[404],
        }],
    },
    Route {
        path: "/api/v1/sites/{site}/audit",
        operations: &[audit(
            Filed::UnderSite,
            "Who did what: plans, replays, tokens, costs, exports, erasures, and what was done in quarantine",
        )],
    },
    Route {
        path: "/api/v1/audit",
        operations: &[audit(
            Filed::UnderNone,
            "Who did what with what waits in quarantine under no site",
        )],
    },
];

const fn audit(filed: Filed, summary: &'static str) -> Operation {
    Operation {
        method: Method::Get,
        action: Action::Audit(filed),
        scope: Some(Scope::Privacy),
        summary,
        parameters: audit::PARAMETERS,
        body: None,
        success: Success {
            content_type: "application/json",
            about: "The acts, the latest first; kept for two years.",
            schema: audit::schema,
        },
        problems: &[400],
    }
}
