//! What is known of one person, in one document.

use super::{
    brought::{Brought, Counted, counted, history, stage_schema, value_schema},
    person::{Person, ROWS},
    timeline,
};
use crate::{http::Failure, openapi::shape, plans::Known};
use goalpost_core::{Id, segment::members};
use serde::Deserialize;
use serde_json::{Value, json};

/// One row: everything but the timeline.
pub(super) fn question() -> String {
    format!(
        "{ROWS},
  arrivals AS MATERIALIZED (
    SELECT started_at, session, substr(entry, 12) AS entry FROM visits WHERE entry < '1')
SELECT json_object(
  'identities', json((SELECT json_group_array(identity) FROM (SELECT identity FROM names ORDER BY 1))),
  'visitors', json((SELECT json_group_array(hex(visitor)) FROM (SELECT visitor FROM own ORDER BY 1))),
  'sessions', (SELECT count(*) FROM visits),
  'seen', json((
    SELECT json_array(min(first), max(last)) FROM (
      SELECT started_at AS first, ended_at AS last FROM visits
      UNION ALL
      SELECT time, time FROM words))),
  'first', json((
    SELECT json_array(started_at, hex(session), json(entry)) FROM arrivals
    ORDER BY started_at, session LIMIT 1)),
  'last', json((
    SELECT json_array(started_at, hex(session), json(entry)) FROM arrivals
    ORDER BY started_at DESC, session DESC LIMIT 1)),
  'conversions', json((
    SELECT json_group_array({counted}) FROM conversions AS c INDEXED BY conversions_by_person
    WHERE c.site = ?1 AND c.person = ?2)))",
        counted = counted(),
    )
}

/// The row.
#[derive(Deserialize)]
pub(super) struct Facts {
    identities: Vec<String>,
    visitors: Vec<String>,
    sessions: u64,
    seen: (Option<i64>, Option<i64>),
    first: Option<Arrival>,
    last: Option<Arrival>,
    conversions: Vec<Counted>,
}

/// How a session began: when, which one, and how.
#[derive(Deserialize)]
struct Arrival(i64, String, Entry);

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    path: String,
    referrer: String,
    channel: String,
    source: String,
    medium: String,
    campaign: String,
}

impl Facts {
    /// Whether there is anything of this person.
    pub(super) fn are_some(&self) -> bool {
        self.sessions > 0
            || self.seen.0.is_some()
            || !self.conversions.is_empty()
            // What a server has linked is known by any of its names.
            || self.identities.len() > 1
    }

    /// The document.
    pub(super) fn document(
        self,
        known: &Known,
        person: &Person,
        lines: Vec<timeline::Line>,
        limit: usize,
        now: i64,
    ) -> Result<Value, Failure> {
        let plan = &known.plan;
        let history = history(&self.conversions);
        let brought = Brought::of(&self.conversions);
        let times = self.conversions.iter().map(|own| own.time);
        let first = times.clone().chain(self.seen.0).min();
        let last = times.chain(self.seen.1).max();
        let (timeline, next) = timeline::page(plan, lines, limit)?;
        let visitors: Vec<String> = self
            .visitors
            .iter()
            .filter_map(|hex| Id::parse(hex).map(Id::text))
            .collect();
        let contact = match person {
            Person::Contact(contact) => Some(contact),
            Person::Visitor(_) => None,
        };
        Ok(json!({
            "site": plan.site,
            "contact": contact,
            "identities": self.identities,
            "visitors": visitors,
            "stage": brought.stage.name(),
            "segments": members(&known.reporting.segments, &history, now),
            "value": brought.value(),
            "points": brought.points,
            "first_seen": first,
            "last_seen": last,
            "first_touch": self.first.map(Arrival::shown),
            "last_touch": self.last.map(Arrival::shown),
            "sessions": self.sessions,
            "conversions": brought.conversions,
            "voided": brought.voided,
            "orders": brought.orders,
            "orders_voided": brought.orders_voided,
            "timeline": timeline,
            "next": next,
        }))
    }
}

impl Arrival {
    fn shown(self) -> Value {
        let Self(time, session, entry) = self;
        json!({
            "time": time,
            "session": Id::parse(&session).map(Id::text),
            "channel": entry.channel,
            "source": entry.source,
            "medium": entry.medium,
            "campaign": entry.campaign,
            "landing": entry.path,
            "referrer": entry.referrer,
        })
    }
}

/// The document's shape.
pub(crate) fn schema() -> Value {
    let touch = || {
        let touch = shape::object(&[
            ("time", shape::time("When the session began.")),
            ("session", shape::id("The session.")),
            (
                "channel",
                shape::text("The class that the arrival falls in."),
            ),
            ("source", shape::text("Where from.")),
            ("medium", shape::text("By which medium.")),
            ("campaign", shape::text("By which campaign.")),
            ("landing", shape::text("The first page's path.")),
            (
                "referrer",
                shape::text("The host that linked here, or empty."),
            ),
        ]);
        json!({"anyOf": [touch, {"type": "null"}]})
    };
    let seen = |about: &str| json!({"type": ["integer", "null"], "description": about});
    shape::object(&[
        ("site", shape::text("The site.")),
        (
            "contact",
            json!({
                "type": ["string", "null"],
                "description": "The smallest of the identities; null for a visitor whom nobody knows.",
            }),
        ),
        (
            "identities",
            shape::list(shape::text("What the contact is known as.")),
        ),
        (
            "visitors",
            shape::list(shape::id("A browser of the contact.")),
        ),
        ("stage", stage_schema()),
        (
            "segments",
            shape::list(shape::text(
                "A segment of the plan that the person belongs to now.",
            )),
        ),
        ("value", value_schema()),
        (
            "points",
            shape::integer("Engagement value of what was not voided."),
        ),
        ("first_seen", seen("Unix milliseconds.")),
        ("last_seen", seen("Unix milliseconds.")),
        ("first_touch", touch()),
        ("last_touch", touch()),
        ("sessions", shape::integer("How many.")),
        (
            "conversions",
            shape::integer("How many, voided ones included."),
        ),
        (
            "voided",
            shape::integer("How many of them were given back."),
        ),
        ("orders", shape::integer("Orders that stand.")),
        (
            "orders_voided",
            shape::integer("Orders that were given back whole."),
        ),
        ("timeline", shape::list(timeline::schema())),
        (
            "next",
            json!({
                "type": ["string", "null"],
                "description": "`before` of the next page of the timeline.",
            }),
        ),
    ])
}
