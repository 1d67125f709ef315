//! Where something of a person is kept, where there are several databases.
//!
//! All that counts together must stand together, so a **person** here is everything that names have in
//! common: a visitor, the identities that it gave, the orders that it made, and whoever else gave or
//! made one of these. A session is a name where nobody is known, and where something counts once in it.
//! A person is known by the least of its names. Visitors come first and older ones before younger ones,
//! so whoever becomes known stays where they were first seen.
//!
//! [`People`] is the rule; a table of names and a trigger do the same for the sink, and a test compares
//! the two.

use crate::{erasure::Subject, id::Id};
use alloc::{
    collections::BTreeMap,
    string::{String, ToString as _},
    vec::Vec,
};

/// A name as it is compared and kept.
pub fn name(subject: &Subject) -> String {
    let (kind, name) = match subject {
        Subject::Visitor(id) => ('1', digits(*id)),
        Subject::Identity(identity) => ('3', identity.clone()),
        Subject::Order(order) => ('4', order.clone()),
    };
    with_kind(kind, &name)
}

/// The name of a session, or of an observation of nobody that is in none.
pub fn session(id: Id) -> String {
    with_kind('2', &digits(id))
}

fn with_kind(kind: char, name: &str) -> String {
    let mut text = String::with_capacity(name.len().saturating_add(1));
    text.push(kind);
    text.push_str(name);
    text
}

fn digits(id: Id) -> String {
    id.text().replace('-', "")
}

/// Which of so many databases keeps a person: the one whose number suits the name best. With one more
/// database, only what goes to that one moves.
pub fn place(site: &str, person: &str, databases: u32) -> u32 {
    let parts = [site.as_bytes(), b"\n", person.as_bytes()];
    let own = parts
        .into_iter()
        .flatten()
        .fold(0xcbf2_9ce4_8422_2325, |sum: u64, byte| {
            (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
    (0..databases)
        .max_by_key(|number| mixed(own ^ mixed(u64::from(*number))))
        .unwrap_or(0)
}

/// Spreads what differs in few bits over all of them.
const fn mixed(bits: u64) -> u64 {
    let bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// Who is whom: the person of each name that has something in common with another one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct People(BTreeMap<String, String>);

impl People {
    /// These names are one person's.
    pub fn link(&mut self, names: &[String]) {
        let whole = names.iter().map(|name| self.person(name)).min();
        let Some(whole) = whole.map(str::to_string) else {
            return;
        };
        let mut parts: Vec<String> = names.to_vec();
        parts.extend(names.iter().map(|name| self.person(name).to_string()));
        for name in names {
            self.0.entry(name.clone()).or_insert_with(|| whole.clone());
        }
        for person in self.0.values_mut() {
            if parts.contains(person) {
                person.clone_from(&whole);
            }
        }
    }

    /// The person of a name.
    pub fn person<'a>(&'a self, name: &'a str) -> &'a str {
        self.0.get(name).map_or(name, String::as_str)
    }

    /// Every name that has another one beside it, with its person.
    pub fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, person)| (name.as_str(), person.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, vec};

    #[test]
    fn a_visitor_is_the_name_of_whoever_has_one() {
        let old = name(&Subject::Visitor(Id::new(7, [1; 10])));
        let new = name(&Subject::Visitor(Id::new(8, [0; 10])));
        let identity = name(&Subject::Identity("customer:7".into()));
        let order = name(&Subject::Order("J7".into()));
        let mut people = People::default();
        people.link(&[new.clone(), identity.clone()]);
        assert_eq!(people.person(&identity), new);
        people.link(&[order.clone(), old.clone()]);
        people.link(&[identity.clone(), order.clone()]);
        for own in [&old, &new, &identity, &order] {
            assert_eq!(people.person(own), old);
        }
        assert_eq!(people.person("4other"), "4other");
        let session = session(Id::new(0, [0; 10]));
        assert!(old < session && session < identity && identity < order);
    }

    #[test]
    fn one_more_database_takes_its_share_and_moves_nothing_else() {
        let names: Vec<String> = (0..4_000).map(|n| format!("1{n}")).collect();
        for databases in 1..8u32 {
            let mut share = vec![0; 8];
            for own in &names {
                let before = place("shop", own, databases);
                let after = place("shop", own, databases + 1);
                assert!(after == before || after == databases);
                share[after as usize] += 1;
            }
            let most = share.iter().max().unwrap();
            assert!(*most < 4_600 / (databases + 1), "{share:?}");
        }
        assert_eq!(place("shop", "1x", 0), 0);
    }
}
