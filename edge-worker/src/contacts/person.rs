//! Whose rows are asked for: a contact, or a visitor whom nobody knows by name.

use crate::{
    bindings::Bindings, database, http::Failure, problem::Problem, reports::bad_parameter,
};
use goalpost_core::{Id, contact::Identity, erasure::Subject};

/// What a caller names a person by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    Identity(String),
    Visitor(Id),
}

/// A person, as `conversions` and the statements here know them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Person {
    /// By the canonical identity.
    Contact(String),
    Visitor(Id),
}

impl Named {
    /// Reads the last part of the address. No error repeats it: it may be someone's e-mail address.
    pub(crate) fn read(text: &str) -> Result<Self, Problem> {
        if let Ok(identity) = Identity::parse(text) {
            return Ok(Self::Identity(String::from(identity.text())));
        }
        Id::parse(text).map(Self::Visitor).ok_or_else(|| {
            bad_parameter(
                "contact",
                "is neither an identity, such as customer:7 or email: with a SHA-256, nor a visitor's \
                 UUID; to find a person by e-mail address, phone or order, ask reports/contacts?q=…",
            )
        })
    }

    /// The name, as an erasure knows it.
    pub(crate) fn subject(&self) -> Subject {
        match self {
            Self::Identity(identity) => Subject::Identity(identity.clone()),
            Self::Visitor(visitor) => Subject::Visitor(*visitor),
        }
    }

    /// Whose it is today.
    pub(crate) async fn person(&self, edge: &Bindings, site: &str) -> Result<Person, Failure> {
        let (sql, value) = self.question();
        let contact: Option<String> = database::row(edge, sql, &[site, &value]).await?;
        Ok(self.answered(contact))
    }

    pub(crate) fn question(&self) -> (&'static str, String) {
        match self {
            Self::Identity(identity) => (
                "SELECT json_quote(contact) FROM identities WHERE site = ?1 AND identity = ?2",
                identity.clone(),
            ),
            Self::Visitor(visitor) => (
                "SELECT json_quote(contact) FROM known_visitors \
                 WHERE site = ?1 AND visitor = unhex(?2) AND contact IS NOT NULL",
                hex(*visitor),
            ),
        }
    }

    pub(crate) fn answered(&self, contact: Option<String>) -> Person {
        match (contact, self) {
            (Some(contact), _) => Person::Contact(contact),
            (None, Self::Identity(identity)) => Person::Contact(identity.clone()),
            (None, Self::Visitor(visitor)) => Person::Visitor(*visitor),
        }
    }
}

impl Person {
    /// As in the column `person` of `conversions`.
    pub(crate) fn key(&self) -> String {
        match self {
            Self::Contact(contact) => format!("contact {contact}"),
            Self::Visitor(visitor) => format!("visitor {}", hex(*visitor)),
        }
    }
}

fn hex(id: Id) -> String {
    id.text().replace('-', "")
}

/// The rows of one person, for statements to choose from. `?1` site, `?2` a [`Person::key`].
///
/// - `own`: the visitors, `names`: the identities;
/// - `visits`: their sessions;
/// - `words`: observations that name the person, of whatever source, and what servers said of the
///   visitors without a name.
///
/// Here and elsewhere indexes are named: without statistics, which nobody keeps, `SQLite` takes all
/// rows of a site to be as few as those of one person.
pub(super) const ROWS: &str = "\
WITH
  own AS MATERIALIZED (
    SELECT visitor FROM known_visitors
    WHERE site = ?1 AND contact = iif(?2 GLOB 'contact *', substr(?2, 9), NULL)
    UNION ALL
    SELECT unhex(substr(?2, 9)) WHERE ?2 GLOB 'visitor *'),
  names AS MATERIALIZED (
    SELECT identity FROM identities
    WHERE site = ?1 AND contact = iif(?2 GLOB 'contact *', substr(?2, 9), NULL)
    UNION
    SELECT substr(?2, 9) WHERE ?2 GLOB 'contact *'),
  visits AS MATERIALIZED (
    SELECT
      s.visitor, s.session, s.started_at, s.ended_at, s.pages, s.interactions, s.entry, s.channel,
      s.source, s.medium, s.campaign, s.landing, s.device, s.country
    FROM own CROSS JOIN sessions AS s ON s.site = ?1 AND s.visitor = own.visitor),
  words AS MATERIALIZED (
    SELECT o.id, o.time
    FROM names
    CROSS JOIN observations AS o INDEXED BY observations_by_contact
      ON o.site = ?1 AND o.contact = names.identity
    UNION ALL
    SELECT o.id, o.time
    FROM own
    CROSS JOIN observations AS o INDEXED BY observations_of_servers
      ON o.site = ?1 AND o.visitor = own.visitor
    WHERE o.source = 'server' AND o.contact IS NULL)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_named_by_identity_or_visitor() {
        assert_eq!(
            Named::read("customer:7"),
            Ok(Named::Identity(String::from("customer:7")))
        );
        let visitor = Id::new(7, [1; 10]);
        assert_eq!(Named::read(&visitor.text()), Ok(Named::Visitor(visitor)));
    }

    #[test]
    fn an_address_is_not_repeated() {
        let problem = Named::read("anna@shop.example").unwrap_err();
        insta::assert_snapshot!(
            problem.detail,
            @"contact: is neither an identity, such as customer:7 or email: with a SHA-256, nor a visitor's UUID; to find a person by e-mail address, phone or order, ask reports/contacts?q=…"
        );
    }
}
