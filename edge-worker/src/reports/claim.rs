//! Keeping the figures of a day that Rust computes, without missing what arrives meanwhile.
//!
//! Rows are read, and figures written, in different transactions. So whoever keeps a day takes its
//! mark away and claims it before reading; what arrives later marks it again, a later claim takes it
//! over, and figures are only written by the claim that holds. Until then the day is not kept, and is
//! computed when asked.

use super::store::{Ask, Store};
use crate::{http::Failure, pack::packs};
use serde_json::Value;

/// A part of a site's figures that is kept for one setting of its plan.
#[derive(Clone, Debug)]
pub(crate) struct Part<'a> {
    pub(super) site: &'a str,
    /// Its name in `stale_days` and `kept_days`.
    pub(super) name: &'static str,
    /// The setting.
    pub(super) setting: String,
    /// The tables with its figures; each begins with site and day.
    pub(super) tables: &'static [&'static str],
}

/// The days of `?1`'s part `?4` from `?2` to `?3` that are kept for the setting `?5` and not stale.
pub(super) const CLEAN: &str = "\
SELECT k.day FROM kept_days AS k
WHERE k.site = ?1 AND k.part = ?4 AND k.made_for = ?5 AND k.day BETWEEN ?2 AND ?3
  AND NOT EXISTS (
    SELECT 1 FROM stale_days AS s WHERE s.site = ?1 AND s.part = ?4 AND s.day = k.day)";

/// Days before `?3` to be kept anew, at most `?5`. `?1` site, `?2` part, `?4` setting.
const DUE: &str = "\
SELECT json_quote(day) FROM (
  SELECT day FROM stale_days WHERE site = ?1 AND part = ?2 AND day < ?3
  UNION
  SELECT day FROM kept_days WHERE site = ?1 AND part = ?2 AND day < ?3 AND made_for <> ?4)
ORDER BY day DESC LIMIT CAST(?5 AS INTEGER)";

/// A day that is being kept.
pub(super) struct Claim<'a> {
    part: &'a Part<'a>,
    day: String,
    id: String,
}

/// Days that could not be kept, each with what went wrong.
pub(crate) type Failed = Vec<(String, Failure)>;

impl Part<'_> {
    /// Keeps the latest days before `before` that are due, at most as many as are `left`; `one` keeps a
    /// claimed day, and `id` must be another each time. A day that cannot be kept holds up no other.
    pub(super) async fn keep(
        &self,
        store: &impl Store,
        before: &str,
        left: &mut u32,
        mut id: impl FnMut() -> Result<String, Failure>,
        mut one: impl AsyncFnMut(Claim<'_>) -> Result<(), Failure>,
    ) -> Result<Failed, Failure> {
        let mut failed = Failed::new();
        for day in self.due(store, before, *left).await? {
            *left = left.saturating_sub(1);
            let kept = match self.claim(store, day.clone(), id()?).await {
                Ok(claim) => one(claim).await,
                Err(problem) => Err(problem),
            };
            if let Err(problem) = kept {
                failed.push((day, problem));
            }
        }
        Ok(failed)
    }

    /// The latest days before `before` that are to be kept, at most `most`.
    async fn due(
        &self,
        store: &impl Store,
        before: &str,
        most: u32,
    ) -> Result<Vec<String>, Failure> {
        let most = most.to_string();
        let ask = Ask::new(DUE, [self.site, self.name, before, &self.setting, &most]);
        let days = store.rows(ask).await?;
        days.iter()
            .map(|day| serde_json::from_str(day).map_err(Failure::from))
            .collect()
    }

    /// Claims a day; `id` must be another each time.
    pub(super) async fn claim(
        &self,
        store: &impl Store,
        day: String,
        id: String,
    ) -> Result<Claim<'_>, Failure> {
        let own = [self.site, &day];
        let mut asks: Vec<Ask> = self
            .tables
            .iter()
            .map(|table| {
                Ask::new(
                    format!("DELETE FROM {table} WHERE site = ?1 AND day = ?2"),
                    own,
                )
            })
            .collect();
        asks.push(Ask::new(
            "DELETE FROM stale_days WHERE site = ?1 AND part = ?2 AND day = ?3",
            [self.site, self.name, &day],
        ));
        asks.push(Ask::new(
            "INSERT INTO kept_days (site, part, day, made_for, claim) VALUES (?1, ?2, ?3, '', ?4)
             ON CONFLICT DO UPDATE SET made_for = '', claim = excluded.claim",
            [self.site, self.name, &day, &id],
        ));
        store.batch(&asks).await?;
        Ok(Claim {
            part: self,
            day,
            id,
        })
    }
}

impl Claim<'_> {
    pub(super) fn day(&self) -> &str {
        &self.day
    }

    /// Writes the day's figures, if the claim still holds. Each filling is the beginning of an
    /// insertion from `r`, its rows under `v`; `?2` is the site, `?3` the day.
    pub(super) async fn fill(
        self,
        store: &impl Store,
        fillings: Vec<(&'static str, Vec<Value>)>,
    ) -> Result<(), Failure> {
        let own = |text: String| {
            [
                text,
                self.part.site.into(),
                self.day.clone(),
                self.part.name.into(),
                self.id.clone(),
            ]
        };
        let mut asks = Vec::new();
        for (insert, rows) in fillings {
            let sql = format!(
                "WITH r AS MATERIALIZED (SELECT value AS v FROM json_each(?1))
{insert}
FROM r WHERE EXISTS (
  SELECT 1 FROM kept_days WHERE site = ?2 AND part = ?4 AND day = ?3 AND claim = ?5
    AND made_for = '')"
            );
            let rows: Vec<String> = rows.iter().map(Value::to_string).collect();
            for pack in packs(rows.iter().map(String::as_str)) {
                asks.push(Ask::new(sql.as_str(), own(pack.json)));
            }
        }
        asks.push(Ask::new(
            "UPDATE kept_days SET made_for = ?1
             WHERE site = ?2 AND part = ?4 AND day = ?3 AND claim = ?5",
            own(self.part.setting.clone()),
        ));
        store.batch(&asks).await?;
        Ok(())
    }
}
