//! Every statement that moves rows. What leaves is named by `?1` site, `?2` the move, `?3` the number of
//! the database that it goes to and `?4` a lot, as JSON; what arrives by `?1` site and `?2` its rows.

use crate::archive::{IS_ARCHIVED, IS_ARCHIVED_ELSEWHERE};

/// A kind of rows, and how they leave.
pub(super) struct Take {
    pub(super) kind: &'static str,
    pub(super) sql: String,
    /// Rows that leave at once at most.
    pub(super) most: usize,
}

/// Rows of a kind leave: each is JSON.
fn take(kind: &'static str, row: &str, from: &str, most: usize) -> Take {
    let sql = format!(
        "\
INSERT INTO leaving (take, kind, n, site, home, row)
SELECT unhex(?2), '{kind}', row_number() OVER (), ?1, CAST(?3 AS INTEGER), row
FROM (SELECT json_array({row}) AS row {from} LIMIT {most})
WHERE ?4 <> ''"
    );
    Take { kind, sql, most }
}

/// What leaves, of each kind a bounded number.
pub(super) fn takes() -> Vec<Take> {
    let hex = |column: &str| format!("iif({column} IS NULL, NULL, lower(hex({column})))");
    vec![
        take(
            "evidence",
            &format!(
                "e.definition, e.scope, e.who, e.dedup, hex(e.observation), e.kind, e.time, e.day, \
                 e.points, e.minor, e.currency, e.money, e.token, e.order_number, {}, {}, \
                 e.identity, e.contact, e.source, e.plan, hex(e.batch)",
                hex("e.visitor"),
                hex("e.session")
            ),
            EVIDENCE,
            400,
        ),
        take(
            "session",
            "hex(s.visitor), hex(s.session), s.day, s.started_at, s.ended_at, s.pages, \
             s.interactions, s.matches, s.entry, s.trail, (
               SELECT o.since FROM open_carts AS o
               WHERE o.site = s.site AND o.visitor = s.visitor AND o.session = s.session)",
            SESSIONS,
            100,
        ),
        take(
            "visitor",
            "hex(k.visitor), k.contact, hex(k.observation)",
            "\
FROM json_each(?4, '$.visitors') AS v
CROSS JOIN known_visitors AS k ON k.site = ?1 AND k.visitor = unhex(v.value)",
            400,
        ),
        take(
            "identity",
            "i.identity, i.contact",
            "\
FROM json_each(?4, '$.identities') AS v
CROSS JOIN identities AS i ON i.site = ?1 AND i.identity = v.value",
            400,
        ),
        take(
            "refund",
            "hex(r.observation), r.order_number, r.minor, r.currency, r.time, r.day, r.reason",
            "\
FROM json_each(?4, '$.orders') AS v
CROSS JOIN refunds AS r INDEXED BY refunds_by_order ON r.site = ?1 AND r.order_number = v.value",
            400,
        ),
        take(
            "observation",
            &format!(
                "hex(o.id), o.received_at, o.time, o.clock, o.day, o.seq, {}, {}, {}, o.kind, \
                 o.contact, o.identities, o.source, o.form, o.sdk, o.plan, o.country, o.device, \
                 o.digest, o.order_number, o.refund, o.verdict, o.claims, hex(o.batch), o.body, \
                 o.consent, o.doubts, {IS_ARCHIVED}",
                hex("o.page"),
                hex("o.session"),
                hex("o.visitor")
            ),
            OBSERVATIONS,
            400,
        ),
    ]
}

/// Evidence of people, of their orders, and of nobody.
const EVIDENCE: &str = "\
FROM (
  SELECT e.definition, e.scope, e.who, e.dedup, e.observation
  FROM json_each(?4, '$.visitors') AS v
  CROSS JOIN evidence AS e INDEXED BY evidence_by_visitor
    ON e.site = ?1 AND e.visitor = unhex(v.value) AND e.visitor IS NOT NULL
  UNION
  SELECT e.definition, e.scope, e.who, e.dedup, e.observation
  FROM json_each(?4, '$.identities') AS i
  CROSS JOIN evidence AS e INDEXED BY evidence_by_identity
    ON e.site = ?1 AND e.identity = i.value AND e.identity IS NOT NULL
  UNION
  SELECT e.definition, e.scope, e.who, e.dedup, e.observation
  FROM json_each(?4, '$.orders') AS o
  CROSS JOIN conversions AS c INDEXED BY conversions_by_order
    ON c.site = ?1 AND c.order_number = o.value AND c.order_number IS NOT NULL
  CROSS JOIN evidence AS e
    ON e.site = c.site AND e.definition = c.definition AND e.scope = c.scope AND e.who = c.who
      AND e.dedup = c.dedup AND e.order_number = o.value
  UNION
  SELECT e.definition, e.scope, e.who, e.dedup, e.observation
  FROM json_each(?4, '$.sessions') AS s
  CROSS JOIN evidence AS e INDEXED BY evidence_of_nobody
    ON e.site = ?1 AND e.visitor IS NULL
      AND iif(e.scope GLOB 'session:*', unhex(replace(substr(e.scope, 9), '-', '')), e.session) = unhex(s.value)
  UNION
  SELECT k.value ->> 0, k.value ->> 1, k.value ->> 2, k.value ->> 3, unhex(k.value ->> 4)
  FROM json_each(?4, '$.evidence') AS k) AS w
CROSS JOIN evidence AS e
  ON e.site = ?1 AND e.definition = w.definition AND e.scope = w.scope AND e.who = w.who
    AND e.dedup = w.dedup AND e.observation = w.observation";

/// Observations that name somebody, what servers said of visitors without a name, and single ones.
const OBSERVATIONS: &str = "\
FROM (
  SELECT o.id
  FROM json_each(?4, '$.identities') AS i
  CROSS JOIN observations AS o INDEXED BY observations_by_contact
    ON o.site = ?1 AND o.contact = i.value AND o.contact IS NOT NULL
  UNION
  SELECT o.id
  FROM json_each(?4, '$.visitors') AS v
  CROSS JOIN observations AS o INDEXED BY observations_of_servers
    ON o.site = ?1 AND o.visitor = unhex(v.value)
  WHERE o.source = 'server' AND o.contact IS NULL
  UNION
  SELECT unhex(value) FROM json_each(?4, '$.observations')) AS w
CROSS JOIN observations AS o ON o.site = ?1 AND o.id = w.id";

/// Sessions of people, and of nobody.
const SESSIONS: &str = "\
FROM (
  SELECT unhex(value) AS visitor, x'' AS least, x'ffffffffffffffffffffffffffffffff' AS most
  FROM json_each(?4, '$.visitors')
  UNION ALL
  SELECT x'', unhex(value), unhex(value) FROM json_each(?4, '$.sessions')) AS w
CROSS JOIN sessions AS s
  ON s.site = ?1 AND s.visitor = w.visitor AND s.session BETWEEN w.least AND w.most";

/// What leaves is taken out of its tables. Of an observation the id stays behind, so that a copy meets it.
/// `?1` site, `?2` the move.
pub(super) const LEAVE: [(&str, &str); 8] = [
    (
        "evidence",
        "\
DELETE FROM evidence
WHERE (site, definition, scope, who, dedup, observation) IN (
  SELECT ?1, row ->> 0, row ->> 1, row ->> 2, row ->> 3, unhex(row ->> 4)
  FROM leaving WHERE take = unhex(?2) AND kind = 'evidence')",
    ),
    (
        "session",
        "\
DELETE FROM open_carts
WHERE (site, visitor, session) IN (
  SELECT ?1, unhex(row ->> 0), unhex(row ->> 1)
  FROM leaving WHERE take = unhex(?2) AND kind = 'session')",
    ),
    (
        "session",
        "\
DELETE FROM sessions
WHERE (site, visitor, session) IN (
  SELECT ?1, unhex(row ->> 0), unhex(row ->> 1)
  FROM leaving WHERE take = unhex(?2) AND kind = 'session')",
    ),
    (
        "visitor",
        "\
DELETE FROM known_visitors
WHERE site = ?1 AND visitor IN (
  SELECT unhex(row ->> 0) FROM leaving WHERE take = unhex(?2) AND kind = 'visitor')",
    ),
    (
        "identity",
        "\
DELETE FROM identities
WHERE site = ?1 AND identity IN (
  SELECT row ->> 0 FROM leaving WHERE take = unhex(?2) AND kind = 'identity')",
    ),
    (
        "refund",
        "\
DELETE FROM refunds
WHERE site = ?1 AND observation IN (
  SELECT unhex(row ->> 0) FROM leaving WHERE take = unhex(?2) AND kind = 'refund')",
    ),
    (
        "observation",
        "\
INSERT INTO dropped (site, id, archived)
SELECT ?1, unhex(row ->> 0), 2 FROM leaving
WHERE take = unhex(?2) AND kind = 'observation'
ON CONFLICT DO NOTHING",
    ),
    (
        "observation",
        "\
DELETE FROM observations
WHERE site = ?1 AND id IN (
  SELECT unhex(row ->> 0) FROM leaving WHERE take = unhex(?2) AND kind = 'observation')",
    ),
];

/// What is on its way. `?1` the move.
pub(super) const ROWS: &str = "\
SELECT json_array(kind, site, json(row)) FROM leaving WHERE take = unhex(?1)";

/// Moves that have not ended, the first ones first.
pub(super) const TAKES: &str = "\
SELECT json_array(lower(hex(take)), max(home)) FROM leaving GROUP BY take ORDER BY take LIMIT 100";

/// What is on its way has arrived. `?1` the move.
pub(super) const GONE: &str = "DELETE FROM leaving WHERE take = unhex(?1)";

/// Something arrives, for the first time. `?1` the move.
pub(super) const ARRIVE: &str = "INSERT INTO arrived (take) VALUES (unhex(?1))";

/// What the database says where [`ARRIVE`] fails.
pub(super) const HAS_ARRIVED: &str = "arrived.take";

/// Whether something is leaving, and how many moves after `?1` have arrived.
pub(super) const LATELY: &str = "\
SELECT json_array(
  EXISTS (SELECT 1 FROM leaving), (SELECT count(*) FROM arrived WHERE take > unhex(?1)))";

/// `?1` a move: what arrived before it.
pub(super) const FORGET: &str = "DELETE FROM arrived WHERE take < unhex(?1)";

/// Who is who is known before what is theirs arrives. By kind, the statements that write its rows; what
/// is here already is added to, by the rules by which it came to be.
///
/// What is updated is looked for by its key in what has arrived, not joined with it: joined, `SQLite` walks all
/// of the site's rows.
pub(super) const ARRIVALS: [(&str, &[&str]); 6] = [
    ("identity", &[IDENTITIES]),
    ("visitor", &[VISITORS, KNOWN]),
    ("refund", &[REFUNDS]),
    ("evidence", &[PROVED]),
    ("session", &[VISITED, OPEN_CARTS, CLOSED_CARTS]),
    (
        "observation",
        &[COPIES, OBSERVED, CLAIMED, IS_ARCHIVED_ELSEWHERE],
    ),
];

const IDENTITIES: &str = "\
INSERT INTO linked_identities (site, identities)
SELECT ?1, json_array(value ->> 0, value ->> 1) FROM json_each(?2)";

const VISITORS: &str = "\
INSERT INTO known_visitors (site, visitor)
SELECT ?1, unhex(value ->> 0) FROM json_each(?2) WHERE true
ON CONFLICT DO NOTHING";

/// The earliest identification says who it is.
const KNOWN: &str = "\
WITH moved AS MATERIALIZED (
  SELECT unhex(value ->> 0) AS visitor, value ->> 1 AS contact, unhex(value ->> 2) AS observation
  FROM json_each(?2))
UPDATE known_visitors AS k SET (contact, observation) = (
  SELECT
    coalesce(
      (SELECT i.contact FROM identities AS i WHERE i.site = ?1 AND i.identity = m.contact),
      m.contact),
    m.observation
  FROM moved AS m WHERE m.visitor = k.visitor)
WHERE k.site = ?1 AND k.visitor IN (SELECT visitor FROM moved)
  AND (
    k.observation IS NULL
    OR k.observation > (SELECT m.observation FROM moved AS m WHERE m.visitor = k.visitor))";

const REFUNDS: &str = "\
INSERT INTO refunds (site, observation, order_number, minor, currency, time, day, reason)
SELECT ?1, unhex(v ->> 0), v ->> 1, v ->> 2, v ->> 3, v ->> 4, v ->> 5, v ->> 6
FROM (SELECT value AS v FROM json_each(?2))
WHERE true
ON CONFLICT DO NOTHING";

const PROVED: &str = "\
WITH moved AS MATERIALIZED (SELECT value AS v FROM json_each(?2)),
whose AS MATERIALIZED (
  SELECT v, coalesce(
    (SELECT contact FROM identities WHERE site = ?1 AND identity = v ->> 16),
    v ->> 16,
    (SELECT contact FROM known_visitors WHERE site = ?1 AND visitor = unhex(v ->> 14)),
    v ->> 17) AS contact
  FROM moved)
INSERT INTO evidence (
  site, definition, scope, who, dedup, observation, kind, time, day, points, minor, currency, money,
  token, order_number, visitor, session, identity, contact, source, plan, batch)
SELECT
  ?1, v ->> 0, v ->> 1, iif(v ->> 2 = '', '', coalesce('contact ' || contact, v ->> 2)), v ->> 3,
  unhex(v ->> 4), v ->> 5, v ->> 6, v ->> 7, v ->> 8, v ->> 9, v ->> 10, v ->> 11, v ->> 12,
  v ->> 13, unhex(v ->> 14), unhex(v ->> 15), v ->> 16, contact, v ->> 18, v ->> 19, unhex(v ->> 20)
FROM whose
WHERE true
ON CONFLICT DO NOTHING";

const VISITED: &str = "\
WITH moved AS MATERIALIZED (SELECT value AS v FROM json_each(?2))
INSERT INTO sessions AS s (
  site, visitor, session, day, started_at, ended_at, pages, interactions, matches, entry, trail)
SELECT
  ?1, unhex(v ->> 0), unhex(v ->> 1), v ->> 2, v ->> 3, v ->> 4, v ->> 5, v ->> 6, v ->> 7, v ->> 8,
  v ->> 9
FROM moved WHERE true
ON CONFLICT DO UPDATE SET
  started_at = min(s.started_at, excluded.started_at),
  ended_at = max(s.ended_at, excluded.ended_at),
  pages = s.pages + excluded.pages, interactions = s.interactions + excluded.interactions,
  matches = s.matches + excluded.matches, entry = min(s.entry, excluded.entry),
  trail = iif(length(s.trail) < 16000, s.trail || ',' || excluded.trail, s.trail)";

/// A trigger takes the end of a session that arrives for the time at which something was put into its
/// cart: it was when the cart was noted.
const OPEN_CARTS: &str = "\
WITH moved AS MATERIALIZED (
  SELECT unhex(value ->> 0) AS visitor, unhex(value ->> 1) AS session, value ->> 4 AS ended_at,
    value ->> 10 AS since
  FROM json_each(?2) WHERE value ->> 10 IS NOT NULL)
UPDATE open_carts AS o SET since = (
  SELECT m.since FROM moved AS m WHERE m.visitor = o.visitor AND m.session = o.session)
WHERE (o.site, o.visitor, o.session) IN (SELECT ?1, visitor, session FROM moved)
  AND o.since = (
    SELECT m.ended_at FROM moved AS m WHERE m.visitor = o.visitor AND m.session = o.session)";

/// A cart that was looked at for the last time is not looked at again.
const CLOSED_CARTS: &str = "\
WITH moved AS MATERIALIZED (
  SELECT unhex(value ->> 0) AS visitor, unhex(value ->> 1) AS session, value ->> 4 AS ended_at
  FROM json_each(?2) WHERE value ->> 10 IS NULL)
DELETE FROM open_carts AS o
WHERE (o.site, o.visitor, o.session) IN (SELECT ?1, visitor, session FROM moved)
  AND o.since = (
    SELECT m.ended_at FROM moved AS m WHERE m.visitor = o.visitor AND m.session = o.session)";

/// A copy that was stored here as the first: then the first is a copy. Two may only meet where one was
/// stored in the very moment in which its person came to another database.
const COPIES: &str = "\
INSERT INTO fates (site, day, origin, fate, reason, sdk, form, count)
SELECT ?1, own.day, own.origin, f.value ->> 0, '', own.sdk, own.form, own.count * (f.value ->> 1)
FROM (
  SELECT date(r.value ->> 1 / 1000, 'unixepoch') AS day, iif(r.value ->> 6 IS NULL, 'other', 'page') AS origin,
    r.value ->> 14 AS sdk, r.value ->> 13 AS form, count(*) AS count
  FROM json_each(?2) AS r
  CROSS JOIN observations AS o ON o.site = ?1 AND o.id = unhex(r.value ->> 0)
  GROUP BY 1, 2, 3, 4) AS own
CROSS JOIN json_each('[[\"stored\",-1],[\"duplicate\",1]]') AS f
WHERE true
ON CONFLICT DO UPDATE SET count = count + excluded.count";

/// Without the claims: a disagreement was counted where the observation came from. A row that was on its
/// way before doubts came along ends with a number in their place.
const OBSERVED: &str = "\
WITH moved AS MATERIALIZED (SELECT value AS v FROM json_each(?2))
INSERT INTO observations (
  site, id, received_at, time, clock, day, seq, page, session, visitor, kind, contact, identities,
  source, form, sdk, plan, country, device, digest, order_number, refund, verdict, batch, body,
  consent, doubts)
SELECT
  ?1, unhex(v ->> 0), v ->> 1, v ->> 2, v ->> 3, v ->> 4, v ->> 5, unhex(v ->> 6), unhex(v ->> 7),
  unhex(v ->> 8), v ->> 9, v ->> 10, v ->> 11, v ->> 12, v ->> 13, v ->> 14, v ->> 15, v ->> 16,
  v ->> 17, v ->> 18, v ->> 19, v ->> 20, v ->> 21, unhex(v ->> 23), v ->> 24, v ->> 25,
  iif(json_type(v, '$[26]') = 'text', v ->> 26, NULL)
FROM moved WHERE true
ON CONFLICT DO NOTHING";

const CLAIMED: &str = "\
WITH moved AS MATERIALIZED (
  SELECT unhex(value ->> 0) AS id, value ->> 22 AS claims
  FROM json_each(?2) WHERE value ->> 22 IS NOT NULL)
UPDATE observations AS o SET claims = (SELECT m.claims FROM moved AS m WHERE m.id = o.id)
WHERE o.site = ?1 AND o.id IN (SELECT id FROM moved)";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{SITE, Shop};

    #[test]
    fn what_a_move_costs_does_not_grow_with_what_is_there() {
        let shop = Shop::new();
        let lot = r#"{"visitors":["aa"],"identities":["x"],"orders":["y"],"sessions":["bb"],
            "evidence":[["a","b","c","d","ee"]],"observations":["ff"]}"#;
        let leaves = takes().into_iter().map(|take| take.sql);
        let leaves = leaves.chain(LEAVE.map(|(_, sql)| String::from(sql)));
        for sql in leaves {
            let values = [SITE, "00", "1", lot];
            let mut scans = shop.scans(&sql, &values[..places(&sql)]);
            // How far a site is archived, and the part that is claimed: one row each.
            scans.retain(|step| {
                ![
                    "SEARCH a USING PRIMARY KEY (site=?)",
                    "SEARCH p USING INDEX archive_claims (site=?)",
                ]
                .contains(&step.as_str())
            });
            assert_eq!(scans, [] as [String; 0], "{sql}");
        }
        for (_, statements) in ARRIVALS {
            for sql in statements {
                let scans = shop.scans(sql, &[SITE, "[]"]);
                assert_eq!(scans, [] as [String; 0], "{sql}");
            }
        }
    }

    /// How many values a statement takes.
    fn places(sql: &str) -> usize {
        (1..=4)
            .rfind(|place| sql.contains(&format!("?{place}")))
            .unwrap()
    }
}
