// Puts the package together in dist/edge-package: what was built, and what a deployment is made of.
//
// node edge-worker/npm/build.mjs

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = resolve(here, "../..");
const target = join(root, "dist/edge-package");
const template = join(target, "template");

/** What the settings say of the project's folders, and what it is in the package. */
const MOVED = {
  "../node_modules/wrangler/config-schema.json": "node_modules/wrangler/config-schema.json",
  "../dist/worker/index.js": "worker/index.js",
  "../dist/assets": "assets",
};

rmSync(target, { recursive: true, force: true });
mkdirSync(template, { recursive: true });
for (const name of ["package.json", "README.md", "cli.mjs", "folder.mjs", "deploy.mjs", "restorable.mjs", "wrangler.mjs"]) {
  cpSync(join(here, name), join(target, name));
}
for (const name of ["LICENSE-MIT", "LICENSE-APACHE", "THIRD-PARTY.md"]) cpSync(join(root, name), join(target, name));

const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const manifest = { private: true, type: "module", scripts: { start: "node start.mjs" } };
manifest.devDependencies = { wrangler: devDependencies.wrangler };
writeFileSync(join(template, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);

let settings = readFileSync(join(here, "../wrangler.jsonc"), "utf8");
for (const [from, to] of Object.entries(MOVED)) {
  if (!settings.includes(`"${from}"`)) throw new Error(`wrangler.jsonc does not name ${from}: change MOVED with it`);
  settings = settings.replace(`"${from}"`, `"${to}"`);
}
writeFileSync(join(template, "wrangler.jsonc"), settings);

for (const name of ["index.js", "index_bg.wasm"]) cpSync(join(root, "dist/worker", name), join(template, "worker", name));
cpSync(join(root, "dist/assets"), join(template, "assets"), { recursive: true });
cpSync(join(here, "../migrations"), join(template, "migrations"), { recursive: true });
cpSync(join(here, "../.dev.vars.example"), join(template, ".dev.vars.example"));
cpSync(join(root, "examples/self-host/start.mjs"), join(template, "start.mjs"));
