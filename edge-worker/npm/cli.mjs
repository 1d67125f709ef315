#!/usr/bin/env node
// What an operator types. Nothing here needs Rust: the Worker comes compiled.

import { resolve } from "node:path";
import { check, deploy } from "./deploy.mjs";
import { init, upgrade } from "./folder.mjs";
import { Refusal, wranglerIn } from "./wrangler.mjs";

const USAGE = `goalpost-edge init <folder>         make the folder of a deployment
goalpost-edge upgrade [<folder>]    put this version's Worker, assets and migrations into it
goalpost-edge check [<folder>]      what would be deployed, and what is to be done first; needs no account
goalpost-edge deploy [<folder>]     check, apply the migrations, deploy
`;

const [verb, place = verb === "init" ? undefined : "."] = process.argv.slice(2);
const folder = place && resolve(place);
const say = (text) => console.log(text);

const verbs = {
  init: () => init(folder, say),
  upgrade: () => upgrade(folder, say),
  check: () => check(wranglerIn(folder), say),
  deploy: () => deploy(wranglerIn(folder), say),
};

try {
  if (!folder || !Object.hasOwn(verbs, verb)) throw new Refusal(USAGE);
  await verbs[verb]();
} catch (problem) {
  if (!(problem instanceof Refusal)) throw problem;
  console.error(problem.message);
  process.exitCode = 1;
}
