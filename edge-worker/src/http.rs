//! Answers and bodies: what every route shares.

use crate::{
    log,
    problem::{Kind, Problem},
    sink,
};
use serde::Serialize;
use worker::{Headers, Request, Response, ResponseBody};

/// Why a request has no good answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The caller can read it and act.
    #[error(transparent)]
    Problem(#[from] Problem),
    /// A binding or the platform failed; the text is for the log alone.
    #[error("platform: {0}")]
    Platform(String),
    /// What this code wrote it cannot read.
    #[error("internal: {0}")]
    Internal(String),
}

impl From<worker::Error> for Failure {
    fn from(problem: worker::Error) -> Self {
        Self::Platform(problem.to_string())
    }
}

impl From<worker::kv::KvError> for Failure {
    fn from(problem: worker::kv::KvError) -> Self {
        Self::Platform(problem.to_string())
    }
}

impl From<serde_json::Error> for Failure {
    fn from(problem: serde_json::Error) -> Self {
        Self::Internal(problem.to_string())
    }
}

impl Failure {
    /// What the caller may learn of it.
    pub(crate) fn problem(self) -> Problem {
        match self {
            Self::Problem(problem) => problem,
            Self::Platform(_) => Problem::new(
                Kind::Unavailable,
                "storage does not answer; send the same request again in a few seconds",
            ),
            Self::Internal(_) => Problem::new(
                Kind::Internal,
                "the edge failed on its own data; its log says how",
            ),
        }
    }
}

pub(crate) type Outcome = Result<Response, Failure>;

/// What the caller may learn of a failure; the log learns the rest.
pub(crate) fn told(failure: Failure, operation: &str, site: &str) -> Problem {
    if !matches!(failure, Failure::Problem(_)) {
        let about = [("operation", operation), ("site", sink::site_name(site))];
        log::error("no_answer", &about, &failure);
    }
    failure.problem()
}

/// The one place where an error becomes an answer.
pub(crate) fn respond(
    outcome: Result<web_sys::Response, Failure>,
) -> worker::Result<web_sys::Response> {
    let failure = match outcome {
        Ok(response) => return Ok(response),
        Err(failure) => failure,
    };
    let problem = told(failure, "Collect", "");
    let body = problem.json().into_bytes();
    let response = with_body(problem.kind.status(), "application/problem+json", body)?;
    for (name, value) in problem.headers() {
        response.headers().set(name, value)?;
    }
    response.headers().set("Cache-Control", "no-store")?;
    signed(guarded(response)?)
}

/// The answer with our sign: what a proxy or a captive network answers in our place lacks it.
pub(crate) fn signed(response: Response) -> worker::Result<web_sys::Response> {
    response.headers().set("X-Goalpost", "1")?;
    Ok(response.into())
}

/// What every answer of our own says, unless it says something else: it is what its type says, it is
/// no page, no other page may frame it, and it passes on no address.
///
/// `runtime.js` says the same of the answer to a beacon. What holds for the whole host, such as
/// `Strict-Transport-Security`, is the shop's to say.
const GUARDS: [(&str, &str); 3] = [
    ("X-Content-Type-Options", "nosniff"),
    (
        "Content-Security-Policy",
        "default-src 'none'; frame-ancestors 'none'",
    ),
    ("Referrer-Policy", "no-referrer"),
];

/// The answer with what guards it.
pub(crate) fn guarded(response: Response) -> worker::Result<Response> {
    let headers = response.headers();
    for (name, value) in GUARDS {
        if !headers.has(name)? {
            headers.set(name, value)?;
        }
    }
    Ok(response)
}

/// The same answer to a `HEAD`.
pub(crate) fn without_body(response: &web_sys::Response) -> Result<web_sys::Response, Failure> {
    let init = web_sys::ResponseInit::new();
    init.set_status(response.status());
    init.set_headers(&response.headers());
    web_sys::Response::new_with_opt_str_and_init(None, &init)
        .map_err(|problem| worker::Error::from(problem).into())
}

/// A table for a spreadsheet, under this name of a file.
pub(crate) fn csv(file: &str, text: String) -> Outcome {
    let response = with_body(200, "text/csv; charset=utf-8", text.into_bytes())?;
    let headers = response.headers();
    let disposition = format!("attachment; filename=\"{file}.csv\"");
    headers.set("Content-Disposition", &disposition)?;
    headers.set("Cache-Control", "no-store")?;
    Ok(response)
}

/// An answer with a body of a stated type.
pub(crate) fn with_body(
    status: u16,
    content_type: &str,
    body: Vec<u8>,
) -> worker::Result<Response> {
    let headers = Headers::new();
    headers.set("Content-Type", content_type)?;
    Ok(Response::from_body(ResponseBody::Body(body))?
        .with_status(status)
        .with_headers(headers))
}

/// A JSON answer that nobody may keep.
pub(crate) fn json(value: &impl Serialize) -> Outcome {
    json_text(serde_json::to_vec(value)?)
}

/// A JSON answer that is already text.
pub(crate) fn json_text(text: Vec<u8>) -> Outcome {
    let response = with_body(200, "application/json", text)?;
    response.headers().set("Cache-Control", "no-store")?;
    Ok(response)
}

/// An answer without a body.
pub(crate) fn empty(status: u16) -> worker::Result<Response> {
    Ok(Response::empty()?.with_status(status))
}

/// A header's value; empty if it is not there.
pub(crate) fn header(request: &Request, name: &str) -> String {
    request
        .headers()
        .get(name)
        .ok()
        .flatten()
        .unwrap_or_default()
}
