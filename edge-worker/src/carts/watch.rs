//! Carts whose time has passed, as events that anything else can count: `cart_abandoned`.
//!
//! A session with something in a cart is noted in `open_carts`. Once the note is old enough, the
//! person's carts are looked at: those that were given up become an event each, through the sink as
//! any event of a server, and the note goes. The event's id follows from the cart, so however often
//! and wherever this runs, it is stored once.

use super::{Begun, Owner, Whose, owners};
use crate::{
    bindings::Bindings,
    database, events,
    http::Failure,
    log,
    plans::{self, Known},
};
use goalpost_core::{
    Id, Rules,
    json::{push_field, push_key, push_number_field},
    limits,
    server_event::{EventError, ServerEvent, Terms, read_event},
};
use serde::Deserialize;

/// The event's name.
pub(crate) const EVENT: &str = "cart_abandoned";

/// Notes that one run looks at; what is left waits for the next run.
const NOTES: usize = 500;

/// Sites with notes, and since when the first of them waits.
pub(super) const SITES: &str = "\
SELECT json_array(min(since), site) FROM open_carts GROUP BY site";

/// Notes of a site. `?1` site, `?2` from before when, `?3` how many.
pub(super) const DUE: &str = "\
SELECT json_array(
  hex(n.visitor), hex(n.session), n.trail, coalesce(s.started_at, 0), coalesce(s.ended_at, 0))
FROM open_carts AS n
LEFT JOIN sessions AS s ON s.site = n.site AND s.visitor = n.visitor AND s.session = n.session
WHERE n.site = ?1 AND n.since <= CAST(?2 AS INTEGER)
ORDER BY n.since, n.visitor, n.session
LIMIT CAST(?3 AS INTEGER)";

/// Notes that need no second look, as JSON triples of visitor, session and trail in `?2`. One whose
/// trail has grown since stays.
pub(super) const SETTLED: &str = "\
DELETE FROM open_carts
WHERE site = ?1 AND (visitor, session, trail) IN (
  SELECT unhex(value ->> 0), unhex(value ->> 1), value ->> 2 FROM json_each(?2))";

/// Notes to look at again later; a fourth part says from when their time runs.
pub(super) const LATER: &str = "\
INSERT INTO open_carts (site, visitor, session, trail, since)
SELECT ?1, unhex(value ->> 0), unhex(value ->> 1), value ->> 2, value ->> 3
FROM json_each(?2) WHERE true
ON CONFLICT DO UPDATE SET since = excluded.since WHERE trail = excluded.trail";

/// A note: visitor, session, length of the trail, and when the session began and ended.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Note(String, String, i64, i64, i64);

/// What follows from some notes.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Carts that were given up, as events.
    pub(super) events: Vec<ServerEvent>,
    /// For [`SETTLED`].
    pub(super) settled: Vec<(String, String, i64)>,
    /// For [`LATER`].
    pub(super) later: Vec<(String, String, i64, i64)>,
    /// Why a cart could not become an event.
    pub(super) problems: Vec<EventError>,
}

/// Stores what was given up since the last run, of at most [`NOTES`] sessions.
///
/// # Errors
/// [`Failure::Platform`]; the next run begins where this one ended.
pub(crate) async fn run(edge: &Bindings, now: i64) -> Result<(), Failure> {
    let mut waiting: Vec<(i64, String, &Bindings)> = Vec::new();
    for part in edge.databases() {
        let sites: Vec<(i64, String)> = database::rows(part, SITES, &[]).await?;
        waiting.extend(sites.into_iter().map(|(since, site)| (since, site, part)));
    }
    // The longest waiting first.
    waiting.sort_by(|one, other| (one.0, &one.1).cmp(&(other.0, &other.1)));
    let mut room = NOTES;
    for (_, site, part) in waiting {
        if room == 0 {
            break;
        }
        let Some(plan) = plans::site(edge, &site).await? else {
            continue;
        };
        if let Some(known) = plans::known(edge, &site, &plan.plan).await? {
            let looked_at = run_site(edge, part, &known, now, room).await?;
            room = room.saturating_sub(looked_at);
        }
    }
    Ok(())
}

/// Looks at the carts of a database; what was given up is stored as any item is.
async fn run_site(
    edge: &Bindings,
    part: &Bindings,
    known: &Known,
    now: i64,
    room: usize,
) -> Result<usize, Failure> {
    let site = known.rules.site.as_str();
    let after = known.reporting.cart_abandoned_after_ms;
    let before = now.saturating_sub(after).to_string();
    let notes: Vec<Note> = database::rows(part, DUE, &[site, &before, &room.to_string()]).await?;
    if notes.is_empty() {
        return Ok(0);
    }
    let pairs = pairs(&notes)?;
    let rows = database::rows(part, &Whose::Sessions.question(), &[site, &pairs]).await?;
    let owners = owners(rows, after, now)?;
    let found = found(&notes, &owners, &known.rules, now);
    for problem in &found.problems {
        log::error("cart_no_event", &[("site", site)], problem);
    }
    store_all(edge, site, now, &found.events).await?;
    // Only now: whoever looks at a note again stores the same event, which is there.
    for (sql, rows) in [
        (SETTLED, serde_json::to_string(&found.settled)?),
        (LATER, serde_json::to_string(&found.later)?),
    ] {
        if rows != "[]" {
            database::prepare(part, sql, &[site, &rows])?.run().await?;
        }
    }
    Ok(notes.len())
}

/// Visitors and sessions, for [`Whose::Sessions`].
pub(super) fn pairs(notes: &[Note]) -> Result<String, Failure> {
    let pairs: Vec<(&str, &str)> = notes
        .iter()
        .map(|Note(visitor, session, ..)| (visitor.as_str(), session.as_str()))
        .collect();
    Ok(serde_json::to_string(&pairs)?)
}

/// What is to be done about notes, from their people's carts.
pub(super) fn found(notes: &[Note], owners: &[Owner], rules: &Rules, now: i64) -> Found {
    let mut found = Found::default();
    for Note(visitor, session, trail, began, ended) in notes {
        let own = Id::parse(session);
        let carts = owners
            .iter()
            .filter(|owner| own.is_some_and(|own| owner.sessions.contains(&own)))
            .flat_map(|owner| &owner.carts)
            .filter(|own| own.cart.last_add >= *began && own.cart.first_add <= *ended);
        let mut open: Option<i64> = None;
        for own in carts {
            match (own.cart.abandoned_at, own.cart.purchased_at) {
                (Some(at), _) => match event(own, at, rules, now) {
                    Ok(event) => found.events.push(event),
                    Err(problem) => found.problems.push(problem),
                },
                (None, Some(_)) => {}
                (None, None) => open = open.or(Some(own.cart.last_add)),
            }
        }
        let (visitor, session) = (visitor.clone(), session.clone());
        match open {
            Some(since) => found.later.push((visitor, session, *trail, since)),
            None => found.settled.push((visitor, session, *trail)),
        }
    }
    found.events.sort_by_key(|event| event.id);
    found.events.dedup_by_key(|event| event.id);
    found
}

/// The event of a cart: it happened when the cart was given up, whenever someone looks. It names the
/// visitor only, whose contact may become known later, and it makes no session longer.
fn event(begun: &Begun, at: i64, rules: &Rules, now: i64) -> Result<ServerEvent, EventError> {
    let cart = &begun.cart;
    let session = cart.session.text();
    let mut text = String::from("{");
    push_field(&mut text, "event", EVENT);
    push_field(
        &mut text,
        "id",
        &format!("{EVENT} {session} {}", cart.last_add),
    );
    push_number_field(&mut text, "time", at);
    push_field(&mut text, "session", &session);
    if let Some(visitor) = begun.visitor {
        push_field(&mut text, "visitor", &visitor.text());
    }
    push_key(&mut text, "properties");
    text.push('{');
    push_field(&mut text, "session", &session);
    push_key(&mut text, "products");
    for (at, product) in cart.products.iter().take(limits::ORDER_LINES).enumerate() {
        text.push_str(if at == 0 { "[{" } else { ",{" });
        push_field(&mut text, "product", product);
        text.push('}');
    }
    text.push_str(if cart.products.is_empty() {
        "[]}}"
    } else {
        "]}}"
    });
    let terms = Terms {
        rules,
        now,
        since: None,
    };
    read_event(&text, &terms)
}

async fn store_all(
    edge: &Bindings,
    site: &str,
    now: i64,
    events: &[ServerEvent],
) -> Result<(), Failure> {
    if events.is_empty() {
        return Ok(());
    }
    let all: Vec<&ServerEvent> = events.iter().collect();
    events::store(edge, site, now, &all).await?;
    Ok(())
}
