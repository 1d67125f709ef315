// The wrangler that a deployment's folder has.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** Why something was not done, in words for the operator. */
export class Refusal extends Error {}

/** @typedef {{ ok: boolean, text: string }} Answer */

/** What can be asked of it, for the deployment in this folder. */
export function wranglerIn(folder) {
  if (!existsSync(join(folder, "wrangler.jsonc"))) {
    throw new Refusal(`${folder} has no wrangler.jsonc: \`goalpost-edge init <folder>\` makes a deployment`);
  }
  const require = createRequire(join(folder, "wrangler.jsonc"));
  let manifest;
  try {
    manifest = require.resolve("wrangler/package.json");
  } catch {
    throw new Refusal(`${folder} has no wrangler: run \`npm install\` there`);
  }
  const program = join(dirname(manifest), JSON.parse(readFileSync(manifest, "utf8")).bin.wrangler);
  const env = { ...process.env, CI: "1", WRANGLER_SEND_METRICS: "false" };
  const { unstable_readConfig: read, unstable_splitSqlQuery: split } = require("wrangler");
  return {
    folder,
    config: read({ config: join(folder, "wrangler.jsonc") }, { hideWarnings: true }),
    /** Cuts SQL into its statements. */
    split,
    /** Asks, and gives what it said. @returns {Answer} */
    ask: (...args) => {
      const done = spawnSync(process.execPath, [program, ...args], { cwd: folder, env, encoding: "utf8" });
      return { ok: done.status === 0, text: `${done.stdout}${done.stderr}` };
    },
  };
}
