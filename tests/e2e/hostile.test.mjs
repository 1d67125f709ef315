// Pages that break what scripts rely on: they are not harmed, and are measured all the same.

import assert from "node:assert/strict";
import { until, visit } from "./shop.mjs";

const page = (before = "") => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>A page with a past</title>
<link rel="icon" href="data:,">
${before && '<script src="/hostile/before.js"></script>'}
<script async src="/_g/gp.js" data-site="cloud-kicks" data-consent="granted"></script>
</head>
<body>
<main>
<a class="call" href="tel:+81355550100">Call</a>
<button id="own" type="button" class="cta">Count</button>
<p id="count">0</p>
</main>
<script src="/hostile/own.js"></script>
</body>
</html>`;

const OWN = `
  var count = 0;
  document.querySelector(".call").addEventListener("click", function (event) { event.preventDefault(); });
  document.getElementById("own").addEventListener("click", function () {
    count += 1;
    document.getElementById("count").textContent = String(count);
  });`;

const SCRIPT = { "content-type": "text/javascript" };

const serve = (shop, { before, headers }) => {
  shop.wire.serve("/hostile/", page(before), headers);
  shop.wire.serve("/hostile/own.js", OWN, SCRIPT);
  shop.wire.serve("/hostile/before.js", before ?? "", SCRIPT);
};

const use = async (browser) => {
  await browser.click(".call");
  await browser.click("#own");
  await browser.driver.executeScript(
    'window.goalpost("track", "demo_requested", { shop: "tokyo", seats: 2, lines: [{ size: "26.0" }] })',
  );
};

/** Neither an error nor a warning, but for what the page itself is to blame for. */
const unharmed = async (browser, own = /^$/) => {
  assert.equal(await browser.text("#count"), "1", "the page's own script works");
  const entries = await browser.console();
  assert.deepEqual(
    entries.filter(({ level, message }) => level !== "INFO" && level !== "DEBUG" && !own.test(message)),
    [],
  );
};

const measured = async (shop) => {
  await shop.observed(1, "kind = 'page'");
  await shop.observed(2, "kind = 'click'");
  await shop.converted("call-us", 1);
  await shop.converted("cta", 1);
  await shop.converted("demo-request", 1);
  await shop.converted("tokyo-fitting", 1);
  const properties = await shop.value("SELECT body ->> '$.properties' FROM observations WHERE kind = 'event'");
  assert.deepEqual(JSON.parse(properties), {
    shop: "tokyo",
    seats: 2,
    lines: [{ size: "26.0" }],
  });
};

const enter = async (shop, browser) => {
  await browser.go(shop.at("/hostile/"));
  await until(
    () => shop.wire.beacons().length > 0,
    "the first beacon",
  );
};

/** What pages really do to the objects that all scripts share. */
const PASTS = {
  "adds to Object.prototype": `
    Object.prototype.extend = function () { return "polluted"; };
    Object.prototype.value = "polluted";
    Object.prototype.id = "polluted";
    Object.prototype.contact = "polluted";`,
  "adds to Array.prototype": `
    Array.prototype.last = function () { return this[this.length - 1]; };
    Array.prototype.remove = function () {};
    String.prototype.trimAll = function () { return this; };`,
  "has its own Array.from and Function.prototype.bind": `
    Array.from = function (list) { return [].slice.call(list); };
    Function.prototype.bind = (function (real) {
      return function () { return real.apply(this, arguments); };
    })(Function.prototype.bind);`,
};

for (const [what, before] of Object.entries(PASTS)) {
  visit(`a page that ${what}`, { needs: ["outside"] }, async ({ shop, browser }) => {
    serve(shop, { before });
    await enter(shop, browser);
    await use(browser);
    await measured(shop);
    await unharmed(browser);
  });
}

visit("a page that makes text of lists, as an old library does it", { needs: ["outside"] }, async ({ shop, browser }) => {
  serve(shop, {
    before: `
      Array.prototype.toJSON = function () { return "a list of " + this.length; };
      Object.prototype.toJSON = undefined;`,
  });
  await enter(shop, browser);
  await use(browser);
  await measured(shop);
  await unharmed(browser);
});

visit("a page that breaks what every script is made of is not harmed by us", { needs: ["outside"] }, async ({ shop, browser }) => {
  serve(shop, { before: "Object.prototype.get = undefined;" });
  await browser.go(shop.at("/hostile/"));
  await browser.click(".call");
  await browser.click("#own");
  await unharmed(browser);
});

visit("a page whose SDK never comes is measured by the loader alone", {}, async ({ shop, browser }) => {
  serve(shop, {});
  shop.wire.hold(/sdk\.js/);
  await browser.go(shop.at("/hostile/"));
  await browser.until(() => typeof window.goalpost === "function", "the loader");
  await use(browser);
  await unharmed(browser);
  await browser.go("about:blank");
  await measured(shop);
  assert.deepEqual(await shop.rows("SELECT DISTINCT form FROM observations"), [{ form: "raw" }]);
});

/** What a page does after we are there, and what of it may cost us. */
const DEEDS = {
  "breaks fetch and sendBeacon": `
    window.fetch = function () { throw new Error("no fetch here"); };
    navigator.sendBeacon = function () { throw new Error("no beacon here"); };
    window.setTimeout = function () { throw new Error("no timers here"); };`,
};

for (const [what, deed] of Object.entries(DEEDS)) {
  visit(`a page that ${what}`, { needs: ["outside"] }, async ({ shop, browser }) => {
    serve(shop, {});
    await browser.enter(shop.at("/hostile/"));
    await browser.driver.executeScript(deed);
    await use(browser);
    await measured(shop);
    await unharmed(browser);
  });
}

visit("a page that breaks JSON", { needs: ["devtools"] }, async ({ shop, browser }) => {
  serve(shop, {});
  await browser.enter(shop.at("/hostile/"));
  // The driver needs JSON too, so that all it does from here on goes past it.
  const places = await browser.run(() =>
    [".call", "#own"].map((selector) => {
      const { x, y, width, height } = document.querySelector(selector).getBoundingClientRect();
      return { x: x + width / 2, y: y + height / 2 };
    }),
  );
  const evaluate = (expression) => browser.cdp("Runtime.evaluate", { expression });
  await evaluate(`
    window.real = { ...Object.getOwnPropertyDescriptors(JSON) };
    JSON.stringify = JSON.parse = function () { throw new Error("no JSON here"); };`);
  for (const place of places) {
    const mouse = { ...place, button: "left", clickCount: 1 };
    await browser.cdp("Input.dispatchMouseEvent", { type: "mousePressed", ...mouse });
    await browser.cdp("Input.dispatchMouseEvent", { type: "mouseReleased", ...mouse });
  }
  await evaluate(
    'goalpost("track", "demo_requested", { shop: "tokyo", seats: 2, lines: [{ size: "26.0" }] })',
  );
  await measured(shop);
  await evaluate("Object.defineProperties(JSON, window.real)");
  await unharmed(browser);
});

visit("a page whose own handlers throw", {}, async ({ shop, browser }) => {
  serve(shop, {
    before: `
      addEventListener("click", function () { throw new Error("the page's own"); }, true);
      document.addEventListener("visibilitychange", function () { throw new Error("the page's own"); });`,
  });
  await browser.enter(shop.at("/hostile/"));
  await use(browser);
  await measured(shop);
  await unharmed(browser, /the page's own/);
});

visit("a page that breaks the arrays of all scripts is not harmed by us", { needs: ["outside"] }, async ({ shop, browser }) => {
  serve(shop, {});
  await browser.enter(shop.at("/hostile/"));
  await shop.observed(1, "kind = 'page'");
  await browser.driver.executeScript(`
    Array.prototype.flatMap = Array.prototype.findIndex = Array.prototype.splice = function () {
      throw new Error("no arrays here");
    };`);
  await browser.click(".call");
  await browser.click("#own");
  await unharmed(browser);
});

visit("a browser that refuses cookies and storage", {
  storage: "refused",
}, async ({ shop, browser }) => {
  serve(shop, {});
  await enter(shop, browser);
  const refused = await browser.run(() => {
    try {
      return !window.localStorage;
    } catch {
      return true;
    }
  });
  assert.equal(refused, true, "the browser refuses storage");
  await use(browser);
  await measured(shop);
  assert.equal(await shop.value("SELECT count(DISTINCT session) FROM observations"), 1);
  await unharmed(browser);
});

visit("a page that forbids WebAssembly is measured in raw form", {}, async ({ shop, browser }) => {
  serve(shop, { headers: { "content-security-policy": "default-src 'self'; img-src data:" } });
  await enter(shop, browser);
  await use(browser);
  await measured(shop);
  assert.deepEqual(await shop.rows("SELECT DISTINCT form FROM observations"), [{ form: "raw" }]);
  await unharmed(browser, /Content.Security.Policy/);
});
