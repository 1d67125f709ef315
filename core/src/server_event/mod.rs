//! What a shop's own systems report: outcomes, purchases, refunds and whatever else happened where
//! no page could see it.

mod stored;

pub use stored::{Refund, StoredItem, read_stored};
