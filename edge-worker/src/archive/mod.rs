//! The archive: observations of days that are over, as Parquet files in a bucket of R2, for tools that
//! read more than this database should; and the way of old observations out of the database.
//!
//! The cron takes bounded steps, each of which may die at any point. A part is claimed in the
//! database, which fixes what it holds; its file is written; then the part is kept. So a step that
//! died between bucket and database is repeated, and writes the same file under the same name.
//! Manifests in the bucket are copies of what the database says of the files.
//!
//! With several databases each archives what it has. What moves from one to another says whether a file
//! has it already ([`statements::IS_ARCHIVED`]); then the other only lets it leave.
//!
//! Without a bucket nothing is archived, and nothing leaves.

mod beside;
mod bucket;
mod column;
mod cut;
mod file;
mod forget;
mod leave;
mod list;
mod manifest;
mod people;
mod statements;
mod step;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use forget::forget;
pub(crate) use list::{PARAMETERS, files, schema};
pub(crate) use people::{Whose, told};
pub(crate) use statements::{IS_ARCHIVED, IS_ARCHIVED_ELSEWHERE};

use crate::{
    bindings::Bindings,
    database,
    http::Failure,
    log, plans,
    reports::{Ask, Store},
};
use bucket::Bucket;
use goalpost_core::{Date, Zone};
use serde::{Deserialize, de::DeserializeOwned};

/// A day is archived once it has been over for so long: pages and servers say late what they saw.
const MARGIN_MS: i64 = 86_400_000;

/// Observations of a part, but for late ones.
const ROWS: u32 = 5_000;

/// Parts that one run of the cron writes, and parts that one run lets leave, of all sites.
const PARTS: u32 = 10;

const SITES: &str = "SELECT json_quote(site) FROM sites WHERE plan IS NOT NULL ORDER BY site";

/// A site's archive at one moment, of what one database has.
struct Archive<'a, S, B> {
    /// All databases.
    store: &'a S,
    /// Which of them.
    database: usize,
    bucket: &'a B,
    site: &'a str,
    zone: &'a Zone,
    now: i64,
}

/// A part, as the database names it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
struct Part {
    day: String,
    #[serde(rename = "part")]
    number: u32,
    /// Its range of ids.
    #[serde(default)]
    after: String,
    #[serde(default)]
    until: String,
    #[serde(default)]
    rows: u64,
    #[serde(default)]
    bytes: u64,
    #[serde(default)]
    sha256: String,
}

fn folder(site: &str, day: &str) -> String {
    format!("archive/{site}/day={day}")
}

/// Each database counts its files by itself.
fn file_name(number: u32, database: usize) -> String {
    match database {
        0 => format!("part-{number:05}.parquet"),
        _ => format!("part-{number:05}-{}.parquet", database.saturating_add(1)),
    }
}

/// Archives what is due as of `now` (Unix milliseconds), and lets leave what is old enough.
///
/// # Errors
/// The first failure, after the other sites were tried.
pub(crate) async fn run(edge: &Bindings, now: i64) -> Result<(), Failure> {
    let Some(bucket) = edge.archive() else {
        return Ok(());
    };
    let sites: Vec<String> = database::rows(edge, SITES, &[]).await?;
    let mut turns: Vec<(String, usize)> = sites
        .into_iter()
        .flat_map(|site| (0..edge.databases().len()).map(move |number| (site.clone(), number)))
        .collect();
    // So that none has to wait for the others for ever.
    let turn = now.div_euclid(600_000).unsigned_abs();
    if let Some(first) = usize::try_from(turn)
        .ok()
        .and_then(|t| t.checked_rem(turns.len()))
    {
        turns.rotate_left(first);
    }
    let mut outcome = Ok(());
    let (mut writes, mut leaves) = (PARTS, PARTS);
    for (site, number) in turns {
        let left = (&mut writes, &mut leaves);
        let done = of_site(edge, number, &bucket, &site, now, left).await;
        if let Err(problem) = done {
            log::error("archive_waits", &[("site", site.as_str())], &problem);
            outcome = outcome.and(Err(problem));
        }
    }
    outcome
}

async fn of_site(
    edge: &Bindings,
    database: usize,
    bucket: &impl Bucket,
    site: &str,
    now: i64,
    (writes, leaves): (&mut u32, &mut u32),
) -> Result<(), Failure> {
    let known = plans::in_effect(edge, site).await?;
    let archive = Archive {
        store: edge,
        database,
        bucket,
        site,
        zone: &known.rules.zone,
        now,
    };
    archive.write(writes).await?;
    archive.manifests().await?;
    match edge.archive_after_days() {
        Some(days) => archive.leave(days, leaves).await,
        None => Ok(()),
    }
}

impl<S: Store, B: Bucket> Archive<'_, S, B> {
    /// The last day that has been over for long enough.
    fn settled(&self) -> String {
        let today = self.zone.date(self.now.saturating_sub(MARGIN_MS));
        Date(today.0.saturating_sub(1)).text()
    }

    /// The database.
    fn own(&self) -> Result<&S, Failure> {
        let own = self.store.parts().get(self.database);
        own.ok_or_else(|| Failure::Internal(format!("no database {} is bound", self.database)))
    }

    async fn rows<T: DeserializeOwned>(
        &self,
        sql: impl Into<String>,
        values: &[&str],
    ) -> Result<Vec<T>, Failure> {
        read(&self.own()?.rows(self.ask(sql, values)).await?)
    }

    /// The name of a part's file in the bucket.
    fn key(&self, part: &Part) -> String {
        let name = file_name(part.number, self.database);
        format!("{}/{name}", folder(self.site, &part.day))
    }

    /// A statement about this site, which is its first parameter.
    fn ask(&self, sql: impl Into<String>, values: &[&str]) -> Ask {
        Ask::new(sql, [&[self.site], values].concat())
    }
}

fn read<T: DeserializeOwned>(rows: &[String]) -> Result<Vec<T>, Failure> {
    rows.iter()
        .map(|row| serde_json::from_str(row).map_err(Failure::from))
        .collect()
}
