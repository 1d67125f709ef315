// The demo shop on this machine: the storefront, the edge, and the page that shows what arrives.

import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sendMonth } from "../../examples/storefront/month/send.mjs";
import { month } from "../../examples/storefront/month/shoppers.mjs";
import { root, startWorker } from "./worker.mjs";

const folder = join(root, ".demo");
const port = Number(process.env.PORT ?? 8787);

/** Token and key stay the same, so that an open live page survives a restart. */
async function secret(name) {
  const path = join(folder, name);
  try {
    return (await readFile(path, "utf8")).trim();
  } catch {
    const made = randomBytes(32).toString("hex");
    await writeFile(path, made, { mode: 0o600 });
    return made;
  }
}

async function demoPlan() {
  try {
    return JSON.parse(await readFile(join(root, "examples/storefront/plan.json"), "utf8"));
  } catch (problem) {
    if (problem.code === "ENOENT") return undefined;
    throw problem;
  }
}

/** Each version of the tables has a database of its own: what was stored before is not disturbed. */
async function databaseFolder() {
  const migrations = join(root, "edge-worker/migrations");
  const tables = createHash("sha256");
  for (const name of (await readdir(migrations)).sort()) {
    tables.update(await readFile(join(migrations, name)));
  }
  return join(folder, `tables-${tables.digest("hex").slice(0, 12)}`);
}

/** A month of made-up visits, once, so that every report has something to show. */
async function tellOfAMonth(worker, site) {
  const told = join(database, "month");
  if (await readFile(told, "utf8").catch(() => "")) return;
  console.log("\n   a month of 2,000 made-up shoppers is sent, once");
  const midnight = Math.floor((Date.now() + TOKYO) / DAY) * DAY - TOKYO;
  const door = {
    fetch: (path, init) => worker.miniflare.dispatchFetch(`${worker.url}${path}`, init),
    token: worker.token,
    site,
  };
  await sendMonth(door, month({ end: midnight }), (text) => console.log(`   ${text}`));
  await worker.settle();
  await worker.rollUp();
  await writeFile(told, new Date(midnight).toISOString());
}

const DAY = 86_400_000;
const TOKYO = 9 * 3_600_000;

const database = await databaseFolder();
await mkdir(database, { recursive: true });
const plan = await demoPlan();
const site = plan?.site ?? "cloud-kicks";
const worker = await startWorker({
  port,
  shop: true,
  persist: database,
  adminToken: await secret("token"),
  signingKeys: { [site]: [await secret("key")] },
  queueTimeoutMs: 250,
  plan,
});
if (plan) await tellOfAMonth(worker, site);
const shop = worker.url.replace("127.0.0.1", "localhost");
console.log(`
  The shop        ${shop}/
  What arrives    ${shop}/_g/live#site=${site}&token=${worker.token}
  The reports     ${shop}/_g/reports#site=${site}&token=${worker.token}

  Ctrl-C ends it. What was stored stays in .demo/.
`);

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    await worker.dispose();
    process.exit(0);
  });
}
