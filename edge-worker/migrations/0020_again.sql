-- An observation may have left before what follows from it. If it comes once more, maybe under another plan,
-- what follows from it now takes the place of what did then.

CREATE VIEW verdicts AS
SELECT site, id, visitor, session, contact, time, day, order_number, source, plan, batch, verdict
FROM observations;

CREATE TRIGGER verdict_holds INSTEAD OF INSERT ON verdicts
BEGIN
  INSERT INTO evidence (
    site, definition, scope, who, dedup, observation, kind, time, day, points,
    minor, currency, money, token, order_number, visitor, session, identity, contact,
    source, plan, batch)
  SELECT
    NEW.site, v.value ->> 'definition', v.value ->> 'scope',
    iif(v.value ->> 'who' IS NULL, '', coalesce('contact ' || whose.contact, v.value ->> 'who')),
    coalesce(v.value ->> 'dedup', ''), NEW.id, v.value ->> 'kind', NEW.time, NEW.day,
    coalesce(v.value ->> 'points', 0), v.value ->> 'minor', v.value ->> 'currency',
    coalesce(v.value ->> 'money', iif(v.value ->> 'minor' IS NULL, NULL, 'claimed')),
    v.value ->> 'token', NEW.order_number, NEW.visitor, NEW.session,
    NEW.contact, whose.contact, NEW.source, NEW.plan, NEW.batch
  FROM (
    SELECT coalesce(
      (SELECT contact FROM identities WHERE site = NEW.site AND identity = NEW.contact),
      NEW.contact,
      (SELECT contact FROM known_visitors WHERE site = NEW.site AND visitor = NEW.visitor)
    ) AS contact) AS whose
  CROSS JOIN json_each(NEW.verdict) AS v
  WHERE true
  ON CONFLICT DO UPDATE SET
    kind = excluded.kind, time = excluded.time, day = excluded.day, points = excluded.points,
    minor = excluded.minor, currency = excluded.currency, money = excluded.money,
    token = excluded.token, order_number = excluded.order_number, visitor = excluded.visitor,
    session = excluded.session, identity = excluded.identity, contact = excluded.contact,
    source = excluded.source, plan = excluded.plan, batch = excluded.batch
  -- What has come here with its person says the same.
  WHERE plan <> excluded.plan;
END;

CREATE TRIGGER copy_comes_again AFTER UPDATE OF batch ON evidence
BEGIN
  INSERT INTO refold (site, definition, scope, who, dedup)
  VALUES (NEW.site, NEW.definition, NEW.scope, NEW.who, NEW.dedup);
END;

DROP TRIGGER observation_converts;

CREATE TRIGGER observation_converts AFTER INSERT ON observations WHEN NEW.verdict IS NOT NULL
BEGIN
  INSERT INTO verdicts (
    site, id, visitor, session, contact, time, day, order_number, source, plan, batch, verdict)
  VALUES (
    NEW.site, NEW.id, NEW.visitor, NEW.session, NEW.contact, NEW.time, NEW.day, NEW.order_number,
    NEW.source, NEW.plan, NEW.batch, NEW.verdict);
END;

DROP TRIGGER observation_converts_anew;

CREATE TRIGGER observation_converts_anew AFTER UPDATE OF verdict, plan, day ON observations
BEGIN
  DELETE FROM evidence
  WHERE (site, definition, scope, who, dedup, observation) IN (
    SELECT
      OLD.site, v.value ->> 'definition', v.value ->> 'scope',
      iif(v.value ->> 'who' IS NULL, '', coalesce('contact ' || whose.contact, v.value ->> 'who')),
      coalesce(v.value ->> 'dedup', ''), OLD.id
    FROM (
      SELECT coalesce(
        (SELECT contact FROM identities WHERE site = OLD.site AND identity = OLD.contact),
        OLD.contact,
        (SELECT contact FROM known_visitors WHERE site = OLD.site AND visitor = OLD.visitor)
      ) AS contact) AS whose
    CROSS JOIN json_each(OLD.verdict) AS v);

  INSERT INTO verdicts (
    site, id, visitor, session, contact, time, day, order_number, source, plan, batch, verdict)
  VALUES (
    NEW.site, NEW.id, NEW.visitor, NEW.session, NEW.contact, NEW.time, NEW.day, NEW.order_number,
    NEW.source, NEW.plan, NEW.batch, NEW.verdict);
END;

-- What a refund itself counted as is nothing that it takes back.

DROP TRIGGER order_is_refunded;

CREATE TRIGGER order_is_refunded INSTEAD OF INSERT ON refunded_orders
BEGIN
  UPDATE conversions SET
    refunded = CASE
      WHEN EXISTS (
        SELECT 1 FROM refunds AS own
        WHERE own.site = NEW.site AND own.observation = conversions.money_from)
      THEN 0
      WHEN EXISTS (
        SELECT 1 FROM refunds AS r
        WHERE r.site = NEW.site AND r.order_number = NEW.order_number AND r.minor IS NULL)
      THEN max(0, coalesce(minor, 0))
      ELSE min(max(0, coalesce(minor, 0)), (
        SELECT coalesce(sum(r.minor), 0) FROM refunds AS r
        WHERE r.site = NEW.site AND r.order_number = NEW.order_number
          AND coalesce(r.currency, conversions.currency) IS conversions.currency))
    END
  WHERE +site = NEW.site AND order_number = NEW.order_number AND order_number IS NOT NULL
    AND EXISTS (
      SELECT 1 FROM refunds AS r
      WHERE r.site = NEW.site AND r.order_number = NEW.order_number);

  UPDATE conversions SET
    voided = NOT EXISTS (
      SELECT 1 FROM refunds AS own
      WHERE own.site = NEW.site AND own.observation = conversions.money_from)
    AND (refunded > 0 AND refunded = minor OR EXISTS (
      SELECT 1 FROM refunds AS r
      WHERE r.site = NEW.site AND r.order_number = NEW.order_number AND r.minor IS NULL))
  WHERE +site = NEW.site AND order_number = NEW.order_number AND order_number IS NOT NULL
    AND EXISTS (
      SELECT 1 FROM refunds AS r
      WHERE r.site = NEW.site AND r.order_number = NEW.order_number);
END;

UPDATE conversions SET refunded = 0, voided = 0
WHERE order_number IS NOT NULL AND (refunded > 0 OR voided) AND EXISTS (
  SELECT 1 FROM refunds AS own
  WHERE own.site = conversions.site AND own.observation = conversions.money_from);
