-- Replays: what another plan makes of the observations that are stored.

CREATE TABLE replays (
  site       TEXT NOT NULL,
  id         BLOB NOT NULL,
  plan       TEXT NOT NULL,      -- hash of the plan that is tried
  source     TEXT NOT NULL,      -- that plan as JSON: a dry run need not publish it
  from_day   TEXT NOT NULL,      -- the days whose observations it is about; '' without a bound
  to_day     TEXT NOT NULL,
  apply      INTEGER NOT NULL,   -- whether the plan's verdicts take the place of the stored ones
  state      TEXT NOT NULL,      -- 'running', then 'done', 'applied' or 'failed'
  part       TEXT NOT NULL,      -- 'stored', then 'quarantined': what is replayed
  cursor     BLOB NOT NULL,      -- the last row of it looked at; empty before the first
  steps      INTEGER NOT NULL,
  replayed   INTEGER NOT NULL,   -- observations evaluated again
  accepted   INTEGER NOT NULL,   -- items of the quarantine that the plan accepts
  diff       TEXT,               -- JSON: the difference, once the replay is at its end
  problem    TEXT,               -- why it failed
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (site, id)
) STRICT, WITHOUT ROWID;

-- Of each site one runs at a time: two would each see the other half done.
CREATE UNIQUE INDEX replays_running ON replays (site) WHERE state = 'running';

-- Every counting key that a running replay has met. Of `old`, `new` and `why` the smallest text
-- stands, so that parts may be replayed in any order and again: see core's `replay::Diff`.
CREATE TABLE replay_keys (
  replay     BLOB NOT NULL,
  definition TEXT NOT NULL,
  scope      TEXT NOT NULL,
  who        TEXT NOT NULL,
  dedup      TEXT NOT NULL,
  old        TEXT,               -- the copy that decided; NULL: it did not happen
  new        TEXT,               -- the copy that will decide; NULL: it will not happen
  why        TEXT,               -- an observation and the reason there; NULL: nothing changes
  PRIMARY KEY (replay, definition, scope, who, dedup)
) STRICT, WITHOUT ROWID;

-- Another verdict takes the place of one: what followed from the old one goes, and what follows from
-- the new one comes, as it does with a new observation.
CREATE TRIGGER observation_converts_anew AFTER UPDATE OF verdict, plan, day ON observations
BEGIN
  DELETE FROM evidence
  WHERE (site, definition, scope, who, dedup, observation) IN (
    SELECT
      OLD.site, v.value ->> 'definition', v.value ->> 'scope',
      iif(v.value ->> 'who' IS NULL, '', coalesce('contact ' || whose.contact, v.value ->> 'who')),
      coalesce(v.value ->> 'dedup', ''), OLD.id
    FROM (
      SELECT coalesce(
        (SELECT contact FROM identities WHERE site = OLD.site AND identity = OLD.contact),
        OLD.contact,
        (SELECT contact FROM known_visitors WHERE site = OLD.site AND visitor = OLD.visitor)
      ) AS contact) AS whose
    CROSS JOIN json_each(OLD.verdict) AS v);

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

CREATE TRIGGER refund_is_of_another_day AFTER UPDATE OF day ON observations
WHEN NEW.refund IS NOT NULL AND NEW.day <> OLD.day
BEGIN
  UPDATE refunds SET day = NEW.day WHERE site = NEW.site AND observation = NEW.id;

  INSERT INTO stale_days (site, part, day)
  VALUES (NEW.site, 'conversions', OLD.day), (NEW.site, 'conversions', NEW.day)
  ON CONFLICT DO NOTHING;
END;

-- An observation's share of its session under another plan: what it adds to the trail, how many
-- definitions it matched, and how the session began, if it began with it.
CREATE VIEW retold AS
SELECT
  site, visitor, session, trail AS was, trail AS now, matches AS more, started_at AS time, day, entry
FROM sessions;

CREATE TRIGGER session_is_retold INSTEAD OF INSERT ON retold
BEGIN
  UPDATE sessions SET
    trail = replace(trail, NEW.was, NEW.now),
    matches = matches + NEW.more,
    day = iif(started_at = NEW.time, NEW.day, day),
    entry = iif(substr(entry, 1, 11) = substr(NEW.entry, 1, 11), NEW.entry, entry)
  WHERE site = NEW.site AND visitor = NEW.visitor AND session = NEW.session
    AND (NEW.was <> NEW.now
      OR (started_at = NEW.time AND day <> NEW.day)
      OR (substr(entry, 1, 11) = substr(NEW.entry, 1, 11) AND entry <> NEW.entry));
END;
