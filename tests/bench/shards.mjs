// From one database to four on live data: how long it takes, what it costs, and that every report is the
// same before and after.
//
//   node tests/bench/shards.mjs [--rows 20000]

import assert from "node:assert/strict";
import { startWorker } from "../harness/worker.mjs";
import { print } from "./figures.mjs";
import { ask, fill, full, inFolder, plan, wantedRows } from "./native.mjs";
import { Workerd } from "./workerd.mjs";

const ROWS = wantedRows(20_000);
const DATABASES = 4;
const MINUTE = 60_000;

const daysAgo = (days) => new Date(Date.now() - days * 24 * 60 * MINUTE).toISOString().slice(0, 10);

const REPORTS = [
  "reports/overview",
  "reports/overview?by=day&compare=previous",
  "reports/outcomes",
  "reports/outcomes?by=day",
  "reports/goals",
  "reports/groups",
  "reports/channels",
  "reports/channels?by=country&columns=sessions,conversions,net",
  "reports/channels?definition=product-purchase",
  "reports/campaigns",
  "reports/landing-pages",
  "reports/events",
  "reports/sessions",
  "reports/attribution",
  "reports/attribution?model=all&by=campaign",
  "reports/velocity",
  "reports/funnels",
  "reports/funnels?funnel=checkout&by=channel",
  // Of later days some carts are still open, and given up while rows move.
  `reports/carts?from=${daysAgo(30)}&to=${daysAgo(4)}`,
  "reports/contacts",
  "reports/conversions",
  "reports/conversions?definition=product-purchase",
  "reports/fates",
  "reports/conservation",
];

const tables = ["observations", "sessions", "evidence", "conversions", "known_visitors"];

async function reports(worker) {
  const [found, start] = [{}, performance.now()];
  for (const name of REPORTS) found[name] = JSON.parse((await ask(worker, name)).body);
  return { found, took: performance.now() - start };
}

/** Keeps every day, so that reports read what the cron has made. */
async function keep(worker, from) {
  let time = Math.ceil(from / (6 * 60 * MINUTE)) * 6 * 60 * MINUTE;
  for (let runs = 0; runs < 2_000; runs += 1) {
    await worker.cron(time);
    const left = await Promise.all(
      worker.databases.map((db) => db.prepare("SELECT count(*) AS n FROM stale_days").first()),
    );
    if (left.every(({ n }) => n === 0)) return time;
    time += 6 * 60 * MINUTE;
  }
  throw new Error("not every day is kept after 2,000 runs of the cron");
}

await inFolder(async (folder) => {
  const filled = await fill(folder, ROWS);
  const { persist } = filled;
  // The same days in both, however long it takes.
  let worker = await startWorker({ plan, persist, directSockets: true, change: full });
  // Late enough that no cart is given up while rows move.
  let clock = await keep(worker, Date.now() + 4 * 24 * 60 * MINUTE);
  const before = await reports(worker);
  const { token } = worker;
  await worker.dispose();

  worker = await startWorker({
    adminToken: token,
    persist,
    directSockets: true,
    databases: DATABASES,
    shards: DATABASES,
    change: full,
  });
  try {
    const workerd = new Workerd();
    const [start, cpu] = [performance.now(), workerd.cpu()];
    let runs = 0;
    let state;
    for (; state?.state !== "done"; runs += 1) {
      clock += 10 * MINUTE;
      await worker.cron(clock);
      state = await worker.db.prepare("SELECT state, steps, moved FROM spread").first();
      if (runs % 100 === 99) console.log(`run ${runs + 1}: ${JSON.stringify(state)}`);
    }
    const took = (performance.now() - start) / 1_000;
    const used = (workerd.cpu() - cpu) / 1_000_000;
    const spread = await reports(worker);
    for (const name of REPORTS) assert.deepEqual(spread.found[name], before.found[name], `${name}, not kept`);
    clock = await keep(worker, clock);
    const after = await reports(worker);
    for (const name of REPORTS) assert.deepEqual(after.found[name], before.found[name], `${name}, kept`);
    print(`shards: ${filled.rows} observations from 1 database to ${DATABASES}; ${REPORTS.length} reports are equal`, [
      {
        "the move": "all of it",
        "runs of the cron": runs,
        steps: state.steps,
        "rows moved": state.moved,
        "wall clock, s": took,
        "CPU, s": used,
        "CPU a moved row, µs": (used * 1e6) / state.moved,
      },
    ]);
    const lines = [];
    for (const table of tables) {
      const line = { "rows of": table };
      for (const [at, db] of worker.databases.entries()) {
        line[`in ${at + 1}`] = (await db.prepare(`SELECT count(*) AS n FROM ${table}`).first()).n;
      }
      lines.push(line);
    }
    print("shards: where rows are", lines);
    print("shards: all of these reports, one after the other, kept", [
      { "wall clock, ms": "in one database", all: before.took },
      { "wall clock, ms": `in ${DATABASES}`, all: after.took },
    ]);
  } finally {
    await worker.dispose();
  }
});
