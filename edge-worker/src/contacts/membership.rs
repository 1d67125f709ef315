//! Which contacts belong to segments now: a bounded number of them at a time.

use super::names::names_after;
use crate::{
    bindings::Bindings,
    clock, database,
    http::Failure,
    plans::Known,
    segments::{row, wanted},
};
use goalpost_core::segment::{History, members};
use serde::Deserialize;

/// Contacts that one request looks at.
pub(crate) const LOOKED_AT: u32 = 1_000;

/// Of each contact, what segments ask about. `?1` site, `?2` their names as JSON, `?3` definitions.
pub(crate) const HISTORIES: &str = "\
SELECT json_array(
  n.value,
  json((
    SELECT json_group_array(json_array(c.definition, c.time, c.voided))
    FROM conversions AS c INDEXED BY conversions_by_person
    WHERE c.site = ?1 AND c.person = 'contact ' || n.value
      AND c.definition IN (SELECT value FROM json_each(?3)))))
FROM json_each(?2) AS n
ORDER BY n.key";

/// A contact and what it did: definition, time, and whether it was voided.
#[derive(Deserialize)]
pub(crate) struct Contact(String, Vec<(String, i64, u8)>);

impl Contact {
    fn history(&self) -> History {
        let rows = self.1.iter().enumerate();
        History::of(rows.map(|(at, (id, time, voided))| row(at, id, *time, *voided != 0)))
    }
}

/// A contact with the ids of its segments.
pub(crate) struct Member<'a> {
    pub(crate) contact: String,
    pub(crate) segments: Vec<&'a str>,
}

/// The segments of these contacts, in the same order.
pub(crate) async fn of_contacts<'a>(
    edge: &Bindings,
    known: &'a Known,
    names: &[String],
) -> Result<Vec<Member<'a>>, Failure> {
    let site = known.plan.site.as_str();
    let (names, wanted) = (
        serde_json::to_string(names)?,
        wanted(&known.rules, &known.reporting.segments)?,
    );
    let mut contacts: Vec<Contact> = Vec::new();
    for part in edge.databases() {
        let found: Vec<Contact> = database::rows(part, HISTORIES, &[site, &names, &wanted]).await?;
        if contacts.is_empty() {
            contacts = found;
            continue;
        }
        for (own, more) in contacts.iter_mut().zip(found) {
            own.1.extend(more.1);
        }
    }
    Ok(belonging(known, contacts, clock::now()))
}

/// What the core says of each.
pub(crate) fn belonging(known: &Known, contacts: Vec<Contact>, now: i64) -> Vec<Member<'_>> {
    contacts
        .into_iter()
        .map(|own| Member {
            segments: members(&known.reporting.segments, &own.history(), now),
            contact: own.0,
        })
        .collect()
}

/// The contacts after that name with their segments, and where to go on.
pub(crate) async fn after<'a>(
    edge: &Bindings,
    known: &'a Known,
    after: &str,
) -> Result<(Vec<Member<'a>>, Option<String>), Failure> {
    let page = names_after(edge, &known.plan.site, after, LOOKED_AT, LOOKED_AT).await?;
    Ok((of_contacts(edge, known, &page.names).await?, page.next))
}
