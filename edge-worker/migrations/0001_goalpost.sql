-- Goalpost's tables. Ids are UUIDv7 as 16 bytes, times are Unix milliseconds, days are YYYY-MM-DD.
--
-- Code writes only the first group. Everything in the second group follows by triggers from the
-- rows that were really inserted, so that no copy, retry or race can count twice.

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
  contact     TEXT,               -- of an identify observation
  form        TEXT NOT NULL,
  sdk         TEXT NOT NULL,
  plan        TEXT NOT NULL,      -- the plan that decided
  country     TEXT NOT NULL,
  device      TEXT NOT NULL,
  digest      INTEGER NOT NULL,   -- of what was seen: another digest under one id is a conflict
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

-- What follows from it.

-- One row per conversion: its counting key is its identity.
CREATE TABLE conversions (
  site        TEXT NOT NULL,
  definition  TEXT NOT NULL,
  scope       TEXT NOT NULL,
  who         TEXT NOT NULL,      -- 'contact …' or 'visitor …' where a person counts once, else ''
  dedup       TEXT NOT NULL,
  kind        TEXT NOT NULL,      -- 'goal' or 'outcome'
  time        INTEGER NOT NULL,
  day         TEXT NOT NULL,
  points      INTEGER NOT NULL,
  minor       INTEGER,
  currency    TEXT,
  money       TEXT,               -- 'claimed' by a page or 'verified' by a server; NULL without
  visitor     BLOB,
  session     BLOB,
  contact     TEXT,               -- of the visitor, as known today
  observation BLOB,
  plan        TEXT NOT NULL,
  batch       BLOB,
  PRIMARY KEY (site, definition, scope, who, dedup)
) STRICT, WITHOUT ROWID;

CREATE INDEX conversions_by_day ON conversions (site, day, time);
CREATE INDEX conversions_by_visitor ON conversions (site, visitor);

-- Whom a visitor turned out to be: the earliest identification by its id, in whatever order they
-- arrive.
CREATE TABLE known_visitors (
  site        TEXT NOT NULL,
  visitor     BLOB NOT NULL,
  contact     TEXT,
  observation BLOB,
  PRIMARY KEY (site, visitor)
) STRICT, WITHOUT ROWID;

CREATE INDEX known_visitors_by_contact ON known_visitors (site, contact);

-- Conversions that count for nothing because another visitor of the same contact has the same one.
-- They are kept because that may change: an earlier identification may arrive late.
CREATE TABLE folded_conversions (
  site        TEXT NOT NULL,
  definition  TEXT NOT NULL,
  scope       TEXT NOT NULL,
  who         TEXT NOT NULL,
  dedup       TEXT NOT NULL,
  kind        TEXT NOT NULL,
  time        INTEGER NOT NULL,
  day         TEXT NOT NULL,
  points      INTEGER NOT NULL,
  minor       INTEGER,
  currency    TEXT,
  money       TEXT,
  visitor     BLOB NOT NULL,
  session     BLOB,
  contact     TEXT,
  observation BLOB,
  plan        TEXT NOT NULL,
  batch       BLOB,
  PRIMARY KEY (site, visitor, definition, scope, dedup)
) STRICT, WITHOUT ROWID;

CREATE INDEX folded_conversions_by_person ON folded_conversions (site, who);

-- Totals of conversions by the site's own days. An empty currency stands for no amount.
CREATE TABLE daily (
  site        TEXT NOT NULL,
  day         TEXT NOT NULL,
  definition  TEXT NOT NULL,
  currency    TEXT NOT NULL,
  conversions INTEGER NOT NULL,
  points      INTEGER NOT NULL,
  claimed     INTEGER NOT NULL,
  verified    INTEGER NOT NULL,
  PRIMARY KEY (site, day, definition, currency)
) STRICT, WITHOUT ROWID;

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

-- An observation makes its conversions. The contact of a visitor takes the visitor's place in the
-- keys of conversions that count once per person.
CREATE TRIGGER observation_converts AFTER INSERT ON observations WHEN NEW.verdict IS NOT NULL
BEGIN
  INSERT INTO conversions (
    site, definition, scope, who, dedup, kind, time, day, points, minor, currency, money,
    visitor, session, contact, observation, plan, batch)
  SELECT
    NEW.site, v.value ->> 'definition', v.value ->> 'scope',
    iif(v.value ->> 'who' IS NULL, '', coalesce('contact ' || k.contact, v.value ->> 'who')),
    coalesce(v.value ->> 'dedup', ''), v.value ->> 'kind', NEW.time, NEW.day,
    coalesce(v.value ->> 'points', 0), v.value ->> 'minor', v.value ->> 'currency',
    iif(v.value ->> 'minor' IS NULL, NULL, 'claimed'),
    NEW.visitor, NEW.session, k.contact, NEW.id, NEW.plan, NEW.batch
  FROM json_each(NEW.verdict) AS v
  LEFT JOIN known_visitors AS k ON k.site = NEW.site AND k.visitor = NEW.visitor
  WHERE true
  ON CONFLICT DO NOTHING;

  INSERT INTO folded_conversions (
    site, definition, scope, who, dedup, kind, time, day, points, minor, currency, money,
    visitor, session, contact, observation, plan, batch)
  SELECT
    NEW.site, v.value ->> 'definition', v.value ->> 'scope', 'contact ' || k.contact,
    coalesce(v.value ->> 'dedup', ''), v.value ->> 'kind', NEW.time, NEW.day,
    coalesce(v.value ->> 'points', 0), v.value ->> 'minor', v.value ->> 'currency',
    iif(v.value ->> 'minor' IS NULL, NULL, 'claimed'),
    NEW.visitor, NEW.session, k.contact, NEW.id, NEW.plan, NEW.batch
  FROM known_visitors AS k
  CROSS JOIN json_each(NEW.verdict) AS v
  WHERE k.site = NEW.site AND k.visitor = NEW.visitor AND k.contact IS NOT NULL
    AND v.value ->> 'who' IS NOT NULL
    AND NOT EXISTS (
      SELECT 1 FROM conversions AS c
      WHERE c.site = NEW.site AND c.definition = v.value ->> 'definition'
        AND c.scope = v.value ->> 'scope' AND c.who = 'contact ' || k.contact
        AND c.dedup = coalesce(v.value ->> 'dedup', '') AND c.visitor IS NEW.visitor)
  ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER observation_identifies AFTER INSERT ON observations
WHEN NEW.contact IS NOT NULL AND NEW.visitor IS NOT NULL
BEGIN
  INSERT INTO known_visitors (site, visitor) VALUES (NEW.site, NEW.visitor)
  ON CONFLICT DO NOTHING;

  UPDATE known_visitors SET contact = NEW.contact, observation = NEW.id
  WHERE site = NEW.site AND visitor = NEW.visitor
    AND (observation IS NULL OR observation > NEW.id);
END;

-- A visitor who becomes another person takes the conversions along; what both had counts once, and
-- what the former person still has through another visitor stands again.
CREATE TRIGGER visitor_is_known AFTER UPDATE OF contact ON known_visitors
WHEN NEW.contact IS NOT OLD.contact
BEGIN
  INSERT INTO folded_conversions (
    site, definition, scope, who, dedup, kind, time, day, points, minor, currency, money,
    visitor, session, contact, observation, plan, batch)
  SELECT
    site, definition, scope, who, dedup, kind, time, day, points, minor, currency, money,
    visitor, session, contact, observation, plan, batch
  FROM conversions
  WHERE site = NEW.site AND visitor = NEW.visitor AND who <> ''
  ON CONFLICT DO NOTHING;

  DELETE FROM conversions WHERE site = NEW.site AND visitor = NEW.visitor AND who <> '';

  UPDATE conversions SET contact = NEW.contact WHERE site = NEW.site AND visitor = NEW.visitor;

  UPDATE folded_conversions SET who = 'contact ' || NEW.contact, contact = NEW.contact
  WHERE site = NEW.site AND visitor = NEW.visitor;

  INSERT INTO conversions (
    site, definition, scope, who, dedup, kind, time, day, points, minor, currency, money,
    visitor, session, contact, observation, plan, batch)
  SELECT
    site, definition, scope, who, dedup, kind, time, day, points, minor, currency, money,
    visitor, session, contact, observation, plan, batch
  FROM folded_conversions
  WHERE site = NEW.site AND who IN ('contact ' || OLD.contact, 'contact ' || NEW.contact)
  ORDER BY observation
  ON CONFLICT DO NOTHING;

  DELETE FROM folded_conversions
  WHERE site = NEW.site AND who IN ('contact ' || OLD.contact, 'contact ' || NEW.contact)
    AND EXISTS (
      SELECT 1 FROM conversions AS c
      WHERE c.site = folded_conversions.site AND c.definition = folded_conversions.definition
        AND c.scope = folded_conversions.scope AND c.who = folded_conversions.who
        AND c.dedup = folded_conversions.dedup AND c.visitor = folded_conversions.visitor);
END;

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

CREATE TRIGGER conversion_counts AFTER INSERT ON conversions
BEGIN
  INSERT INTO daily (site, day, definition, currency, conversions, points, claimed, verified)
  VALUES (
    NEW.site, NEW.day, NEW.definition, coalesce(NEW.currency, ''), 1, NEW.points,
    iif(NEW.money = 'claimed', NEW.minor, 0), iif(NEW.money = 'verified', NEW.minor, 0))
  ON CONFLICT DO UPDATE SET
    conversions = conversions + 1, points = points + excluded.points,
    claimed = claimed + excluded.claimed, verified = verified + excluded.verified;
END;

CREATE TRIGGER conversion_counts_no_more AFTER DELETE ON conversions
BEGIN
  UPDATE daily SET
    conversions = conversions - 1, points = points - OLD.points,
    claimed = claimed - iif(OLD.money = 'claimed', OLD.minor, 0),
    verified = verified - iif(OLD.money = 'verified', OLD.minor, 0)
  WHERE site = OLD.site AND day = OLD.day AND definition = OLD.definition
    AND currency = coalesce(OLD.currency, '');

  DELETE FROM daily
  WHERE site = OLD.site AND day = OLD.day AND definition = OLD.definition
    AND currency = coalesce(OLD.currency, '') AND conversions = 0;
END;

CREATE TRIGGER conversion_counts_anew
AFTER UPDATE OF site, definition, day, points, minor, currency, money ON conversions
BEGIN
  UPDATE daily SET
    conversions = conversions - 1, points = points - OLD.points,
    claimed = claimed - iif(OLD.money = 'claimed', OLD.minor, 0),
    verified = verified - iif(OLD.money = 'verified', OLD.minor, 0)
  WHERE site = OLD.site AND day = OLD.day AND definition = OLD.definition
    AND currency = coalesce(OLD.currency, '');

  INSERT INTO daily (site, day, definition, currency, conversions, points, claimed, verified)
  VALUES (
    NEW.site, NEW.day, NEW.definition, coalesce(NEW.currency, ''), 1, NEW.points,
    iif(NEW.money = 'claimed', NEW.minor, 0), iif(NEW.money = 'verified', NEW.minor, 0))
  ON CONFLICT DO UPDATE SET
    conversions = conversions + 1, points = points + excluded.points,
    claimed = claimed + excluded.claimed, verified = verified + excluded.verified;

  DELETE FROM daily
  WHERE site = OLD.site AND day = OLD.day AND definition = OLD.definition
    AND currency = coalesce(OLD.currency, '') AND conversions = 0;
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
