// Which form of the SDK runs, under each policy and on each broken network. Whichever it is, a visit
// is stored exactly once and says the same.

import assert from "node:assert/strict";
import { asset, manifest, served } from "./assets.mjs";
import { openBrowser } from "./browser.mjs";
import { SNIPPET } from "./page.mjs";
import { plan, until, visit } from "./shop.mjs";

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
  "that demands trusted types": {
    policy: "require-trusted-types-for 'script'; trusted-types 'none'",
    form: "wasm",
    needs: ["trustedTypes"],
  },
  "that demands trusted types and its own scripts": {
    policy: `${SELF}; require-trusted-types-for 'script'; trusted-types 'none'`,
    form: "js",
    needs: ["trustedTypes"],
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

/** A page on which there is something to do. */
const BUSY = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>A busy page</title>
<link rel="icon" href="data:,">
${SNIPPET}
</head>
<body>
<main class="wide" data-room="north">
<a id="call" class="call" href="tel:+81355550100"><span><b>Call</b> us</span></a>
<button id="own" type="button" class="cta primary" aria-label="Count">+1</button>
<form id="letter" action="/sent/?token=secret"><input name="email" value="aoi@shop.example"><button>Send</button></form>
<span id="host"></span>
</main>
<script>
  document.getElementById("host").attachShadow({ mode: "open" }).innerHTML = '<button id="inside" type="button">Inside</button>';
  addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("call").addEventListener("click", (event) => event.preventDefault());
</script>
</body>
</html>`;

const WITH_FORM = { ...plan, goals: [...plan.goals, { id: "letter-sent", when: { submit: "form#letter" } }] };

/** What somebody does there, some of it before the SDK has come. */
const doEarly = async (browser) => {
  await browser.click("#call b");
  await browser.run(() => window.goalpost("track", "swatch_seen", { n: 1, deep: { list: ["a", 2, true] } }));
  await browser.click("#letter button");
  await browser.run(() => history.pushState(null, "", "/busy/early/"));
};

const doLate = async (browser) => {
  await browser.click("#own");
  await browser.click("#host");
  await browser.press("#own");
  await browser.click("#letter button");
  await browser.run(() => {
    history.pushState(null, "", "/busy/late/?utm_source=letter&utm_medium=email#top");
    window.goalpost("track", "purchase", { transaction_id: "B-1", value: 129, currency: "USD", items: [{ item_id: "nimbus", quantity: 1, price: 129 }] });
    window.goalpost("trigger", "demo-request", { seats: 2 });
  });
  await browser.click("#call");
};

/** What does not come in each form. */
const LACKING = { wasm: [], js: ["sdk.wasm"], raw: ["sdk.wasm", "sdk-js.js"], "no form but the loader": ["sdk.js"] };

/** Has somebody new visit the busy page, and gives the rows that this adds. */
const busyVisit = async (shop, form, count) => {
  const isAlone = LACKING[form].includes("sdk.js");
  for (const name of LACKING[form]) shop.wire.serve(asset(name), "not found", {}, 404);
  shop.wire.hold(/\/sdk\.js$/);
  const before = await shop.value("SELECT count(*) FROM observations");
  const browser = await openBrowser({ wire: shop.wire });
  try {
    await browser.newShownTab(shop.at("/busy/"));
    await browser.until(() => typeof window.goalpost === "function", "the loader");
    await doEarly(browser);
    if (!isAlone) {
      shop.wire.release();
      await until(() => shop.wire.beacons().some(({ body }) => body.includes(`"form":"${form}"`)), `the ${form} form`);
    }
    await doLate(browser);
    if (!isAlone) await browser.flush();
    await browser.closeTab();
    await shop.observed(before + count);
    await shop.worker.settle();
  } finally {
    await browser.quit();
  }
  for (const name of LACKING[form]) shop.wire.pages.delete(asset(name));
  const rows = await shop.rows(`
    SELECT kind, body, verdict, form FROM observations
    WHERE page = (SELECT page FROM observations ORDER BY received_at DESC LIMIT 1) ORDER BY seq`);
  assert.deepEqual([...new Set(rows.map((row) => row.form))], [isAlone ? "raw" : form]);
  return rows.map(meaning);
};

/** What a row says, but for whose it is and when; a form that knows the plan tells no more elements than that asks about. */
const meaning = ({ kind, body, verdict }) => {
  const { path, title, host, query = {}, referrer = "", elements = [{}], name } = JSON.parse(body);
  const { tag, id } = elements[0];
  const conversions = JSON.parse(verdict ?? "[]").map(({ definition, minor }) => `${definition} ${minor ?? ""}`);
  return { kind, path, title, host, query, referrer, tag, id, name, conversions };
};

visit("the same visit is stored as the same rows, whichever form has seen it", { plan: WITH_FORM }, async ({ shop }) => {
  shop.wire.serve("/busy/", BUSY);
  const wasm = await busyVisit(shop, "wasm", 15);
  assert.deepEqual(
    wasm.map(({ kind, id, name, path }) => [kind, id ?? name, path].filter(Boolean).join(" ")),
    [
      "page /busy/",
      "click call /busy/",
      "event swatch_seen /busy/",
      "click /busy/",
      "submit letter /busy/",
      "page /busy/early/",
      "click own /busy/early/",
      "click inside /busy/early/",
      "click own /busy/early/",
      "click /busy/early/",
      "submit letter /busy/early/",
      "page /busy/late/",
      "commerce purchase /busy/late/",
      "trigger demo-request /busy/late/",
      "click call /busy/late/",
    ],
  );
  for (const form of ["js", "raw"]) assert.deepEqual(await busyVisit(shop, form, 15), wasm, form);
  // The loader alone does not look out for addresses that a script changes.
  const alone = wasm.filter(({ kind, path }) => kind !== "page" || path === "/busy/");
  assert.deepEqual(await busyVisit(shop, "no form but the loader", alone.length), alone);
});
