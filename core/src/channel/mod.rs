//! Where an arrival came from, and the channel that it falls in.
//!
//! A link's own tags (`utm_…`) are believed before a click id, a click id before the referrer. What
//! none of them tells is direct. The touch's source, medium and campaign then make its channel: by the
//! site's own rules, else by the default grouping of [`CHANNELS`].

mod click;
mod grouping;
mod referrer;
mod sources;

pub use grouping::CHANNELS;

use crate::observation::clip_text;
use alloc::{
    string::{String, ToString as _},
    vec::Vec,
};
use click::Click;
use serde::{Deserialize, Serialize};
use sources::{Kind, listed};

const DIRECT: &str = "(direct)";
const NONE: &str = "(none)";
const NOT_SET: &str = "(not set)";
const ASSISTANT_MEDIUM: &str = "ai-assistant";
const ASSISTANT_CAMPAIGN: &str = "(ai-assistant)";

/// An arrival with its source: the first page view of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Touch {
    /// The channel's name: one of [`CHANNELS`], or one of the site's own.
    pub channel: String,
    /// `utm_source`; else what the click id stands for; else the referrer's name on a list, or its
    /// host; else `(direct)`, or `(not set)` where there is a `utm_medium`.
    pub source: String,
    /// `utm_medium`; else what the click id or the referrer stands for; else `(none)`, or
    /// `(not set)` where there is a `utm_source`.
    pub medium: String,
    /// `utm_campaign`, or `(ai-assistant)`; empty without one.
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
    /// The site's own hosts: no referrers, with `www.` or without.
    pub hosts: Vec<String>,
    /// Further hosts that are no referrers, with their subdomains, beside the known payment
    /// providers.
    pub not_referrers: Vec<String>,
    /// The site's own rules, the first that fits wins, before the default grouping.
    pub own: Vec<ChannelRule>,
}

/// A site's own channel: every list that is not empty must have a value that fits, compared without
/// regard to case. A value matches whole; with `*` at its end or beginning it matches the rest. A
/// rule without any value fits nothing.
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

/// Where an arrival came from without regard to its tags.
struct Origin {
    source: String,
    medium: &'static str,
    kind: Option<Kind>,
}

impl Channels {
    /// The touch of an arrival.
    ///
    /// ```
    /// use goalpost_core::channel::{Arrival, Channels};
    /// let channels = Channels { hosts: vec!["shop.example".into()], ..Channels::default() };
    /// let touch = channels.touch(&Arrival { query: &[], referrer: "https://www.google.co.jp/" });
    /// assert_eq!((touch.source.as_str(), touch.medium.as_str()), ("google", "organic"));
    /// assert_eq!(touch.channel, "Organic Search");
    ///
    /// let inside = channels.touch(&Arrival { query: &[], referrer: "https://shop.example/cart" });
    /// assert_eq!(inside.channel, "Direct");
    /// ```
    ///
    /// Where a link says a source but no medium, the medium is `cpc` or `display` with an
    /// advertisement's click id, `ai-assistant` where the source is one (some tag their links so),
    /// and else `(not set)`: the referrer is not asked, since tags are believed before it.
    pub fn touch(&self, arrival: &Arrival<'_>) -> Touch {
        let tag = |name: &str| tag(arrival.query, name);
        let click = click::of(arrival.query);
        let origin = self.origin(click, arrival.referrer);
        let (source, medium) = match (tag("utm_source"), tag("utm_medium")) {
            (Some(source), Some(medium)) => (source, medium),
            (Some(source), None) => {
                let medium = medium_of(&source, click).to_string();
                (source, medium)
            }
            (None, Some(medium)) => {
                let source = origin.map_or_else(|| NOT_SET.to_string(), |origin| origin.source);
                (source, medium)
            }
            (None, None) => origin.map_or_else(
                || (DIRECT.to_string(), NONE.to_string()),
                |origin| (origin.source, origin.medium.to_string()),
            ),
        };
        let campaign = tag("utm_campaign").unwrap_or_else(|| {
            let assistant = medium == ASSISTANT_MEDIUM;
            (if assistant { ASSISTANT_CAMPAIGN } else { "" }).to_string()
        });
        let own = self
            .own
            .iter()
            .find(|rule| rule.fits(&source, &medium, &campaign));
        let channel = own.map_or_else(
            || grouping::channel(&source, &medium, &campaign).to_string(),
            |rule| rule.channel.clone(),
        );
        Touch {
            channel,
            source,
            medium,
            campaign,
            term: tag("utm_term").unwrap_or_default(),
            content: tag("utm_content").unwrap_or_default(),
            click: click.map_or_else(String::new, |click| click.key.to_string()),
        }
    }

    fn origin(&self, click: Option<&Click>, referrer: &str) -> Option<Origin> {
        let referrer = self.referrer(referrer);
        let Some(click) = click else {
            return referrer;
        };
        let source = referrer
            .filter(|referrer| click.shared_by.is_some() && click.shared_by == referrer.kind)
            .map_or_else(|| click.source.to_string(), |referrer| referrer.source);
        Some(Origin {
            source,
            medium: click.medium,
            kind: None,
        })
    }

    fn referrer(&self, referrer: &str) -> Option<Origin> {
        let site = referrer::site(referrer)?;
        if self.is_own(&site) || self.is_not_referrer(&site) || sources::is_detour(&site) {
            return None;
        }
        Some(match listed(&site) {
            Some(listed) => Origin {
                source: listed.name.to_string(),
                medium: listed.kind.medium(),
                kind: Some(listed.kind),
            },
            None => Origin {
                source: referrer::without_www(&site).to_string(),
                medium: "referral",
                kind: None,
            },
        })
    }

    fn is_own(&self, site: &str) -> bool {
        let site = referrer::without_www(site);
        self.hosts
            .iter()
            .any(|own| referrer::without_www(&own.to_ascii_lowercase()) == site)
    }

    fn is_not_referrer(&self, site: &str) -> bool {
        self.not_referrers.iter().any(|host| {
            let host = host.to_ascii_lowercase();
            site.strip_suffix(referrer::without_www(&host))
                .is_some_and(|before| before.is_empty() || before.ends_with('.'))
        })
    }
}

impl ChannelRule {
    fn fits(&self, source: &str, medium: &str, campaign: &str) -> bool {
        let lists = [
            (&self.source, source),
            (&self.medium, medium),
            (&self.campaign, campaign),
        ];
        lists.iter().any(|(list, _)| !list.is_empty())
            && lists.iter().all(|(list, value)| {
                let value = value.to_ascii_lowercase();
                list.is_empty() || list.iter().any(|pattern| matches(pattern, &value))
            })
    }
}

/// Whether a value in lower case is the pattern, or has it where the pattern's `*` leave off.
fn matches(pattern: &str, value: &str) -> bool {
    let pattern = pattern.to_ascii_lowercase();
    let start = pattern.strip_prefix('*');
    let part = start.unwrap_or(&pattern);
    let end = part.strip_suffix('*');
    let part = end.unwrap_or(part);
    match (start.is_some(), end.is_some()) {
        (true, true) => value.contains(part),
        (true, false) => value.ends_with(part),
        (false, true) => value.starts_with(part),
        (false, false) => value == part,
    }
}

/// What a tag says: its first value that is not empty, in one line and bounded.
fn tag(query: &[(String, String)], name: &str) -> Option<String> {
    query
        .iter()
        .filter(|(key, _)| key == name)
        .map(|(_, value)| clip_text(value.trim()).replace(char::is_control, ""))
        .find(|value| !value.is_empty())
}

/// The medium of a tagged source that names none.
fn medium_of(source: &str, click: Option<&Click>) -> &'static str {
    if let Some(click) = click.filter(|click| click.is_ad) {
        return click.medium;
    }
    match listed(&source.to_ascii_lowercase()) {
        Some(listed) if listed.kind == Kind::Assistant => ASSISTANT_MEDIUM,
        _ => NOT_SET,
    }
}

#[cfg(test)]
mod tests;
