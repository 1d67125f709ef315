// What the edge costs besides a beacon's usual way (bench collect) and its rows (bench sink): the second
// way, where the queue refuses; a cold start; and some minutes of a steady load, after which every
// item must have one fate.
//
//   node tests/bench/edge.mjs [--minutes 10] [--rate 50]

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { plan } from "../harness/beacon.mjs";
import { everythingAddsUp } from "../harness/checks.mjs";
import { refusing, sendTo } from "../harness/queues.mjs";
import { startWorker } from "../harness/worker.mjs";
import { beacons, check, request } from "./beacons.mjs";
import { interleaved, median, percentile, print, ratio } from "./figures.mjs";
import { Load } from "./load.mjs";
import { peer } from "./peer.mjs";
import { Workerd } from "./workerd.mjs";

const { values: wanted } = parseArgs({
  options: { minutes: { type: "string", default: "10" }, rate: { type: "string", default: "50" } },
});
const MINUTES = Number(wanted.minutes);
/** Beacons a second. */
const RATE = Number(wanted.rate);
assert.ok(MINUTES > 0, "--minutes: is no number above 0");
assert.ok(RATE > 0, "--rate: is no number above 0");

const SIZES = [1, 20];
const ROUNDS = 40;
const BURST = 64;
const CONNECTIONS = 16;
const STARTS = 7;

const script = (name) => readFile(new URL(name, import.meta.url), "utf8");
const megabytes = (kilobytes) => (kilobytes / 1_024).toFixed(0);

/** Our Worker with a queue that refuses, with and without its overflow, and two ways by hand. */
async function secondWay() {
  const [direct, noop] = await Promise.all(["direct-worker.mjs", "noop-worker.mjs"].map(script));
  const beside = [refusing];
  const started = await startWorker({
    plan,
    directSockets: true,
    beside,
    change: (worker) => {
      worker.queueConsumers = {};
      delete worker.assets;
      sendTo(refusing)(worker);
      beside.push({ ...worker, name: "overflow" });
      delete worker.durableObjects;
      const bindings = {
        d1Databases: { DB: "kept" },
        durableObjects: { STORE: { className: "Store", useSQLite: true } },
      };
      beside.push(peer(worker, "direct", direct, bindings), peer(worker, "noop", noop));
    },
  });
  try {
    const kept = await started.miniflare.getD1Database("DB", "direct");
    await kept.exec("CREATE TABLE kept (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID");
    const url = async (name) => (await started.miniflare.unsafeGetDirectURL(name)).origin;
    const [overflowUrl, directUrl, noopUrl] = await Promise.all(["overflow", "direct", "noop"].map(url));
    const ways = {
      "ours: D1, evaluated": [started.url, request],
      "ours: the overflow, until the queue takes it": [overflowUrl, request],
      "by hand: D1": [directUrl, request],
      "by hand: an object": [directUrl, (to, beacon) => named(request(to, beacon), "object")],
      "no-op": [noopUrl, request],
    };
    const workerd = new Workerd();
    const cases = {};
    let rounds = 0;
    for (const [way, [to, asking]] of Object.entries(ways)) {
      const load = await Load.open(to, CONNECTIONS);
      for (const size of SIZES) {
        cases[`${way} ${size}`] = async () => {
          const sent = beacons(BURST, size);
          const requests = sent.map((beacon) => asking(to, beacon));
          let answers;
          const cpu = await workerd.cpuOf(async () => (answers = await load.send(requests)));
          if (way.startsWith("ours")) check(answers, sent);
          else for (const { status } of answers) assert.ok(status === 200 || status === 204);
          return cpu / BURST;
        };
      }
    }
    const values = {};
    for (const [count, keep] of [[4, false], [ROUNDS, true]]) {
      const measured = await interleaved(count, cases);
      rounds += count;
      if (keep) Object.assign(values, measured);
    }
    const items = rounds * BURST * SIZES.reduce((sum, size) => sum + size, 0);
    const { n } = await kept.prepare("SELECT count(*) AS n FROM kept").first();
    assert.equal(n, items, "rows by hand in D1");
    assert.equal(await (await fetch(`${directUrl}/count`)).json(), items, "rows by hand in the object");
    const stored = await started.db.prepare("SELECT count(*) AS n FROM observations").first();
    assert.equal(stored.n, items, "our rows");
    await everythingAddsUp(started);
    print(
      `edge: where the queue refuses; ${ROUNDS} rounds of bursts of ${BURST}, ${CONNECTIONS} at a time`,
      Object.keys(ways).map((way) => {
        const line = { "CPU of a beacon, µs": way };
        for (const size of SIZES) {
          const figures = values[`${way} ${size}`];
          line[size === 1 ? "1 item" : `${size} items`] = median(figures);
          line[`beside D1 by hand, ${size}`] = ratio(figures, values[`by hand: D1 ${size}`]);
        }
        return line;
      }),
    );
  } finally {
    await started.dispose();
  }
}

/** The same request to a host of that name, by which the peer tells its ways apart. */
const named = (bytes, host) => Buffer.from(bytes.toString("latin1").replace(/host: [^\r]+/, `host: ${host}.test`), "latin1");

/** From nothing to the first answer, each time in a new process. */
async function coldStart() {
  const [plain, noop] = await Promise.all(["plain-worker.mjs", "noop-worker.mjs"].map(script));
  const once = async (contents) => {
    const started = await startWorker({
      ...(contents ? { migrate: false } : { plan }),
      directSockets: true,
      change: (worker) => {
        worker.queueConsumers = {};
        delete worker.assets;
        // The peer in its place, with the same bindings around it.
        if (contents) {
          worker.modules = [{ type: "ESModule", path: "peer.mjs", contents }];
          delete worker.modulesRoot;
          delete worker.durableObjects;
        }
      },
    });
    try {
      const workerd = new Workerd();
      const ready = workerd.cpu();
      const [beacon] = beacons(1, 1);
      const load = await Load.open(started.url, 1);
      const times = [];
      for (let at = 0; at < 2; at += 1) {
        const start = performance.now();
        await load.send([request(started.url, beacon)]);
        times.push(performance.now() - start);
      }
      load.close();
      return { ready: ready / 1_000, first: times[0], second: times[1] };
    } finally {
      await started.dispose();
    }
  };
  const cases = { ours: undefined, "plain JS": plain, "no-op": noop };
  const values = Object.fromEntries(Object.keys(cases).map((name) => [name, []]));
  for (let start = 0; start < STARTS; start += 1) {
    for (const [name, contents] of Object.entries(cases)) values[name].push(await once(contents));
  }
  print(
    `edge: cold starts, median of ${STARTS} new processes; ours has published a plan before it is asked`,
    Object.entries(values).map(([name, runs]) => ({
      "": name,
      "CPU until it is ready, ms": median(runs.map(({ ready }) => ready)),
      "first answer, ms": median(runs.map(({ first }) => first)),
      "second answer, ms": median(runs.map(({ second }) => second)),
    })),
  );
}

/** A page's beacons at one pace, stored by the queue's consumer meanwhile. */
async function steadyLoad() {
  const started = await startWorker({ plan, directSockets: true, queueTimeoutMs: 1_000 });
  try {
    const workerd = new Workerd();
    const load = await Load.open(started.url, CONNECTIONS);
    const lines = [];
    let [sent, items] = [0, 0];
    const begun = Date.now();
    for (let minute = 0; minute < MINUTES; minute += 1) {
      const times = [];
      const [cpu, before] = [workerd.cpu(), sent];
      const end = begun + (minute + 1) * 60_000;
      while (Date.now() < end) {
        const due = begun + (sent / RATE) * 1_000;
        // One of five is the end of a long visit.
        const batch = [...beacons(4, 1), ...beacons(1, 20)];
        await new Promise((done) => setTimeout(done, due - Date.now()));
        const start = performance.now();
        const answers = await load.send(batch.map((beacon) => request(started.url, beacon)));
        times.push(performance.now() - start);
        check(answers, batch);
        sent += batch.length;
        items += batch.reduce((sum, beacon) => sum + beacon.items.length, 0);
      }
      lines.push({
        minute: minute + 1,
        beacons: sent - before,
        "five answered, p50 ms": percentile(times, 0.5),
        "p99 ms": percentile(times, 0.99),
        "CPU of a beacon with its rows, µs": (workerd.cpu() - cpu) / (sent - before),
        "memory of workerd, MB": megabytes(workerd.memory()),
      });
    }
    load.close();
    await started.settle();
    await everythingAddsUp(started);
    const balance = await (await started.admin("shop/reports/conservation")).json();
    assert.deepEqual([balance.captured, balance.stored, balance.waiting], [items, items, 0], "the conservation sum");
    const { n } = await started.db.prepare("SELECT count(*) AS n FROM observations").first();
    assert.equal(n, items, "observations");
    print(`edge: ${MINUTES} minutes of ${RATE} beacons a second, a fifth of them of 20 items`, lines);
    process.stdout.write(`\n${sent} beacons, ${items} items: captured ${balance.captured} = stored ${balance.stored}.\n`);
  } finally {
    await started.dispose();
  }
}

await secondWay();
await coldStart();
await steadyLoad();
