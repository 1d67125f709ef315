// The folder of a deployment: what is the operator's is written once, the rest with each version.

import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Refusal } from "./wrangler.mjs";

const template = fileURLToPath(new URL("template", import.meta.url));
const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));

/** What each version brings; whoever changes it loses that with the next one. */
const OURS = ["worker", "migrations", ".dev.vars.example", "start.mjs"];

/** Makes the folder. */
export function init(folder, say) {
  if (existsSync(join(folder, "wrangler.jsonc"))) {
    throw new Refusal(`${folder} is a deployment already: \`goalpost-edge upgrade\` brings it to version ${version}`);
  }
  mkdirSync(folder, { recursive: true });
  cpSync(template, folder, { recursive: true });
  const manifest = join(folder, "package.json");
  const written = JSON.parse(readFileSync(manifest, "utf8"));
  writeFileSync(manifest, `${JSON.stringify({ name: basename(folder), ...written }, null, 2)}\n`);
  writeFileSync(join(folder, ".gitignore"), "node_modules/\n.wrangler/\n.dev.vars\ndata/\n");
  say(`${folder} holds Goalpost ${version}. Next, in that folder:

  npm install                 brings wrangler
  npx goalpost-edge check     says what to do before the first deployment
  npm start                   runs it on this machine instead, for itself`);
}

/** Brings the folder to this version. */
export function upgrade(folder, say) {
  const settings = join(folder, "wrangler.jsonc");
  if (!existsSync(settings)) {
    throw new Refusal(`${folder} has no wrangler.jsonc: \`goalpost-edge init <folder>\` makes a deployment`);
  }
  for (const part of OURS) {
    // Migrations that were applied stay: nothing is taken away of them.
    if (part !== "migrations") rmSync(join(folder, part), { recursive: true, force: true });
    cpSync(join(template, part), join(folder, part), { recursive: true });
  }
  replaceAssets(join(folder, "assets"));
  say(`${folder} holds Goalpost ${version}. Then: npx goalpost-edge deploy`);
  const lacking = lackingIn(readFileSync(settings, "utf8"));
  if (lacking.length > 0) {
    say(`\nwrangler.jsonc, which is yours, does not name what this version can use: ${lacking.join(", ")}.
What each is: ${join(template, "wrangler.jsonc")}`);
  }
}

/** Pages that were opened before still ask for the files of the last version, so these stay for one more. */
function replaceAssets(folder) {
  const manifest = join(folder, "manifest.json");
  const last = existsSync(manifest) ? JSON.parse(readFileSync(manifest, "utf8")).hash : undefined;
  const builds = join(folder, "a");
  for (const build of existsSync(builds) ? readdirSync(builds) : []) {
    if (build !== last) rmSync(join(builds, build), { recursive: true });
  }
  cpSync(join(template, "assets"), folder, { recursive: true });
}

/** Bindings and settings of the template that a `wrangler.jsonc` does not speak of. */
export function lackingIn(settings) {
  const names = (text) => new Set([...text.matchAll(/"([A-Z][A-Z0-9_]+)"/g)].map(([, name]) => name));
  const own = names(settings);
  return [...names(readFileSync(join(template, "wrangler.jsonc"), "utf8"))].filter((name) => !own.has(name));
}
