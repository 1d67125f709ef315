//! The visitor's cookie: what restores a browser that lost its storage.

use goalpost_core::Id;

const NAME: &str = "gp_visitor";

/// 400 days, the longest that browsers keep a cookie.
const MAX_AGE_S: u32 = 34_560_000;

/// The visitor that the request's cookies name.
pub(crate) fn of_cookies(cookies: &str) -> Option<Id> {
    cookies
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == NAME)
        .and_then(|(_, value)| Id::parse(value))
}

/// The `Set-Cookie` that keeps a visitor.
///
/// No script can read it, and no other site's page sends it. Only on the developer's own machine,
/// where there is no TLS, it travels in the clear.
pub(crate) fn cookie(visitor: Id, url: &str) -> String {
    let secure = if is_local(url) { "" } else { "; Secure" };
    format!("{NAME}={visitor}; Max-Age={MAX_AGE_S}; Path=/; HttpOnly; SameSite=Lax{secure}")
}

/// The `Set-Cookie` that takes the visitor away.
pub(crate) fn none(url: &str) -> String {
    let secure = if is_local(url) { "" } else { "; Secure" };
    format!("{NAME}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax{secure}")
}

fn is_local(url: &str) -> bool {
    url.starts_with("http://")
        && matches!(
            super::origin::host(url),
            Some("localhost" | "127.0.0.1" | "::1")
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_comes_back_as_the_visitor() {
        let visitor = Id::new(1_795_000_000_000, [3; 10]);
        let cookie = cookie(visitor, "https://shop.example/_g/c");
        insta::assert_snapshot!(cookie, @"gp_visitor=01a1ee56-5e00-7303-8303-030303030303; Max-Age=34560000; Path=/; HttpOnly; SameSite=Lax; Secure");
        let pair = cookie.split(';').next().unwrap();
        assert_eq!(of_cookies(&format!("a=b; {pair}; c=d")), Some(visitor));
        assert_eq!(of_cookies("gp_visitor=x"), None);
        assert_eq!(of_cookies("xgp_visitor=x"), None);
        assert_eq!(of_cookies(""), None);
    }

    #[test]
    fn a_visitor_is_taken_away_where_it_was_kept() {
        let url = "https://shop.example/_g/c";
        let kept = cookie(Id::new(0, [0; 10]), url);
        let of = |text: &str| {
            text.split("; ")
                .skip(2)
                .map(String::from)
                .collect::<Vec<_>>()
        };
        assert_eq!(of(&none(url)), of(&kept));
        insta::assert_snapshot!(none(url), @"gp_visitor=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure");
        assert_eq!(of_cookies("gp_visitor="), None);
    }

    #[test]
    fn only_this_machine_goes_without_tls() {
        let visitor = Id::new(0, [0; 10]);
        for (url, secure) in [
            ("http://localhost:8787/_g/c", false),
            ("http://127.0.0.1:8787/_g/c", false),
            ("https://localhost/_g/c", true),
            ("http://shop.example/_g/c", true),
            ("http://localhost.evil.example/_g/c", true),
        ] {
            assert_eq!(cookie(visitor, url).contains("Secure"), secure, "{url}");
        }
    }
}
