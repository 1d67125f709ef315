//! Taking people out of the files.

use super::{
    Archive, Part, bucket::Bucket, column::Row, file, read, statements as sql, step::was_not_held,
};
use crate::{bindings::Bindings, clock, http::Failure, reports::Store};
use goalpost_core::{Id, Zone};
use std::collections::BTreeSet;

/// Files that one call writes anew at most.
const FILES: u32 = 5;

/// Writes the files that hold rows of these visitors, or that name one of these identities, anew
/// without them. Bounded: says whether nothing is left to do; else it is to be called again.
///
/// Their rows must have left the database before, or the next part could hold them again.
///
/// # Errors
/// The first failure; what is done stays done, and the same call goes on.
pub(crate) async fn forget(
    edge: &Bindings,
    site: &str,
    visitors: &[Id],
    identities: &[String],
) -> Result<bool, Failure> {
    let Some(bucket) = edge.archive() else {
        return Ok(true);
    };
    // No day is asked for here; and of a name without a plan there is no zone.
    let zone = Zone::default();
    let now = clock::now();
    let mut all = true;
    for database in 0..edge.databases().len() {
        let archive = Archive {
            store: edge,
            database,
            bucket: &bucket,
            site,
            zone: &zone,
            now,
        };
        all &= archive.forget(visitors, identities).await?;
    }
    Ok(all)
}

impl<S: Store, B: Bucket> Archive<'_, S, B> {
    pub(super) async fn forget(
        &self,
        visitors: &[Id],
        identities: &[String],
    ) -> Result<bool, Failure> {
        let people: BTreeSet<String> = visitors
            .iter()
            .map(|visitor| visitor.text().replace('-', ""))
            .chain(identities.iter().cloned())
            .collect();
        // A part that died half written may hold them: it is written anew from the database.
        let claimed: Vec<Part> = self.rows(sql::CLAIMED, &[]).await?;
        if let Some(part) = claimed.first() {
            match self.write_part(part).await {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                Err(problem) if was_not_held(&problem) => {}
                Err(problem) => return Err(problem),
            }
        }
        let wanted = serde_json::to_string(&people)?;
        for _ in 0..FILES {
            let found = self
                .own()?
                .rows(self.ask(sql::WITH_PEOPLE, &[&wanted]))
                .await?;
            let Some(part) = read::<Part>(&found)?.into_iter().next() else {
                self.manifests().await?;
                return Ok(true);
            };
            held(self.rewrite(&part, &people).await)?;
        }
        self.manifests().await?;
        Ok(false)
    }

    async fn rewrite(&self, part: &Part, people: &BTreeSet<String>) -> Result<(), Failure> {
        // A file that somebody has taken away holds nobody.
        let mut rows = match self.bucket.get(&self.key(part)).await? {
            Some(bytes) => file::read(bytes)?,
            None => Vec::new(),
        };
        rows.retain(|row: &Row| !row.people().iter().any(|own| people.contains(own)));
        let written = self.put(part, &mut rows).await?;
        let mut values = written.values(part);
        values.push(part.sha256.clone());
        self.conclude(sql::REWRITE, part, values).await
    }
}

/// What another run has done meanwhile is looked at by the next call.
fn held(done: Result<(), Failure>) -> Result<(), Failure> {
    match done {
        Err(problem) if was_not_held(&problem) => Ok(()),
        done => done,
    }
}
