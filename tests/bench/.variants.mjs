// node .variants.mjs <rounds> name=folder …   compares built workers (private)
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { plan } from "../harness/beacon.mjs";
import { startWorker } from "../harness/worker.mjs";
import { interleaved, median, print, ratio } from "./figures.mjs";
import { Load } from "./load.mjs";
import { Workerd } from "./workerd.mjs";
import { BURST, SIZES, beacons, request, check } from "./.parts.mjs";
const [rounds, ...list] = process.argv.slice(2);
const variants = Object.fromEntries(list.map((it) => it.split("=")));
const script = (name) => readFile(new URL(name, import.meta.url), "utf8");
const [plain, noop] = await Promise.all(["plain-worker.mjs", "noop-worker.mjs"].map(script));
const beside = [];
const started = await startWorker({ plan, directSockets: true, beside, change: (worker) => {
  worker.queueConsumers = {}; delete worker.assets;
  const peer = (name, source, more = {}) => ({ name, modules: [{ type: "ESModule", path: `${name}.mjs`, contents: source }], compatibilityDate: worker.compatibilityDate, unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }], ...more });
  beside.push(peer("plain", plain, { queueProducers: worker.queueProducers }), peer("noop", noop));
  for (const [name, folder] of Object.entries(variants)) {
    if (folder.endsWith(".mjs")) { continue; }
    const modules = [];
    for (const f of readdirSync(folder)) {
      if (f.endsWith(".js")) modules.push({ type: "ESModule", path: join(folder, f) });
      if (f.endsWith(".wasm")) modules.push({ type: "CompiledWasm", path: join(folder, f) });
    }
    modules.sort((a, b) => Number(b.path.endsWith("index.js")) - Number(a.path.endsWith("index.js")));
    beside.push({ ...worker, assets: undefined, name, modules, modulesRoot: folder, unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }] });
  }
}});
for (const [name, folder] of Object.entries(variants)) if (folder.endsWith(".mjs")) throw new Error("x");
const urls = { goalpost: started.url };
const names = ["goalpost", "plain", "noop", ...Object.keys(variants)];
for (const n of names.slice(1)) urls[n] = (await started.miniflare.unsafeGetDirectURL(n)).origin;
for (const n of Object.keys(variants)) await fetch(`${urls[n]}/_g/plan/shop`);
const workerd = new Workerd();
const loads = {}, cases = {};
for (const n of names) loads[n] = await Load.open(urls[n], 16);
for (const size of SIZES) {
  const sent = beacons(BURST, size);
  for (const n of names) {
    const reqs = sent.map((b) => request(urls[n], b));
    cases[`${n} ${size}`] = async () => {
      let answers;
      const cpu = await workerd.cpuOf(async () => { answers = await loads[n].send(reqs); });
      if (n !== "noop" && !process.env.NOCHECK) check(answers, sent);
      return cpu / BURST;
    };
  }
}
await interleaved(10, cases);
const values = await interleaved(Number(rounds), cases);
print("variants", names.map((n) => ({ n, "1 us": median(values[`${n} 1`]), "1 ratio": ratio(values[`${n} 1`], values["plain 1"]), "20 us": median(values[`${n} 20`]), "20 ratio": ratio(values[`${n} 20`], values["plain 20"]) })));
await started.dispose();
process.exit(0);
