//! Where an arrival came from, and the channel that it falls in.

use alloc::{string::String, vec::Vec};
use serde::{Deserialize, Serialize};

/// An arrival with its source: the first page view of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Touch {
    /// The channel's name: one of [`CHANNELS`], or one of the site's own.
    pub channel: String,
    /// `utm_source`, else the referrer's host or its list's name for it, else `(direct)`.
    pub source: String,
    /// `utm_medium`, else what the referrer or the click id stands for, else `(none)`.
    pub medium: String,
    /// `utm_campaign`; empty without one.
    pub campaign: String,
    /// `utm_term`; empty without one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub term: String,
    /// `utm_content`; empty without one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub content: String,
    /// The name of the click id, such as `gclid`, never its value; empty without one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub click: String,
}

/// What a page view says of how it was reached.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// The page's own query, as kept.
    pub query: &'a [(String, String)],
    /// Where the visitor came from: a URL without query and fragment, or `android-app://…`, or
    /// empty.
    pub referrer: &'a str,
}

/// How a site tells its channels apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Channels {
    /// The site's own hosts: no referrers.
    pub hosts: Vec<String>,
    /// Further hosts that are no referrers, beside the known payment providers.
    pub not_referrers: Vec<String>,
    /// The site's own rules, the first that fits wins, before the default grouping.
    pub own: Vec<ChannelRule>,
}

/// A site's own channel: every list that is not empty must have a value that fits, compared without
/// regard to case. A value matches whole; with `*` at its end or beginning it matches the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChannelRule {
    /// The channel's name.
    pub channel: String,
    /// Sources.
    pub source: Vec<String>,
    /// Media.
    pub medium: Vec<String>,
    /// Campaigns.
    pub campaign: Vec<String>,
}

impl Channels {
    /// The touch of an arrival.
    pub fn touch(&self, _arrival: &Arrival<'_>) -> Touch {
        Touch::default()
    }
}
