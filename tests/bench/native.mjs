// The native part of the measurements, and what a Worker is started with beside it.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { root, startWorker } from "../harness/worker.mjs";

/** The site of every measurement. */
export const SITE = "shop";

/** The plan that is published and evaluated with. */
export const plan = JSON.parse(await readFile(new URL("plan.json", import.meta.url), "utf8"));

/** How many rows the caller wants in a database. */
export function wantedRows(usual) {
  const { values } = parseArgs({ options: { rows: { type: "string", default: String(usual) } } });
  const rows = Number(values.rows);
  assert.ok(Number.isInteger(rows) && rows > 0, "--rows: is not a whole number above 0");
  return rows;
}

/** Works in a folder that is gone afterwards. */
export async function inFolder(work) {
  const folder = await mkdtemp(join(tmpdir(), "goalpost-bench-"));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function subfolder(folder, name) {
  const path = join(folder, name);
  await mkdir(path, { recursive: true });
  return path;
}

/** Runs the native part; its answer is one JSON value, or one a line. */
export async function native(...args) {
  const cargo = ["run", "--quiet", "--profile", "fast", "--package", "goalpost-bench", "--", ...args];
  const { stdout } = await promisify(execFile)("cargo", cargo, { cwd: root, maxBuffer: 2 ** 30 });
  return stdout.trim().split("\n").map((line) => JSON.parse(line));
}

/** The Worker's queue is fed by hand, and nobody asks for a page. */
export function bare(worker) {
  worker.queueConsumers = {};
  delete worker.assets;
}

/** The same on the database that was filled. */
export function full(worker) {
  bare(worker);
  worker.d1Databases = { DB: "full" };
}

/** A database of D1's with rows of 30 days, filled natively through the sink's own statements. */
export async function fill(folder, rows) {
  const persist = await subfolder(folder, "workerd");
  const first = await startWorker({ plan, persist, change: full });
  await first.dispose();
  const databases = await readdir(join(persist, "d1"), { recursive: true });
  const files = databases.filter((name) => /\/[0-9a-f]{64}\.sqlite$/.test(name));
  assert.equal(files.length, 1, `one database is expected, not ${files.join(", ")}`);
  const file = join(persist, "d1", files[0]);
  const [filled] = await native("fill", file, String(rows));
  return { ...filled, file, persist };
}

/** What the Worker answers to a request of its administrator. */
export async function ask({ url, token }, path, init = {}) {
  const response = await fetch(`${url}/api/v1/sites/${SITE}/${path}`, {
    ...init,
    headers: { authorization: `Bearer ${token}` },
  });
  const body = await response.text();
  assert.equal(response.status, 200, body);
  return { headers: response.headers, body };
}
