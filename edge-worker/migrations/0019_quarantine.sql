-- What waits for nobody, by its arrival: of no site, or of a name that had no plan. Were the site compared
-- here, SQLite would look at the value of each statement's site, and prepare it anew for another.
CREATE INDEX quarantine_of_no_site ON quarantine (received_at)
WHERE length(site) = 0 OR reason IN ('unknown_site', 'poison');
