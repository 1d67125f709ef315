// Content by what the visitor has done: at once, and on the next visit from the start.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../harness/worker.mjs";
import { only } from "./assets.mjs";
import { plan, until, visit } from "./shop.mjs";

const manual = await readFile(join(root, "docs/segments.md"), "utf8");
const block = (language) => manual.match(new RegExp(`\`\`\`${language}\n(.*?)\n\`\`\``, "s"))[1];

/** The manual's plan and page. */
const PLAN = { ...plan, ...JSON.parse(block("json")) };
const PAGE = `<!doctype html><html><head><meta charset="utf-8"><title>Fitting</title><link rel="icon" href="data:,">
<script>window.told = []; document.addEventListener("goalpost:segments", ({ detail }) => told.push(detail));</script></head>
<body>${block("html")}</body></html>`;

const serve = (shop, change = (html) => html) => shop.wire.serve("/fitting-room/", change(PAGE));
const enter = (shop, browser) => browser.enter(shop.at("/fitting-room/"));

/** Which of the page's parts can be seen. */
const seen = (browser) =>
  browser.run(() => ["ask", "tips", "thanks"].filter((id) => !document.getElementById(id).hidden).join(" "));
const sees = (browser, parts) =>
  until(async () => (await seen(browser)) === parts, `to see ${parts}`).catch(async (problem) => {
    problem.message += `, not ${await seen(browser)}`;
    throw problem;
  });
const questions = (shop) => shop.wire.requests.filter(({ path }) => path === "/_g/s").length;
const say = (browser, consent) => browser.run((consent) => window.goalpost("consent", consent), consent);
const list = (browser) => browser.run(() => window.goalpost("segments"));

visit("what happens shows its content at once, and the next visit from the start", { plan: PLAN }, async ({ shop, browser }) => {
  serve(shop);
  await enter(shop, browser);
  await browser.until(() => document.documentElement.classList.contains("is-new"), "the edge's answer");
  assert.deepEqual(await list(browser), ["new-here"]);
  assert.equal(await seen(browser), "ask");
  assert.equal(questions(shop), 1);

  // From now on nothing reaches the edge.
  shop.wire.hold(/^\/_g\/[cs]$/);
  await browser.click("#fit");
  await sees(browser, "tips thanks");
  assert.deepEqual((await browser.run(() => window.told)).at(-1).toSorted(), ["convinced", "demo-request", "new-here"]);
  shop.wire.release();
  await until(() => questions(shop) === 2, "the edge to be asked again");
  await shop.settled(browser);
  await shop.converted("demo-request", 1);
  await sees(browser, "tips thanks");

  await enter(shop, browser);
  await sees(browser, "tips");
  assert.deepEqual(await list(browser), ["convinced", "new-here"]);
  assert.equal(questions(shop), 3, "once a page");
});

visit("the edge's word is the last", { plan: PLAN }, async ({ shop, browser }) => {
  serve(shop);
  await enter(shop, browser);
  await list(browser);
  const buy = (order) =>
    browser.run((order) => window.goalpost("track", "purchase", { order, revenue: 900, currency: "JPY" }), order);
  const bought = async (expected) => {
    await until(async () => (await list(browser)).join() === expected, `the list ${expected}`);
  };
  await buy("A1");
  await bought("product-purchase");
  // The same order again: it cannot be foreseen, and does not count again.
  await buy("A1");
  await until(() => questions(shop) === 3, "the edge to be asked about it");
  await bought("product-purchase");
  await buy("A2");
  await bought("regulars,product-purchase");
  await shop.settled(browser);
  await shop.converted("product-purchase", 2);
  await enter(shop, browser);
  await sees(browser, "ask tips");
});

visit("nothing is asked and nothing changes before consent, and a withdrawal undoes it", { plan: PLAN }, async ({ shop, browser }) => {
  serve(shop, (html) => html.replace('data-consent="granted"', 'data-consent="unknown"'));
  await enter(shop, browser);
  await browser.click("#fit");
  await browser.flush();
  assert.equal(await seen(browser), "ask");
  assert.deepEqual(await list(browser), []);
  assert.equal(questions(shop), 0);

  await say(browser, "granted");
  await sees(browser, "tips thanks");
  await until(() => questions(shop) > 0, "the edge to be asked");
  await shop.settled(browser);
  await say(browser, "denied");
  await sees(browser, "ask");
  const before = questions(shop);
  await browser.click("#fit");
  await browser.flush();
  assert.deepEqual(await list(browser), []);
  assert.equal(questions(shop), before);
});

visit("in raw form content is asked for once somebody agrees, and a withdrawal undoes it", { plan: PLAN }, async ({ shop, browser }) => {
  only("raw", shop);
  const late = '<p id="new" hidden data-goalpost-show="new-here">Welcome</p></body>';
  serve(shop, (html) => html.replace('data-consent="granted"', 'data-consent="unknown"').replace("</body>", late));
  await browser.go(shop.at("/fitting-room/"));
  await browser.until(() => performance.getEntriesByType("resource").some(({ name }) => /raw\.js/.test(name)), "the raw form");
  await browser.flush();
  assert.equal(questions(shop), 0);
  await say(browser, "granted");
  await browser.until(() => !document.getElementById("new").hidden, "the content");
  assert.deepEqual(await list(browser), ["new-here"]);
  await say(browser, "denied");
  await browser.until(() => document.getElementById("new").hidden, "the page as it was");
  assert.deepEqual(await list(browser), []);
  await shop.settled();
});

visit("who has denied is not asked about", { plan: PLAN }, async ({ shop, browser }) => {
  serve(shop, (html) => html.replace('data-consent="granted"', 'data-consent="denied"'));
  await browser.go(shop.at("/fitting-room/"));
  await browser.loaded();
  await browser.click("#fit");
  await browser.flush();
  assert.equal(await seen(browser), "ask");
  assert.equal(questions(shop), 0);
});

visit("without an answer the page stays as it is, but for what is sure", { plan: PLAN }, async ({ shop, browser }) => {
  serve(shop, (html) => html.replace("</body>", '<p id="typo" data-goalpost-show="no-such-segment">Typo</p></body>'));
  shop.wire.hold(/^\/_g\/s$/);
  await enter(shop, browser);
  assert.equal(await seen(browser), "ask");
  await browser.click("#fit");
  await sees(browser, "ask thanks");
  assert.equal(await browser.run(() => document.getElementById("typo").hidden), false);
  shop.wire.release();
  await sees(browser, "tips thanks");
  await shop.settled(browser);
});

visit("content that comes later is looked at too", { plan: PLAN }, async ({ shop, browser }) => {
  serve(shop);
  await enter(shop, browser);
  await list(browser);
  await browser.run(() => document.body.insertAdjacentHTML("beforeend", '<p id="late" hidden data-goalpost-show="new-here">Late</p>'));
  await browser.until(() => !document.getElementById("late").hidden, "the late content");
  await shop.settled(browser);
});

visit("a page that does not ask loads nothing for it", { plan: PLAN }, async ({ shop, browser }) => {
  serve(shop, (html) => html.replace(" data-segments", ""));
  await enter(shop, browser);
  await browser.click("#fit");
  await browser.flush();
  assert.equal(await seen(browser), "ask");
  const names = await browser.run(() => performance.getEntriesByType("resource").map(({ name }) => name));
  assert.deepEqual(names.filter((name) => /segments|\/_g\/s$/.test(name)), []);
  assert.equal(questions(shop), 0);
});
