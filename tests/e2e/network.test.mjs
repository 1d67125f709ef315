// A network that is not there, and more at once than one request carries.

import assert from "node:assert/strict";
import { openBrowser } from "./browser.mjs";
import { buy, noCalls, until, visit } from "./shop.mjs";

/** The items that the browser keeps for later. */
const onDisk = (browser) =>
  browser.run(
    () =>
      new Promise((done, fail) => {
        const opening = indexedDB.open("gp");
        opening.onerror = fail;
        opening.onsuccess = () => {
          const all = opening.result.transaction("outbox").objectStore("outbox").getAll();
          all.onsuccess = () => {
            opening.result.close();
            done(all.result);
          };
        };
      }),
  );

for (const [when, needs] of [["", []], [" by a tab that is closed at once", ["lastWrite"]]]) {
  visit(`what is clicked offline${when} arrives with the next visit`, { needs }, async ({ shop, browser }) => {
    await browser.newTab();
    await browser.enter(shop.at("/"));
    await shop.observed(1, "kind = 'page'");
    await noCalls(browser);
    await browser.offline(true);
    for (let n = 0; n < 5; n += 1) await browser.click("a.call");
    // What could not be sent is on the disk from then on; a tab that is closed before has to write it in passing.
    if (!when) await until(async () => (await onDisk(browser)).length === 5, "five clicks on the disk");
    await browser.closeTab();
    assert.equal(await shop.value("SELECT count(*) FROM observations WHERE kind = 'click'"), 0);

    shop.wire.mend();
    await browser.newTab();
    await browser.enter(shop.at("/shoes/"));
    await shop.observed(5, "kind = 'click'");
    await shop.converted("call-us", 5);
    assert.equal(await shop.value("SELECT count(DISTINCT session) FROM observations"), 1);
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
