// Real purchases, from another century, through the door for servers: all of them, to the cent.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { everythingAddsUp } from "../harness/checks.mjs";
import { startWorker } from "../harness/worker.mjs";

const PURCHASES = 69_659;
const CUSTOMERS = 23_570;
const CENTS = 250_031_563;
const BATCH = 1_000;

const plan = {
  site: "cdnow",
  timezone: "America/New_York",
  currency: "USD",
  hosts: ["cdnow.example"],
  since: "1997-01-01",
  outcomes: [{ id: "product-purchase", when: { commerce: "purchase" } }],
};

/** The list as events. It names no orders, so each line is one. */
async function purchases() {
  const path = process.env.CDNOW;
  assert.ok(path, "set CDNOW to the path of CDNOW_master.txt, as `cargo xtask test` does");
  const lines = (await readFile(path, "utf8")).split(/\r?\n/).slice(1).filter((line) => line.trim());
  return lines.map((line, at) => {
    const [customer, day, , dollars] = line.trim().split(/\s+/);
    const time = `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T12:00:00-05:00`;
    return {
      id: `cdnow-${at + 1}`,
      time,
      commerce: "purchase",
      order: String(at + 1),
      revenue: dollars,
      currency: "USD",
      contact: { customer },
    };
  });
}

let worker;
before(async () => {
  worker = await startWorker({ plan });
});
after(() => worker?.dispose());

const send = async (events) => {
  const response = await worker.admin("cdnow/events", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ events }),
  });
  assert.equal(response.status, 200, await response.clone().text());
  const { results } = await response.json();
  return { results, written: Number(response.headers.get("goalpost-rows-written")) };
};

const count = (results) =>
  results.reduce((sums, { result }) => ({ ...sums, [result]: (sums[result] ?? 0) + 1 }), {});

test("69,659 purchases of 23,570 customers go in, and the revenue is exact to the cent", async (t) => {
  const events = await purchases();
  assert.equal(events.length, PURCHASES);
  const began = performance.now();
  let written = 0;
  for (let from = 0; from < events.length; from += BATCH) {
    const batch = events.slice(from, from + BATCH);
    const answer = await send(batch);
    assert.deepEqual(count(answer.results), { stored: batch.length });
    written += answer.written;
  }
  const seconds = (performance.now() - began) / 1_000;
  t.diagnostic(
    `${PURCHASES} purchases in ${seconds.toFixed(1)} s (${Math.round(PURCHASES / seconds)} a second), ` +
      `${written} rows written (${(written / PURCHASES).toFixed(2)} each)`,
  );

  const stored = await worker.db
    .prepare(
      `SELECT count(*) AS purchases, count(DISTINCT contact) AS customers, sum(minor) AS cents,
         min(day) AS first, max(day) AS last, count(DISTINCT currency) AS currencies
       FROM conversions WHERE site = 'cdnow' AND definition = 'product-purchase' AND money = 'verified'`,
    )
    .first();
  assert.deepEqual(stored, {
    purchases: PURCHASES,
    customers: CUSTOMERS,
    cents: CENTS,
    first: "1997-01-01",
    last: "1998-06-30",
    currencies: 1,
  });

  const again = await send(events.slice(0, BATCH));
  assert.deepEqual(count(again.results), { duplicate: BATCH });
  const total = await worker.db.prepare("SELECT sum(minor) AS cents FROM conversions").first();
  assert.equal(total.cents, CENTS);
  await everythingAddsUp(worker);
});
