// Browsers that keep nothing, or have no room left: the visit is measured all the same.

import assert from "node:assert/strict";
import { BUTTON, page } from "./page.mjs";
import { buy, visit } from "./shop.mjs";

/** How browsers refuse, as a page meets it. */
const REFUSALS = {
  "localStorage throws": `
    Object.defineProperty(window, "localStorage", {
      get: function () { throw new DOMException("refused", "SecurityError"); },
    });`,
  "localStorage takes nothing": `
    Storage.prototype.setItem = function () { throw new DOMException("full", "QuotaExceededError"); };`,
  "localStorage is missing": 'Object.defineProperty(window, "localStorage", { value: null });',
  "IndexedDB throws": `
    IDBFactory.prototype.open = function () { throw new DOMException("refused", "SecurityError"); };`,
  "IndexedDB fails later": `
    IDBFactory.prototype.open = function () {
      var request = new EventTarget();
      setTimeout(function () { request.onerror && request.onerror(new Event("error")); }, 0);
      return request;
    };`,
  "IndexedDB never answers": "IDBFactory.prototype.open = function () { return new EventTarget(); };",
  "IndexedDB is missing": 'Object.defineProperty(window, "indexedDB", { value: undefined });',
  "IndexedDB has no room": `
    IDBObjectStore.prototype.put = function () { throw new DOMException("full", "QuotaExceededError"); };`,
  "locks are refused": `
    if (window.LockManager) LockManager.prototype.request = function () {
      return Promise.reject(new DOMException("refused", "SecurityError"));
    };`,
  "locks are missing": 'Object.defineProperty(navigator, "locks", { value: undefined });',
};

/** What a page is told that the SDK throws past it. */
const WATCH = `
  window.harm = [];
  addEventListener("error", function (event) { harm.push(event.message); });
  addEventListener("unhandledrejection", function (event) { harm.push(String(event.reason)); });`;

visit("whichever part of its storage a browser refuses, a page and its purchase are measured", {}, async ({ shop, browser }) => {
  const cases = [...Object.entries(REFUSALS), ["all of it at once", Object.values(REFUSALS).join("\n")]];
  for (const [at, [what, before]] of cases.entries()) {
    const path = `/storage/${at}/`;
    shop.wire.serve(path, page(BUTTON, WATCH + before));
    await browser.enter(shop.at(path));
    await browser.click("#own");
    await browser.run((id) => {
      window.goalpost("track", "purchase", { transaction_id: id, value: 10, currency: "USD" });
    }, `R-${at}`);
    // Where a request takes too long, a flush ends and what was seen is sent again later.
    await shop.observed(3, `body ->> 'path' = '${path}'`);
    await shop.settled(browser);
    assert.deepEqual(await browser.run(() => window.harm), [], what);
    const rows = await shop.rows("SELECT kind FROM observations WHERE body ->> 'path' = ?1 ORDER BY kind", path);
    assert.deepEqual(rows.map(({ kind }) => kind), ["click", "commerce", "page"], what);
  }
  await shop.converted("product-purchase", cases.length);
  assert.deepEqual(await shop.rows("SELECT DISTINCT form FROM observations"), [{ form: "wasm" }]);
});

visit("what the shop stores under a name that begins like ours stays", {}, async ({ shop, browser }) => {
  await browser.enter(shop.at("/shoes/"));
  await browser.run(() => localStorage.setItem("gp-theme", "dark"));
  await shop.settled(browser);
  await browser.enter(shop.at("/guides/sizes/"));
  await shop.observed(2, "kind = 'page'");
  await shop.settled(browser);
  assert.equal(await browser.run(() => localStorage.getItem("gp-theme")), "dark");
});

visit("a visitor who lets no page store anything is measured on every page", { storage: "refused" }, async ({ shop, browser }) => {
  for (const path of ["/shoes/", "/guides/sizes/"]) {
    await browser.enter(shop.at(path));
    await browser.run(() => window.goalpost("track", "swatch_seen", {}));
    await shop.settled(browser);
  }
  await shop.observed(2, "kind = 'page'");
  await shop.observed(2, "kind = 'event'");
});

visit("a storage that the shop itself has filled takes nothing from the visit", {}, async ({ shop, browser }) => {
  shop.wire.serve("/full/", page(BUTTON, `
    for (var size = 1048576; size >= 1; size = size / 2) {
      try {
        for (var n = 0; ; n += 1) localStorage.setItem("shop" + size + "-" + n, "x".repeat(size));
      } catch (full) {}
    }`));
  await browser.enter(shop.at("/full/"));
  const isFull = await browser.run(() => {
    try {
      localStorage.setItem("one-more", "xx");
      return false;
    } catch {
      return true;
    }
  });
  assert.equal(isFull, true, "there is no room left");
  await browser.click("#own");
  await shop.settled(browser);
  await shop.observed(1, "kind = 'page'");
  await shop.observed(1, "kind = 'click'");
  assert.equal(await shop.value("SELECT count(DISTINCT session) FROM observations"), 1);
});

visit("a disk that is full takes nothing from the visit", { storage: "full", needs: ["quota"] }, async ({ shop, browser }) => {
  shop.wire.serve("/full/", page(BUTTON));
  await browser.enter(shop.at("/full/"));
  const kept = await browser.run(() => new Promise((done) => {
    const open = indexedDB.open("shop");
    open.onerror = () => done(0);
    open.onupgradeneeded = () => open.result.createObjectStore("all");
    open.onsuccess = () => {
      const writing = open.result.transaction("all", "readwrite");
      writing.onabort = () => done(0);
      writing.oncomplete = () => done(1);
      writing.objectStore("all").put("x".repeat(1 << 20), 1);
    };
  }));
  assert.equal(kept, 0, "there is no room left");
  await browser.click("#own");
  await browser.run(() => {
    window.goalpost("track", "purchase", { transaction_id: "Q-1", value: 10, currency: "USD" });
  });
  await shop.settled(browser);
  await shop.observed(1, "kind = 'click'");
  await shop.converted("product-purchase", 1);
});

visit("a private window is one visitor, one session and one purchase", { isPrivate: true }, async ({ shop, browser }) => {
  await buy(shop, browser);
  await shop.settled(browser);
  await shop.converted("product-purchase", 1);
  assert.deepEqual(
    await shop.rows("SELECT count(DISTINCT session) AS sessions, count(DISTINCT visitor) AS visitors FROM observations"),
    [{ sessions: 1, visitors: 1 }],
  );
});
