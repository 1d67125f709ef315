//! Channels of any arrival, and the page that explains them.

use goalpost_core::{
    channel::{Arrival, CHANNELS, ChannelRule, Channels},
    limits,
};
use proptest::{collection::vec, prelude::*, sample::select};

fn shop() -> Channels {
    Channels {
        hosts: vec!["shop.example".to_owned()],
        not_referrers: vec!["pay.example".to_owned()],
        own: Vec::new(),
    }
}

#[test]
fn the_page_about_channels_lists_them_in_their_order() {
    let page = include_str!("../../../docs/channels.md");
    let (_, table) = page.split_once("| channel | rule |").unwrap();
    let names: Vec<&str> = table
        .lines()
        .skip(2)
        .map_while(|line| line.strip_prefix("| ")?.split(" |").next())
        .collect();
    assert_eq!(names, CHANNELS);
}

fn some_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-zA-Z().*_ -]{0,12}",
        select(vec![
            "google",
            "facebook.com",
            "(direct)",
            "(none)",
            "cpc",
            "email",
            "ai-assistant",
            "shop",
        ])
        .prop_map(str::to_owned),
    ]
}

fn some_query() -> impl Strategy<Value = Vec<(String, String)>> {
    let key = prop_oneof![
        select(vec![
            "utm_source",
            "utm_medium",
            "utm_campaign",
            "utm_term",
            "utm_content",
            "gclid",
            "fbclid",
            "yclid",
            "dclid",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ];
    vec((key, some_text()), 0..6)
}

fn some_referrer() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "(https?|android-app|ftp)://[a-zA-Z0-9.:@\\[\\]-]{0,40}(/[a-z/]{0,10})?",
        select(vec!["https://www.google.com/", "https://shop.example/", ""])
            .prop_map(str::to_owned),
    ]
}

proptest! {
    #[test]
    fn any_arrival_falls_in_one_channel(
        query in some_query(), referrer in some_referrer(), own in some_text(), pattern in some_text(),
    ) {
        let channels = Channels {
            own: vec![ChannelRule {
                channel: own.clone(), source: vec![pattern], ..ChannelRule::default()
            }],
            ..shop()
        };
        let arrival = Arrival { query: &query, referrer: &referrer };
        let touch = channels.touch(&arrival);
        prop_assert!(CHANNELS.contains(&&*touch.channel) || touch.channel == own);
        prop_assert!(!touch.source.is_empty() && !touch.medium.is_empty());
        for text in [&touch.source, &touch.medium, &touch.campaign, &touch.term, &touch.content] {
            prop_assert!(text.len() <= limits::TEXT_BYTES);
        }
        prop_assert_eq!(channels.touch(&arrival), touch);
    }

    #[test]
    fn case_makes_no_difference_to_the_channel(source in some_text(), medium in some_text()) {
        let of = |source: &str, medium: &str| {
            let query = [
                ("utm_source".to_owned(), source.to_owned()),
                ("utm_medium".to_owned(), medium.to_owned()),
            ];
            shop().touch(&Arrival { query: &query, referrer: "" }).channel
        };
        prop_assert_eq!(
            of(&source, &medium),
            of(&source.to_ascii_uppercase(), &medium.to_ascii_uppercase())
        );
    }
}
