// A visit that goes on at another of the site's hosts.

import assert from "node:assert/strict";
import { cookie } from "./recorder.mjs";
import { until, visit } from "./shop.mjs";

const KEYS = { signingKeys: { "cloud-kicks": ["a key of the shop's, 32 bytes ..."] } };

/** The shop's other host: another name of this machine, with storage and cookies of its own. */
const other = (shop) => shop.url.replace("localhost", "127.0.0.1");

const page = (shop, body, consent = "granted") => `<!doctype html><html><head><title>Page</title>
  <link rel="icon" href="data:,">
  <script async src="/_g/gp.js" data-site="${shop.site}" data-consent="${consent}"></script></head><body>${body}</body></html>`;

/** A page of the first host with ways to the second, which has one page. */
const open = (shop, { consent, there } = {}) => {
  const to = `${other(shop)}/pay/`;
  const body = `<a id="link" href="${to}?a=%20b&c#top">pay</a> <a id="plain" href="${to}">pay</a>
    <a id="away" href="http://elsewhere.localhost:${new URL(shop.url).port}/pay/">away</a>
    <a id="quiet" rel="noreferrer" href="${to}">pay</a>
    <form id="get" action="${to}"><input name="q" value="1"><button id="got">pay</button></form>
    <form id="turned" action="${to}"><button id="elsewhere" formaction="http://elsewhere.localhost:${new URL(shop.url).port}/pay/">pay</button></form>
    <form id="post" method="post" action="${to}?a=1"><button id="posted">pay</button></form>`;
  shop.wire.serve("/start/", page(shop, body, consent));
  shop.wire.serve("/pay/", page(shop, `<h1 id="top">Pay</h1><a id="back" href="${shop.url}/start/">back</a>`, there ?? consent));
};

/** Rests on what is about to be pressed, and waits for what the edge says of it. */
const restOn = async (browser, selector) => {
  const answers = () =>
    browser.run(() => performance.getEntriesByType("resource").filter(({ name }) => name.endsWith("/_g/link")).length);
  await browser.until(
    () => performance.getEntriesByType("resource").some(({ name }) => name.endsWith("/link.js")),
    "what looks after links",
  );
  const before = await answers();
  await browser.driver.actions().move({ origin: await browser.shown(selector) }).perform();
  await until(async () => (await answers()) > before, "an answer about the link");
};

/** Goes there as a hand does. */
const cross = async (browser, selector) => {
  await restOn(browser, selector);
  await browser.follow(selector);
  await arrived(browser);
};

const arrived = async (browser) => {
  await browser.until(
    () => performance.getEntriesByType("resource").some(({ name }) => /\/_g\/plan\//.test(name)),
    "the SDK",
  );
  await browser.flush();
};

const linked = (shop) => shop.wire.requests.filter(({ path }) => path === "/_g/link");

const views = (shop) =>
  shop.rows(
    "SELECT hex(visitor) AS visitor, hex(session) AS session, seq >> 16 AS load, body ->> 'path' AS path FROM observations WHERE kind = 'page' ORDER BY id",
  );

const outcomes = (shop) => shop.rows("SELECT outcome, count FROM links ORDER BY outcome");

/** Everything in the database as one text. */
const everything = async (shop) => {
  const tables = await shop.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'");
  const texts = [];
  for (const { name } of tables) texts.push(JSON.stringify(await shop.rows(`SELECT * FROM "${name}"`)));
  return texts.join("\n");
};

/** The tokens that pages were given. */
const tokens = (shop) =>
  shop.wire.requests.flatMap(({ path }) => [...path.matchAll(/[?&]_gp=([\w-]+)/g)].map(([, token]) => token));

visit("a visit goes on at the site's other host, and nothing of the token stays", KEYS, async ({ shop, browser }) => {
  open(shop);
  await browser.enter(`${shop.url}/start/`);
  await shop.observed(1);
  const length = await browser.run(() => history.length);
  await cross(browser, "#link");
  await shop.observed(2, "kind = 'page'");

  assert.equal(await browser.run(() => location.href), `${other(shop)}/pay/?a=%20b&c#top`);
  assert.equal(await browser.run(() => history.length), length + 1, "one step of the history");
  const [here, there] = await views(shop);
  assert.deepEqual({ ...there, load: 0, path: "" }, { ...here, load: 0, path: "" }, "one visitor, one session");
  assert.ok(there.load > here.load, "in this order");
  assert.equal(await shop.value("SELECT count(*) FROM sessions"), 1);
  assert.deepEqual(await outcomes(shop), [{ outcome: "ok", count: 1 }]);

  const kept = await browser.run(() => localStorage.gp.split(" ")[0]);
  assert.equal(await cookie(browser), kept, "the other host's cookie");
  const [token] = tokens(shop);
  assert.match(token, /^[\w-]{111}$/);
  assert.ok(!(await everything(shop)).includes(token), "in the database");
  for (const { body } of shop.wire.beacons()) assert.ok(!body.includes(token), "in a beacon");
  for (const { headers, path } of shop.wire.requests) {
    if (headers.referer?.includes("_gp=")) assert.match(path, /^\/_g\//, `it was told by ${path}`);
  }

  // And back: both hosts know who it is by now.
  await cross(browser, "#back");
  await shop.observed(3, "kind = 'page'");
  const all = await views(shop);
  assert.equal(new Set(all.map(({ session, visitor }) => session + visitor)).size, 1);
  assert.deepEqual(all.map(({ path }) => path), ["/start/", "/pay/", "/start/"]);
});

visit("forms take a visit along too, those that get and those that post", KEYS, async ({ shop, browser }) => {
  open(shop);
  await browser.enter(`${shop.url}/start/`);
  await cross(browser, "#got");
  assert.equal(await browser.run(() => location.search), "?q=1");
  await browser.enter(`${shop.url}/start/`);
  await cross(browser, "#posted");
  assert.equal(await browser.run(() => location.search), "?a=1");
  await shop.observed(4, "kind = 'page'");
  assert.equal(await shop.value("SELECT count(DISTINCT hex(visitor) || hex(session)) FROM observations"), 1);
  assert.deepEqual(await outcomes(shop), [{ outcome: "ok", count: 2 }]);
});

visit("a link has its own address again at once, and none leads elsewhere with a token", KEYS, async ({ shop, browser }) => {
  open(shop);
  await browser.enter(`${shop.url}/start/`);
  const before = await browser.run(() => document.body.innerHTML);
  await browser.run(() => addEventListener("click", (event) => event.preventDefault()));
  await restOn(browser, "#link");
  await browser.run(() => {
    window.clicked = [];
    addEventListener("click", ({ target }) => window.clicked.push(target.href));
  });
  await browser.click("#link");
  await browser.until(() => window.clicked.length === 1, "the click");
  const [address] = await browser.run(() => window.clicked);
  assert.match(address, /\/pay\/\?a=%20b&c&_gp=[\w-]{111}#top$/);
  assert.equal(await browser.run(() => document.body.innerHTML), before);
  await browser.click("#away");
  await browser.until(() => window.clicked.length === 2, "the click");
  assert.ok(!(await browser.run(() => window.clicked[1])).includes("_gp"));
  await shop.settled(browser);
  assert.ok(!(await everything(shop)).includes("_gp"));
});

visit("an address that was passed on says nothing of who passed it", KEYS, async ({ shop, browser }) => {
  open(shop);
  await browser.enter(`${shop.url}/start/`);
  await cross(browser, "#plain");
  const [token] = tokens(shop);
  await shop.observed(2, "kind = 'page'");

  // Somebody else's browser, in the token's two minutes.
  await browser.run(() => localStorage.clear());
  await browser.driver.manage().deleteAllCookies();
  await browser.enter(`${other(shop)}/pay/?_gp=${token}`);
  await shop.observed(3, "kind = 'page'");
  assert.equal(await browser.run(() => location.search), "");
  const [, friend, stranger] = await views(shop);
  assert.notEqual(stranger.visitor, friend.visitor);
  assert.notEqual(stranger.session, friend.session);
  assert.deepEqual(await outcomes(shop), [
    { outcome: "elsewhere", count: 1 },
    { outcome: "ok", count: 1 },
  ]);
});

visit("before anybody has agreed, no token is asked for or handed over, and it leaves the address", KEYS, async ({ shop, browser }) => {
  open(shop, { there: "unknown" });
  await browser.enter(`${shop.url}/start/`);
  const visitor = await browser.run(() => localStorage.gp.split(" ")[0]);
  const before = linked(shop).length;
  await restOn(browser, "#plain");
  await browser.follow("#plain");
  await browser.until(() => location.pathname === "/pay/" && location.search === "", "an address without a token");
  assert.equal(tokens(shop).length, 1, "it came with one");
  assert.equal(linked(shop).length, before + 1, "only the first host has asked");
  assert.equal(await browser.run(() => localStorage.length), 0);
  // Here too a link would lead on.
  await browser.driver.actions().move({ origin: await browser.shown("#back") }).perform();
  await browser.run(() => new Promise((done) => setTimeout(done, 300)));
  assert.equal(linked(shop).length, before + 1);

  await browser.run(() => window.goalpost("consent", "granted"));
  await browser.flush();
  await shop.observed(2, "kind = 'page'");
  assert.equal(await browser.run(() => localStorage.gp.split(" ")[0]), visitor);
  assert.equal(await shop.value("SELECT count(DISTINCT hex(visitor) || hex(session)) FROM observations"), 1);
});

visit("where a page does not know yet whether somebody agrees, it asks for no token, whatever an earlier one has stored", KEYS, async ({ shop, browser }) => {
  open(shop);
  await browser.enter(`${shop.url}/start/`);
  await shop.observed(1);
  open(shop, { consent: "unknown" });
  await browser.enter(`${shop.url}/start/`);
  await browser.until(
    () => performance.getEntriesByType("resource").some(({ name }) => name.endsWith("/link.js")),
    "what looks after links",
  );
  await browser.driver.actions().move({ origin: await browser.shown("#plain") }).perform();
  await browser.run(() => new Promise((done) => setTimeout(done, 300)));
  assert.deepEqual(linked(shop), []);
  await browser.follow("#plain");
  assert.deepEqual(tokens(shop), []);
});

visit("a button that leads a form elsewhere takes no token there", KEYS, async ({ shop, browser }) => {
  open(shop);
  await browser.enter(`${shop.url}/start/`);
  await restOn(browser, "#elsewhere");
  await browser.follow("#elsewhere");
  assert.equal(await browser.run(() => location.hostname), "elsewhere.localhost");
  assert.deepEqual(tokens(shop), []);
});

visit("a withdrawal is not undone by a link", KEYS, async ({ shop, browser }) => {
  open(shop);
  await browser.enter(`${other(shop)}/pay/`);
  await browser.run(() => window.goalpost("consent", "denied"));
  open(shop, { there: "denied" });
  await browser.enter(`${shop.url}/start/`);
  await restOn(browser, "#plain");
  await browser.follow("#plain");
  assert.equal(tokens(shop).length, 1, "it came with a token");
  assert.ok([undefined, null, "-"].includes(await browser.run(() => localStorage.gp)));
  assert.equal(await cookie(browser), undefined);
  assert.deepEqual(await outcomes(shop), []);
});

visit("a site without a key links nobody, and every page is counted", {}, async ({ shop, browser }) => {
  open(shop);
  await browser.enter(`${shop.url}/start/`);
  await cross(browser, "#plain");
  await shop.observed(2, "kind = 'page'");
  assert.deepEqual(tokens(shop), []);
  const [here, there] = await views(shop);
  assert.notEqual(here.visitor, there.visitor);
});

visit("a link that asks for no referrer is left alone at the other end", KEYS, async ({ shop, browser }) => {
  open(shop);
  await browser.enter(`${shop.url}/start/`);
  await cross(browser, "#quiet");
  await shop.observed(2, "kind = 'page'");
  assert.equal(await shop.value("SELECT count(DISTINCT visitor) FROM observations"), 2);
  assert.equal(await browser.run(() => location.search), "");
});

visit("where the edge says nothing about a token, the page waits a moment and is counted", KEYS, async ({ shop, browser }) => {
  open(shop);
  await browser.enter(`${shop.url}/start/`);
  await restOn(browser, "#plain");
  shop.wire.hold(/\/_g\/link/, /\/pay\//);
  await browser.follow("#plain");
  await shop.observed(2, "kind = 'page'");
  shop.wire.release();
  const [here, there] = await views(shop);
  assert.notEqual(there.session, here.session);
  assert.equal(await browser.run(() => location.search), "");
});

visit("a link that opens another tab takes the visit there", { ...KEYS, needs: ["buttons"] }, async ({ shop, browser }) => {
  open(shop);
  await browser.enter(`${shop.url}/start/`);
  const before = await browser.tabs();
  await restOn(browser, "#plain");
  await browser.middleClick("#plain");
  await until(async () => (await browser.tabs()).length > before.length, "another tab");
  await browser.switchTo((await browser.tabs()).find((tab) => !before.includes(tab)));
  await arrived(browser);
  await shop.observed(2, "kind = 'page'");
  assert.equal(await shop.value("SELECT count(DISTINCT hex(visitor) || hex(session)) FROM observations"), 1);
  assert.equal(await browser.run(() => location.search), "");
});

visit("a page that reads its address late finds it whole, and its state of history too", KEYS, async ({ shop, browser }) => {
  open(shop);
  await browser.enter(`${shop.url}/start/`);
  await restOn(browser, "#plain");
  const state = `<script>history.replaceState({ own: 1 }, "")</script>`;
  shop.wire.serve("/pay/", page(shop, `${state}<p>Pay</p>`));
  await browser.follow("#plain");
  await arrived(browser);
  assert.equal(await browser.run(() => history.state.own), 1);
  assert.equal(await browser.run(() => location.href), `${other(shop)}/pay/`);
  await shop.observed(2, "kind = 'page'");
});
