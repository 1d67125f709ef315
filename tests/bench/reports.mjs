// How long reports over a month take, and how many rows D1 reads for them, in a site of millions of
// observations whose days are kept by the real cron.
//
//   node tests/bench/reports.mjs [--rows 5000000]

import assert from "node:assert/strict";
import { loadavg } from "node:os";
import { startWorker } from "../harness/worker.mjs";
import { interleaved, median, percentile, print, verdict } from "./figures.mjs";
import { SITE, ask, fill, full, inFolder, plan, wantedRows } from "./native.mjs";
import { Workerd } from "./workerd.mjs";

const ROWS = wantedRows(5_000_000);
const ROUNDS = 21;
const FEWER_ROUNDS = 5;
const LIMIT_MS = 300;

/** Days whose figures are not kept, or are just being computed. */
const STALE = `(
  SELECT 1 FROM stale_days UNION ALL SELECT 1 FROM kept_days WHERE made_for = '' AND part <> 'groups')`;

/** The larger cuts; people in rows that are not kept, who are counted anew; and what is kept of nobody. */
const NARROWED = [
  "reports/channels?device=mobile",
  "reports/landing-pages?channel=Email",
  "reports/channels?by=country&columns=sessions,conversions,net",
  "reports/landing-pages?by=channel&columns=sessions,conversions,net",
  "reports/channels?definition=product-purchase",
  "reports/carts?list=abandoned",
  "reports/overview?stage=customer",
];

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
  "reports/attribution",
  "reports/attribution?model=all&by=campaign",
  "reports/velocity",
  "reports/funnels",
  "reports/funnels?funnel=checkout&by=channel",
  "reports/carts",
  "reports/contacts",
  "costs",
  "reports/conversions",
  "reports/conversions?definition=product-purchase",
  "reports/fates",
  "reports/conservation",
  "live",
];

await inFolder(async (folder) => {
  const filled = await fill(folder, ROWS);
  const what = `${filled.rows} observations, ${filled.orders} orders, ${filled.conversions} conversions, ${filled.bytes} bytes`;
  const worker = await startWorker({ plan, persist: filled.persist, directSockets: true, change: full });
  try {
    await tellCosts(worker);
    await rollUp(worker);
    await measure(worker, REPORTS, ROUNDS, `reports: 30 days, all kept; ${what}`);
    await measure(worker, NARROWED, FEWER_ROUNDS, "reports: the same, narrowed or told apart further");
    await worker.db.batch(
      ["traffic", "conversions", "credits", "funnels", "carts"].map((part) =>
        worker.db
          .prepare(
            `INSERT INTO stale_days (site, part, day)
             SELECT site, ?2, day FROM sessions WHERE site = ?1 GROUP BY day ORDER BY day DESC LIMIT 2`,
          )
          .bind(SITE, part),
      ),
    );
    await measure(worker, REPORTS, FEWER_ROUNDS, "reports: the same, the last two days not kept, as before the cron");
  } finally {
    await worker.dispose();
  }
});

async function tellCosts(worker) {
  const costs = [];
  for (let back = 0; back < 30; back += 1) {
    const day = new Date(Date.now() - back * 86_400_000).toISOString().slice(0, 10);
    for (const channel of ["Email", "Paid Search", "Paid Social"]) {
      costs.push({ day, channel, amount: "12000", clicks: 300, impressions: 9_000 });
    }
  }
  const headers = { "content-type": "application/json" };
  await ask(worker, "costs", { method: "PUT", headers, body: JSON.stringify({ currency: "JPY", costs }) });
}

async function count({ db }, table) {
  return (await db.prepare(`SELECT count(*) AS n FROM ${table}`).first()).n;
}

/** Stale days after a run, which goes on when it has been answered, for a bounded number of days. */
async function afterARun(worker, before) {
  let left = before;
  for (let same = 0; left > 0 && same < 600; ) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const now = await count(worker, STALE);
    same = now === left ? same + 1 : 0;
    left = now;
  }
  return left;
}

async function rollUp(worker) {
  const workerd = new Workerd();
  const stale = await count(worker, STALE);
  const [start, before] = [performance.now(), workerd.cpu()];
  for (let left = stale; left > 0; ) {
    await worker.rollUp();
    const last = left;
    left = await afterARun(worker, left);
    assert.ok(left < last, "the cron keeps nothing more");
  }
  const took = performance.now() - start;
  const cpu = (workerd.cpu() - before) / 1_000;
  const kept = {
    "kept by the cron": "days, each part its own",
    number: stale,
    "ms each": took / stale,
    "CPU, ms each": cpu / stale,
  };
  const tables = [
    "traffic_daily",
    "conversions_daily",
    "people_daily",
    "events_daily",
    "steps_daily",
    "credits_daily",
    "velocity_daily",
    "funnels_daily",
    "carts_daily",
  ];
  const lines = [kept];
  for (const table of tables) {
    lines.push({ "kept by the cron": table, number: await count(worker, table) });
  }
  print("reports: the roll-up of every day", lines);
}

/** Wall clock is what people wait for; CPU time is the same whatever else the machine does. */
async function measure(worker, reports, rounds, title) {
  const workerd = new Workerd();
  const read = {};
  const cpu = Object.fromEntries(reports.map((name) => [name, []]));
  const cases = Object.fromEntries(
    reports.map((name) => [
      name,
      async () => {
        const [start, before] = [performance.now(), workerd.cpu()];
        const { headers } = await ask(worker, name);
        const took = performance.now() - start;
        cpu[name].push((workerd.cpu() - before) / 1_000);
        read[name] = Number(headers.get("goalpost-rows-read") ?? Number.NaN);
        return took;
      },
    ]),
  );
  await interleaved(1, cases);
  const values = await interleaved(rounds, cases);
  print(
    `${title}; ${rounds} rounds through the Worker, load ${loadavg()[0].toFixed(1)}`,
    reports.map((name) => {
      const figure = median(values[name]);
      return {
        "wall clock, ms": name,
        median: figure,
        p99: percentile(values[name], 0.99),
        "CPU, ms": median(cpu[name]),
        "rows read": Number.isNaN(read[name]) ? "" : read[name],
        [`of ${LIMIT_MS} ms`]: figure / LIMIT_MS,
        "": verdict(figure, { most: LIMIT_MS }),
      };
    }),
  );
}
