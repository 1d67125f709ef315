-- What a deployment last did by itself, and what its nightly check found. Few rows, written seldom.

-- The last run of the cron.
CREATE TABLE cron_run (
  one      INTEGER PRIMARY KEY CHECK (one = 1),
  began_at INTEGER NOT NULL,
  ended_at INTEGER,               -- NULL: it is under way, or was cut off
  took_ms  INTEGER,               -- of the last that came to its end
  failed   TEXT NOT NULL,         -- JSON: its steps that failed; those of the run before while under way
  failures INTEGER NOT NULL       -- runs in a row that were cut off or had such a step
) STRICT;

-- The last batch of the queue that was noted: one a minute at most.
CREATE TABLE queue_batch (
  one       INTEGER PRIMARY KEY CHECK (one = 1),
  at        INTEGER NOT NULL,
  oldest_ms INTEGER NOT NULL,     -- how long its oldest message had waited
  messages  INTEGER NOT NULL
) STRICT;

-- How far the nightly check is. A part is walked in steps, from one night to the next; once it is at
-- its end, it begins anew.
CREATE TABLE checks (
  site     TEXT NOT NULL,
  part     TEXT NOT NULL,         -- 'conversions', 'evidence', 'figures' or 'totals'
  night    TEXT NOT NULL,         -- the day (UTC) of the last night in which it was its turn
  done     INTEGER NOT NULL,      -- 1 once it is over for that night
  steps    INTEGER NOT NULL,      -- of that night
  compared INTEGER NOT NULL,      -- rows, in that night
  skipped  INTEGER NOT NULL,      -- too large to be compared, in that night
  rows_read INTEGER NOT NULL,     -- what that night has cost so far
  cursor   TEXT NOT NULL,         -- JSON: where it goes on; '' at the beginning
  began_at INTEGER NOT NULL,      -- when it last began at the beginning
  at       INTEGER NOT NULL,      -- its last step
  PRIMARY KEY (site, part)
) STRICT, WITHOUT ROWID;

-- Where something kept is not what follows from its rows. A row leaves when a whole walk has not met
-- it again.
CREATE TABLE differences (
  site     TEXT NOT NULL,
  part     TEXT NOT NULL,
  what     TEXT NOT NULL,         -- such as a definition and an observation's id; never whose it is
  detail   TEXT NOT NULL,
  found_at INTEGER NOT NULL,
  seen_at  INTEGER NOT NULL,
  PRIMARY KEY (site, part, what)
) STRICT, WITHOUT ROWID;
