//! What counts once per person, whoever turns out to be whom, and in whatever order.

use super::*;

const ANNA: &str = "email:anna";
const BEN: &str = "email:ben";

fn of(visitor: i64, observation: &Observation) -> Letter {
    Letter::new([item(observation)]).of(id(visitor))
}

#[test]
fn two_visitors_of_one_contact_count_once() {
    let letters = [
        of(100, &subscribe(0)),
        of(200, &subscribe(1)),
        of(100, &identify(2, ANNA)),
        of(200, &identify(3, ANNA)),
    ];
    in_every_order(&letters, |db| {
        assert_eq!(
            db.table("SELECT definition, scope, who, contact FROM conversions"),
            ["newsletter | contact | contact email:anna | email:anna"]
        );
        assert_eq!(db.number("SELECT count(*) FROM evidence"), 2);
    });
}

#[test]
fn the_hash_of_no_phone_number_is_nobody() {
    // The SHA-256 of "+": what older pages send for everybody whose phone number has no digits.
    let nobody = "phone:a318c24216defe206feeb73ef5be00033fa9c4a74d0b967f6532a26ca5906d3b";
    let letters = [
        of(100, &identify(0, nobody)),
        of(200, &identify(1, nobody)),
        of(100, &subscribe(2)),
        of(200, &subscribe(3)),
        of(200, &identify(4, ANNA)),
    ];
    in_every_order(&letters, |db| {
        assert_eq!(db.number("SELECT count(*) FROM observations"), 5);
        assert_eq!(
            db.table("SELECT contact FROM known_visitors"),
            ["email:anna"]
        );
        assert_eq!(
            db.table("SELECT substr(who, 1, 7), contact FROM conversions ORDER BY who"),
            ["contact | email:anna", "visitor | -"]
        );
    });
}

#[test]
fn an_earlier_identification_that_comes_late_gives_back_what_was_folded() {
    let letters = [
        of(100, &identify(0, BEN)),
        of(100, &identify(1, ANNA)),
        of(200, &identify(2, ANNA)),
        of(100, &subscribe(3)),
        of(200, &subscribe(4)),
    ];
    in_every_order(&letters, |db| {
        assert_eq!(
            db.table("SELECT who FROM conversions ORDER BY who"),
            ["contact email:anna", "contact email:ben"]
        );
    });
}

#[test]
fn of_two_days_the_earlier_keeps_the_conversion() {
    let late = of(200, &subscribe(DAY)).at(NOW + DAY);
    let letters = [
        of(100, &subscribe(0)),
        late,
        of(200, &identify(2, ANNA)),
        of(100, &identify(3, ANNA)),
    ];
    in_every_order(&letters, |db| {
        assert_eq!(
            db.table("SELECT day, points FROM conversions"),
            ["2026-11-18 | 5"]
        );
    });
}

#[test]
fn the_contact_is_known_on_every_conversion_of_the_visitor() {
    let letters = [
        of(100, &play(0, "a")),
        of(100, &identify(1, ANNA)),
        of(100, &event(2, "demo_requested")),
        of(200, &event(3, "demo_requested")),
    ];
    in_every_order(&letters, |db| {
        assert_eq!(
            db.table(
                "SELECT DISTINCT visitor = (SELECT visitor FROM known_visitors), contact
                 FROM conversions ORDER BY 1"
            ),
            ["0 | -", "1 | email:anna"]
        );
    });
}

#[test]
fn nobody_known_counts_every_time() {
    let mut db = Db::new();
    let mut letter = Letter::new([item(&subscribe(0)), item(&subscribe(1))]);
    letter.visitor = None;
    letter.items.push(item(&identify(2, ANNA)));
    db.deliver(&[letter]);
    assert_eq!(db.converted("newsletter"), 2);
    assert_eq!(db.number("SELECT count(*) FROM known_visitors"), 0);
    db.assert_sound();
}

#[test]
fn the_edges_cookie_heals_a_visitor() {
    let mut db = Db::new();
    let mut letter = Letter::new([item(&subscribe(0))]);
    letter.visitor = None;
    let text = letter.text();
    let mut message = accepted(letter.received_at, Content::Beacon(raw(&text)));
    message.visitor = Some(id(77));
    db.accept(&[message]);
    assert_eq!(
        db.table("SELECT who FROM conversions"),
        [format!("visitor {}", id(77).text())]
    );
    db.assert_sound();
}

#[test]
fn a_conflicting_identification_identifies_nobody() {
    let mut db = Db::new();
    db.deliver(&[of(100, &identify(0, ANNA)), of(100, &identify(0, BEN))]);
    assert_eq!(
        db.table("SELECT contact FROM known_visitors"),
        ["email:anna"]
    );
    db.assert_sound();
}

#[test]
fn linked_identities_are_one_contact_by_the_smallest_name() {
    let letters = [
        of(100, &identify(0, "email:anna")),
        of(200, &identify(1, "customer:7")),
        Letter::new([linked(2, "customer:7", &["phone:1"])]).by_server(),
        Letter::new([linked(3, "phone:1", &["email:anna", "phone:2"])]).by_server(),
        of(100, &subscribe(4)),
        of(200, &subscribe(5)),
    ];
    in_every_order(&letters, |db| {
        assert_eq!(
            db.table("SELECT identity, contact FROM identities"),
            [
                "customer:7 | customer:7",
                "email:anna | customer:7",
                "phone:1 | customer:7",
                "phone:2 | customer:7"
            ]
        );
        assert_eq!(
            db.table("SELECT who, person FROM conversions"),
            ["contact customer:7 | contact customer:7"]
        );
        assert_eq!(
            db.table("SELECT DISTINCT contact FROM known_visitors"),
            ["customer:7"]
        );
    });
}

#[test]
fn a_servers_word_counts_for_the_whole_contact() {
    let won = |n, contact: &str| {
        let rest = format!(r#""kind":"trigger","name":"close-won","contact":"{contact}""#);
        Letter::new([server_item(n, &rest)]).by_server()
    };
    let letters = [
        won(0, "email:anna"),
        won(1, "customer:7"),
        won(2, "customer:8"),
        Letter::new([linked(3, "customer:7", &["email:anna"])]).by_server(),
    ];
    in_every_order(&letters, |db| {
        assert_eq!(
            db.table("SELECT who, minor, money, source FROM conversions ORDER BY 1"),
            [
                "contact customer:7 | 120000 | verified | server",
                "contact customer:8 | 120000 | verified | server"
            ]
        );
    });
}

#[test]
fn a_server_that_names_the_visitor_identifies_it() {
    let rest = format!(
        r#""kind":"event","name":"signed_in","contact":"{ANNA}","visitor":"{}""#,
        id(100).text()
    );
    let letters = [
        Letter::new([server_item(0, &rest)]).by_server(),
        of(100, &identify(1, BEN)),
        of(100, &subscribe(2)),
    ];
    in_every_order(&letters, |db| {
        assert_eq!(
            db.table("SELECT who, contact FROM conversions"),
            [format!("contact {ANNA} | {ANNA}")]
        );
    });
}

#[test]
fn an_address_or_a_number_as_it_is_names_nobody() {
    let raw = [
        "phone:09012345678",
        "phone:2125550100",
        "phone:0 90 1234 5678",
        "phone:０９０１２３４５６７８",
        "email:ann%40shop.example",
        "email:ann@shop.example",
        "email:ann2 at shop",
    ];
    let letters: Vec<Letter> = raw
        .iter()
        .zip(0..)
        .map(|(contact, n)| of(100, &identify(n, contact)))
        .collect();
    let mut db = Db::new();
    db.deliver(&letters);
    db.deliver(&[of(100, &subscribe(20))]);
    assert_eq!(db.number("SELECT count(*) FROM observations"), 8);
    assert_eq!(db.number("SELECT count(contact) FROM observations"), 0);
    assert_eq!(db.number("SELECT count(*) FROM known_visitors"), 0);
    let bodies = db.table("SELECT body FROM observations").concat();
    for part in ["0123", "2125", "０９", "ann%", "ann@"] {
        assert!(!bodies.contains(part), "{part}: {bodies}");
    }
    db.assert_sound();
}
