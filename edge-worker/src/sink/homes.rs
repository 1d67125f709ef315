//! Which database each item is stored in: its person's, see [`goalpost_core::home`].

use goalpost_core::{Id, erasure::Subject, home};
use std::collections::{BTreeMap, BTreeSet};

/// What must be known of some messages before each of their items has its database.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// What single items say of who is whom, and which sessions there are.
    pub links: BTreeSet<Link>,
    /// Per site, every name.
    pub names: BTreeSet<(String, String)>,
    /// Per site, every item.
    pub items: BTreeSet<(String, Id)>,
}

/// Names that one item bears: its site, the names, their tombstones, and when it happened. They
/// are nobody's if one of them was erased after that.
pub type Link = (String, Vec<String>, Vec<String>, i64);

/// Where the items of some messages are to be stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Homes {
    databases: u32,
    people: BTreeMap<(String, String), String>,
    kept: BTreeMap<(String, Id), u32>,
}

impl Homes {
    /// Over so many databases.
    pub fn over(databases: u32) -> Self {
        Self {
            databases,
            ..Self::default()
        }
    }

    /// A name's person, where the name is not the person's own.
    pub fn add_person(&mut self, site: String, name: String, person: String) {
        self.people.insert((site, name), person);
    }

    /// An item that is in this database already: a copy of it must meet it there. The first stands.
    pub fn add_kept(&mut self, site: String, id: Id, database: u32) {
        self.kept.entry((site, id)).or_insert(database);
    }

    /// The person of these names, which have been linked.
    pub fn person(&self, site: &str, names: &[String]) -> Option<String> {
        names
            .iter()
            .map(|name| {
                self.people
                    .get(&(String::from(site), name.clone()))
                    .unwrap_or(name)
            })
            .min()
            .cloned()
    }

    /// The database of whom these names are.
    pub fn of(&self, site: &str, names: &[String]) -> u32 {
        self.person(site, names)
            .map_or(0, |person| home::place(site, &person, self.databases))
    }
}

/// What is told of each item while messages are sorted.
pub(super) enum Way<'a> {
    /// There is one database.
    One,
    /// First it must be known who is whom.
    Asks(Wanted),
    Knows(&'a Homes),
}

impl Way<'_> {
    /// The database of an item that bears these names, and that of the session in which it counts once; of
    /// nobody's, its session decides, or else itself.
    pub(super) fn place(
        &mut self,
        site: &str,
        subjects: impl Iterator<Item = Subject>,
        session: Option<Id>,
        counts_in: Option<Id>,
        (id, time): (Id, i64),
    ) -> u32 {
        if matches!(self, Self::One) {
            return 0;
        }
        let (mut names, mut tombstones) = (Vec::new(), Vec::new());
        let mut nobodys = session;
        for own in subjects {
            if matches!(self, Self::Asks(_)) {
                tombstones.push(own.tombstone(site));
            }
            if matches!(own, Subject::Visitor(_)) {
                nobodys = None;
            }
            names.push(home::name(&own));
        }
        // A session is noted even alone: whoever turns up in it must know that something is there.
        let is_linked = nobodys.or(counts_in).is_some() || names.len() > 1;
        names.extend(
            [nobodys, counts_in]
                .into_iter()
                .flatten()
                .map(home::session),
        );
        if names.is_empty() {
            names.push(home::session(id));
        }
        names.sort();
        names.dedup();
        match self {
            Self::One => 0,
            Self::Asks(wanted) => {
                let own = || String::from(site);
                wanted
                    .names
                    .extend(names.iter().map(|name| (own(), name.clone())));
                wanted.items.insert((own(), id));
                if is_linked {
                    wanted.links.insert((own(), names, tombstones, time));
                }
                0
            }
            Self::Knows(homes) => {
                let kept = homes.kept.get(&(String::from(site), id)).copied();
                kept.unwrap_or_else(|| homes.of(site, &names))
            }
        }
    }
}
