// A network that is not there, and more at once than one request carries.

import assert from "node:assert/strict";
import { manifest } from "./assets.mjs";
import { openBrowser } from "./browser.mjs";
import { onDisk } from "./disk.mjs";
import { buy, noCalls, until, visit } from "./shop.mjs";

const clicks = "SELECT count(*) FROM observations WHERE kind = 'click'";

visit("what is clicked offline arrives with the next visit", {}, async ({ shop, browser }) => {
  await browser.newTab();
  await browser.enter(shop.at("/"));
  await shop.observed(1, "kind = 'page'");
  await noCalls(browser);
  await browser.offline(true);
  for (let n = 0; n < 5; n += 1) await browser.click("a.call");
  // Once a request has failed, nothing waits in memory alone.
  await until(async () => (await onDisk(browser)).length === 5, "five clicks on the disk");
  await browser.closeTab();
  assert.equal(await shop.value(clicks), 0);

  shop.wire.mend();
  await browser.newTab();
  await browser.enter(shop.at("/shoes/"));
  await shop.observed(5, "kind = 'click'");
  await shop.converted("call-us", 5);
  assert.equal(await shop.value("SELECT count(DISTINCT session) FROM observations"), 1);
});

for (const next of ["raw", "wasm"]) {
  visit(`five clicks offline in raw form outlive their tab, and arrive from a page in ${next} form`, {}, async ({ shop, browser }) => {
    const modules = manifest.assets.filter((path) => /sdk(\.wasm|-js\.js)$/.test(path)).map((path) => `/_g/${path}`);
    const headers = { "cache-control": "no-store" };
    for (const path of modules) shop.wire.serve(path, "not found", headers, 404);
    await browser.newTab();
    await browser.go(shop.at("/"));
    await shop.observed(1, "kind = 'page'");
    await noCalls(browser);
    shop.wire.cut();
    for (let n = 0; n < 5; n += 1) await browser.click("a.call");
    await browser.closeTab();
    assert.equal(await shop.value(clicks), 0);

    shop.wire.mend();
    if (next === "wasm") for (const path of modules) shop.wire.pages.delete(path);
    await browser.newTab();
    await browser.go(shop.at("/shoes/"));
    await shop.observed(5, "kind = 'click'");
    await shop.converted("call-us", 5);
    await browser.flush();
    const left = () => browser.run(() => Object.keys(localStorage).filter((key) => key.startsWith("gp-")));
    await until(async () => !(await left())[0], "nothing to be left behind");
    assert.deepEqual(await shop.rows("SELECT kind, form, count(*) AS n FROM observations GROUP BY kind, form ORDER BY kind, form"), [
      { kind: "click", form: next, n: 5 },
      ...(next === "raw" ? [{ kind: "page", form: "raw", n: 2 }] : [{ kind: "page", form: "raw", n: 1 }, { kind: "page", form: "wasm", n: 1 }]),
    ]);
  });
}

/** How a page is cut off, and what is known of that. */
const CUTS = {
  "in a browser that says so": (shop, browser) => browser.offline(true),
  "without anybody noticing": (shop) => shop.wire.cut(),
};

// A database may end its transactions with the tab, the sooner the slower the machine is.
for (const [how, cut] of Object.entries(CUTS)) {
  visit(`five clicks offline, ${how}, outlive a tab that is closed at once`, {}, async ({ shop, browser }) => {
    for (let round = 1; round <= 3; round += 1) {
      await browser.newTab();
      await browser.slowDown(4);
      await browser.enter(shop.at("/"));
      await shop.observed(round, "kind = 'page' AND body ->> 'path' = '/'");
      await noCalls(browser);
      await cut(shop, browser);
      for (let n = 0; n < 5; n += 1) await browser.click("a.call");
      await browser.closeTab();
      assert.equal(await shop.value(clicks), 5 * (round - 1));

      shop.wire.mend();
      await browser.newTab();
      await browser.enter(shop.at("/shoes/"));
      await shop.observed(5 * round, "kind = 'click'");
      await browser.flush();
      const left = () => browser.run(() => Object.keys(localStorage).filter((key) => key.startsWith("gp-")));
      await until(async () => !(await left())[0] && !(await onDisk(browser))[0], "nothing to be left behind");
      await browser.closeTab();
    }
    await shop.converted("call-us", 15);
  });
}

visit("a burst of 1,000 calls is 1,000 rows", {}, async ({ shop, browser }) => {
  await browser.enter(shop.at("/"));
  await browser.run(() => {
    for (let n = 0; n < 1_000; n += 1) window.goalpost("track", "swatch_seen", { n });
  });
  await shop.observed(1_000, "kind = 'event'");
  const distinct = await shop.value(
    "SELECT count(DISTINCT body ->> '$.properties.n') FROM observations WHERE kind = 'event'",
  );
  assert.equal(distinct, 1_000);
  const beacons = shop.wire.beacons();
  assert.ok(beacons.every(({ body }) => Buffer.byteLength(body) <= 60_000), "no body is too large");
});

visit("an answer that the edge did not give confirms nothing", {}, async ({ shop, browser }) => {
  await browser.enter(shop.at("/"));
  await shop.observed(1);
  await noCalls(browser);
  // A proxy in between says that all is well.
  shop.wire.serve("/_g/c", "<!doctype html><title>Welcome to this network</title>");
  await browser.click("a.call");
  await browser.flush();
  await until(() => shop.wire.beacons().length >= 2, "a request with the click");
  shop.wire.pages.delete("/_g/c");
  await shop.observed(1, "kind = 'click'");
});

// The view of its last page is lost with the browser: only what money depends on is on the disk at once.
visit("a purchase survives a browser that is killed while the network hangs", { waiting: 1, needs: ["profile"] }, async ({ shop, browser }) => {
  const { profile } = browser;
  // Only the last page's: requests that hang take the connections that pages need.
  shop.wire.hold(/^\/_g\/c$/, /\/thanks\//);
  const order = await buy(shop, browser);
  await until(
    async () => (await onDisk(browser)).some((it) => it.includes('"purchase"') && it.includes(order)),
    "the purchase on the disk",
  );
  await browser.kill();
  shop.wire.cut();
  shop.wire.release();
  assert.equal(await shop.value("SELECT count(*) FROM observations WHERE body LIKE '%\"purchase\"%'"), 0);

  shop.wire.mend();
  const again = await openBrowser({ profile });
  try {
    await again.newTab();
    await again.enter(shop.at("/"));
    const [purchase] = await shop.converted("product-purchase", 1);
    assert.equal(purchase.scope, `order:${order}`);
    assert.equal(purchase.minor, 12_900);
    await again.flush();
  } finally {
    await again.quit();
  }
});
