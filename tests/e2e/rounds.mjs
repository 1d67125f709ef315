// Runs test files again and again, and tells how often each test passed in which browser.
//
//   ROUNDS=20 BROWSERS=chromium,firefox,webkit node tests/e2e/rounds.mjs delivery storage

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const rounds = Number(process.env.ROUNDS || 20);
const browsers = (process.env.BROWSERS || "chromium").split(",");

/** A file that takes so long hangs: what it has said until then counts, and it fails. */
const LIMIT_MS = 45 * 60_000;

const ENDING = ".test.mjs";
const all = (await readdir(here)).filter((name) => name.endsWith(ENDING)).map((name) => name.slice(0, -ENDING.length));
const files = process.argv.slice(2);
const unknown = files.filter((name) => !all.includes(name));
if (unknown.length) throw new Error(`no test is named ${unknown}: there are ${all.sort().join(", ")}`);
if (!files.length) files.push(...all.sort());

/** Runs a file once, and gives what became of each of its tests. */
async function round(file, browser) {
  const child = spawn(
    process.execPath,
    ["--test", "--test-force-exit", `--test-reporter=${join(here, "results.mjs")}`, join(here, file + ENDING)],
    { env: { ...process.env, BROWSER: browser }, stdio: ["ignore", "pipe", "inherit"] },
  );
  const timer = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
  const ended = once(child, "exit");
  const results = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const result = JSON.parse(line);
    results.push(result);
    const { name, passed, skipped, problem, ms } = result;
    const fate = skipped ? "not run" : passed ? `passed in ${(ms / 1_000).toFixed(1)} s` : `FAILED: ${problem}`;
    console.error(`  ${name}: ${fate}`);
  }
  const [code, signal] = await ended;
  clearTimeout(timer);
  if (signal || (code !== 0 && results.every(({ passed }) => passed))) {
    results.push({ name: "the file itself", passed: false, problem: signal ?? `it ended with ${code}` });
  }
  return results;
}

/** How often a test passed, was skipped and ran. */
class Cell {
  passed = 0;
  ran = 0;
  skipped = "";
  problems = new Map();

  add({ passed, skipped, problem }) {
    if (skipped) return (this.skipped = skipped);
    this.ran += 1;
    if (passed) this.passed += 1;
    else this.problems.set(problem, (this.problems.get(problem) ?? 0) + 1);
  }

  get text() {
    return this.ran === 0 ? "–" : `${this.passed} of ${this.ran}`;
  }
}

const NONE = new Cell();
const row = (first, cells) => `| ${[first, ...cells].join(" | ")} |`;
const tables = [];

for (const file of files) {
  /** By test and browser. */
  const tests = new Map();
  const seconds = new Map();
  for (const browser of browsers) {
    const start = Date.now();
    for (let n = 1; n <= rounds; n += 1) {
      const results = await round(file, browser);
      for (const result of results) {
        if (!tests.has(result.name)) tests.set(result.name, new Map());
        const cells = tests.get(result.name);
        if (!cells.has(browser)) cells.set(browser, new Cell());
        cells.get(browser).add(result);
      }
      const ran = results.filter(({ skipped }) => !skipped);
      const passed = ran.filter(({ passed }) => passed);
      console.error(`${file} in ${browser}, round ${n} of ${rounds}: ${passed.length} of ${ran.length}`);
    }
    seconds.set(browser, (Date.now() - start) / 1_000 / rounds);
  }
  const table = [
    row(`\`${file}\``, browsers),
    row("---", browsers.map(() => "---")),
    ...[...tests].map(([name, cells]) => row(name, browsers.map((one) => (cells.get(one) ?? NONE).text))),
    row("seconds for one round", browsers.map((one) => seconds.get(one).toFixed(0))),
  ];
  console.log(`${table.join("\n")}\n`);
  tables.push(tests);
}

const cells = tables.flatMap((tests) =>
  [...tests].flatMap(([name, its]) => [...its].map(([browser, cell]) => ({ name, browser, cell }))),
);
for (const { name, browser, cell } of cells) {
  if (cell.skipped) console.log(`not in ${browser}: ${name} (${cell.skipped})`);
}
for (const { name, browser, cell } of cells) {
  for (const [problem, times] of cell.problems) console.log(`failed in ${browser}, ${times} of ${cell.ran}: ${name} (${problem})`);
}
if (cells.some(({ cell }) => cell.problems.size)) process.exitCode = 1;
