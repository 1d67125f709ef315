//! What a file says of an observation that may stand in another database: its session and its plan.

use super::{
    Archive,
    bucket::Bucket,
    column::{PLAN_VERSION, Row, SESSION},
};
use crate::{http::Failure, pack::packs, reports::Store};
use std::collections::{BTreeMap, BTreeSet};

const PLANS: &str = "SELECT json_array(hash, version) FROM plans WHERE site = ?1";

/// Sessions by visitor and session. `?1` site, `?2` pairs of them as JSON.
fn sessions() -> String {
    let columns = super::column::sql_of(SESSION);
    format!(
        "\
SELECT json_array(json_array(lower(hex(s.visitor)), lower(hex(s.session))), json_array({columns}))
FROM json_each(?2) AS k
CROSS JOIN sessions AS s
  ON s.site = ?1 AND s.visitor = unhex(k.value ->> 0) AND s.session = unhex(k.value ->> 1)"
    )
}

impl<S: Store, B: Bucket> Archive<'_, S, B> {
    /// Adds what this database does not have. A person who moves takes their sessions along, and
    /// observations stay; plans are in the first database.
    pub(super) async fn complete(&self, rows: &mut [Row]) -> Result<(), Failure> {
        let databases = self.store.parts();
        if databases.len() < 2 {
            return Ok(());
        }
        let plans = self.store.rows(self.ask(PLANS, &[])).await?;
        let plans: BTreeMap<String, serde_json::Value> = super::read(&plans)?.into_iter().collect();
        for row in rows.iter_mut() {
            let version = row.plan().and_then(|hash| plans.get(hash)).cloned();
            row.fill(PLAN_VERSION, version.into_iter().collect());
        }
        for other in databases {
            let missing: BTreeSet<String> = rows
                .iter()
                .filter_map(Row::unknown_session)
                .map(|key| serde_json::to_string(&key))
                .collect::<Result<_, _>>()?;
            let mut found = BTreeMap::new();
            for pack in packs(missing.iter().map(String::as_str)) {
                let answer = other.rows(self.ask(sessions(), &[&pack.json])).await?;
                found.extend(super::read::<((String, String), Vec<_>)>(&answer)?);
            }
            for row in rows.iter_mut() {
                if let Some(cells) = row.unknown_session().and_then(|key| found.get(&key)) {
                    row.fill(SESSION, cells.clone());
                }
            }
        }
        Ok(())
    }
}
