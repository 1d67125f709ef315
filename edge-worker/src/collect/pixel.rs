//! The pixel: an image that a page without scripts, or a message, asks for. What its address says
//! becomes an ordinary beacon, so it meets the same objections and the same sink.

use super::{message, origin};
use crate::{
    admission,
    bindings::Bindings,
    clock,
    http::{self, Failure},
    log,
    plans::{self, Site},
    queue,
    reports::Query,
    routes::Parameter,
    runtime::{Heard, Lines},
};
use goalpost_core::{
    Id,
    beacon::{self, Form, Header},
    clip_text, fate, is_campaign_key,
    json::{push_field, push_key, push_number_field, push_text},
};
use serde_json::json;
use worker::{Method, Request, Response, Url};

/// A transparent image of one dot.
const GIF: [u8; 43] = *b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff\x21\xf9\x04\x01\0\0\0\0\
                         \x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0\x3b";

const fn parameter(name: &'static str, about: &'static str) -> Parameter {
    Parameter {
        name,
        about,
        schema: || json!({"type": "string"}),
    }
}

/// What the address may say.
pub(crate) const PIXEL_PARAMETERS: &[Parameter] = &[
    parameter("site", "Whose plan."),
    parameter("kind", "`page`, `event` or `purchase`."),
    parameter("path", "The page's path; without it, that of `Referer`."),
    parameter("event", "The name of an event, such as `message_opened`."),
    parameter("message", "Of an event: which message it is about."),
    parameter("order", "Of a purchase: the order's number."),
    parameter(
        "revenue",
        "Of a purchase: the amount as decimal text, a claim.",
    ),
    parameter(
        "currency",
        "Of a purchase: the ISO 4217 currency of the amount.",
    ),
];

/// Takes what an image's address says. The image comes whatever it says.
pub(crate) async fn pixel(request: &Request, edge: &Bindings) -> Result<Response, Failure> {
    // Who asks only for the head sees no image.
    if request.method() == Method::Head {
        return image(200);
    }
    match deliver(request, edge).await {
        Ok(()) => image(200),
        Err(problem) => {
            log::error("pixel_lost", &[], &problem);
            image(503)
        }
    }
}

fn image(status: u16) -> Result<Response, Failure> {
    let response = http::with_body(status, "image/gif", GIF.to_vec())?;
    let headers = response.headers();
    headers.set("Cache-Control", "no-store")?;
    headers.set("Cross-Origin-Resource-Policy", "cross-origin")?;
    Ok(response)
}

async fn deliver(request: &Request, edge: &Bindings) -> Result<(), Failure> {
    let query = Query::of(request)?;
    let heard = Heard::of(request.inner(), edge.env());
    let heard = heard.lines();
    let sender = heard.sender();
    let page = Url::parse(heard.referer).ok();
    let id = clock::new_id()?;
    let name = query.get("site").unwrap_or_default();
    let beacon = beacon_of(&query, page.as_ref(), id, sender.received_at);
    let site = plans::site(edge, name).await?;
    let known = admission::known(name, site.is_some());
    if let Some(limit) = admission::objection(edge, request.inner(), known, 1).await {
        // An image does not come again.
        log::warn("pixel_limited", &[], &admission::problem(limit));
        let lost = fate::Fate::Dropped(fate::Drop::RateLimited);
        admission::note(edge, known, lost, 1).await;
        return Ok(());
    }
    let text = match site.and_then(|site| objection(&heard, &site)) {
        None => sender.beacon(&beacon)?,
        Some(reason) => {
            let beacon = serde_json::from_str(&beacon)?;
            sender.text(message::dropped(reason, name, Some(beacon)))?
        }
    };
    queue::deliver(edge, text).await
}

/// Why it is let go: as any beacon, but that a message has no page to name.
fn objection(heard: &Lines<'_>, site: &Site) -> Option<fate::Drop> {
    let named = !(heard.origin.is_empty() && heard.referer.is_empty());
    let taken = !named || site.sandboxed && heard.is_sandboxed();
    if !taken && !origin::is_own(heard.origin, heard.referer, &site.hosts) {
        Some(fate::Drop::Host)
    } else if heard.refuses() {
        Some(fate::Drop::Consent)
    } else {
        heard.is_no_person()
    }
}

/// The beacon of a page load that has seen one thing.
fn beacon_of(query: &Query, page: Option<&Url>, id: Id, now: i64) -> String {
    let get = |name| query.get(name).unwrap_or_default();
    let kind = get("kind");
    let mut item = String::from("{");
    push_field(&mut item, "id", &id.text());
    push_number_field(&mut item, "seq", 0);
    let wire_kind = if kind == "purchase" { "commerce" } else { kind };
    push_field(&mut item, "kind", wire_kind);
    let path = query.get("path").or_else(|| page.map(Url::path));
    push_field(&mut item, "path", clip_text(path.unwrap_or_default()));
    let properties: &[&str] = match kind {
        "page" => {
            let host = page.and_then(Url::host_str).unwrap_or_default();
            push_field(&mut item, "host", host);
            if let Some(page) = page {
                push_campaign(&mut item, page);
            }
            &[]
        }
        "event" => {
            push_field(&mut item, "name", get("event"));
            &["message"]
        }
        "purchase" => {
            push_field(&mut item, "name", kind);
            &["order", "revenue", "currency"]
        }
        _ => &[],
    };
    if properties.iter().any(|name| query.get(name).is_some()) {
        push_key(&mut item, "properties");
        item.push('{');
        for name in properties {
            push_field(&mut item, name, get(name));
        }
        item.push('}');
    }
    item.push('}');
    let header = Header {
        site: get("site"),
        sdk: "",
        form: Form::Pixel,
        plan: "",
        sent: now,
        page: id,
        session: None,
        visitor: None,
        consent: "",
        cookieless: false,
        captured: 0,
        dropped: &[],
    };
    beacon::write(&header, std::iter::once(item.as_str()))
}

/// What the page's own address says of its campaign, and nothing else of it.
fn push_campaign(item: &mut String, page: &Url) {
    let mut pairs = page
        .query_pairs()
        .filter(|(key, _)| is_campaign_key(key))
        .peekable();
    if pairs.peek().is_none() {
        return;
    }
    push_key(item, "query");
    item.push('{');
    for (key, value) in pairs {
        push_key(item, &key);
        push_text(item, clip_text(&value));
    }
    item.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;
    use goalpost_core::{
        Observation, Seen,
        beacon::{Envelope, read_item},
    };

    fn query(text: &str) -> Query {
        let url = Url::parse(&format!("https://shop.example/_g/p.gif?{text}")).unwrap();
        Query::of_url(&url)
    }

    fn seen(text: &str, page: Option<&str>) -> Result<Observation, String> {
        let page = page.map(|page| Url::parse(page).unwrap());
        let id = Id::new(1_795_000_000_000, [1; 10]);
        let beacon = beacon_of(&query(text), page.as_ref(), id, id.time());
        let envelope = Envelope::read(beacon.as_bytes()).unwrap();
        assert_eq!((envelope.form.as_ref(), envelope.page), ("pixel", Some(id)));
        read_item(envelope.items[0].get())
            .map(|item| item.observation)
            .map_err(|problem| problem.to_string())
    }

    #[test]
    fn an_address_becomes_an_observation() {
        let own = "https://shop.example/shoes/?utm_source=news&email=a%40b.example";
        let page = seen("site=shop&kind=page", Some(own)).unwrap();
        assert_eq!(page.path, "/shoes/");
        let Seen::Page { host, query, .. } = page.seen else {
            panic!("no page view");
        };
        assert_eq!(host, "shop.example");
        assert_eq!(query, [("utm_source".into(), "news".into())]);
        let named = seen("site=shop&kind=page&path=/cart/", Some(own)).unwrap();
        assert_eq!(named.path, "/cart/");
        let opened = seen(
            "site=shop&kind=event&event=message_opened&message=spring",
            None,
        )
        .unwrap();
        assert_eq!(opened.properties.text("message"), Some("spring"));
        let bought = seen(
            "site=shop&kind=purchase&order=A1&revenue=5.00&currency=USD&x=y",
            None,
        )
        .unwrap();
        assert_eq!(bought.seen.kind(), "commerce");
        assert_eq!(bought.properties.0.len(), 3);
    }

    #[test]
    fn nonsense_is_an_item_for_the_quarantine() {
        for (text, problem) in [
            ("site=shop", "kind: is missing"),
            ("site=shop&kind=%00", "kind: '\u{0}' is not known here"),
            ("site=shop&kind=event", "name: is missing"),
        ] {
            assert_eq!(seen(text, None).unwrap_err(), problem, "{text}");
        }
    }

    #[test]
    fn the_image_is_as_small_as_an_image_can_be() {
        assert!(GIF.starts_with(b"GIF89a") && GIF.ends_with(&[0x3b]));
    }
}
