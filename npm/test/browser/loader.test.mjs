import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { Builder, By } from "selenium-webdriver";
import chrome from "selenium-webdriver/chrome.js";
import { openShop } from "./shop.mjs";

/** WebAssembly is forbidden, and the same as JavaScript is not there. */
const NO_MODULE = { csp: "default-src 'self'; script-src 'self' 'unsafe-inline'", missing: /sdk-js\.js$/ };

let driver;
before(async () => {
  const options = new chrome.Options()
    .addArguments("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking");
  const { CHROME, CHROMEDRIVER } = process.env;
  if (CHROME) options.setChromeBinaryPath(CHROME);
  const builder = new Builder().forBrowser("chrome").setChromeOptions(options);
  if (CHROMEDRIVER) builder.setChromeService(new chrome.ServiceBuilder(CHROMEDRIVER));
  driver = await builder.build();
});
after(() => driver?.quit());

const inShop = (name, options, visit) =>
  test(name, async () => {
    const shop = await openShop(options);
    try {
      await visit(shop);
    } finally {
      await driver.get("about:blank");
      await shop.close();
    }
  });

const call = (...args) => driver.executeScript("goalpost(...arguments)", ...args);
const kinds = (items) => items.map(({ kind }) => kind);
const loaderIsThere = () => driver.wait(() => driver.executeScript("return !!goalpost.q && !goalpost.q.length && goalpost.q.push !== [].push"), 10_000);
const uuid7 = /^[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/;

inShop("a page that is left before the SDK arrives sends one beacon, raw", { refuse: /sdk\.js$/ }, async (shop) => {
  const from = Date.now();
  await driver.get(`${shop.url}/shoes/?utm_source=mail&utm_medium=email&secret=1#top`);
  await loaderIsThere();
  await driver.findElement(By.id("word")).click();
  await driver.findElement(By.id("plain")).click();
  await driver.executeScript(`goalpost("track", "Order Completed", {
    order_id: "A1", total: 120.5, nested: { self: window }, items: [{ sku: "alto" }, "no"],
    half: "a\\ud800", long: "シ".repeat(300), big: 10n,
  })`);
  await call("track", "size_chosen", { size: 26 });
  await call("trigger", "white-paper", {});
  await call("identify", { email: "a@shop.example" });
  assert.equal(shop.beacons.length, 0, "nothing is sent while the page is seen");
  await driver.get("about:blank");
  await shop.until(() => shop.beacons.length > 0);

  const [beacon] = shop.beacons;
  assert.match(beacon.type, /^text\/plain/);
  assert.equal(shop.beacons.length, 1);
  assert.deepEqual([beacon.v, beacon.site, beacon.form], [1, "shop", "raw"]);
  assert.match(beacon.page, uuid7);
  const [page, click, purchase, event, trigger, ...more] = beacon.items;
  assert.deepEqual(more, [], "who it is never leaves unhashed");
  assert.deepEqual(beacon.items.map(({ seq }) => seq - 65_536), [0, 1, 2, 3, 4]);
  for (const item of beacon.items) {
    assert.match(item.id, uuid7);
    const time = parseInt(item.id.slice(0, 12), 16);
    assert.ok(time >= from && time <= beacon.sent, "an id tells when");
    assert.equal(item.path, "/shoes/");
  }
  assert.deepEqual(
    [page.kind, page.host, page.title, page.query],
    ["page", "127.0.0.1", "シューズ", { utm_source: "mail", utm_medium: "email" }],
  );
  assert.deepEqual(click.elements, [
    { tag: "a", id: "buy", class: "cta big", attr: { "data-sku": "alto", href: "#bought" } },
    { tag: "p", class: "lead", attr: {} },
    { tag: "main", id: "shop", attr: {} },
  ]);
  assert.deepEqual([purchase.kind, purchase.name], ["track", "Order Completed"]);
  assert.deepEqual(purchase.properties, { order_id: "A1", total: 120.5, items: [{ sku: "alto" }], half: "a\ufffd", long: "シ".repeat(170), big: "10" });
  assert.deepEqual([event.kind, event.name, event.properties], ["track", "size_chosen", { size: 26 }]);
  assert.deepEqual([trigger.kind, trigger.name], ["trigger", "white-paper"]);
  assert.ok(!JSON.stringify(beacon).includes("a@shop"), "no address in it");
});

inShop("what the stub queued keeps its time and comes after the page view", { refuse: /sdk\.js$/ }, async (shop) => {
  await driver.get(`${shop.url}/`);
  await driver.executeScript("document.documentElement.dataset.time = Date.now()");
  await loaderIsThere();
  await call("track", "later");
  await driver.get("about:blank");
  await shop.until(() => shop.beacons.length > 0);
  assert.deepEqual(kinds(shop.items()), ["page", "track"]);
});

inShop("where no module runs, the raw form sends everything", NO_MODULE, async (shop) => {
  await driver.get(`${shop.url}/shoes/`);
  await loaderIsThere();
  await shop.until(() => shop.items().length >= 1);
  await call("track", "purchase", { transaction_id: "A2", value: 10 });
  await call("identify", { email: " A@Shop.Example " });
  await driver.findElement(By.id("word")).click();
  await driver.executeScript("history.pushState({}, '', '/shoes/alto/')");
  await driver.executeScript("return goalpost('flush')");
  await shop.until(() => shop.items().length >= 5);
  const items = shop.items();
  assert.ok(shop.beacons.every(({ form }) => form === "raw"));
  assert.deepEqual(kinds(items).sort(), ["click", "identify", "page", "page", "track"]);
  const hash = createHash("sha256").update("a@shop.example").digest("hex");
  assert.equal(items.find(({ kind }) => kind === "identify").contact, `email:${hash}`);
  assert.deepEqual(items.filter(({ kind }) => kind === "page").map(({ path }) => path), ["/shoes/", "/shoes/alto/"]);
  const [session, ...sessions] = new Set(items.map(({ session }) => session));
  assert.match(session, uuid7);
  assert.deepEqual(sessions, []);
  assert.deepEqual(items.map(({ seq }) => seq - 65_536).sort(), [0, 1, 2, 3, 4]);
  const record = await driver.executeScript("return localStorage.gp");
  assert.match(record, new RegExp(`^${shop.beacons[0].visitor} ${session} \\d+ 1$`));

  const before = shop.items().length;
  await call("track", "last");
  await driver.get(`${shop.url}/blank`);
  await shop.until(() => shop.items().length > before);
  assert.equal(shop.items().at(-1).name, "last");
});

inShop("without consent nothing is sent or stored, and its first times survive", { ...NO_MODULE, attributes: 'data-site="shop"' }, async (shop) => {
  await driver.get(`${shop.url}/`);
  await loaderIsThere();
  await call("track", "early");
  await shop.until(() => shop.asked.some((asked) => asked.includes("raw.js")));
  await driver.executeScript("return goalpost('flush')");
  assert.equal(shop.beacons.length, 0);
  assert.equal(await driver.executeScript("return localStorage.length + document.cookie"), "0");
  const granted = Date.now();
  await call("consent", "granted");
  await shop.until(() => shop.items().length === 2);
  for (const { id } of shop.items()) assert.ok(parseInt(id.slice(0, 12), 16) <= granted);
});

inShop("a tab that is closed sends what it held", { refuse: /sdk\.js$/ }, async (shop) => {
  const first = await driver.getWindowHandle();
  await driver.switchTo().newWindow("tab");
  await driver.get(`${shop.url}/`);
  await loaderIsThere();
  await call("track", "bought");
  await driver.close();
  await driver.switchTo().window(first);
  await shop.until(() => shop.beacons.length > 0);
  assert.deepEqual(kinds(shop.items()), ["page", "track"]);
});

inShop("what leaves raw belongs to the visitor and session that all tabs share from then on", { refuse: /sdk\.js$/ }, async (shop) => {
  const [visitor, session] = ["01a2006e-8dd0-7000-84a7-7de7d5704c50", "01a2006e-8ecd-7000-9b75-d8d0896d1e52"];
  const [halfAnHour, known, begun] = [1_800_000, /^01a2006e-/, uuid7];
  const kept = (ago, loads) => `${visitor} ${session} ${Date.now() - ago} ${loads}`;
  for (const [before, whose, which, load] of [
    [kept(0, 65_534), known, known, 65_535],
    [kept(halfAnHour, 65_535), known, begun, 0],
    ["", begun, begun, 1],
  ]) {
    await driver.get(`${shop.url}/blank`);
    await driver.executeScript("localStorage.clear(); if (arguments[0]) localStorage.gp = arguments[0]", before);
    const [from, beacons] = [Date.now(), shop.beacons.length];
    await driver.get(`${shop.url}/`);
    await loaderIsThere();
    await driver.get(`${shop.url}/blank`);
    await shop.until(() => shop.beacons.length > beacons);
    const beacon = shop.beacons.at(-1);
    assert.match(beacon.visitor, whose);
    assert.match(beacon.session, which);
    assert.equal(beacon.items[0].seq, load * 65_536);
    const [toldVisitor, toldSession, last, loads] = (await driver.executeScript("return localStorage.gp")).split(" ");
    assert.deepEqual([toldVisitor, toldSession, loads], [beacon.visitor, beacon.session, String(load)]);
    assert.ok(last >= from && last <= Date.now());
  }
});

inShop("whom the edge must still forget is forgotten by what leaves raw, and nothing is kept in that place", { refuse: /sdk\.js$/ }, async (shop) => {
  await driver.get(`${shop.url}/blank`);
  await driver.executeScript('localStorage.gp = "-"');
  await driver.get(`${shop.url}/`);
  await loaderIsThere();
  await driver.get(`${shop.url}/blank`);
  await shop.until(() => shop.beacons.length > 0);
  assert.equal(shop.beacons[0].visitor, "-");
  assert.equal(await driver.executeScript("return localStorage.gp"), "-");
});

inShop("nobody is recognised in what leaves raw where nobody may be", { refuse: /sdk\.js$/, attributes: 'data-site="shop" data-consent="granted" data-cookieless' }, async (shop) => {
  await driver.get(`${shop.url}/`);
  await loaderIsThere();
  await driver.get(`${shop.url}/blank`);
  await shop.until(() => shop.beacons.length > 0);
  assert.equal(shop.beacons[0].visitor, undefined);
  assert.equal(await driver.executeScript("return localStorage.length"), 0);
});

/** Runs a script in every page before its own. */
const onEachPage = async (source, visit) => {
  const { identifier } = await driver.sendAndGetDevToolsCommand("Page.addScriptToEvaluateOnNewDocument", { source });
  try {
    await visit();
  } finally {
    await driver.sendDevToolsCommand("Page.removeScriptToEvaluateOnNewDocument", { identifier });
  }
};

inShop("a browser that refuses for its visitor is obeyed, whatever the page says", {}, (shop) =>
  onEachPage("Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { value: true })", async () => {
    await driver.get(`${shop.url}/`);
    await loaderIsThere();
    await call("consent", "granted");
    await call("track", "never");
    await driver.executeScript("return goalpost('flush')");
    await driver.get(`${shop.url}/blank`);
    assert.deepEqual(shop.asked.filter((asked) => /_g/.test(asked)), ["GET /_g/gp.js"]);
  }),
);

inShop("a page that is only prepared is not seen before it is shown", { refuse: /sdk\.js$/ }, (shop) =>
  onEachPage("Object.defineProperty(Document.prototype, 'prerendering', { value: true })", async () => {
    await driver.get(`${shop.url}/`);
    await driver.wait(() => driver.executeScript("return document.readyState == 'complete' && performance.getEntriesByType('resource').some(({ name }) => name.endsWith('gp.js'))"), 10_000);
    await call("track", "while");
    assert.ok(await driver.executeScript("return Array.isArray(goalpost.q)"), "the stub still queues");
    await driver.executeScript("document.dispatchEvent(new Event('prerenderingchange'))");
    await call("track", "after");
    await driver.get("about:blank");
    await shop.until(() => shop.beacons.length > 0);
    assert.deepEqual(shop.items().map(({ kind, name }) => name ?? kind), ["page", "while", "after"]);
  }),
);

inShop("denied consent forgets, and asks the edge for nothing", { attributes: 'data-site="shop" data-consent="denied"' }, async (shop) => {
  await driver.get(`${shop.url}/`);
  await loaderIsThere();
  await call("track", "never");
  await driver.executeScript("return goalpost('flush')");
  await driver.get(`${shop.url}/blank`);
  assert.deepEqual(shop.asked.filter((asked) => /_g/.test(asked)), ["GET /_g/gp.js"]);
});

inShop("what was held before a denial is gone", { refuse: /sdk\.js$/ }, async (shop) => {
  await driver.get(`${shop.url}/`);
  await loaderIsThere();
  await call("track", "before");
  await call("consent", "denied");
  await call("track", "while");
  await call("consent", "granted");
  await call("track", "after");
  await driver.get("about:blank");
  await shop.until(() => shop.beacons.length > 0);
  assert.deepEqual(shop.items().map(({ name }) => name), ["after"]);
});

inShop("a page without a stub, and a loader that is there twice", { stub: false, refuse: /sdk\.js$/, body: '<script async src="/_g/gp.js" data-site="shop" data-consent="granted"></script>' }, async (shop) => {
  await driver.get(`${shop.url}/`);
  await driver.wait(() => driver.executeScript("return !!window.goalpost"), 10_000);
  await shop.until(() => shop.asked.filter((asked) => asked.includes("gp.js")).length > 0);
  await call("track", "once");
  await driver.get("about:blank");
  await shop.until(() => shop.beacons.length > 0);
  assert.deepEqual(kinds(shop.items()), ["page", "track"]);
});

inShop(
  "the package works as a module of its own, and keeps what it is told before init",
  { body: `<script type="module">
    import { flush, init, track } from "/_g/index.js";
    track("early");
    const goalpost = init({ site: "app", consent: "granted" });
    goalpost.track("late");
    window.same = init({ site: "app" }) === goalpost;
    window.flushed = flush();
  </script>`, attributes: 'data-site="shop" data-consent="denied"' },
  async (shop) => {
    await driver.get(`${shop.url}/app/`);
    await driver.wait(() => driver.executeScript("return !!window.flushed"), 10_000);
    await driver.executeScript("return window.flushed");
    await shop.until(() => shop.items().length >= 3);
    assert.ok(await driver.executeScript("return window.same"));
    assert.deepEqual(shop.items().map(({ kind, name }) => name ?? kind), ["page", "early", "late"]);
    assert.ok(shop.beacons.every(({ site, form }) => site === "app" && form === "wasm"));
  },
);

inShop("the SDK takes over what was held, with its ids", {}, async (shop) => {
  await driver.get(`${shop.url}/shoes/`);
  await call("track", "early", { n: 1 });
  await driver.wait(() => driver.executeScript("return performance.getEntriesByType('resource').some(({ name }) => name.includes('/plan/'))"), 20_000);
  await driver.executeScript("return goalpost('flush')");
  await shop.until(() => shop.items().length >= 2);
  assert.equal(shop.beacons[0].form, "wasm");
  assert.deepEqual(kinds(shop.items()).slice(0, 2), ["page", "event"]);
  await call("track", "late");
  await driver.executeScript("return goalpost('flush')");
  await shop.until(() => shop.items().some(({ name }) => name === "late"));
  assert.deepEqual(shop.items().map(({ seq }) => seq & 0xffff), [0, 1, 2]);
});
