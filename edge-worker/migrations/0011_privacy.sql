-- What the law lets people ask for, an end to what is kept, and who did what.

-- What is known of whoever was erased: digests of their names, see core's erasure. An item that bears
-- such a name and happened before `until` is let go.
CREATE TABLE erased (
  site    TEXT NOT NULL,
  subject BLOB NOT NULL,
  until   INTEGER NOT NULL,
  PRIMARY KEY (site, subject)
) STRICT, WITHOUT ROWID;

-- Erasures. The names are there for as long as one is under way, and then nowhere.
CREATE TABLE erasures (
  site         TEXT NOT NULL,
  id           BLOB NOT NULL,
  subject      BLOB NOT NULL,     -- the tombstone of the name that was asked for
  state        TEXT NOT NULL,     -- 'running', then 'done'
  store        TEXT NOT NULL,     -- where it is looked for now
  cursor       BLOB NOT NULL,     -- the last row of it looked at; empty before the first
  steps        INTEGER NOT NULL,
  visitors     TEXT NOT NULL,     -- JSON, in hexadecimal
  identities   TEXT NOT NULL,     -- JSON
  orders       TEXT NOT NULL,     -- JSON
  observations INTEGER NOT NULL,  -- erased so far
  quarantined  INTEGER NOT NULL,  -- likewise
  created_at   INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL,
  PRIMARY KEY (site, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX erasures_running ON erasures (updated_at) WHERE state = 'running';

-- Who did what. A subject is a version, an id or a tombstone, never what names a person.
CREATE TABLE audit (
  site    TEXT NOT NULL,
  id      BLOB NOT NULL,          -- begins with the time
  token   TEXT NOT NULL,          -- the token's id; 'owner': the deployment's own
  act     TEXT NOT NULL,
  subject TEXT NOT NULL,
  PRIMARY KEY (site, id)
) STRICT, WITHOUT ROWID;

-- A refund leaves with its order.
CREATE TRIGGER refund_is_gone AFTER DELETE ON refunds
BEGIN
  INSERT INTO stale_days (site, part, day) VALUES (OLD.site, 'conversions', OLD.day)
  ON CONFLICT DO NOTHING;
END;

-- An observation may have left before what follows from it: if it comes once more, that is there.

DROP TRIGGER observation_converts;

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
  CROSS JOIN json_each(NEW.verdict) AS v
  WHERE true
  ON CONFLICT DO NOTHING;
END;

DROP TRIGGER observation_refunds;

CREATE TRIGGER observation_refunds AFTER INSERT ON observations WHEN NEW.refund IS NOT NULL
BEGIN
  INSERT INTO refunds (site, observation, order_number, minor, currency, time, day, reason)
  VALUES (
    NEW.site, NEW.id, NEW.order_number, NEW.refund ->> 'minor', NEW.refund ->> 'currency',
    NEW.time, NEW.day, NEW.refund ->> 'reason')
  ON CONFLICT DO NOTHING;
END;
