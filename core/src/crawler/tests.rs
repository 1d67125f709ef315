use super::*;
use alloc::format;

fn of(agent: &str) -> Option<Drop> {
    let sender = Sender {
        agent,
        ..Sender::default()
    };
    sender.objection()
}

#[test]
fn crawlers_are_told_from_people() {
    for crawler in [
        "",
        " ",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +x)",
        "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
        "Mozilla/5.0 (compatible; Baiduspider/2.0)",
        "Mozilla/5.0 (Linux; Android 11; moto g power) Chrome/119 Mobile Safari Chrome-Lighthouse",
        "facebookexternalhit/1.1",
        "ia_archiver",
        "python-requests/2.32.3",
        "curl/8.5.0",
        "Wget/1.21.4",
        "okhttp/4.12.0",
        "axios/1.7.2",
        "Mozilla/5.0 (compatible; CensysInspect/1.1; +https://about.censys.io/)",
        "Site24x7",
        "Mozilla/5.0 (Linux; Android 9; CUBOT_X18_Plus) AppleWebKit/537.36 (compatible; AnyBot/1)",
    ] {
        assert_eq!(of(crawler), Some(Drop::Bot), "{crawler}");
    }
    for person in [
        "Mozilla/5.0 (Linux; Android 9; CUBOT_X18_Plus) AppleWebKit/537.36 Chrome/100 Mobile",
        "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
        // The browsers of apps, whose servers are on lists of crawlers by the same names.
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 \
         [Pinterest/iOS]",
        "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/150 Mobile Safari/537.36 \
         Line/15.1.0/IAB",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 Mobile/22H20 \
         [FBAN/FBIOS;FBAV/530.0;FBDV/iPhone14,5]",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 Mobile/22H20 \
         Instagram 400.0.0",
        "Mozilla/5.0 (Linux; Android 15; Pixel 8 Build/AP3A.240617.008) Chrome/150 Mobile Safari",
        "Mozilla/5.0 (Linux; Android 11; KFTRWI) AppleWebKit/537.36 Silk/130.4.1 Chrome/130 Safari",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 \
         MetaIAB Facebook",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) coc_coc_browser/130 Chrome/124 Safari/537.36",
    ] {
        assert_eq!(of(person), None, "{person}");
    }
}

#[test]
fn a_browser_that_a_program_drives_says_so() {
    let agent = "Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0.0.0 Safari/537.36";
    let brands = "\"HeadlessChrome\";v=\"156\", \"Not.A/Brand\";v=\"99\"";
    let sender = Sender {
        agent,
        brands,
        is_known: false,
    };
    assert_eq!(sender.objection(), Some(Drop::Headless));
    assert_eq!(
        of(&agent.replace("Chrome", "HeadlessChrome")),
        Some(Drop::Headless)
    );
    assert_eq!(of(agent), None);
    let known = Sender {
        is_known: true,
        ..sender
    };
    assert_eq!(known.objection(), Some(Drop::Bot));
}

#[test]
fn the_lists_are_as_the_search_in_them_needs_them() {
    for pair in CRAWLERS.windows(2) {
        let [one, next] = pair else { panic!() };
        assert!(one < next && !next.starts_with(one), "{one}, {next}");
    }
    for name in CRAWLERS.iter() {
        assert_eq!(*name, name.to_ascii_lowercase());
        assert!(WORDS.iter().all(|word| !name.contains(word)), "{name}");
        assert!(begins_with_a_name(name) && begins_with_a_name(&format!("{name}/1.0")));
    }
    let numbers = rows(include_str!("lists/data_centres.txt"));
    assert_eq!(numbers.count(), DATA_CENTRES.len(), "each row has a number");
    assert!(DATA_CENTRES.windows(2).all(|pair| pair[0] < pair[1]));
}

#[test]
fn a_data_centre_is_told_and_a_home_and_a_relay_of_people_are_not() {
    for network in [16509, 8075, 14061] {
        assert!(is_data_centre(network), "{network}");
    }
    // A provider of homes in Japan, a relay of phones, and a number for documentation.
    for network in [0, 4713, 13335, 64500] {
        assert!(!is_data_centre(network), "{network}");
    }
}

#[test]
fn doubts_are_written_in_one_order_and_read_again() {
    let both = [Doubt::Sandboxed, Doubt::DataCentre];
    assert_eq!(Doubt::text(&both), "data_centre sandboxed");
    assert_eq!(Doubt::read("sandboxed data_centre"), Doubt::ALL);
    assert_eq!(Doubt::read("sandbox"), []);
    assert_eq!(Doubt::text(&[]), "");
}
