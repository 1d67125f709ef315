//! Routes of those who look after what waits in quarantine: a site's own, and what is of no site.

use super::{Action, Body, Filed, Method, Operation, Route, Scope, Success};
use crate::quarantine;

pub(super) static ROUTES: &[Route] = &[
    Route {
        path: "/api/v1/sites/{site}/quarantine",
        operations: &[list(Filed::UnderSite)],
    },
    Route {
        path: "/api/v1/sites/{site}/quarantine/{id}",
        operations: &[show(Filed::UnderSite), discard(Filed::UnderSite)],
    },
    Route {
        path: "/api/v1/sites/{site}/quarantine/{id}/replay",
        operations: &[replay(Filed::UnderSite)],
    },
    Route {
        path: "/api/v1/quarantine",
        operations: &[list(Filed::UnderNone)],
    },
    Route {
        path: "/api/v1/quarantine/{id}",
        operations: &[show(Filed::UnderNone), discard(Filed::UnderNone)],
    },
    Route {
        path: "/api/v1/quarantine/{id}/replay",
        operations: &[replay(Filed::UnderNone)],
    },
];

const fn list(filed: Filed) -> Operation {
    Operation {
        method: Method::Get,
        action: Action::Quarantine(filed),
        scope: Some(Scope::Privacy),
        summary: match filed {
            Filed::UnderSite => "What of a site waits in quarantine, and why",
            Filed::UnderNone => "What waits in quarantine of which nobody could tell the site",
        },
        parameters: quarantine::PARAMETERS,
        body: None,
        success: Success {
            content_type: "application/json",
            about: "The newest first, by their ids; a page may have none and another one follow.",
            schema: quarantine::list_schema,
        },
        problems: &[400],
    }
}

const fn show(filed: Filed) -> Operation {
    Operation {
        method: Method::Get,
        action: Action::Quarantined(filed),
        scope: Some(Scope::Privacy),
        summary: match filed {
            Filed::UnderSite => "What waits, as it came; that it was read is noted",
            Filed::UnderNone => "What waits under no site, as it came; that it was read is noted",
        },
        parameters: &[],
        body: None,
        success: Success {
            content_type: "application/json",
            about: "What waits: its text, or base64 where it is none.",
            schema: quarantine::shown_schema,
        },
        problems: &[400, 404],
    }
}

const fn replay(filed: Filed) -> Operation {
    Operation {
        method: Method::Post,
        action: Action::ReplayQuarantined(filed),
        scope: Some(Scope::Admin),
        summary: match filed {
            Filed::UnderSite => "Stores what waits, as it came or put right",
            Filed::UnderNone => "Stores what waits under no site, at the site that it names",
        },
        parameters: &[],
        body: Some(Body {
            is_required: false,
            content_type: "application/json",
            bytes: quarantine::BODY_BYTES,
            about: "The item, or the whole body, put right; nothing, to take it as it came.",
        }),
        success: Success {
            content_type: "application/json",
            about: "What became of its items. It waits no more; an item of a body that is wrong by \
                    itself waits on its own.",
            schema: quarantine::replayed_schema,
        },
        problems: &[400, 404, 409, 422],
    }
}

const fn discard(filed: Filed) -> Operation {
    Operation {
        method: Method::Delete,
        action: Action::DiscardQuarantined(filed),
        scope: Some(Scope::Admin),
        summary: match filed {
            Filed::UnderSite => "Discards what waits; it is counted as dropped",
            Filed::UnderNone => "Discards what waits under no site; it is counted as dropped",
        },
        parameters: &[],
        body: None,
        success: Success {
            content_type: "application/json",
            about: "It waits no more.",
            schema: quarantine::discarded_schema,
        },
        problems: &[400, 404],
    }
}
