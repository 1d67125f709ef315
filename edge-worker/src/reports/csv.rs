//! A table as CSV, as RFC 4180 describes it, for spreadsheets.

use super::{
    cell::{Cell, amount},
    face::Face,
    table::{Figure, Table},
};
use goalpost_core::Date;
use std::collections::BTreeSet;

/// A column of text.
struct Column<'a> {
    /// The place of its figure.
    at: usize,
    previous: bool,
    /// Of amounts: each currency has its own column.
    currency: Option<&'a str>,
}

/// The table, with a line of the rest and one of the totals where there are rows to sum.
pub(super) fn text(face: &Face, table: &Table) -> String {
    let mut lines: Vec<(Vec<&str>, &[Figure])> = table
        .rows
        .iter()
        .map(|row| {
            let labels = row.labels.iter().map(|own| own.name.as_str()).collect();
            (labels, row.figures.as_slice())
        })
        .collect();
    if let Some(rest) = &table.rest {
        lines.push((vec!["(rest)"], rest));
    }
    if !face.dimensions.is_empty() {
        lines.push((vec!["(total)"], &table.totals));
    }
    let columns = columns(face, &lines);
    let mut out = String::new();
    let names = columns.iter().map(|column| column.name(face));
    let dimensions = face.dimensions.iter().map(|(id, _)| String::from(*id));
    push_line(&mut out, dimensions.chain(names));
    for (labels, figures) in lines {
        let labels = (0..face.dimensions.len())
            .map(|at| guarded(labels.get(at).copied().unwrap_or_default()));
        let figures = columns.iter().map(|column| column.text(figures));
        push_line(&mut out, labels.chain(figures));
    }
    out
}

fn columns<'a>(face: &Face, lines: &[(Vec<&str>, &'a [Figure])]) -> Vec<Column<'a>> {
    let mut columns = Vec::new();
    for at in 0..face.measures.len() {
        let cells = || {
            lines
                .iter()
                .filter_map(move |(_, figures)| figures.get(at))
                .flat_map(|own| [Some(&own.value), own.previous.as_ref()])
                .flatten()
        };
        let currencies: BTreeSet<&str> = cells()
            .flat_map(|cell| match cell {
                Cell::Money(sums) => sums.keys().collect::<Vec<_>>(),
                Cell::Rates(ratios) => ratios.keys().collect(),
                _ => Vec::new(),
            })
            .map(String::as_str)
            .collect();
        let of_money = cells().any(|cell| matches!(cell, Cell::Money(_) | Cell::Rates(_)));
        let kinds: Vec<Option<&str>> = if of_money {
            currencies.into_iter().map(Some).collect()
        } else {
            vec![None]
        };
        for previous in [false, true] {
            if !previous || face.previous.is_some() {
                columns.extend(kinds.iter().map(|currency| Column {
                    at,
                    previous,
                    currency: *currency,
                }));
            }
        }
    }
    columns
}

impl Column<'_> {
    fn name(&self, face: &Face) -> String {
        let mut name = String::from(face.measures.get(self.at).map_or("", |own| &own.id));
        if self.previous {
            name.push_str(" previous");
        }
        if let Some(currency) = self.currency {
            name.push(' ');
            name.push_str(currency);
        }
        name
    }

    fn text(&self, figures: &[Figure]) -> String {
        let figure = figures.get(self.at);
        let cell = match (figure, self.previous) {
            (Some(figure), true) => figure.previous.as_ref(),
            (Some(figure), false) => Some(&figure.value),
            (None, _) => None,
        };
        let currency = self.currency.unwrap_or_default();
        match cell {
            Some(Cell::Count(count)) => count.to_string(),
            Some(Cell::Money(sums)) => sums
                .get(currency)
                .map_or_else(String::new, |minor| amount(*minor, currency)),
            Some(Cell::Rate(ratio)) => ratio.decimal.clone().unwrap_or_default(),
            Some(Cell::Rates(ratios)) => ratios
                .get(currency)
                .and_then(|ratio| ratio.decimal.clone())
                .unwrap_or_default(),
            Some(Cell::Unknown) | None => String::new(),
        }
    }
}

/// A text that no spreadsheet takes for a formula: what people send in must not run there.
pub(crate) fn guarded(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        format!("'{text}")
    } else {
        String::from(text)
    }
}

/// A time (Unix milliseconds) as spreadsheets read it.
pub(crate) fn utc(time: i64) -> String {
    let second = time.div_euclid(1_000);
    let day = Date(i32::try_from(second.div_euclid(86_400)).unwrap_or_default());
    let part = |unit: i64, of: i64| second.div_euclid(unit).rem_euclid(of);
    format!(
        "{}T{:02}:{:02}:{:02}Z",
        day.text(),
        part(3_600, 24),
        part(60, 60),
        part(1, 60)
    )
}

/// A line of fields, each quoted where it must be.
pub(crate) fn push_line(out: &mut String, fields: impl Iterator<Item = String>) {
    for (at, field) in fields.enumerate() {
        if at > 0 {
            out.push(',');
        }
        if field.contains([',', '"', '\r', '\n']) {
            out.push('"');
            out.push_str(&field.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(&field);
        }
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@x", "\tx", "\rx"] {
            assert_eq!(guarded(formula), format!("'{formula}"));
        }
        assert_eq!(guarded("Organic Search"), "Organic Search");
    }

    #[test]
    fn what_would_end_a_field_is_quoted() {
        let mut out = String::new();
        let fields = ["a", "b,c", "say \"x\"", "two\nlines"].map(String::from);
        push_line(&mut out, fields.into_iter());
        assert_eq!(out, "a,\"b,c\",\"say \"\"x\"\"\",\"two\nlines\"\r\n");
    }
}
