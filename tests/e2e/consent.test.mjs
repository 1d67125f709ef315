// What a visitor allows decides what is kept and what is sent.

import assert from "node:assert/strict";
import { noCalls, visit } from "./shop.mjs";

/** The shop's pages as a consent banner would have them: nobody was asked yet. */
const unasked = (shop) =>
  shop.wire.changePages((html) => html.replace('data-consent="granted"', 'data-consent="unknown"'));

/** All that the browser keeps of ours. */
const traces = (browser) =>
  browser.run(async () => ({
    local: Object.keys(localStorage).filter((key) => !key.startsWith("ck.")),
    session: Object.keys(sessionStorage),
    databases: (await indexedDB.databases()).map(({ name }) => name),
    cookies: document.cookie,
  }));

const NONE = { local: [], session: [], databases: [], cookies: "" };

const browse = async (shop, browser) => {
  await browser.enter(shop.at("/shoes/nimbus/"));
  await browser.click('form#buy label:has(input[name=size][value="26.0"])');
  await browser.click("#add-to-cart");
  await browser.until(() => !document.getElementById("added").hidden, "a shoe in the bag");
};

visit("nothing is sent and nothing is kept before consent", {}, async ({ shop, browser }) => {
  unasked(shop);
  await browse(shop, browser);
  await browser.flush();
  assert.deepEqual(await traces(browser), NONE);
  await browser.go(shop.at("/shoes/"));
  await browser.closeTab();
  await browser.newTab();
  await browser.enter(shop.at("/guides/care/"));
  await browser.flush();
  assert.deepEqual(await traces(browser), NONE);
  assert.equal(shop.wire.beacons().length, 0, "no beacon left");
  assert.deepEqual(await browser.cookies(), []);
  await shop.settled();
  await shop.observed(0);
});

visit("what was seen before consent arrives with its own times", {}, async ({ shop, browser }) => {
  unasked(shop);
  await browse(shop, browser);
  const asked = await browser.run(() => Date.now());
  assert.equal(shop.wire.beacons().length, 0, "no beacon left");
  await browser.until(`() => Date.now() > ${asked + 500}`, "some time to pass");
  await browser.run(() => window.goalpost("consent", "granted"));
  await shop.settled(browser);
  await shop.converted("shoe-in-bag", 1);
  const rows = await shop.rows("SELECT kind, time FROM observations ORDER BY seq");
  assert.deepEqual(rows[0].kind, "page");
  for (const { kind, time } of rows) assert.ok(time <= asked, `${kind} was seen before the answer`);
});

visit("a refusal ends it and leaves nothing behind", {}, async ({ shop, browser }) => {
  await browse(shop, browser);
  await shop.converted("shoe-in-bag", 1);
  const before = await traces(browser);
  assert.ok(before.local.includes("gp"));
  const stored = await shop.value("SELECT count(*) FROM observations");

  await browser.run(() => window.goalpost("consent", "denied"));
  const beacons = shop.wire.beacons().length;
  await browser.until(() => localStorage.getItem("gp") === null, "the visitor's id to go");
  await browser.run(() => window.goalpost("track", "after", {}));
  await noCalls(browser);
  await browser.click("footer a[href^='tel:']");
  await browser.run(() => window.goalpost("flush"));
  const after = await browser.run(
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
  assert.deepEqual(after, [], "no item is kept");
  await browser.go("about:blank");
  await shop.settled();
  assert.equal(shop.wire.beacons().length, beacons, "nothing was sent any more");
  await shop.observed(stored);
});

const refusing = { signals: "gpc", needs: ["signals"] };

visit("a browser that signals a refusal is not asked", refusing, async ({ shop, browser }) => {
  await browser.go(shop.at("/shoes/nimbus/"));
  await browser.click('form#buy label:has(input[name=size][value="26.0"])');
  await browser.click("#add-to-cart");
  await browser.run(() => window.goalpost("consent", "granted"));
  await browser.flush();
  await browser.go(shop.at("/"));
  await browser.flush();
  assert.equal(shop.wire.beacons().length, 0, "no beacon left");
  assert.deepEqual(await traces(browser), NONE);
  await shop.observed(0);
});
