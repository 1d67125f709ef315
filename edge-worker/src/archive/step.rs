//! From rows to files: a part is claimed, written, and kept.

use super::{
    Archive, Part, ROWS,
    bucket::Bucket,
    column::{ORDER, Row},
    cut::{Next, cut},
    file, read, statements as sql,
};
use crate::{
    http::Failure,
    reports::{Ask, Store},
    shards,
};
use goalpost_core::Id;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;

/// Rows of one answer of the database.
const PAGE: u32 = 500;

/// Late observations that go with a part.
const LATE_ROWS: u32 = 1_000;

/// Late observations wait for so long for others of their day, but go with any part of it.
const LATE_MS: i64 = 86_400_000;

/// What a step has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Claimed,
    Wrote,
    Nothing,
}

impl<S: Store, B: Bucket> Archive<'_, S, B> {
    /// Writes parts, at most `left` of them.
    pub(super) async fn write(&self, left: &mut u32) -> Result<(), Failure> {
        while *left > 0 {
            match self.step().await {
                Ok(Step::Claimed) => {}
                Ok(Step::Wrote) => *left = left.saturating_sub(1),
                Ok(Step::Nothing) => return Ok(()),
                // Another run was faster, or what the part holds has changed: it goes on.
                Err(problem) if was_not_held(&problem) => return Ok(()),
                Err(problem) => return Err(problem),
            }
        }
        Ok(())
    }

    /// The next step: each is one transaction, and the file that is written before it.
    pub(super) async fn step(&self) -> Result<Step, Failure> {
        let settled = self.settled();
        let now = Id::new(self.now, [0; 10]).text().replace('-', "");
        let since = self.now.saturating_sub(LATE_MS).to_string();
        let answers = self
            .own()?
            .batch(&[
                self.ask(sql::OPEN, &[]),
                self.ask(sql::OPEN_AHEAD, &[&now]),
                self.ask(sql::STEPS, &[]),
                self.ask(sql::CLAIMED, &[]),
                self.ask(sql::LOOK, &["1"]),
                self.ask(sql::LATE, &[&settled, &since, &LATE_ROWS.to_string()]),
            ])
            .await?;
        let [_, _, steps, claimed, first, late] = answers.as_slice() else {
            return Err(Failure::Platform(String::from("too few answers")));
        };
        let steps = steps.first().map_or("0", String::as_str);
        if let Some(part) = read::<Part>(claimed)?.first() {
            let wrote = self.write_part(part).await?;
            return Ok(if wrote { Step::Wrote } else { Step::Nothing });
        }
        let before = self.now.saturating_sub(super::MARGIN_MS);
        let is_due = |next: &[Next]| cut(next, &settled, before);
        if is_due(&read(first)?).is_some() {
            let next: Vec<Next> = self.rows(sql::LOOK, &[&ROWS.to_string()]).await?;
            if let Some(found) = is_due(&next) {
                self.claim(found.day.as_deref(), &found.until, steps)
                    .await?;
                return Ok(Step::Claimed);
            }
        }
        if let Some(day) = read::<String>(late)?.first() {
            self.claim(Some(day), "", steps).await?;
            return Ok(Step::Claimed);
        }
        Ok(Step::Nothing)
    }

    async fn claim(&self, day: Option<&str>, until: &str, steps: &str) -> Result<(), Failure> {
        let until = &until.replace('-', "");
        let mut asks = Vec::new();
        if let Some(day) = day {
            asks.push(self.ask(sql::CLAIM, &[day, until]));
        }
        asks.push(self.ask(sql::ASIDE, &[day.unwrap_or_default(), until]));
        asks.push(self.ask(sql::ADVANCE, &[until, steps]));
        if let Some(day) = day {
            asks.push(self.ask(sql::TAKE, &[day, &LATE_ROWS.to_string()]));
        }
        self.own()?.batch(&asks).await?;
        Ok(())
    }

    /// Writes a part that is claimed; not while a session of it may be on its way.
    ///
    /// Once another run has kept the part, somebody may be taken out of its file, and its rows may leave the
    /// database. So what was read counts only if the part was claimed until then, and the file is written only
    /// if it is what it was before.
    pub(super) async fn write_part(&self, part: &Part) -> Result<bool, Failure> {
        let seen = self.bucket.head(&self.key(part)).await?.map(|(_, tag)| tag);
        let before = shards::arrived(self.store, self.now).await?;
        let mut rows = self.members(part).await?;
        self.complete(&mut rows).await?;
        let after = shards::arrived(self.store, self.now).await?;
        if before.is_none() || before != after {
            return Ok(false);
        }
        let claimed: Vec<Part> = self.rows(sql::CLAIMED, &[]).await?;
        if claimed.first() != Some(part) {
            return Err(not_held());
        }
        let written = self.put(part, &mut rows, seen.as_deref()).await?;
        let mut values = written.values(part);
        values.push(self.now.to_string());
        self.conclude(sql::keep(), part, values).await?;
        Ok(true)
    }

    /// The database learns of a file.
    pub(super) async fn conclude(
        &self,
        sql: impl Into<String>,
        part: &Part,
        values: Vec<String>,
    ) -> Result<(), Failure> {
        let known = Ask::new(sql, [vec![String::from(self.site)], values].concat());
        let due = self.ask(sql::DUE, &[&part.day]);
        self.own()?.batch(&[known, due]).await?;
        Ok(())
    }

    /// Puts a part's file into the bucket, if what is there is what was seen. It stays there when it holds
    /// nothing any more: where nothing is, a run that saw nothing there could still write.
    pub(super) async fn put(
        &self,
        part: &Part,
        rows: &mut [Row],
        seen: Option<&str>,
    ) -> Result<Written, Failure> {
        let bytes = file::write(rows)?;
        let written = Written::of(&bytes, rows);
        if self.bucket.replace(&self.key(part), seen, bytes).await? {
            Ok(written)
        } else {
            Err(not_held())
        }
    }

    /// The observations that a claimed part holds.
    async fn members(&self, part: &Part) -> Result<Vec<Row>, Failure> {
        let mut rows = Vec::new();
        let (of_range, of_late) = (sql::of_range(), sql::of_late());
        let (number, page) = (part.number.to_string(), PAGE.to_string());
        let mut after = part.after.clone();
        while let Some(last) = self
            .page(&mut rows, &of_range, &[&after, &part.until, &page])
            .await?
        {
            after = last;
        }
        let mut after = String::new();
        while let Some(last) = self
            .page(&mut rows, &of_late, &[&part.day, &number, &after, &page])
            .await?
        {
            after = last;
        }
        Ok(rows)
    }

    /// Adds a page of rows, and says where the next begins.
    async fn page(
        &self,
        rows: &mut Vec<Row>,
        sql: &str,
        values: &[&str],
    ) -> Result<Option<String>, Failure> {
        let texts = self.own()?.rows(self.ask(sql, values)).await?;
        for text in &texts {
            rows.push(Row::parse(text)?);
        }
        let full = u32::try_from(texts.len()).is_ok_and(|count| count >= PAGE);
        Ok(rows.last().filter(|_| full).map(Row::id))
    }
}

/// What a run gets that comes after another.
fn not_held() -> Failure {
    Failure::Platform(sql::NOT_HELD.join(", "))
}

/// Whether a step did not stand any more when it was to be concluded.
pub(super) fn was_not_held(problem: &Failure) -> bool {
    let text = problem.to_string();
    sql::NOT_HELD.iter().any(|known| text.contains(known))
}

/// What is known of a file.
#[derive(Default)]
pub(super) struct Written {
    rows: usize,
    bytes: usize,
    sha256: String,
    first: String,
    last: String,
    people: BTreeSet<String>,
    plans: BTreeSet<String>,
}

impl Written {
    fn of(bytes: &[u8], rows: &[Row]) -> Self {
        let id = |row: Option<&Row>| row.map(Row::id).unwrap_or_default();
        Self {
            rows: rows.len(),
            bytes: bytes.len(),
            sha256: super::column::hex(&Sha256::digest(bytes)),
            first: id(rows.first()),
            last: id(rows.last()),
            people: rows
                .iter()
                .flat_map(Row::people)
                .chain([String::from(ORDER)])
                .collect(),
            plans: rows
                .iter()
                .filter_map(|row| row.plan().map(String::from))
                .collect(),
        }
    }

    /// As [`sql::keep`] and [`sql::REWRITE`] take it, from the day on.
    pub(super) fn values(&self, part: &Part) -> Vec<String> {
        let list = |texts: &BTreeSet<String>| serde_json::json!(texts).to_string();
        vec![
            part.day.clone(),
            part.number.to_string(),
            self.rows.to_string(),
            self.bytes.to_string(),
            self.sha256.clone(),
            self.first.clone(),
            self.last.clone(),
            list(&self.people),
            list(&self.plans),
        ]
    }
}
