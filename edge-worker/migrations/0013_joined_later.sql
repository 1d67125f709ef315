-- Conversions that a later copy than the first says the session of: a server's word was there before
-- the page's. They may be of an earlier day than the session.
CREATE INDEX conversions_joined_later ON conversions (site, visitor, session)
  WHERE visitor IS NOT NULL AND observation <> browser_from;
