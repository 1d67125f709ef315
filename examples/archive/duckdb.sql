-- What a site's archive says, for DuckDB: observations, sessions and conversions as views.
--
-- Set the folder first, a copy of the bucket or the bucket itself:
--   SET VARIABLE archive = 's3://goalpost-archive/archive/cloud-kicks';

CREATE OR REPLACE VIEW observations AS
SELECT * REPLACE (CAST(day AS VARCHAR) AS day)
FROM read_parquet(
  getvariable('archive') || '/*/*.parquet',
  hive_partitioning = true, union_by_name = true);

-- A session belongs to the day of its first observation. A page view that arrived late may have begun
-- it, so what it came from is what the file with its last arrival says, which was written after that.
CREATE OR REPLACE VIEW sessions AS
SELECT
  visitor, session, min(day) AS day, min(time) AS started_at, max(time) AS ended_at,
  count(*) FILTER (kind = 'page') AS page_views,
  arg_max(coalesce(channel, ''), received_at) AS channel,
  arg_max(coalesce(utm_source, ''), received_at) AS utm_source,
  arg_max(coalesce(utm_medium, ''), received_at) AS utm_medium,
  arg_max(coalesce(utm_campaign, ''), received_at) AS utm_campaign
FROM observations
WHERE in_session = 1
GROUP BY visitor, session;

-- Identities that a server has linked are one contact, known by the smallest of them.
CREATE OR REPLACE VIEW contacts AS
WITH RECURSIVE
  named AS (
    SELECT id, from_json(identities, '["VARCHAR"]') AS names
    FROM observations WHERE identities IS NOT NULL),
  link AS (
    SELECT DISTINCT one, other
    FROM (SELECT unnest(names) AS one, names FROM named), unnest(names) AS others(other)),
  reached AS (
    SELECT one AS identity, other AS contact FROM link
    UNION
    SELECT r.identity, l.other FROM reached AS r JOIN link AS l ON l.one = r.contact)
SELECT identity, min(contact) AS contact FROM reached GROUP BY identity;

-- A visitor is whom it named first.
CREATE OR REPLACE VIEW known_visitors AS
SELECT k.visitor, coalesce(c.contact, k.contact) AS contact
FROM (
  SELECT visitor, arg_min(contact, id) AS contact
  FROM observations WHERE visitor IS NOT NULL AND contact IS NOT NULL
  GROUP BY visitor) AS k
LEFT JOIN contacts AS c ON c.identity = k.contact;

-- Each observation's word that a definition happened: copies of conversions.
CREATE OR REPLACE VIEW evidence AS
SELECT
  v.definition, v.kind, v.scope, coalesce(v.dedup, '') AS dedup,
  CASE
    WHEN v.who IS NULL THEN ''
    ELSE coalesce('contact ' || coalesce(c.contact, o.contact, k.contact), v.who)
  END AS who,
  o.id, o.time, o.day, o.visitor, o.session, o.source, o.order_number,
  coalesce(v.points, 0) AS points, v.minor, v.currency,
  CASE WHEN v.minor IS NULL THEN NULL ELSE coalesce(v.money, 'claimed') END AS money
FROM (
  SELECT *, unnest(from_json(verdict, '[{
    "definition": "VARCHAR", "kind": "VARCHAR", "scope": "VARCHAR", "who": "VARCHAR",
    "dedup": "VARCHAR", "points": "BIGINT", "minor": "BIGINT", "currency": "VARCHAR",
    "money": "VARCHAR"}]')) AS v
  FROM observations WHERE verdict IS NOT NULL) AS o
LEFT JOIN contacts AS c ON c.identity = o.contact
LEFT JOIN known_visitors AS k ON k.visitor = o.visitor;

-- One row per conversion: the earliest copy says when, the earliest verified one else the earliest
-- claimed one how much. Money is in minor units.
CREATE OR REPLACE VIEW conversions AS
WITH
  counted AS (
    SELECT
      definition, kind, scope, who, dedup,
      arg_min(day, (time, id)) AS day, min(time) AS time,
      arg_min(points, (time, id)) AS points,
      arg_min(
        {'minor': minor, 'currency': currency, 'money': money, 'order_number': order_number},
        (CASE money WHEN 'verified' THEN 0 WHEN 'claimed' THEN 1 ELSE 2 END, time, id)) AS worth
    FROM evidence
    GROUP BY definition, kind, scope, who, dedup),
  refunds AS (
    SELECT
      order_number, CAST(refund ->> 'minor' AS BIGINT) AS minor, refund ->> 'currency' AS currency
    FROM observations WHERE refund IS NOT NULL)
SELECT
  definition, kind, scope, who, dedup, day, time, points, worth.minor, worth.currency,
  worth.money, worth.order_number,
  coalesce((
    SELECT CASE
      WHEN bool_or(r.minor IS NULL) THEN greatest(0, coalesce(worth.minor, 0))
      ELSE least(
        greatest(0, coalesce(worth.minor, 0)),
        coalesce(sum(r.minor) FILTER (coalesce(r.currency, worth.currency) = worth.currency), 0))
    END
    FROM refunds AS r WHERE r.order_number = worth.order_number), 0) AS refunded
FROM counted;
