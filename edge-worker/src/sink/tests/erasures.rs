//! Somebody is erased, and everything arrives once more.

use super::any_order::letters;
use super::*;
use crate::erase::testing::{begin, erase, erase_by, names, step};
use goalpost_core::{Counting, Definition, testing};
use proptest::prelude::*;

const LATER: i64 = NOW + 30 * DAY;
const ANNA: &str = "customer:7";
const BEN: &str = "email:ben";

/// All that is there of people, but for what is counted of copies.
fn kept(db: &Db) -> Vec<Table> {
    [
        "SELECT * FROM observations ORDER BY id",
        "SELECT * FROM quarantine ORDER BY id, digest",
        "SELECT * FROM evidence ORDER BY 2, 3, 4, 5, 6",
        "SELECT * FROM conversions ORDER BY 2, 3, 4, 5",
        "SELECT * FROM sessions ORDER BY 2, 3",
        "SELECT * FROM refunds ORDER BY 2",
        "SELECT * FROM known_visitors ORDER BY 2",
        "SELECT * FROM identities ORDER BY 2",
        "SELECT * FROM open_carts ORDER BY 2, 3",
        "SELECT * FROM page_loads ORDER BY 2",
        "SELECT * FROM fates WHERE fate <> 'duplicate' ORDER BY 2, 3, 4, 5, 6, 7",
    ]
    .map(|query| db.table(query))
    .to_vec()
}

/// What must follow from rows does so. Sessions of others may have seen what is gone.
fn follows_from_rows(db: &Db) {
    for recompute in RECOMPUTE {
        if recompute.what != "sessions" {
            let (kept, anew) = (db.table(recompute.kept), db.table(recompute.anew));
            assert_eq!(kept, anew, "{}", recompute.what);
        }
    }
    assert_eq!(db.table(reference::KEPT), reference::conversions(db));
    let found = crate::check::tests::differences(&db.sqlite);
    assert_eq!(found, [] as [String; 0]);
}

fn waiting(db: &Db) -> Table {
    db.table(&format!("SELECT captured, waiting FROM ({CONSERVATION})"))
}

/// Every place in which a name still is.
fn traces(db: &Db, names: &std::collections::BTreeMap<&'static str, Vec<String>>) -> Vec<String> {
    let mut found = Vec::new();
    let tables = db.table(
        "SELECT m.name || '.' || c.name FROM sqlite_master AS m, pragma_table_info(m.name) AS c
         WHERE m.type = 'table' AND m.name NOT IN ('plans') ORDER BY 1",
    );
    for name in names.values().flatten() {
        for place in &tables {
            let (table, column) = place.split_once('.').unwrap();
            let dashed = Id::parse(name).map_or_else(|| format!("\"{name}\""), Id::text);
            let query = format!(
                "SELECT count(*) FROM {table} WHERE hex({column}) = '{name}'
                 OR CAST({column} AS TEXT) = '{name}' OR instr(CAST({column} AS TEXT), '{dashed}') > 0
                 OR CAST({column} AS TEXT) = 'contact {name}'"
            );
            // A digit may be anything.
            if name.len() > 1 && db.number(&query) > 0 {
                found.push(format!("{name} in {place}"));
            }
        }
    }
    found
}

fn shop() -> [Letter; 4] {
    let bought = [
        item_in(600, &view(1, "/shoes", "news")),
        item_in(600, &identify(2, ANNA)),
        item_in(600, &adds(3)),
        item_in(600, &purchase(4, "A1", "100")),
    ];
    let other = [
        item_in(601, &view(5, "/boots", "")),
        item_in(601, &subscribe(6)),
        item_in(601, &purchase(7, "B1", "50")),
    ];
    let told = [
        linked(10, ANNA, &["email:anna"]),
        sold(11, "A1", "100", "email:anna"),
        given_back(12, "A1", Some(("40", "JPY"))),
        sold(13, "B1", "50", BEN),
    ];
    let broken = [item(&event(20, "half")).replace("half", "half \\ud83d")];
    [
        Letter::new(bought).of(id(100)),
        Letter::new(other).of(id(200)),
        Letter::new(told).by_server(),
        Letter::new(broken).of(id(100)),
    ]
}

#[test]
fn who_is_erased_stays_so_and_nothing_of_others_changes() {
    let letters = shop();
    let mut others = Db::new();
    let mut without = letters.clone();
    without[0].items.clear();
    without[2].items.drain(..3);
    without[3].items.clear();
    others.deliver(&without);
    for name in [ANNA.to_owned(), "email:anna".to_owned(), id(100).text()] {
        let mut db = Db::new();
        db.deliver(&letters);
        let (before, all) = (waiting(&db), names(&db, &name));
        assert_eq!(erase(&mut db, id(9_000), &name, LATER), (7, 1), "{name}");
        db.assert_sound();
        assert_eq!(traces(&db, &all), Vec::<String>::new());
        assert_eq!(waiting(&db), before);
        assert_eq!(
            db.table("SELECT reason, sum(count) FROM fates WHERE fate = 'dropped' GROUP BY 1"),
            ["erased | 8"]
        );
        let left = kept(&db);
        // But for what tells of page loads and fates, as if the person had never come.
        for (own, other) in left.iter().zip(kept(&others)).take(9) {
            let batchless = |table: &Table| -> Vec<String> {
                table
                    .iter()
                    .map(|row| row.split("[01, 9").next().unwrap().to_owned())
                    .collect()
            };
            assert_eq!(batchless(own).len(), batchless(&other).len(), "{name}");
        }
        assert_eq!(
            db.table("SELECT definition, minor, refunded, person FROM conversions ORDER BY 1"),
            others.table("SELECT definition, minor, refunded, person FROM conversions ORDER BY 1")
        );
        for letter in letters.iter().chain(letters.iter().rev()) {
            db.deliver(std::slice::from_ref(letter));
        }
        assert_eq!(kept(&db), left, "{name}");
        db.assert_sound();
    }
}

#[test]
fn what_was_still_under_way_is_dropped_and_whoever_returns_begins_anew() {
    let mut db = Db::new();
    let [bought, ..] = shop();
    let mut first = bought.clone();
    first.items.truncate(2);
    db.deliver(&[first]);
    erase(&mut db, id(9_000), ANNA, LATER);
    // The page's last items, and a server's word of before.
    db.deliver(std::slice::from_ref(&bought));
    db.deliver(&[Letter::new([sold(30, "A2", "9", "email:x")]).by_server()]);
    db.deliver(&[Letter::new([sold(31, "A3", "9", ANNA)]).by_server()]);
    assert_eq!(db.number("SELECT count(*) FROM observations"), 1);
    assert_eq!(
        db.table(
            "SELECT origin, reason, sum(count) FROM fates WHERE fate = 'dropped' GROUP BY 1, 2"
        ),
        ["other | erased | 1", "page | erased | 4"]
    );
    assert_eq!(waiting(&db), ["5 | 1"]);
    db.assert_sound();
    // Days later the same person comes with the same browser.
    let after = 31 * DAY;
    let back = [
        item_in(700, &identify(after, ANNA)),
        item_in(700, &subscribe(after + 1)),
    ];
    db.deliver(&[Letter::new(back).of(id(100)).at(NOW + after + DAY)]);
    assert_eq!(
        db.table("SELECT definition, contact FROM conversions WHERE contact = 'customer:7'"),
        ["newsletter | customer:7"]
    );
    db.assert_sound();
}

#[test]
fn what_arrives_while_it_is_under_way_is_dropped_too() {
    let letters = shop();
    for steps in 0..9 {
        let mut db = Db::new();
        db.deliver(&letters);
        begin(&mut db, id(9_000), ANNA, LATER);
        let mut ended = false;
        for _ in 0..steps {
            ended = ended || step(&mut db, id(9_000), LATER);
        }
        let late = [
            item_in(600, &purchase(50, "A9", "1")),
            item_in(600, &subscribe(51)),
        ];
        let late = Letter::new(late).of(id(100));
        db.deliver(std::slice::from_ref(&late));
        db.deliver(&letters);
        while !ended {
            ended = step(&mut db, id(9_000), LATER);
        }
        db.assert_sound();
        assert_eq!(db.number("SELECT count(*) FROM observations"), 4);
        assert_eq!(db.converted("product-purchase"), 1);
        let mut all = Db::new();
        all.deliver(&letters);
        all.deliver(&[late]);
        assert_eq!(waiting(&db), waiting(&all), "{steps}");
    }
}

#[test]
fn two_erasures_at_once_end_both() {
    let mut db = Db::new();
    db.deliver(&shop());
    begin(&mut db, id(9_000), ANNA, LATER);
    begin(&mut db, id(9_001), BEN, LATER);
    begin(&mut db, id(9_002), &id(100).text(), LATER);
    let mut running = vec![id(9_000), id(9_001), id(9_002)];
    while !running.is_empty() {
        running.retain(|erasure| !step(&mut db, *erasure, LATER));
    }
    assert_eq!(
        db.number("SELECT count(*) FROM erased WHERE until > 9000000000000000"),
        0
    );
    assert_eq!(
        db.table("SELECT definition, contact FROM conversions"),
        ["daily-visit | -", "newsletter | -"]
    );
    follows_from_rows(&db);
}

#[test]
fn who_is_erased_beside_others_may_come_back_once_their_own_erasure_has_ended() {
    let mut db = Db::new();
    db.deliver(&shop());
    begin(&mut db, id(9_000), ANNA, LATER);
    begin(&mut db, id(9_001), BEN, LATER);
    while !step(&mut db, id(9_000), LATER) {}
    let after = 31 * DAY;
    let back = [
        sold(after, "A8", "100", ANNA),
        sold(after + 1, "B8", "100", BEN),
    ];
    let back = Letter::new(back).by_server().at(NOW + after + DAY);
    db.deliver(std::slice::from_ref(&back));
    let sold = "SELECT order_number FROM conversions WHERE order_number IN ('A8', 'B8')";
    assert_eq!(db.table(sold), ["A8"]);
    while !step(&mut db, id(9_001), LATER) {}
    assert_eq!(db.table(sold), ["A8"]);
    assert_eq!(
        db.number("SELECT count(*) FROM erased WHERE until > 9000000000000000"),
        0
    );
    follows_from_rows(&db);
}

#[test]
fn who_is_erased_twice_at_once_stays_away_until_both_have_ended() {
    for first in [9_000, 9_001] {
        let mut db = Db::new();
        db.deliver(&shop());
        begin(&mut db, id(9_000), ANNA, LATER);
        begin(&mut db, id(9_001), "email:anna", LATER);
        while !step(&mut db, id(first), LATER) {}
        let after = 31 * DAY;
        let back = |n: i64| {
            let back = [sold(after + n, "A8", "100", ANNA)];
            [Letter::new(back).by_server().at(NOW + after + DAY)]
        };
        let there = "SELECT count(*) FROM conversions WHERE order_number = 'A8'";
        db.deliver(&back(0));
        assert_eq!(db.number(there), 0, "{first}");
        while !step(&mut db, id(18_001 - first), LATER) {}
        db.deliver(&back(1));
        assert_eq!(db.number(there), 1, "{first}");
        follows_from_rows(&db);
    }
}

/// The tests' shop, where whoever buys reaches a goal once per session.
fn with_buyers() -> Db {
    let mut rules = testing::rules();
    let purchase = rules
        .definitions
        .iter()
        .find(|own| own.id == "product-purchase");
    let buyer = Definition {
        id: "buyer".into(),
        count: Counting::OncePerSession,
        ..purchase.unwrap().clone()
    };
    rules.definitions.push(buyer);
    let mut db = Db::new();
    db.book.add_current(compiled(rules));
    db
}

#[test]
fn of_several_orders_of_one_session_no_number_of_the_erased_stays() {
    let mut db = with_buyers();
    let bought = [
        item_in(600, &purchase(1, "B1", "50")),
        item_in(600, &purchase(2, "A1", "100")),
        item_in(600, &purchase(3, "A2", "100")),
        item_in(600, &purchase(4, "A3", "100")),
    ];
    let told = [
        sold(11, "A1", "100", ANNA),
        sold(12, "A2", "100", ANNA),
        sold(13, "A3", "100", ANNA),
        sold(14, "B1", "50", BEN),
    ];
    db.deliver(&[
        Letter::new(bought).of(id(100)),
        Letter::new(told).by_server(),
    ]);
    let all = names(&db, ANNA);
    assert_eq!(all["orders"], ["A1", "A2", "A3"]);
    assert_eq!(erase(&mut db, id(9_000), ANNA, LATER), (6, 0));
    assert_eq!(traces(&db, &all), Vec::<String>::new());
    assert_eq!(
        db.table("SELECT definition, order_number FROM evidence ORDER BY 1, source"),
        [
            "buyer | B1",
            "buyer | B1",
            "product-purchase | B1",
            "product-purchase | B1"
        ]
    );
    let trail = "SELECT e.value ->> 5 FROM sessions, json_each('[' || trail || ']') AS e ORDER BY e.value ->> 1";
    assert_eq!(db.table(trail), ["B1", "", "", ""]);
    follows_from_rows(&db);
}

#[test]
fn somebody_of_more_names_than_a_round_takes_is_erased_all_the_same() {
    let mut db = Db::new();
    for n in 0..7 {
        let bought = [
            item_in(600 + n, &identify(10 * n + 1, ANNA)),
            item_in(600 + n, &purchase(10 * n + 2, &format!("A{n}"), "100")),
        ];
        db.deliver(&[Letter::new(bought).of(id(100 + n))]);
    }
    let all = names(&db, ANNA);
    assert_eq!((all["visitors"].len(), all["orders"].len()), (7, 7));
    assert_eq!(erase_by(&mut db, id(9_000), ANNA, 2, LATER), (14, 0));
    assert_eq!(traces(&db, &all), Vec::<String>::new());
    assert_eq!(db.number("SELECT count(*) FROM conversions"), 0);
    assert_eq!(
        db.number("SELECT count(*) FROM erased WHERE until > 9000000000000000"),
        0
    );
    db.assert_sound();
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 100,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn nothing_of_the_erased_is_left_or_comes_back(
        letters in letters(),
        name in prop::sample::select(vec![
            id(500).text(), id(501).text(), "email:anna".into(), "customer:7".into(), "phone:1".into(),
        ]),
        most in prop::sample::select(vec![1, 2, 1_000]),
    ) {
        let mut db = with_buyers();
        db.deliver(&letters);
        let (before, all) = (waiting(&db), names(&db, &name));
        let own: Vec<String> = all["visitors"].iter().map(|own| format!("x'{own}'")).collect();
        let of_others = format!("SELECT * FROM sessions WHERE visitor NOT IN ({}) ORDER BY 2, 3", own.join(","));
        let counted = "visitor, session, day, started_at, ended_at, pages, interactions, matches, entry";
        let of_others = of_others.replace('*', counted).replace("2, 3", "1, 2");
        let sessions = db.table(&of_others);
        erase_by(&mut db, id(9_000_000), &name, most, LATER);
        prop_assert_eq!(traces(&db, &all), Vec::<String>::new());
        prop_assert_eq!(waiting(&db), before);
        prop_assert_eq!(db.table(&format!("SELECT {counted} FROM sessions ORDER BY 1, 2")), sessions);
        follows_from_rows(&db);
        let left = kept(&db);
        for letter in letters.iter().rev() {
            db.deliver(std::slice::from_ref(letter));
        }
        prop_assert_eq!(kept(&db), left);
    }
}
