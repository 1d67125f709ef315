//! Click ids: what an advertiser's link tells where nobody tagged it.

use super::sources::Kind;
use alloc::string::String;

/// A click id's name and what it stands for where no tag says otherwise.
#[derive(Debug)]
pub(super) struct Click {
    pub(super) key: &'static str,
    pub(super) source: &'static str,
    pub(super) medium: &'static str,
    /// Whether only advertisements carry it.
    pub(super) is_ad: bool,
    /// Set where several sources give it out: a referrer of that kind knows better which it was.
    pub(super) shared_by: Option<Kind>,
}

const fn ad(key: &'static str, source: &'static str) -> Click {
    Click {
        key,
        source,
        medium: "cpc",
        is_ad: true,
        shared_by: None,
    }
}

/// The first of these that an arrival has is the one that counts.
pub(super) const CLICKS: [Click; 11] = [
    ad("gclid", "google"),
    // Google Ads from and to apps, where a click may not be told from others.
    ad("gbraid", "google"),
    ad("wbraid", "google"),
    // Google's Display & Video 360 and Campaign Manager.
    Click {
        medium: "display",
        ..ad("dclid", "google")
    },
    ad("msclkid", "bing"),
    ad("ttclid", "tiktok"),
    ad("twclid", "twitter"),
    ad("li_fat_id", "linkedin"),
    ad("ldtag_cl", "line"),
    // Yandex Direct, and Yahoo! JAPAN Ads as well.
    Click {
        shared_by: Some(Kind::Search),
        ..ad("yclid", "yandex")
    },
    // Meta puts it on every link that leaves Facebook or Instagram: it is no sign of an advertisement.
    Click {
        medium: "social",
        is_ad: false,
        shared_by: Some(Kind::Social),
        ..ad("fbclid", "facebook")
    },
];

/// The click id of a query; an empty one is none.
pub(super) fn of(query: &[(String, String)]) -> Option<&'static Click> {
    CLICKS.iter().find(|click| {
        query
            .iter()
            .any(|(key, value)| key == click.key && !value.trim().is_empty())
    })
}
