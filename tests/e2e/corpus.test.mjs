// One corpus of observations, evaluated natively, by the module in a browser in both of its forms, and
// by the Worker: all must say the same, byte for byte.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { text as generated } from "../corpus/generate.mjs";
import { post } from "../harness/beacon.mjs";
import { everythingAddsUp } from "../harness/checks.mjs";
import { clocked } from "../harness/clocked.mjs";
import { root, startWorker } from "../harness/worker.mjs";
import { openBrowser } from "./browser.mjs";
import { openWire } from "./wire.mjs";

const read = (path) => readFile(join(root, path));

const corpusPath = join(root, "tests/corpus/corpus.json");
const corpus = JSON.parse(await readFile(corpusPath, "utf8"));

/** What the native code did, and what its sink stores: a line each. */
let native;
let worker;

before(async () => {
  const { stdout } = await promisify(execFile)(
    "cargo",
    ["run", "--quiet", "--package", "goalpost-corpus", "--", corpusPath],
    { cwd: root, maxBuffer: 64 * 1024 * 1024 },
  );
  const [trace, stored] = stdout.trimEnd().split("\n");
  native = { trace, stored };
  worker = await start();
}, { timeout: 600_000 });

const start = () => startWorker({ plan: corpus.plan, change: clocked });

after(() => worker?.dispose());

test("the corpus is what its generator writes", async () => {
  assert.ok((await readFile(corpusPath, "utf8")) === generated, "run node tests/corpus/generate.mjs");
});

test("the corpus uses every definition that a page can make happen", () => {
  const { observations, quarantine } = JSON.parse(native.stored);
  assert.ok(observations.length + quarantine.length >= 200);
  const happened = new Set(
    observations.flatMap(([, verdict]) => JSON.parse(verdict ?? "[]").map((one) => one.definition)),
  );
  const possible = [...corpus.plan.outcomes, ...corpus.plan.goals]
    .filter(({ off, when }) => !off && when !== "server")
    .map(({ id }) => id);
  assert.deepEqual(possible.filter((id) => !happened.has(id)), []);
  const reasons = new Set(quarantine.map(([, reason]) => reason));
  assert.deepEqual([...reasons].sort(), ["field", "limit", "unregistered", "value"]);
});

/** How each form makes the module's instance. */
const INSTANCES = {
  wasm: async () => {
    const { instance } = await WebAssembly.instantiateStreaming(fetch("/corpus/sdk.wasm"));
    return instance;
  },
  js: async () => {
    const form = await import("/corpus/sdk-js.js");
    return form.instance();
  },
};

for (const [form, instance] of Object.entries(INSTANCES)) {
  test(`the module in a browser in ${form} form does what the native code does`, { timeout: 120_000 }, ({ signal }) =>
    drive(instance, signal));
}

const drive = async (instance, signal) => {
  const wire = await openWire(worker.url);
  const script = { "content-type": "text/javascript" };
  wire.serve("/corpus/", '<!doctype html><title>Corpus</title><link rel="icon" href="data:,">');
  wire.serve("/corpus/page.mjs", await read("tests/corpus/page.mjs"), script);
  wire.serve("/corpus/sdk.js", await read("dist/sdk/sdk.js"), script);
  wire.serve("/corpus/sdk-js.js", await read("npm/dist/sdk-js.js"), script);
  wire.serve("/corpus/sdk.wasm", await read("dist/sdk/sdk_bg.wasm"), { "content-type": "application/wasm" });
  wire.serve("/corpus/corpus.json", await readFile(corpusPath), { "content-type": "application/json" });
  const browser = await openBrowser();
  signal.addEventListener("abort", () => browser.quit());
  try {
    await browser.go(`${wire.url}/corpus/`);
    await browser.run(`async () => { window.instance = ${instance}; }`);
    const trace = await browser.run(async (site) => {
      const [{ trace }, { use, tell }] = await Promise.all([
        import("/corpus/page.mjs"),
        import("/corpus/sdk.js"),
      ]);
      use(await window.instance());
      const corpus = await (await fetch("/corpus/corpus.json")).json();
      const plan = await (await fetch(`/_g/plan/${site}`)).text();
      return trace(corpus, tell, plan);
    }, corpus.plan.site);
    same(trace, native.trace);
  } finally {
    await browser.quit();
    await wire.close();
  }
};

test("the Worker stores what the native sink does", { timeout: 120_000 }, async () => {
  same(await store(worker, beacons()), native.stored);
  const { results } = await worker.db.prepare("SELECT * FROM disagreements").all();
  assert.deepEqual(results, [], "the page claimed what the edge found");
});

test("what is sent raw means the same at the edge", { timeout: 120_000 }, async () => {
  const raw = (body) =>
    body
      .replace('"form":"wasm"', '"form":"raw"')
      .replace(/"plan":"\w*"/, '"plan":""')
      .replace(/,"claims":\[[^\]]*\]/g, "")
      .replace(/"kind":"(event|commerce)"/g, '"kind":"track"');
  const bodies = beacons().map(raw);
  assert.ok(bodies.every((body) => !/claims|"kind":"(event|commerce)"/.test(body)));
  const another = await start();
  try {
    // An item without claims is shorter, and a refusal says how long it was.
    const judged = (stored) => stored.replaceAll(/this one has \d+/g, "");
    same(judged(await store(another, bodies)), judged(native.stored));
  } finally {
    await another.dispose();
  }
});

/** The bodies that the page sends. */
const beacons = () => {
  const bodies = JSON.parse(native.trace)
    .steps.flatMap(({ effects }) => effects)
    .filter((effect) => /^[fb]/.test(effect))
    .map((effect) => effect.slice(1));
  assert.ok(bodies.length > 10);
  return bodies;
};

/** Has a Worker store them, and gives what it made of them as the native sink does. */
const store = async (worker, bodies) => {
  for (const body of bodies) {
    const { sent, items } = JSON.parse(body);
    const response = await post(worker, body, { "x-now": String(sent) });
    assert.equal(response.status, 200);
    const { results } = await response.json();
    assert.deepEqual(Object.keys(results).sort(), [...new Set(items.map(({ id }) => id))].sort());
  }
  await worker.settle();
  const { site } = corpus.plan;
  const rows = (sql) => worker.db.prepare(sql).bind(site).raw();
  const stored = JSON.stringify({
    observations: await rows(
      "SELECT lower(hex(id)), verdict FROM observations WHERE site = ?1 ORDER BY id",
    ),
    quarantine: await rows(
      "SELECT lower(hex(id)), reason, detail FROM quarantine WHERE site = ?1 ORDER BY id",
    ),
  });
  await everythingAddsUp(worker);
  return stored;
};

/** Equal, and if not, where they begin to differ. */
function same(found, expected) {
  if (found === expected) return;
  let at = 0;
  while (found[at] === expected[at]) at += 1;
  const part = (text) => text.slice(Math.max(0, at - 120), at + 120);
  assert.equal(part(found), part(expected), `they differ from character ${at}`);
}
