// Measures the page SDK beside its peers. See docs/benchmarks.md.
//
// node tests/bench/sdk/bench.mjs [--rounds 7] [--passes size,cpu,delivery,often] [--only goalpost,posthog] [--out <folder>]

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { shuffled } from "../figures.mjs";
import { root } from "../../harness/worker.mjs";
import { openChromium } from "./chromium.mjs";
import { CASES } from "./delivery.mjs";
import { compilePlan } from "./goalpost.mjs";
import { bundles, EMPTY, PEERS, size } from "./peers.mjs";
import { openSink } from "./sink.mjs";
import { markdown } from "./table.mjs";
import { burst, longestTask, visit } from "./visits.mjs";

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    passes: { type: "string", default: "size,cpu,delivery,often" },
    only: { type: "string" },
    out: { type: "string", default: join(root, "target/bench-sdk") },
  },
});
const rounds = Number(flags.rounds);
const names = flags.only?.split(",") ?? PEERS.map(({ key }) => key);
const chosen = PEERS.filter(({ key }) => names.includes(key));
const unknown = names.filter((name) => !PEERS.some(({ key }) => key === name));
if (unknown.length || !(rounds > 0)) {
  console.error(`--only takes ${PEERS.map(({ key }) => key).join(", ")}; --rounds at least 1`);
  process.exit(1);
}

/** Fewer rounds where each takes long, and fewest where a figure varies little. */
const fewer = Math.min(rounds, 5);
const few = Math.min(rounds, 2);
/** What Goalpost promises to lose nothing of, tried as often as this on a slow processor. */
const OFTEN = { times: 20, slower: 4, abreast: 3 };
/** So many visits at once, where only what arrives is of interest. */
const ABREAST = 6;

const built = await bundles();

const say = (text) => process.stderr.write(`${text}\n`);

/** Runs a measurement once for each peer, in another order each round. */
async function each(peers, count, label, measure) {
  const results = Object.fromEntries(peers.map(({ key }) => [key, []]));
  for (let round = 1; round <= count; round += 1) {
    say(`${label}: round ${round} of ${count}, load ${loadavg()[0].toFixed(1)}`);
    for (const peer of shuffled(peers)) {
      await measured(results[peer.key], () => measure(peer), `${label} ${peer.key}`);
    }
  }
  return results;
}

/** A visit that the machine was too busy for is made once more; then it is left out, and said so. */
async function measured(results, work, label) {
  for (const next of ["once more", "left out"]) {
    try {
      return results.push(await work());
    } catch (problem) {
      say(`${label}: ${problem.message}; ${next}`);
    }
  }
}

/** Works off jobs, so many at a time. */
async function abreast(count, jobs, work) {
  const worker = async () => {
    for (let job = jobs.pop(); job; job = jobs.pop()) await work(job);
  };
  await Promise.all(Array.from({ length: count }, worker));
}

async function inBrowser(work) {
  const sink = await openSink(built);
  const browser = await openChromium(sink.port);
  try {
    return { browser: browser.version, ...(await work({ browser, sink })) };
  } finally {
    await browser.close();
    await sink.close();
  }
}

const PASSES = {
  size: async () =>
    Object.fromEntries(chosen.map((peer) => [peer.key, size(peer, built[peer.entry])])),
  cpu: () =>
    inBrowser(async (bench) => {
      const peers = [EMPTY, ...chosen];
      return {
        visit1: await each(peers, rounds, "visit at 1x", (peer) => visit(bench, peer, 1)),
        visit4: await each(peers, fewer, "visit at 4x", (peer) => visit(bench, peer, 4)),
        longest1: await each(peers, few, "longest task at 1x", (peer) =>
          longestTask(bench, peer, 1),
        ),
        longest4: await each(peers, few, "longest task at 4x", (peer) =>
          longestTask(bench, peer, 4),
        ),
        burst: await each(peers, few, "1,000 calls", (peer) => burst(bench, peer)),
      };
    }),
  delivery: () =>
    inBrowser(async (bench) => {
      const results = Object.fromEntries(
        chosen.map(({ key }) => [
          key,
          Object.fromEntries(Object.keys(CASES).map((name) => [name, []])),
        ]),
      );
      for (let round = 1; round <= few; round += 1) {
        const jobs = shuffled(
          chosen.flatMap((peer) =>
            Object.entries(CASES).flatMap(([name, { times = 1 }]) =>
              Array(times).fill({ peer, name }),
            ),
          ),
        );
        say(
          `delivery: round ${round} of ${few}, ${jobs.length} visits, load ${loadavg()[0].toFixed(1)}`,
        );
        await abreast(ABREAST, jobs, ({ peer, name }) =>
          measured(
            results[peer.key][name],
            () => CASES[name].run(bench, peer),
            `${name} ${peer.key}`,
          ),
        );
      }
      return { results };
    }),
  often: () =>
    inBrowser(async (bench) => {
      const slow = { ...bench, slower: OFTEN.slower };
      const [peer] = PEERS;
      const tried = {
        slow: async () => (await visit(slow, peer, OFTEN.slower)).delivered,
        burst: async () => (await burst(slow, peer)).delivered,
        ...Object.fromEntries(
          Object.entries(CASES).map(([name, { run }]) => [name, () => run(slow, peer)]),
        ),
      };
      const results = Object.fromEntries(Object.keys(tried).map((name) => [name, []]));
      const jobs = shuffled(Object.keys(tried).flatMap((name) => Array(OFTEN.times).fill(name)));
      say(`often: ${jobs.length} visits at ${OFTEN.slower}x, load ${loadavg()[0].toFixed(1)}`);
      await abreast(OFTEN.abreast, jobs, async (name) => {
        await measured(results[name], tried[name], name);
        if (jobs.length % 20 === 0) say(`often: ${jobs.length} to go, load ${loadavg()[0].toFixed(1)}`);
      });
      return { results };
    }),
};

await mkdir(flags.out, { recursive: true });
const fileOf = (pass) => join(flags.out, `${pass}.json`);
const kept = async (pass) => JSON.parse(await readFile(fileOf(pass), "utf8").catch(() => "null"));

const plan = await compilePlan();
for (const pass of flags.passes.split(",")) {
  if (!PASSES[pass])
    throw new Error(`no pass '${pass}': there are ${Object.keys(PASSES).join(", ")}`);
  const begun = new Date();
  const [before] = loadavg();
  const result = await PASSES[pass]();
  const about = {
    begun: begun.toISOString(),
    minutes: (Date.now() - begun) / 60_000,
    load: [before, loadavg()[0]],
    cores: cpus().length,
    processor: cpus()[0].model,
    node: process.version,
    rounds: pass === "often" ? OFTEN.times : rounds,
    plan,
  };
  await writeFile(fileOf(pass), `${JSON.stringify({ about, result }, null, 1)}\n`);
}
const all = Object.fromEntries(
  await Promise.all(Object.keys(PASSES).map(async (pass) => [pass, await kept(pass)])),
);
const text = markdown(all, PEERS);
await writeFile(join(flags.out, "table.md"), text);
console.log(text);
