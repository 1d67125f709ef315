-- Observations that another database had archived before they came here bear no part of this one: -1 where
-- they may leave, -2 where they stay. This is what may leave, by its day.
CREATE INDEX archive_moved ON archive_late (site, day, id) WHERE part = -1;
