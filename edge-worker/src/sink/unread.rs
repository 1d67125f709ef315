//! What can be known of bytes that cannot be read as an item.

use goalpost_core::Id;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The id of something that has none: near its kin by time, and the same for each copy.
pub(super) fn made_up_id(page: Option<Id>, received_at: i64, digest: u64) -> Id {
    let day = received_at.saturating_sub(received_at.rem_euclid(86_400_000));
    let mut random = [0; 10];
    for (to, from) in random.iter_mut().skip(2).zip(digest.to_be_bytes()) {
        *to = from;
    }
    Id::new(page.map_or(day, Id::time), random)
}

/// FNV-1a: it tells copies apart from other content, which nobody gains from forging.
pub(super) fn digest(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The page load that an item names.
pub(super) fn page_of(item: &str) -> Option<Id> {
    #[derive(Deserialize)]
    struct OfPage<'a> {
        #[serde(borrow, default)]
        page: Option<&'a RawValue>,
    }
    let raw = serde_json::from_str::<OfPage<'_>>(item).ok()?.page?;
    Id::parse(raw.get().trim_matches('"'))
}
