//! The archive: observations of days that are over, as Parquet files in a bucket of R2, for tools that
//! read more than this database should; and the way of old observations out of the database.
//!
//! The cron takes bounded steps, each of which may die at any point. A part is claimed in the
//! database, which fixes what it holds; its file is written; then the part is kept. So a step that
//! died between bucket and database is repeated, and writes the same file under the same name.
//! Manifests in the bucket are copies of what the database says of the files.
//!
//! Without a bucket nothing is archived, and nothing leaves.

mod bucket;
mod column;
mod cut;
mod file;
mod forget;
mod leave;
mod list;
mod manifest;
mod statements;
mod step;
#[cfg(test)]
mod tests;

pub(crate) use forget::forget;
pub(crate) use list::{PARAMETERS, files, schema};

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

/// A site's archive at one moment.
struct Archive<'a, S, B> {
    store: &'a S,
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

impl Part {
    fn key(&self, site: &str) -> String {
        format!("{}/{}", folder(site, &self.day), file_name(self.number))
    }
}

fn folder(site: &str, day: &str) -> String {
    format!("archive/{site}/day={day}")
}

fn file_name(number: u32) -> String {
    format!("part-{number:05}.parquet")
}

/// Archives what is due as of `now` (Unix milliseconds), and lets leave what is old enough.
///
/// # Errors
/// The first failure, after the other sites were tried.
pub(crate) async fn run(edge: &Bindings, now: i64) -> Result<(), Failure> {
    // Its files are of one database's ranges of ids.
    let Some(bucket) = edge.archive().filter(|_| edge.databases().len() < 2) else {
        return Ok(());
    };
    let mut sites: Vec<String> = database::rows(edge, SITES, &[]).await?;
    // So that none has to wait for the others for ever.
    let turn = now.div_euclid(600_000).unsigned_abs();
    if let Some(first) = usize::try_from(turn)
        .ok()
        .and_then(|t| t.checked_rem(sites.len()))
    {
        sites.rotate_left(first);
    }
    let mut outcome = Ok(());
    let (mut writes, mut leaves) = (PARTS, PARTS);
    for site in sites {
        let done = of_site(edge, &bucket, &site, now, (&mut writes, &mut leaves)).await;
        if let Err(problem) = done {
            log::error("archive_waits", &[("site", site.as_str())], &problem);
            outcome = outcome.and(Err(problem));
        }
    }
    outcome
}

async fn of_site(
    edge: &Bindings,
    bucket: &impl Bucket,
    site: &str,
    now: i64,
    (writes, leaves): (&mut u32, &mut u32),
) -> Result<(), Failure> {
    let known = plans::in_effect(edge, site).await?;
    let archive = Archive {
        store: edge,
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

    async fn rows<T: DeserializeOwned>(
        &self,
        sql: impl Into<String>,
        values: &[&str],
    ) -> Result<Vec<T>, Failure> {
        read(&self.store.rows(self.ask(sql, values)).await?)
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
