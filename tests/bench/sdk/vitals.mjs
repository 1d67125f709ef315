// Measures the web vitals of the demo shop with and without Goalpost. See docs/benchmarks.md.
//
// node tests/bench/sdk/vitals.mjs [--rounds 30] [--slower 4] [--out <folder>]

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openWire } from "../../e2e/wire.mjs";
import { root, startWorker, until } from "../../harness/worker.mjs";
import { percentile, print } from "../figures.mjs";
import { openChromium } from "./chromium.mjs";
import { interval, isChance, signTest } from "./noise.mjs";
import { pause } from "./visits.mjs";

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "30" },
    slower: { type: "string", default: "4" },
    out: { type: "string", default: join(root, "target/bench-vitals") },
  },
});
const [rounds, slower] = [Number(flags.rounds), Number(flags.slower)];
if (!(rounds > 0 && slower >= 1)) {
  console.error("--rounds takes at least 1, and so does --slower");
  process.exit(1);
}

const PAGE = "/shoes/nimbus/";
/** What somebody does who buys: each is an interaction by the browser's own input. */
const CLICKS = [
  'input[value="26.0"] + span',
  'input[value="25.0"] + span',
  'input[value="26.0"] + span',
  "#add-to-cart",
  'input[value="25.0"] + span',
  "#add-to-cart",
];
/** The first click comes while the SDK is arriving: it waits for idle time after the load event. */
const FIRST_MS = 100;
const BETWEEN_MS = 250;
/** What the page is given to tell of the last one. */
const LAST_MS = 1_500;

/** Each vital, in its unit, with the digits that it is shown to and the steps that it comes in. */
const VITALS = { LCP: ["ms", 0], CLS: ["", 4], INP: ["ms", 0, 8] };

const library = await readFile(
  fileURLToPath(new URL("node_modules/web-vitals/dist/web-vitals.iife.js", import.meta.url)),
  "utf8",
);
/** In both kinds of visit alike, before the page's own scripts. */
const WATCH = `${library}
window.vitals = {};
for (const name of ${JSON.stringify(Object.keys(VITALS))}) {
  webVitals["on" + name](({ value }) => (vitals[name] = value), { reportAllChanges: true, durationThreshold: 0 });
}`;

/** The shop's snippet: the stub and the loader. */
const SNIPPET = /<script>window\.goalpost=.*?<\/script>\s*<script async src="\/_g\/gp\.js".*?<\/script>/;

/** Of fewer rounds nothing is concluded. */
const ENOUGH = 20;

/** The same page twice without, so that what chance does to the figures is seen beside it. */
const KINDS = ["with", "without", "without again"];

const plan = JSON.parse(await readFile(join(root, "examples/storefront/plan.json"), "utf8"));
const worker = await startWorker({ shop: true, plan });
const wire = await openWire(worker.url);
let kind;
wire.changePages((html) => {
  if (!SNIPPET.test(html)) throw new Error(`${PAGE} has no snippet`);
  return kind === "with" ? html : html.replace(SNIPPET, "");
});

async function click(page, selector) {
  const at = await page.run(`{
    const element = document.querySelector(${JSON.stringify(selector)});
    element.scrollIntoView({ block: "center", behavior: "instant" });
    const { x, y, width, height } = element.getBoundingClientRect();
    ({ x: x + width / 2, y: y + height / 2 });
  }`);
  const button = { ...at, button: "left", clickCount: 1 };
  await page.send("Input.dispatchMouseEvent", { type: "mousePressed", ...button });
  await page.send("Input.dispatchMouseEvent", { type: "mouseReleased", ...button });
}

/** One visit by somebody new: nothing is stored, nothing cached. */
async function visit(browser, name) {
  kind = name;
  const before = wire.beacons().length;
  const visitor = await browser.visitor();
  try {
    const page = await visitor.page({ slower });
    await page.send("Page.addScriptToEvaluateOnNewDocument", { source: WATCH });
    await page.go(wire.url + PAGE);
    await pause(FIRST_MS);
    for (const selector of CLICKS) {
      await click(page, selector);
      await pause(BETWEEN_MS);
    }
    await pause(LAST_MS);
    const { vitals, inBag } = await page.run(
      `({ vitals, inBag: document.getElementById("bag-count").textContent })`,
    );
    for (const vital of Object.keys(VITALS)) {
      if (!Number.isFinite(vitals[vital])) throw new Error(`no ${vital}`);
    }
    if (!/\d/.test(inBag)) throw new Error("nothing is in the bag: the clicks did nothing");
    const sent = () => wire.beacons().length > before;
    if (name === "with") await until(sent, "a beacon");
    else if (sent()) throw new Error("the page without Goalpost has sent a beacon");
    return vitals;
  } finally {
    await visitor.close();
  }
}

/** A visit that the machine was too busy for is made again. */
async function visited(browser, name) {
  for (let left = 3; ; left -= 1) {
    try {
      return await visit(browser, name);
    } catch (problem) {
      if (left === 0) throw problem;
      process.stderr.write(`${name}: ${problem.message}; once more\n`);
    }
  }
}

const begun = new Date();
const [loadBefore] = loadavg();
const results = Object.fromEntries(KINDS.map((name) => [name, []]));
const browser = await openChromium(new URL(wire.url).port);
try {
  // The first visits start what both kinds need: workerd's isolate, the browser's processes.
  for (const name of KINDS) await visited(browser, name);
  for (let round = 0; round < rounds; round += 1) {
    process.stderr.write(`round ${round + 1} of ${rounds}, load ${loadavg()[0].toFixed(1)}\n`);
    // Each kind is the first, the second and the third equally often.
    for (const at of KINDS.keys()) {
      const name = KINDS[(round + (round % 2 ? at : KINDS.length - at)) % KINDS.length];
      results[name].push(await visited(browser, name));
    }
  }
} finally {
  await browser.close();
  await wire.close();
  await worker.dispose();
}

const shown = (vital, value) => value.toFixed(VITALS[vital][1]);
const quartiles = (values) => [0.25, 0.75].map((part) => percentile(values, part));
const differences = (vital, one, other) =>
  results[one].map((values, round) => values[vital] - results[other][round][vital]);

const verdict = (vital, { low, high }, signs) => {
  if (rounds < ENOUGH) return `too few rounds: ${ENOUGH} at least`;
  if (isChance({ low, high }, signs)) return "no measurable change";
  const [unit, , step] = VITALS[vital];
  const most = Math.max(-low, high);
  return `${high > 0 ? "" : "less by "}up to ${most === step ? "one step of " : ""}${shown(vital, most)} ${unit}`.trim();
};

const rows = Object.entries(VITALS).map(([vital, [unit]]) => {
  const of = (name) => results[name].map((values) => values[vital]);
  const figure = (name) => {
    const [low, high] = quartiles(of(name));
    return `${shown(vital, percentile(of(name), 0.5))} (${shown(vital, low)} to ${shown(vital, high)})`;
  };
  const change = (one, other) => {
    const { median, low, high } = interval(differences(vital, one, other));
    return { text: `${shown(vital, median)} (${shown(vital, low)} to ${shown(vital, high)})`, low, high };
  };
  const own = change("with", "without");
  const signs = signTest(differences(vital, "with", "without"));
  return {
    vital: unit ? `${vital}, ${unit}` : vital,
    with: figure("with"),
    without: figure("without"),
    "with - without": own.text,
    "without - without": change("without again", "without").text,
    "sign test": signs.toFixed(2),
    verdict: verdict(vital, own, signs),
  };
});
await mkdir(flags.out, { recursive: true });
const about = {
  begun: begun.toISOString(),
  minutes: (Date.now() - begun) / 60_000,
  load: [loadBefore, loadavg()[0]],
  cores: cpus().length,
  processor: cpus()[0].model,
  node: process.version,
  browser: browser.version,
  rounds,
  slower,
};
await writeFile(join(flags.out, "vitals.json"), `${JSON.stringify({ about, results, rows }, null, 1)}\n`);
print(`Web vitals of ${PAGE} at ${slower}x, ${rounds} rounds: medians and quartiles`, rows);
process.stdout.write(`
Differences are of visits of the same round: their median, and where it lies with 95 % confidence (a
bootstrap of 10,000 samples, seeded). "No measurable change" says that 0 lies inside it, not at its edge,
or that the sign test gives 0.05 or more; the other column of differences shows what it is for two pages
that are alike. INP comes in steps of 8 ms.
${about.begun.slice(0, 16).replace("T", " ")} UTC, ${about.minutes.toFixed(1)} min, ${about.browser}, Node ${about.node.slice(1)}, ${about.cores} cores (${about.processor}), load ${about.load.map((one) => one.toFixed(1)).join(" to ")}.
`);
