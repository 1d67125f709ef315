//! Facts, gathered into rows.

use super::{
    ask::{Ask, Question},
    dimension::Dimension,
    exchange::Exchange,
    figure::Figures,
    source::Fact,
};
use crate::http::Failure;
use std::collections::{BTreeMap, BTreeSet};

/// What rows are known by: the values of at most two dimensions.
pub(super) type Key = (String, String);

/// Every figure of a report over some days.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    /// Rows that something happened in.
    keys: BTreeSet<Key>,
    /// What each row has for itself.
    own: BTreeMap<Key, Figures>,
    /// What rows have together, where a source does not tell them apart: by the key without what it
    /// does not know.
    shared: BTreeMap<Key, Figures>,
    pub(super) total: Figures,
}

impl Sheet {
    /// The figures of some days, from the answers to their questions.
    ///
    /// # Errors
    /// If an amount cannot be exchanged, or if what the database answers is no fact.
    pub(super) fn gather(
        ask: &Ask,
        answers: &[(Question, Vec<String>)],
        previous: bool,
        exchange: Option<&Exchange<'_>>,
    ) -> Result<Self, Failure> {
        let mut sheet = Self::default();
        for (question, rows) in answers {
            if question.previous == previous {
                for row in rows {
                    sheet.add(ask, question, serde_json::from_str(row)?, exchange)?;
                }
            }
        }
        if let Some(exchange) = exchange {
            exchange.round(&mut sheet.total, sheet.own.values_mut());
        }
        Ok(sheet)
    }

    fn add(
        &mut self,
        ask: &Ask,
        question: &Question,
        (first, second, day, currency, numbers): Fact,
        exchange: Option<&Exchange<'_>>,
    ) -> Result<(), Failure> {
        let source = question.source;
        let mut numbers = numbers.into_iter();
        let mut figures = Figures::default();
        for figure in source.figures {
            figures.add_count(*figure, numbers.next().unwrap_or_default());
        }
        for coin in source.coins {
            let minor = numbers.next().unwrap_or_default();
            match exchange {
                _ if currency.is_empty() => {}
                Some(exchange) => {
                    let parts = exchange.parts(minor, &currency, &day)?;
                    figures.add_money(*coin, exchange.into().code(), parts);
                }
                None => figures.add_money(*coin, &currency, i128::from(minor)),
            }
        }
        if question.total || !source.unique() || ask.dimensions.is_empty() {
            self.total.add(&figures, 1);
        }
        if question.total {
            return Ok(());
        }
        let part = |at: usize, value: String| match (ask.dimensions.get(at), &ask.previous) {
            (Some(Dimension::Day), Some(before)) if question.previous => before.shifted(&value),
            _ => value,
        };
        let key = (part(0, first), part(1, second));
        if !source.apart(&ask.dimensions) {
            self.shared.entry(key).or_default().add(&figures, 1);
            return Ok(());
        }
        if !source.unique() && figures.something() {
            self.keys.insert(key.clone());
        }
        self.own.entry(key).or_default().add(&figures, 1);
        Ok(())
    }

    /// Rows that something happened in.
    pub(super) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.keys.iter()
    }

    /// A row, with what it shares with others.
    pub(super) fn row(&self, ask: &Ask, key: &Key) -> Figures {
        let mut figures = self.own.get(key).cloned().unwrap_or_default();
        let part = |at: usize, value: &String| {
            ask.dimensions
                .get(at)
                .filter(|own| !own.of_a_subject())
                .map_or_else(String::new, |_| value.clone())
        };
        let common = (part(0, &key.0), part(1, &key.1));
        if let Some(shared) = self.shared.get(&common) {
            figures.add(shared, 1);
        }
        figures
    }

    /// The total without these rows; of what can be added up.
    pub(super) fn rest<'a>(&self, shown: impl Iterator<Item = &'a Key>) -> Figures {
        let mut rest = self.total.clone();
        for key in shown {
            if let Some(own) = self.own.get(key) {
                rest.add(own, -1);
            }
        }
        rest
    }
}
