//! What a request names after the question mark.

use crate::{
    http::Failure,
    problem::{Kind, Problem},
};
use goalpost_core::{clip, limits};
use worker::{Request, Url};

/// The query of a request, as pairs.
pub(crate) struct Query(pub(super) Vec<(String, String)>);

impl Query {
    pub(crate) fn of(request: &Request) -> Result<Self, Failure> {
        Ok(Self::of_url(&request.url()?))
    }

    pub(crate) fn of_url(url: &Url) -> Self {
        Self(url.query_pairs().into_owned().collect())
    }

    /// A value; `None` if it is not there or empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// Refuses what is none of these parameters.
    pub(crate) fn only(&self, names: &[&str]) -> Result<(), Problem> {
        match self
            .0
            .iter()
            .find(|(name, _)| !names.contains(&name.as_str()))
        {
            None => Ok(()),
            Some((name, _)) => Err(bad_parameter(
                clip(name, limits::NAME_BYTES),
                &match names {
                    [] => String::from("is no parameter here; this report takes none"),
                    _ => format!(
                        "is no parameter of this report; it takes {}",
                        names.join(", ")
                    ),
                },
            )),
        }
    }

    /// One of these words; the first where none is given.
    pub(crate) fn choice<'a>(&self, name: &str, words: &[&'a str]) -> Result<&'a str, Problem> {
        let first = words.first().copied().unwrap_or_default();
        let Some(text) = self.get(name) else {
            return Ok(first);
        };
        choice(name, text, words)?;
        Ok(words
            .iter()
            .copied()
            .find(|word| *word == text)
            .unwrap_or(first))
    }

    /// A whole number between two others.
    pub(crate) fn number(
        &self,
        name: &str,
        default: u32,
        bounds: (u32, u32),
    ) -> Result<u32, Problem> {
        let Some(text) = self.get(name) else {
            return Ok(default);
        };
        text.parse()
            .ok()
            .filter(|number| (bounds.0..=bounds.1).contains(number))
            .ok_or_else(|| {
                bad_parameter(
                    name,
                    &format!(
                        "'{text}' is not a whole number from {} to {}",
                        bounds.0, bounds.1
                    ),
                )
            })
    }
}

pub(super) fn choice(name: &str, text: &str, words: &[&str]) -> Result<(), Problem> {
    if words.contains(&text) {
        return Ok(());
    }
    let text = clip(text, limits::NAME_BYTES);
    let detail = format!("'{text}' is none of: {}", words.join(", "));
    Err(bad_parameter(name, &detail))
}

pub(crate) fn bad_parameter(name: &str, detail: &str) -> Problem {
    Problem::new(Kind::BadParameter, format!("{name}: {detail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_to_its_bounds() {
        let query = |value: &str| Query(vec![("limit".into(), value.into())]);
        assert_eq!(query("7").number("limit", 50, (1, 200)), Ok(7));
        assert_eq!(query("").number("limit", 50, (1, 200)), Ok(50));
        for bad in ["0", "201", "-1", "x", "1e2"] {
            let problem = query(bad).number("limit", 50, (1, 200)).unwrap_err();
            assert!(problem.detail.starts_with("limit: "), "{bad}");
        }
    }

    #[test]
    fn what_is_on_no_list_is_refused_with_the_choices() {
        let query = Query(vec![("colour".into(), "red".into())]);
        insta::assert_snapshot!(
            query.only(&["from", "to"]).unwrap_err().detail,
            @"colour: is no parameter of this report; it takes from, to"
        );
        insta::assert_snapshot!(
            query.choice("colour", &["blue", "green"]).unwrap_err().detail,
            @"colour: 'red' is none of: blue, green"
        );
        assert_eq!(query.choice("shape", &["round", "square"]), Ok("round"));
        assert_eq!(query.only(&["colour"]), Ok(()));
    }
}
