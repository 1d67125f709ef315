//! Taking people out of the files.

use super::{
    Archive, Part,
    bucket::Bucket,
    column::{ORDER, Row},
    file, read, statements as sql,
    step::{Written, was_not_held},
};
use crate::{bindings::Bindings, clock, http::Failure, reports::Store};
use goalpost_core::{Id, Zone};
use std::collections::BTreeSet;

/// Files that one call writes anew at most.
const FILES: u32 = 5;

/// Writes the files that hold rows of these visitors, or that name one of these identities or orders, anew
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
    orders: &[String],
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
        all &= archive.forget(visitors, identities, orders).await?;
    }
    Ok(all)
}

impl<S: Store, B: Bucket> Archive<'_, S, B> {
    pub(super) async fn forget(
        &self,
        visitors: &[Id],
        identities: &[String],
        orders: &[String],
    ) -> Result<bool, Failure> {
        let people: BTreeSet<String> = visitors
            .iter()
            .map(|visitor| visitor.text().replace('-', ""))
            .chain(identities.iter().cloned())
            .chain(orders.iter().map(|number| format!("{ORDER}{number}")))
            .collect();
        // A part that died half written may hold them: it is written anew from the database.
        let claimed: Vec<Part> = self.rows(sql::CLAIMED, &[]).await?;
        if let Some(part) = claimed.first() {
            match self.write_part(part).await {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                // What another run has written is looked at by the next call.
                Err(problem) if was_not_held(&problem) => return Ok(false),
                Err(problem) => return Err(problem),
            }
        }
        let wanted = serde_json::to_string(&people)?;
        let of_orders = if orders.is_empty() { "0" } else { "1" };
        for _ in 0..FILES {
            let found = self
                .own()?
                .rows(self.ask(sql::WITH_PEOPLE, &[&wanted, of_orders]))
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
        let written = match self.bucket.get(&self.key(part)).await? {
            Some((bytes, tag)) => {
                let mut rows = file::read(bytes)?;
                rows.retain(|row: &Row| !row.people().iter().any(|own| people.contains(own)));
                self.put(part, &mut rows, Some(&tag)).await?
            }
            // A file that somebody has taken away holds nobody.
            None => Written::default(),
        };
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
