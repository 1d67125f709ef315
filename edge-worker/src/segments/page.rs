//! What a page may ask: the segments of whoever its visitor's cookie names. Items that are on their way
//! to the sink may come along, so that what happened a moment ago counts already: they are judged as
//! the sink judges them, and nothing of them is stored.

use super::answer::answer;
use crate::{
    admission,
    bindings::Bindings,
    body, clock,
    collect::{foreign_host, objection, visitor_of},
    database,
    http::Failure,
    plans,
    problem::{Kind, Problem},
    runtime::{Heard, answered},
    sink::DeviceClock,
};
use goalpost_core::{
    Context, CountingKey, Id, Person, Rules,
    beacon::{Envelope, read_item},
    evaluate, fate, limits,
    segment::{Done, History, Segment, asked},
};
use serde::Deserialize;
use worker::Request;

/// Conversions of one person that are looked at, the latest days first: more than a person makes, and
/// an end to what one request may read.
const LOOKED_AT: &str = "5000";

/// `?1` site, `?2` visitor in hexadecimal, `?3` the definitions as JSON, `?4` how many rows.
pub(super) const PAST: &str = "\
WITH whose AS MATERIALIZED (
  SELECT (
    SELECT contact FROM known_visitors
    WHERE site = ?1 AND visitor = unhex(?2)) AS contact)
SELECT json_object(
  'contact', contact,
  'conversions', json((
    SELECT json_group_array(json_array(definition, scope, who, dedup, time, voided))
    FROM (
      SELECT c.definition, c.scope, c.who, c.dedup, c.time, c.voided
      FROM conversions AS c INDEXED BY conversions_by_person
      WHERE c.site = ?1 AND c.person = coalesce('contact ' || whose.contact, 'visitor ' || ?2)
      ORDER BY c.day DESC LIMIT CAST(?4 AS INTEGER))
    WHERE definition IN (SELECT value FROM json_each(?3)))))
FROM whose";

/// What there is of a visitor.
#[derive(Default, Deserialize)]
pub(super) struct Past {
    contact: Option<String>,
    conversions: Vec<Stored>,
}

/// Definition, the parts of the counting key, time, and whether it was voided.
#[derive(Deserialize)]
struct Stored(String, String, String, String, i64, u8);

impl Stored {
    fn done(self) -> Done {
        let Self(definition, scope, who, dedup, time, voided) = self;
        Done {
            definition,
            key: CountingKey { scope, who, dedup },
            time,
            voided: voided != 0,
        }
    }
}

/// Answers a page. Whoever may not be looked up is told nothing, and the page stays as it is.
pub(crate) async fn for_page(
    mut request: Request,
    edge: &Bindings,
) -> Result<web_sys::Response, Failure> {
    let heard = Heard::of(request.inner(), edge.env());
    let heard = heard.lines();
    let body = body::read(&mut request, limits::SEGMENT_BYTES).await?;
    let envelope = Envelope::read(&body)
        .map_err(|problem| Problem::new(Kind::BadBeacon, problem.to_string()))?;
    let site = plans::site(edge, &envelope.site).await?;
    let known = admission::known(&envelope.site, site.is_some());
    admission::admit(edge, request.inner(), known).await?;
    let Some(site) = site else {
        return Err(plans::unknown_site(&envelope.site).into());
    };
    match objection(&heard, &site, &envelope) {
        Some(fate::Drop::Host) => return Err(foreign_host(&heard, &envelope.site).into()),
        Some(_) => return Ok(answered("{}", heard.origin, "")),
        None if envelope.is_cookieless() => return Ok(answered("{}", heard.origin, "")),
        None => {}
    }
    let known = plans::in_effect(edge, &envelope.site).await?;
    let (rules, segments) = (&known.rules, &known.reporting.segments);
    let visitor = visitor_of(&heard);
    let past = match visitor {
        Some(visitor) if !segments.is_empty() => past(edge, rules, segments, visitor).await?,
        _ => Past::default(),
    };
    let now = clock::now();
    let history = history(past, rules, visitor, &envelope, now);
    let text = serde_json::to_string(&answer(segments, rules, &history, now))?;
    Ok(private(answered(&text, heard.origin, ""))?)
}

/// About one person: nobody in between may keep it.
fn private(response: web_sys::Response) -> worker::Result<web_sys::Response> {
    response
        .headers()
        .set("Cache-Control", "private, no-store")?;
    Ok(response)
}

async fn past(
    edge: &Bindings,
    rules: &Rules,
    segments: &[Segment],
    visitor: Id,
) -> Result<Past, Failure> {
    let (hex, wanted) = (visitor.text().replace('-', ""), wanted(rules, segments)?);
    let values = [rules.site.as_str(), &hex, &wanted, LOOKED_AT];
    let mut past = Past::default();
    for part in edge.databases() {
        let own: Option<Past> = database::row(part, PAST, &values).await?;
        let own = own.unwrap_or_default();
        past.contact = past.contact.or(own.contact);
        past.conversions.extend(own.conversions);
    }
    Ok(past)
}

/// The definitions that segments ask about, as JSON.
pub(crate) fn wanted(rules: &Rules, segments: &[Segment]) -> Result<String, Failure> {
    let ids = rules.definitions.iter().map(|own| own.id.as_str());
    let wanted: Vec<&str> = ids.filter(|id| asked(segments, id)).collect();
    Ok(serde_json::to_string(&wanted)?)
}

/// What is stored, and what the page brings along. An item that is stored already has the same counting
/// key, so it is the same conversion.
pub(super) fn history(
    past: Past,
    rules: &Rules,
    visitor: Option<Id>,
    envelope: &Envelope<'_>,
    now: i64,
) -> History {
    let clock = DeviceClock::new(envelope.sent, now);
    let person = Person {
        visitor,
        contact: past.contact.as_deref(),
    };
    let happened = envelope.items.iter().flat_map(|raw| {
        let Ok(item) = read_item(raw.get()) else {
            return Vec::new();
        };
        let (time, _) = clock.time(item.observation.id.time());
        let context = Context {
            time,
            session: item.session,
            person,
            server: false,
        };
        let verdict = evaluate(rules, &item.observation, &context);
        let conversions = verdict.conversions.into_iter();
        conversions
            .map(|own| Done {
                definition: own.definition,
                key: own.key,
                time,
                voided: false,
            })
            .collect()
    });
    let happened: Vec<Done> = happened.collect();
    History::of(
        past.conversions
            .into_iter()
            .map(Stored::done)
            .chain(happened),
    )
}
