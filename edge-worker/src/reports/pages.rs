//! Reading the rows of many days in bounded pages: small days together, large ones in parts.

use std::collections::VecDeque;

/// Which rows to read next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pages {
    size: u64,
    chunks: VecDeque<Vec<String>>,
    after: Option<String>,
}

impl Pages {
    /// Pages of at most `size` rows of these days, of each of which so many rows are known. Rows
    /// that come meanwhile may be missed on days that are read together: they mark their day.
    pub(super) fn new(days: impl IntoIterator<Item = (String, u64)>, size: u64) -> Self {
        let mut chunks: VecDeque<Vec<String>> = VecDeque::new();
        let mut room = 0u64;
        for (day, rows) in days {
            match chunks.back_mut() {
                Some(chunk) if rows <= room => chunk.push(day),
                _ => {
                    chunks.push_back(vec![day]);
                    room = size;
                }
            }
            room = room.saturating_sub(rows);
        }
        Self {
            size,
            chunks,
            after: None,
        }
    }

    /// The days of the next page, and the place after which it begins; `None` at the end.
    pub(super) fn next(&self) -> Option<(&[String], Option<&str>)> {
        let chunk = self.chunks.front()?;
        Some((chunk, self.after.as_deref()))
    }

    /// A page has been read: so many rows, the last of which stands at this place.
    pub(super) fn read(&mut self, rows: usize, last: Option<String>) {
        let full = u64::try_from(rows).is_ok_and(|rows| rows >= self.size);
        let one_day = self.chunks.front().is_some_and(|chunk| chunk.len() == 1);
        self.after = last.filter(|_| full && one_day);
        if self.after.is_none() {
            self.chunks.pop_front();
        }
    }
}

/// Rows `c` of a table on the days `?2`, a JSON list. Of one day they come in the order of the index,
/// so that a page is read without all that comes after it.
pub(super) fn from(table: &str, one_day: bool) -> String {
    let rows = format!("{table} AS c INDEXED BY {table}_by_day WHERE c.day");
    if one_day {
        format!("{rows} = ?2 ->> 0")
    } else {
        format!("json_each(?2) AS d CROSS JOIN {rows} = d.value")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(counts: &[u64]) -> Vec<(String, u64)> {
        (1..)
            .zip(counts)
            .map(|(day, count)| (format!("d{day}"), *count))
            .collect()
    }

    #[test]
    fn small_days_are_read_together_and_large_ones_in_parts() {
        let mut pages = Pages::new(days(&[4, 6, 1, 25, 3]), 10);
        let mut seen = Vec::new();
        let mut left = 25;
        while let Some((chunk, after)) = pages.next() {
            seen.push(format!("{} {}", chunk.join("+"), after.unwrap_or("-")));
            if chunk == ["d4"] {
                let rows = left.min(10);
                left -= rows;
                pages.read(rows, Some(format!("at {left}")));
            } else {
                pages.read(7, Some("x".into()));
            }
        }
        assert_eq!(
            seen,
            ["d1+d2 -", "d3 -", "d4 -", "d4 at 15", "d4 at 5", "d5 -"]
        );
    }

    #[test]
    fn a_full_last_page_is_followed_by_an_empty_one() {
        let mut pages = Pages::new(days(&[10]), 10);
        pages.read(10, Some("x".into()));
        assert!(pages.next().is_some());
        pages.read(0, None);
        assert_eq!(pages.next(), None);
    }
}
