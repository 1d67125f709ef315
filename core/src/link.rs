//! Kinds of links, told from what a link says of itself.

use crate::codec::wire_enum;
use alloc::string::String;
use serde::Serialize;

/// Kinds of links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(rename_all = "snake_case")]
#[allow(clippy::exhaustive_enums, reason = "evaluation must decide about each")]
pub enum LinkKind {
    /// `tel:`, a phone call.
    Tel,
    /// `mailto:`, a mail.
    Mailto,
    /// `sms:`, a text message.
    Sms,
    /// A file: the link has a `download` attribute or a file's ending.
    Download,
    /// A page of another host.
    Outbound,
}

impl LinkKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Tel,
        Self::Mailto,
        Self::Sms,
        Self::Download,
        Self::Outbound,
    ];

    /// The name in a plan.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tel => "tel",
            Self::Mailto => "mailto",
            Self::Sms => "sms",
            Self::Download => "download",
            Self::Outbound => "outbound",
        }
    }
}

/// Endings of files that people download rather than visit.
const FILE_ENDINGS: [&str; 16] = [
    "pdf", "zip", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "csv", "epub", "dmg", "exe", "apk",
    "mp3", "mp4", "gz",
];

impl LinkKind {
    /// Whether a link of this `href` is of the kind; `hosts` are the site's own.
    pub(crate) fn fits(self, href: &str, download: bool, hosts: &[String]) -> bool {
        let scheme = |name: &str| {
            href.as_bytes()
                .get(..name.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()))
        };
        match self {
            Self::Tel => scheme("tel:"),
            Self::Mailto => scheme("mailto:"),
            Self::Sms => scheme("sms:"),
            Self::Download => {
                download
                    || FILE_ENDINGS
                        .iter()
                        .any(|ending| path_ends_with(href, ending))
            }
            Self::Outbound => {
                (scheme("http:") || scheme("https:") || scheme("//"))
                    && host_of(href)
                        .is_some_and(|host| !hosts.iter().any(|own| own.eq_ignore_ascii_case(host)))
            }
        }
    }
}

fn path_ends_with(href: &str, ending: &str) -> bool {
    let end = href
        .bytes()
        .position(|byte| matches!(byte, b'?' | b'#'))
        .unwrap_or(href.len());
    let path = href.as_bytes().get(..end).unwrap_or_default();
    let start = path.len().saturating_sub(ending.len());
    let dot = start.checked_sub(1).and_then(|at| path.get(at));
    dot == Some(&b'.')
        && path
            .get(start..)
            .is_some_and(|found| found.eq_ignore_ascii_case(ending.as_bytes()))
}

fn host_of(href: &str) -> Option<&str> {
    let start = href
        .as_bytes()
        .windows(2)
        .position(|pair| pair == b"//")?
        .saturating_add(2);
    let rest = href.get(start..)?;
    let end = rest
        .bytes()
        .position(|byte| matches!(byte, b'/' | b'?' | b'#' | b':'))
        .unwrap_or(rest.len());
    rest.get(..end)
}

wire_enum!(LinkKind { 0 = Tel, 1 = Mailto, 2 = Sms, 3 = Download, 4 = Outbound });
