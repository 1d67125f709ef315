// What must hold after every test, whatever it did.

import assert from "node:assert/strict";

/** Per site, what page loads have captured less everything that met a fate. */
const WAITING = `
  SELECT site, sum(captured) - sum(met) AS waiting
  FROM (
    SELECT site, captured, overflow + consent AS met FROM page_loads
    UNION ALL
    SELECT site, 0, count FROM fates WHERE origin = 'page' AND fate <> 'duplicate'
  )
  GROUP BY site`;

/** Tables that are kept up to date, beside what they follow from. */
const KEPT = [
  [
    "SELECT DISTINCT site, definition, scope, who, dedup FROM evidence ORDER BY 1, 2, 3, 4, 5",
    "SELECT site, definition, scope, who, dedup FROM conversions ORDER BY 1, 2, 3, 4, 5",
  ],
  [
    "SELECT site, count(*) FROM evidence GROUP BY 1 ORDER BY 1",
    `SELECT site, sum(json_array_length(verdict)) FROM observations
     WHERE verdict IS NOT NULL GROUP BY 1 ORDER BY 1`,
  ],
  [
    "SELECT site, sum(pages), sum(interactions), sum(matches) FROM sessions GROUP BY 1 ORDER BY 1",
    `SELECT site, sum(kind = 'page'), sum(kind <> 'page'),
       sum(coalesce(json_array_length(verdict), 0))
     FROM observations
     WHERE session IS NOT NULL AND (source <> 'server' OR body ->> 'interactive')
     GROUP BY 1 ORDER BY 1`,
  ],
  [
    "SELECT site, sum(count) FROM fates WHERE fate = 'stored' GROUP BY 1 ORDER BY 1",
    "SELECT site, count(*) FROM observations GROUP BY 1 ORDER BY 1",
  ],
  [
    `SELECT site, reason, sum(count) FROM fates
     WHERE fate = 'quarantined' GROUP BY 1, 2 ORDER BY 1, 2`,
    "SELECT site, reason, count(*) FROM quarantine GROUP BY 1, 2 ORDER BY 1, 2",
  ],
];

/**
 * Asserts that every captured item has one fate, and that all totals follow from the rows.
 *
 * @param {{ db: object }} worker
 * @param {{ waiting?: number }} [expected]
 */
export async function everythingAddsUp({ db }, { waiting = 0 } = {}) {
  const { results } = await db.prepare(WAITING).all();
  for (const balance of results) {
    assert.equal(balance.waiting, waiting, `items of ${balance.site} have no fate, or two`);
  }
  for (const [kept, anew] of KEPT) {
    const [one, other] = await db.batch([db.prepare(kept), db.prepare(anew)]);
    const rows = (result) => result.results.map((row) => Object.values(row));
    assert.deepEqual(rows(one), rows(other), `does not follow from its rows: ${kept}`);
  }
}

/** Asserts that a response is a problem document of that status, and returns it. */
export async function problem(response, status, kind) {
  assert.equal(response.status, status);
  assert.equal(response.headers.get("content-type"), "application/problem+json");
  const body = await response.json();
  assert.equal(body.status, status);
  assert.equal(body.type, `/api/v1/openapi.json#/x-problems/${kind}`);
  assert.ok(body.title.length > 0 && body.detail.length > 0);
  return body;
}

/** How many items met a fate. */
export async function fate(worker, site, name, reason = "") {
  const row = await worker.db
    .prepare(
      `SELECT coalesce(sum(count), 0) AS n FROM fates
       WHERE site = ?1 AND fate = ?2 AND reason = ?3`,
    )
    .bind(site, name, reason)
    .first();
  return row.n;
}

/** All rows of all tables, and what waits in quarantine as base64, as one text. */
export async function everythingKept({ db }) {
  const tables = await db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND substr(name, 1, 1) <> '_'")
    .all();
  const found = {};
  for (const { name } of tables.results) {
    const { results } = await db.prepare(`SELECT * FROM ${name}`).all();
    const cells = results.flatMap(Object.values).map((cell) => {
      if (Array.isArray(cell)) return `${Buffer.from(cell).toString("latin1")} ${Buffer.from(cell).toString("hex")}`;
      const text = String(cell);
      return /^[A-Za-z0-9+/]+=*$/.test(text) ? `${text} ${Buffer.from(text, "base64")}` : text;
    });
    found[name] = cells.join("\n");
  }
  return found;
}
