//! The names of a site's contacts, in order, however many there are.

use crate::{bindings::Bindings, database, http::Failure};
use serde::Deserialize;
use std::collections::BTreeSet;

/// Names that one statement looks at at most: what fits into one answer of the database.
pub(super) const MOST_STEPS: u32 = 10_000;

/// Names of contacts in order, and where to go on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Names {
    pub(super) names: Vec<String>,
    pub(super) next: Option<String>,
}

/// The contacts of a site from the one after `after`, `limit` names at most, found within so many
/// `steps`: there may be fewer, and more to come.
///
/// A contact is the canonical name of linked identities, or an identity that is linked to none. Both
/// kinds are walked in order, each name once however often it was said.
pub(super) async fn names_after(
    edge: &Bindings,
    site: &str,
    after: &str,
    steps: u32,
    limit: u32,
) -> Result<Names, Failure> {
    let mut all: Option<Names> = None;
    for part in edge.databases() {
        let rows = database::rows(part, WALK, &[site, after, &steps.to_string()]).await?;
        let own = merged(rows, steps, limit);
        all = Some(match all {
            Some(others) => others.and(own, limit),
            None => own,
        });
    }
    Ok(all.unwrap_or(Names {
        names: Vec::new(),
        next: None,
    }))
}

impl Names {
    /// With those of another database: neither says anything of what is beyond its end.
    fn and(self, other: Self, limit: u32) -> Self {
        let mut next = [&self.next, &other.next]
            .into_iter()
            .flatten()
            .min()
            .cloned();
        let mut names: BTreeSet<String> = self.names.into_iter().chain(other.names).collect();
        names.retain(|name| next.as_ref().is_none_or(|next| name <= next));
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        if names.len() > limit {
            names = names.into_iter().take(limit).collect();
            next = names.last().cloned();
        }
        Self {
            names: names.into_iter().collect(),
            next,
        }
    }
}

/// `?1` site, `?2` after which name, `?3` how many steps of each walk.
pub(super) const WALK: &str = "\
WITH RECURSIVE
  named(name) AS (
    SELECT min(contact) FROM observations
    WHERE site = ?1 AND contact IS NOT NULL AND contact > ?2
    UNION ALL
    SELECT (
      SELECT min(o.contact) FROM observations AS o
      WHERE o.site = ?1 AND o.contact IS NOT NULL AND o.contact > named.name)
    FROM named WHERE named.name IS NOT NULL
    LIMIT CAST(?3 AS INTEGER))
SELECT json_array('linked', identity, contact = identity)
FROM (
  SELECT identity, contact FROM identities WHERE site = ?1 AND identity > ?2
  ORDER BY identity LIMIT CAST(?3 AS INTEGER))
UNION ALL
SELECT json_array(
  'named', name,
  NOT EXISTS (SELECT 1 FROM identities AS i WHERE i.site = ?1 AND i.identity = named.name))
FROM named WHERE name IS NOT NULL";

/// A step of a walk: which walk, where it came to, and whether that is a contact's name.
#[derive(Deserialize)]
pub(super) struct Step(String, String, u8);

/// Both walks as one. A walk that was cut short says nothing of what is beyond its end.
pub(super) fn merged(steps: Vec<Step>, walked: u32, limit: u32) -> Names {
    let size = |count| usize::try_from(count).unwrap_or(usize::MAX);
    let (walked, limit) = (size(walked), size(limit));
    let end = |walk: &str| {
        let own = || steps.iter().filter(|step| step.0 == walk);
        let last = own().map(|step| step.1.clone()).max();
        last.filter(|_| own().count() >= walked)
    };
    let end = [end("linked"), end("named")].into_iter().flatten().min();
    let mut names: BTreeSet<String> = steps
        .into_iter()
        .filter(|step| step.2 == 1 && end.as_ref().is_none_or(|end| step.1 <= *end))
        .map(|step| step.1)
        .collect();
    let mut next = end;
    if names.len() > limit {
        names = names.into_iter().take(limit).collect();
        next = names.last().cloned();
    }
    Names {
        names: names.into_iter().collect(),
        next,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(text: &str, walked: u32, limit: u32) -> Names {
        merged(serde_json::from_str(text).unwrap(), walked, limit)
    }

    #[test]
    fn a_walk_that_was_cut_short_ends_the_page() {
        let steps = r#"[["linked","b",1],["named","a",1],["named","b",0],["named","c",1]]"#;
        let names = walk(steps, 3, 9);
        assert_eq!(names.names, ["a", "b", "c"]);
        assert_eq!(names.next.as_deref(), Some("c"));
        let all = walk(steps, 4, 9);
        assert_eq!((all.names.len(), all.next), (3, None));
        let some = walk(steps, 4, 2);
        assert_eq!((some.names.len(), some.next.as_deref()), (2, Some("b")));
        let steps = r#"[["linked","m",1],["linked","z",1],["named","a",1],["named","b",0]]"#;
        let few = walk(steps, 2, 9);
        assert_eq!(few.names, ["a"]);
        assert_eq!(
            few.next.as_deref(),
            Some("b"),
            "m is known, and its turn comes"
        );
    }
}
