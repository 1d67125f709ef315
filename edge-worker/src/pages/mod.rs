//! Pages for people: each shows what the API answers, and only ever as text.

use crate::http::{self, Outcome};

/// Nothing but the pages' own files, and no text that becomes code. What a page lets its reader
/// download is its own.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'; require-trusted-types-for 'script'; \
                      trusted-types 'none'";

/// A file of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum File {
    Live,
    LiveScript,
    Reports,
    ReportsScript,
    Style,
}

impl File {
    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::Live | Self::Reports => "text/html; charset=utf-8",
            Self::LiveScript | Self::ReportsScript => "text/javascript; charset=utf-8",
            Self::Style => "text/css; charset=utf-8",
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Live => include_str!("live.html"),
            Self::LiveScript => include_str!("live.js"),
            Self::Reports => include_str!("reports.html"),
            Self::ReportsScript => include_str!("reports.js"),
            Self::Style => include_str!("pages.css"),
        }
    }
}

/// Serves a file.
pub(crate) fn serve(file: File) -> Outcome {
    let response = http::with_body(200, file.content_type(), file.text().as_bytes().to_vec())?;
    let headers = response.headers();
    headers.set("Cache-Control", "no-cache")?;
    if matches!(file, File::Live | File::Reports) {
        headers.set("Content-Security-Policy", POLICY)?;
        headers.set("Referrer-Policy", "no-referrer")?;
    }
    Ok(response)
}
