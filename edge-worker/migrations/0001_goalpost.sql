-- Goalpost's tables. Ids are UUIDv7 as 16 bytes, times are Unix milliseconds, days are YYYY-MM-DD.
--
-- Here is what arrived, and what became of each item. All that follows from it is in the files
-- after this one: conversions, then sessions and figures.

-- Sites, their plans and who may ask.

CREATE TABLE sites (
  site       TEXT PRIMARY KEY,
  plan       TEXT,                -- hash of the current plan; NULL before the first
  version    INTEGER NOT NULL DEFAULT 0,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE plans (
  site         TEXT NOT NULL,
  version      INTEGER NOT NULL,
  hash         TEXT NOT NULL,
  source       TEXT NOT NULL,     -- the plan as JSON, as it was published
  published_at INTEGER NOT NULL,
  PRIMARY KEY (site, version)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX plans_by_hash ON plans (site, hash);

CREATE TABLE tokens (
  id           TEXT PRIMARY KEY,
  site         TEXT NOT NULL,
  hash         BLOB NOT NULL,     -- SHA-256 of the secret; the secret itself is kept nowhere
  scopes       TEXT NOT NULL,     -- separated by spaces
  created_at   INTEGER NOT NULL,
  expires_at   INTEGER,
  last_used_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX tokens_by_hash ON tokens (site, hash);

-- What arrived.

-- One row per observation, whatever the number of copies. Its key grows with time, and it has no
-- second index: one billed row each, and inserts stay fast however many rows there are.
CREATE TABLE observations (
  site        TEXT NOT NULL,
  id          BLOB NOT NULL,
  received_at INTEGER NOT NULL,
  time        INTEGER NOT NULL,   -- when it happened, the device's clock already corrected
  clock       TEXT,               -- 'corrected' or 'clamped' where `time` is not the id's own
  day         TEXT NOT NULL,      -- of `time`, in the site's time zone
  seq         INTEGER NOT NULL,
  page        BLOB,
  session     BLOB,
  visitor     BLOB,
  kind        TEXT NOT NULL,
  contact     TEXT,               -- the identity that it names: of an identification, or a server's
  identities  TEXT,               -- JSON: all identities of the person, where a server names several
  source      TEXT NOT NULL,      -- 'page', 'pixel' or 'server': who says so
  form        TEXT NOT NULL,
  sdk         TEXT NOT NULL,
  plan        TEXT NOT NULL,      -- the plan that decided
  country     TEXT NOT NULL,
  device      TEXT NOT NULL,
  digest      INTEGER NOT NULL,   -- of what was seen: another digest under one id is a conflict
  order_number TEXT,              -- of a purchase or a refund
  refund      TEXT,               -- JSON: minor, null for all of it, and currency of a server's refund
  verdict     TEXT,               -- JSON: the definitions that happened, with their counting keys
  claims      TEXT,               -- JSON: what the page claimed, where that is not the verdict
  batch       BLOB NOT NULL,      -- the transaction that stored it
  body        TEXT NOT NULL,      -- the item as it came
  PRIMARY KEY (site, id)
) STRICT, WITHOUT ROWID;

-- What could not be stored, to be replayed once plan or code is right: the item as it came, or the
-- whole body in base64 where no item could be told apart.
CREATE TABLE quarantine (
  site        TEXT NOT NULL,
  id          BLOB NOT NULL,      -- the item's own, else one made from its time and its digest
  digest      INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  reason      TEXT NOT NULL,
  detail      TEXT NOT NULL,
  origin      TEXT NOT NULL,      -- 'page': one of the items that a page load has captured
  page        BLOB,
  sdk         TEXT NOT NULL,
  form        TEXT NOT NULL,
  plan        TEXT NOT NULL,      -- the plan that the page named, or that decided
  request     TEXT NOT NULL,      -- JSON: what came with it, so that it can be read again
  body        TEXT NOT NULL,
  PRIMARY KEY (site, id, digest)
) STRICT, WITHOUT ROWID;

-- The ids of items that were let go at the edge, and nothing else of them, so that a copy is no
-- second item. No row anywhere ties such an id to a person.
CREATE TABLE dropped (
  site TEXT NOT NULL,
  id   BLOB NOT NULL,
  PRIMARY KEY (site, id)
) STRICT, WITHOUT ROWID;

-- How many items met which fate, by the day (UTC) of their arrival.
CREATE TABLE fates (
  site   TEXT NOT NULL,
  day    TEXT NOT NULL,
  origin TEXT NOT NULL,           -- 'page' as in `quarantine`, else 'other'
  fate   TEXT NOT NULL,
  reason TEXT NOT NULL,
  sdk    TEXT NOT NULL,
  form   TEXT NOT NULL,
  count  INTEGER NOT NULL,
  PRIMARY KEY (site, day, origin, fate, reason, sdk, form)
) STRICT, WITHOUT ROWID;

-- How many items each page load has captured, and how many of them its browser let go.
CREATE TABLE page_loads (
  site     TEXT NOT NULL,
  page     BLOB NOT NULL,
  day      TEXT NOT NULL,         -- UTC, of its first arrival
  sdk      TEXT NOT NULL,
  form     TEXT NOT NULL,
  captured INTEGER NOT NULL,      -- the highest place seen; places count from 1
  overflow INTEGER NOT NULL,
  consent  INTEGER NOT NULL,
  last_at  INTEGER NOT NULL,
  PRIMARY KEY (site, page)
) STRICT, WITHOUT ROWID;

-- Few lose anything.
CREATE INDEX page_loads_with_losses ON page_loads (site, day) WHERE overflow + consent > 0;

-- Where page and edge did not agree on what an observation means. By the day (UTC) of arrival; an
-- empty definition stands for claims of definitions that the plan does not have.
CREATE TABLE disagreements (
  site         TEXT NOT NULL,
  day          TEXT NOT NULL,
  definition   TEXT NOT NULL,
  sdk          TEXT NOT NULL,
  form         TEXT NOT NULL,
  claimed_only INTEGER NOT NULL,
  verdict_only INTEGER NOT NULL,
  PRIMARY KEY (site, day, definition, sdk, form)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER observation_disagrees AFTER INSERT ON observations WHEN NEW.claims IS NOT NULL
BEGIN
  INSERT INTO disagreements (site, day, definition, sdk, form, claimed_only, verdict_only)
  SELECT NEW.site, date(NEW.received_at / 1000, 'unixepoch'), c.value, NEW.sdk, NEW.form, 1, 0
  FROM json_each(NEW.claims) AS c
  WHERE NOT EXISTS (
    SELECT 1 FROM json_each(NEW.verdict) AS v WHERE v.value ->> 'definition' = c.value)
  ON CONFLICT DO UPDATE SET claimed_only = claimed_only + 1;

  INSERT INTO disagreements (site, day, definition, sdk, form, claimed_only, verdict_only)
  SELECT NEW.site, date(NEW.received_at / 1000, 'unixepoch'), v.value ->> 'definition',
    NEW.sdk, NEW.form, 0, 1
  FROM json_each(NEW.verdict) AS v
  WHERE NOT EXISTS (
    SELECT 1 FROM json_each(NEW.claims) AS c WHERE c.value = v.value ->> 'definition')
  ON CONFLICT DO UPDATE SET verdict_only = verdict_only + 1;
END;

-- Each row of the quarantine is one item with that fate.
CREATE TRIGGER quarantine_counts AFTER INSERT ON quarantine
BEGIN
  INSERT INTO fates (site, day, origin, fate, reason, sdk, form, count)
  VALUES (
    NEW.site, date(NEW.received_at / 1000, 'unixepoch'), NEW.origin, 'quarantined', NEW.reason,
    NEW.sdk, NEW.form, 1)
  ON CONFLICT DO UPDATE SET count = count + 1;
END;

-- A tally of nothing is no row.
CREATE TRIGGER fates_begin_above_nothing AFTER INSERT ON fates WHEN NEW.count = 0
BEGIN
  DELETE FROM fates
  WHERE site = NEW.site AND day = NEW.day AND origin = NEW.origin AND fate = NEW.fate
    AND reason = NEW.reason AND sdk = NEW.sdk AND form = NEW.form;
END;

CREATE TRIGGER fates_end_above_nothing AFTER UPDATE OF count ON fates WHEN NEW.count = 0
BEGIN
  DELETE FROM fates
  WHERE site = NEW.site AND day = NEW.day AND origin = NEW.origin AND fate = NEW.fate
    AND reason = NEW.reason AND sdk = NEW.sdk AND form = NEW.form;
END;
