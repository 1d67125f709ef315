-- Figures that Rust computes from paths and trails: what each arrival brought, how long it took, and
-- how far sessions came in funnels.
--
-- A day is kept for one setting of the plan: how far back paths go, or which funnels there are. It
-- is clean if it is kept for the setting in effect and not stale; any other is computed when asked.

-- Which days are kept, and for which setting. Whoever keeps a day first takes its mark away and
-- claims it here; what arrives meanwhile marks it again, and a later claim takes it over.
CREATE TABLE kept_days (
  site  TEXT NOT NULL,
  part  TEXT NOT NULL,            -- 'credits', 'funnels' or 'groups'
  day   TEXT NOT NULL,
  made_for TEXT NOT NULL,         -- the setting; '' while somebody computes it
  claim TEXT NOT NULL,            -- whose work it is
  PRIMARY KEY (site, part, day)
) STRICT, WITHOUT ROWID;

-- What each model gives to the touches of the day's outcomes, summed by where they came from. An
-- empty channel stands for outcomes without a touch.
CREATE TABLE credits_daily (
  site       TEXT NOT NULL,
  day        TEXT NOT NULL,       -- of the outcome
  definition TEXT NOT NULL,
  model      TEXT NOT NULL,
  channel    TEXT NOT NULL,
  source     TEXT NOT NULL,
  campaign   TEXT NOT NULL,
  currency   TEXT NOT NULL,       -- '' without an amount
  money      TEXT NOT NULL,       -- 'claimed' or 'verified'; '' without an amount
  minor      INTEGER NOT NULL,    -- less what was refunded
  parts      INTEGER NOT NULL,    -- millionths of outcomes; 0 of one that was voided
  PRIMARY KEY (site, day, definition, model, channel, source, campaign, currency, money)
) STRICT, WITHOUT ROWID;

-- How long the day's outcomes took from their first touch. The lists are JSON: a value, and how many
-- took so long.
CREATE TABLE velocity_daily (
  site       TEXT NOT NULL,
  day        TEXT NOT NULL,
  definition TEXT NOT NULL,
  outcomes   INTEGER NOT NULL,    -- with a touch
  untouched  INTEGER NOT NULL,    -- without
  took_ms    INTEGER NOT NULL,    -- all of them together
  seconds    TEXT NOT NULL,       -- with three digits, then noughts
  days       TEXT NOT NULL,       -- whole ones
  visits     TEXT NOT NULL,
  PRIMARY KEY (site, day, definition)
) STRICT, WITHOUT ROWID;

-- How often visitors went from one arrival to the next, by the day of the latter; part 'traffic'.
-- '' stands for a beginning, and each value has a '=' before it.
CREATE TABLE steps_daily (
  site      TEXT NOT NULL,
  day       TEXT NOT NULL,
  dimension TEXT NOT NULL,        -- 'channel', 'source' or 'campaign'
  came_from TEXT NOT NULL,
  went_to   TEXT NOT NULL,
  steps     INTEGER NOT NULL,
  PRIMARY KEY (site, day, dimension, came_from, went_to)
) STRICT, WITHOUT ROWID;

-- How many of the day's sessions reached each step of each funnel of the plan whose way is a session:
-- all of them, and told apart by one thing at a time.
CREATE TABLE funnels_daily (
  site      TEXT NOT NULL,
  day       TEXT NOT NULL,        -- of the session
  dimension TEXT NOT NULL,        -- 'channel', 'device' or 'country'; '' is nothing
  funnel    TEXT NOT NULL,
  value     TEXT NOT NULL,
  step      INTEGER NOT NULL,     -- from 1; 0 stands for sessions that the funnel excludes
  reached   INTEGER NOT NULL,
  seconds   TEXT NOT NULL,        -- since the step before: JSON as in velocity_daily
  PRIMARY KEY (site, day, dimension, funnel, value, step)
) STRICT, WITHOUT ROWID;

-- Nobody's session leads to what happened in it, which names no visitor to be found by.
CREATE TRIGGER nobodys_session_changes_days INSTEAD OF INSERT ON changed_sessions
WHEN NEW.visitor = x''
BEGIN
  INSERT INTO stale_days (site, part, day)
  VALUES (NEW.site, 'credits', NEW.day), (NEW.site, 'credits', date(NEW.day, '+1 day'))
  ON CONFLICT DO NOTHING;
END;

-- All that there is already has to be kept for the first time.
INSERT INTO stale_days (site, part, day)
SELECT DISTINCT site, 'credits', day FROM conversions
UNION ALL
SELECT DISTINCT s.site, part.name, s.day
FROM sessions AS s, (SELECT 'traffic' AS name UNION ALL SELECT 'funnels') AS part
WHERE true
ON CONFLICT DO NOTHING;
