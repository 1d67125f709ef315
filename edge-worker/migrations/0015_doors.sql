-- What speaks against an observation that is kept all the same, words with spaces between:
-- 'data_centre' where no person lives, 'sandboxed' of a page without an origin. NULL: nothing.
ALTER TABLE observations ADD COLUMN doubts TEXT;

-- How many observations were stored with each, by the day (UTC) of their arrival.
CREATE TABLE doubts (
  site  TEXT NOT NULL,
  day   TEXT NOT NULL,
  doubt TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (site, day, doubt)
) STRICT, WITHOUT ROWID;

-- Whose names an erasure takes, by which more of them are found; NULL once it has ended.
ALTER TABLE erasures ADD COLUMN person TEXT;
