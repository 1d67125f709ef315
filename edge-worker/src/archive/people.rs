//! What the files say of somebody, for whoever asks what is stored of them.

use super::{
    Archive, Part,
    bucket::Bucket,
    column::{COLUMNS, Cell, ORDER, Row, hex},
    file,
};
use crate::{bindings::Bindings, clock, http::Failure, reports::Store};
use goalpost_core::{Zone, erasure::Subject};
use serde_json::value::{RawValue, to_raw_value};
use std::collections::{BTreeMap, BTreeSet};

/// Files that one page looks at at most.
const FILES: usize = 5;

/// The first file with some people in it, from a part on. `?1` site, `?2` the people as a JSON list, `?3`
/// day, `?4` part.
const WITH_PEOPLE_FROM: &str = "\
SELECT json_object('day', day, 'part', part)
FROM archive_parts
WHERE site = ?1 AND state <> 'claimed' AND (day, part) >= (?3, CAST(?4 AS INTEGER)) AND EXISTS (
  SELECT 1 FROM json_each(people) AS own
  WHERE own.value IN (SELECT value FROM json_each(?2)))
ORDER BY day, part LIMIT 1";

/// Which observations the database has. `?1` site, `?2` their ids as JSON.
const STORED: &str = "\
SELECT json_quote(lower(hex(id))) FROM observations
WHERE site = ?1 AND id IN (SELECT unhex(value) FROM json_each(?2))";

/// Columns that hold JSON.
const JSON: [&str; 5] = ["identities", "refund", "verdict", "claims", "body"];

/// Whose rows are asked for: names as [`Row::people`] has them.
pub(crate) struct Whose(BTreeSet<String>);

impl Whose {
    /// Whoever has all of these names.
    pub(crate) fn of(names: impl Iterator<Item = Subject>) -> Self {
        Self(
            names
                .map(|name| match name {
                    Subject::Visitor(id) => id.text().replace('-', ""),
                    Subject::Identity(identity) => identity,
                    Subject::Order(order) => format!("{ORDER}{order}"),
                })
                .collect(),
        )
    }

    fn are(&self, row: &Row) -> bool {
        row.people().iter().any(|own| self.0.contains(own))
    }
}

/// A part, and the last row of it that was looked at.
#[derive(Default)]
struct Place {
    day: String,
    number: u32,
    last: String,
}

impl Place {
    /// Anything that is none is the beginning.
    fn read(text: &str) -> Self {
        let mut words = text.split(' ').map(String::from);
        Self {
            day: words.next().unwrap_or_default(),
            number: words
                .next()
                .and_then(|number| number.parse().ok())
                .unwrap_or(0),
            last: words.next().unwrap_or_default(),
        }
    }

    fn text(&self) -> String {
        format!("{} {} {}", self.day, self.number, self.last)
    }
}

/// A page of rows, and where the next one begins.
pub(crate) struct Page {
    pub(crate) rows: Vec<Box<RawValue>>,
    pub(crate) next: Option<String>,
}

/// Of the rows that the files of one database have of somebody, those that no database has any more: at
/// most so many, from where the page before has ended.
pub(crate) async fn told(
    edge: &Bindings,
    site: &str,
    database: usize,
    whose: &Whose,
    (after, limit): (&str, usize),
) -> Result<Page, Failure> {
    let Some(bucket) = edge.archive() else {
        return Ok(Page {
            rows: Vec::new(),
            next: None,
        });
    };
    // No day is asked for here; and of a name without a plan there is no zone.
    let zone = Zone::default();
    let archive = Archive {
        store: edge,
        database,
        bucket: &bucket,
        site,
        zone: &zone,
        now: clock::now(),
    };
    archive.told(whose, after, limit).await
}

impl<S: Store, B: Bucket> Archive<'_, S, B> {
    pub(super) async fn told(
        &self,
        whose: &Whose,
        after: &str,
        limit: usize,
    ) -> Result<Page, Failure> {
        let names = serde_json::to_string(&whose.0)?;
        let mut place = Place::read(after);
        let mut rows = Vec::new();
        for _ in 0..FILES {
            let number = place.number.to_string();
            let values = [names.as_str(), &place.day, &number];
            let found: Vec<Part> = self.rows(WITH_PEOPLE_FROM, &values).await?;
            let Some(part) = found.into_iter().next() else {
                return Ok(Page { rows, next: None });
            };
            if (&part.day, part.number) != (&place.day, place.number) {
                place.last.clear();
            }
            // A file that somebody has taken away holds nobody.
            let mut found = match self.bucket.get(&self.key(&part)).await? {
                Some((bytes, _)) => file::read(bytes)?,
                None => Vec::new(),
            };
            found.retain(|row| row.id() > place.last && whose.are(row));
            let is_cut = found.len() > limit.saturating_sub(rows.len());
            found.truncate(limit.saturating_sub(rows.len()));
            place = Place {
                day: part.day.clone(),
                number: part.number.saturating_add(u32::from(!is_cut)),
                last: found
                    .last()
                    .filter(|_| is_cut)
                    .map_or_else(String::new, Row::id),
            };
            rows.extend(self.gone(&part, found).await?);
            if is_cut || rows.len() >= limit {
                break;
            }
        }
        Ok(Page {
            rows,
            next: Some(place.text()),
        })
    }

    /// Those rows that no database has, as JSON.
    async fn gone(&self, part: &Part, rows: Vec<Row>) -> Result<Vec<Box<RawValue>>, Failure> {
        let ids: Vec<String> = rows.iter().map(Row::id).collect();
        let ids = serde_json::to_string(&ids)?;
        let mut stored: BTreeSet<String> = BTreeSet::new();
        for database in self.store.parts() {
            let found = database.rows(self.ask(STORED, &[&ids])).await?;
            stored.extend(super::read::<String>(&found)?);
        }
        rows.into_iter()
            .filter(|row| !stored.contains(&row.id()))
            .map(|row| shown(&part.day, row))
            .collect()
    }
}

fn shown(day: &str, row: Row) -> Result<Box<RawValue>, Failure> {
    let mut fields = BTreeMap::from([
        ("table", to_raw_value("archive")?),
        ("day", to_raw_value(day)?),
    ]);
    for (column, cell) in COLUMNS.iter().zip(row.0) {
        let value = match cell {
            Cell::Nothing => to_raw_value(&()),
            Cell::Id(id) => to_raw_value(&hex(&id).to_ascii_uppercase()),
            Cell::Number(number) => to_raw_value(&number),
            Cell::Text(text) if JSON.contains(&column.name) => {
                RawValue::from_string(text.clone()).or_else(|_| to_raw_value(&text))
            }
            Cell::Text(text) => to_raw_value(&text),
        }?;
        fields.insert(column.name, value);
    }
    Ok(to_raw_value(&fields)?)
}
