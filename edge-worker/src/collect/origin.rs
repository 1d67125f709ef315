//! Which page a request comes from.

/// The host of an `Origin` or `Referer`, without its port; `None` for `null` and for what is no
/// address.
pub(crate) fn host(address: &str) -> Option<&str> {
    let (_, rest) = address.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let host = match authority.strip_prefix('[') {
        // An IPv6 address has colons of its own.
        Some(address) => address.split(']').next()?,
        None => authority.split(':').next()?,
    };
    (!host.is_empty()).then_some(host)
}

/// Whether the page's host is one of the plan's: the same host, not one that ends like it.
///
/// `Origin` decides where it is sent, even as `null`; `Referer` speaks only where there is no
/// `Origin`. A request with neither comes from no page.
pub(crate) fn is_own(origin: &str, referer: &str, hosts: &[String]) -> bool {
    let address = if origin.is_empty() { referer } else { origin };
    host(address).is_some_and(|host| hosts.iter().any(|own| own.eq_ignore_ascii_case(host)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_host_is_the_sites_own() {
        let hosts = [
            String::from("shop.example"),
            String::from("xn--caf-dma.example"),
        ];
        let table = [
            ("https://shop.example", true),
            ("https://shop.example:8443", true),
            ("http://SHOP.example", true),
            ("https://xn--caf-dma.example", true),
            ("https://fooshop.example", false),
            ("https://shop.example.evil.example", false),
            ("https://a.shop.example", false),
            ("https://shop.example.", false),
            ("https://evil.example/shop.example", false),
            ("https://shop.example@evil.example", false),
            ("null", false),
            ("shop.example", false),
            ("", false),
        ];
        for (origin, own) in table {
            assert_eq!(is_own(origin, "", &hosts), own, "{origin}");
        }
    }

    #[test]
    fn a_referer_counts_only_without_an_origin() {
        let hosts = [String::from("shop.example")];
        let page = "https://shop.example/shoes/?a=1";
        assert!(is_own("", page, &hosts));
        assert!(!is_own("null", page, &hosts));
        assert!(!is_own("https://evil.example", page, &hosts));
    }

    #[test]
    fn an_address_of_the_newer_internet_has_a_host_too() {
        assert_eq!(host("http://[::1]:8787"), Some("::1"));
        assert_eq!(host("http://127.0.0.1:8787/x"), Some("127.0.0.1"));
    }
}
