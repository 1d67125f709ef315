//! What the bucket says of a day's files, for whoever reads them without asking the database.

use super::{Archive, Part, bucket::Bucket, file, file_name, folder, read, statements as sql};
use crate::{
    http::Failure,
    reports::{Ask, Store},
};
use goalpost_core::beacon;
use serde::{Deserialize, Serialize};

/// Manifests that one run writes at most, of one site.
const DAYS: u32 = 50;

/// A file, as the database knows it.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
pub(super) struct File {
    #[serde(skip_serializing)]
    pub(super) day: String,
    #[serde(skip_serializing, rename = "part")]
    number: u32,
    #[serde(default, rename = "file")]
    pub(super) name: String,
    pub(super) rows: u64,
    pub(super) bytes: u64,
    pub(super) sha256: String,
    /// The first and the last id.
    first: String,
    last: String,
    /// The plans that decided.
    plans: Vec<String>,
    written_at: i64,
}

impl File {
    /// The files of some days of a site, of all databases.
    pub(super) async fn all(
        store: &impl Store,
        site: &str,
        (from, to): (&str, &str),
    ) -> Result<Vec<Self>, Failure> {
        let mut all = Vec::new();
        for (database, own) in store.parts().iter().enumerate() {
            let answer = own.rows(Ask::new(sql::FILES, [site, from, to])).await?;
            for mut file in read::<Self>(&answer)? {
                file.name = file_name(file.number, database);
                all.push(file);
            }
        }
        all.sort_by(|one, other| (&one.day, &one.name).cmp(&(&other.day, &other.name)));
        Ok(all)
    }
}

/// A day's files.
#[derive(Debug, Serialize)]
struct Manifest<'a> {
    site: &'a str,
    day: &'a str,
    schema: u32,
    wire: u32,
    rows: u64,
    bytes: u64,
    files: Vec<File>,
}

impl<S: Store, B: Bucket> Archive<'_, S, B> {
    /// Writes the manifests that are due.
    pub(super) async fn manifests(&self) -> Result<(), Failure> {
        let due: Vec<(String, u64)> = self.rows(sql::DUE_DAYS, &[&DAYS.to_string()]).await?;
        for (day, changes) in due {
            let files = File::all(self.store, self.site, (&day, &day)).await?;
            self.put_manifest(&day, files).await?;
            let done = self.ask(sql::DONE, &[&day, &changes.to_string()]);
            self.own()?.rows(done).await?;
        }
        Ok(())
    }

    async fn put_manifest(&self, day: &str, files: Vec<File>) -> Result<(), Failure> {
        let sum = |part: fn(&File) -> u64| {
            files
                .iter()
                .fold(0_u64, |sum, file| sum.saturating_add(part(file)))
        };
        let manifest = Manifest {
            site: self.site,
            day,
            schema: file::SCHEMA,
            wire: beacon::VERSION,
            rows: sum(|file| file.rows),
            bytes: sum(|file| file.bytes),
            files,
        };
        let key = format!("{}/manifest.json", folder(self.site, day));
        self.bucket
            .put(&key, serde_json::to_vec_pretty(&manifest)?)
            .await
    }

    /// Whether a part's file is in the bucket, as far as its length tells.
    pub(super) async fn is_there(&self, part: &Part) -> Result<bool, Failure> {
        let there = self.bucket.head(&self.key(part)).await?;
        Ok(part.rows == 0 || there.is_some_and(|(bytes, _)| bytes == part.bytes))
    }
}
