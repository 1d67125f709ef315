-- Several databases. The first one says whose names are one person's, who has to come together, and how
-- far all that was there has spread; each has what is leaving it and what has arrived. With one
-- database all of this stays empty.

-- Names that are one person's, see core's home: '1' and a visitor, '2' and a session of nobody, '3' and an
-- identity, '4' and an order. A name that has no other beside it has no row, and is a person of its own.
CREATE TABLE homes (
  site   TEXT NOT NULL,
  name   TEXT NOT NULL,
  person TEXT NOT NULL,           -- the least of the names
  PRIMARY KEY (site, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX homes_by_person ON homes (person, site);

-- People of whom something may be in another database than their own. Each is looked at twice, because
-- whoever stores may have asked for the home before it changed.
CREATE TABLE comers (
  site   TEXT NOT NULL,
  person TEXT NOT NULL,
  looks  INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  PRIMARY KEY (site, person)
) STRICT, WITHOUT ROWID;

CREATE INDEX comers_due ON comers (due_at);

CREATE VIEW linked_names AS SELECT site, name AS names FROM homes;
CREATE VIEW joined_people AS SELECT site, name, person AS was, person FROM homes;

CREATE TRIGGER names_are_linked INSTEAD OF INSERT ON linked_names
BEGIN
  INSERT INTO joined_people (site, name, was, person)
  SELECT NEW.site, part.name, part.was, whole.person
  FROM (
    SELECT min(coalesce(h.person, n.value)) AS person
    FROM json_each(NEW.names) AS n
    LEFT JOIN homes AS h ON h.site = NEW.site AND h.name = n.value) AS whole
  CROSS JOIN (
    SELECT n.value AS name, n.value AS was
    FROM json_each(NEW.names) AS n
    WHERE NOT EXISTS (SELECT 1 FROM homes AS h WHERE h.site = NEW.site AND h.name = n.value)
    UNION
    SELECT other.name, other.person
    FROM json_each(NEW.names) AS n
    CROSS JOIN homes AS h ON h.site = NEW.site AND h.name = n.value
    CROSS JOIN homes AS other ON +other.site = NEW.site AND other.person = h.person) AS part;
END;

CREATE TRIGGER person_is_joined INSTEAD OF INSERT ON joined_people
BEGIN
  INSERT INTO homes (site, name, person) VALUES (NEW.site, NEW.name, NEW.person)
  ON CONFLICT DO UPDATE SET person = excluded.person WHERE person <> excluded.person;

  INSERT INTO comers (site, person, looks, due_at)
  SELECT NEW.site, NEW.person, 0, 0 WHERE NEW.was <> NEW.person
  ON CONFLICT DO UPDATE SET looks = 0, due_at = 0;
END;

-- Rows on their way: taken out of their tables in the transaction that writes them here, and taken away
-- from here once they have arrived.
CREATE TABLE leaving (
  take BLOB NOT NULL,             -- begins with the time
  kind TEXT NOT NULL,
  n    INTEGER NOT NULL,
  site TEXT NOT NULL,
  home INTEGER NOT NULL,          -- the number of the database that they go to
  row  TEXT NOT NULL,             -- JSON
  PRIMARY KEY (take, kind, n)
) STRICT, WITHOUT ROWID;

-- What has arrived, so that it does so once.
CREATE TABLE arrived (
  take BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- How far the rows have spread over the databases that there are. One row.
CREATE TABLE spread (
  id       INTEGER PRIMARY KEY,
  shards   INTEGER NOT NULL,      -- over how many
  bound    INTEGER NOT NULL,      -- out of how many
  state    TEXT NOT NULL,         -- 'running' or 'done'
  round    INTEGER NOT NULL,      -- the second one takes what came to a home that was asked for before
  shard    INTEGER NOT NULL,
  part     TEXT NOT NULL,
  cursor   TEXT NOT NULL,         -- JSON
  steps    INTEGER NOT NULL,
  moved    INTEGER NOT NULL,      -- rows so far
  next_at  INTEGER NOT NULL,
  ended_at INTEGER                -- of the last time that it was done
) STRICT;

-- Identities that are one contact in the database that they come from.
CREATE VIEW linked_identities AS SELECT site, identity AS identities FROM identities;

CREATE TRIGGER identities_are_linked INSTEAD OF INSERT ON linked_identities
BEGIN
  INSERT INTO renamed_identities (site, identity, was, contact)
  SELECT NEW.site, part.identity, part.was, whole.contact
  FROM (
    SELECT min(coalesce(k.contact, m.value)) AS contact
    FROM json_each(NEW.identities) AS m
    LEFT JOIN identities AS k ON k.site = NEW.site AND k.identity = m.value) AS whole
  CROSS JOIN (
    SELECT m.value AS identity, m.value AS was
    FROM json_each(NEW.identities) AS m
    WHERE NOT EXISTS (
      SELECT 1 FROM identities AS k WHERE k.site = NEW.site AND k.identity = m.value)
    UNION
    SELECT other.identity, other.contact
    FROM json_each(NEW.identities) AS m
    CROSS JOIN identities AS k ON k.site = NEW.site AND k.identity = m.value
    CROSS JOIN identities AS other ON +other.site = NEW.site AND other.contact = k.contact) AS part;
END;
