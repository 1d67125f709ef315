// Which form of the SDK runs, under each policy and on each broken network. Whichever it is, a visit
// is stored exactly once and says the same.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../harness/worker.mjs";
import { until, visit } from "./shop.mjs";

const served = (path) => readFile(join(root, "dist/assets", path));
const manifest = JSON.parse(await served("manifest.json"));

/** The edge's path of an asset, by its name. */
const asset = (name) => `/_g/${manifest.assets.find((path) => path.endsWith(`/${name}`))}`;

const NONCE = "dGhpcyBwYWdl";

const page = ({ nonce = "", before = "", prefix = "/_g" }) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>A page with a policy</title>
<link rel="icon" href="data:,">
${before && `<script${nonce} src="/forms/before.js"></script>`}
<script${nonce} async src="${prefix}/gp.js" crossorigin integrity="${manifest.loader.integrity}"
  data-site="cloud-kicks" data-consent="granted"></script>
</head>
<body>
<main>
<a class="call" href="tel:+81355550100">Call</a>
<button id="buy" type="button">Buy</button>
</main>
<script${nonce} src="/forms/own.js"></script>
</body>
</html>`;

const OWN = `
  document.querySelector(".call").addEventListener("click", function (event) { event.preventDefault(); });
  document.getElementById("buy").addEventListener("click", function () {
    goalpost("track", "Order Completed", { order_id: "CK-1", total: "129.00", currency: "USD" });
  });`;

const SCRIPT = { "content-type": "text/javascript" };

const serve = (shop, { policy, before, prefix, nonce }) => {
  const headers = policy ? { "content-security-policy": policy } : {};
  const html = page({ before, prefix, nonce: nonce && ` nonce="${nonce}"` });
  shop.wire.serve("/forms/", html, headers);
  shop.wire.serve("/forms/own.js", OWN, SCRIPT);
  shop.wire.serve("/forms/before.js", before ?? "", SCRIPT);
};

/** Serves an asset's bytes, changed, as the edge would serve the right ones. */
const serveChanged = (name, change, headers = {}) => async (shop) => {
  const type = name.endsWith(".wasm") ? "application/wasm" : "text/javascript";
  const content = change(await served(asset(name).slice("/_g/".length)));
  shop.wire.serve(asset(name), content, { "content-type": type, ...headers });
};

/** Not there; in its place what a shop's own error page would be. */
const missing = (name) =>
  serveChanged(name, () => "<!doctype html><title>Not found</title>", { "content-type": "text/html" });

/** The same meaning, other bytes. */
const otherBytes = {
  "sdk.js": serveChanged("sdk.js", (bytes) => Buffer.concat([bytes, Buffer.from("\n;globalThis.changed = true;")])),
  "sdk-js.js": serveChanged("sdk-js.js", (bytes) => Buffer.concat([bytes, Buffer.from("\n;globalThis.changed = true;")])),
  // A section of its own name, which every engine skips.
  "sdk.wasm": serveChanged("sdk.wasm", (bytes) => Buffer.concat([bytes, Buffer.from([0, 2, 1, 120])])),
};

const together = (...works) => async (shop) => {
  for (const work of works) await work(shop);
};

const SELF = "default-src 'self'; img-src data:";

/** Absent as Lockdown Mode has it: no WebAssembly, no IndexedDB, no Web Locks. */
const LOCKED_DOWN = `
  delete window.WebAssembly;
  Object.defineProperty(window, "indexedDB", { value: undefined });
  Object.defineProperty(Navigator.prototype, "locks", { value: undefined });`;

/** What a page is like, and the form in which it is measured. `left`: only as the page is left. */
const PAGES = {
  "without a policy": { form: "wasm" },
  "that allows its own scripts only": { policy: SELF, form: "js" },
  "that allows WebAssembly by name": { policy: `${SELF}; script-src 'self' 'wasm-unsafe-eval'`, form: "wasm" },
  "that allows scripts with a nonce": { policy: `script-src 'nonce-${NONCE}'`, nonce: NONCE, form: "js" },
  "that allows what scripts with a nonce load": {
    policy: `script-src 'nonce-${NONCE}' 'strict-dynamic'`,
    nonce: NONCE,
    form: "js",
  },
  "that allows the same and WebAssembly": {
    policy: `script-src 'nonce-${NONCE}' 'strict-dynamic' 'wasm-unsafe-eval'`,
    nonce: NONCE,
    form: "wasm",
  },
  "that demands trusted types": { policy: "require-trusted-types-for 'script'; trusted-types 'none'", form: "wasm" },
  "that demands trusted types and its own scripts": {
    policy: `${SELF}; require-trusted-types-for 'script'; trusted-types 'none'`,
    form: "js",
  },
  "whose collector is on another host": {
    policy: "default-src 'self'; img-src data:; script-src 'self' OTHER; connect-src OTHER",
    elsewhere: true,
    form: "js",
  },
  "whose collector is on another host and which allows WebAssembly": {
    policy: "default-src 'self'; img-src data:; script-src 'self' OTHER 'wasm-unsafe-eval'; connect-src OTHER",
    elsewhere: true,
    form: "wasm",
  },
  "in a browser locked down": { before: LOCKED_DOWN, form: "js" },
  "whose server gives WebAssembly another type": {
    network: serveChanged("sdk.wasm", (bytes) => bytes, { "content-type": "text/plain" }),
    form: "wasm",
  },
  "whose WebAssembly is cut short": {
    network: serveChanged("sdk.wasm", (bytes) => bytes.subarray(0, 20_000)),
    form: "js",
  },
  "whose WebAssembly is missing": { network: missing("sdk.wasm"), form: "js" },
  "whose WebAssembly has other bytes": { network: otherBytes["sdk.wasm"], form: "js" },
  "whose WebAssembly takes 20 seconds": { network: (shop) => hold(shop, /sdk\.wasm/, 20_000), form: "js" },
  "whose modules are missing": { network: together(missing("sdk.wasm"), missing("sdk-js.js")), form: "raw" },
  "whose modules take 20 seconds": { network: (shop) => hold(shop, /sdk(\.wasm|-js)/, 20_000), form: "raw" },
  "whose module as JavaScript has other bytes": {
    policy: SELF,
    network: otherBytes["sdk-js.js"],
    needs: ["integrity"],
    form: "raw",
  },
  "whose SDK has other bytes": { network: otherBytes["sdk.js"], needs: ["integrity"], left: true, form: "raw" },
  "whose SDK is missing": { network: missing("sdk.js"), left: true, form: "raw" },
};

const hold = (shop, pattern, ms) => {
  shop.wire.hold(pattern);
  setTimeout(() => shop.wire.release(), ms).unref();
};

/** Whether a page takes text as markup, which trusted types forbid. */
const takesText = () => {
  try {
    document.createElement("p").innerHTML = "<b>text</b>";
    return true;
  } catch {
    return false;
  }
};

for (const [what, { form, left, network, elsewhere, needs, ...its }] of Object.entries(PAGES)) {
  visit(`a page ${what} is measured in ${form} form`, { needs }, async ({ shop, browser }) => {
    const other = shop.url.replace("localhost", "127.0.0.1");
    const policy = its.policy?.replaceAll("OTHER", other);
    serve(shop, { ...its, policy, prefix: elsewhere && `${other}/_g` });
    await network?.(shop);
    await browser.go(shop.at("/forms/"));
    await browser.until(() => typeof window.goalpost === "function", "the loader");
    if (policy?.includes("trusted-types")) assert.equal(await browser.run(takesText), false, "the browser enforces it");
    await browser.click(".call");
    await browser.click("#buy");
    if (left) {
      // All of it was asked for, and nothing of it runs.
      await until(() => shop.wire.requests.some(({ path }) => path === asset("sdk.js")), "the SDK's request");
      await browser.run(() => new Promise((done) => setTimeout(done, 500)));
      assert.equal(await browser.run(() => window.changed), null);
      await browser.go("about:blank");
    }
    await shop.observed(4);
    await shop.settled(left ? undefined : browser);
    const seen = await shop.rows("SELECT kind, form FROM observations ORDER BY seq");
    assert.deepEqual(
      seen,
      ["page", "click", "click", "commerce"].map((kind) => ({ kind, form })),
    );
    assert.equal((await shop.converted("call-us", 1)).length, 1);
    const [purchase] = await shop.converted("product-purchase", 1);
    assert.deepEqual([purchase.scope, purchase.minor, purchase.currency], ["order:CK-1", 12_900, "USD"]);
  });
}
