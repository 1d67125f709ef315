//! The way of old observations out of the database.
//!
//! A part's rows leave together, once its file is in the bucket and its manifest names it. What is
//! needed to answer as before stays: all that follows from the observations, and of these those that
//! name a person, that a server reported, or that made something happen. Of the others the ids stay,
//! so that a copy which comes late is still known for one.

use super::{Archive, Part, ROWS, bucket::Bucket, statements as sql};
use crate::{http::Failure, reports::Store};
use goalpost_core::Date;

impl<S: Store, B: Bucket> Archive<'_, S, B> {
    /// Lets leave what happened more than `days` ago, at most `left` parts of it.
    pub(super) async fn leave(&self, days: u32, left: &mut u32) -> Result<(), Failure> {
        let today = self.zone.date(self.now);
        let days = i32::try_from(days).unwrap_or(i32::MAX);
        let before = Date(today.0.saturating_sub(days)).text();
        while *left > 0 {
            let found: Vec<Part> = self.rows(sql::LEAVES, &[&before]).await?;
            let Some(part) = found.first() else {
                while *left > 0 && self.leave_moved(&before).await? {
                    *left = left.saturating_sub(1);
                }
                return Ok(());
            };
            if !self.is_there(part).await? {
                return Err(Failure::Platform(format!(
                    "{} is not in the bucket as it was written, so its rows stay",
                    self.key(part)
                )));
            }
            self.leave_part(part).await?;
            *left = left.saturating_sub(1);
        }
        Ok(())
    }

    /// The same of what another database has archived, and which has come here since.
    async fn leave_moved(&self, before: &str) -> Result<bool, Failure> {
        let most = ROWS.to_string();
        let values = [before, most.as_str()];
        let answers = self
            .own()?
            .batch(&[
                self.ask(sql::left_of_moved(), &values),
                self.ask(sql::drop_moved(), &values),
                self.ask(sql::CHANGED, &[]),
            ])
            .await?;
        Ok(answers
            .last()
            .is_some_and(|rows| rows.first().is_some_and(|row| row != "0")))
    }

    async fn leave_part(&self, part: &Part) -> Result<(), Failure> {
        let number = part.number.to_string();
        let of_day = [part.day.as_str(), number.as_str()];
        let of_range = [part.after.as_str(), part.until.as_str()];
        self.own()?
            .batch(&[
                self.ask(sql::leave(), &of_day),
                self.ask(sql::left_of_range(), &of_range),
                self.ask(sql::left_of_late(), &of_day),
                self.ask(sql::drop_range(), &of_range),
                self.ask(sql::drop_late(), &of_day),
            ])
            .await?;
        Ok(())
    }
}
