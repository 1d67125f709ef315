// Several tabs, and tabs that end at once.

import assert from "node:assert/strict";
import { until, visit } from "./shop.mjs";

const sessions = (shop) =>
  shop.rows("SELECT DISTINCT hex(session) AS session, hex(visitor) AS visitor FROM observations");

const oneSession = async (shop) => {
  await shop.observed(4, "kind = 'page'");
  assert.equal((await sessions(shop)).length, 1);
  assert.equal(await shop.value("SELECT count(DISTINCT page) FROM observations"), 4);
  // Each page load has its own place in the visitor's order.
  assert.equal(await shop.value("SELECT count(DISTINCT seq >> 16) FROM observations"), 4);
};

for (const [what, features] of [["", ""], [", each in a process of its own,", "noopener"]]) {
  visit(`four tabs opened at once${what} are one session of one visitor`, {}, async ({ shop, browser }) => {
    // A page of the shop without the snippet.
    await browser.go(shop.at("/img/mark.svg"));
    const tabs = await browser.tabs();
    await browser.run((features) => {
      for (let n = 0; n < 4; n += 1) window.open("/shoes/", "_blank", features);
    }, features);
    await until(async () => (await browser.tabs()).length === tabs.length + 4, "four tabs");
    await oneSession(shop);
  });
}

/** Opens tabs that come to a page in one instant. */
const inOneInstant = async (shop, browser, count) => {
  shop.wire.serve("/wait/", `<!doctype html><title>Wait</title><link rel="icon" href="data:,">
    <script>fetch("/go/", { cache: "no-store" }).then(function () { location.replace("/shoes/"); });</script>`);
  shop.wire.serve("/go/", "");
  shop.wire.hold(/^\/go\//);
  for (let n = 0; n < count; n += 1) await browser.newTab(shop.at("/wait/"));
  await until(() => shop.wire.held.length === count, `${count} tabs that wait`);
  shop.wire.release();
};

visit("four tabs that come to the shop in one instant are one session of one visitor", {}, async ({ shop, browser }) => {
  await inOneInstant(shop, browser, 4);
  await oneSession(shop);
});

const withoutLocks = (shop) =>
  shop.wire.changePages((html) =>
    html.replace("<head>", `$&<script>Object.defineProperty(Navigator.prototype, "locks", { value: undefined })</script>`),
  );

visit("tabs of a browser without locks that open one after the other are one session of one visitor", {}, async ({ shop, browser }) => {
  withoutLocks(shop);
  for (const [before, path] of ["/shoes/", "/guides/sizes/", "/guides/care/"].entries()) {
    await browser.newTab();
    await browser.enter(shop.at(path));
    await shop.observed(before + 1, "kind = 'page'");
  }
  assert.equal(await browser.run(() => navigator.locks), null);
  assert.equal((await sessions(shop)).length, 1);
});

visit("two tabs of a browser without locks that open in one instant are two sessions at most, and the next page is of one of them", {}, async ({ shop, browser }) => {
  withoutLocks(shop);
  await inOneInstant(shop, browser, 2);
  await shop.observed(2, "kind = 'page'");
  const ids = () => shop.rows("SELECT DISTINCT hex(session) AS session FROM observations ORDER BY session");
  const begun = await ids();
  assert.ok(begun.length <= 2, `${begun.length} sessions`);
  await browser.newTab();
  await browser.enter(shop.at("/guides/sizes/"));
  await shop.observed(3, "kind = 'page'");
  await shop.settled(browser);
  assert.deepEqual(await ids(), begun, "none has begun since");
  assert.equal(await shop.value("SELECT count(*) FROM (SELECT 1 FROM observations GROUP BY page HAVING count(DISTINCT session) > 1)"), 0);
});

visit("a tab that is covered before the module arrives is of the session of those that come after it", {}, async ({ shop, browser }) => {
  shop.wire.hold(/sdk(\.wasm|-js)?\.js|sdk\.wasm/);
  await browser.go(shop.at("/shoes/"));
  await until(() => shop.wire.held.length > 0, "a page that waits for its module");
  await browser.hide();
  await browser.newTab(shop.at("/shoes/"));
  await shop.observed(1, "form = 'raw'");
  shop.wire.release();
  await shop.observed(2, "kind = 'page'");
  assert.equal((await sessions(shop)).length, 1);
});

const TRIES = 10;

const clickAndClose = async (shop, browser) => {
  for (let n = 0; n < TRIES; n += 1) {
    await browser.newShownTab(shop.at("/"));
    await browser.tap("a.call");
    await browser.closeTab();
  }
};

visit("a tab that is closed right after a click loses nothing", {}, async ({ shop, browser }) => {
  await clickAndClose(shop, browser);
  await shop.observed(TRIES, "kind = 'page'");
  await shop.observed(TRIES, "kind = 'click'");
  await shop.converted("call-us", TRIES);
});

visit("a tab that is closed before the module arrives loses nothing", {}, async ({ shop, browser }) => {
  // Nor the form that takes its place when it is late.
  shop.wire.hold(/sdk(\.wasm|-js)/);
  await clickAndClose(shop, browser);
  await shop.observed(TRIES, "kind = 'page'");
  await shop.observed(TRIES, "kind = 'click'");
  await shop.converted("call-us", TRIES);
  const forms = await shop.rows("SELECT DISTINCT form FROM observations");
  assert.deepEqual(forms, [{ form: "raw" }], "none had the module");
});

visit("a shop that is quick to leave still sees the first page", {}, async ({ shop, browser }) => {
  for (let n = 0; n < TRIES; n += 1) {
    await browser.newTab(shop.at("/shoes/"));
    // Now and then Chromium's driver takes the empty page of a new tab for the one that it was sent to.
    await browser.until(() => location.pathname === "/shoes/" && document.readyState === "complete", "the shop");
    await browser.closeTab();
  }
  await shop.observed(TRIES, "kind = 'page'");
});
