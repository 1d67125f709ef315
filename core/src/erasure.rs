//! Erased people: what is known of them afterwards, and which items that keeps away.
//!
//! Of whoever is erased a **tombstone** is kept for each name: a digest, from which nobody is
//! recognised and by which what still comes of them is. It is about the past: who returns afterwards
//! begins anew.

use crate::{id::Id, limits::CLOCK_DRIFT_MS};
use alloc::string::String;
use sha2::{Digest as _, Sha256};

/// A name that items may bear.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(
    clippy::exhaustive_enums,
    reason = "whoever erases must erase by each of them"
)]
pub enum Subject {
    /// A browser.
    Visitor(Id),
    /// An identity of a person, such as `customer:7`.
    Identity(String),
    /// The number of an order of that person.
    Order(String),
}

impl Subject {
    /// What is kept of the name at a site: 32 hexadecimal digits.
    ///
    /// Each site has its own, so that two of them cannot be compared.
    pub fn tombstone(&self, site: &str) -> String {
        let visitor;
        let (kind, name) = match self {
            Self::Visitor(id) => {
                visitor = id.text();
                ("visitor", visitor.as_str())
            }
            Self::Identity(identity) => ("identity", identity.as_str()),
            Self::Order(order) => ("order", order.as_str()),
        };
        let mut digest = Sha256::new();
        // A site's name has no space, and none of the kinds does.
        for part in [site, " ", kind, " ", name] {
            digest.update(part.as_bytes());
        }
        digest
            .finalize()
            .iter()
            .take(16)
            .flat_map(|byte| [byte >> 4, byte & 15])
            .filter_map(|digit| char::from_digit(u32::from(digit), 16))
            .collect()
    }
}

/// Until when a tombstone holds, whose erasure ended at `now`: what happened before is kept away.
///
/// What a device's clock may be off without being corrected is added, so that nothing of before
/// passes for something of afterwards.
pub const fn holds_until(now: i64) -> i64 {
    now.saturating_add(CLOCK_DRIFT_MS)
}

/// Until when a tombstone holds while its erasure is still under way.
pub const WHILE_ERASING: i64 = 9_007_199_254_740_991;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn each_name_at_each_site_has_a_tombstone_of_its_own() {
        let names = [
            Subject::Visitor(Id::new(7, [1; 10])),
            Subject::Identity("customer:7".into()),
            Subject::Identity("order 7".into()),
            Subject::Order("7".into()),
            Subject::Order("customer:7".into()),
        ];
        let found: BTreeSet<String> = ["shop", "shop-2"]
            .iter()
            .flat_map(|site| names.iter().map(|name| name.tombstone(site)))
            .collect();
        assert_eq!(found.len(), 10);
        assert!(found.iter().all(|one| one.len() == 32));
    }

    #[test]
    fn a_tombstone_stays_what_it_is() {
        // Those that are stored must go on to keep away.
        assert_eq!(
            Subject::Identity("customer:7".into()).tombstone("shop"),
            "8b90a4fe4d8cf2da5063dc59f4618b90"
        );
    }

    #[test]
    fn it_is_about_the_past_and_about_all_of_it_while_it_is_under_way() {
        assert!(holds_until(1_000) > 1_000);
        assert!(holds_until(1_800_000_000_000) < WHILE_ERASING);
        assert_eq!(holds_until(i64::MAX), i64::MAX);
    }
}
