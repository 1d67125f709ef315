// The demo shop on this machine: the storefront, the edge, and the page that shows what arrives.

import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
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

await mkdir(folder, { recursive: true });
const plan = await demoPlan();
const site = plan?.site ?? "cloud-kicks";
const worker = await startWorker({
  port,
  shop: true,
  persist: folder,
  adminToken: await secret("token"),
  signingKeys: { [site]: [await secret("key")] },
  queueTimeoutMs: 250,
  plan,
});
const shop = worker.url.replace("127.0.0.1", "localhost");
console.log(`
  The shop        ${shop}/
  What arrives    ${shop}/_g/live#site=${site}&token=${worker.token}

  Ctrl-C ends it. What was stored stays in .demo/.
`);

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    await worker.dispose();
    process.exit(0);
  });
}
