//! Carts of people: read from what their sessions saw and what they are known to have bought.

#[cfg(test)]
mod tests;
pub(crate) mod watch;

use crate::{http::Failure, reports::period::date, sink::BOUGHT};
use goalpost_core::{
    Date, Id, Zone,
    cart::{Cart, carts},
    funnel::{Event, What, events_of_session, in_order},
    trail::{self, Entry},
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A person with all their carts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    /// Where it is known.
    pub(crate) contact: Option<String>,
    /// Their sessions in which something was put into a cart, or bought.
    pub(crate) sessions: Vec<Id>,
    pub(crate) carts: Vec<Begun>,
}

/// A cart, and how the session began that it was begun in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Begun {
    pub(crate) cart: Cart,
    pub(crate) visitor: Option<Id>,
    pub(crate) channel: String,
    pub(crate) device: String,
    /// Of that session.
    pub(crate) day: String,
}

impl Begun {
    /// The day on which it was begun. What a session goes on to after its second midnight is of its
    /// second day, so that whoever knows a session's day knows where to look.
    pub(crate) fn on(&self, zone: &Zone) -> String {
        let own = zone.date(self.cart.first_add);
        let Some(first) = date(&self.day) else {
            return own.text();
        };
        Date(own.0.clamp(first.0, first.0.saturating_add(1))).text()
    }
}

/// Which people's carts are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Those with a session of these days, `?2` to `?3`, in which something was put into a cart.
    Days,
    /// The same, without the days that this query finds.
    DaysBut(&'static str),
    /// Those of the sessions in `?2`: JSON pairs of visitor and session.
    Sessions,
}

impl Whose {
    fn sql(self) -> String {
        match self {
            Self::Days => String::from(
                "\
  begun AS MATERIALIZED (
    SELECT visitor, session FROM sessions INDEXED BY sessions_with_carts
    WHERE site = ?1 AND day BETWEEN ?2 AND ?3
      AND instr(trail, '\"commerce\",\"add_to_cart\",') > 0),",
            ),
            Self::DaysBut(left_out) => format!(
                "\
  days (day) AS (
    SELECT ?2 UNION ALL SELECT date(day, '+1 day') FROM days WHERE day < ?3),
  begun AS MATERIALIZED (
    SELECT s.visitor, s.session
    FROM days CROSS JOIN sessions AS s INDEXED BY sessions_with_carts
      ON s.site = ?1 AND s.day = days.day AND instr(s.trail, '\"commerce\",\"add_to_cart\",') > 0
    WHERE days.day NOT IN ({left_out})),"
            ),
            Self::Sessions => String::from(
                "\
  begun AS MATERIALIZED (
    SELECT unhex(value ->> 0) AS visitor, unhex(value ->> 1) AS session FROM json_each(?2)),",
            ),
        }
    }

    /// People, and the visitors that each is. A session that no visitor may be known of is a person
    /// of its own.
    fn people(self) -> String {
        format!(
            "\
WITH RECURSIVE
{}
  people AS MATERIALIZED (
    SELECT DISTINCT
      k.contact, iif(k.contact IS NULL, b.visitor, NULL) AS visitor,
      iif(b.visitor = x'', b.session, NULL) AS session
    FROM begun AS b
    LEFT JOIN known_visitors AS k ON k.site = ?1 AND k.visitor = b.visitor),
  own AS MATERIALIZED (
    SELECT 'contact ' || p.contact AS person, k.visitor
    FROM people AS p
    CROSS JOIN known_visitors AS k ON k.site = ?1 AND k.contact = p.contact
    UNION ALL
    SELECT 'visitor ' || lower(hex(visitor)), visitor FROM people
    WHERE contact IS NULL AND session IS NULL)",
            self.sql()
        )
    }

    /// Of these people, the sessions with steps of carts and purchases, and what they are known to have
    /// bought, wherever that was. `?1` site.
    ///
    /// What no session has seen closes a cart too: the shop's own server may be the only one to tell.
    pub(crate) fn question(self) -> String {
        const SESSION: &str = "\
json_array(
  person, hex(visitor), hex(session), channel, device, day,
  (SELECT group_concat(e.value)
   FROM json_each('[' || trail || ']') AS e
   WHERE e.value ->> 2 = 'commerce' AND e.value ->> 3 IN ('add_to_cart', 'purchase')))";
        const COLUMNS: &str = "s.visitor, s.session, s.channel, s.device, s.day, s.trail";
        format!(
            "{people}
SELECT {SESSION}
FROM (
  SELECT own.person, {COLUMNS}
  FROM own CROSS JOIN sessions AS s ON s.site = ?1 AND s.visitor = own.visitor
  WHERE instr(s.trail, '\"commerce\",\"add_to_cart\",') > 0
    OR instr(s.trail, '\"commerce\",\"purchase\",') > 0
  UNION ALL
  SELECT 'session ' || lower(hex(p.session)), {COLUMNS}
  FROM people AS p
  CROSS JOIN sessions AS s ON s.site = ?1 AND s.visitor = x'' AND s.session = p.session
  WHERE p.session IS NOT NULL)
UNION ALL
SELECT json_array(p.person, c.time, coalesce(c.order_number, ''))
FROM (SELECT DISTINCT person FROM own) AS p
CROSS JOIN conversions AS c INDEXED BY conversions_by_person
  ON c.site = ?1 AND c.person = p.person
LEFT JOIN observations AS o ON o.site = c.site AND o.id = c.observation
WHERE coalesce(
  o.kind = 'commerce' AND o.body ->> 'name' = 'purchase', {BOUGHT} IS NOT NULL)",
            people = self.people()
        )
    }
}

/// A row of a [`Whose::question`].
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Row {
    Session(Session),
    Purchase(Purchase),
}

/// A session: whose, the visitor, the session, channel, device, day, and its steps as a trail.
#[derive(Debug, Deserialize)]
pub(crate) struct Session(
    String,
    String,
    String,
    String,
    String,
    String,
    Option<String>,
);

/// A purchase: whose, when, and the order's number.
#[derive(Debug, Deserialize)]
pub(crate) struct Purchase(String, i64, String);

/// Reads the answer of a [`Whose::question`] into people with their carts, as known at `now`.
///
/// # Errors
/// A row that is not as this code writes it.
pub(crate) fn owners(
    rows: Vec<Row>,
    abandoned_after_ms: i64,
    now: i64,
) -> Result<Vec<Owner>, Failure> {
    let mut people: BTreeMap<String, (Vec<Session>, Vec<Purchase>)> = BTreeMap::new();
    for row in rows {
        match row {
            Row::Session(own) => people.entry(own.0.clone()).or_default().0.push(own),
            Row::Purchase(own) => people.entry(own.0.clone()).or_default().1.push(own),
        }
    }
    people
        .iter()
        .map(|(person, (sessions, purchases))| {
            let carts = of_person(sessions, purchases, abandoned_after_ms, now)?;
            Ok(Owner {
                contact: person.strip_prefix("contact ").map(String::from),
                sessions: sessions
                    .iter()
                    .filter_map(|own| Id::parse(&own.2))
                    .collect(),
                carts: carts
                    .into_iter()
                    .filter_map(|cart| begun(cart, sessions))
                    .collect(),
            })
        })
        .collect()
}

fn begun(cart: Cart, sessions: &[Session]) -> Option<Begun> {
    let Session(_, visitor, _, channel, device, day, _) = sessions
        .iter()
        .find(|own| Id::parse(&own.2) == Some(cart.session))?;
    Some(Begun {
        visitor: Id::parse(visitor),
        channel: channel.clone(),
        device: device.clone(),
        day: day.clone(),
        cart,
    })
}

fn of_person(
    sessions: &[Session],
    purchases: &[Purchase],
    abandoned_after_ms: i64,
    now: i64,
) -> Result<Vec<Cart>, Failure> {
    let mut trails: Vec<(Id, Vec<Entry<'_>>)> = Vec::with_capacity(sessions.len());
    for Session(_, _, session, .., steps) in sessions {
        if let (Some(session), Some(steps)) = (Id::parse(session), steps) {
            trails.push((session, trail::read(steps)?));
        }
    }
    let bought: Vec<Entry<'_>> = purchases
        .iter()
        .map(|Purchase(_, time, order)| Entry {
            seq: 0,
            time: *time,
            kind: "commerce".into(),
            name: "purchase".into(),
            definitions: Vec::new(),
            detail: order.as_str().into(),
        })
        .collect();
    let seen = trails
        .iter()
        .map(|(session, entries)| events_of_session(*session, None, entries));
    let bought = bought.iter().map(|entry| {
        vec![Event {
            time: entry.time,
            seq: entry.seq,
            // No session of anyone's: a purchase needs none.
            session: Id::new(0, [0; 10]),
            what: What::Seen(entry),
        }]
    });
    let events = in_order(seen.chain(bought));
    Ok(carts(&events, abandoned_after_ms, now))
}
