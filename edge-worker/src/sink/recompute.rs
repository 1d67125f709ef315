//! Everything that is kept beside the rows it follows from, and how it follows.

/// A table that is kept up to date, and the same computed anew: two queries with equal answers.
#[derive(Clone, Copy, Debug)]
pub struct Recompute {
    /// What is compared.
    pub what: &'static str,
    /// What is kept.
    pub kept: &'static str,
    /// What follows from the rows.
    pub anew: &'static str,
}

/// Everything that is kept beside the rows it follows from.
///
/// All but the folds of conversions and refunds hold as long as no observation and no row of the
/// quarantine has been taken away.
pub const RECOMPUTE: [Recompute; 8] = [
    Recompute {
        what: "identities",
        kept: "SELECT site, identity, contact FROM identities ORDER BY 1, 2",
        anew: "\
WITH RECURSIVE
  link(site, one, other) AS MATERIALIZED (
    SELECT o.site, a.value, b.value
    FROM observations AS o
    CROSS JOIN json_each(o.identities) AS a
    CROSS JOIN json_each(o.identities) AS b),
  reached(site, identity, contact) AS (
    SELECT site, one, other FROM link
    UNION
    SELECT r.site, r.identity, l.other
    FROM reached AS r JOIN link AS l ON l.site = r.site AND l.one = r.contact)
SELECT site, identity, min(contact) FROM reached GROUP BY 1, 2 ORDER BY 1, 2",
    },
    Recompute {
        what: "known visitors",
        kept: "SELECT site, hex(visitor), contact, hex(observation) FROM known_visitors ORDER BY 1, 2",
        anew: "\
SELECT o.site, hex(o.visitor), coalesce(i.contact, o.contact), hex(min(o.id))
FROM observations AS o
LEFT JOIN identities AS i ON i.site = o.site AND i.identity = o.contact
WHERE o.contact IS NOT NULL AND o.visitor IS NOT NULL
GROUP BY o.site, o.visitor ORDER BY 1, 2",
    },
    Recompute {
        what: "evidence",
        kept: "\
SELECT
  site, hex(observation), definition, scope, who, dedup, kind, time, day, points, minor, currency,
  money, order_number, hex(visitor), hex(session), contact, source, plan
FROM evidence ORDER BY 1, 2, 3",
        anew: "\
SELECT
  o.site, hex(o.id), v.value ->> 'definition', v.value ->> 'scope',
  iif(
    v.value ->> 'who' IS NULL, '',
    coalesce('contact ' || coalesce(i.contact, o.contact, k.contact), v.value ->> 'who')),
  coalesce(v.value ->> 'dedup', ''), v.value ->> 'kind', o.time, o.day,
  coalesce(v.value ->> 'points', 0), v.value ->> 'minor', v.value ->> 'currency',
  iif(v.value ->> 'minor' IS NULL, NULL, coalesce(v.value ->> 'money', 'claimed')),
  o.order_number, hex(o.visitor), hex(o.session), coalesce(i.contact, o.contact, k.contact),
  o.source, o.plan
FROM observations AS o
CROSS JOIN json_each(o.verdict) AS v
LEFT JOIN identities AS i ON i.site = o.site AND i.identity = o.contact
LEFT JOIN known_visitors AS k ON k.site = o.site AND k.visitor = o.visitor
ORDER BY 1, 2, 3",
    },
    Recompute {
        what: "conversions",
        kept: "\
SELECT
  site, definition, scope, who, dedup, kind, time, day, points, hex(observation), source, plan,
  minor, currency, money, order_number, hex(visitor), hex(session), contact
FROM conversions ORDER BY 1, 2, 3, 4, 5",
        anew: "\
WITH
  keyed AS MATERIALIZED (
    SELECT
      *, site || char(10) || definition || char(10) || scope || char(10) || who || char(10) || dedup
        AS key
    FROM evidence),
  placed AS MATERIALIZED (
    SELECT
      *,
      row_number() OVER (PARTITION BY key ORDER BY time, observation) AS by_time,
      row_number() OVER (
        PARTITION BY key
        ORDER BY coalesce(money, '') <> 'verified', money IS NULL, time, observation) AS by_money,
      row_number() OVER (
        PARTITION BY key ORDER BY visitor IS NULL, source, time, observation) AS by_browser,
      min(contact) OVER (PARTITION BY key) AS whose
    FROM keyed)
SELECT
  f.site, f.definition, f.scope, f.who, f.dedup, f.kind, f.time, f.day, f.points,
  hex(f.observation), f.source, f.plan, m.minor, m.currency, m.money, m.order_number,
  hex(b.visitor), iif(b.visitor IS NULL, '', hex(b.session)), f.whose
FROM placed AS f
JOIN placed AS m ON m.key = f.key AND m.by_money = 1
JOIN placed AS b ON b.key = f.key AND b.by_browser = 1
WHERE f.by_time = 1
ORDER BY 1, 2, 3, 4, 5",
    },
    Recompute {
        what: "refunds",
        kept: "\
SELECT site, definition, scope, who, dedup, refunded, voided FROM conversions ORDER BY 1, 2, 3, 4, 5",
        anew: "\
SELECT
  c.site, c.definition, c.scope, c.who, c.dedup,
  iif(r.whole, c.gross, min(c.gross, coalesce(r.part, 0))),
  coalesce(r.whole, 0) OR c.gross > 0 AND coalesce(r.part, 0) >= c.gross
FROM (SELECT *, max(0, coalesce(minor, 0)) AS gross FROM conversions) AS c
LEFT JOIN (
  SELECT
    c.site, c.definition, c.scope, c.who, c.dedup, max(o.refund ->> 'minor' IS NULL) AS whole,
    sum(iif(o.refund ->> 'currency' = c.currency, o.refund ->> 'minor', 0)) AS part
  FROM conversions AS c
  JOIN observations AS o
    ON o.site = c.site AND o.order_number = c.order_number AND o.refund IS NOT NULL
  WHERE NOT EXISTS (
    SELECT 1 FROM observations AS own
    WHERE own.site = c.site AND own.id = c.money_from AND own.refund IS NOT NULL)
  GROUP BY 1, 2, 3, 4, 5) AS r USING (site, definition, scope, who, dedup)
ORDER BY 1, 2, 3, 4, 5",
    },
    Recompute {
        what: "sessions",
        kept: "\
SELECT
  site, hex(visitor), hex(session), day, started_at, ended_at, pages, interactions, matches,
  iif(length(trail) < 16000, json_array_length('[' || trail || ']'), pages + interactions)
FROM sessions ORDER BY 1, 2, 3",
        anew: "\
SELECT
  site, hex(visitor), hex(session), min(day), min(time), max(time),
  sum(kind = 'page'), sum(kind <> 'page'), sum(coalesce(json_array_length(verdict), 0)), count(*)
FROM observations
WHERE session IS NOT NULL AND (source <> 'server' OR body ->> 'interactive')
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    },
    Recompute {
        what: "stored",
        kept: "\
SELECT site, day, origin, sdk, form, count
FROM fates WHERE fate = 'stored' ORDER BY 1, 2, 3, 4, 5",
        anew: "\
SELECT
  site, date(received_at / 1000, 'unixepoch'), iif(page IS NULL, 'other', 'page'), sdk, form,
  count(*)
FROM observations GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5",
    },
    Recompute {
        what: "quarantined",
        kept: "\
SELECT site, day, origin, reason, sdk, form, count
FROM fates WHERE fate = 'quarantined' ORDER BY 1, 2, 3, 4, 5, 6",
        anew: "\
SELECT site, date(received_at / 1000, 'unixepoch'), origin, reason, sdk, form, count(*)
FROM quarantine GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6",
    },
];
