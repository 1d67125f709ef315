-- What became of carts, by the day on which the session began that they were begun in; part 'carts'.

CREATE TABLE carts_daily (
  site      TEXT NOT NULL,
  day       TEXT NOT NULL,        -- of the session
  begun     TEXT NOT NULL,        -- of the first product: this day or the next
  channel   TEXT NOT NULL,        -- of the session, as the device
  device    TEXT NOT NULL,
  bought    INTEGER NOT NULL,     -- in time
  abandoned INTEGER NOT NULL,     -- when the day was kept, whether or not they were bought later
  recovered INTEGER NOT NULL,     -- of those, bought after all
  waiting   TEXT NOT NULL,        -- JSON: when each of the others is given up
  PRIMARY KEY (site, day, begun, channel, device)
) STRICT, WITHOUT ROWID;

-- A person's carts have changed: the days of all sessions in which that visitor, or anyone who is the
-- same contact, put something into one. A purchase may buy what was put together long before.
CREATE VIEW changed_carts AS SELECT site, visitor, contact FROM known_visitors;

CREATE TRIGGER carts_change_days INSTEAD OF INSERT ON changed_carts
BEGIN
  INSERT INTO stale_days (site, part, day)
  SELECT DISTINCT NEW.site, 'carts', +s.day
  FROM sessions AS s
  WHERE s.site = NEW.site AND s.visitor <> x'' AND s.visitor IN (
      SELECT NEW.visitor
      UNION ALL
      SELECT visitor FROM known_visitors WHERE +site = NEW.site AND contact = NEW.contact)
    AND instr(s.trail, '"commerce","add_to_cart",') > 0
  ON CONFLICT DO NOTHING;
END;

-- Which steps change carts is told as by `sessions_with_carts`.
CREATE TRIGGER session_begins_with_step_of_cart AFTER INSERT ON sessions
WHEN instr(NEW.trail, '"commerce","add_to_cart",') > 0
  OR instr(NEW.trail, '"commerce","purchase",') > 0
BEGIN
  INSERT INTO stale_days (site, part, day) VALUES (NEW.site, 'carts', NEW.day)
  ON CONFLICT DO NOTHING;

  INSERT INTO changed_carts (site, visitor, contact)
  SELECT NEW.site, NEW.visitor, (
    SELECT contact FROM known_visitors WHERE site = NEW.site AND visitor = NEW.visitor);
END;

CREATE TRIGGER session_goes_on_with_step_of_cart AFTER UPDATE OF day, entry, trail ON sessions
WHEN instr(substr(NEW.trail, length(OLD.trail) + 1), '"commerce","add_to_cart",') > 0
  OR instr(substr(NEW.trail, length(OLD.trail) + 1), '"commerce","purchase",') > 0
  OR (NEW.day <> OLD.day OR NEW.entry <> OLD.entry)
    AND instr(NEW.trail, '"commerce","add_to_cart",') > 0
BEGIN
  INSERT INTO stale_days (site, part, day)
  VALUES (NEW.site, 'carts', OLD.day), (NEW.site, 'carts', NEW.day)
  ON CONFLICT DO NOTHING;

  INSERT INTO changed_carts (site, visitor, contact)
  SELECT NEW.site, NEW.visitor, (
    SELECT contact FROM known_visitors WHERE site = NEW.site AND visitor = NEW.visitor);
END;

CREATE TRIGGER session_with_step_of_cart_is_gone AFTER DELETE ON sessions
WHEN instr(OLD.trail, '"commerce","add_to_cart",') > 0
  OR instr(OLD.trail, '"commerce","purchase",') > 0
BEGIN
  INSERT INTO stale_days (site, part, day) VALUES (OLD.site, 'carts', OLD.day)
  ON CONFLICT DO NOTHING;

  INSERT INTO changed_carts (site, visitor, contact)
  SELECT OLD.site, OLD.visitor, (
    SELECT contact FROM known_visitors WHERE site = OLD.site AND visitor = OLD.visitor);
END;

CREATE TRIGGER person_changes_carts AFTER UPDATE OF contact ON known_visitors
WHEN NEW.contact IS NOT OLD.contact
BEGIN
  INSERT INTO changed_carts (site, visitor, contact)
  VALUES (NEW.site, NEW.visitor, OLD.contact), (NEW.site, NEW.visitor, NEW.contact);
END;

-- What a person is known to have bought closes a cart wherever that was. Most conversions are none.
CREATE VIEW changed_purchases AS
SELECT site, observation, order_number, visitor, contact FROM conversions;

CREATE TRIGGER purchase_changes_carts INSTEAD OF INSERT ON changed_purchases
WHEN NEW.order_number IS NOT NULL OR EXISTS (
  SELECT 1 FROM observations AS o
  WHERE o.site = NEW.site AND o.id = NEW.observation AND o.kind = 'commerce'
    AND o.body ->> 'name' = 'purchase')
BEGIN
  INSERT INTO changed_carts (site, visitor, contact) VALUES (NEW.site, NEW.visitor, NEW.contact);
END;

CREATE TRIGGER purchase_is_new AFTER INSERT ON conversions
BEGIN
  INSERT INTO changed_purchases (site, observation, order_number, visitor, contact)
  VALUES (NEW.site, NEW.observation, NEW.order_number, NEW.visitor, NEW.contact);
END;

CREATE TRIGGER purchase_is_otherwise
AFTER UPDATE OF time, observation, order_number, visitor, contact ON conversions
BEGIN
  INSERT INTO changed_purchases (site, observation, order_number, visitor, contact)
  VALUES
    (OLD.site, OLD.observation, OLD.order_number, OLD.visitor, OLD.contact),
    (NEW.site, NEW.observation, NEW.order_number, NEW.visitor, NEW.contact);
END;

CREATE TRIGGER purchase_is_gone AFTER DELETE ON conversions
BEGIN
  INSERT INTO changed_purchases (site, observation, order_number, visitor, contact)
  VALUES (OLD.site, OLD.observation, OLD.order_number, OLD.visitor, OLD.contact);
END;

-- All that there is already has to be kept for the first time.
INSERT INTO stale_days (site, part, day)
SELECT DISTINCT site, 'carts', day FROM sessions INDEXED BY sessions_with_carts
WHERE instr(trail, '"commerce","add_to_cart",') > 0
ON CONFLICT DO NOTHING;

-- People are now kept by channel and device together, too.
INSERT INTO stale_days (site, part, day)
SELECT DISTINCT site, 'traffic', day FROM traffic_daily
UNION ALL
SELECT DISTINCT site, 'conversions', day FROM conversions_daily
WHERE true
ON CONFLICT DO NOTHING;
