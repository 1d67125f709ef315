//! Everything that is stored of a person, row by row, as it is stored.
//!
//! Rows that an index finds come first, then those of which every one must be looked at, and once all
//! databases are through, what only files of the archive still have: an answer has so many rows at most,
//! has looked at so many at most, and says where the next one begins.

use super::person::{Named, Person};
use crate::{
    archive,
    audit::{Act, Note},
    auth::Caller,
    bindings::Bindings,
    database,
    erase::{self, Names},
    http::{self, Failure, Outcome},
    openapi::shape,
    problem::Problem,
    reports::{Query, bad_parameter},
    routes::Parameter,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json, value::RawValue};
use worker::{Request, js_sys};

/// Observations that one answer has looked at.
const LOOKED_AT: &str = "20000";

/// The parameters of an export.
pub(crate) const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "after",
        about: "The `next` of the page before; without it, from the beginning.",
        schema: || json!({"type": "string"}),
    },
    Parameter {
        name: "limit",
        about: "How many rows at most; without it, 500.",
        schema: || json!({"type": "integer", "minimum": 1, "maximum": 2000}),
    },
];

/// Rows that an index finds, in two parts: D1 takes five terms of a compound at most. `?1` site, `?2` a person's key, `?3` visitors, `?4` identities, `?5` orders,
/// `?6` the last key of the page before, `?7` how many.
pub(super) const ROWS: &str = "\
SELECT json_array(key, json(row))
FROM (
  SELECT * FROM (
  SELECT '0 ' || i.identity AS key, json_object(
    'table', 'identities', 'identity', i.identity, 'contact', i.contact) AS row
  FROM json_each(?4) AS n CROSS JOIN identities AS i ON i.site = ?1 AND i.identity = n.value
  UNION ALL
  SELECT '1 ' || hex(k.visitor), json_object(
    'table', 'known_visitors', 'visitor', hex(k.visitor), 'contact', k.contact,
    'observation', hex(k.observation))
  FROM json_each(?3) AS n
  CROSS JOIN known_visitors AS k ON k.site = ?1 AND k.visitor = unhex(n.value)
  UNION ALL
  SELECT '2 ' || hex(s.visitor) || hex(s.session), json_object(
    'table', 'sessions', 'visitor', hex(s.visitor), 'session', hex(s.session), 'day', s.day,
    'started_at', s.started_at, 'ended_at', s.ended_at, 'pages', s.pages,
    'interactions', s.interactions, 'matches', s.matches, 'entry', s.entry, 'trail', s.trail)
  FROM json_each(?3) AS n CROSS JOIN sessions AS s ON s.site = ?1 AND s.visitor = unhex(n.value)
  UNION ALL
  SELECT '3 ' || hex(c.visitor) || hex(c.session), json_object(
    'table', 'open_carts', 'visitor', hex(c.visitor), 'session', hex(c.session), 'since', c.since)
  FROM json_each(?3) AS n CROSS JOIN open_carts AS c ON c.site = ?1 AND c.visitor = unhex(n.value)
  )
  UNION ALL
  SELECT * FROM (
  SELECT '4 ' || json_array(hex(e.observation), e.definition, e.scope, e.who, e.dedup), json_object(
    'table', 'evidence', 'definition', e.definition, 'scope', e.scope, 'who', e.who,
    'dedup', e.dedup, 'observation', hex(e.observation), 'kind', e.kind, 'time', e.time,
    'points', e.points, 'minor', e.minor, 'currency', e.currency, 'money', e.money,
    'order_number', e.order_number, 'visitor', hex(e.visitor), 'session', hex(e.session),
    'identity', e.identity, 'contact', e.contact, 'source', e.source, 'plan', e.plan)
  FROM (
    SELECT e.* FROM json_each(?3) AS n
    CROSS JOIN evidence AS e INDEXED BY evidence_by_visitor
      ON e.site = ?1 AND e.visitor = unhex(n.value) AND e.visitor IS NOT NULL
    UNION
    SELECT e.* FROM json_each(?4) AS n
    CROSS JOIN evidence AS e INDEXED BY evidence_by_identity
      ON e.site = ?1 AND e.identity = n.value AND e.identity IS NOT NULL) AS e
  UNION ALL
  SELECT '5 ' || json_array(c.definition, c.scope, c.who, c.dedup), json_object(
    'table', 'conversions', 'definition', c.definition, 'scope', c.scope, 'who', c.who,
    'dedup', c.dedup, 'kind', c.kind, 'time', c.time, 'day', c.day, 'points', c.points,
    'observation', hex(c.observation), 'source', c.source, 'plan', c.plan, 'minor', c.minor,
    'currency', c.currency, 'money', c.money, 'order_number', c.order_number,
    'visitor', hex(c.visitor), 'session', hex(c.session), 'contact', c.contact,
    'refunded', c.refunded, 'voided', c.voided)
  FROM conversions AS c INDEXED BY conversions_by_person
  WHERE c.site = ?1 AND c.person = ?2
  UNION ALL
  SELECT '6 ' || hex(r.observation), json_object(
    'table', 'refunds', 'observation', hex(r.observation), 'order_number', r.order_number,
    'minor', r.minor, 'currency', r.currency, 'time', r.time, 'reason', r.reason)
  FROM json_each(?5) AS n
  CROSS JOIN refunds AS r INDEXED BY refunds_by_order
    ON r.site = ?1 AND r.order_number = n.value))
WHERE key > ?6
ORDER BY key LIMIT CAST(?7 AS INTEGER)";

/// Observations after a cursor that bear a name. `?1` site, `?2` cursor, `?3` among how many, `?4`
/// visitors, `?5` identities, `?6` orders, `?7` how many.
pub(super) const OBSERVATIONS: &str = "\
WITH w AS MATERIALIZED (
  SELECT id, visitor, contact, order_number FROM observations
  WHERE site = ?1 AND id > unhex(?2) ORDER BY id LIMIT CAST(?3 AS INTEGER))
SELECT json_array(hex(o.id), json_object(
  'table', 'observations', 'id', hex(o.id), 'received_at', o.received_at, 'time', o.time,
  'clock', o.clock, 'day', o.day, 'seq', o.seq, 'page', hex(o.page), 'session', hex(o.session),
  'visitor', hex(o.visitor), 'kind', o.kind, 'contact', o.contact,
  'identities', json(o.identities), 'source', o.source, 'form', o.form, 'sdk', o.sdk,
  'plan', o.plan, 'country', o.country, 'device', o.device, 'order_number', o.order_number,
  'refund', json(o.refund), 'verdict', json(o.verdict), 'claims', json(o.claims),
  'consent', o.consent, 'doubts', o.doubts, 'body', json(o.body)))
FROM w CROSS JOIN observations AS o ON o.site = ?1 AND o.id = w.id
WHERE w.visitor IN (SELECT unhex(value) FROM json_each(?4))
  OR w.contact IN (SELECT value FROM json_each(?5))
  OR w.order_number IN (SELECT value FROM json_each(?6))
ORDER BY w.id LIMIT CAST(?7 AS INTEGER)";

/// The last of all that [`OBSERVATIONS`] has looked at; empty if there is none. Its first three
/// parameters.
pub(super) const LOOKED: &str = "\
SELECT json_quote(coalesce(hex(max(id)), '')) FROM (
  SELECT id FROM observations
  WHERE site = ?1 AND id > unhex(?2) ORDER BY id LIMIT CAST(?3 AS INTEGER))";

/// Where a page begins: a part, and the last row of it that was looked at.
type Place = (u8, String);

/// Parts of each database, one database after the other.
const PARTS: u8 = 3;
const BY_INDEX: u8 = 0;
const BY_WALK: u8 = 1;
const WAITING: u8 = 2;

/// The archive of the first database, then of the others, after the parts of all.
const ARCHIVE: u8 = 128;

/// A page of rows, and where the next one begins.
struct Page {
    rows: Vec<Box<RawValue>>,
    next: Option<Place>,
}

/// Shows everything that is stored of one person, named by any identity or any visitor.
pub(crate) async fn export(
    request: &Request,
    edge: &Bindings,
    site: &str,
    encoded: &str,
    caller: &Caller,
) -> Outcome {
    let query = Query::of(request)?;
    query.only(&["after", "limit"])?;
    let limit = query.number("limit", 500, (1, 2_000))?;
    let place = query.get("after").map(read).transpose()?;
    let text = js_sys::decode_uri_component(encoded)
        .map_err(|_| bad_parameter("contact", "is not encoded as a part of an address is"))?;
    let asked = Named::read(&String::from(text))?;
    let (person, names) = erase::names(edge, site, &asked, None).await?;
    // Of each page: whoever reads one need not have read the first.
    let subject = asked.subject().tombstone(site);
    let note = Note::new(site, caller, Act::Export, &subject)?;
    database::batch(edge, &[note.question()]).await?;
    let place = place.unwrap_or_default();
    let turn = Turn::of(place.0, edge);
    let Some(database) = edge.databases().get(turn.database) else {
        return Err(no_next().into());
    };
    let of = Asked {
        edge: database,
        site,
        person: &person,
        names: &names,
        limit,
    };
    let page = match place.0.saturating_sub(turn.begins) {
        _ if place.0 >= ARCHIVE => of.archived(edge, turn.database, &place.1).await?,
        BY_INDEX => of.by_index(&place.1).await?,
        BY_WALK => of.by_walk(&place.1).await?,
        _ => of.waiting(&place.1).await?,
    };
    let next = page
        .next
        .map(|(part, cursor)| (turn.begins.saturating_add(part), cursor))
        .or_else(|| turn.next.map(|next| (next, String::new())))
        .map(|next| serde_json::to_string(&next))
        .transpose()?
        .map(|text| URL_SAFE_NO_PAD.encode(text));
    http::json(&json!({"site": site, "rows": page.rows, "next": next}))
}

fn read(cursor: &str) -> Result<Place, Problem> {
    URL_SAFE_NO_PAD
        .decode(cursor)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or_else(no_next)
}

fn no_next() -> Problem {
    bad_parameter(
        "after",
        "is no 'next' of an earlier page; leave it out to begin anew",
    )
}

/// Whose turn it is: a database, or its archive.
struct Turn {
    database: usize,
    /// The first part of it.
    begins: u8,
    /// The first part of whose turn it is then.
    next: Option<u8>,
}

impl Turn {
    fn of(part: u8, edge: &Bindings) -> Self {
        let (number, begins, parts) = if let Some(number) = part.checked_sub(ARCHIVE) {
            (number, part, 1)
        } else {
            let number = part / PARTS;
            (number, number.saturating_mul(PARTS), PARTS)
        };
        let database = usize::from(number);
        let next = if database.saturating_add(1) < edge.databases().len() {
            Some(begins.saturating_add(parts))
        } else {
            Some(ARCHIVE).filter(|_| part < ARCHIVE && edge.archive().is_some())
        };
        Self {
            database,
            begins,
            next,
        }
    }
}

/// Whose rows are asked for.
struct Asked<'a> {
    edge: &'a Bindings,
    site: &'a str,
    person: &'a Person,
    names: &'a Names,
    limit: u32,
}

impl Asked<'_> {
    async fn by_index(&self, key: &str) -> Result<Page, Failure> {
        let (visitors, identities, orders) = self.names.lists();
        let (person, limit) = (self.person.key(), self.limit.to_string());
        let values = [
            self.site,
            &person,
            &visitors,
            &identities,
            &orders,
            key,
            &limit,
        ];
        let rows: Vec<(String, Box<RawValue>)> = database::rows(self.edge, ROWS, &values).await?;
        let next = match self.last_of_full(&rows) {
            Some(key) => (BY_INDEX, key),
            None => (BY_WALK, String::new()),
        };
        Ok(Page::new(rows, Some(next)))
    }

    async fn by_walk(&self, cursor: &str) -> Result<Page, Failure> {
        let (visitors, identities, orders) = self.names.lists();
        let limit = self.limit.to_string();
        let values = [
            self.site,
            cursor,
            LOOKED_AT,
            &visitors,
            &identities,
            &orders,
            &limit,
        ];
        let rows: Vec<(String, Box<RawValue>)> =
            database::rows(self.edge, OBSERVATIONS, &values).await?;
        let end = match self.last_of_full(&rows) {
            Some(last) => last,
            None => database::row(self.edge, LOOKED, &[self.site, cursor, LOOKED_AT])
                .await?
                .unwrap_or_default(),
        };
        let next = if end.is_empty() {
            (WAITING, String::new())
        } else {
            (BY_WALK, end)
        };
        Ok(Page::new(rows, Some(next)))
    }

    async fn waiting(&self, cursor: &str) -> Result<Page, Failure> {
        let waiting = erase::waiting(self.edge, self.site, cursor, self.names).await?;
        let rows = waiting
            .rows
            .into_iter()
            .map(|row| {
                let mut row = row;
                if let Some(fields) = row.as_object_mut() {
                    fields.insert("table".into(), json!("quarantine"));
                }
                serde_json::value::to_raw_value(&row)
            })
            .collect::<Result<_, _>>()?;
        Ok(Page {
            rows,
            next: waiting.end.map(|end| (WAITING, end)),
        })
    }

    async fn archived(
        &self,
        edge: &Bindings,
        database: usize,
        cursor: &str,
    ) -> Result<Page, Failure> {
        let whose = archive::Whose::of(self.names.subjects());
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let told = archive::told(edge, self.site, database, &whose, (cursor, limit)).await?;
        Ok(Page {
            rows: told.rows,
            next: told.next.map(|cursor| (0, cursor)),
        })
    }

    fn last_of_full(&self, rows: &[(String, Box<RawValue>)]) -> Option<String> {
        let full = usize::try_from(self.limit).is_ok_and(|limit| rows.len() >= limit);
        rows.last().filter(|_| full).map(|(key, _)| key.clone())
    }
}

impl Page {
    fn new(rows: Vec<(String, Box<RawValue>)>, next: Option<Place>) -> Self {
        Self {
            rows: rows.into_iter().map(|(_, row)| row).collect(),
            next,
        }
    }
}

/// The page's shape.
pub(crate) fn schema() -> Value {
    shape::object(&[
        ("site", shape::text("The site.")),
        (
            "rows",
            shape::list(json!({
                "type": "object",
                "required": ["table"],
                "properties": {"table": {"enum": [
                    "identities", "known_visitors", "sessions", "open_carts", "evidence",
                    "conversions", "refunds", "observations", "quarantine", "archive",
                ]}},
                "description": "A row with all of its columns; ids are in hexadecimal.",
            })),
        ),
        (
            "next",
            shape::perhaps(shape::text(
                "What `after` takes for the next page; null at the end.",
            )),
        ),
    ])
}
