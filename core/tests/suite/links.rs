//! What a link's token can and cannot do, and what two hosts' records of one browser become.

use goalpost_core::{
    Id, SessionRecord,
    link_token::{LIFE_MS, LinkProblem, Way, joined, sign, verify},
};
use proptest::prelude::*;

const NOW: i64 = 1_795_000_000_000;
const KEY: &str = "0123456789abcdef";
const WAY: Way<'_> = Way {
    site: "shop",
    from: "shop.example",
    to: "pay.example",
};

fn keys() -> Vec<String> {
    vec![String::from(KEY)]
}

fn id() -> impl Strategy<Value = Id> {
    // Few times and little randomness, so that ids meet.
    (0i64..4, 0u8..4).prop_map(|(time, random)| Id::new(time, [random; 10]))
}

fn record() -> impl Strategy<Value = SessionRecord> {
    (id(), id(), 0i64..4, 0u16..4).prop_map(|(visitor, session, last, page_loads)| SessionRecord {
        visitor,
        session,
        last,
        page_loads,
    })
}

fn any_record() -> impl Strategy<Value = SessionRecord> {
    let id =
        || (0i64..0xffff_ffff_ffff, any::<[u8; 10]>()).prop_map(|(time, rest)| Id::new(time, rest));
    (id(), id(), 0i64..=i64::MAX, any::<u16>()).prop_map(|(visitor, session, last, page_loads)| {
        SessionRecord {
            visitor,
            session,
            last,
            page_loads,
        }
    })
}

fn one() -> SessionRecord {
    SessionRecord {
        visitor: Id::new(1, [1; 10]),
        session: Id::new(2, [2; 10]),
        last: 3,
        page_loads: 4,
    }
}

#[test]
fn a_token_holds_for_one_way_of_one_site_and_two_minutes() {
    let token = sign(&one(), WAY, &keys(), NOW).unwrap();
    assert_eq!(verify(&token, WAY, &keys(), NOW), Ok(one()));
    assert_eq!(verify(&token, WAY, &keys(), NOW + LIFE_MS), Ok(one()));
    let late = verify(&token, WAY, &keys(), NOW + LIFE_MS + 1);
    assert_eq!(late, Err(LinkProblem::Expired));
    for other in [
        Way {
            site: "other",
            ..WAY
        },
        Way {
            from: "evil.example",
            ..WAY
        },
        Way {
            to: "evil.example",
            ..WAY
        },
        Way {
            from: WAY.to,
            to: WAY.from,
            ..WAY
        },
        Way {
            from: "shop.example\npay.example",
            to: "",
            ..WAY
        },
    ] {
        let found = verify(&token, other, &keys(), NOW);
        assert_eq!(found, Err(LinkProblem::Signature), "{other:?}");
    }
}

#[test]
fn a_way_begins_and_ends_at_different_hosts_of_the_site() {
    let hosts = ["shop.example", "pay.example"].map(String::from);
    let between = |from, to| Way::between("shop", &hosts, from, to);
    assert_eq!(between("shop.example", "pay.example"), Ok(WAY));
    assert_eq!(
        between("SHOP.example", "Pay.Example"),
        Ok(WAY),
        "one way has one signature"
    );
    for (from, to) in [
        ("shop.example", "shop.example"),
        ("shop.example", "SHOP.example"),
        ("shop.example", "evil.example"),
        ("evil.example", "pay.example"),
        ("shop.example", "pay.example.evil.example"),
        ("shop.example", "www.pay.example"),
        ("", "pay.example"),
    ] {
        assert_eq!(
            between(from, to),
            Err(LinkProblem::Elsewhere),
            "{from} to {to}"
        );
    }
}

#[test]
fn a_site_without_a_key_links_nothing() {
    for none in [vec![], vec![String::new()], vec![String::from("too short")]] {
        assert_eq!(sign(&one(), WAY, &none, NOW), None);
        let token = sign(&one(), WAY, &keys(), NOW).unwrap();
        assert_eq!(verify(&token, WAY, &none, NOW), Err(LinkProblem::Signature));
    }
}

#[test]
fn a_key_that_is_being_changed_holds_beside_the_next() {
    let (old, new) = (
        keys(),
        vec![String::from("another key of 16"), String::from(KEY)],
    );
    for (signer, reader) in [(&old, &new), (&new, &new)] {
        let token = sign(&one(), WAY, signer, NOW).unwrap();
        assert_eq!(verify(&token, WAY, reader, NOW), Ok(one()));
    }
    let token = sign(&one(), WAY, &new, NOW).unwrap();
    assert_eq!(verify(&token, WAY, &old, NOW), Err(LinkProblem::Signature));
}

#[test]
fn what_the_site_signs_for_something_else_is_no_link_token() {
    use goalpost_core::{
        order_token::{self, OrderToken},
        signature,
    };
    let order = OrderToken {
        site: "shop".into(),
        order: "A1".into(),
        amount: "1".into(),
        currency: "USD".into(),
        expires: NOW,
    };
    for other in [
        order_token::sign(&order, KEY),
        signature::sign(b"x", NOW / 1_000, KEY),
        String::new(),
        String::from("AQ"),
    ] {
        let found = verify(&other, WAY, &keys(), NOW);
        assert_eq!(found, Err(LinkProblem::Malformed), "{other}");
    }
}

#[test]
fn a_token_is_short_and_needs_no_escape_in_an_address() {
    let token = sign(&one(), WAY, &keys(), NOW).unwrap();
    assert_eq!(token.len(), 111);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    assert!(token.bytes().all(plain), "{token}");
}

#[test]
fn where_the_visit_was_last_it_goes_on_and_the_older_visitor_stays() {
    let at = |time, last, page_loads| SessionRecord {
        visitor: Id::new(time, [1; 10]),
        session: Id::new(time, [2; 10]),
        last,
        page_loads,
    };
    let (shop, pay) = (at(50, 60, 3), at(10, 20, 9));
    let found = joined(shop, pay);
    assert_eq!(found.visitor, pay.visitor, "the older visitor");
    assert_eq!(
        (found.session, found.last),
        (shop.session, 60),
        "the visit under way"
    );
    assert_eq!(found.page_loads, 9, "the next page is the tenth");
}

#[test]
fn each_problem_says_what_it_is() {
    use LinkProblem::{Elsewhere, Expired, Malformed, Signature};
    let texts = [Elsewhere, Malformed, Signature, Expired]
        .map(|problem| format!("{}: {problem}", problem.name()))
        .join("\n");
    insta::assert_snapshot!(texts, @r"
    elsewhere: host: is not another one of the plan's hosts
    malformed: token: is no link token
    signature: token: no key of the site makes it for this way
    expired: token: is older than 120 seconds
    ");
}

proptest! {
    #[test]
    fn what_is_signed_comes_back_until_it_ends(record in any_record(), after in -LIFE_MS..LIFE_MS * 2) {
        let token = sign(&record, WAY, &keys(), NOW).unwrap();
        let expected = if after <= LIFE_MS { Ok(record) } else { Err(LinkProblem::Expired) };
        prop_assert_eq!(verify(&token, WAY, &keys(), NOW + after), expected);
    }

    #[test]
    fn each_letter_of_a_token_is_under_its_signature(
        record in any_record(),
        at: prop::sample::Index,
        letter in "[A-Za-z0-9_.=-]",
    ) {
        let token = sign(&record, WAY, &keys(), NOW).unwrap();
        let at = at.index(token.len());
        let mut other = token.clone();
        other.replace_range(at..=at, &letter);
        prop_assert_eq!(verify(&other, WAY, &keys(), NOW).is_ok(), other == token);
    }

    #[test]
    fn no_shorter_or_longer_text_is_a_token(record in any_record(), cut in 1usize..111, more in "[A-Za-z0-9_-]{1,8}") {
        let token = sign(&record, WAY, &keys(), NOW).unwrap();
        let shorter: String = token.chars().take(cut).collect();
        prop_assert!(verify(&shorter, WAY, &keys(), NOW).is_err());
        prop_assert!(verify(&(token + &more), WAY, &keys(), NOW).is_err());
    }

    #[test]
    fn any_text_is_read_without_panic(token: String, site: String, from: String, to: String) {
        let way = Way { site: &site, from: &from, to: &to };
        prop_assert!(verify(&token, way, &keys(), NOW).is_err());
    }

    #[test]
    fn records_join_alike_in_any_order_and_however_often(a in record(), b in record(), c in record()) {
        prop_assert_eq!(joined(a, b), joined(b, a));
        prop_assert_eq!(joined(joined(a, b), c), joined(a, joined(b, c)));
        prop_assert_eq!(joined(a, a), a);
        prop_assert_eq!(joined(joined(a, b), b), joined(a, b));
    }

    #[test]
    fn what_is_joined_is_no_younger_and_no_less_active(a in record(), b in record()) {
        let found = joined(a, b);
        for one in [a, b] {
            prop_assert!(found.visitor <= one.visitor);
            prop_assert!(found.last >= one.last);
            prop_assert!(found.page_loads >= one.page_loads);
        }
        prop_assert!([a.session, b.session].contains(&found.session));
    }
}
