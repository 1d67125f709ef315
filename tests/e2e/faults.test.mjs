// A network and a browser that fail while a page is there: what was seen is stored exactly once, and the
// page notices nothing.

import assert from "node:assert/strict";
import { only } from "./assets.mjs";
import { onDisk } from "./disk.mjs";
import { BUTTON, page } from "./page.mjs";
import { buy, until, visit } from "./shop.mjs";

const CLICKS = 5;

const click = async (browser) => {
  for (let n = 0; n < CLICKS; n += 1) await browser.click("#own");
};

const clicked = (shop) => shop.value("SELECT count(*) FROM observations WHERE kind = 'click'");

/** Notes what reaches the page as an error, for a later page to read. */
const WATCH = `{
  const note = (text) => sessionStorage.setItem("harm", (sessionStorage.getItem("harm") || "") + text + "; ");
  addEventListener("error", (event) => note(event.message));
  addEventListener("unhandledrejection", (event) => note(event.reason));
}`;

const unharmed = async (browser) => assert.equal(await browser.run(() => sessionStorage.getItem("harm")), null);

/** What the SDK waits for an answer is 30 s: here a moment. */
const IMPATIENT = `{
  const { setTimeout } = window;
  window.setTimeout = (work, ms, ...given) => setTimeout(work, ms === 30000 ? 500 : ms, ...given);
}`;

for (const [what, accident] of [["is reset", "reset"], ["breaks off in the middle of the answer", "cut"], ["hangs", "hangs"]]) {
  visit(`a connection that ${what} after the edge has the items costs nothing and doubles nothing`, {}, async ({ shop, browser }) => {
    shop.wire.serve("/visit/", page(BUTTON, WATCH + IMPATIENT));
    await browser.enter(shop.at("/visit/"));
    await shop.observed(1, "kind = 'page'");
    shop.wire.spoil(accident, 2);
    const before = shop.wire.beacons().length;
    await click(browser);
    await shop.observed(CLICKS, "kind = 'click'");
    await until(() => shop.wire.beacons().length >= before + 3, "what nobody confirmed to be told again");
    await shop.settled(browser);
    assert.equal(await clicked(shop), CLICKS);
    await until(async () => (await onDisk(browser)).length === 0, "nothing to be left behind");
    await unharmed(browser);
  });
}

visit("what is clicked offline arrives from the same page once there is a network again", {}, async ({ shop, browser }) => {
  shop.wire.serve("/visit/", page(BUTTON, WATCH));
  await browser.enter(shop.at("/visit/"));
  await shop.observed(1, "kind = 'page'");
  await browser.offline(true);
  await click(browser);
  await until(async () => (await onDisk(browser)).length === CLICKS, "the clicks on the disk");
  assert.equal(await clicked(shop), 0);
  await browser.offline(false);
  // Where the driver cannot switch the network off, the browser has not noticed and does not tell.
  if (!browser.can("devtools")) await browser.run(() => void dispatchEvent(new Event("online")));
  await shop.observed(CLICKS, "kind = 'click'");
  await shop.settled(browser);
  await shop.observed(1, "kind = 'page'");
  assert.equal(await shop.value("SELECT count(DISTINCT session) FROM observations"), 1);
  await unharmed(browser);
});

visit("what is clicked while nothing goes through arrives from the same page, though nobody says that it can", {}, async ({ shop, browser }) => {
  shop.wire.serve("/visit/", page(BUTTON, WATCH));
  await browser.enter(shop.at("/visit/"));
  await shop.observed(1, "kind = 'page'");
  shop.wire.cut();
  const before = shop.wire.beacons().length;
  await click(browser);
  await until(() => shop.wire.beacons().length >= before + 2, "two requests in vain");
  assert.equal(await clicked(shop), 0);
  shop.wire.mend();
  await shop.observed(CLICKS, "kind = 'click'");
  await shop.settled(browser);
  await unharmed(browser);
});

/** How a browser takes no beacon. */
const REFUSALS = {
  "refuses every beacon": "Navigator.prototype.sendBeacon = () => false;",
  "fails at every beacon": 'Navigator.prototype.sendBeacon = () => { throw new TypeError("no beacon here"); };',
  "has no beacons": "delete Navigator.prototype.sendBeacon;",
};

for (const [what, before] of Object.entries(REFUSALS)) {
  for (const form of ["wasm", "raw"]) {
    visit(`what is clicked right before a page is left, in a browser that ${what}, arrives from the next page (${form})`, {}, async ({ shop, browser }) => {
      only(form, shop);
      shop.wire.serve("/visit/", page(BUTTON, WATCH + before));
      await browser.go(shop.at("/visit/"));
      await shop.observed(1, `kind = 'page' AND form = '${form}'`);
      await browser.flush();
      // Nor does a request get through while the page is there.
      shop.wire.hold(/^\/_g\/c$/, /\/visit\//);
      await click(browser);
      await browser.go(shop.at("/shoes/"));
      await shop.observed(CLICKS, "kind = 'click'");
      await shop.observed(2, "kind = 'page'");
      shop.wire.release();
      await shop.settled(browser);
      assert.equal(await shop.value("SELECT count(DISTINCT session) FROM observations"), 1);
      await unharmed(browser);
    });
  }
}

visit("an item too large for any beacon holds up no other in raw form, and a large order loses its last lines", {}, async ({ shop, browser }) => {
  only("raw", shop);
  shop.wire.serve("/visit/", page(BUTTON, WATCH));
  await browser.go(shop.at("/visit/"));
  await shop.observed(1, "kind = 'page'");
  await browser.run(() => {
    const text = "x".repeat(400);
    const fields = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`field${at}`, text]));
    window.goalpost("track", "too_large", fields);
    const items = Array.from({ length: 400 }, (_, at) => ({ item_id: `shoe-${at}`, item_name: text, price: 1, quantity: 1 }));
    window.goalpost("track", "purchase", { transaction_id: "L-1", value: 400, currency: "USD", items });
  });
  await browser.click("#own");
  await shop.settled(browser);
  await shop.observed(1, "kind = 'click'");
  const [order] = await shop.converted("product-purchase", 1);
  assert.equal(order.scope, "order:L-1");
  assert.equal(await shop.value("SELECT count(*) FROM observations WHERE body LIKE '%too_large%'"), 0);
  assert.equal((await shop.balance()).dropped, 1);
  await unharmed(browser);
});

visit("what a page sees whose policy lets nothing be sent waits, and arrives from the next page", {}, async ({ shop, browser }) => {
  shop.wire.serve("/visit/", page(BUTTON, WATCH), {
    "content-security-policy": "connect-src https://elsewhere.example",
  });
  await browser.go(shop.at("/visit/"));
  await browser.until(() => typeof window.goalpost === "function", "the loader");
  await click(browser);
  await until(async () => (await onDisk(browser)).length === CLICKS + 1, "a page view and the clicks on the disk");
  assert.deepEqual(shop.wire.beacons(), [], "nothing was sent");
  await browser.enter(shop.at("/shoes/"));
  await shop.observed(CLICKS, "kind = 'click'");
  await shop.observed(2, "kind = 'page'");
  await shop.settled(browser);
  assert.equal(await shop.value("SELECT count(DISTINCT session) FROM observations"), 1);
  await unharmed(browser);
});

// As in a browser that is killed, only what money depends on is on the disk at once.
visit("a purchase survives its page, which crashes before it could be sent", { waiting: 1, needs: ["devtools"] }, async ({ shop, browser }) => {
  shop.wire.hold(/^\/_g\/c$/, /\/thanks\//);
  const order = await buy(shop, browser);
  await until(
    async () => (await onDisk(browser)).some((it) => it.includes('"purchase"') && it.includes(order)),
    "the purchase on the disk",
  );
  await browser.crash();
  shop.wire.cut();
  shop.wire.release();
  assert.equal(await shop.value("SELECT count(*) FROM observations WHERE body LIKE '%\"purchase\"%'"), 0);

  shop.wire.mend();
  await browser.newTab();
  await browser.enter(shop.at("/"));
  const [purchase] = await shop.converted("product-purchase", 1);
  assert.equal(purchase.scope, `order:${order}`);
  await shop.settled(browser);
});

visit("in raw form a purchase without a network survives its page, which crashes", { needs: ["devtools"] }, async ({ shop, browser }) => {
  only("raw", shop);
  shop.wire.serve("/visit/", page(BUTTON, WATCH));
  await browser.go(shop.at("/visit/"));
  await shop.observed(1, "kind = 'page'");
  await browser.offline(true);
  await browser.run(() => window.goalpost("track", "purchase", { transaction_id: "R-1", value: 90, currency: "USD" }));
  const left = () => browser.run(() => Object.entries(localStorage).filter(([key]) => key.startsWith("gp-")));
  await until(async () => (await left()).some(([, texts]) => texts.includes("R-1")), "the purchase on the disk");
  await click(browser);
  const all = async () => (await left()).map(([, texts]) => texts.match(/"kind":"click"/g)?.length);
  await until(async () => (await all()).join() === String(CLICKS), "one list, with the clicks");
  await browser.crash();
  assert.equal(await shop.value("SELECT count(*) FROM observations WHERE body LIKE '%R-1%'"), 0);

  await browser.newTab();
  await browser.offline(false);
  await browser.go(shop.at("/"));
  const [purchase] = await shop.converted("product-purchase", 1);
  assert.equal(purchase.scope, "order:R-1");
  await shop.observed(CLICKS, "kind = 'click'");
  await shop.settled(browser);
});
