//! The default grouping: which channel a source, a medium and a campaign make.

use super::{
    ASSISTANT_MEDIUM, DIRECT, NONE, NOT_SET,
    sources::{Kind, listed},
};

/// The names of the default channels, in the order in which they are tried; the last takes the rest.
///
/// ```
/// use goalpost_core::channel::CHANNELS;
/// assert_eq!(CHANNELS.first(), Some(&"Direct"));
/// assert_eq!(CHANNELS.last(), Some(&"Unassigned"));
/// ```
pub const CHANNELS: [&str; 20] = [
    "Direct",
    "Cross-network",
    "Paid Shopping",
    "Paid Search",
    "Paid Social",
    "Paid Video",
    "Display",
    "Paid Other",
    "Organic Shopping",
    "Organic Social",
    "Organic Video",
    "Organic Search",
    "AI Assistant",
    "Referral",
    "Email",
    "Affiliates",
    "Audio",
    "SMS",
    "Mobile Push",
    "Unassigned",
];

const DISPLAY: [&str; 5] = ["display", "banner", "expandable", "interstitial", "cpm"];
const SOCIAL: [&str; 6] = [
    "social",
    "social-network",
    "social-media",
    "sm",
    "social network",
    "social media",
];
const REFERRAL: [&str; 3] = ["referral", "app", "link"];
const EMAIL: [&str; 4] = ["email", "e-mail", "e_mail", "e mail"];

/// The default channel of a touch: GA4's rules for tagged links, the first that fits, without regard
/// to case.
///
/// Where implementations of these rules differ:
/// - `cross-network` is looked for in the campaign, as GA4 does; some look at the medium.
/// - Display comes before Paid Other, as GA4 has it, so `cpm` is Display unless the source is a
///   listed one: `google` / `cpm` is Paid Search.
/// - Email is one of four spellings, whole: `newsletter` or `email-spring` as a source is Unassigned.
///   Some look for the spelling anywhere. A rule of the site's own says otherwise.
/// - AI Assistant is the medium `ai-assistant` and comes before Referral, as in GA4.
/// - What fits nothing is Unassigned; some call it Referral or Direct.
/// - A source is looked up with its parent domains, as referrers' hosts are: `de.pinterest.com` is
///   `pinterest.com`.
pub(super) fn channel(source: &str, medium: &str, campaign: &str) -> &'static str {
    let source = &*source.to_ascii_lowercase();
    let medium = &*medium.to_ascii_lowercase();
    let campaign = &*campaign.to_ascii_lowercase();
    let kind = listed(source).map(|listed| listed.kind);
    let paid = is_paid(medium);
    let shopping = kind == Some(Kind::Shopping) || is_shopping(campaign);

    if source == DIRECT && [NONE, NOT_SET].contains(&medium) {
        "Direct"
    } else if campaign.contains("cross-network") {
        "Cross-network"
    } else if shopping && paid {
        "Paid Shopping"
    } else if kind == Some(Kind::Search) && paid {
        "Paid Search"
    } else if kind == Some(Kind::Social) && paid {
        "Paid Social"
    } else if kind == Some(Kind::Video) && paid {
        "Paid Video"
    } else if DISPLAY.contains(&medium) {
        "Display"
    } else if paid {
        "Paid Other"
    } else if shopping {
        "Organic Shopping"
    } else if kind == Some(Kind::Social) || SOCIAL.contains(&medium) {
        "Organic Social"
    } else if kind == Some(Kind::Video) || medium.contains("video") {
        "Organic Video"
    } else if kind == Some(Kind::Search) || medium == "organic" {
        "Organic Search"
    } else if medium == ASSISTANT_MEDIUM {
        "AI Assistant"
    } else if REFERRAL.contains(&medium) {
        "Referral"
    } else if EMAIL.contains(&source) || EMAIL.contains(&medium) {
        "Email"
    } else if medium == "affiliate" {
        "Affiliates"
    } else if medium == "audio" {
        "Audio"
    } else if source == "sms" || medium == "sms" {
        "SMS"
    } else if medium.ends_with("push")
        || medium.contains("mobile")
        || medium.contains("notification")
        || source == "firebase"
    {
        "Mobile Push"
    } else {
        "Unassigned"
    }
}

/// `^(.*cp.*|ppc|retargeting|paid.*)$`
fn is_paid(medium: &str) -> bool {
    medium.contains("cp")
        || medium == "ppc"
        || medium == "retargeting"
        || medium.starts_with("paid")
}

/// `^(.*(([^a-df-z]|^)shop|shopping).*)$`: `shop` as a word's beginning or in `eshop`, but in
/// `workshop` it is another word's end.
fn is_shopping(campaign: &str) -> bool {
    campaign.contains("shopping")
        || campaign.match_indices("shop").any(|(at, _)| {
            let before = campaign.get(..at).and_then(|start| start.chars().last());
            !before.is_some_and(|letter| letter.is_ascii_lowercase() && letter != 'e')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each row of the table that GA4 publishes, with what only just fits it and in other case.
    const ROWS: [(&str, &str, &str, &str); 66] = [
        ("(direct)", "(none)", "", "Direct"),
        ("(direct)", "(not set)", "", "Direct"),
        ("(Direct)", "(None)", "", "Direct"),
        ("google", "cpc", "Cross-network", "Cross-network"),
        ("x", "y", "2026 cross-network spring", "Cross-network"),
        ("amazon", "cpc", "", "Paid Shopping"),
        ("google", "cpc", "shop-spring", "Paid Shopping"),
        ("anything", "ppc", "Summer Shopping", "Paid Shopping"),
        ("google", "cpc", "", "Paid Search"),
        ("Google", "CPC", "", "Paid Search"),
        ("bing", "ppc", "", "Paid Search"),
        ("yahoo.co.jp", "paidsearch", "", "Paid Search"),
        ("duckduckgo", "retargeting", "", "Paid Search"),
        ("google", "cpm", "", "Paid Search"),
        ("facebook", "paid_social", "", "Paid Social"),
        ("m.facebook.com", "cpc", "", "Paid Social"),
        ("line", "cpa", "", "Paid Social"),
        ("youtube", "cpv", "", "Paid Video"),
        ("vimeo.com", "paid", "", "Paid Video"),
        ("taboola", "display", "", "Display"),
        ("taboola", "banner", "", "Display"),
        ("taboola", "expandable", "", "Display"),
        ("taboola", "interstitial", "", "Display"),
        ("taboola", "cpm", "", "Display"),
        ("facebook", "display", "", "Display"),
        ("taboola", "cpc", "", "Paid Other"),
        ("criteo", "retargeting", "", "Paid Other"),
        ("amazon.co.jp", "referral", "", "Organic Shopping"),
        ("x", "post", "eshop", "Organic Shopping"),
        ("etsy", "", "", "Organic Shopping"),
        ("facebook", "organic", "", "Organic Social"),
        ("some-forum", "social", "", "Organic Social"),
        ("some-forum", "social-network", "", "Organic Social"),
        ("some-forum", "social-media", "", "Organic Social"),
        ("some-forum", "sm", "", "Organic Social"),
        ("some-forum", "social network", "", "Organic Social"),
        ("some-forum", "Social Media", "", "Organic Social"),
        ("youtube.com", "referral", "", "Organic Video"),
        ("x", "in-video", "", "Organic Video"),
        ("google", "referral", "", "Organic Search"),
        ("some-engine", "organic", "", "Organic Search"),
        ("chatgpt.com", "ai-assistant", "", "AI Assistant"),
        ("unknown.example", "AI-Assistant", "", "AI Assistant"),
        ("blog.example", "referral", "", "Referral"),
        ("blog.example", "app", "", "Referral"),
        ("blog.example", "link", "", "Referral"),
        ("news", "email", "", "Email"),
        ("news", "E-Mail", "", "Email"),
        ("news", "e_mail", "", "Email"),
        ("news", "e mail", "", "Email"),
        ("email", "spring", "", "Email"),
        ("partner", "affiliate", "", "Affiliates"),
        ("podcast", "audio", "", "Audio"),
        ("sms", "spring", "", "SMS"),
        ("twilio", "SMS", "", "SMS"),
        ("app", "webpush", "", "Mobile Push"),
        ("app", "mobile-app", "", "Mobile Push"),
        ("app", "notification", "", "Mobile Push"),
        ("firebase", "x", "", "Mobile Push"),
        ("newsletter", "(not set)", "", "Unassigned"),
        ("x", "affiliates", "", "Unassigned"),
        ("email-spring", "y", "", "Unassigned"),
        ("(direct)", "y", "", "Unassigned"),
        ("", "", "", "Unassigned"),
        ("x", "push-x", "", "Unassigned"),
        ("x", "post", "workshop", "Unassigned"),
    ];

    #[test]
    fn every_row_of_the_table_holds() {
        for (source, medium, campaign, wanted) in ROWS {
            assert_eq!(
                channel(source, medium, campaign),
                wanted,
                "{source} / {medium} / {campaign}"
            );
        }
    }

    #[test]
    fn every_channel_has_a_row_and_the_rows_stand_in_its_order() {
        let mut rows = ROWS.map(|(.., channel)| channel).to_vec();
        rows.dedup();
        assert_eq!(rows, CHANNELS);
    }

    #[test]
    fn paid_is_a_part_a_whole_or_a_beginning() {
        for medium in [
            "cpc",
            "cpm",
            "xcpx",
            "cp",
            "ppc",
            "retargeting",
            "paid",
            "paidsearch",
        ] {
            assert!(is_paid(medium), "{medium}");
        }
        for medium in ["", "c p", "ppcx", "xppc", "retargeting2", "unpaid", "pc"] {
            assert!(!is_paid(medium), "{medium}");
        }
    }

    #[test]
    fn shop_begins_a_word_or_follows_an_e() {
        for campaign in [
            "shop",
            "shops",
            "my-shop",
            "my shop",
            "2shop",
            "eshop",
            "theshop",
            "_shop",
            "店shop",
            "shopping",
            "workshopping",
            "workshop shop",
        ] {
            assert!(is_shopping(campaign), "{campaign}");
        }
        for campaign in ["", "workshop", "bishop", "zshop", "ashop", "sho p"] {
            assert!(!is_shopping(campaign), "{campaign}");
        }
    }
}
