//! Where SQL says that somebody stands is where `Stage::of` says so.

use super::*;
use crate::contacts::standing;
use proptest::{prelude::*, sample::select};
use std::collections::BTreeMap;

/// Person, definition, time, whether it was voided, and whether it is an outcome.
type Had = (&'static str, &'static str, i64, bool, bool);

fn had() -> impl Strategy<Value = Had> {
    let person = select(vec!["customer:1", "customer:2", "customer:3"]);
    let mut definitions = Stage::OUTCOMES.to_vec();
    definitions.push("warranty");
    (
        person,
        select(definitions),
        0i64..4,
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.9),
    )
}

fn stored(all: &[Had]) -> Shop {
    let shop = Shop::new();
    for (n, (person, definition, time, voided, outcome)) in all.iter().enumerate() {
        shop.run(
            "INSERT INTO conversions (
               site, definition, scope, who, dedup, kind, time, day, points, observation, source,
               plan, batch, money_rank, money_from, browser_rank, browser_from, contact, voided)
             VALUES (?1, ?2, 'event', '', ?3, ?4, CAST(?5 AS INTEGER), '2026-11-18', 0, x'00', 'server',
               '', x'00', 0, x'', 0, x'', ?6, CAST(?7 AS INTEGER))",
            &[
                SITE,
                definition,
                &n.to_string(),
                if *outcome { "outcome" } else { "goal" },
                &time.to_string(),
                person,
                &u8::from(*voided).to_string(),
            ],
        );
    }
    shop
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sql_tells_stages_as_core_does(all in prop::collection::vec(had(), 0..14)) {
        let shop = stored(&all);
        let mut people: BTreeMap<&str, Vec<(&str, i64)>> = BTreeMap::new();
        people.insert("customer:of nothing", Vec::new());
        for (person, definition, time, voided, outcome) in &all {
            let own = people.entry(person).or_default();
            if *outcome && !voided {
                own.push((definition, *time));
            }
        }
        for (person, outcomes) in people {
            let stands = Stage::of(outcomes);
            for stage in Stage::ALL {
                let sql = format!("SELECT CAST({} AS TEXT)", standing("?2", "?3"));
                let person = format!("contact {person}");
                let there = shop.rows(&sql, &[SITE, &person, stage.name()]);
                prop_assert_eq!(&there[0], if stage == stands { "1" } else { "0" }, "{} {:?}", person, stage);
            }
        }
    }
}
