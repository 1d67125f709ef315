// What storing a row costs, natively and in workerd; how much of it grows with the table; how many
// rows D1 counts as written; and how long reports over a month take.
//
//   node tests/bench/sink.mjs [--rows 1000000]

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { root, startWorker } from "../harness/worker.mjs";
import { interleaved, median, print, ratio, target, verdict } from "./figures.mjs";
import { Workerd } from "./workerd.mjs";

const { values: options } = parseArgs({ options: { rows: { type: "string", default: "1000000" } } });
const FULL = Number(options.rows);
assert.ok(Number.isInteger(FULL) && FULL > 0, "--rows: is not a whole number above 0");

const ROUNDS = 60;
const WARM_UP = 6;
const ITEMS = 1_000;
const RUNS = 3;
const CALLS = 15;
const SITE = "shop";

const folder = await mkdtemp(join(tmpdir(), "goalpost-bench-"));
try {
  const plan = JSON.parse(await readFile(new URL("plan.json", import.meta.url), "utf8"));
  await natively();
  const filled = await fill(plan);
  const worker = await startTogether(plan);
  try {
    await inWorkerd(worker, filled);
    await rowsWritten(worker);
    await reports(worker, filled);
  } finally {
    await worker.dispose();
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Runs the native part; its answer is one JSON value, or one a line. */
async function native(...args) {
  const cargo = ["run", "--quiet", "--profile", "fast", "--package", "goalpost-bench", "--", ...args];
  const { stdout } = await promisify(execFile)("cargo", cargo, { cwd: root, maxBuffer: 2 ** 30 });
  return stdout.trim().split("\n").map((line) => JSON.parse(line));
}

async function subfolder(name) {
  const path = join(folder, name);
  await mkdir(path, { recursive: true });
  return path;
}

async function natively() {
  const runs = [];
  for (let run = 0; run < RUNS; run += 1) {
    runs.push(...(await native("compare", await subfolder(`native-${run}`))));
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

/** Its queue is fed by hand, and nobody asks for a page. */
function bare(worker) {
  worker.queueConsumers = {};
  delete worker.assets;
}

/** A database of D1's with rows of 30 days, filled natively through the sink's own statements. */
async function fill(plan) {
  const persist = await subfolder("workerd");
  const first = await startWorker({
    plan,
    persist,
    change: (worker) => {
      bare(worker);
      worker.d1Databases = { DB: "full" };
    },
  });
  await first.dispose();
  const databases = await readdir(join(persist, "d1"), { recursive: true });
  const files = databases.filter((name) => /\/[0-9a-f]{64}\.sqlite$/.test(name));
  assert.equal(files.length, 1, `one database is expected, not ${files.join(", ")}`);
  const [filled] = await native("fill", join(persist, "d1", files[0]), String(FULL));
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
  return filled;
}

/** Our Worker on an empty database and on the full one, and its peers, all in one workerd. */
async function startTogether(plan) {
  const script = (name) => readFile(new URL(name, import.meta.url), "utf8");
  const [plain, noop] = await Promise.all(["plain-sink.mjs", "noop-worker.mjs"].map(script));
  const beside = [];
  const worker = await startWorker({
    plan,
    persist: join(folder, "workerd"),
    directSockets: true,
    beside,
    change: (worker) => {
      bare(worker);
      worker.d1Databases = { DB: "empty" };
      const full = { ...worker, name: "full", d1Databases: { DB: "full" } };
      const peer = (name, contents, more) => ({
        name,
        modules: [{ type: "ESModule", path: `${name}.mjs`, contents }],
        compatibilityDate: worker.compatibilityDate,
        ...more,
      });
      beside.push(full, peer("plain", plain, { d1Databases: { DB: "plain" } }), peer("noop", noop));
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

async function inWorkerd(worker, filled) {
  const workerd = new Workerd();
  const batches = await native("batches", await subfolder("batches"), String(WARM_UP + ROUNDS));
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
  assert.equal(await count(worker.full, "observations"), rows + filled.rows);
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

async function reports(worker, filled) {
  const { origin } = await worker.miniflare.unsafeGetDirectURL("full");
  // A run keeps a hundred days; there are two parts of each.
  await worker.rollUp();
  const names = [
    "reports/overview",
    "reports/overview?by=day&compare=previous",
    "reports/outcomes",
    "reports/outcomes?by=day",
    "reports/goals",
    "reports/groups",
    "reports/channels",
    "reports/landing-pages",
    "reports/events",
    "reports/sessions",
    "reports/conversions",
    "reports/conversions?definition=product-purchase",
    "reports/fates",
    "reports/conservation",
    "live",
  ];
  const cases = {};
  for (const name of names) {
    cases[name] = async () => {
      const start = performance.now();
      const response = await fetch(`${origin}/api/v1/sites/${SITE}/${name}`, {
        headers: { authorization: `Bearer ${worker.token}` },
      });
      const body = await response.text();
      assert.equal(response.status, 200, body);
      return performance.now() - start;
    };
  }
  await interleaved(1, cases);
  const values = await interleaved(CALLS, cases);
  const most = { most: 300 };
  print(
    `reports: 30 days, ${filled.rows} observations, ${filled.conversions} conversions, through the Worker`,
    names.map((name) => ({
      "wall clock, ms": name,
      median: median(values[name]),
      longest: Math.max(...values[name]),
      target: target(most),
      "": verdict(median(values[name]), most),
    })),
  );
}
