//! Who delivers: what the items of one request share, and what their fates are told apart by.

use goalpost_core::{
    Id, Zone,
    accepted::Accepted,
    beacon::{Envelope, Form},
    crawler::Doubt,
    json::{push_field, push_number_field},
    limits, scrub,
};

/// What all items of one request share.
pub(super) struct Delivery<'a> {
    pub(super) message: &'a Accepted<'a>,
    /// The plan that the page named.
    pub(super) plan: &'a str,
    /// The purposes beside measuring that the visitor has granted.
    pub(super) consent: Option<String>,
    sender: Sender,
    label: Label,
}

/// What a page says of itself beside its items.
#[derive(Clone, Copy, Default)]
struct Sender {
    page: Option<Id>,
    visitor: Option<Id>,
    sent: i64,
}

/// What fates are told apart by, beside fate and reason.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Label {
    pub(super) site: String,
    pub(super) day: String,
    pub(super) origin: Origin,
    pub(super) sdk: String,
    pub(super) form: &'static str,
    /// What speaks against all of them, though they are stored.
    pub(super) doubts: Vec<Doubt>,
}

/// Whether a page load has the item among those that it captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    Page,
    Other,
}

impl<'a> Delivery<'a> {
    pub(super) fn of_page(message: &'a Accepted<'a>, envelope: &'a Envelope<'a>) -> Self {
        let form = [Form::Wasm, Form::Js, Form::Raw, Form::Pixel]
            .map(Form::name)
            .into_iter()
            .find(|name| *name == envelope.form);
        Self {
            message,
            plan: if is_name(&envelope.plan) {
                &envelope.plan
            } else {
                ""
            },
            consent: envelope.purposes(),
            sender: Sender {
                page: envelope.page,
                visitor: envelope.visitor(message.visitor),
                sent: envelope.sent,
            },
            label: Label {
                sdk: version(&envelope.sdk),
                form: form.unwrap_or(""),
                doubts: Doubt::read(&message.doubts),
                ..Label::without_page(&envelope.site, message.received_at)
            },
        }
    }

    pub(super) fn of_server(message: &'a Accepted<'a>, site: &str) -> Self {
        Self {
            message,
            plan: "",
            consent: None,
            sender: Sender::default(),
            label: Label {
                form: Form::Server.name(),
                ..Label::without_page(site, message.received_at)
            },
        }
    }

    /// The page load that sends.
    pub(super) const fn page(&self) -> Option<Id> {
        self.sender.page
    }

    /// The browser that sends.
    pub(super) const fn visitor(&self) -> Option<Id> {
        self.sender.visitor
    }

    pub(super) fn site(&self) -> String {
        self.label.site.clone()
    }

    /// What came with each item, so that one that cannot be stored can be read again: the JSON of a
    /// [`Waiting`](super::Waiting)'s request.
    pub(super) fn request(&self) -> String {
        let mut out = String::from("{");
        if let Some(visitor) = self.sender.visitor {
            push_field(&mut out, "visitor", &visitor.text());
        }
        push_number_field(&mut out, "sent", self.sender.sent);
        push_field(&mut out, "country", &self.message.country);
        push_field(&mut out, "device", &self.message.device);
        let doubts = Doubt::text(&self.label.doubts);
        if !doubts.is_empty() {
            push_field(&mut out, "doubts", &doubts);
        }
        if let Some(consent) = &self.consent {
            push_field(&mut out, "consent", consent);
        }
        out.push('}');
        out
    }

    /// The label, but for its origin.
    pub(super) const fn of_request(&self) -> &Label {
        &self.label
    }

    pub(super) fn label(&self, origin: Origin) -> Label {
        Label {
            origin,
            ..self.label.clone()
        }
    }
}

impl Label {
    /// The label of what is no item of a page load.
    pub(super) fn without_page(site: &str, received_at: i64) -> Self {
        Self {
            site: String::from(site_name(site)),
            day: Zone::fixed(0).date(received_at).text(),
            origin: Origin::Other,
            sdk: String::new(),
            form: "",
            doubts: Vec::new(),
        }
    }
}

impl Origin {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Other => "other",
        }
    }

    pub(super) const fn of(on_a_page: bool) -> Self {
        if on_a_page { Self::Page } else { Self::Other }
    }
}

/// What a request calls its site, as far as a site could be called that.
pub(crate) fn site_name(text: &str) -> &str {
    if is_name(text) { text } else { "" }
}

/// Whether it could be the name of a site or the hash of a plan: anything else is nobody's, and may be
/// somebody's address.
fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    text.len() <= limits::NAME_BYTES && text.bytes().all(plain)
}

/// Versions head rows of the tallies, so what does not look like one is as good as none.
fn version(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+');
    if text.len() <= 32 && text.bytes().all(plain) && scrub(text).is_none() {
        text.to_owned()
    } else {
        String::new()
    }
}

impl Label {
    /// Who says what the items say.
    pub(super) fn source(&self) -> &'static str {
        [Form::Pixel, Form::Server]
            .map(Form::name)
            .into_iter()
            .find(|name| *name == self.form)
            .unwrap_or("page")
    }
}
