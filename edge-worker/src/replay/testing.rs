//! Replays over a database of the tests, by the very statements.

use super::{
    answer,
    begin::{Beginning, statements},
    quarantined::quarantined,
    statements as sql, step,
};
use crate::sink::{Compiled, Param, Statement, Waiting, tests::Db};
use goalpost_core::{Id, replay::DefinitionDiff};
use rusqlite::params_from_iter;
use serde::de::DeserializeOwned;

const SITE: &str = "cloud-kicks";

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
    /// When it runs.
    pub(crate) at: i64,
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
        at: 9,
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
        site: SITE,
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
    for _ in 0..1_000 {
        let state: super::Replay = rows(db, &sql::one(), &[SITE, &id]).remove(0);
        assert!(state.runs());
        let Some(statements) = next_step(db, plan, &wanted, &state) else {
            let found = summary(db, &id);
            db.run(&step::end(&state, "[]", 2));
            let left = "SELECT json_quote(count(*)) FROM replay_keys";
            assert_eq!(rows::<u8>(db, left, &[]), [0]);
            return found;
        };
        db.run(&statements);
        if wanted.twice {
            let problem = db.try_run(&statements).unwrap_err().to_string();
            assert!(problem.contains(sql::NOT_HELD), "{problem}");
        }
    }
    panic!("a replay without end");
}

/// The statements of the next step; `None` at the end.
fn next_step(
    db: &Db,
    plan: &Compiled,
    wanted: &Replay,
    state: &super::Replay,
) -> Option<Vec<Statement>> {
    let tried = step::Tried { plan, keys: &[] };
    let (most, among) = (wanted.limit.to_string(), wanted.among.to_string());
    let last = |sql| rows::<String>(db, sql, &[SITE, &state.cursor, &among]).remove(0);
    if state.part == step::STORED {
        let values = [SITE, &state.cursor, &among, &most, &state.from, &state.to];
        let found: Vec<step::Row> = rows(db, sql::ROWS, &values);
        let next = step::next(found.iter().map(|row| row.id.as_str()), wanted.limit)
            .unwrap_or_else(|| last(sql::LOOKED));
        return Some(step::stored(state, &tried, &found, &next, 2).unwrap());
    }
    let found: Vec<Waiting> = rows(db, sql::WAITING, &[SITE, &state.cursor, &among, &most]);
    let next = step::next(found.iter().map(|row| row.id.as_str()), wanted.limit)
        .unwrap_or_else(|| last(sql::LOOKED_WAITING));
    let batch = Id::new(wanted.at, [9; 10]);
    (!next.is_empty()).then(|| quarantined(state, &tried, &found, &next, batch, 2).unwrap())
}

/// What the replay has found so far.
pub(crate) fn summary(db: &Db, id: &str) -> Vec<DefinitionDiff> {
    answer::summary(
        rows(db, &sql::counts(), &[id]),
        rows(db, &sql::money(), &[id]),
        rows(db, &sql::examples(), &[id, "20"]),
    )
}
