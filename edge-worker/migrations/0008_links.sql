-- What became of the tokens with which visitors came from one of a site's hosts to another, by the day
-- (UTC): 'ok', or why it proved nothing. Nothing of a token or of a visitor is kept here.
CREATE TABLE links (
  site    TEXT NOT NULL,
  day     TEXT NOT NULL,
  outcome TEXT NOT NULL,
  count   INTEGER NOT NULL,
  PRIMARY KEY (site, day, outcome)
) STRICT, WITHOUT ROWID;
