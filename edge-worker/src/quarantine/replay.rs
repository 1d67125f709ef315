//! What waits comes once more, by the way of all that the queue delivers, and leaves the quarantine in
//! the transaction that stores it.
//!
//! What is wrong with it is looked for first: then nothing is written, and it stays where it is. What
//! only the database knows, such as a copy that arrives meanwhile, the transaction tallies as ever.
//! Where the item belongs into another database than it waits in, it is stored there before it leaves:
//! a second try finds it there.

use super::{
    leaves,
    row::{Found, Row, find, hex},
    statements as sql,
};
use crate::{
    audit::{Act, Note},
    auth::Caller,
    bindings::Bindings,
    body, clock, database,
    http::{self, Failure, Outcome},
    plans,
    problem::{Finding, Kind, Problem},
    sink::{self, Outlook, Refused},
    store::{self, First},
};
use goalpost_core::{
    Id,
    accepted::{Accepted, Content},
    beacon::{self, Envelope},
    limits,
};
use serde::Deserialize;
use serde_json::{json, value::RawValue};
use std::borrow::Cow;
use worker::Request;

/// Bytes of what is put right: a message that nobody could read is the largest.
pub(crate) const BODY_BYTES: usize = limits::MESSAGE_BYTES;

/// Stores what waits, as it came or as the request's body puts it right.
pub(crate) async fn replay(
    mut request: Request,
    edge: &Bindings,
    site: &str,
    id: &str,
    caller: &Caller,
) -> Outcome {
    let corrected = body::read(&mut request, BODY_BYTES).await?;
    let found = find(edge, site, id).await?;
    let bytes = if corrected.is_empty() {
        found.row.bytes()
    } else {
        Cow::Borrowed(&*corrected)
    };
    let text = std::str::from_utf8(&bytes).map_err(|_| {
        bad("body: is not text in UTF-8; send it put right, as the JSON of a beacon or an item")
    })?;
    if found.row.is_body() {
        let message = whole(&found.row, site, text)?;
        let own = site_of(&message.content)?;
        return take(edge, &found, (site, &own), &message, caller).await;
    }
    let text = one(&found.row, site, text)?;
    let mut waiting = found.row.waiting()?;
    waiting.body = text.to_owned();
    let beacon = if waiting.is_of_server() {
        waiting.body.clone()
    } else {
        waiting.beacon(site, "")
    };
    let content: &RawValue = serde_json::from_str(&beacon)?;
    let message = waiting.message(site, content);
    take(edge, &found, (site, site), &message, caller).await
}

fn bad(detail: impl Into<Cow<'static, str>>) -> Problem {
    Problem::new(Kind::BadItem, detail)
}

/// The message of a whole body: a beacon, or a message that the sink could not read.
fn whole<'t>(row: &Row, site: &str, text: &'t str) -> Result<Accepted<'t>, Failure> {
    let message = if let Ok(message) = serde_json::from_str::<Accepted<'t>>(text) {
        Accepted {
            received_at: row.received_at,
            ..message
        }
    } else {
        Envelope::read(text.as_bytes()).map_err(|problem| bad(problem.to_string()))?;
        Accepted {
            received_at: row.received_at,
            visitor: None,
            country: "".into(),
            device: "".into(),
            doubts: "".into(),
            content: Content::Beacon(serde_json::from_str(text)?),
        }
    };
    let own = site_of(&message.content)?;
    if !site.is_empty() && own != site {
        let detail = format!("site: is '{own}', and this waits at '{site}'; name that");
        return Err(bad(detail).into());
    }
    Ok(message)
}

/// The site that a message is for.
fn site_of(content: &Content<'_>) -> Result<String, Problem> {
    let site = match content {
        Content::Beacon(beacon) => {
            let envelope = Envelope::read(beacon.get().as_bytes());
            envelope
                .map_err(|problem| bad(problem.to_string()))?
                .site
                .into_owned()
        }
        Content::Server(server) => server.site.clone().into_owned(),
        // Where its beacon can be read, that says whose its items are.
        Content::Dropped(dropped) => dropped
            .beacon
            .and_then(|beacon| Envelope::read(beacon.get().as_bytes()).ok())
            .map_or_else(|| dropped.site.to_string(), |own| own.site.into_owned()),
        Content::Refused(_) => {
            return Err(bad(
                "content: is a body that could not be read; send that body put right",
            ));
        }
    };
    if sink::site_name(&site).is_empty() {
        return Err(bad(
            "site: is no name that a site can have; name the site whose it is",
        ));
    }
    Ok(site)
}

/// The text of one item, which is still the item that waits.
fn one<'t>(row: &Row, site: &str, text: &'t str) -> Result<&'t str, Failure> {
    if site.is_empty() {
        return Err(bad(
            "site: the page of this item named none that could be; put that right in the page",
        )
        .into());
    }
    let item: &RawValue = serde_json::from_str(text)
        .map_err(|problem| bad(format!("body: is not the JSON of an item: {problem}")))?;
    let text = item.get();
    let ((id, seq), (own_id, own_seq)) = (beacon::peek(text), beacon::peek(&row.body));
    if own_id.is_some() && id != own_id {
        return Err(bad("id: is not that of the item that waits; leave it as it is").into());
    }
    if own_seq.is_some() && seq != own_seq {
        return Err(bad("seq: is not that of the item that waits; leave it as it is").into());
    }
    let (page, own_page) = (page_of(text), Id::parse(&row.page));
    if own_page.is_some() && page.is_some() && page != own_page {
        return Err(bad("page: is not that of the item that waits; leave it as it is").into());
    }
    Ok(text)
}

fn page_of(item: &str) -> Option<Id> {
    #[derive(Deserialize)]
    struct OfPage<'a> {
        #[serde(borrow, default)]
        page: Cow<'a, str>,
    }
    Id::parse(&serde_json::from_str::<OfPage<'_>>(item).ok()?.page)
}

/// Stores a message if that is possible; what waited under `from` leaves for `site`.
async fn take(
    edge: &Bindings,
    found: &Found<Row>,
    (from, site): (&str, &str),
    message: &Accepted<'_>,
    caller: &Caller,
) -> Outcome {
    let messages = std::slice::from_ref(message);
    let book = plans::book(edge, &sink::plans_needed(messages)).await?;
    let outlook = sink::outlook(clock::now(), messages, &book);
    if let Some(problem) = objection(found, &outlook) {
        return Err(problem.into());
    }
    if !found.row.is_body() {
        is_free(edge, site, found, &outlook).await?;
    }
    let mut first = First {
        last: Some(found.database),
        ..First::default()
    };
    let note = Note::new(site, caller, Act::ReplayQuarantined, &found.key.text())?;
    first
        .statements
        .entry(0)
        .or_default()
        .push(note.statement());
    let own = first.statements.entry(found.database).or_default();
    own.extend(leaves(sql::UNTALLY, found, from));
    let receipt = store::store_by(edge, messages, &book, first).await?;
    let became = became(edge, site, &outlook, receipt.batch).await?;
    let refused: Vec<_> = outlook
        .refused
        .iter()
        .map(|own| json!({"id": own.id, "reason": own.reason, "detail": own.detail}))
        .collect();
    let count = |many: usize| i64::try_from(many).unwrap_or(i64::MAX);
    let met = became
        .stored
        .saturating_add(became.duplicate)
        .saturating_add(became.quarantined);
    let gone = count(outlook.good.len()).saturating_sub(met);
    http::json(&json!({
        "site": site,
        "id": found.key.text(),
        "stored": became.stored,
        "duplicate": became.duplicate,
        "quarantined": became.quarantined.saturating_add(count(refused.len())),
        "dropped": outlook.dropped.saturating_add(gone),
        "refused": refused,
    }))
}

/// Why nothing would come of it.
fn objection(found: &Found<Row>, outlook: &Outlook) -> Option<Problem> {
    let is_body = found.row.is_body();
    let comes_to_something = !outlook.good.is_empty() || (is_body && outlook.dropped > 0);
    if comes_to_something {
        return None;
    }
    let Some(Refused { detail, .. }) = outlook.refused.first() else {
        return Some(bad(if is_body {
            "items: is empty, so there is nothing to store; DELETE what waits"
        } else {
            "id: is from longer ago than the plan keeps observations; DELETE what waits"
        }));
    };
    let mut problem = bad(detail.clone());
    problem.findings = outlook
        .refused
        .iter()
        .map(|own| Finding {
            path: own.id.clone(),
            detail: format!("{}: {}", own.reason, own.detail),
        })
        .collect();
    Some(problem)
}

/// Whether nothing else has the item's id.
async fn is_free(
    edge: &Bindings,
    site: &str,
    found: &Found<Row>,
    outlook: &Outlook,
) -> Result<(), Failure> {
    #[derive(Deserialize)]
    struct Others {
        stored: Option<i64>,
        dropped: i64,
        waiting: i64,
    }
    let Some((id, digest)) = outlook.good.first() else {
        return Ok(());
    };
    let [_, own] = found.key.values();
    for part in edge.databases() {
        let values = [site, &hex(*id), &own];
        let others: Option<Others> = database::row(part, sql::OTHERS, &values).await?;
        let Some(others) = others else { continue };
        if others.stored.is_some_and(|stored| stored != *digest) {
            return Err(bad(
                "id: an item with this id is stored, with other content; the first one stands, so DELETE \
                 what waits",
            )
            .into());
        }
        if others.dropped > 0 {
            return Err(bad(
                "id: an item with this id was let go, and stays so; DELETE what waits",
            )
            .into());
        }
        if others.waiting > 0 {
            return Err(Problem::new(
                Kind::Busy,
                "id: another content waits under this id; DELETE the one that is not to be stored",
            )
            .into());
        }
    }
    Ok(())
}

/// What became of items that nothing was wrong with.
#[derive(Debug, Default, Deserialize)]
struct Became {
    stored: i64,
    duplicate: i64,
    quarantined: i64,
}

async fn became(
    edge: &Bindings,
    site: &str,
    outlook: &Outlook,
    batch: Id,
) -> Result<Became, Failure> {
    let items: Vec<(String, i64)> = outlook
        .good
        .iter()
        .map(|(id, digest)| (hex(*id), *digest))
        .collect();
    let items = serde_json::to_string(&items)?;
    let values = [site, &items, &hex(batch)];
    let parts: Vec<Became> = database::rows_of_all(edge, sql::BECAME, &values).await?;
    Ok(parts
        .into_iter()
        .fold(Became::default(), |sum, part| Became {
            stored: sum.stored.saturating_add(part.stored),
            duplicate: sum.duplicate.saturating_add(part.duplicate),
            quarantined: sum.quarantined.saturating_add(part.quarantined),
        }))
}
