// How long reports over a month take, and how many rows D1 reads for them, in a site of millions of
// observations whose days are kept by the real cron.
//
//   node tests/bench/reports.mjs [--rows 5000000]

import assert from "node:assert/strict";
import { startWorker } from "../harness/worker.mjs";
import { interleaved, median, percentile, print, verdict } from "./figures.mjs";
import { SITE, ask, fill, full, inFolder, plan, wantedRows } from "./native.mjs";

const ROWS = wantedRows(5_000_000);
const ROUNDS = 21;
const LIMIT_MS = 300;

/** Every report that is measured. */
const REPORTS = [
  "reports/overview",
  "reports/overview?by=day&compare=previous",
  "reports/outcomes",
  "reports/outcomes?by=day",
  "reports/goals",
  "reports/groups",
  "reports/channels",
  "reports/campaigns",
  "reports/landing-pages",
  "reports/events",
  "reports/sessions",
  "reports/conversions",
  "reports/conversions?definition=product-purchase",
  "reports/fates",
  "reports/conservation",
  "live",
];

await inFolder(async (folder) => {
  const filled = await fill(folder, ROWS);
  const what = `${filled.rows} observations, ${filled.conversions} conversions, ${filled.bytes} bytes`;
  const worker = await startWorker({ plan, persist: filled.persist, directSockets: true, change: full });
  try {
    await rollUp(worker);
    await measure(worker, `reports: 30 days, all kept; ${what}`);
    await worker.db.batch(
      ["traffic", "conversions"].map((part) =>
        worker.db
          .prepare(
            `INSERT INTO stale_days (site, part, day)
             SELECT site, ?2, day FROM sessions WHERE site = ?1 GROUP BY day ORDER BY day DESC LIMIT 2`,
          )
          .bind(SITE, part),
      ),
    );
    await measure(worker, "reports: 30 days, the last two not kept, as between two runs of the cron");
  } finally {
    await worker.dispose();
  }
});

async function count({ db }, table) {
  return (await db.prepare(`SELECT count(*) AS n FROM ${table}`).first()).n;
}

async function rollUp(worker) {
  const stale = await count(worker, "stale_days");
  const start = performance.now();
  // A run keeps a bounded number of days.
  for (let left = stale, before; left > 0; left = await count(worker, "stale_days")) {
    assert.notEqual(left, before, "the cron keeps nothing more");
    before = left;
    await worker.rollUp();
  }
  const took = performance.now() - start;
  const kept = { "kept by the cron": "days, each part its own", number: stale, "ms each": took / stale };
  const tables = ["traffic_daily", "conversions_daily", "people_daily", "events_daily"];
  const lines = [kept];
  for (const table of tables) {
    lines.push({ "kept by the cron": table, number: await count(worker, table), "ms each": "" });
  }
  print("reports: the roll-up of every day", lines);
}

async function measure(worker, title) {
  const read = {};
  const cases = Object.fromEntries(
    REPORTS.map((name) => [
      name,
      async () => {
        const start = performance.now();
        const { headers } = await ask(worker, name);
        const took = performance.now() - start;
        read[name] = Number(headers.get("goalpost-rows-read") ?? Number.NaN);
        return took;
      },
    ]),
  );
  await interleaved(1, cases);
  const values = await interleaved(ROUNDS, cases);
  print(
    `${title}; ${ROUNDS} rounds through the Worker`,
    REPORTS.map((name) => {
      const figure = median(values[name]);
      return {
        "wall clock, ms": name,
        median: figure,
        p99: percentile(values[name], 0.99),
        "rows read": Number.isNaN(read[name]) ? "" : read[name],
        [`of ${LIMIT_MS} ms`]: figure / LIMIT_MS,
        "": verdict(figure, { most: LIMIT_MS }),
      };
    }),
  );
}
