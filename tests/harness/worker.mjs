// Starts the built Worker in workerd, with a real database, cache and queues, all on this machine.
//
// Its bindings are read from edge-worker/wrangler.jsonc, so that there is one list of them.

import { createHash, randomBytes } from "node:crypto";
import { cp, mkdir, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

process.env.CI ??= "1";
process.env.WRANGLER_SEND_METRICS = "false";

const require = createRequire(import.meta.url);
const wrangler = require("wrangler");
// The Miniflare that this wrangler is made for, wherever npm has put it.
const { Miniflare, Log, LogLevel } = createRequire(require.resolve("wrangler"))("miniflare");

/**
 * Miniflare waits for its database in another thread. Where the processor is busy, what wakes one wait
 * comes late and ends the next before there is an answer, and no answer after that is the right one: a
 * wait goes on until what it waits for has changed.
 */
const { wait } = Atomics;
Atomics.wait = (memory, at, value, ...timeout) => {
  let ended;
  do ended = wait(memory, at, value, ...timeout);
  while (ended === "ok" && timeout.length === 0 && Atomics.load(memory, at) === value);
  return ended;
};

/** The project's folder. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

const settings = join(root, "edge-worker/wrangler.jsonc");
const built = join(root, "dist/worker");

/** What the edge is told of a request's origin on Cloudflare's network. */
const cf = { country: "JP", region: "Tokyo", colo: "NRT", asn: 64500, timezone: "Asia/Tokyo" };

/**
 * Waits until `condition` returns something true, and returns it.
 *
 * @template T
 * @param {() => T | Promise<T>} condition
 * @param {string} what what is waited for, for the error
 * @param {number} [timeoutMs]
 * @returns {Promise<T>}
 */
export async function until(condition, what, timeoutMs = 60_000) {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What the work gives, if it does so in time. */
export function inTime(work, ms, what) {
  let timer;
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error(`waited ${ms} ms in vain: ${what}`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/**
 * @typedef {object} Options
 * @property {number} [port] 0 or none: any free port
 * @property {string} [persist] a folder that keeps database and cache; none: memory
 * @property {boolean} [shop] serve the demo shop beside the SDK
 * @property {object} [plan] published at once
 * @property {string} [adminToken] none: a new one
 * @property {Record<string, string[]>} [signingKeys] per site, what its servers sign with
 * @property {Record<string, Record<string, string[]>>} [webhookKeys] per site and kind, what signs webhooks
 * @property {number} [dailyItems] how many items the pages of a site may send in a day
 * @property {boolean} [dropsHeadless] lets go what browsers send that a program drives
 * @property {boolean} [archive] binds a bucket for the archive
 * @property {number} [archiveAfterDays] when what is archived leaves the database
 * @property {object} [rates] the limits of requests: `{ RATE_SITE: { simple: { limit, period } } }`
 * @property {boolean} [directSockets] a socket of workerd itself, for measuring
 * @property {number} [queueTimeoutMs] how long the queue collects a batch
 * @property {(worker: object) => void} [change] changes the Worker's Miniflare options
 * @property {object[]} [beside] further Workers beside it
 * @property {boolean} [migrate] false: leave the database empty
 * @property {string[]} [log] gets each line that the Worker writes to its log
 * @property {number} [databases] how many databases are bound: DB, DB_2 and so on
 * @property {number} [shards] over how many of them what comes is spread
 */

/**
 * Starts the Worker.
 *
 * @param {Options} [options]
 */
export async function startWorker(options = {}) {
  const token = options.adminToken ?? randomBytes(32).toString("hex");
  const merged = options.shop ? await shopAndAssets() : undefined;
  const assets = merged ?? (await folder(join(root, "dist/assets")));
  const worker = await workerOptions(assets);
  if (options.shop) worker.assets.assetConfig.not_found_handling = "404-page";
  worker.bindings.ADMIN_TOKEN_HASH = createHash("sha256").update(token).digest("hex");
  if (options.webhookKeys) worker.bindings.WEBHOOK_KEYS = JSON.stringify(options.webhookKeys);
  if (options.dailyItems) worker.bindings.DAILY_ITEMS = String(options.dailyItems);
  if (options.archive) worker.r2Buckets = { ...worker.r2Buckets, ARCHIVE: "goalpost-archive" };
  if (options.archiveAfterDays) {
    worker.bindings.ARCHIVE_AFTER_DAYS = String(options.archiveAfterDays);
  }
  // Browsers of tests are headless; those about such browsers let them go, as a deployment does.
  if (!options.dropsHeadless) worker.bindings.TAKE_HEADLESS = "yes";
  if (options.signingKeys) worker.bindings.SIGNING_KEYS = JSON.stringify(options.signingKeys);
  const timeout = (options.queueTimeoutMs ?? 50) / 1000;
  for (const consumer of Object.values(worker.queueConsumers)) {
    consumer.maxBatchTimeout = timeout;
  }
  // Tests send more from one address than a network does; those about limits set their own.
  worker.ratelimits = options.rates;
  if (options.directSockets) worker.unsafeDirectSockets = [{ host: "127.0.0.1", port: 0 }];
  if (options.shards) worker.bindings.SHARDS = String(options.shards);
  options.change?.(worker);
  const further = Array.from({ length: (options.databases ?? 1) - 1 }, (_, at) => `DB_${at + 2}`);
  const own = Object.fromEntries(further.map((name) => [name, `goalpost-${name.toLowerCase()}`]));
  worker.d1Databases = { ...worker.d1Databases, ...own };

  const kept = options.persist ? (name) => join(options.persist, name) : () => undefined;
  const miniflare = new Miniflare({
    host: "127.0.0.1",
    port: options.port ?? 0,
    cf,
    log: new Log(LogLevel.ERROR),
    handleRuntimeStdio: options.log ? into(options.log) : quietly,
    d1Persist: kept("d1"),
    kvPersist: kept("kv"),
    r2Persist: kept("r2"),
    durableObjectsPersist: kept("objects"),
    workers: [worker, ...(options.beside ?? [])],
  });
  const entry = await miniflare.ready;
  const url = (options.directSockets ? await miniflare.unsafeGetDirectURL(worker.name) : entry)
    .origin;
  const db = await miniflare.getD1Database("DB", worker.name);
  const databases = [db];
  for (const name of further) databases.push(await miniflare.getD1Database(name, worker.name));
  if (options.migrate !== false) for (const one of databases) await migrate(one);

  const admin = (path, init = {}) =>
    fetch(`${url}/api/v1/sites/${path}`, {
      ...init,
      headers: { authorization: `Bearer ${token}`, ...init.headers },
    });

  /** Publishes a plan and returns what the edge says. */
  const publish = async (plan) => {
    const response = await admin(`${plan.site}/plan`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(plan),
    });
    const body = await response.json();
    if (!response.ok) throw new Error(`the plan was refused: ${JSON.stringify(body, null, 2)}`);
    return body;
  };

  const queue = async () => miniflare.getQueueProducer("EVENTS", worker.name);

  let marks = 0;
  /**
   * Waits until all that was sent before has met its fate. The queue keeps its order, so a mark
   * that is sent now is stored after everything that was sent before.
   */
  const settle = async () => {
    // A mark is in the first database, whose part of a batch is stored before the others': the next batch
    // begins when all of it is.
    if (databases.length > 1) await mark();
    await mark();
  };

  const mark = async () => {
    marks += 1;
    const site = `settled-${marks}-${Date.now()}`;
    const text = { received_at: Date.now(), content: { dropped: { reason: "bot", site } } };
    await (await queue()).send(JSON.stringify(text), { contentType: "text" });
    await until(
      () => db.prepare("SELECT 1 AS found FROM fates WHERE site = ?1").bind(site).first(),
      "the queue's mark",
    );
  };

  /** Runs the cron as if it were that time. */
  const cron = async (time) => {
    const door = await miniflare.getWorker(worker.name);
    const scheduledTime = new Date(time);
    const { outcome } = await door.scheduled({ scheduledTime, cron: "*/10 * * * *" });
    if (outcome !== "ok") throw new Error(`the cron failed: ${outcome}`);
  };

  /** Runs the cron at an hour at which it keeps the figures of the last days too. */
  const rollUp = () => {
    const hours = 6 * 3_600_000;
    return cron(Math.floor(Date.now() / hours) * hours);
  };

  const started = {
    url,
    token,
    db,
    databases,
    admin,
    publish,
    queue,
    settle,
    cron,
    rollUp,
    miniflare,
    dispose: async () => {
      await miniflare.dispose();
      if (merged) await rm(merged, { recursive: true });
    },
  };
  if (options.plan) await publish(options.plan);
  return started;
}

async function workerOptions(assets) {
  const config = wrangler.unstable_readConfig({ config: settings }, { hideWarnings: true });
  config.assets = { ...config.assets, directory: assets };
  const { workerOptions: worker } = wrangler.unstable_getMiniflareWorkerOptions(config);
  const modules = [];
  for (const name of await readdir(built).catch(notBuilt)) {
    if (name.endsWith(".js")) modules.push({ type: "ESModule", path: join(built, name) });
    if (name.endsWith(".wasm")) modules.push({ type: "CompiledWasm", path: join(built, name) });
  }
  // The first module is the one that runs.
  modules.sort((a, b) => Number(b.path.endsWith("index.js")) - Number(a.path.endsWith("index.js")));
  delete worker.modulesRules;
  return { ...worker, name: "goalpost", modules, modulesRoot: built };
}

function notBuilt() {
  throw new Error("dist/worker is missing; run `cargo xtask build` first");
}

async function folder(path) {
  await mkdir(path, { recursive: true });
  return path;
}

/** The shop's pages with the loader and the SDK in one folder, as an assets directory must be. */
async function shopAndAssets() {
  const merged = await mkdtemp(join(tmpdir(), "goalpost-shop-"));
  for (const part of ["dist/shop", "dist/assets"]) {
    await cp(await folder(join(root, part)), merged, { recursive: true });
  }
  return merged;
}

/** Applies the migrations that are still missing, and notes them where wrangler does. */
async function migrate(db) {
  await db
    .prepare(
      `CREATE TABLE IF NOT EXISTS d1_migrations (
         id INTEGER PRIMARY KEY AUTOINCREMENT,
         name TEXT UNIQUE,
         applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)`,
    )
    .run();
  const { results } = await db.prepare("SELECT name FROM d1_migrations").all();
  const applied = new Set(results.map((row) => row.name));
  const folder = join(root, "edge-worker/migrations");
  for (const name of (await readdir(folder)).filter((it) => it.endsWith(".sql")).sort()) {
    if (applied.has(name)) continue;
    const sql = await readFile(join(folder, name), "utf8");
    const statements = wrangler.unstable_splitSqlQuery(sql).map((one) => db.prepare(one));
    const note = db.prepare("INSERT INTO d1_migrations (name) VALUES (?1)").bind(name);
    await db.batch([...statements, note]);
  }
}

/** Keeps each line that workerd writes. */
const into = (log) => (stdout, stderr) => {
  for (const stream of [stdout, stderr]) {
    createInterface({ input: stream }).on("line", (line) => log.push(line));
  }
};

/** Lets through what workerd writes, except that it shuts down when it is told to. */
function quietly(stdout, stderr) {
  for (const [from, to] of [
    [stdout, process.stdout],
    [stderr, process.stderr],
  ]) {
    from.setEncoding("utf8");
    from.on("data", (text) => {
      if (process.env.GOALPOST_LOG || !/disconnected|Broken pipe/.test(text)) to.write(text);
    });
  }
}
