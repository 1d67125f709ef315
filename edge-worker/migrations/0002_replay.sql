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
  cursor     BLOB NOT NULL,      -- the last observation looked at; empty before the first
  steps      INTEGER NOT NULL,
  replayed   INTEGER NOT NULL,   -- observations evaluated again
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
