// What a beacon costs our Worker beside one that is written by hand in JavaScript.
//
// Both run in one workerd, behind sockets of their own, and send to one queue. While they are
// measured nobody reads that queue, so that the answering alone is measured; that every message
// arrives, and that both send the same, is checked before with a consumer that keeps them.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { plan } from "../harness/beacon.mjs";
import { startWorker, until } from "../harness/worker.mjs";
import { beacons, check, request } from "./beacons.mjs";
import { interleaved, median, percentile, print, ratio, target, verdict } from "./figures.mjs";
import { Load } from "./load.mjs";
import { peer } from "./peer.mjs";
import { Workerd } from "./workerd.mjs";

const ROUNDS = 200;
const BURST = 64;
const CONNECTIONS = 16;
const SIZES = [1, 20];
const TARGET = { most: 1.15 };
const WORKERS = ["goalpost", "plain"];
/** So many that nothing is refused: what is measured is the counting. */
const LIMITS = {
  RATE_SITE: { simple: { limit: 1_000_000_000, period: 60 } },
  RATE_NETWORK: { simple: { limit: 1_000_000_000, period: 60 } },
};

const script = (name) => readFile(new URL(name, import.meta.url), "utf8");

/** Starts our Worker and its peers; `keeper` is the script of what reads the queue, if anything. */
async function start(keeper) {
  const [plain, noop] = await Promise.all(["plain-worker.mjs", "noop-worker.mjs"].map(script));
  const beside = [];
  const started = await startWorker({
    plan,
    directSockets: true,
    beside,
    change: (worker) => {
      worker.queueConsumers = {};
      // With assets, another Worker of the simulation would stand before ours and cost as much again.
      delete worker.assets;
      beside.push(
        { ...worker, name: "limited", ratelimits: LIMITS, bindings: { ...worker.bindings, DAILY_ITEMS: "1000000000" } },
        peer(worker, "plain", plain, { queueProducers: worker.queueProducers }),
        peer(worker, "noop", noop),
      );
      if (keeper) {
        const consumer = { maxBatchSize: 100, maxBatchTimeout: 0.05, maxRetries: 0 };
        beside.push(peer(worker, "keeper", keeper, { queueConsumers: { "goalpost-events": consumer } }));
      }
    },
  });
  const url = async (name) => (await started.miniflare.unsafeGetDirectURL(name)).origin;
  const [limited, plainUrl, noopUrl] = await Promise.all(["limited", "plain", "noop"].map(url));
  const urls = { goalpost: started.url, limited, plain: plainUrl, noop: noopUrl };
  return { ...started, urls, keeper: keeper && (await url("keeper")) };
}

const KEEPER = `
let kept = [];
export default {
  fetch() { return Response.json(kept); },
  queue(batch) { kept.push(...batch.messages.map((message) => message.body)); },
};`;

/** Both must answer alike and send alike, and nothing that was answered may be missing. */
async function checkAlike() {
  const started = await start(KEEPER);
  try {
    const sent = SIZES.flatMap((size) => beacons(100, size));
    const heads = {};
    for (const name of WORKERS) {
      const load = await Load.open(started.urls[name], CONNECTIONS);
      const answers = await load.send(sent.map((beacon) => request(started.urls[name], beacon)));
      check(answers, sent);
      heads[name] = headersOf(answers[0].head);
      load.close();
    }
    assert.deepEqual(heads.goalpost, heads.plain, "the answers' headers differ");
    const kept = await until(async () => {
      const messages = await (await fetch(started.keeper)).json();
      return messages.length >= 2 * sent.length && messages;
    }, "every message in the queue");
    assert.equal(kept.length, 2 * sent.length, "messages in the queue");
    const times = new Map();
    for (const text of kept) {
      const message = JSON.parse(text);
      assert.ok(Math.abs(message.received_at - Date.now()) < 60_000);
      const rest = text.replace(String(message.received_at), "0");
      times.set(rest, (times.get(rest) ?? 0) + 1);
    }
    assert.deepEqual([...new Set(times.values())], [2], "their messages differ");
    return sent.length;
  } finally {
    await started.dispose();
  }
}

const headersOf = (head) => head.split("\r\n").slice(1).map((line) => line.toLowerCase()).sort();

async function measure() {
  const started = await start();
  try {
    const workerd = new Workerd();
    const names = [...WORKERS, "limited", "noop"];
    const loads = {};
    for (const name of names) loads[name] = await Load.open(started.urls[name], CONNECTIONS);
    const cases = {};
    for (const size of SIZES) {
      const sent = beacons(BURST, size);
      for (const name of names) {
        const requests = sent.map((beacon) => request(started.urls[name], beacon));
        cases[`${name} ${size}`] = async () => {
          let answers;
          const cpu = await workerd.cpuOf(async () => {
            answers = await loads[name].send(requests);
          });
          if (name !== "noop") check(answers, sent);
          return cpu / BURST;
        };
      }
    }
    await interleaved(8, cases);
    const values = await interleaved(ROUNDS, cases);
    for (const load of Object.values(loads)) load.close();
    return { values, latencies: await latencies(started) };
  } finally {
    await started.dispose();
  }
}

/** One request at a time; of the bursts, the quarter with the lowest median, to keep others' work out. */
async function latencies(started) {
  const cases = {};
  const bursts = {};
  for (const name of WORKERS) {
    const load = await Load.open(started.urls[name], 1);
    for (const size of SIZES) {
      const key = `${name} ${size}`;
      bursts[key] = [];
      const requests = beacons(50, size).map((beacon) => request(started.urls[name], beacon));
      cases[key] = async () => {
        const times = [];
        for (const one of requests) {
          const start = performance.now();
          await load.send([one]);
          times.push(performance.now() - start);
        }
        bursts[key].push(times);
        return median(times);
      };
    }
  }
  await interleaved(24, cases);
  return Object.fromEntries(
    Object.entries(bursts).map(([key, all]) => {
      all.sort((a, b) => median(a) - median(b));
      const times = all.slice(0, all.length / 4).flat();
      return [key, [percentile(times, 0.5), percentile(times, 0.99)]];
    }),
  );
}

const checked = await checkAlike();
const { values, latencies: times } = await measure();
const rows = SIZES.map((size) => {
  const [ours, limited, peer, noop] = ["goalpost", "limited", "plain", "noop"].map((name) => values[`${name} ${size}`]);
  const figure = ratio(ours, peer);
  return {
    "CPU of a beacon, µs": size === 1 ? "1 item" : `${size} items`,
    ours: median(ours),
    "with limits": median(limited),
    "plain JS": median(peer),
    "no-op": median(noop),
    "limits beside none": ratio(limited, ours),
    ratio: figure,
    target: target(TARGET),
    "": verdict(figure, TARGET),
  };
});
print(`collect: ${ROUNDS} rounds of bursts of ${BURST}; ratio = median over the rounds`, rows);
const latency = SIZES.map((size) => {
  const [ours, peer] = WORKERS.map((name) => times[`${name} ${size}`]);
  return {
    "one at a time, ms": size === 1 ? "1 item" : `${size} items`,
    "ours p50": ours[0],
    "ours p99": ours[1],
    "plain JS p50": peer[0],
    "plain JS p99": peer[1],
  };
});
print("collect: latency, of the quietest quarter of the bursts", latency);
process.stdout.write(
  `\nEvery answer was checked. With a reader on the queue, ${checked} beacons to each Worker gave\n` +
    `${checked} messages of each, equal but for the time.\n`,
);
