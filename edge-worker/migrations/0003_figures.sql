-- Sessions, and the figures that are kept of sessions and conversions.

-- What each visitor did in each session. The sink writes a session once in a transaction, from the
-- observations that were really inserted; every part is a sum, the least, or the most of them.
CREATE TABLE sessions (
  site         TEXT NOT NULL,
  visitor      BLOB NOT NULL,     -- x'' where none may be known
  session      BLOB NOT NULL,
  day          TEXT NOT NULL,     -- of its beginning, in the site's time zone
  started_at   INTEGER NOT NULL,
  ended_at     INTEGER NOT NULL,  -- of its last observation
  pages        INTEGER NOT NULL,
  interactions INTEGER NOT NULL,  -- observations that are no page views
  matches      INTEGER NOT NULL,  -- of definitions, whether or not they counted
  -- How it began: '0', the number of its first page view in 10 digits, and JSON with the page's path,
  -- host and referrer, country, device, and the touch. Without a page view: '1', the number of its
  -- first observation, and JSON with country and device.
  entry        TEXT NOT NULL,
  -- What it saw, in short, in the order of arrival, see core's trail. It is no longer added to once
  -- it has 16,000 characters.
  trail        TEXT NOT NULL,
  channel      TEXT NOT NULL AS (coalesce(substr(entry, 12) ->> 'channel', '')),
  source       TEXT NOT NULL AS (coalesce(substr(entry, 12) ->> 'source', '')),
  medium       TEXT NOT NULL AS (coalesce(substr(entry, 12) ->> 'medium', '')),
  campaign     TEXT NOT NULL AS (coalesce(substr(entry, 12) ->> 'campaign', '')),
  landing      TEXT NOT NULL AS (coalesce(substr(entry, 12) ->> 'path', '')),
  device       TEXT NOT NULL AS (coalesce(substr(entry, 12) ->> 'device', '')),
  country      TEXT NOT NULL AS (coalesce(substr(entry, 12) ->> 'country', '')),
  PRIMARY KEY (site, visitor, session)
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_day ON sessions (site, day);

-- What people pay for their channels. An empty campaign stands for the whole channel.
CREATE TABLE costs (
  site        TEXT NOT NULL,
  day         TEXT NOT NULL,
  channel     TEXT NOT NULL,
  campaign    TEXT NOT NULL,
  minor       INTEGER NOT NULL,
  currency    TEXT NOT NULL,
  clicks      INTEGER,
  impressions INTEGER,
  PRIMARY KEY (site, day, channel, campaign)
) STRICT, WITHOUT ROWID;

-- Figures of whole days, each the answer of one query about the rows of that day. A day that is
-- listed here has changed since: its figures are asked of the rows until they are kept anew.
CREATE TABLE stale_days (
  site TEXT NOT NULL,
  part TEXT NOT NULL,             -- 'traffic', 'conversions', 'credits' or 'funnels'
  day  TEXT NOT NULL,
  PRIMARY KEY (site, part, day)
) STRICT, WITHOUT ROWID;

-- A day's sessions and conversions are kept once for each cut: what its figures are told apart by,
-- such as 'channel,device'. All other columns of an arrival are empty in it.

CREATE TABLE traffic_daily (
  site         TEXT NOT NULL,
  day          TEXT NOT NULL,
  cut          TEXT NOT NULL,
  channel      TEXT NOT NULL,
  source       TEXT NOT NULL,
  medium       TEXT NOT NULL,
  campaign     TEXT NOT NULL,
  landing      TEXT NOT NULL,
  device       TEXT NOT NULL,
  country      TEXT NOT NULL,
  sessions     INTEGER NOT NULL,
  engaged      INTEGER NOT NULL,
  bounces      INTEGER NOT NULL,
  pages        INTEGER NOT NULL,
  duration_ms  INTEGER NOT NULL,
  new_visitors INTEGER NOT NULL,  -- sessions that are the first of their visitor
  landing_hits INTEGER NOT NULL,  -- sessions that began with a page view
  PRIMARY KEY (site, day, cut, channel, source, medium, campaign, landing, device, country)
) STRICT, WITHOUT ROWID;

-- By the arrival that each conversion is owed to. An empty currency stands for no amount.
CREATE TABLE conversions_daily (
  site              TEXT NOT NULL,
  day               TEXT NOT NULL,
  cut               TEXT NOT NULL,
  definition        TEXT NOT NULL,
  kind              TEXT NOT NULL,
  currency          TEXT NOT NULL,
  channel           TEXT NOT NULL,
  source            TEXT NOT NULL,
  medium            TEXT NOT NULL,
  campaign          TEXT NOT NULL,
  landing           TEXT NOT NULL,
  device            TEXT NOT NULL,
  country           TEXT NOT NULL,
  conversions       INTEGER NOT NULL,
  voided            INTEGER NOT NULL,
  points            INTEGER NOT NULL,
  converted         INTEGER NOT NULL, -- the first of their definition in their session
  converted_of_kind INTEGER NOT NULL, -- the first of their kind in their session
  new_customers     INTEGER NOT NULL, -- the first order of their person
  claimed           INTEGER NOT NULL,
  claimed_refunded  INTEGER NOT NULL,
  verified          INTEGER NOT NULL,
  verified_refunded INTEGER NOT NULL,
  PRIMARY KEY (
    site, day, cut, definition, kind, currency, channel, source, medium, campaign, landing, device,
    country)
) STRICT, WITHOUT ROWID;

-- People by the last day before on which they were counted for the same ('' where there is none):
-- those of a period, each once, are all of its days' whose day before is not in it.
CREATE TABLE people_daily (
  site      TEXT NOT NULL,
  day       TEXT NOT NULL,
  measure   TEXT NOT NULL,        -- 'visitors', or who had a 'goal', an 'outcome', a 'definition', a 'group'
  dimension TEXT NOT NULL,        -- what they are told apart by; '' is nothing
  value     TEXT NOT NULL,
  previous  TEXT NOT NULL,
  people    INTEGER NOT NULL,
  PRIMARY KEY (site, day, measure, dimension, value, previous)
) STRICT, WITHOUT ROWID;

CREATE TABLE events_daily (
  site     TEXT NOT NULL,
  day      TEXT NOT NULL,
  kind     TEXT NOT NULL,
  name     TEXT NOT NULL,
  events   INTEGER NOT NULL,
  sessions INTEGER NOT NULL,
  PRIMARY KEY (site, day, kind, name)
) STRICT, WITHOUT ROWID;

-- A session may turn out to have begun on an earlier day. This comes before each insert, also before
-- one that becomes an update of the row that is there.
CREATE TRIGGER session_began_earlier BEFORE INSERT ON sessions
BEGIN
  UPDATE sessions SET day = NEW.day
  WHERE site = NEW.site AND visitor = NEW.visitor AND session = NEW.session AND day > NEW.day;
END;

-- Which days change with a session.

CREATE TRIGGER session_begins AFTER INSERT ON sessions
BEGIN
  INSERT INTO changed_sessions (site, visitor, day, started_at)
  VALUES (NEW.site, NEW.visitor, NEW.day, NEW.started_at);
END;

CREATE TRIGGER session_begins_otherwise AFTER UPDATE OF day, started_at, entry ON sessions
WHEN NEW.day <> OLD.day OR NEW.started_at <> OLD.started_at OR NEW.entry <> OLD.entry
BEGIN
  INSERT INTO changed_sessions (site, visitor, day, started_at)
  VALUES
    (OLD.site, OLD.visitor, OLD.day, OLD.started_at),
    (NEW.site, NEW.visitor, NEW.day, NEW.started_at);
END;

CREATE TRIGGER session_is_gone AFTER DELETE ON sessions
BEGIN
  INSERT INTO changed_sessions (site, visitor, day, started_at)
  VALUES (OLD.site, OLD.visitor, OLD.day, OLD.started_at);
END;

CREATE TRIGGER session_goes_on AFTER UPDATE ON sessions
BEGIN
  INSERT INTO changed_trails (site, visitor, day) VALUES (NEW.site, NEW.visitor, NEW.day);
END;

-- A session has come, gone, or begun otherwise: its day, the visitor's later days, of which it may be
-- the day before, and conversions that it led to.
CREATE VIEW changed_sessions AS SELECT site, visitor, day, started_at FROM sessions;

CREATE TRIGGER session_changes_days INSTEAD OF INSERT ON changed_sessions
BEGIN
  INSERT INTO changed_trails (site, visitor, day) VALUES (NEW.site, NEW.visitor, NEW.day);

  INSERT INTO stale_days (site, part, day)
  SELECT DISTINCT NEW.site, 'traffic', +day FROM sessions
  WHERE site = NEW.site AND visitor = NEW.visitor AND +day > NEW.day AND NEW.visitor <> x''
  ON CONFLICT DO NOTHING;

  -- A server's word of the same conversion may bear another day than the visitor's own, and be of
  -- a little before the session. Whoever is counted by what they came from is so on later days too.
  INSERT INTO stale_days (site, part, day)
  SELECT DISTINCT NEW.site, 'conversions', later.day
  FROM (
    SELECT c.person, min(c.day) AS day
    FROM evidence AS e
    JOIN conversions AS c ON c.site = e.site AND c.definition = e.definition AND c.scope = e.scope
      AND c.who = e.who AND c.dedup = e.dedup
    WHERE e.site = NEW.site AND e.visitor = NEW.visitor AND e.visitor IS NOT NULL
      AND e.time >= NEW.started_at - 86400000
    GROUP BY c.person) AS p
  CROSS JOIN conversions AS later INDEXED BY conversions_by_person
    ON later.person = p.person AND later.site = NEW.site AND later.day >= p.day
  WHERE true
  ON CONFLICT DO NOTHING;

  INSERT INTO stale_days (site, part, day)
  SELECT DISTINCT NEW.site, 'credits', c.day
  FROM evidence AS e
  JOIN conversions AS c ON c.site = e.site AND c.definition = e.definition AND c.scope = e.scope
    AND c.who = e.who AND c.dedup = e.dedup
  WHERE e.site = NEW.site AND e.visitor = NEW.visitor AND e.visitor IS NOT NULL
    AND e.time >= NEW.started_at
    AND c.day <= date(NEW.day, '+90 days')
  ON CONFLICT DO NOTHING;

  INSERT INTO stale_days (site, part, day)
  SELECT DISTINCT NEW.site, part.name, c.day
  FROM known_visitors AS k
  JOIN conversions AS c ON +c.site = k.site AND c.person = 'contact ' || k.contact
  CROSS JOIN (SELECT 'conversions' AS name UNION ALL SELECT 'credits') AS part
  WHERE k.site = NEW.site AND k.visitor = NEW.visitor AND c.day >= NEW.day
    AND (part.name = 'conversions' OR c.day <= date(NEW.day, '+90 days'))
  ON CONFLICT DO NOTHING;
END;

-- A trail has changed: its day, and those days on which the same person may have begun what it goes
-- on with.
CREATE VIEW changed_trails AS SELECT site, visitor, day FROM sessions;

CREATE TRIGGER trail_changes_days INSTEAD OF INSERT ON changed_trails
BEGIN
  INSERT INTO stale_days (site, part, day)
  VALUES (NEW.site, 'traffic', NEW.day), (NEW.site, 'funnels', NEW.day)
  ON CONFLICT DO NOTHING;

  INSERT INTO stale_days (site, part, day)
  SELECT DISTINCT NEW.site, 'funnels', +s.day
  FROM sessions AS s
  WHERE s.site = NEW.site AND +s.day BETWEEN date(NEW.day, '-90 days') AND NEW.day
    AND NEW.visitor <> x'' AND s.visitor IN (
      SELECT NEW.visitor
      UNION ALL
      SELECT other.visitor FROM known_visitors AS own
      JOIN known_visitors AS other ON +other.site = own.site AND other.contact = own.contact
      WHERE own.site = NEW.site AND own.visitor = NEW.visitor)
  ON CONFLICT DO NOTHING;
END;

-- A visitor's sessions and what they led to are now another person's.
CREATE TRIGGER person_changes_days AFTER UPDATE OF contact ON known_visitors
WHEN NEW.contact IS NOT OLD.contact
BEGIN
  INSERT INTO stale_days (site, part, day)
  SELECT DISTINCT NEW.site, part.name, day FROM conversions INDEXED BY conversions_by_person
  CROSS JOIN (SELECT 'conversions' AS name UNION ALL SELECT 'credits') AS part
  WHERE +site = NEW.site
    AND person IN ('contact ' || OLD.contact, 'contact ' || NEW.contact)
  ON CONFLICT DO NOTHING;

  INSERT INTO stale_days (site, part, day)
  SELECT DISTINCT NEW.site, 'funnels', +s.day FROM sessions AS s
  WHERE s.site = NEW.site AND s.visitor IN (
    SELECT NEW.visitor
    UNION ALL
    SELECT visitor FROM known_visitors
    WHERE +site = NEW.site AND contact IN (OLD.contact, NEW.contact))
  ON CONFLICT DO NOTHING;
END;

-- Which days change with a conversion: its day, and those of what the same person did later, or
-- what happened later in the same session.

CREATE VIEW changed_conversions AS
SELECT site, day, time, person, visitor, session FROM conversions;

CREATE TRIGGER conversion_changes_days INSTEAD OF INSERT ON changed_conversions
BEGIN
  INSERT INTO stale_days (site, part, day)
  VALUES (NEW.site, 'conversions', NEW.day), (NEW.site, 'credits', NEW.day)
  ON CONFLICT DO NOTHING;

  INSERT INTO stale_days (site, part, day)
  SELECT DISTINCT NEW.site, 'conversions', day FROM conversions
  WHERE +site = NEW.site AND person = NEW.person AND day > NEW.day
  ON CONFLICT DO NOTHING;

  INSERT INTO stale_days (site, part, day)
  SELECT DISTINCT NEW.site, 'conversions', c.day
  FROM evidence AS e INDEXED BY evidence_by_visitor
  JOIN conversions AS c ON c.site = e.site AND c.definition = e.definition AND c.scope = e.scope
    AND c.who = e.who AND c.dedup = e.dedup
  WHERE e.site = NEW.site AND e.visitor = NEW.visitor AND e.visitor IS NOT NULL
    AND e.time >= NEW.time AND e.session = NEW.session AND c.day > NEW.day
  ON CONFLICT DO NOTHING;

  INSERT INTO stale_days (site, part, day)
  SELECT DISTINCT NEW.site, 'credits', day FROM conversions
  WHERE +site = NEW.site AND person = NEW.person
    AND day > NEW.day AND day <= date(NEW.day, '+90 days')
  ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER conversion_is_new AFTER INSERT ON conversions
BEGIN
  INSERT INTO changed_conversions (site, day, time, person, visitor, session)
  VALUES (NEW.site, NEW.day, NEW.time, NEW.person, NEW.visitor, NEW.session);
END;

CREATE TRIGGER conversion_is_otherwise AFTER UPDATE ON conversions
BEGIN
  INSERT INTO changed_conversions (site, day, time, person, visitor, session)
  VALUES
    (OLD.site, OLD.day, OLD.time, OLD.person, OLD.visitor, OLD.session),
    (NEW.site, NEW.day, NEW.time, NEW.person, NEW.visitor, NEW.session);
END;

CREATE TRIGGER conversion_is_gone AFTER DELETE ON conversions
BEGIN
  INSERT INTO changed_conversions (site, day, time, person, visitor, session)
  VALUES (OLD.site, OLD.day, OLD.time, OLD.person, OLD.visitor, OLD.session);
END;

CREATE TRIGGER refund_changes_days AFTER INSERT ON refunds
BEGIN
  INSERT INTO stale_days (site, part, day) VALUES (NEW.site, 'conversions', NEW.day)
  ON CONFLICT DO NOTHING;
END;
