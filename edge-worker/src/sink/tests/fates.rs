//! Every item meets exactly one fate.

use super::*;
use crate::sink::{chunks, plans_needed};

#[test]
fn bad_items_cost_only_themselves() {
    let mut db = Db::new();
    let good = item(&event(0, "demo_requested"));
    let bad = |n: i64, rest: &str| {
        format!(
            r#"{{"id":"{}","seq":{n},"page":"{}",{rest}}}"#,
            id(n).text(),
            id(1).text()
        )
    };
    let deep = format!(r#""x":{}{}"#, "[".repeat(3_000), "]".repeat(3_000));
    db.deliver(&[Letter::new([
        good,
        bad(1, r#""kind":"hologram""#),
        bad(2, r#""kind":"event","name":"half \ud83d""#),
        bad(3, r#""kind":"trigger","name":"nobody-knows""#),
        bad(
            4,
            r#""kind":"commerce","name":"purchase","properties":{"revenue":"much"}"#,
        ),
        bad(
            5,
            r#""kind":"event","name":"nul \u0000 and ' and \" and ; --""#,
        ),
        bad(
            6,
            &format!(r#""kind":"event","name":"demo_requested",{deep}"#),
        ),
        bad(
            7,
            r#""kind":"commerce","name":"purchase","properties":{"order":"\u0000'","revenue":1}"#,
        ),
        bad(
            8,
            &format!(r#""kind":"event","name":"{}""#, "x".repeat(9_000)),
        ),
    ])]);
    assert_eq!(
        db.table("SELECT reason, count FROM fates WHERE fate = 'quarantined' ORDER BY 1"),
        [
            "encoding | 1",
            "limit | 2",
            "unknown_kind | 1",
            "unregistered | 1",
            "value | 1"
        ]
    );
    assert_eq!(db.fate("stored"), 3);
    assert_eq!(db.conservation(), ["cloud-kicks | 9 | 3 | 0 | 6 | 0 | 0"]);
    assert_eq!(db.converted("demo-request"), 1);
    // The archive and exports have SQL read what is stored, all of it in one statement.
    let read = "SELECT count(body ->> 'name'), count(json(body)) FROM observations";
    assert_eq!(db.table(read), ["3 | 3"]);
    db.assert_sound();
}

#[test]
fn an_item_without_a_place_is_kept_and_no_page_load_misses_it() {
    let mut db = Db::new();
    let letter = Letter::new([
        item(&event(0, "a")),
        "7".into(),
        r#"{"kind":"event"}"#.into(),
        format!(r#"{{"seq":1,"kind":"event","page":"{}"}}"#, id(1).text()),
    ]);
    for received_at in [NOW, NOW + 5, NOW + 9] {
        db.deliver(&[letter.clone().at(received_at)]);
    }
    // Only the last has a place on a page load, and so is one of those that it captured.
    assert_eq!(
        db.table("SELECT origin, reason, count FROM fates WHERE fate = 'quarantined' ORDER BY 1"),
        ["other | field | 2", "page | field | 1"]
    );
    assert_eq!(db.conservation(), ["cloud-kicks | 2 | 1 | 4 | 1 | 0 | 0"]);
    assert_eq!(db.fate("duplicate"), 8);
    db.assert_sound();
}

#[test]
fn two_bad_contents_of_one_item_are_one_item() {
    let bad = |kind: &str| {
        let text = r#"{"id":"ID","seq":0,"page":"PAGE","kind":"KIND"}"#;
        let text = text.replace("ID", &id(0).text());
        text.replace("PAGE", &id(1).text()).replace("KIND", kind)
    };
    let letters = ["hologram", "hologr", "holo"].map(|kind| Letter::new([bad(kind)]));
    let mut together = Db::new();
    together.deliver(&letters);
    let mut apart = Db::new();
    for letter in &letters {
        apart.deliver(std::slice::from_ref(letter));
    }
    for db in [together, apart] {
        assert_eq!(db.number("SELECT count(*) FROM quarantine"), 3);
        assert_eq!(db.conservation(), ["cloud-kicks | 1 | 0 | 0 | 1 | 0 | 0"]);
        db.assert_sound();
    }
}

#[test]
fn what_is_missing_is_waiting_until_it_comes() {
    let mut db = Db::new();
    let of = |n| Letter::new([item(&event(n, "a"))]);
    db.deliver(&[of(0), of(3)]);
    assert_eq!(db.conservation(), ["cloud-kicks | 4 | 2 | 0 | 0 | 0 | 2"]);
    let mut last = of(2);
    last.dropped = vec![(Drop::Overflow, 1)];
    db.deliver(&[last.clone(), of(3)]);
    assert_eq!(db.conservation(), ["cloud-kicks | 4 | 3 | 1 | 0 | 1 | 0"]);
    // What a browser says is what it has let go so far; hearing it again adds nothing.
    db.deliver(&[last]);
    assert_eq!(db.conservation(), ["cloud-kicks | 4 | 3 | 2 | 0 | 1 | 0"]);
    db.assert_sound();
}

#[test]
fn an_item_is_one_text_whether_it_or_its_beacon_says_whose_it_is() {
    let unread = item(&event(1, "b")).replace(r#""kind":"event""#, r#""kind":"later""#);
    let own = Letter::new([item(&event(0, "a")), unread.clone()]);
    let mut shared = own.clone();
    shared.session = Some(id(3));
    assert!(shared.text().len() < own.text().len());
    in_every_order(&[own, shared], |db| {
        let of = crate::sink::row::hex;
        assert_eq!(
            db.table("SELECT body, lower(hex(page)), lower(hex(session)) FROM observations"),
            [format!(
                "{} | {} | {}",
                item(&event(0, "a")),
                of(id(1)),
                of(id(3))
            )]
        );
        let waiting = db.table("SELECT body FROM quarantine");
        assert_eq!(waiting, std::slice::from_ref(&unread));
    });
}

#[test]
fn an_item_counts_for_its_own_page_load() {
    let mut db = Db::new();
    let earlier = Item::new(&event(4, "a"), id(50), Some(id(3)), None).json;
    let mut letter = Letter::new([earlier, item(&event(0, "a"))]);
    letter.form = Form::Js;
    db.deliver(&[letter]);
    assert_eq!(
        db.table("SELECT captured, sdk, form FROM page_loads ORDER BY page"),
        ["1 | 0.1.0 | js", "5 |  | "]
    );
    db.assert_sound();
}

#[test]
fn a_site_without_a_plan_waits_for_one() {
    let mut db = Db::new();
    let mut letter = Letter::new([item(&event(0, "a")), item(&event(1, "b"))]);
    letter.site = "new-shop".into();
    db.deliver(&[letter.clone()]);
    assert_eq!(db.conservation(), ["new-shop | 2 | 0 | 0 | 2 | 0 | 0"]);
    // The plan is there now: what waits is replayed, and its copies are copies.
    db.book.add_current(plan_of("new-shop"));
    db.deliver(&[letter]);
    assert_eq!(db.conservation(), ["new-shop | 2 | 0 | 2 | 2 | 0 | 0"]);
    db.assert_sound();
}

#[test]
fn the_plan_that_a_page_names_decides() {
    let mut db = Db::new();
    let mut newer = testing::rules();
    newer.plan = "01".into();
    newer.definitions.clear();
    db.book.add_current(compiled(newer));
    let of = |n, plan: &str| Letter {
        plan: plan.into(),
        ..Letter::new([item(&event(n, "demo_requested"))])
    };
    db.deliver(&[of(0, "00"), of(1, "01"), of(2, ""), of(3, "forgotten")]);
    assert_eq!(
        db.table("SELECT plan, verdict IS NOT NULL FROM observations ORDER BY seq"),
        ["00 | 1", "01 | 0", "01 | 0", "01 | 0"]
    );
    let letters = [of(0, "00"), of(1, "00"), of(2, "")].map(|letter| letter.text());
    let messages: Vec<_> = letters
        .iter()
        .map(|text| accepted(NOW, Content::Beacon(raw(text))))
        .collect();
    assert_eq!(
        plans_needed(&messages),
        ["", "00"].map(|hash| (SITE.to_owned(), hash.to_owned()))
    );
}

#[test]
fn let_go_at_the_edge_is_counted_once_and_not_kept() {
    let mut db = Db::new();
    let letter = Letter::new([item(&event(0, "a")), item(&event(1, "b"))]);
    db.drop_letter(&letter, Drop::Bot);
    db.drop_letter(&letter, Drop::Bot);
    assert_eq!(db.conservation(), ["cloud-kicks | 2 | 0 | 2 | 0 | 2 | 0"]);
    // A copy that came through another way is still a copy.
    db.deliver(&[letter]);
    assert_eq!(db.conservation(), ["cloud-kicks | 2 | 0 | 4 | 0 | 2 | 0"]);
    let stored = Letter::new([item(&event(2, "c"))]);
    db.deliver(std::slice::from_ref(&stored));
    db.drop_letter(&stored, Drop::RateLimited);
    assert_eq!(db.conservation(), ["cloud-kicks | 3 | 1 | 5 | 0 | 2 | 0"]);
    assert_eq!(db.number("SELECT count(*) FROM observations"), 1);
    assert_eq!(db.number("SELECT count(*) FROM quarantine"), 0);
    db.assert_sound();
}

#[test]
fn a_body_that_was_not_read_is_one_item() {
    let mut db = Db::new();
    db.accept(&[accepted(
        NOW,
        Content::Dropped(DroppedBeacon {
            reason: "too_large".into(),
            site: "".into(),
            beacon: None,
        }),
    )]);
    assert_eq!(
        db.table("SELECT site, origin, fate, reason, count FROM fates"),
        [" | other | dropped | too_large | 1"]
    );
    db.assert_sound();
}

#[test]
fn a_refused_body_is_kept_once() {
    let mut db = Db::new();
    for _ in 0..3 {
        db.refuse(NOW, Quarantine::Version, "eyJ2Ijo5fQ==");
    }
    assert_eq!(
        db.table("SELECT origin, fate, reason, count FROM fates ORDER BY 2"),
        [
            "other | duplicate |  | 2",
            "other | quarantined | version | 1"
        ]
    );
    assert_eq!(
        db.table("SELECT reason, body FROM quarantine"),
        ["version | eyJ2Ijo5fQ=="]
    );
    db.assert_sound();
}

#[test]
fn page_and_edge_disagree_in_the_open() {
    let mut db = Db::new();
    let claim = |n, claims: &[&str]| {
        let observation = event(n, "demo_requested");
        Item::new(&observation, id(1), Some(id(3)), Some(claims)).json
    };
    let mut letter = Letter::new([
        claim(0, &["demo-request"]),
        claim(1, &[]),
        claim(2, &["demo-request", "call-us"]),
        claim(3, &["<script>", "demo-request", "nonsense"]),
        // No plan had arrived yet: nothing is claimed, not even that nothing happened.
        item(&event(5, "demo_requested")),
    ]);
    letter.form = Form::Wasm;
    db.deliver(&[letter.clone(), letter.clone()]);
    assert_eq!(
        db.table("SELECT definition, sdk, form, claimed_only, verdict_only FROM disagreements"),
        [
            " | 0.1.0 | wasm | 1 | 0",
            "call-us | 0.1.0 | wasm | 1 | 0",
            "demo-request | 0.1.0 | wasm | 0 | 1",
        ]
    );
    assert_eq!(
        db.table("SELECT claims FROM observations ORDER BY seq"),
        [
            "-",
            "[]",
            r#"["call-us","demo-request"]"#,
            r#"["","demo-request"]"#,
            "-"
        ]
    );
    // The loader alone claims nothing, and that is no disagreement.
    let mut raw = Letter::new([claim(4, &[])]);
    raw.form = Form::Raw;
    db.deliver(&[raw]);
    assert_eq!(db.number("SELECT count(*) FROM disagreements"), 3);
    db.assert_sound();
}

#[test]
fn no_name_from_outside_heads_a_tally() {
    let mut db = Db::new();
    let mut letter = Letter::new([item(&event(0, "a"))]);
    letter.sdk = "0.1.0'; DROP TABLE fates".into();
    db.deliver(&[letter]);
    assert_eq!(db.table("SELECT sdk, form FROM fates"), [" | raw"]);
    db.assert_sound();
}

#[test]
fn transactions_are_bounded() {
    let name = "x".repeat(60);
    let long: String = "\\\"".repeat(250);
    let letters: Vec<String> = (0..40)
        .map(|n| {
            let items = (0..60).map(|at| {
                let mut observation = event(n * 100 + at, &name);
                observation.path = long.clone();
                item(&observation)
            });
            Letter::new(items).text()
        })
        .collect();
    let messages: Vec<_> = letters
        .iter()
        .map(|text| accepted(NOW, Content::Beacon(raw(text))))
        .collect();
    let parts = chunks(&messages);
    assert_eq!(parts.iter().map(|part| part.len()).sum::<usize>(), 40);
    assert!(parts.len() > 2, "{}", parts.len());
    let mut db = Db::new();
    for part in parts {
        assert!(part.len() * 60 <= 1_000);
        for statement in transaction(id(1), part, &db.book) {
            for param in &statement.params {
                if let Param::Text(text) = param {
                    assert!(text.len() <= 1_000_002, "{}", text.len());
                }
            }
        }
        db.accept(part);
    }
    assert_eq!(db.fate("stored"), 2_400);
    db.assert_sound();
}

#[test]
fn junk_fills_a_day_of_the_quarantine_and_no_more() {
    let mut db = Db::new();
    let junk = |n: i64| {
        let (own, page) = (id(n + 10).text(), id(1).text());
        format!(r#"{{"id":"{own}","seq":{n},"page":"{page}","kind":"telepathy"}}"#)
    };
    let row = i64::try_from(junk(0).len()).unwrap() + 256;
    let room = goalpost_core::limits::QUARANTINE_BYTES - 2 * row;
    db.run(&[Statement {
        sql: "INSERT INTO quarantine_days VALUES (?1, date(?2 / 1000, 'unixepoch'), ?3)",
        params: vec![
            Param::Text(SITE.to_owned()),
            Param::Integer(NOW),
            Param::Integer(room),
        ],
    }]);
    let letter = Letter::new((0..5).map(junk));
    for _ in 0..3 {
        db.deliver(std::slice::from_ref(&letter));
        assert_eq!(db.number("SELECT count(*) FROM quarantine"), 2);
        assert_eq!(db.number("SELECT count(*) FROM dropped"), 3);
        assert_eq!(
            db.table("SELECT fate, reason, count FROM fates WHERE fate <> 'duplicate' ORDER BY 1"),
            [
                "dropped | quarantine_full | 3",
                "quarantined | unknown_kind | 2"
            ]
        );
    }
    assert_eq!(db.fate("duplicate"), 10);
    assert_eq!(db.conservation(), ["cloud-kicks | 5 | 0 | 10 | 2 | 3 | 0"]);
    // What can be stored is stored as ever, and a conflict is counted as the copy that it claims to be.
    let good = Letter::new([item(&event(9, "a"))]);
    db.deliver(&[good, Letter::new([item(&event(9, "b"))])]);
    assert_eq!(db.number("SELECT count(*) FROM observations"), 1);
    assert_eq!(db.fate("duplicate"), 11);
    assert_eq!(db.number("SELECT count(*) FROM quarantine"), 2);
    // The next day has room of its own.
    db.deliver(&[Letter::new([junk(7)]).at(NOW + 86_400_000)]);
    assert_eq!(db.number("SELECT count(*) FROM quarantine"), 3);
}

/// Fills the day's room in quarantine, but for so many bytes.
fn fill(db: &mut Db, site: &str, left: i64) {
    db.run(&[Statement {
        sql: "INSERT INTO quarantine_days VALUES (?1, date(?2 / 1000, 'unixepoch'), ?3)",
        params: vec![
            Param::Text(site.to_owned()),
            Param::Integer(NOW),
            Param::Integer(goalpost_core::limits::QUARANTINE_BYTES - left),
        ],
    }]);
}

#[test]
fn of_names_that_anybody_makes_up_one_page_load_a_request_is_noted() {
    let mut db = Db::new();
    let kept = |db: &Db| {
        ["page_loads", "dropped", "quarantine"]
            .map(|table| db.number(&format!("SELECT count(*) FROM {table}")))
    };
    let letter = |site: &str| {
        let items = (0..4).map(|n| Item::new(&event(n, "a"), id(20 + n), None, None).json);
        let mut letter = Letter::new(items);
        letter.site = site.into();
        letter
    };
    db.deliver(&[letter("made-up"), letter("made-up")]);
    assert_eq!(kept(&db), [1, 0, 4]);
    assert_eq!(
        db.table("SELECT site, origin, fate, reason, count FROM fates ORDER BY fate"),
        [
            "made-up | other | duplicate |  | 4",
            "made-up | other | quarantined | unknown_site | 4"
        ]
    );
    db.run(&[Statement {
        sql: "UPDATE quarantine_days SET bytes = 64000000 WHERE site = ''",
        params: Vec::new(),
    }]);
    for copies in 1..3 {
        db.deliver(&[letter("another")]);
        assert_eq!(kept(&db), [2, 0, 4]);
        assert_eq!(
            db.table("SELECT origin, fate, reason, count FROM fates WHERE site = 'another'"),
            [format!(
                "other | dropped | quarantine_full | {}",
                4 * copies
            )]
        );
    }
    // Nor what is no beacon, and so of no site.
    db.accept(&[accepted(
        NOW,
        Content::Refused(RefusedBody {
            reason: Quarantine::Json.name().into(),
            detail: "it is no JSON".into(),
            site: "".into(),
            body: "anVuaw==".into(),
        }),
    )]);
    assert_eq!(kept(&db), [2, 0, 4]);
    assert_eq!(db.fate("dropped"), 9);
    db.assert_sound();
}

#[test]
fn a_page_load_that_begins_before_its_site_has_a_plan_is_whole_in_the_end() {
    let mut db = Db::new();
    db.book = PlanBook::new();
    let bad = item(&event(1, "x")).replace("event", "hologram");
    db.deliver(&[Letter::new([item(&event(0, "a")), bad])]);
    assert_eq!(db.conservation(), ["cloud-kicks | 2 | 0 | 0 | 2 | 0 | 0"]);
    db.book = book();
    db.deliver(&[Letter::new([item(&event(2, "b"))])]);
    assert_eq!(db.conservation(), ["cloud-kicks | 3 | 1 | 0 | 2 | 0 | 0"]);
    let apply = crate::replay::testing::Replay {
        apply: true,
        ..crate::replay::testing::Replay::DRY
    };
    crate::replay::testing::replay(&mut db, &compiled(testing::rules()), apply);
    assert_eq!(db.conservation(), ["cloud-kicks | 3 | 2 | 0 | 1 | 0 | 0"]);
    db.assert_sound();
}

#[test]
fn what_a_server_reports_waits_however_full_the_day_is() {
    let mut db = Db::new();
    fill(&mut db, SITE, 0);
    let told = server_item(1, r#""kind":"trigger","name":"unheard-of""#);
    let junk = format!(
        r#"{{"id":"{}","seq":0,"page":"{}","kind":"telepathy"}}"#,
        id(2).text(),
        id(1).text()
    );
    db.deliver(&[Letter::new([told]).by_server(), Letter::new([junk])]);
    assert_eq!(
        db.table("SELECT form, reason FROM quarantine"),
        ["server | unregistered"]
    );
    assert_eq!(
        db.table("SELECT form, reason, count FROM fates WHERE fate = 'dropped'"),
        ["raw | quarantine_full | 1"]
    );
    assert_eq!(db.conservation(), ["cloud-kicks | 1 | 0 | 0 | 0 | 1 | 0"]);
}

#[test]
fn a_page_load_has_no_more_places_than_numbers_for_them() {
    let mut db = Db::new();
    let mut letter = Letter::new([item(&event(0, "a"))]);
    letter.dropped = vec![(Drop::Overflow, u32::MAX), (Drop::Consent, u32::MAX)];
    let text = letter
        .text()
        .replace("\"captured\":0", "\"captured\":4294967295");
    assert!(text.contains("4294967295,\"dropped\""));
    db.accept(&[accepted(NOW, Content::Beacon(raw(&text)))]);
    assert_eq!(
        db.table("SELECT captured, overflow, consent FROM page_loads"),
        ["65536 | 65536 | 65536"]
    );
}
