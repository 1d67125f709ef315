//! What reports need of a database: questions of one moment, and writes that happen together.

// Without statistics the planner takes the primary key, and so all of a site, for one day: statements
// about days name their index.

use crate::{bindings::Bindings, database, http::Failure};

/// A statement with the texts that are bound to it.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) sql: String,
    pub(crate) values: Vec<String>,
}

impl Ask {
    pub(crate) fn new(
        sql: impl Into<String>,
        values: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            sql: sql.into(),
            values: values.into_iter().map(Into::into).collect(),
        }
    }

    /// With as many of the values as it has places for: a database refuses more.
    pub(crate) fn bound(sql: impl Into<String>, values: &[&str]) -> Self {
        let sql = sql.into();
        let places = (1..=values.len()).filter(|place| sql.contains(&format!("?{place}")));
        let places = places.max().unwrap_or(0);
        Self::new(sql, values.iter().take(places).copied())
    }
}

/// A database, be it D1 or the one of a test.
pub(crate) trait Store: Sized {
    /// Every database of the deployment, this first one first: what counts together stands in one of
    /// them, so that figures of all are sums of each one's.
    fn parts(&self) -> &[Self] {
        std::slice::from_ref(self)
    }

    /// The answers to some questions, all of one moment: each row is the text of a JSON value.
    /// Statements that write answer with no rows, and happen together or not at all.
    async fn batch(&self, asks: &[Ask]) -> Result<Vec<Vec<String>>, Failure>;

    /// The answer to one question.
    async fn rows(&self, ask: Ask) -> Result<Vec<String>, Failure> {
        let mut answers = self.batch(&[ask]).await?;
        Ok(answers.pop().unwrap_or_default())
    }
}

/// The answers to the same questions of every database, one after the other.
pub(crate) async fn everywhere(
    store: &impl Store,
    asks: &[Ask],
) -> Result<Vec<Vec<String>>, Failure> {
    let mut all = vec![Vec::new(); asks.len()];
    for part in store.parts() {
        let answers = part.batch(asks).await?;
        for (all, own) in all.iter_mut().zip(answers) {
            all.extend(own);
        }
    }
    Ok(all)
}

impl Store for Bindings {
    fn parts(&self) -> &[Self] {
        self.databases()
    }

    async fn batch(&self, asks: &[Ask]) -> Result<Vec<Vec<String>>, Failure> {
        let statements: Vec<(&str, Vec<&str>)> = asks
            .iter()
            .map(|ask| {
                let values = ask.values.iter().map(String::as_str).collect();
                (ask.sql.as_str(), values)
            })
            .collect();
        database::batch(self, &statements).await
    }
}
