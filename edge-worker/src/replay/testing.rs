//! Replays over a database of the tests, by the very statements.

use super::{
    answer,
    begin::{Beginning, statements},
    statements as sql, step,
};
use crate::sink::{Compiled, Param, Statement, tests::Db};
use goalpost_core::replay::DefinitionDiff;
use rusqlite::params_from_iter;
use serde::de::DeserializeOwned;

/// What a test wants of a replay.
#[derive(Clone, Copy)]
pub(crate) struct Replay {
    pub(crate) apply: bool,
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
    /// Observations of a step.
    pub(crate) limit: u32,
    /// Observations that a step looks at.
    pub(crate) among: u32,
    /// Each step's transaction runs twice.
    pub(crate) twice: bool,
}

impl Replay {
    /// All in one step, changing nothing.
    pub(crate) const DRY: Self = Self {
        apply: false,
        from: "",
        to: "",
        limit: sql::STEP,
        among: sql::LOOKED_AT,
        twice: false,
    };
}

fn rows<T: DeserializeOwned>(db: &Db, query: &str, values: &[&str]) -> Vec<T> {
    let mut prepared = db.sqlite.prepare(query).unwrap();
    let rows = prepared
        .query_map(params_from_iter(values), |row| row.get::<_, String>(0))
        .unwrap();
    rows.map(|text| serde_json::from_str(&text.unwrap()).unwrap())
        .collect()
}

/// Begins a replay of the tests' site.
pub(crate) fn begin(db: &mut Db, id: &str, wanted: &Replay) {
    let begin = statements(&Beginning {
        site: "cloud-kicks",
        id,
        plan: "tried",
        source: "{}",
        from: wanted.from,
        to: wanted.to,
        apply: wanted.apply,
        now: 1,
    });
    db.run(&begin);
}

/// A whole replay, to its end; what it has found.
pub(crate) fn replay(db: &mut Db, plan: &Compiled, wanted: Replay) -> Vec<DefinitionDiff> {
    let id = format!(
        "{:032x}",
        rows::<u8>(db, "SELECT json_quote(count(*)) FROM replays", &[])[0]
    );
    begin(db, &id, &wanted);
    db.run(&[Statement {
        sql: "UPDATE replays SET plan = ?1 WHERE state = 'running'",
        params: vec![Param::Text(plan.rules.plan.clone())],
    }]);
    let among = wanted.among.to_string();
    for _ in 0..1_000 {
        let state: super::Replay = rows(db, &sql::one(), &["cloud-kicks", &id]).remove(0);
        assert!(state.runs());
        let limit = wanted.limit.to_string();
        let values = [
            "cloud-kicks",
            &state.cursor,
            &state.from,
            &state.to,
            &limit,
            &among,
        ];
        let found: Vec<step::Row> = rows(db, sql::ROWS, &values);
        let next = step::next(&found, wanted.limit).unwrap_or_else(|| {
            rows::<String>(db, sql::LOOKED, &["cloud-kicks", &state.cursor, &among]).remove(0)
        });
        if next.is_empty() {
            let found = summary(db, &id);
            db.run(&step::end(&state, "[]", 2));
            assert_eq!(
                rows::<u8>(db, "SELECT json_quote(count(*)) FROM replay_keys", &[]),
                [0]
            );
            return found;
        }
        let statements =
            step::transaction(&state, &step::Tried { plan, keys: &[] }, &found, &next, 2).unwrap();
        db.run(&statements);
        if wanted.twice {
            db.run(&statements);
        }
    }
    panic!("a replay without end");
}

/// What the replay has found so far.
pub(crate) fn summary(db: &Db, id: &str) -> Vec<DefinitionDiff> {
    answer::summary(
        rows(db, &sql::counts(), &[id]),
        rows(db, &sql::money(), &[id]),
        rows(db, &sql::examples(), &[id, "20"]),
    )
}
