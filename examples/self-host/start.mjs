// Runs a deployment's folder on this machine, in workerd, with everything kept on its disk.
//
//   npx goalpost-edge init edge && cd edge && npm install
//   ADMIN_TOKEN=… npm start
//
// PORT and HOST say where it listens (8787 on 127.0.0.1), DATA where it keeps what it is told (data/).
// A proxy before it brings HTTPS and says who asks: see docs/deploying.md.

import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";

process.env.CI ??= "1";
process.env.WRANGLER_SEND_METRICS = "false";

const folder = process.cwd();
const data = resolve(process.env.DATA ?? "data");
const settings = join(folder, "wrangler.jsonc");
if (!existsSync(settings)) throw new Error("there is no wrangler.jsonc here: npx goalpost-edge init <folder>");
const require = createRequire(settings);
const wrangler = require("wrangler");
const manifest = require.resolve("wrangler/package.json");
const { Miniflare } = createRequire(manifest)("miniflare");

const program = join(dirname(manifest), JSON.parse(readFileSync(manifest, "utf8")).bin.wrangler);
const config = wrangler.unstable_readConfig({ config: settings }, { hideWarnings: true });
for (const { binding } of config.d1_databases) {
  const apply = ["d1", "migrations", "apply", binding, "--local", "--persist-to", data];
  execFileSync(process.execPath, [program, ...apply], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
}
const { workerOptions: worker } = wrangler.unstable_getMiniflareWorkerOptions(config);
// The queue of this runtime is in memory, and would forget what a page was told is taken. Without it,
// each beacon is on the disk before it is answered.
delete worker.queueProducers;
delete worker.queueConsumers;
delete worker.modulesRules;
worker.name = config.name;
const built = dirname(resolve(folder, config.main));
worker.modulesRoot = built;
worker.modules = [
  { type: "ESModule", path: join(built, "index.js") },
  { type: "CompiledWasm", path: join(built, "index_bg.wasm") },
];
for (const name of ["ADMIN_TOKEN_HASH", "SIGNING_KEYS", "WEBHOOK_KEYS"]) {
  if (process.env[name]) worker.bindings[name] = process.env[name];
}
if (process.env.ADMIN_TOKEN) {
  worker.bindings.ADMIN_TOKEN_HASH = createHash("sha256").update(process.env.ADMIN_TOKEN).digest("hex");
}
if (!worker.bindings.ADMIN_TOKEN_HASH) throw new Error("set ADMIN_TOKEN, or ADMIN_TOKEN_HASH: who has the token may do everything");

const kept = (part) => join(data, "v3", part);
const miniflare = new Miniflare({
  host: process.env.HOST ?? "127.0.0.1",
  port: Number(process.env.PORT ?? 8787),
  // No request says where it comes from, and nobody is asked.
  cf: {},
  d1Persist: kept("d1"),
  kvPersist: kept("kv"),
  r2Persist: kept("r2"),
  workers: [worker],
});
const address = await miniflare.ready;
const door = await miniflare.getWorker(worker.name);

/** What the platform does by itself: the cron, every ten minutes. */
const cron = setInterval(() => {
  const time = new Date();
  door.scheduled({ scheduledTime: time, cron: "*/10 * * * *" }).catch((problem) => console.error("cron:", problem.message));
}, 600_000);

console.log(`Goalpost listens at ${address.origin} and keeps everything in ${data}`);
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    clearInterval(cron);
    await miniflare.dispose();
    process.exit(0);
  });
}
