// The package in each of the stacks that storefronts are made with.

import assert from "node:assert/strict";
import { after } from "node:test";
import { unpack } from "../project.mjs";
import { app } from "../visits.mjs";

after(unpack);

/** Where the component has gone, and comes back with another consent, the site is told of it. */
const withdrawn = async ({ shop, browser }) => {
  await browser.go(shop.at("/app/"));
  await browser.until(() => document.body.dataset.flushed, "what was called before the SDK began");
  const isThere = () => performance.getEntriesByType("resource").some(({ name }) => /\/_g\/plan\//.test(name));
  assert.ok(await browser.run(isThere), "it has waited for the SDK");
  await browser.click("#to-privacy");
  await shop.observed(6, "kind = 'page'");
  await shop.observed(1, "body ->> 'name' = 'demo_requested'");
  await browser.click("#refuse");
  await browser.click("#to-home");
  await browser.until(() => localStorage.getItem("gp") === null, "the visitor's id to go");
  await shop.settled();
  const seen = await shop.value("SELECT count(*) FROM observations");
  await browser.click("#to-shoes");
  await browser.element("#to-thanks");
  await browser.run(() => new Promise((done) => setTimeout(done, 200)));
  await shop.settled();
  await shop.observed(seen);
};

const typed = { types: "src/goalpost-plan.d.ts" };
app("vite-react", { ...typed, check: ["tsc", "--noEmit"], build: ["npx", "vite", "build", "--mode", "development"], out: "dist", strict: true, further: withdrawn });
app("webpack", { build: ["node", "build.mjs"], out: "dist" });
app("vite-vue", { ...typed, check: ["vue-tsc", "--noEmit"], build: ["npx", "vite", "build"], out: "dist" });
app("sveltekit", { ...typed, check: ["svelte-kit", "sync"], build: ["npm", "run", "build"], out: "build" });
app("next-app", { types: "goalpost-plan.d.ts", build: ["npx", "next", "build"], out: "out" });
app("next-pages", { types: "goalpost-plan.d.ts", build: ["npx", "next", "build"], out: "out" });
