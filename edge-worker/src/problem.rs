//! Problem documents: every error that leaves the Worker, as RFC 9457 describes them.
//!
//! Source: <https://www.rfc-editor.org/rfc/rfc9457>

use serde::Serialize;
use std::borrow::Cow;

/// What can go wrong for a caller; each kind has one status and one title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    BadBeacon,
    BadEvents,
    BadCosts,
    BadEncoding,
    BadItem,
    BadParameter,
    BadPlan,
    BadToken,
    Busy,
    CrossSite,
    ForeignHost,
    Internal,
    Limited,
    MethodNotAllowed,
    MissingScope,
    NotFound,
    TooLarge,
    Unauthorized,
    Unavailable,
    UnknownSite,
}

impl Kind {
    pub(crate) const ALL: [Self; 20] = [
        Self::BadBeacon,
        Self::BadEvents,
        Self::BadCosts,
        Self::BadEncoding,
        Self::BadItem,
        Self::BadParameter,
        Self::BadPlan,
        Self::BadToken,
        Self::Busy,
        Self::CrossSite,
        Self::ForeignHost,
        Self::Internal,
        Self::Limited,
        Self::MethodNotAllowed,
        Self::MissingScope,
        Self::NotFound,
        Self::TooLarge,
        Self::Unauthorized,
        Self::Unavailable,
        Self::UnknownSite,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::BadBeacon => "bad-beacon",
            Self::BadEvents => "bad-events",
            Self::BadCosts => "bad-costs",
            Self::BadEncoding => "bad-encoding",
            Self::BadItem => "bad-item",
            Self::BadParameter => "bad-parameter",
            Self::BadPlan => "bad-plan",
            Self::BadToken => "bad-token",
            Self::Busy => "busy",
            Self::CrossSite => "cross-site",
            Self::ForeignHost => "foreign-host",
            Self::Internal => "internal",
            Self::Limited => "limited",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::MissingScope => "missing-scope",
            Self::NotFound => "not-found",
            Self::TooLarge => "too-large",
            Self::Unauthorized => "unauthorized",
            Self::Unavailable => "unavailable",
            Self::UnknownSite => "unknown-site",
        }
    }

    pub(crate) const fn status(self) -> u16 {
        match self {
            Self::BadBeacon | Self::BadEvents | Self::BadParameter => 400,
            Self::Unauthorized => 401,
            Self::CrossSite | Self::ForeignHost | Self::MissingScope => 403,
            Self::NotFound | Self::UnknownSite => 404,
            Self::MethodNotAllowed => 405,
            Self::Busy => 409,
            Self::TooLarge => 413,
            Self::BadEncoding => 415,
            Self::BadCosts | Self::BadItem | Self::BadPlan | Self::BadToken => 422,
            Self::Limited => 429,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::BadBeacon => "The body is not a beacon",
            Self::BadEvents => "The body is not a list of events",
            Self::BadCosts => "The costs have problems",
            Self::BadEncoding => "The body cannot be decoded",
            Self::BadItem => "It cannot be stored as it is",
            Self::BadParameter => "A parameter of the request cannot be used",
            Self::BadPlan => "The plan has problems",
            Self::BadToken => "The token cannot be made",
            Self::Busy => "Something else must end first",
            Self::CrossSite => "Another site's page may have asked for it",
            Self::ForeignHost => "The page's host is not one of the plan's",
            Self::Internal => "Something went wrong at the edge",
            Self::Limited => "It is too much for now",
            Self::MethodNotAllowed => "The route does not take this method",
            Self::MissingScope => "The token may not do this",
            Self::NotFound => "There is nothing at this path",
            Self::TooLarge => "The body is too large",
            Self::Unauthorized => "A valid token or signature is needed",
            Self::Unavailable => "A part of the edge does not answer right now",
            Self::UnknownSite => "No site of this name has a plan",
        }
    }
}

/// One of several things that are wrong with a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// Where it stands in the body.
    pub(crate) path: String,
    /// What is wrong, and how to put it right.
    pub(crate) detail: String,
}

/// A problem document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub(crate) struct Problem {
    pub(crate) kind: Kind,
    /// What is wrong this time: it names the field and the fix.
    pub(crate) detail: Cow<'static, str>,
    /// Everything that is wrong, where that is more than one thing.
    pub(crate) findings: Vec<Finding>,
    /// The methods that the route takes, for a method that it does not.
    pub(crate) allow: Option<String>,
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "<[Finding]>::is_empty")]
    problems: &'a [Finding],
}

/// The address of a kind's description: a place in the document that the edge itself serves.
pub(crate) fn type_of(kind: Kind) -> String {
    format!("/api/v1/openapi.json#/x-problems/{}", kind.name())
}

impl Problem {
    pub(crate) fn new(kind: Kind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            findings: Vec::new(),
            allow: None,
        }
    }

    /// The document as JSON.
    pub(crate) fn json(&self) -> String {
        let document = Document {
            r#type: type_of(self.kind),
            title: self.kind.title(),
            status: self.kind.status(),
            detail: &self.detail,
            problems: &self.findings,
        };
        serde_json::to_string(&document).unwrap_or_default()
    }

    /// The headers that the kind asks for, beside the content type.
    pub(crate) fn headers(&self) -> Vec<(&'static str, &str)> {
        let mut headers = Vec::new();
        match self.kind {
            Kind::Unauthorized => {
                headers.push(("WWW-Authenticate", "Bearer realm=\"goalpost\""));
            }
            Kind::Unavailable => headers.push(("Retry-After", "5")),
            Kind::Limited => headers.push(("Retry-After", "60")),
            Kind::BadEncoding => headers.push(("Accept-Encoding", "gzip")),
            _ => {}
        }
        if let Some(allow) = &self.allow {
            headers.push(("Allow", allow));
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_kind_has_its_own_name() {
        let names: BTreeSet<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(names.len(), Kind::ALL.len());
    }

    #[test]
    fn a_problem_names_type_title_status_and_detail() {
        let problem = Problem::new(Kind::TooLarge, "body: has 70000 bytes; at most 60000 fit");
        insta::assert_snapshot!(problem.json(), @r#"{"type":"/api/v1/openapi.json#/x-problems/too-large","title":"The body is too large","status":413,"detail":"body: has 70000 bytes; at most 60000 fit"}"#);
    }
}
