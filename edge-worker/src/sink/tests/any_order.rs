//! Whatever the network does with letters, the end is the same.

use super::*;
use proptest::{prelude::*, sample::subsequence};
use std::collections::BTreeMap;

/// Where and when something is seen.
#[derive(Clone, Copy)]
struct Place {
    number: i64,
    day: i64,
    session: i64,
}

/// What a page may see, by a few small numbers, so that keys often fall together.
fn observation(place: Place, kind: u8, which: u8) -> String {
    let which = which % 2;
    let n = place.number + place.day * DAY;
    let mut observation = match kind % 10 {
        0 => play(n, ["a", "b"][usize::from(which)]),
        1 => subscribe(n),
        2 => purchase(n, ["A1", "A2"][usize::from(which)], "100"),
        3 => identify(n, ["email:anna", "email:ben"][usize::from(which)]),
        4 => event(n, "demo_requested"),
        5 => seen(
            n,
            Seen::Trigger {
                definition: ["cta", "unheard-of"][usize::from(which)].into(),
            },
        ),
        6 => seen(
            n,
            Seen::Page {
                host: "shop.example".into(),
                query: Vec::new(),
                title: String::new(),
                referrer: String::new(),
            },
        ),
        7 => adds(n),
        8 => purchase(n, "", "100"),
        _ => {
            let mut half = event(n, "half");
            half.seq = u32::try_from(place.number).unwrap();
            return item(&half).replace("half", "half \\ud83d");
        }
    };
    observation.seq = u32::try_from(place.number).unwrap();
    item_in(place.session, &observation)
}

/// What a server may report, likewise.
fn reported(n: i64, kind: u8, which: u8) -> String {
    let which = usize::from(which % 2);
    let contact = ["email:anna", "customer:7"][which];
    let at = n + 10_000;
    match kind % 8 {
        0 => sold(at, "A1", ["150", "90"][which], contact),
        1 => sold(at, "A2", ["150", "90"][which], contact),
        2 => given_back(at, "A1", [None, Some(("40", "JPY"))][which]),
        3 => given_back(at, "A1", Some(("70", ["JPY", "USD"][which]))),
        4 => linked(at, contact, &["phone:1", ["email:ben", "phone:2"][which]]),
        5 => server_item(
            at,
            &format!(r#""kind":"trigger","name":"close-won","contact":"{contact}""#),
        ),
        6 => server_item(
            at,
            &format!(
                r#""kind":"event","name":"called","contact":"{contact}","visitor":"{}","session":"{}","interactive":true"#,
                id(500).text(),
                id(600).text()
            ),
        ),
        _ => sold(at, "", "20", contact),
    }
}

pub(super) fn letters() -> impl Strategy<Value = Vec<Letter>> {
    let items = prop::collection::vec((0u8..10, 0u8..2), 1..5);
    prop::collection::vec((items, 0i64..3, 0i64..3, 0usize..5), 1..9).prop_map(|letters| {
        let (mut captured, mut events) = (0, 0);
        letters
            .into_iter()
            .map(|(items, visitor, day, form)| {
                let form = [
                    Form::Wasm,
                    Form::Raw,
                    Form::Pixel,
                    Form::Server,
                    Form::Server,
                ][form];
                let items: Vec<String> = items
                    .into_iter()
                    .map(|(kind, which)| {
                        if form == Form::Server {
                            events += 1;
                            reported(events + day * DAY, kind, which)
                        } else {
                            captured += 1;
                            let place = Place {
                                number: captured - 1,
                                day,
                                session: 600 + visitor + 3 * i64::from(which),
                            };
                            observation(place, kind, which)
                        }
                    })
                    .collect();
                let mut letter = Letter::new(items).of(id(500 + visitor)).at(NOW + 5 * DAY);
                letter.form = form;
                letter
            })
            .collect()
    })
}

/// Letters in some order, some of them several times, cut into transactions somewhere.
pub(super) fn deliveries() -> impl Strategy<Value = (Vec<Letter>, Vec<Vec<Letter>>)> {
    letters().prop_flat_map(|letters| {
        let all = letters.clone();
        let count = letters.len();
        (subsequence(letters.clone(), 0..=count), 1usize..4)
            .prop_flat_map(move |(copies, size)| {
                (
                    Just([all.clone(), copies].concat()).prop_shuffle(),
                    Just(size),
                )
            })
            .prop_map(move |(shuffled, size)| {
                let parts = shuffled.chunks(size).map(<[Letter]>::to_vec).collect();
                (letters.clone(), parts)
            })
    })
}

/// Everything that does not depend on which copy came first.
fn end(db: &Db) -> BTreeMap<&'static str, Table> {
    [
        (
            "observations",
            "SELECT id, digest, time, verdict, claims FROM observations ORDER BY id",
        ),
        (
            "quarantine",
            "SELECT id, digest, reason, origin FROM quarantine ORDER BY id, digest",
        ),
        (
            "conversions",
            "SELECT definition, scope, who, dedup, time, observation, source, minor, currency, money,
               order_number, visitor, session, person, refunded, voided
             FROM conversions ORDER BY 1, 2, 3, 4",
        ),
        (
            "sessions",
            "SELECT visitor, session, day, started_at, ended_at, pages, interactions, matches, entry,
               (SELECT group_concat(value) FROM (
                 SELECT value FROM json_each('[' || trail || ']') ORDER BY value))
             FROM sessions ORDER BY 1, 2",
        ),
        (
            "identities",
            "SELECT identity, contact FROM identities ORDER BY 1",
        ),
        (
            "refunds",
            "SELECT order_number, observation, minor, currency FROM refunds ORDER BY 2",
        ),
        (
            "contacts",
            "SELECT visitor, contact FROM known_visitors ORDER BY 1",
        ),
        (
            "disagreements",
            "SELECT * FROM disagreements ORDER BY 1, 2, 3, 4, 5",
        ),
        ("page loads", "SELECT * FROM page_loads ORDER BY 1, 2"),
        (
            "fates",
            "SELECT * FROM fates WHERE fate <> 'duplicate' ORDER BY 1, 2, 3, 4, 5, 6, 7",
        ),
    ]
    .into_iter()
    .map(|(what, query)| (what, db.table(query)))
    .collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn order_and_copies_change_nothing((letters, deliveries) in deliveries()) {
        let mut once = Db::new();
        once.deliver(&letters);
        once.assert_sound();
        let mut shuffled = Db::new();
        let mut arrived = 0;
        for part in &deliveries {
            shuffled.deliver(part);
            shuffled.assert_sound();
            arrived += part.iter().map(|letter| letter.items.len()).sum::<usize>();
        }
        prop_assert_eq!(end(&shuffled), end(&once));
        let fates = shuffled.number("SELECT sum(count) FROM fates");
        prop_assert_eq!(fates, i64::try_from(arrived).unwrap());
        let waiting = shuffled.table(&format!("SELECT waiting FROM ({CONSERVATION})"));
        prop_assert!(waiting.iter().all(|sites| sites == "0"), "{waiting:?}");
    }
}
