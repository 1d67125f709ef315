// What storing a row costs, natively and in workerd; how much of it grows with the table; and how
// many rows D1 counts as written.
//
//   node tests/bench/sink.mjs [--rows 1000000]

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { startWorker } from "../harness/worker.mjs";
import { interleaved, median, print, ratio, target, verdict } from "./figures.mjs";
import { bare, fill, full, inFolder, native, plan, subfolder, wantedRows } from "./native.mjs";
import { Workerd } from "./workerd.mjs";

const FULL = wantedRows(1_000_000);
const ROUNDS = 60;
const WARM_UP = 6;
const ITEMS = 1_000;
const RUNS = 3;

await inFolder(async (folder) => {
  await natively(folder);
  const filled = await fill(folder, FULL);
  showFilling(filled);
  const worker = await startTogether(filled.persist);
  try {
    await inWorkerd(worker, filled, folder);
    await rowsWritten(worker);
  } finally {
    await worker.dispose();
  }
});

async function natively(folder) {
  const runs = [];
  for (let run = 0; run < RUNS; run += 1) {
    runs.push(...(await native("compare", await subfolder(folder, `native-${run}`))));
  }
  const of = (name) => median(runs.map((run) => run[name]));
  const figure = median(runs.map((run) => run.plain / run.sink));
  const all = median(runs.map((run) => run.plain / (run.sink + run.reading)));
  const least = { least: 0.6 };
  print(
    `sink, natively: ${runs[0].rows} rows with ${runs[0].conversions} conversions, 1,000 a transaction, ` +
      `median of ${RUNS}; ratio in rows per CPU second`,
    [
      {
        "CPU of a row, µs": "the sink's statements",
        ours: of("sink"),
        "plain inserts": of("plain"),
        ratio: figure,
        target: target(least),
        "": verdict(figure, least),
      },
      {
        "CPU of a row, µs": "with reading and evaluating",
        ours: of("sink") + of("reading"),
        "plain inserts": of("plain"),
        ratio: all,
      },
      { "CPU of a row, µs": "a second copy of it", ours: of("copies") },
    ],
  );
}

function showFilling(filled) {
  const within = { most: 1.15 };
  const figure = filled.last / filled.first;
  print(`sink, natively: filling a database with ${filled.rows} rows, ${filled.conversions} conversions`, [
    {
      "CPU of a row, µs": "the sink's statements",
      [`first ${filled.measured}`]: filled.first,
      [`last ${filled.measured}`]: filled.last,
      ratio: figure,
      target: target(within),
      "": verdict(figure, within),
      "bytes a row": Math.round(filled.bytes / filled.rows),
    },
  ]);
}

/** Our Worker on an empty database and on the full one, and its peers, all in one workerd. */
async function startTogether(persist) {
  const script = (name) => readFile(new URL(name, import.meta.url), "utf8");
  const [plain, noop] = await Promise.all(["plain-sink.mjs", "noop-worker.mjs"].map(script));
  const beside = [];
  const worker = await startWorker({
    plan,
    persist,
    directSockets: true,
    beside,
    change: (worker) => {
      bare(worker);
      worker.d1Databases = { DB: "empty" };
      const filled = { ...worker, name: "full" };
      full(filled);
      const peer = (name, contents, more) => ({
        name,
        modules: [{ type: "ESModule", path: `${name}.mjs`, contents }],
        compatibilityDate: worker.compatibilityDate,
        ...more,
      });
      beside.push(filled, peer("plain", plain, { d1Databases: { DB: "plain" } }), peer("noop", noop));
    },
  });
  const peer = await worker.miniflare.getD1Database("DB", "plain");
  const { results } = await worker.db
    .prepare(
      `SELECT sql FROM sqlite_schema
       WHERE sql IS NOT NULL AND type IN ('table', 'index')
         AND tbl_name IN ('observations', 'evidence', 'conversions', 'sessions')`,
    )
    .all();
  await peer.batch(results.map(({ sql }) => peer.prepare(sql)));
  return { ...worker, peer, full: await worker.miniflare.getD1Database("DB", "full") };
}

async function count(database, table) {
  return (await database.prepare(`SELECT count(*) AS n FROM ${table}`).first()).n;
}

async function inWorkerd(worker, filled, folder) {
  const workerd = new Workerd();
  const batches = await native("batches", await subfolder(folder, "batches"), String(WARM_UP + ROUNDS));
  const queues = {};
  for (const name of ["goalpost", "full", "plain", "noop"]) {
    queues[name] = await worker.miniflare.getWorker(name);
  }
  const take = async (name, bodies) => {
    const timestamp = new Date();
    const messages = bodies.map((body, at) => ({ id: `${at}`, timestamp, body, attempts: 1 }));
    let answer;
    const cpu = await workerd.cpuOf(async () => {
      answer = await queues[name].queue("goalpost-events", messages);
    });
    assert.equal(answer.outcome, "ok");
    const acked = answer.ackAll || name === "plain" || answer.explicitAcks.length === bodies.length;
    assert.ok(acked, "a message was not acknowledged");
    return cpu / ITEMS;
  };
  const texts = ({ inserts, rows }) => inserts.flatMap((insert, at) => [insert, rows[at]]);
  let next = 0;
  const cases = {
    ours: (round) => take("goalpost", batches[next + round].messages),
    full: (round) => take("full", batches[next + round].messages),
    plain: (round) => take("plain", texts(batches[next + round])),
    asking: (round) => take("noop", batches[next + round].messages),
    "asking with rows": (round) => take("noop", texts(batches[next + round])),
  };
  await interleaved(WARM_UP, cases);
  next = WARM_UP;
  const values = await interleaved(ROUNDS, cases);

  const rows = (WARM_UP + ROUNDS) * ITEMS;
  assert.equal(await count(worker.db, "observations"), rows);
  assert.equal(await count(worker.peer, "observations"), rows);
  assert.equal(await count(worker.full, "observations"), rows + filled.rows + filled.orders);
  assert.equal(await count(worker.db, "conversions"), await count(worker.peer, "conversions"));

  const net = (name, asking) => values[name].map((cpu, round) => cpu - values[asking][round]);
  const [empty, full, plain] = [
    net("ours", "asking"),
    net("full", "asking"),
    net("plain", "asking with rows"),
  ];
  const least = { least: 0.6 };
  const within = { least: 0.85 };
  const line = (what, mine, other, bounds) => {
    const figure = ratio(other, mine);
    return {
      "CPU of a row, µs": what,
      ours: median(mine),
      peer: median(other),
      ratio: figure,
      target: target(bounds),
      "": verdict(figure, bounds),
    };
  };
  const asking = median(values.asking).toFixed(1);
  print(
    `sink, in workerd's D1: ${ROUNDS} rounds of 1,000 rows, without what asking costs ` +
      `(${asking} µs a row); ratio in rows per CPU second`,
    [
      line("beside plain inserts", empty, plain, least),
      line(`at ${filled.rows} rows beside none`, full, empty, within),
    ],
  );
}

async function rowsWritten(worker) {
  const [shapes] = await native("statements");
  const lines = [];
  for (const { what, statements } of shapes) {
    const before = await count(worker.db, "conversions");
    const results = await worker.db.batch(
      statements.map(({ sql, params }) => worker.db.prepare(sql).bind(...params)),
    );
    const conversions = (await count(worker.db, "conversions")) - before;
    const written = results.reduce((sum, { meta }) => sum + meta.rows_written, 0);
    lines.push({ what, written, conversions });
  }
  const most = { most: 3 };
  const inBatches = /^(20 visits|5 visits|one visit of 20 page|one page load)/;
  print(
    "sink: rows that D1 counts as written, indexes and derived rows included",
    lines.map(({ what, written, conversions }) => ({
      "rows written": what,
      all: written,
      conversions,
      ...(inBatches.test(what) && {
        "of one view": written / 20,
        target: target(most),
        "": verdict(written / 20, most),
      }),
    })),
  );
}
