//! The queue message: what came, and what only the edge knows about it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use goalpost_core::{
    Id,
    accepted::{Accepted, Content, DroppedBeacon, RefusedBody},
    fate, scrub_bytes,
};
use serde_json::value::RawValue;

/// What the edge knows about who sent it.
pub(super) struct Sender<'a> {
    pub(super) received_at: i64,
    pub(super) visitor: Option<Id>,
    pub(super) country: &'a str,
    pub(super) device: &'a str,
    pub(super) doubts: String,
}

impl<'a> Sender<'a> {
    /// A message with any content.
    pub(super) fn text(&self, content: Content<'a>) -> Result<String, serde_json::Error> {
        serde_json::to_string(&Accepted {
            received_at: self.received_at,
            visitor: self.visitor,
            country: self.country.into(),
            device: self.device.into(),
            doubts: self.doubts.as_str().into(),
            content,
        })
    }

    /// A message with a beacon that was already found to be JSON: its text is put in its place as it
    /// is, since reading it once more would cost as much as reading it did.
    pub(super) fn beacon(&self, beacon: &str) -> Result<String, serde_json::Error> {
        let mut text = self.text(Content::Beacon(RawValue::NULL))?;
        let end = text.len().saturating_sub("null}}".len());
        text.truncate(end);
        text.reserve(beacon.len().saturating_add(2));
        text.push_str(beacon);
        text.push_str("}}");
        Ok(text)
    }
}

/// A beacon that is let go; its items are counted.
pub(super) fn dropped<'a>(
    reason: fate::Drop,
    site: &'a str,
    beacon: Option<&'a RawValue>,
) -> Content<'a> {
    Content::Dropped(DroppedBeacon {
        reason: reason.name().into(),
        site: site.into(),
        beacon,
    })
}

/// A body that is no beacon, byte for byte but for what could name a person.
pub(super) fn refused<'a>(reason: fate::Quarantine, detail: &'a str, body: &[u8]) -> Content<'a> {
    Content::Refused(RefusedBody {
        reason: reason.name().into(),
        detail: detail.into(),
        site: "".into(),
        body: STANDARD
            .encode(scrub_bytes(body).as_deref().unwrap_or(body))
            .into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beacon_stands_in_its_message_as_it_came() {
        let sender = Sender {
            received_at: 1_795_000_000_000,
            visitor: Some(Id::new(1, [2; 10])),
            country: "JP",
            device: "mobile",
            doubts: String::new(),
        };
        let beacon = r#" {"v":1, "site":"café \" null}}", "items":[]} "#;
        let text = sender.beacon(beacon).unwrap();
        let read: Accepted<'_> = serde_json::from_str(&text).unwrap();
        let Content::Beacon(found) = read.content else {
            panic!("not a beacon: {text}");
        };
        assert_eq!(found.get(), beacon.trim());
        assert_eq!(read.visitor, sender.visitor);
        let raw: &RawValue = serde_json::from_str(beacon).unwrap();
        assert_eq!(
            text.replace(' ', ""),
            sender.text(Content::Beacon(raw)).unwrap().replace(' ', "")
        );
    }
}
