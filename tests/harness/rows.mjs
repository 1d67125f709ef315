// What a database has of a site, as far as it follows from what was sent and not from when it came.

const QUERIES = {
  observations: `
    SELECT lower(hex(id)) AS id, kind, source, form, sdk, plan, time, clock, day, seq, country, device, doubts,
      lower(hex(page)) AS page, lower(hex(session)) AS session, lower(hex(visitor)) AS visitor, contact, identities,
      consent, order_number, refund, claims,
      (SELECT json_group_array(value ->> 'definition') FROM json_each(verdict)) AS happened,
      body ->> 'path' AS path, body ->> 'name' AS name, body -> 'properties' AS properties
    FROM observations WHERE site = ?1`,
  conversions: `
    SELECT definition, scope, dedup, kind, time, day, points, source, plan, minor, currency, money, order_number,
      refunded, voided, contact, lower(hex(visitor)) AS visitor, lower(hex(session)) AS session
    FROM conversions WHERE site = ?1`,
  sessions: `
    SELECT lower(hex(session)) AS session, lower(hex(visitor)) AS visitor, pages, interactions, matches
    FROM sessions WHERE site = ?1`,
  identities: "SELECT identity, contact FROM identities WHERE site = ?1",
  quarantine: "SELECT lower(hex(id)) AS id, reason, origin, form FROM quarantine WHERE site IN (?1, '')",
  fates: `
    SELECT site, origin, fate, reason, form, sum(count) AS count FROM fates WHERE site IN (?1, '')
    GROUP BY site, origin, fate, reason, form`,
  page_loads: "SELECT lower(hex(page)) AS page, form, captured, overflow, consent FROM page_loads WHERE site = ?1",
  links: "SELECT outcome, sum(count) AS count FROM links WHERE site = ?1 GROUP BY outcome",
};

/** The edge makes an id for what an image or an identification of a server says: another one each time. */
function withoutNewIds({ id, page, scope, ...row }) {
  const own = scope?.startsWith("every:") ? "every" : scope;
  return own === undefined ? row : { ...row, scope: own };
}

const isNamedHere = (row) =>
  row.source === "pixel" || row.form === "pixel" || (row.source === "server" && row.kind === "identify");

const isSaid = ([, value]) => value !== null && value !== "";

/** All that is kept of a site's requests, in an order of its own. */
export async function rowsOf(worker, site) {
  const found = {};
  for (const [table, sql] of Object.entries(QUERIES)) {
    const { results } = await worker.db.prepare(sql).bind(site).all();
    const rows = results.map((row) =>
      Object.fromEntries(Object.entries(isNamedHere(row) ? withoutNewIds(row) : row).filter(isSaid)),
    );
    found[table] = rows.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  return found;
}
