//! What a request says about the software that sends it.

/// Names that crawlers put into their `User-Agent`, in small letters. A phone of the make Cubot has
/// none of them: `bot` counts only where a crawler writes it.
const CRAWLERS: [&str; 14] = [
    "bot/",
    "bot;",
    "bot)",
    "-bot",
    "bot-",
    "crawler",
    "spider",
    "slurp",
    "facebookexternalhit",
    "bingpreview",
    "google-inspectiontool",
    "mediapartners-google",
    "ia_archiver",
    "python-requests",
];

/// Whether it is plainly a crawler: it says so, or says nothing at all.
pub(crate) fn is_crawler(user_agent: &str) -> bool {
    let agent = user_agent.to_ascii_lowercase();
    agent.trim().is_empty() || CRAWLERS.iter().any(|name| agent.contains(name))
}

/// The class of device, from what browsers still tell.
pub(crate) fn device(user_agent: &str) -> &'static str {
    let has = |word| user_agent.contains(word);
    if has("iPad") || has("Tablet") || (has("Android") && !has("Mobile")) {
        "tablet"
    } else if has("Mobi") || has("iPhone") {
        "mobile"
    } else {
        "desktop"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crawlers_are_told_from_people() {
        for crawler in [
            "",
            " ",
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +x)",
            "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
            "facebookexternalhit/1.1",
            "Mozilla/5.0 (compatible; Baiduspider/2.0)",
        ] {
            assert!(is_crawler(crawler), "{crawler}");
        }
        for person in [
            "Mozilla/5.0 (Linux; Android 9; CUBOT_X18_Plus) AppleWebKit/537.36 Chrome/100 Mobile",
            "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
        ] {
            assert!(!is_crawler(person), "{person}");
        }
    }

    #[test]
    fn the_device_is_one_of_three() {
        for (agent, class) in [
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Mobile/15E148",
                "mobile",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/156 Mobile Safari",
                "mobile",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15; SM-X910) Chrome/156 Safari",
                "tablet",
            ),
            ("Mozilla/5.0 (iPad; CPU OS 18_0) Mobile/15E148", "tablet"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/156",
                "desktop",
            ),
        ] {
            assert_eq!(device(agent), class, "{agent}");
        }
    }
}
