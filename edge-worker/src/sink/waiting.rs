//! An item that waits in quarantine, and how it comes once more.

use super::clock::DeviceClock;
use goalpost_core::{
    Id,
    accepted::{Accepted, Content, ServerEvents},
    beacon,
    json::{push_field, push_key, push_number_field},
};
use serde::Deserialize;
use serde_json::value::RawValue;

/// A row of the quarantine.
#[derive(Debug, Deserialize)]
pub(crate) struct Waiting {
    pub(crate) id: String,
    digest: i64,
    received_at: i64,
    page: String,
    sdk: String,
    form: String,
    request: Request,
    pub(crate) body: String,
    /// Whose it is, as known today.
    #[serde(default)]
    pub(crate) contact: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Request {
    #[serde(default)]
    visitor: String,
    #[serde(default)]
    sent: i64,
    #[serde(default)]
    country: String,
    #[serde(default)]
    device: String,
    #[serde(default)]
    consent: String,
    #[serde(default)]
    doubts: String,
}

impl Waiting {
    /// What names the row within its site.
    pub(crate) fn key(&self) -> (&str, i64) {
        (&self.id, self.digest)
    }

    /// Whether one of the site's own servers sent it.
    pub(crate) fn is_of_server(&self) -> bool {
        self.form == beacon::Form::Server.name()
    }

    /// The visitor that came with it.
    pub(crate) fn visitor(&self) -> Option<Id> {
        Id::parse(&self.request.visitor)
    }

    /// When it arrived.
    pub(crate) const fn received_at(&self) -> i64 {
        self.received_at
    }

    /// When it happened, as the sink will judge it.
    pub(crate) fn time(&self, id: Id) -> i64 {
        if self.is_of_server() {
            return id.time();
        }
        self.clock().time(id.time()).0
    }

    /// How long ago a page has seen it, as the sink will judge it; of a server's word 0.
    pub(crate) fn age(&self, id: Id, now: i64) -> i64 {
        if self.is_of_server() {
            return 0;
        }
        now.saturating_sub(self.clock().corrected(id.time()))
    }

    fn clock(&self) -> DeviceClock {
        DeviceClock::new(self.request.sent, self.received_at)
    }

    /// The beacon that carries it once more, and names the plan that accepts it.
    pub(crate) fn beacon(&self, site: &str, plan: &str) -> String {
        let mut out = String::from("{");
        push_number_field(&mut out, "v", i64::from(beacon::VERSION));
        for (name, text) in [
            ("site", site),
            ("sdk", &self.sdk),
            ("form", &self.form),
            ("plan", plan),
        ] {
            push_field(&mut out, name, text);
        }
        push_number_field(&mut out, "sent", self.request.sent);
        for (name, id) in [("page", &self.page), ("visitor", &self.request.visitor)] {
            if !id.is_empty() {
                push_field(&mut out, name, id);
            }
        }
        if !self.request.consent.is_empty() {
            push_field(&mut out, "consent", &self.request.consent);
        }
        push_key(&mut out, "items");
        out.push('[');
        out.push_str(&self.body);
        out.push_str("]}");
        out
    }

    /// The message of it, around `content`: that [`beacon`](Self::beacon), or a server's event.
    pub(crate) fn message<'a>(&'a self, site: &'a str, content: &'a RawValue) -> Accepted<'a> {
        Accepted {
            received_at: self.received_at,
            visitor: None,
            country: self.request.country.as_str().into(),
            device: self.request.device.as_str().into(),
            doubts: self.request.doubts.as_str().into(),
            content: if self.is_of_server() {
                Content::Server(ServerEvents {
                    site: site.into(),
                    items: vec![content],
                })
            } else {
                Content::Beacon(content)
            },
        }
    }
}
