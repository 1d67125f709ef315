-- Conversions, and the people and refunds that decide about them. Code writes nothing of this: all
-- of it follows by triggers from the observations that were really inserted, so that no copy, retry
-- or race can count twice, and in whatever order they arrive the end is the same.
--
-- A view that can be inserted into is a procedure: its trigger does the work, and no row is written
-- for the call. In a trigger SQLite takes a partial index only where its condition is written out:
-- hence `IS NOT NULL` beside `=`. And it takes a primary key's first column for as good as an index
-- of its own: hence `+site`, which leaves it the index that begins with the person.

-- Each copy of each conversion: an observation's word that a definition happened. Rows are only
-- added. When a person becomes known, `who` and `contact` of that person's rows follow.
CREATE TABLE evidence (
  site         TEXT NOT NULL,
  definition   TEXT NOT NULL,
  scope        TEXT NOT NULL,
  who          TEXT NOT NULL,     -- 'contact …' or 'visitor …' where a person counts once, else ''
  dedup        TEXT NOT NULL,
  observation  BLOB NOT NULL,
  kind         TEXT NOT NULL,     -- 'goal' or 'outcome'
  time         INTEGER NOT NULL,
  day          TEXT NOT NULL,
  points       INTEGER NOT NULL,
  minor        INTEGER,
  currency     TEXT,
  money        TEXT,              -- 'claimed' by a page or 'verified' by a server; NULL without
  token        TEXT,              -- why the page's order token did not verify it
  order_number TEXT,
  visitor      BLOB,
  session      BLOB,
  identity     TEXT,              -- that the observation itself named
  contact      TEXT,              -- whose it is, as known today
  source       TEXT NOT NULL,
  plan         TEXT NOT NULL,
  batch        BLOB NOT NULL,
  PRIMARY KEY (site, definition, scope, who, dedup, observation)
) STRICT, WITHOUT ROWID;

CREATE INDEX evidence_by_visitor ON evidence (visitor, site, time) WHERE visitor IS NOT NULL;
CREATE INDEX evidence_by_identity ON evidence (identity, site) WHERE identity IS NOT NULL;

-- One row per conversion: its counting key is its identity, and its copies together make the rest.
-- The earliest copy says when and what, the earliest verified one else the earliest claimed one how
-- much, and the earliest of a browser, the page before a pixel, who came how.
CREATE TABLE conversions (
  site         TEXT NOT NULL,
  definition   TEXT NOT NULL,
  scope        TEXT NOT NULL,
  who          TEXT NOT NULL,
  dedup        TEXT NOT NULL,
  kind         TEXT NOT NULL,
  time         INTEGER NOT NULL,
  day          TEXT NOT NULL,
  points       INTEGER NOT NULL,
  observation  BLOB NOT NULL,     -- the earliest copy
  source       TEXT NOT NULL,     -- of the earliest copy
  plan         TEXT NOT NULL,
  batch        BLOB NOT NULL,
  minor        INTEGER,
  currency     TEXT,
  money        TEXT,
  order_number TEXT,              -- of the copy that says how much
  money_rank   INTEGER NOT NULL,  -- kind and time of that copy, see `fold`: the smallest decides
  money_from   BLOB NOT NULL,     -- that copy
  visitor      BLOB,
  session      BLOB,
  browser_rank INTEGER NOT NULL,  -- of the copy that says who came: likewise
  browser_from BLOB NOT NULL,
  contact      TEXT,              -- as known today
  refunded     INTEGER NOT NULL DEFAULT 0, -- of `minor`, and never more
  voided       INTEGER NOT NULL DEFAULT 0, -- 1 where all of it was given back, at once or in parts
  -- Whose it is: what people are counted by.
  person       TEXT NOT NULL GENERATED ALWAYS AS (
    CASE
      WHEN contact IS NOT NULL THEN 'contact ' || contact
      WHEN visitor IS NOT NULL THEN 'visitor ' || lower(hex(visitor))
      ELSE 'observation ' || lower(hex(observation))
    END),
  PRIMARY KEY (site, definition, scope, who, dedup)
) STRICT, WITHOUT ROWID;

CREATE INDEX conversions_by_day ON conversions (site, day, time);
CREATE INDEX conversions_by_person ON conversions (person, site, day);
CREATE INDEX conversions_by_order ON conversions (order_number, site)
  WHERE order_number IS NOT NULL;

-- What servers reported as given back.
CREATE TABLE refunds (
  site         TEXT NOT NULL,
  observation  BLOB NOT NULL,
  order_number TEXT NOT NULL,
  minor        INTEGER,           -- NULL: all of it
  currency     TEXT,
  time         INTEGER NOT NULL,
  day          TEXT NOT NULL,
  reason       TEXT,
  PRIMARY KEY (site, observation)
) STRICT, WITHOUT ROWID;

-- It has all that is asked of an order: else SQLite would rather walk the whole site.
CREATE INDEX refunds_by_order ON refunds (site, order_number, minor, currency);
CREATE INDEX refunds_by_day ON refunds (site, day);

-- Whom a visitor turned out to be: by the earliest identification, whenever it arrives.
CREATE TABLE known_visitors (
  site        TEXT NOT NULL,
  visitor     BLOB NOT NULL,
  contact     TEXT,               -- as in `identities`, where it is linked there
  observation BLOB,
  PRIMARY KEY (site, visitor)
) STRICT, WITHOUT ROWID;

CREATE INDEX known_visitors_by_contact ON known_visitors (contact, site);

-- Identities that a server has linked: all that are linked, directly or through others, are one
-- contact, known by the smallest of them. An identity without a row is a contact of its own.
CREATE TABLE identities (
  site     TEXT NOT NULL,
  identity TEXT NOT NULL,
  contact  TEXT NOT NULL,
  PRIMARY KEY (site, identity)
) STRICT, WITHOUT ROWID;

CREATE INDEX identities_by_contact ON identities (contact, site);

-- From observations to evidence.

CREATE TRIGGER observation_converts AFTER INSERT ON observations WHEN NEW.verdict IS NOT NULL
BEGIN
  INSERT INTO evidence (
    site, definition, scope, who, dedup, observation, kind, time, day, points,
    minor, currency, money, token, order_number, visitor, session, identity, contact,
    source, plan, batch)
  SELECT
    NEW.site, v.value ->> 'definition', v.value ->> 'scope',
    iif(v.value ->> 'who' IS NULL, '', coalesce('contact ' || whose.contact, v.value ->> 'who')),
    coalesce(v.value ->> 'dedup', ''), NEW.id, v.value ->> 'kind', NEW.time, NEW.day,
    coalesce(v.value ->> 'points', 0), v.value ->> 'minor', v.value ->> 'currency',
    coalesce(v.value ->> 'money', iif(v.value ->> 'minor' IS NULL, NULL, 'claimed')),
    v.value ->> 'token', NEW.order_number, NEW.visitor, NEW.session,
    NEW.contact, whose.contact, NEW.source, NEW.plan, NEW.batch
  FROM (
    SELECT coalesce(
      (SELECT contact FROM identities WHERE site = NEW.site AND identity = NEW.contact),
      NEW.contact,
      (SELECT contact FROM known_visitors WHERE site = NEW.site AND visitor = NEW.visitor)
    ) AS contact) AS whose
  CROSS JOIN json_each(NEW.verdict) AS v;
END;

-- From evidence to conversions: the fold, copy by copy. Each part of a conversion is decided by one
-- of its copies: by its kind, then by its time, which are one number, then by its id.

CREATE VIEW fold AS
SELECT
  *,
  time + 1000000000000000 * CASE money WHEN 'verified' THEN 0 WHEN 'claimed' THEN 1 ELSE 2 END
    AS money_rank,
  time + 1000000000000000 * iif(
    visitor IS NULL, 3, CASE source WHEN 'page' THEN 0 WHEN 'pixel' THEN 1 ELSE 2 END)
    AS browser_rank
FROM evidence;

CREATE TRIGGER copy_is_folded INSTEAD OF INSERT ON fold
BEGIN
  INSERT INTO conversions (
    site, definition, scope, who, dedup, kind, time, day, points, observation, source, plan, batch,
    minor, currency, money, order_number, money_rank, money_from,
    visitor, session, browser_rank, browser_from, contact)
  VALUES (
    NEW.site, NEW.definition, NEW.scope, NEW.who, NEW.dedup, NEW.kind, NEW.time, NEW.day,
    NEW.points, NEW.observation, NEW.source, NEW.plan, NEW.batch,
    NEW.minor, NEW.currency, NEW.money, NEW.order_number, NEW.money_rank, NEW.observation,
    NEW.visitor, iif(NEW.visitor IS NULL, NULL, NEW.session), NEW.browser_rank, NEW.observation,
    NEW.contact)
  ON CONFLICT DO NOTHING;

  UPDATE conversions SET
    kind = NEW.kind, time = NEW.time, day = NEW.day, points = NEW.points,
    observation = NEW.observation, source = NEW.source, plan = NEW.plan, batch = NEW.batch
  WHERE site = NEW.site AND definition = NEW.definition AND scope = NEW.scope AND who = NEW.who
    AND dedup = NEW.dedup AND (time, observation) > (NEW.time, NEW.observation);

  UPDATE conversions SET
    minor = NEW.minor, currency = NEW.currency, money = NEW.money,
    order_number = NEW.order_number, refunded = 0, voided = 0,
    money_rank = NEW.money_rank, money_from = NEW.observation
  WHERE site = NEW.site AND definition = NEW.definition AND scope = NEW.scope AND who = NEW.who
    AND dedup = NEW.dedup AND (money_rank, money_from) > (NEW.money_rank, NEW.observation);

  UPDATE conversions SET
    visitor = NEW.visitor, session = iif(NEW.visitor IS NULL, NULL, NEW.session),
    browser_rank = NEW.browser_rank, browser_from = NEW.observation
  WHERE site = NEW.site AND definition = NEW.definition AND scope = NEW.scope AND who = NEW.who
    AND dedup = NEW.dedup
    AND (browser_rank, browser_from) > (NEW.browser_rank, NEW.observation);

  UPDATE conversions SET contact = NEW.contact
  WHERE site = NEW.site AND definition = NEW.definition AND scope = NEW.scope AND who = NEW.who
    AND dedup = NEW.dedup AND iif(contact IS NULL, NEW.contact IS NOT NULL, contact > NEW.contact);

  INSERT INTO refunded_orders (site, order_number)
  SELECT NEW.site, NEW.order_number WHERE NEW.order_number IS NOT NULL;
END;

-- Most copies decide nothing: a page is viewed again. They are told by one look at the conversion.
CREATE TRIGGER copy_is_new AFTER INSERT ON evidence
BEGIN
  INSERT INTO fold
  SELECT * FROM fold AS f
  WHERE site = NEW.site AND definition = NEW.definition AND scope = NEW.scope AND who = NEW.who
    AND dedup = NEW.dedup AND observation = NEW.observation
    AND NOT EXISTS (
      SELECT 1 FROM conversions AS c
      WHERE c.site = NEW.site AND c.definition = NEW.definition AND c.scope = NEW.scope
        AND c.who = NEW.who AND c.dedup = NEW.dedup
        AND (c.time, c.observation) < (NEW.time, NEW.observation)
        AND (c.money_rank, c.money_from) < (f.money_rank, NEW.observation)
        AND (c.browser_rank, c.browser_from) < (f.browser_rank, NEW.observation)
        AND (c.contact <= NEW.contact OR NEW.contact IS NULL));
END;

-- A key that has lost copies is folded anew from those that it has.
CREATE VIEW refold AS SELECT site, definition, scope, who, dedup FROM evidence;

CREATE TRIGGER key_is_folded_anew INSTEAD OF INSERT ON refold
BEGIN
  DELETE FROM conversions
  WHERE site = NEW.site AND definition = NEW.definition AND scope = NEW.scope AND who = NEW.who
    AND dedup = NEW.dedup;

  INSERT INTO fold
  SELECT * FROM fold
  WHERE site = NEW.site AND definition = NEW.definition AND scope = NEW.scope AND who = NEW.who
    AND dedup = NEW.dedup;
END;

CREATE TRIGGER copy_is_gone AFTER DELETE ON evidence
BEGIN
  INSERT INTO refold (site, definition, scope, who, dedup)
  VALUES (OLD.site, OLD.definition, OLD.scope, OLD.who, OLD.dedup);
END;

-- Refunds: what is left of an order's conversions.

CREATE VIEW refunded_orders AS SELECT site, order_number FROM refunds;

CREATE TRIGGER order_is_refunded INSTEAD OF INSERT ON refunded_orders
BEGIN
  UPDATE conversions SET
    refunded = iif(
      EXISTS (
        SELECT 1 FROM refunds AS r
        WHERE r.site = NEW.site AND r.order_number = NEW.order_number AND r.minor IS NULL),
      max(0, coalesce(minor, 0)),
      min(max(0, coalesce(minor, 0)), (
        SELECT coalesce(sum(r.minor), 0) FROM refunds AS r
        WHERE r.site = NEW.site AND r.order_number = NEW.order_number
          AND coalesce(r.currency, conversions.currency) IS conversions.currency)))
  WHERE +site = NEW.site AND order_number = NEW.order_number AND order_number IS NOT NULL
    AND EXISTS (
      SELECT 1 FROM refunds AS r
      WHERE r.site = NEW.site AND r.order_number = NEW.order_number);

  UPDATE conversions SET
    voided = refunded > 0 AND refunded = minor OR EXISTS (
      SELECT 1 FROM refunds AS r
      WHERE r.site = NEW.site AND r.order_number = NEW.order_number AND r.minor IS NULL)
  WHERE +site = NEW.site AND order_number = NEW.order_number AND order_number IS NOT NULL
    AND EXISTS (
      SELECT 1 FROM refunds AS r
      WHERE r.site = NEW.site AND r.order_number = NEW.order_number);
END;

CREATE TRIGGER observation_refunds AFTER INSERT ON observations WHEN NEW.refund IS NOT NULL
BEGIN
  INSERT INTO refunds (site, observation, order_number, minor, currency, time, day, reason)
  VALUES (
    NEW.site, NEW.id, NEW.order_number, NEW.refund ->> 'minor', NEW.refund ->> 'currency',
    NEW.time, NEW.day, NEW.refund ->> 'reason');
END;

CREATE TRIGGER refund_is_new AFTER INSERT ON refunds
BEGIN
  INSERT INTO refunded_orders (site, order_number) VALUES (NEW.site, NEW.order_number);
END;

-- Who is who. Rows of evidence follow, and the keys that they leave and come to are folded anew.

CREATE TRIGGER observation_identifies AFTER INSERT ON observations
WHEN NEW.contact IS NOT NULL AND NEW.visitor IS NOT NULL
BEGIN
  INSERT INTO known_visitors (site, visitor) VALUES (NEW.site, NEW.visitor)
  ON CONFLICT DO NOTHING;

  UPDATE known_visitors SET
    contact = coalesce(
      (SELECT contact FROM identities WHERE site = NEW.site AND identity = NEW.contact),
      NEW.contact),
    observation = NEW.id
  WHERE site = NEW.site AND visitor = NEW.visitor
    AND (observation IS NULL OR observation > NEW.id);
END;

CREATE TRIGGER visitor_is_known AFTER UPDATE OF contact ON known_visitors
WHEN NEW.contact IS NOT OLD.contact
BEGIN
  UPDATE evidence SET contact = NEW.contact, who = iif(who = '', '', 'contact ' || NEW.contact)
  WHERE +site = NEW.site AND visitor = NEW.visitor AND visitor IS NOT NULL
    AND identity IS NULL;

  INSERT INTO refold (site, definition, scope, who, dedup)
  SELECT
    site, definition, scope,
    iif(who = '', '', coalesce('contact ' || OLD.contact, 'visitor ' || lower(
      substr(hex(visitor), 1, 8) || '-' || substr(hex(visitor), 9, 4) || '-'
      || substr(hex(visitor), 13, 4) || '-' || substr(hex(visitor), 17, 4) || '-'
      || substr(hex(visitor), 21)))),
    dedup
  FROM evidence WHERE +site = NEW.site AND visitor = NEW.visitor AND visitor IS NOT NULL
    AND identity IS NULL
  UNION
  SELECT site, definition, scope, who, dedup
  FROM evidence WHERE +site = NEW.site AND visitor = NEW.visitor AND visitor IS NOT NULL
    AND identity IS NULL;
END;

CREATE TRIGGER observation_links AFTER INSERT ON observations WHEN NEW.identities IS NOT NULL
BEGIN
  INSERT INTO renamed_identities (site, identity, was, contact)
  SELECT NEW.site, part.identity, part.was, whole.contact
  FROM (
    SELECT min(coalesce(k.contact, m.value)) AS contact
    FROM json_each(NEW.identities) AS m
    LEFT JOIN identities AS k ON k.site = NEW.site AND k.identity = m.value) AS whole
  CROSS JOIN (
    SELECT m.value AS identity, m.value AS was
    FROM json_each(NEW.identities) AS m
    WHERE NOT EXISTS (
      SELECT 1 FROM identities AS k WHERE k.site = NEW.site AND k.identity = m.value)
    UNION
    SELECT other.identity, other.contact
    FROM json_each(NEW.identities) AS m
    CROSS JOIN identities AS k ON k.site = NEW.site AND k.identity = m.value
    CROSS JOIN identities AS other ON +other.site = NEW.site AND other.contact = k.contact) AS part;
END;

CREATE VIEW renamed_identities AS SELECT site, identity, contact AS was, contact FROM identities;

CREATE TRIGGER identity_is_renamed INSTEAD OF INSERT ON renamed_identities
BEGIN
  INSERT INTO identities (site, identity, contact)
  VALUES (NEW.site, NEW.identity, NEW.contact)
  ON CONFLICT DO UPDATE SET contact = excluded.contact WHERE contact <> excluded.contact;

  UPDATE evidence SET contact = NEW.contact, who = iif(who = '', '', 'contact ' || NEW.contact)
  WHERE +site = NEW.site AND identity = NEW.identity AND identity IS NOT NULL
    AND contact <> NEW.contact;

  INSERT INTO refold (site, definition, scope, who, dedup)
  SELECT site, definition, scope, iif(who = '', '', 'contact ' || NEW.was), dedup
  FROM evidence
  WHERE +site = NEW.site AND identity = NEW.identity AND identity IS NOT NULL
    AND NEW.was <> NEW.contact
  UNION
  SELECT site, definition, scope, who, dedup
  FROM evidence
  WHERE +site = NEW.site AND identity = NEW.identity AND identity IS NOT NULL
    AND NEW.was <> NEW.contact;

  UPDATE known_visitors SET contact = NEW.contact
  WHERE +site = NEW.site AND contact = NEW.was AND NEW.was <> NEW.contact;
END;
