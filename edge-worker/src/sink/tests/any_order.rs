//! Whatever the network does with letters, the end is the same.

use super::*;
use proptest::{prelude::*, sample::subsequence};
use std::collections::BTreeMap;

/// What a page may see, by a few small numbers, so that keys often fall together.
fn observation(n: i64, kind: u8, which: u8) -> String {
    let which = which % 2;
    let observation = match kind % 8 {
        0 => play(n, ["a", "b"][usize::from(which)]),
        1 => subscribe(n),
        2 => purchase(n, ["A1", ""][usize::from(which)], "100"),
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
        _ => return item(&event(n, "half")).replace("half", "half \\ud83d"),
    };
    item(&observation)
}

fn letters() -> impl Strategy<Value = Vec<Letter>> {
    let items = prop::collection::vec((0u8..8, 0u8..2), 1..5);
    prop::collection::vec((items, 0i64..3, 0i64..2), 1..9).prop_map(|letters| {
        let mut n = 0;
        letters
            .into_iter()
            .map(|(items, visitor, form)| {
                let items: Vec<String> = items
                    .into_iter()
                    .map(|(kind, which)| {
                        n += 1;
                        observation(n - 1, kind, which)
                    })
                    .collect();
                let mut letter = Letter::new(items).of(id(500 + visitor));
                letter.form = [Form::Wasm, Form::Raw][usize::try_from(form).unwrap()];
                letter
            })
            .collect()
    })
}

/// Letters in some order, some of them several times, cut into transactions somewhere.
fn deliveries() -> impl Strategy<Value = (Vec<Letter>, Vec<Vec<Letter>>)> {
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
            "SELECT definition, scope, who, dedup, time, observation, minor, visitor, session, person
             FROM conversions ORDER BY 1, 2, 3, 4",
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
        prop_assert_eq!(waiting, ["0"]);
    }
}
