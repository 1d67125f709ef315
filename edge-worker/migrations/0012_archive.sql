-- The archive: which observations are in which file of the bucket, and which have left this database
-- for it. The files are the bucket's; what they hold is decided here.

-- How far each site is archived. Observations up to the cursor are in a part, or are listed below.
CREATE TABLE archive_sites (
  site   TEXT PRIMARY KEY,
  cursor BLOB NOT NULL,           -- an observation's id; empty before the first
  steps  INTEGER NOT NULL         -- a step that runs beside another fails on it
) STRICT, WITHOUT ROWID;

-- The files. A part is claimed before it is written: what it holds is fixed then, so a step that
-- died is repeated with the same file. It holds the observations of a range of ids but for those
-- that are listed as late, and those late ones that bear its day and number.
CREATE TABLE archive_parts (
  site       TEXT NOT NULL,
  day        TEXT NOT NULL,       -- of all of its observations, in the site's time zone
  part       INTEGER NOT NULL,    -- counts from 0, anew each day
  after      BLOB NOT NULL,       -- the range: ids beyond this one …
  until      BLOB NOT NULL,       -- … up to this one; the same where it holds late ones alone
  state      TEXT NOT NULL,       -- 'claimed'; 'kept' once the file is there; 'left' once its rows have left
  rows       INTEGER NOT NULL DEFAULT 0,
  bytes      INTEGER NOT NULL DEFAULT 0,
  sha256     TEXT NOT NULL DEFAULT '',
  first      BLOB NOT NULL DEFAULT x'',
  last       BLOB NOT NULL DEFAULT x'',
  people     TEXT NOT NULL DEFAULT '[]', -- JSON: visitors and identities in it, to find whom to forget
  plans      TEXT NOT NULL DEFAULT '[]', -- JSON: the plans that decided about them
  written_at INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (site, day, part)
) STRICT, WITHOUT ROWID;

-- Of each site one part is written at a time.
CREATE UNIQUE INDEX archive_claims ON archive_parts (site) WHERE state = 'claimed';

CREATE INDEX archive_kept ON archive_parts (site, day) WHERE state = 'kept';

-- Observations that came after the cursor had passed their place, or whose id does not say their day
-- because the device's clock was wrong. They wait for a further part of their day.
CREATE TABLE archive_late (
  site      TEXT NOT NULL,
  id        BLOB NOT NULL,
  day       TEXT NOT NULL,
  listed_at INTEGER NOT NULL,
  part      INTEGER,              -- of its day; NULL: it waits
  PRIMARY KEY (site, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX archive_late_by_day ON archive_late (site, day, part, id);

CREATE TRIGGER observation_is_late AFTER INSERT ON observations
WHEN EXISTS (
  SELECT 1 FROM archive_sites AS a
  WHERE a.site = NEW.site AND (NEW.id <= a.cursor OR NEW.clock IS NOT NULL))
BEGIN
  INSERT INTO archive_late (site, id, day, listed_at)
  VALUES (NEW.site, NEW.id, NEW.day, NEW.received_at)
  ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER observation_is_gone AFTER DELETE ON observations
BEGIN
  DELETE FROM archive_late WHERE site = OLD.site AND id = OLD.id;
END;

-- Days whose manifest is to be written anew.
CREATE TABLE archive_due (
  site    TEXT NOT NULL,
  day     TEXT NOT NULL,
  changes INTEGER NOT NULL,       -- since then; only who has seen all of them takes the row away
  PRIMARY KEY (site, day)
) STRICT, WITHOUT ROWID;

-- An observation that has left leaves its id behind, so that a copy is no second item. Of these the
-- items were stored, not let go.
ALTER TABLE dropped ADD COLUMN archived INTEGER NOT NULL DEFAULT 0;
