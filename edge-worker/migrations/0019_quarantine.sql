-- What waits for nobody, by its arrival: of no site, or of a name that had no plan.
CREATE INDEX quarantine_of_no_site ON quarantine (received_at)
WHERE site = '' OR reason IN ('unknown_site', 'poison');
