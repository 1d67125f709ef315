// How often something counts: in a session, for a contact, for an order, or every time.

import assert from "node:assert/strict";
import { openBrowser } from "./browser.mjs";
import { buy, noCalls, play, visit } from "./shop.mjs";

const HALF_AN_HOUR = 1_800_000;

visit("a video played twice in one session is one conversion, and one more in the next session", {}, async ({ shop, browser }) => {
  await browser.enter(shop.at("/shoes/stratus/"));
  await play(browser, "#stratus-walk");
  await play(browser, "#stratus-walk");
  await shop.settled(browser);
  await shop.observed(2, "kind = 'media' AND body LIKE '%\"play\"%'");
  await shop.converted("watch-video", 1);

  // The pause is as long as the timeout, which ends the session.
  browser.shiftClock(HALF_AN_HOUR + 60_000);
  await browser.enter(shop.at("/shoes/stratus/"));
  await play(browser, "#stratus-walk");
  await shop.settled(browser);
  const [first, second] = await shop.converted("watch-video", 2);
  assert.notEqual(first.session, second.session);
  assert.equal(first.visitor, second.visitor);
  assert.equal(first.points, 5);
});

visit("two videos are one conversion, and two where the video joins the key", {}, async ({ shop, browser }) => {
  await browser.enter(shop.at("/shoes/nimbus/"));
  for (const video of ["#nimbus-walk", "#nimbus-layers", "#nimbus-walk"]) {
    await play(browser, video);
  }
  await shop.settled(browser);
  await shop.observed(3, "body LIKE '%\"play\"%'");
  await shop.converted("watch-video", 1);
  const each = await shop.converted("watch-each-video", 2);
  assert.deepEqual(each.map(({ dedup }) => dedup).sort(), ["nimbus-layers", "nimbus-walk"]);
  await shop.converted("video-half", 2);
  await shop.converted("video-end", 3);
});

visit("a video that is over before the SDK comes counts like any other", {}, async ({ shop, browser }) => {
  shop.wire.hold(/sdk\.wasm/);
  await browser.go(shop.at("/shoes/stratus/"));
  await play(browser, "#stratus-walk");
  shop.wire.release();
  await shop.converted("watch-video", 1);
  await shop.converted("video-half", 1);
  await shop.converted("video-end", 1);
  await play(browser, "#stratus-walk");
  await shop.settled(browser);
  await shop.observed(2, "body LIKE '%\"play\"%'");
  await shop.converted("watch-video", 1);
});

for (const [prefix, currency, minor] of [["", "USD", 12_900], ["/ja", "JPY", 14_800]]) {
  visit(`a thank-you page loaded again and again is one purchase in ${currency}`, {}, async ({ shop, browser }) => {
    const order = await buy(shop, browser, { prefix });
    assert.match(order, /^CK-[2-9A-Z]{8}$/);
    await shop.settled(browser);
    await browser.reload();
    await shop.settled(browser);
    await browser.reload();
    await shop.settled(browser);
    await browser.go(shop.at(`${prefix}/shoes/`));
    await browser.back();
    await browser.loaded();
    await shop.settled(browser);
    await browser.back();
    await browser.forward();
    await browser.loaded();
    await shop.settled(browser);

    const seen = await shop.value("SELECT count(*) FROM observations WHERE body LIKE '%\"purchase\"%'");
    assert.ok(seen >= 3, `the page has told of ${seen} purchases`);
    const [purchase] = await shop.converted("product-purchase", 1);
    assert.equal(purchase.minor, minor);
    assert.equal(purchase.currency, currency);
    assert.equal(purchase.money, "claimed");
    assert.equal(purchase.scope, `order:${order}`);
    await shop.converted("checkout-begun", 1);
  });
}

const subscribe = async (shop, browser) => {
  await browser.enter(shop.at("/"));
  await browser.type("#newsletter-email", "Aoi.Sato@shop.example");
  await browser.click("#newsletter button");
  await browser.until(() => !document.getElementById("newsletter-thanks").hidden, "the thanks");
  await shop.settled(browser);
};

visit("a newsletter counts once for a contact, in two sessions and in two browsers", {}, async ({ shop, browser }) => {
  await subscribe(shop, browser);
  browser.shiftClock(HALF_AN_HOUR + 60_000);
  await subscribe(shop, browser);
  await shop.observed(2, "kind = 'submit'");
  assert.equal(await shop.value("SELECT count(DISTINCT session) FROM observations"), 2);
  const [conversion] = await shop.converted("newsletter", 1);
  assert.match(conversion.contact, /^email:[0-9a-f]{64}$/);

  const other = await openBrowser();
  try {
    await subscribe(shop, other);
    await shop.observed(3, "kind = 'submit'");
    assert.equal(await shop.value("SELECT count(DISTINCT visitor) FROM observations"), 2);
    await shop.converted("newsletter", 1);
  } finally {
    await other.quit();
  }
});

visit("a call counts every time", {}, async ({ shop, browser }) => {
  await browser.go(shop.at("/"));
  await noCalls(browser);
  for (let time = 0; time < 3; time += 1) await browser.click("a.call");
  await shop.settled(browser);
  const calls = await shop.converted("call-us", 3);
  assert.equal(new Set(calls.map(({ session }) => session)).size, 1);
});
