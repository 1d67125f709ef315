-- Funnels are kept of sessions, and how far one came depends on no other: a trail that changes makes its own
-- day stale, and who somebody turns out to be makes none. Both triggers are as before but for that.

DROP TRIGGER trail_changes_days;

CREATE TRIGGER trail_changes_days INSTEAD OF INSERT ON changed_trails
BEGIN
  INSERT INTO stale_days (site, part, day)
  VALUES (NEW.site, 'traffic', NEW.day), (NEW.site, 'funnels', NEW.day)
  ON CONFLICT DO NOTHING;
END;

DROP TRIGGER person_changes_days;

CREATE TRIGGER person_changes_days AFTER UPDATE OF contact ON known_visitors
WHEN NEW.contact IS NOT OLD.contact
BEGIN
  INSERT INTO stale_days (site, part, day)
  SELECT DISTINCT NEW.site, part.name, day FROM conversions INDEXED BY conversions_by_person
  CROSS JOIN (SELECT 'conversions' AS name UNION ALL SELECT 'credits') AS part
  WHERE +site = NEW.site
    AND person IN ('contact ' || OLD.contact, 'contact ' || NEW.contact)
  ON CONFLICT DO NOTHING;
END;
