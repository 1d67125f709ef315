//! Each of several databases archives what it has, and all of them each observation once.

use super::{
    super::{any_order::deliveries, *},
    deployment::{Deployment, FAR},
    some_of_nobody,
};
use crate::archive::tests::Memory;
use proptest::prelude::*;

/// Something of each of some visitors that makes nothing happen.
fn idle(of: std::ops::Range<i64>) -> Vec<Letter> {
    of.map(|n| {
        let mut letter = Letter::new([item_in(600 + n, &event(n, "noticed"))]);
        letter.visitor = Some(id(500 + n));
        letter
    })
    .collect()
}

#[test]
fn what_is_archived_moves_without_being_archived_again() {
    let mut several = Deployment::new(1);
    several.settles();
    let bucket = Memory::default();
    several.deliver(&idle(0..40));
    several.archives_all(&bucket);
    several.shards = 4;
    several.settles();
    let moved = several
        .node
        .tables("SELECT part FROM archive_late WHERE part < 0");
    assert!(moved.len() > 20, "{moved:?}");
    several.deliver(&idle(40..80));
    several.archives_all(&bucket);
    let stored = several
        .node
        .tables("SELECT lower(hex(id)) FROM observations");
    assert_eq!(stored.len(), 80);
    assert_eq!(bucket.ids(), stored);

    // And back, some of it for the second time; one is in a database that has not written it yet.
    several.shards = 1;
    several.settles();
    several.archives_all(&bucket);
    assert_eq!(bucket.ids(), stored);
    for database in 0..4 {
        bucket.leave_of(&several.node, database, several.now + FAR + 10 * DAY);
    }
    let left = several.node.tables("SELECT 1 FROM observations");
    assert_eq!(left, Table::new());
    assert_eq!(several.differences(), [] as [String; 0]);
}

#[test]
fn a_file_tells_of_sessions_that_are_in_another_database() {
    let mut several = Deployment::new(4);
    several.settles();
    let letters = idle(0..20);
    several.deliver(&letters);
    for letter in &letters {
        let mut named = letter.clone();
        named.items = vec![item_in(
            600,
            &identify(900 + letter.visitor.unwrap().time() % 500, "email:anna"),
        )];
        several.deliver(&[named]);
    }
    several.settles();
    let away: usize = several
        .node
        .parts
        .iter()
        .map(|part| {
            let db = part.db.borrow();
            db.as_ref()
                .unwrap()
                .table(
                    "SELECT 1 FROM observations AS o WHERE NOT EXISTS (
               SELECT 1 FROM sessions AS s WHERE s.visitor = o.visitor AND s.session = o.session)",
                )
                .len()
        })
        .sum();
    assert!(away > 5, "{away}");
    let bucket = Memory::default();
    several.archives_all(&bucket);
    assert_eq!(bucket.unknown_sessions(), []);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 150,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn each_observation_is_in_one_file_of_one_database(
        (_, deliveries) in deliveries(),
        acts in prop::collection::vec((0u8..6, 0u32..12, any::<bool>()), 0..24),
        begun in any::<bool>(),
    ) {
        let mut several = Deployment::new(4);
        if begun {
            several.settles();
        }
        let bucket = Memory::default();
        let mut acts = acts.into_iter();
        for part in deliveries {
            several.deliver(&some_of_nobody(part));
            for (what, number, happens) in acts.by_ref().take(6) {
                match what {
                    5 => several.archives(&bucket, (number, happens)),
                    _ => several.acts(what, (number, happens)),
                }
            }
        }
        several.settles();
        several.archives_all(&bucket);
        let stored = several.node.tables("SELECT lower(hex(id)) FROM observations");
        prop_assert_eq!(bucket.ids(), stored.clone());
        for (visitor, session) in bucket.unknown_sessions() {
            let there = several.node.tables(&format!(
                "SELECT 1 FROM sessions WHERE hex(visitor) = upper('{visitor}') AND hex(session) = upper('{session}')"));
            prop_assert!(there.is_empty(), "session {} of {} has a channel", session, visitor);
        }

        for database in 0..4 {
            bucket.leave_of(&several.node, database, several.now + FAR + 10 * DAY);
        }
        prop_assert_eq!(several.differences(), [] as [String; 0]);
        let may_leave = several.node.tables(
            "SELECT 1 FROM observations WHERE contact IS NULL AND source <> 'server' AND verdict IS NULL");
        prop_assert_eq!(may_leave, Table::new());
        let mut known = several.node.tables(
            "SELECT lower(hex(id)) FROM observations
             UNION ALL SELECT lower(hex(id)) FROM dropped WHERE archived = 1");
        known.sort();
        prop_assert_eq!(known, stored, "of what has left, the ids stay");
    }
}
