//! The beacon's route: bound it, read its envelope, decide whether it may be kept, hand it on.
//!
//! What is decided here, each with its answer and its fate:
//!
//! | what came | answer | fate |
//! | --- | --- | --- |
//! | more bytes than a beacon has | 413 | dropped: `too_large` |
//! | compressed, and not as it says | 415 | quarantined, as it came |
//! | no beacon: not text, not JSON, too many items | 400 | quarantined, as it came |
//! | a version that is not read here | 200, `quarantined` | quarantined, as it came |
//! | too much: of the site, of the network, of the day | 200, `limited`; 429 if no beacon | none yet |
//! | a site without a plan | 404 | quarantined: `unknown_site` |
//! | a page of another host | 403 | dropped: `host` |
//! | a browser that signals a refusal (GPC or DNT: the stricter wins) | 200, `drop` | dropped: `consent` |
//! | a crawler, or a browser that a program drives | 200, `drop` | dropped: `bot`, `headless` |
//! | anything else | 200, `ok` | the sink's verdict on each item |
//!
//! A page that has forgotten its visitor says so (`"visitor": "-"`), and so does a browser that signals
//! a refusal: the answer takes the cookie away. With no items, such a beacon is nothing but that.
//!
//! A page without an origin (`Origin: null`) is nobody's, and another host's unless the plan takes such
//! pages: then the cookie is neither looked at nor set, and what it sends is marked.
//!
//! The answer leaves only after the queue, or else the database, has the beacon. The address of the
//! caller is looked at for the limits of requests alone, in `runtime.js`, so it can reach neither
//! storage nor log.

mod agent;
mod at_once;
mod link;
mod message;
mod origin;
mod pixel;
mod visitor;

pub(crate) use at_once::at_once;
pub(crate) use link::{link, link_schema};
pub(crate) use pixel::{PIXEL_PARAMETERS, pixel};

use crate::{
    admission,
    bindings::Bindings,
    body,
    http::Failure,
    plans::{self, Site},
    problem::{Kind, Problem},
    queue,
    runtime::{Heard, Lines, answered},
};
use goalpost_core::{
    Id,
    accepted::Content,
    beacon::{self, Claimed, Envelope},
    crawler::{self, Doubt},
    fate, limits,
};
use message::Sender;
use std::collections::BTreeSet;
use worker::Request;

impl<'a> Lines<'a> {
    /// Whether the browser signals a refusal: the stricter of its two signals wins.
    fn refuses(&self) -> bool {
        self.gpc == "1" || self.dnt == "1"
    }

    /// Whether its page has no origin, so that nobody knows which page that is.
    fn is_sandboxed(&self) -> bool {
        self.origin == "null"
    }

    /// Why it is let go, whatever its page: it says itself that no person sends it.
    fn is_no_person(&self) -> Option<fate::Drop> {
        let sender = crawler::Sender {
            agent: self.agent,
            brands: self.brands,
            is_known: !self.known_crawler.is_empty(),
        };
        let objection = sender.objection();
        objection.filter(|why| *why != fate::Drop::Headless || self.takes_headless.is_empty())
    }

    /// What speaks against it, though it is taken.
    fn doubts(&self) -> String {
        let network = self.network.parse();
        let doubts = [
            (
                network.is_ok_and(crawler::is_data_centre),
                Doubt::DataCentre,
            ),
            (self.is_sandboxed(), Doubt::Sandboxed),
        ];
        let found: Vec<Doubt> = doubts
            .into_iter()
            .filter_map(|(is_so, doubt)| is_so.then_some(doubt))
            .collect();
        Doubt::text(&found)
    }

    /// What the sink learns of the sender.
    fn sender(&self) -> Sender<'a> {
        Sender {
            received_at: crate::clock::now(),
            // No page of a site sends it, so it is not the site's visitor.
            visitor: visitor::of_cookies(self.cookies).filter(|_| !self.is_sandboxed()),
            country: self.country,
            device: agent::device(self.agent),
            doubts: self.doubts(),
        }
    }
}

/// Takes a beacon.
pub(crate) async fn collect(
    mut request: Request,
    edge: &Bindings,
) -> Result<web_sys::Response, Failure> {
    let body = body::as_it_came(&mut request, limits::BEACON_BYTES).await;
    let heard = Heard::of(request.inner(), edge.env());
    let asking = Asking {
        request: request.inner(),
        heard: heard.lines(),
        is_over: false,
    };
    match body {
        Ok(body) => open(edge, &asking, &body).await,
        Err(Failure::Problem(problem)) => too_large(edge, &asking, problem).await,
        Err(failure) => Err(failure),
    }
}

/// Who asks.
struct Asking<'a> {
    request: &'a web_sys::Request,
    heard: Lines<'a>,
    /// Whether a limit of requests was asked already, and said no.
    is_over: bool,
}

impl Asking<'_> {
    /// Why items of this [`known`](admission::known) site are not taken now; whatever is said here is counted.
    async fn limit(&self, edge: &Bindings, site: &str, items: usize) -> Option<fate::Limit> {
        let limit = if self.is_over {
            Some(fate::Limit::Rate)
        } else {
            admission::objection(edge, self.request, site, items).await
        };
        if let Some(limit) = limit {
            admission::note(edge, site, fate::Fate::Limited(limit), items.max(1)).await;
        }
        limit
    }
}

/// A body that is compressed counts for what it holds.
async fn open(
    edge: &Bindings,
    asking: &Asking<'_>,
    body: &[u8],
) -> Result<web_sys::Response, Failure> {
    let encoding = asking.request.headers().get("content-encoding");
    let encoding = encoding.ok().flatten().unwrap_or_default();
    match body::opened(&encoding, body, limits::BEACON_BYTES) {
        Ok(body) => sort(edge, asking, &body).await,
        Err(problem) if problem.kind == Kind::TooLarge => too_large(edge, asking, problem).await,
        Err(problem) => {
            let detail = problem.detail.clone();
            let held = message::refused(fate::Quarantine::Encoding, &detail, body);
            refuse(edge, asking, held, problem).await
        }
    }
}

async fn too_large(
    edge: &Bindings,
    asking: &Asking<'_>,
    problem: Problem,
) -> Result<web_sys::Response, Failure> {
    let unread = message::dropped(fate::Drop::TooLarge, "", None);
    refuse(edge, asking, unread, problem).await
}

async fn sort(
    edge: &Bindings,
    asking: &Asking<'_>,
    body: &[u8],
) -> Result<web_sys::Response, Failure> {
    let heard = &asking.heard;
    let envelope = match Envelope::read(body) {
        Ok(envelope) => envelope,
        Err(problem) => return no_beacon(edge, asking, body, &problem).await,
    };
    if forgets(&envelope) && envelope.items.is_empty() {
        let cookie = visitor::none(heard.url);
        return Ok(answered("{\"results\":{}}", heard.origin, &cookie));
    }
    let items = envelope.items.len();
    let site = plans::site(edge, &envelope.site).await?;
    let known = admission::known(&envelope.site, site.is_some());
    if asking.limit(edge, known, items).await.is_some() {
        let answer = answer(&ids(&envelope), "limited", None);
        return Ok(answered(&answer, heard.origin, ""));
    }
    // `Envelope::read` has seen that it is text.
    let text = core::str::from_utf8(body).unwrap_or_default();
    let Some(site) = site else {
        queue::deliver(edge, heard.sender().beacon(text)?).await?;
        return Err(plans::unknown_site(&envelope.site).into());
    };
    let Some(reason) = objection(heard, &site, &envelope) else {
        let kept = Kept::new(heard, &envelope, text)?;
        queue::deliver(edge, kept.message).await?;
        return Ok(answered(&kept.answer, heard.origin, &kept.cookie));
    };
    let beacon = serde_json::from_str(text).ok();
    let content = message::dropped(reason, &envelope.site, beacon);
    queue::deliver(edge, heard.sender().text(content)?).await?;
    if reason == fate::Drop::Host {
        return Err(foreign_host(heard, &envelope.site).into());
    }
    let answer = answer(&ids(&envelope), "drop", None);
    let cookie = if reason == fate::Drop::Consent && visitor::of_cookies(heard.cookies).is_some() {
        visitor::none(heard.url)
    } else {
        String::new()
    };
    Ok(answered(&answer, heard.origin, &cookie))
}

/// Whether the page wants its visitor forgotten.
fn forgets(envelope: &Envelope<'_>) -> bool {
    envelope.visitor == Claimed::Forgotten
}

/// The visitor that the browser's cookie names.
pub(crate) fn visitor_of(heard: &Lines<'_>) -> Option<Id> {
    visitor::of_cookies(heard.cookies).filter(|_| !heard.is_sandboxed())
}

/// Why a good beacon is let go.
pub(crate) fn objection(
    heard: &Lines<'_>,
    site: &Site,
    envelope: &Envelope<'_>,
) -> Option<fate::Drop> {
    let taken = site.sandboxed && heard.is_sandboxed();
    if !taken && !origin::is_own(heard.origin, heard.referer, &site.hosts) {
        Some(fate::Drop::Host)
    } else if heard.refuses() || envelope.is_refused() {
        Some(fate::Drop::Consent)
    } else {
        heard.is_no_person()
    }
}

/// A beacon that nothing speaks against: what goes on, and what the page is answered.
struct Kept {
    message: String,
    answer: String,
    cookie: String,
}

impl Kept {
    fn new(
        heard: &Lines<'_>,
        envelope: &Envelope<'_>,
        text: &str,
    ) -> Result<Self, serde_json::Error> {
        let mut sender = heard.sender();
        let known = envelope.visitor(sender.visitor);
        let cookie = match known {
            _ if heard.is_sandboxed() => String::new(),
            Some(known) => visitor::cookie(known, heard.url),
            None if sender.visitor.is_some() => visitor::none(heard.url),
            None => String::new(),
        };
        sender.visitor = sender.visitor.filter(|_| known.is_some());
        Ok(Self {
            message: sender.beacon(text)?,
            answer: answer(&ids(envelope), "ok", known),
            cookie,
        })
    }
}

fn ids(envelope: &Envelope<'_>) -> BTreeSet<Id> {
    let items = envelope.items.iter();
    items
        .filter_map(|item| beacon::peek(item.get()).0)
        .collect()
}

async fn no_beacon(
    edge: &Bindings,
    asking: &Asking<'_>,
    body: &[u8],
    problem: &beacon::EnvelopeError,
) -> Result<web_sys::Response, Failure> {
    let reason = problem.quarantine();
    let detail = if body.is_empty() {
        String::from("the body is empty; send the JSON of a beacon")
    } else {
        problem.to_string()
    };
    let held = message::refused(reason, &detail, body);
    let told = Problem::new(Kind::BadBeacon, detail.clone());
    let refused = refuse(edge, asking, held, told).await;
    let is_newer = matches!(problem, beacon::EnvelopeError::Version(_));
    match refused {
        // A page outlives the edge: what is newer is kept, to be replayed once the edge reads it.
        Err(Failure::Problem(told)) if is_newer && told.kind == Kind::BadBeacon => {
            let text = format!("{{\"results\":{{}},\"quarantined\":\"{}\"}}", reason.name());
            Ok(answered(&text, "", ""))
        }
        refused => refused,
    }
}

/// Notes what is no beacon, and says so: unless there is too much of it to be noted.
async fn refuse(
    edge: &Bindings,
    asking: &Asking<'_>,
    held: Content<'_>,
    problem: Problem,
) -> Result<web_sys::Response, Failure> {
    if let Some(limit) = asking.limit(edge, "", 0).await {
        return Err(admission::problem(limit).into());
    }
    queue::deliver(edge, asking.heard.sender().text(held)?).await?;
    Err(problem.into())
}

pub(crate) fn foreign_host(heard: &Lines<'_>, site: &str) -> Problem {
    let address = if heard.origin.is_empty() {
        heard.referer
    } else {
        heard.origin
    };
    let host = origin::host(address).unwrap_or("(none)");
    Problem::new(
        Kind::ForeignHost,
        format!(
            "the page's host '{}' is not in hosts of the plan of '{site}'; add it there",
            goalpost_core::clip(host, limits::TEXT_BYTES)
        ),
    )
}

/// The answer's text. Ids are hexadecimal digits and hyphens, so nothing in it needs an escape.
fn answer(ids: &BTreeSet<Id>, result: &str, visitor: Option<Id>) -> String {
    let mut text = String::from("{\"results\":{");
    for (at, id) in ids.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        text.push('"');
        text.push_str(&id.text());
        text.push_str("\":\"");
        text.push_str(result);
        text.push('"');
    }
    text.push('}');
    if let Some(visitor) = visitor {
        text.push_str(",\"visitor\":\"");
        text.push_str(&visitor.text());
        text.push('"');
    }
    text.push('}');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_names_each_item_and_the_visitor() {
        let id = |n| Id::new(n, [1; 10]);
        let text = answer(&[id(1), id(2)].into(), "ok", Some(id(3)));
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["results"][id(2).text()], "ok");
        assert_eq!(value["visitor"], id(3).text());
        assert_eq!(answer(&BTreeSet::new(), "ok", None), "{\"results\":{}}");
    }
}
