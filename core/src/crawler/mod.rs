//! Who sends without being a person, as far as a request says so.
//!
//! A crawler names itself, and so does a browser that a program drives. Both are let go and counted.
//! That a request comes from a data centre says less, because people's VPNs stand there as well: it is
//! a [`Doubt`] of an item that is kept.
//!
//! The lists are texts beside this file, each with its origin and licence at its head. `cargo xtask
//! crawlers` writes the one that others maintain; `data_centres.txt` is edited by hand.

use crate::fate::Drop;
use alloc::{string::String, vec::Vec};
use std::sync::LazyLock;

/// Words that stand in the agents of most crawlers, whatever their names. Each has an address in its
/// agent, where people have none.
const WORDS: [&str; 5] = ["bot", "crawl", "spider", "http://", "https://"];

/// Makes of phones whose names hold one of [`WORDS`].
const PHONES: [&str; 1] = ["cubot"];

/// Names of crawlers, sorted; none begins with another.
static CRAWLERS: LazyLock<Vec<&str>> =
    LazyLock::new(|| rows(include_str!("lists/crawlers.txt")).collect());

/// Numbers of networks, sorted.
static DATA_CENTRES: LazyLock<Vec<u32>> = LazyLock::new(|| {
    let numbers = rows(include_str!("lists/data_centres.txt"));
    let numbers = numbers.filter_map(|row| row.split_once('\t')?.0.parse().ok());
    let mut numbers: Vec<u32> = numbers.collect();
    numbers.sort_unstable();
    numbers
});

fn rows(list: &str) -> impl Iterator<Item = &str> {
    list.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// What a request says of the software that sends it.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::exhaustive_structs, reason = "whoever asks says all of it")]
pub struct Sender<'a> {
    /// Its `User-Agent`.
    pub agent: &'a str,
    /// Its `Sec-CH-UA`: the brands of a browser. Others send none.
    pub brands: &'a str,
    /// Whether the network before the edge knows it as a crawler.
    pub is_known: bool,
}

impl Sender<'_> {
    /// Why what it sends is let go: it says itself that it is no person's browser, or says nothing.
    ///
    /// ```
    /// use goalpost_core::{crawler::Sender, fate::Drop};
    /// let agent = "Mozilla/5.0 (compatible; Googlebot/2.1)";
    /// assert_eq!(Sender { agent, ..Sender::default() }.objection(), Some(Drop::Bot));
    /// ```
    pub fn objection(&self) -> Option<Drop> {
        let agent = self.agent.to_ascii_lowercase();
        if self.is_known || agent.trim().is_empty() || is_crawler(agent) {
            Some(Drop::Bot)
        } else if [self.agent, self.brands]
            .iter()
            .any(|text| text.contains("Headless"))
        {
            Some(Drop::Headless)
        } else {
            None
        }
    }
}

/// Whether an agent in small letters is a crawler's.
fn is_crawler(mut agent: String) -> bool {
    for phone in PHONES {
        if agent.contains(phone) {
            agent = agent.replace(phone, "");
        }
    }
    let mut before = b' ';
    WORDS.iter().any(|word| agent.contains(word))
        || agent.bytes().enumerate().any(|(at, byte)| {
            let begins = !before.is_ascii_alphanumeric();
            before = byte;
            begins && begins_with_a_name(agent.get(at..).unwrap_or_default())
        })
}

/// No name begins with another, so only the last that is not after the text can be its beginning.
fn begins_with_a_name(text: &str) -> bool {
    let after = CRAWLERS.partition_point(|name| *name <= text);
    let last = after.checked_sub(1).and_then(|at| CRAWLERS.get(at));
    last.is_some_and(|name| text.starts_with(name))
}

/// Whether the network of this number is a data centre's: nobody lives there.
pub fn is_data_centre(network: u32) -> bool {
    DATA_CENTRES.binary_search(&network).is_ok()
}

/// What speaks against an item, though it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(clippy::exhaustive_enums, reason = "the sink must know each")]
pub enum Doubt {
    /// It came from a data centre: a crawler that does not say so, or a person behind a VPN.
    DataCentre,
    /// Its page has no origin, so nobody knows which page that is: the plan allows it.
    Sandboxed,
}

impl Doubt {
    /// Every doubt, in order.
    pub const ALL: [Self; 2] = [Self::DataCentre, Self::Sandboxed];

    /// The stable name, used in storage and in every answer.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DataCentre => "data_centre",
            Self::Sandboxed => "sandboxed",
        }
    }

    /// Their names, in order, with spaces between; of no doubt, nothing.
    pub fn text(doubts: &[Self]) -> String {
        let named = Self::ALL.into_iter().filter(|one| doubts.contains(one));
        named.map(Self::name).collect::<Vec<_>>().join(" ")
    }

    /// The doubts that a text names.
    pub fn read(text: &str) -> Vec<Self> {
        let named = |one: &Self| text.split(' ').any(|word| word == one.name());
        Self::ALL.into_iter().filter(named).collect()
    }
}

#[cfg(test)]
mod tests;
