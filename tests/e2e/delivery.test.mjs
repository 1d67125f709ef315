// What of a visit arrives, however it ends and however slow or out of order the edge is.

import assert from "node:assert/strict";
import { BUTTON, page } from "./page.mjs";
import { until, visit } from "./shop.mjs";

const CLICKS = 20;

const VIDEO = '<video id="film" src="/video/walk.webm" preload="auto" muted playsinline></video>';

/** One page view, twenty clicks and a video that begins. */
const visitOf22 = async (shop, browser) => {
  shop.wire.serve("/visit/", page(BUTTON + VIDEO));
  await browser.enter(shop.at("/visit/"));
  const button = await browser.element("#own");
  for (let n = 0; n < CLICKS; n += 1) await button.click();
  await browser.run(() => document.getElementById("film").play());
};

const all22 = async (shop) => {
  await shop.observed(1, "kind = 'page' AND body ->> 'path' = '/visit/'");
  await shop.observed(CLICKS, "kind = 'click'");
  await shop.observed(1, "kind = 'media' AND body LIKE '%\"play\"%'");
  assert.equal(await shop.value("SELECT count(DISTINCT session) FROM observations"), 1);
};

const ENDS = {
  "is left for another page": (browser) => browser.go("about:blank"),
  "ends with its tab": (browser) => browser.closeTab(),
};

for (const [how, end] of Object.entries(ENDS)) {
  for (const lateness of [0, 120]) {
    const where = lateness ? `, ${lateness} ms from the edge,` : "";
    visit(`a visit of 22 events that ${how}${where} is 22 rows`, {}, async ({ shop, browser }) => {
      shop.wire.slowDown(lateness);
      await visitOf22(shop, browser);
      await end(browser);
      await all22(shop);
    });
  }
}

visit("a visitor who goes at once is seen, with what the page told meanwhile", {}, async ({ shop, browser }) => {
  const before = `
    window.goalpost = function () { goalpost.q.push([Date.now()].concat([].slice.call(arguments))); };
    goalpost.q = [];
    goalpost("track", "swatch_seen", { n: 1 });
    addEventListener("load", function () { location.replace("/left/"); });`;
  shop.wire.serve("/bounce/", page("<p>A page</p>", before));
  shop.wire.serve("/left/", "<!doctype html><title>Elsewhere</title>");
  await browser.go(shop.at("/bounce/"));
  await browser.until(() => location.pathname === "/left/", "the page that the visitor goes to");
  await shop.observed(1, "kind = 'page'");
  await shop.observed(1, "kind = 'event'");
});

visit("a quick move to the next page is two page views and the click between", {}, async ({ shop, browser }) => {
  shop.wire.slowDown(120);
  shop.wire.serve("/one/", page('<a id="next" href="/two/">Next</a>'));
  shop.wire.serve("/two/", page("<p>The next page</p>"));
  await browser.go(shop.at("/one/"));
  await browser.follow("#next");
  await shop.observed(2, "kind = 'page'");
  await shop.observed(1, "kind = 'click'");
  await shop.settled(browser);
  assert.equal(await shop.value("SELECT count(DISTINCT session) FROM observations"), 1);
});

for (const [who, headers] of [["the edge", { "x-goalpost": "1" }], ["a proxy", {}]]) {
  visit(`${who} that is out of order for a while costs nothing but time`, {}, async ({ shop, browser }) => {
    shop.wire.serve("/visit/", page(BUTTON));
    await browser.enter(shop.at("/visit/"));
    await shop.observed(1);
    const pause = 2;
    shop.wire.serve("/_g/c", "", { ...headers, "retry-after": String(pause) }, 503);
    const before = shop.wire.beacons().length;
    await browser.click("#own");
    await until(() => shop.wire.beacons().length >= before + 2, "two requests in vain");
    shop.wire.pages.delete("/_g/c");
    const [first, second] = shop.wire.beacons().slice(before);
    assert.ok(second.time - first.time >= pause * 1_000 - 50, "it is not asked before it said");
    await shop.observed(1, "kind = 'click'");
    await shop.settled(browser);
  });
}
