#!/usr/bin/env node
// What an operator types. Nothing here needs Rust: the Worker comes compiled.

import { resolve } from "node:path";
import { check, deploy } from "./deploy.mjs";
import { init, upgrade } from "./folder.mjs";
import { restorable } from "./restorable.mjs";
import { Refusal, wranglerIn } from "./wrangler.mjs";

const USAGE = `goalpost-edge init <folder>         make the folder of a deployment
goalpost-edge upgrade [<folder>]    put this version's Worker, assets and migrations into it
goalpost-edge check [<folder>]      what would be deployed, and what is to be done first; needs no account
goalpost-edge deploy [<folder>]     check, apply the migrations, deploy

goalpost-edge restorable <backup.sql> <out.sql>
                                    makes what \`wrangler d1 export\` wrote fit for an empty database;
                                    within the folder of a deployment
`;

const [verb, ...places] = process.argv.slice(2);
const [place = verb === "upgrade" || verb === "check" || verb === "deploy" ? "." : undefined, out] = places;
const folder = place && resolve(place);
const say = (text) => console.log(text);

const verbs = {
  init: () => init(folder, say),
  upgrade: () => upgrade(folder, say),
  check: () => check(wranglerIn(folder), say),
  deploy: () => deploy(wranglerIn(folder), say),
  restorable: async () => {
    if (!out) throw new Refusal(USAGE);
    await restorable(folder, resolve(out), wranglerIn(process.cwd()).split);
    say(`Restore ${out} into an empty database: npx wrangler d1 execute <database> --remote --file ${out}`);
  },
};

try {
  if (!folder || !Object.hasOwn(verbs, verb)) throw new Refusal(USAGE);
  await verbs[verb]();
} catch (problem) {
  if (!(problem instanceof Refusal)) throw problem;
  console.error(problem.message);
  process.exitCode = 1;
}
