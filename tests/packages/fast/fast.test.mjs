// The packed package where no bundler of a framework is needed.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { build } from "esbuild";
import { visit } from "../../e2e/shop.mjs";
import { plan } from "../../harness/beacon.mjs";
import { startWorker } from "../../harness/worker.mjs";
import { planFile, project, refused, unpack } from "../project.mjs";

const { Miniflare } = createRequire(createRequire(import.meta.url).resolve("wrangler"))("miniflare");
const KEY = "the key that the shop signs with";

let edge;
before(async () => {
  edge = await startWorker({ plan, signingKeys: { shop: [KEY] } });
});
after(async () => {
  await edge?.dispose();
  await unpack();
});

const within = (name, work) =>
  test(name, { timeout: 120_000 }, async () => {
    const made = await project(work.name);
    try {
      await work(made);
    } finally {
      await made.remove();
    }
  });

within("a plan's types let through what it knows, and refuse the rest before it runs", async function types(made) {
  const said = await made.run("npx", "goalpost", "plan", "check", planFile);
  assert.equal(said, "The plan is right.\n");
  await made.run("npx", "goalpost", "plan", "types", planFile, "--out", "goalpost-plan.d.ts");
  await refused(made, "calls.ts");
});

within("Node takes every part, by import and by require", async function node(made) {
  const expected = (result) => ({
    why: "matched, counts every",
    typed: true,
    component: "Goalpost",
    property: ["$goalpost"],
    rewrites: {
      afterFiles: [{ source: "/a", destination: "/b" }],
      beforeFiles: [{ source: "/_g/:path*", destination: "https://edge.example/_g/:path*", basePath: false }],
    },
    token: 2,
    result,
  });
  const arguments_ = [planFile, edge.url, KEY];
  assert.deepEqual(JSON.parse(await made.run("node", "use.mjs", ...arguments_)), expected("stored"));
  assert.deepEqual(JSON.parse(await made.run("node", "use.cjs", ...arguments_)), expected("duplicate"));
});

within("a Worker reports an order", async function workerd(made) {
  const { outputFiles } = await build({
    entryPoints: [made.at("worker.js")],
    bundle: true,
    write: false,
    format: "esm",
    conditions: ["workerd", "worker"],
    logLevel: "silent",
  });
  const worker = new Miniflare({ modules: true, script: outputFiles[0].text, compatibilityDate: "2026-01-01" });
  try {
    const body = JSON.stringify({ edge: edge.url, token: edge.token });
    const answer = await worker.dispatchFetch("http://worker/", { method: "POST", body });
    const [{ result }] = await answer.json();
    assert.equal(result, "stored");
    const order = await edge.db.prepare("SELECT minor, money FROM conversions WHERE order_number = 'W1'").first();
    assert.deepEqual(order, { minor: 14_800, money: "verified" });
  } finally {
    await worker.dispose();
  }
});

/** The stub as `npm/README.md` has it. */
const STUB =
  "<script>window.goalpost=window.goalpost||function(){(goalpost.q=goalpost.q||[]).push([Date.now()].concat([].slice.call(arguments)))}</script>";

visit("a page with the plain snippet: each page once, an order once", {}, async ({ shop, browser }) => {
  const page = `<!doctype html><title>Thanks</title>${STUB}
    <script async src="/_g/gp.js" data-site="cloud-kicks" data-consent="granted"></script>
    <script>goalpost("track", "purchase", { order_id: "A1", value: 14800, currency: "JPY" })</script>
    <p id="thanks">Thank you`;
  shop.wire.serve("/plain/", page);
  await browser.enter(shop.at("/plain/"));
  await browser.run(() => history.pushState(null, "", "/plain/more/"));
  await browser.go(shop.at("/plain/"));
  await shop.observed(3, "kind = 'page'");
  await shop.observed(2, "body LIKE '%\"purchase\"%'");
  await shop.converted("product-purchase", 1);
});
