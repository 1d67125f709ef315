-- A session is a name too: of nobody, and where something counts once in it. So what nobody did in it comes
-- along when somebody turns up there.
CREATE INDEX evidence_of_nobody ON evidence (
  site, iif(scope GLOB 'session:*', unhex(replace(substr(scope, 9), '-', '')), session)
) WHERE visitor IS NULL;

-- As before, but for a session that is new: it is noted before anything of it is stored, so nothing of it
-- is elsewhere.
DROP TRIGGER names_are_linked;

CREATE TRIGGER names_are_linked INSTEAD OF INSERT ON linked_names
BEGIN
  INSERT INTO joined_people (site, name, was, person)
  SELECT NEW.site, part.name, part.was, whole.person
  FROM (
    SELECT min(coalesce(h.person, n.value)) AS person
    FROM json_each(NEW.names) AS n
    LEFT JOIN homes AS h ON h.site = NEW.site AND h.name = n.value) AS whole
  CROSS JOIN (
    SELECT n.value AS name, iif(n.value GLOB '2*', NULL, n.value) AS was
    FROM json_each(NEW.names) AS n
    WHERE NOT EXISTS (SELECT 1 FROM homes AS h WHERE h.site = NEW.site AND h.name = n.value)
    UNION
    SELECT other.name, other.person
    FROM json_each(NEW.names) AS n
    CROSS JOIN homes AS h ON h.site = NEW.site AND h.name = n.value
    CROSS JOIN homes AS other ON +other.site = NEW.site AND other.person = h.person) AS part;
END;
