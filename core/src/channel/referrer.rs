//! The site or app that a referrer names.

use super::sources::HOST_BYTES;
use alloc::string::String;

/// The host of a web page, or an Android app's package, in lower case. Nothing where a referrer is
/// neither: a browser writes no other, and what somebody else wrote becomes no source.
pub(super) fn site(referrer: &str) -> Option<String> {
    let (scheme, rest) = referrer.split_once("://")?;
    if is_web(scheme) {
        return host(rest);
    }
    if !scheme.eq_ignore_ascii_case("android-app") {
        return None;
    }
    // Such as `android-app://com.google.android.googlequicksearchbox/https/www.google.com`: where the
    // app showed a page, the page's host is the source.
    let mut parts = rest.splitn(3, '/');
    let package = parts.next()?;
    match (parts.next(), parts.next()) {
        (Some(scheme), Some(page)) if is_web(scheme) => host(page).or_else(|| host(package)),
        _ => host(package),
    }
}

/// A host without the `www.` that says nothing.
pub(super) fn without_www(host: &str) -> &str {
    host.strip_prefix("www.")
        .filter(|rest| rest.contains('.'))
        .unwrap_or(host)
}

fn is_web(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")
}

fn host(rest: &str) -> Option<String> {
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let place = authority
        .rsplit_once('@')
        .map_or(authority, |(_, place)| place);
    let host = match place.split_once(']') {
        Some((address, _)) => address.strip_prefix('[')?,
        None => place.split(':').next()?,
    };
    let host = host.trim_end_matches('.');
    let fits = !host.is_empty()
        && host.len() <= HOST_BYTES
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b':'));
    fits.then(|| host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_referrer_names_a_host_or_an_app() {
        for (referrer, wanted) in [
            ("https://www.Google.co.jp/", "www.google.co.jp"),
            ("http://t.co", "t.co"),
            ("HTTPS://shop.example:8443/a/b?c#d", "shop.example"),
            ("https://user:secret@shop.example/", "shop.example"),
            ("https://shop.example./", "shop.example"),
            ("https://192.0.2.1/", "192.0.2.1"),
            ("https://[2001:DB8::1]:443/", "2001:db8::1"),
            (
                "android-app://com.google.android.gm/",
                "com.google.android.gm",
            ),
            ("android-app://com.Slack", "com.slack"),
            (
                "android-app://com.google.android.googlequicksearchbox/https/www.google.com",
                "www.google.com",
            ),
            ("android-app://com.example.app/open/1", "com.example.app"),
        ] {
            assert_eq!(site(referrer).as_deref(), Some(wanted), "{referrer}");
        }
    }

    #[test]
    fn what_is_neither_names_nothing() {
        let long = std::format!("https://{}.example/", "a".repeat(300));
        for referrer in [
            "",
            "google.com",
            "about:client",
            "https://",
            "https:///path",
            "ios-app://com.example",
            "chrome-extension://abcdef/page",
            "https://a b.example/",
            "https://<script>/",
            "https://[::1",
            &long,
        ] {
            assert_eq!(site(referrer), None, "{referrer}");
        }
    }

    #[test]
    fn www_says_nothing() {
        assert_eq!(without_www("www.shop.example"), "shop.example");
        assert_eq!(without_www("www.example"), "www.example");
        assert_eq!(without_www("wwwshop.example"), "wwwshop.example");
    }
}
