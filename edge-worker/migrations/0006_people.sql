-- What is asked of one person, and carts that wait to be bought.

-- What names a person: identifications, and what servers said of a contact. A page view has none.
CREATE INDEX observations_by_contact ON observations (site, contact) WHERE contact IS NOT NULL;

-- What servers said of a visitor without a name.
CREATE INDEX observations_of_servers ON observations (site, visitor)
  WHERE source = 'server' AND visitor IS NOT NULL AND contact IS NULL;

-- Sessions in which something was put into a cart. An entry of a trail is JSON, and in a text of JSON
-- these quotes would stand behind backslashes: nothing else looks like this.
CREATE INDEX sessions_with_carts ON sessions (site, day)
  WHERE instr(trail, '"commerce","add_to_cart",') > 0;

-- Sessions whose carts may be given up one day: looked at again once `since` is long enough ago.
CREATE TABLE open_carts (
  site    TEXT NOT NULL,
  visitor BLOB NOT NULL,
  session BLOB NOT NULL,
  since   INTEGER NOT NULL,       -- when the last product was added, or a little later
  trail   INTEGER NOT NULL,       -- the length of the session's trail, to know that it has grown
  PRIMARY KEY (site, visitor, session)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER session_begins_with_cart AFTER INSERT ON sessions
WHEN instr(NEW.trail, '"commerce","add_to_cart",') > 0
BEGIN
  INSERT INTO open_carts (site, visitor, session, since, trail)
  VALUES (NEW.site, NEW.visitor, NEW.session, NEW.ended_at, length(NEW.trail))
  ON CONFLICT DO UPDATE SET since = excluded.since, trail = excluded.trail;
END;

CREATE TRIGGER session_adds_to_cart AFTER UPDATE OF trail ON sessions
WHEN instr(substr(NEW.trail, length(OLD.trail) + 1), '"commerce","add_to_cart",') > 0
BEGIN
  INSERT INTO open_carts (site, visitor, session, since, trail)
  VALUES (NEW.site, NEW.visitor, NEW.session, NEW.ended_at, length(NEW.trail))
  ON CONFLICT DO UPDATE SET since = excluded.since, trail = excluded.trail;
END;
