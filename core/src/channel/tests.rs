use super::*;
use alloc::{borrow::ToOwned as _, vec, vec::Vec};

fn query(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

fn shop() -> Channels {
    Channels {
        hosts: vec!["shop.example".to_owned(), "www.Shop.jp".to_owned()],
        not_referrers: vec!["pay.example".to_owned()],
        own: Vec::new(),
    }
}

fn touch(tags: &str, referrer: &str) -> Touch {
    let query = query(tags);
    shop().touch(&Arrival {
        query: &query,
        referrer,
    })
}

/// Source, medium and channel of an arrival at the shop.
#[track_caller]
fn check(tags: &str, referrer: &str, wanted: [&str; 3]) {
    let touch = touch(tags, referrer);
    assert_eq!([&*touch.source, &touch.medium, &touch.channel], wanted);
}

const DIRECTLY: [&str; 3] = ["(direct)", "(none)", "Direct"];

#[test]
fn nothing_is_direct() {
    check("", "", DIRECTLY);
    check("ref=a", "about:blank", DIRECTLY);
    let touch = touch("", "");
    assert_eq!((touch.campaign.as_str(), touch.click.as_str()), ("", ""));
}

#[test]
fn a_referrer_is_told_by_what_people_do_there() {
    for (referrer, wanted) in [
        (
            "https://www.google.com/",
            ["google", "organic", "Organic Search"],
        ),
        (
            "https://search.yahoo.co.jp/search",
            ["yahoo", "organic", "Organic Search"],
        ),
        (
            "https://l.instagram.com/",
            ["instagram", "social", "Organic Social"],
        ),
        (
            "https://www.amazon.co.jp/dp/1",
            ["amazon", "referral", "Organic Shopping"],
        ),
        (
            "https://m.youtube.com/watch",
            ["youtube", "referral", "Organic Video"],
        ),
        (
            "https://mail.google.com/mail/u/0/",
            ["gmail", "email", "Email"],
        ),
        (
            "https://www.blog.example/post",
            ["blog.example", "referral", "Referral"],
        ),
        (
            "https://WWW.Blog.Example:8080/post",
            ["blog.example", "referral", "Referral"],
        ),
    ] {
        check("", referrer, wanted);
    }
}

#[test]
fn the_own_hosts_are_no_referrers() {
    for referrer in [
        "https://shop.example/cart",
        "https://www.shop.example/",
        "https://SHOP.example/",
        "https://shop.jp/",
        "https://www.shop.jp/a",
    ] {
        check("", referrer, DIRECTLY);
    }
    check(
        "",
        "https://blog.shop.example/",
        ["blog.shop.example", "referral", "Referral"],
    );
    check(
        "",
        "https://myshop.example/",
        ["myshop.example", "referral", "Referral"],
    );
}

#[test]
fn paying_and_signing_in_is_no_arrival() {
    for host in [
        "checkout.stripe.com",
        "www.paypal.com",
        "pay.klarna.com",
        "checkoutshopper-live.adyen.com",
        "pay.amazon.co.jp",
        "www.paypay.ne.jp",
        "pay.rakuten.co.jp",
        "fep.sps-system.com",
        "link.mul-pay.jp",
        "komoju.com",
        "accounts.google.com",
        "pay.example",
        "www.pay.example",
    ] {
        check("", &std::format!("https://{host}/return"), DIRECTLY);
    }
    check(
        "",
        "https://notpay.example/",
        ["notpay.example", "referral", "Referral"],
    );
    check(
        "utm_source=news&utm_medium=email",
        "https://www.paypal.com/",
        ["news", "email", "Email"],
    );
}

#[test]
fn an_android_app_is_its_page_or_itself() {
    for (referrer, wanted) in [
        (
            "android-app://com.google.android.gm/",
            ["gmail", "email", "Email"],
        ),
        (
            "android-app://com.google.android.googlequicksearchbox/https/www.google.com",
            ["google", "organic", "Organic Search"],
        ),
        (
            "android-app://com.google.android.googlequicksearchbox/",
            ["google", "organic", "Organic Search"],
        ),
        (
            "android-app://jp.naver.line.android",
            ["line", "social", "Organic Social"],
        ),
        (
            "android-app://com.example.app/",
            ["com.example.app", "referral", "Referral"],
        ),
    ] {
        check("", referrer, wanted);
    }
}

#[test]
fn an_assistant_is_named_by_its_first_host() {
    for (referrer, source) in [
        ("https://chatgpt.com/", "chatgpt.com"),
        ("https://chat.openai.com/", "chatgpt.com"),
        ("https://gemini.google.com/", "gemini.google.com"),
        ("https://claude.ai/", "claude.ai"),
        ("https://www.perplexity.ai/search", "perplexity.ai"),
    ] {
        check("", referrer, [source, "ai-assistant", "AI Assistant"]);
        assert_eq!(touch("", referrer).campaign, "(ai-assistant)");
    }
    check(
        "utm_source=chatgpt.com",
        "",
        ["chatgpt.com", "ai-assistant", "AI Assistant"],
    );
}

#[test]
fn tags_are_believed_before_the_referrer() {
    check(
        "utm_source=news&utm_medium=email&utm_campaign=spring",
        "https://www.google.com/",
        ["news", "email", "Email"],
    );
    check(
        "utm_source=news",
        "https://www.facebook.com/",
        ["news", "(not set)", "Unassigned"],
    );
    check(
        "utm_source=facebook",
        "",
        ["facebook", "(not set)", "Organic Social"],
    );
    check(
        "utm_medium=cpc",
        "https://www.google.com/",
        ["google", "cpc", "Paid Search"],
    );
    check("utm_medium=email", "", ["(not set)", "email", "Email"]);
    check("utm_campaign=spring", "", DIRECTLY);
    check(
        "utm_source=%20&utm_source=",
        "",
        ["%20", "(not set)", "Unassigned"],
    );
    check("utm_source= &utm_medium=", "", DIRECTLY);
    check(
        "utm_source=&utm_source=Google&utm_medium=CPC",
        "",
        ["Google", "CPC", "Paid Search"],
    );
}

#[test]
fn every_tag_is_kept_and_no_click_id() {
    let touch = touch(
        "utm_source=google&utm_medium=cpc&utm_campaign=spring&utm_term=shoes&utm_content=a&gclid=secret",
        "",
    );
    assert_eq!(
        [&*touch.campaign, &touch.term, &touch.content, &touch.click],
        ["spring", "shoes", "a", "gclid"]
    );
    let text = serde_json::to_string(&touch).unwrap();
    assert!(!text.contains("secret"), "{text}");
    assert_eq!(serde_json::from_str::<Touch>(&text).unwrap(), touch);
}

#[test]
fn a_click_id_speaks_where_no_tag_does() {
    for (key, wanted) in [
        ("gclid", ["google", "cpc", "Paid Search"]),
        ("gbraid", ["google", "cpc", "Paid Search"]),
        ("wbraid", ["google", "cpc", "Paid Search"]),
        ("dclid", ["google", "display", "Display"]),
        ("msclkid", ["bing", "cpc", "Paid Search"]),
        ("ttclid", ["tiktok", "cpc", "Paid Social"]),
        ("twclid", ["twitter", "cpc", "Paid Social"]),
        ("li_fat_id", ["linkedin", "cpc", "Paid Social"]),
        ("ldtag_cl", ["line", "cpc", "Paid Social"]),
        ("yclid", ["yandex", "cpc", "Paid Search"]),
        ("fbclid", ["facebook", "social", "Organic Social"]),
    ] {
        let tags = std::format!("{key}=x");
        check(&tags, "", wanted);
        check(&tags, "https://www.blog.example/", wanted);
        assert_eq!(touch(&tags, "").click, key);
        assert_eq!(touch(&std::format!("{key}="), "").click, "");
    }
    assert_eq!(click::CLICKS.len(), 11);
}

#[test]
fn tags_are_believed_before_a_click_id() {
    check(
        "utm_source=facebook&utm_medium=paid_social&fbclid=x",
        "",
        ["facebook", "paid_social", "Paid Social"],
    );
    check(
        "utm_source=google&gclid=x",
        "",
        ["google", "cpc", "Paid Search"],
    );
    check(
        "utm_source=news&fbclid=x",
        "",
        ["news", "(not set)", "Unassigned"],
    );
    check(
        "utm_medium=paid&fbclid=x",
        "",
        ["facebook", "paid", "Paid Social"],
    );
}

#[test]
fn a_shared_click_id_leaves_the_source_to_the_referrer() {
    check(
        "fbclid=x",
        "https://l.instagram.com/",
        ["instagram", "social", "Organic Social"],
    );
    check(
        "fbclid=x",
        "https://www.google.com/",
        ["facebook", "social", "Organic Social"],
    );
    check(
        "yclid=x",
        "https://search.yahoo.co.jp/",
        ["yahoo", "cpc", "Paid Search"],
    );
    check(
        "gclid=x",
        "https://www.bing.com/",
        ["google", "cpc", "Paid Search"],
    );
    check("fbclid=x&gclid=y", "", ["google", "cpc", "Paid Search"]);
}

#[test]
fn an_own_rule_comes_first_and_needs_all_its_lists() {
    let rule = |channel: &str, source: &[&str], medium: &[&str], campaign: &[&str]| {
        let list = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        ChannelRule {
            channel: channel.to_owned(),
            source: list(source),
            medium: list(medium),
            campaign: list(campaign),
        }
    };
    let channels = Channels {
        own: vec![
            rule("Everything", &[], &[], &[]),
            rule(
                "Partners",
                &["Partner.example", "friend.example"],
                &[],
                &["summer*"],
            ),
            rule("Newsletter", &["*news*"], &["*mail", "(not set)"], &[]),
            rule("Never", &["partner.example"], &[], &["summer-sale"]),
        ],
        ..shop()
    };
    for (tags, wanted) in [
        (
            "utm_source=PARTNER.example&utm_medium=cpc&utm_campaign=Summer-Sale",
            "Partners",
        ),
        ("utm_source=friend.example&utm_campaign=summer", "Partners"),
        (
            "utm_source=partner.example&utm_medium=cpc&utm_campaign=a-summer",
            "Paid Other",
        ),
        ("utm_source=partner.example&utm_medium=cpc", "Paid Other"),
        ("utm_source=mynewsletter&utm_medium=E-Mail", "Newsletter"),
        ("utm_source=News", "Newsletter"),
        ("utm_source=news&utm_medium=mails", "Unassigned"),
        ("", "Direct"),
    ] {
        let query = query(tags);
        let touch = channels.touch(&Arrival {
            query: &query,
            referrer: "",
        });
        assert_eq!(touch.channel, wanted, "{tags}");
    }
}

#[test]
fn hostile_texts_stay_short_and_in_one_line() {
    let long = "あ".repeat(10_000);
    let tags = std::format!("utm_source={long}&utm_medium=a\nb\u{0}&utm_campaign={long}");
    let arrival = touch(&tags, &std::format!("https://{long}/"));
    assert!(arrival.source.len() <= crate::limits::TEXT_BYTES);
    assert!(arrival.campaign.len() <= crate::limits::TEXT_BYTES);
    assert_eq!(arrival.medium, "ab");
    check(
        "",
        &std::format!("https://{}/", "a.".repeat(50_000)),
        DIRECTLY,
    );
    let deep = std::format!("https://{}example/", "a.".repeat(120));
    assert_eq!(touch("", &deep).channel, "Referral");
}
