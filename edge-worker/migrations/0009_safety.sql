-- Who may ask, by a name that people know it by; and how much of one day may wait in quarantine.

ALTER TABLE tokens ADD COLUMN name TEXT NOT NULL DEFAULT '';

-- Bytes that went to quarantine, by the day (UTC) of their arrival. All sites without a plan share
-- the row of the empty name, since anybody can name a site that is not there.
CREATE TABLE quarantine_days (
  site  TEXT NOT NULL,
  day   TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (site, day)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER quarantine_is_measured AFTER INSERT ON quarantine
BEGIN
  INSERT INTO quarantine_days (site, day, bytes)
  VALUES (
    iif(NEW.reason = 'unknown_site', '', NEW.site),
    date(NEW.received_at / 1000, 'unixepoch'), length(NEW.body) + 256)
  ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes;
END;
