//! Erasures over a database of the tests, by the very statements.

use super::{Erasure, Names, hex, statements as sql, stores::Store, transaction};
use crate::{
    contacts::{Named, Person},
    sink::tests::Db,
};
use goalpost_core::Id;
use rusqlite::params_from_iter;
use std::collections::BTreeMap;

/// The site of the tests.
const SITE: &str = "cloud-kicks";

fn rows(db: &Db, query: &str, values: &[&str]) -> Vec<String> {
    let mut prepared = db.sqlite.prepare(query).unwrap();
    prepared
        .query_map(params_from_iter(values), |row| row.get(0))
        .unwrap()
        .collect::<rusqlite::Result<_>>()
        .unwrap()
}

/// Whose name it is, and so many names of each kind of that person; -1: all.
fn person(db: &Db, name: &str, most: i64) -> (Named, Person, Names) {
    let asked = Id::parse(name).map_or_else(|| Named::Identity(name.to_owned()), Named::Visitor);
    let (question, value) = asked.question();
    let contact = rows(db, question, &[SITE, &value]).pop();
    let person = asked.answered(contact.map(|text| serde_json::from_str(&text).unwrap()));
    let key = person.key();
    let names = rows(db, sql::NAMES, &[SITE, &key, &most.to_string()]).remove(0);
    let names: Names = serde_json::from_str(&names).unwrap();
    (asked, person, names.with(&key))
}

fn one(db: &Db, id: Id) -> Erasure {
    let row = rows(db, &sql::one(), &[SITE, &hex(id)]).remove(0);
    serde_json::from_str(&row).unwrap()
}

/// Begins an erasure of whoever has that name, at `now`.
pub(crate) fn begin(db: &mut Db, id: Id, name: &str, now: i64) {
    begin_by(db, id, name, MANY, now);
}

/// As many names as nobody has.
const MANY: usize = 1_000;

fn begin_by(db: &mut Db, id: Id, name: &str, most: usize, now: i64) {
    let (asked, person, names) = person(db, name, i64::try_from(most).unwrap());
    let names = names.of_a_round(most);
    let asked = asked.subject().tombstone(SITE);
    let statements = super::begin::statements(SITE, id, &asked, (&person.key(), &names), now);
    let statements = statements.unwrap();
    db.run(&statements);
}

/// Takes a step, twice; whether it was the last.
pub(crate) fn step(db: &mut Db, id: Id, now: i64) -> bool {
    step_by(db, id, MANY, now)
}

fn step_by(db: &mut Db, id: Id, most: usize, now: i64) -> bool {
    let erasure = one(db, id);
    let store = Store::of(&erasure.store).unwrap();
    let found = store
        .question(&erasure, most)
        .map_or_else(Vec::new, |(query, values)| {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            rows(db, query, &values)
        });
    let step = store.step(&erasure, &found, most, now).unwrap();
    let statements = transaction(&erasure, store, step, now);
    db.run(&statements);
    let problem = db.try_run(&statements).unwrap_err().to_string();
    assert!(problem.contains(sql::NOT_HELD), "{problem}");
    !one(db, id).runs()
}

/// Erases whoever has that name, at `now`; how many observations and waiting items that were.
pub(crate) fn erase(db: &mut Db, id: Id, name: &str, now: i64) -> (i64, i64) {
    erase_by(db, id, name, MANY, now)
}

/// The same, with so many names of each kind in a round.
pub(crate) fn erase_by(db: &mut Db, id: Id, name: &str, most: usize, now: i64) -> (i64, i64) {
    begin_by(db, id, name, most, now);
    for _ in 0..500 {
        if step_by(db, id, most, now) {
            let ended = one(db, id);
            assert!(ended.names.subjects().next().is_none());
            return (ended.observations, ended.quarantined);
        }
    }
    panic!("an erasure without end");
}

/// Every name of whoever has one of them, as the tables have it.
pub(crate) fn names(db: &Db, name: &str) -> BTreeMap<&'static str, Vec<String>> {
    let (_, _, names) = person(db, name, -1);
    [
        ("visitors", names.visitors),
        ("identities", names.identities),
        ("orders", names.orders),
    ]
    .into()
}
