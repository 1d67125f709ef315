//! What may arrive, by a few small numbers, so that keys often fall together.

use super::*;

/// What a page may see, by a few small numbers.
pub(super) fn observation(n: i64, kind: u8, which: u8) -> String {
    let which = usize::from(which % 2);
    item(&match kind % 6 {
        0 => play(n, ["a", "b"][which]),
        1 => subscribe(n),
        2 => purchase(
            n,
            ["A1", ""][which],
            ["100", "90"][usize::from(kind / 6 % 2)],
        ),
        3 => identify(n, ["email:anna", "email:ben"][which]),
        4 => event(n, "demo_requested"),
        _ => seen(
            n,
            Seen::Page {
                host: "shop.example".into(),
                query: Vec::new(),
                title: String::new(),
                referrer: ["https://partner.example/", ""][which].into(),
            },
        ),
    })
}

/// What arrives: a page's letter, or a server's event.
#[derive(Clone, Debug)]
pub(super) enum Arriving {
    Page(Letter),
    Server(String),
}

pub(super) fn server_event(n: i64, kind: u8, which: u8) -> String {
    let which = usize::from(which % 2);
    let event = match kind % 3 {
        0 => format!(
            r#""kind":"commerce","name":"purchase","properties":{{"order":"{}","revenue":"80"}}"#,
            ["A1", "A2"][which]
        ),
        1 => format!(
            r#""kind":"commerce","name":"refund","properties":{{"order":"{}","amount":"30","currency":"JPY"}}"#,
            ["A1", "A2"][which]
        ),
        _ => r#""kind":"trigger","name":"close-won""#.into(),
    };
    let whose = match kind / 3 % 4 {
        0 => String::new(),
        1 => format!(r#","visitor":"{}""#, id(500)),
        2 => r#","contact":"email:anna","identities":["customer:1"]"#.into(),
        _ => format!(
            r#","visitor":"{}","session":"{}","interactive":true,"contact":"email:ben""#,
            id(501),
            id(3)
        ),
    };
    format!(r#"{{"id":"{}","seq":0,{event}{whose}}}"#, id(n))
}

pub(super) fn arriving() -> impl Strategy<Value = Vec<Arriving>> {
    let items = prop::collection::vec((0u8..12, 0u8..2), 1..5);
    prop::collection::vec((items, 0i64..3, 0u8..16), 1..8).prop_map(|all| {
        let mut n = 0;
        all.into_iter()
            .map(|(items, visitor, server)| {
                if server < 12 && visitor == 2 {
                    n += 3_000_000;
                    return Arriving::Server(server_event(n, server, items[0].1));
                }
                let items: Vec<String> = items
                    .into_iter()
                    .map(|(kind, which)| {
                        n += 3_000_000;
                        observation(n, kind, which)
                    })
                    .collect();
                Arriving::Page(Letter::new(items).of(id(500 + visitor)).at(NOW + n + 9))
            })
            .collect()
    })
}
